"""While a number is hidden it stands nowhere: no panel, tool, export, tip, screen reader or clipboard has it, at 3, 4 or all digits.

Panels are those that are declared, tools those of the Analysis panel, formats those of the registries, copying
actions those of the table of actions: a new one of each is read here without a line about it. f = (x·y·tanh(c·x))², where c is learned:
no node passes a number on unchanged, so all numbers differ in their three digits, and one that is found is the hidden one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QAbstractItemModel, QModelIndex, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QAbstractItemView, QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from engine.compile.views import ArrayView
from engine.compile.visible import addresses
from engine.explain.update import UpdateOf
from engine.export.registry import Trained, formats_in
from engine.kernel.protocol import Progress
from engine.nodes.catalog import CATALOG
from engine.training.curve import Point
from engine.training.losses import Losses
from engine.training.model import Model
from graph.formula.to_graph import build
from graph.model.address import Address
from graph.storage.document import Document
from tests.support.explain_support import Desk
from tests.support.screen_texts import exported, of_canvas, of_widgets, spoken, tells
from tests.support.settling import settled as at_rest
from tests.support.window_support import Answers
from ui.explain.tools_page import TOOLS
from ui.maths.sheet import Sheet
from ui.shell.picture_file import PICTURES, write_picture
from ui.shell.registry import panel_specs
from ui.shell.window import Window
from ui.shell.workspace.settings import UserSettings

PATIENCE = 30_000
ROLES = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole)
Texts = Iterator[tuple[str, str]]
"""(where, text)"""


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory, qapp: QApplication) -> Iterator[Window]:
    """One for all numbers; what is hidden changes in place."""
    folder = tmp_path_factory.mktemp("settings")
    graph = build("(x*y*tanh(c*x))^2", CATALOG, {"x": 1.89, "y": -1.185}, {"c": 0.572})
    window = Window(Document(graph), UserSettings(folder / "settings.ini"), Desk())  # type: ignore[arg-type]
    window.dialogs = Answers(unsaved="discard")  # type: ignore[assignment]
    window.resize(1440, 900)
    window.show()
    while window.trace is None or window.stale:
        qapp.processEvents()
    probes: Any = window.panels.panel("probes")
    for edge in graph.edges:
        probes.pin([edge], "value", window.trace)
        probes.pin([edge], "gradient", window.trace)
    window.explain.audit.turn(True)
    yield window
    window.close()


# the numbers


def numbers(window: Window) -> dict[Address, float]:
    """Every number that is computed: values and gradients of nodes and wires, and of what is learned, but not the objective's own 1."""
    truth, graph = window.visibility.truth, window.document.graph
    assert truth is not None
    shown: dict[Address, float] = {}
    for node in graph.nodes:
        outputs = graph.spec(node).outputs
        places = [Address("output", node, port.name, gradient) for port in outputs for gradient in (False, True)]
        places += [Address("parameter", node, parameter.name, True) for parameter in graph.spec(node).parameters]
        for address in places:
            view = truth.at(address, graph)
            typed = not address.gradient and not graph.spec(node).inputs
            if isinstance(view, ArrayView) and view.scalar is not None and not typed and view.scalar != 1.0:
                shown[address] = view.scalar
    for edge in graph.edges:
        view = truth.at(Address("edge", edge, "", True), graph)
        if isinstance(view, ArrayView) and view.scalar is not None:
            shown[Address("edge", edge, "", True)] = view.scalar
    return shown


def hide(window: Window, address: Address) -> None:
    window.visibility.hide("test", () if address.gradient else (address.id,), (address.id,) if address.gradient else ())


# the readers


def settled(window: Window, qtbot: QtBot) -> None:
    """All questions are answered and everything is drawn."""
    for _ in range(4):
        QApplication.processEvents()
    qtbot.waitUntil(lambda: at_rest(window.work), timeout=PATIENCE)
    window.status.clear()  # as if the message had had its seconds
    QApplication.processEvents()


def models(root: QWidget) -> Texts:
    """All that lists, trees and tables can be asked for."""
    for view in root.findChildren(QAbstractItemView):
        model = view.model()
        if model is not None:
            yield from ((type(view).__name__, text) for text in _cells(model, QModelIndex()))


def _cells(model: QAbstractItemModel, parent: QModelIndex, depth: int = 0) -> Iterator[str]:
    for row in range(min(model.rowCount(parent), 100) if depth < 5 else 0):
        for column in range(model.columnCount(parent)):
            index = model.index(row, column, parent)
            yield from (str(data) for role in ROLES if (data := index.data(role)) is not None)
            if column == 0:
                yield from _cells(model, index, depth + 1)


def panels(window: Window, qtbot: QtBot) -> Texts:
    """Every panel that is declared, one after the other."""
    for key in panel_specs():
        window.panels.show(key)
        settled(window, qtbot)
        panel = window.panels.panel(key)
        yield from ((f"{key}: {where}", text) for where, text in (*of_widgets(panel), *models(panel), *copied_sheets(panel)))


def tools(window: Window, qtbot: QtBot) -> Texts:
    for key, *_ in TOOLS:
        if key == "cost":
            continue  # times of other networks
        window.explain.show_tool(key)
        settled(window, qtbot)
        tool = window.explain.tools.tool(key)
        yield from ((f"{key}: {where}", text) for where, text in (*of_widgets(tool), *models(tool), *copied_sheets(tool)))


def copied_sheets(root: QWidget) -> Texts:
    """What a sheet of formulas puts on the clipboard."""
    yield from (("sheet", sheet.text) for sheet in root.findChildren(Sheet) if sheet.isVisible())


def formats(window: Window, folder: Path) -> Texts:
    """The text in pictures of the canvas, and the programs, of all formats there are."""
    yield from (("picture", text) for text in exported(window, folder))
    for picture in PICTURES:
        path = folder / f"picture{picture.ending}"
        write_picture(path, window.document.graph, window.trace, window.theme.name)
        yield picture.title, path.read_bytes().decode("latin-1") if picture.ending == ".svg" else ""
    programs: tuple[Any, ...] = formats_in("engine.export.formats")
    for program in programs:
        yield program.title, program.write(Trained(Model(window.document.graph))).data.decode("utf-8", "replace")


def clipboard(window: Window, qtbot: QtBot) -> Texts:
    """What the actions that copy put there."""
    window.canvas.select_all()
    for name, action in window.actions_by_id.items():
        if "copy" in name and action.isEnabled():
            QApplication.clipboard().clear()
            action.trigger()
            settled(window, qtbot)
            data = QApplication.clipboard().mimeData()
            yield from ((f"{name} {kind}", bytes(data.data(kind).data()).decode("latin-1")) for kind in data.formats() if "text" in kind)


def around(window: Window) -> Texts:
    """Canvas, title, lines at the edges, everything a screen reader finds in the window."""
    yield from of_canvas(window)
    yield "title", window.windowTitle()
    yield "status", window.status.message.full
    yield from (("label", text) for label in window.findChildren(QLabel) if label.isVisible() for text in (label.text(), label.toolTip()))
    yield from (("screen reader", text) for text in spoken(QAccessible.queryAccessibleInterface(window)))


def everything(window: Window, qtbot: QtBot, folder: Path, address: Address) -> Texts:
    """With the number's own node or wire selected: its card, and what tools say of it."""
    window.canvas.select([address.id])
    yield from panels(window, qtbot)
    yield from tools(window, qtbot)
    yield from around(window)
    yield from formats(window, folder)
    yield from clipboard(window, qtbot)


def leaks(texts: Texts, secret: float) -> list[tuple[str, str]]:
    return [(where, text[:200]) for where, text in texts if tells(text, secret)]


# the tests


def test_only_what_judges_or_stops_knows_the_truth() -> None:
    """All others take the covered numbers: predictions and lessons judge by the truth, breakpoints stop by it, the window brings it."""
    root = Path(__file__).parents[2] / "ui"
    knowing = {path.relative_to(root).as_posix() for path in root.rglob("*.py") if "visibility.truth" in path.read_text("utf-8")}
    assert {name.partition("/")[0] for name in knowing} == {"debugger", "lessons", "predict", "ribbon", "shell"}
    assert {name for name in knowing if name.startswith(("debugger", "shell"))} == {
        "debugger/control.py", "shell/showing.py", "shell/window.py",
    }  # fmt: skip


def test_whether_a_panel_is_covered_is_asked_of_the_visibility() -> None:
    """What is hidden by itself is read by no panel: each would decide by a rule of its own what gives it away."""
    root = Path(__file__).parents[2] / "ui"
    own = re.compile(r"visibility\.(values|gradients|measures)\b")
    assert [path.name for path in root.rglob("*.py") if own.search(path.read_text("utf-8"))] == []


def test_the_numbers_are_told_apart_at_three_digits(window: Window) -> None:
    """A wire and the output it leaves have one number; all others differ."""
    graph = window.document.graph
    kinds: dict[str, set[frozenset[Address]]] = {}
    for address, number in numbers(window).items():
        same = addresses(graph, () if address.gradient else (address.id,), (address.id,) if address.gradient else ())
        kinds.setdefault(f"{abs(number):.3g}", set()).add(same & set(numbers(window)))
    assert len(kinds) > 10 and all(len(frozenset.union(*same)) <= 3 for same in kinds.values()), kinds


def pick(window: Window, every: bool) -> list[Address]:
    """All numbers; or two: a value, which much is computed from, and a wire's gradient."""
    shown = numbers(window)
    if every:
        return list(shown)
    truth = window.visibility.truth
    assert truth is not None and truth.objective is not None
    wanted: list[Callable[[Address], bool]] = [
        lambda a: a.kind == "output" and not a.gradient and a.id != truth.objective[0],  # type: ignore[index]
        lambda a: a.kind == "edge",
    ]
    return [next(address for address in shown if holds(address)) for holds in wanted]


def check(window: Window, qtbot: QtBot, folder: Path, every: bool) -> None:
    for address in pick(window, every):
        secret = numbers(window)[address]
        window.visibility.hide("test")
        window.canvas.select([address.id])
        settled(window, qtbot)
        assert leaks(of_canvas(window), secret), (address, "it is on the canvas while nothing is hidden")
        hide(window, address)
        settled(window, qtbot)
        leaked = leaks(everything(window, qtbot, folder, address), secret)
        assert not leaked, (address, address.name(window.document.graph), secret, leaked[:8])
    window.visibility.hide("test")
    settled(window, qtbot)


def test_what_is_read_has_the_numbers_while_they_are_not_hidden(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    """Else nothing would be tested."""
    address = next(a for a in numbers(window) if a.kind == "edge")
    window.visibility.hide("test")
    places = {where for where, _ in leaks(everything(window, qtbot, tmp_path, address), numbers(window)[address])}
    readers = ("explain", "values", "outline", "probes", "audit", "paths", "picture:", "modes", "SVG", "screen reader")
    assert not [reader for reader in readers if not any(reader in where for where in places)], places


def test_a_hidden_number_stands_nowhere(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    check(window, qtbot, tmp_path, every=False)


@pytest.mark.long
def test_each_hidden_number_stands_nowhere(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    check(window, qtbot, tmp_path, every=True)


def test_training_does_not_say_a_loss_that_is_hidden(window: Window, qtbot: QtBot) -> None:
    truth = window.visibility.truth
    assert truth is not None and truth.objective is not None and window.kernel is not None
    loss = truth.number(Address("output", *truth.objective), window.document.graph)
    assert loss is not None
    desk: Any = window.kernel
    desk.progress = Progress("paused", 1, 2, loss=loss, metrics={"train_loss": loss})
    desk.curve[:] = [Point(0, 2 * loss), Point(1, loss)]
    desk.steps = Losses()
    desk.steps.add(0, [2 * loss, loss])
    window.panels.show("training")
    panel: Any = window.panels.panel("training")
    bottom = window.panels.panel("bottom")
    window.showing.show_progress(desk.progress)
    assert any(tells(text, loss) for _, text in of_widgets(bottom)) and panel.curves.series("loss")[1] == [2 * loss, loss]

    window.visibility.hide("test", [truth.objective[0]])
    settled(window, qtbot)

    assert not [text for _, text in of_widgets(bottom) if tells(text, loss)] and panel.curves.series("loss")[1] == [2 * loss]
    assert panel.curves.numbers("loss").ends() == (0, 0)  # the loss of every step is not shown either
    window.visibility.hide("test")
    assert panel.curves.series("loss")[1] == [2 * loss, loss]
    settled(window, qtbot)


def test_a_step_of_training_does_not_say_a_hidden_gradient(window: Window, qtbot: QtBot) -> None:
    """The question that the debugger asks, answered by the engine: old and new would tell the step between them."""
    address = next(a for a in numbers(window) if a.kind == "parameter")
    told: list[Any] = []
    hide(window, address)
    assert window.kernel is not None
    window.kernel.ask(UpdateOf(), told.append)
    while not told:
        QApplication.processEvents()
    window.visibility.hide("test")
    settled(window, qtbot)
    assert not leaks(iter([("update", repr(told[0]))]), numbers(window)[address])
