"""Opens everything there is in the pseudo-locale and prints what it saw as JSON: python -m tests.support.pseudo_walk FOLDER [every]

Texts are translated at import, so this is a program of its own. Vowels of a text that came through the catalogue carry accents here, beside
the brackets: a word without them did not, even inside the brackets of another text, and in a text that is cut off or broken into lines.
"""

# ruff: noqa: E402
from __future__ import annotations

import faulthandler
import json
import os
import re
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

os.environ.update(LANGUAGE="en_XA", QT_QPA_PLATFORM="offscreen")

faulthandler.dump_traceback_later(900, exit=True)
from graph.text import messages

_ACCENTS = str.maketrans("aeiouyAEIOUY", "áéíóúýÁÉÍÓÚÝ")
_KEPT = re.compile(r"(\{[^}]*\}|<[^>]*>|&\w+;|\$[^$]*\$|\*\.\w+)")
_plain_brackets = messages._bracketed


def _accented(text: str) -> str:
    """Placeholders, mark-up, formulas and patterns of file names stay as they are; what makes it longer may be broken like words."""
    return "".join(part if _KEPT.fullmatch(part) else part.translate(_ACCENTS) for part in _KEPT.split(_plain_brackets(text))).replace(
        "·" * 6, "····· "
    )


messages._bracketed = _accented  # before any text is translated

from PySide6.QtCore import QAbstractItemModel, QAbstractListModel, QEventLoop, QModelIndex, QPoint, QPointF, QRect, Qt, QTimer
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QApplication,
    QComboBox,
    QDialog,
    QDockWidget,
    QFileDialog,
    QGroupBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QTabBar,
    QTextEdit,
    QTreeView,
    QWidget,
)

from engine.kernel.protocol import Phase, Progress
from engine.nodes.catalog import CATALOG
from engine.training.curve import Point
from graph.lessons.lesson import ENDING
from graph.lessons.lesson import load as load_lesson
from graph.model.edits import AddNode
from graph.model.elements import Node
from graph.storage.document import Document
from graph.storage.files import load
from tests.support.explain_support import Desk
from tests.support.screen_texts import of_canvas, painted, spoken
from ui.explain.tools_page import TOOLS
from ui.look.widgets import ElidedLabel
from ui.maths.sheet import Sheet
from ui.shell import actions, menus, palette
from ui.shell.app import application
from ui.shell.dialogs import Dialogs
from ui.shell.files import example_document
from ui.shell.gallery import examples
from ui.shell.registry import panel_specs
from ui.shell.window import Window
from ui.shell.workspace.settings import UserSettings

LESSONS = Path(__file__).parents[2] / "resources" / "lessons"
SIZES = ((1280, 720), (1366, 768))
LEAVES = ("quit", "new", "save", "full_screen", "present", "lessons", "record_lesson", "lesson_notes")
"""Actions that leave the document or are walked through on their own."""
CONTENT = re.compile(r"\b(LessonText|Sheet)\b")
"""Widgets whose words are a document's or a formula's."""
PATIENCE = 0.7
"""Seconds until the walk goes on beside work that does not end, of those in which it could run."""
TURN = 0.04
"""So many seconds one turn counts at most: on a machine that gives the walk no processor, time passes in which nothing can end."""
SOON = 700
"""Milliseconds: what waits longer, such as the next entry of the recovery journal, shows nothing."""

Text = tuple[str, str]
"""(where, text)"""


class Engine(Desk):
    """What it is told about training it only hears."""

    def start(self, *_arguments: object, **_named: object) -> None: ...

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name.startswith("_"):
            raise AttributeError(name)
        return self.start


class Dialog(Dialogs):
    """Shows a dialog that would wait, looks at it, and declines."""

    look: Callable[[str, QWidget], None]

    def wait_for(self, dialog: QDialog) -> bool:
        if isinstance(dialog, QFileDialog):  # its own words are Qt's
            self.found([("file dialog", dialog.windowTitle()), *(("file dialog", pattern) for pattern in dialog.nameFilters())])
            return False
        dialog.show()
        self.look("dialog", dialog)
        dialog.close()
        return False

    found: Callable[[Iterable[Text]], None]


class Walk:
    """Collects texts and what is too narrow for them, while it opens one thing after the other."""

    def __init__(self, folder: Path, every: bool) -> None:
        self.folder, self.every = folder, every
        self.texts: dict[str, str] = {}
        """The place where each was seen first."""
        self.clipped: dict[str, str] = {}
        self.opened: list[str] = []
        self.awake = QTimer()
        self.awake.start(20)  # a wait for an event looks again this often
        self.window = self._window()

    def _window(self) -> Window:
        window = Window(_document(), UserSettings(self.folder / "settings.ini"), Engine())  # type: ignore[arg-type]
        window.setWindowState(Qt.WindowState.WindowNoState)
        window.resize(*SIZES[0])
        dialogs = Dialog(window, window.settings)
        dialogs.look, dialogs.found = self.look, self.found
        window.dialogs = dialogs
        window.show()
        return window

    # looking

    def settle(self) -> None:
        work, waited = self.window.work, 0.0
        QApplication.processEvents()
        while (work.busy or work._events or any(work.left(key) < SOON for key in work._frames)) and waited < PATIENCE:
            began = time.monotonic()
            # with a time limit beside it, WaitForMoreEvents is left out and this turns as fast as it can
            QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents | QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
            waited += min(time.monotonic() - began, TURN)
        for _ in range(3):  # an answer that came last is laid out now: label, what scrolls it, and the label at the width it has then
            QApplication.processEvents()
            QApplication.sendPostedEvents()

    def found(self, texts: Iterable[Text]) -> None:
        for where, text in texts:
            if text and text.strip():
                self.texts.setdefault(text, where)

    def look(self, what: str, root: QWidget | None = None) -> None:
        """All texts of a visible part of the window, or of all of it."""
        self.settle()
        root = root or self.window
        self.opened.append(what)
        if os.environ.get("WALK_LOG"):
            print(f"{time.process_time():7.1f} {what}", file=sys.stderr, flush=True)
        for part in (root, *root.findChildren(QWidget)):
            if part.isVisible() and type(part).__name__ != "FormulaView":
                name = f"{what}: {type(part).__name__} {part.objectName()}".strip()
                self.found((name, text) for text in (*texts_of(part), part.toolTip(), part.accessibleName(), part.accessibleDescription()))
                if (complaint := clipped(part)) and not part.objectName().startswith("qt_"):
                    self.clipped.setdefault(complaint, name)

    # opening

    def all(self) -> None:
        window = self.window
        self.look("window")
        self.menus()
        for size in SIZES:
            window.resize(*size)
            self.panels(f"{size[0]}×{size[1]} ")
        for stage in (self.selections, self.tools, self.search, self.dialogs, self.training, self.actions, self.features, self.lessons):
            try:
                stage()
            except Exception:
                traceback.print_exc()

    def menus(self) -> None:
        window = self.window
        for menu in window.menu.findChildren(QMenu):
            menu.aboutToShow.emit()
            self.found((f"menu {menu.title()}", text) for text in (menu.title(), *(action.text() for action in menu.actions())))
        self.found((f"tip of {key}", action.toolTip()) for key, action in window.actions_by_id.items())
        self.found((f"menu bar {action.text()}", action.text()) for action in window.menu.actions())
        for on_something in (True, False):
            self.found(("context menu", action.text()) for action in menus.context(window, window.actions_by_id, on_something).actions())
        self.found(("tab", dock.windowTitle()) for dock in window.findChildren(QDockWidget))
        self.opened.append("menus")

    def panels(self, size: str) -> None:
        for key in panel_specs():
            self.window.panels.show(key)
            self.look(f"{size}panel {key}")
            panel = self.window.panels.panel(key)
            self.found((f"panel {key} painted", text) for text in painted(panel) if not _paints_content(panel))
            self.found((f"panel {key} listed", text) for text in models(panel))

    def selections(self) -> None:
        """What inspector, cards and help say of each kind of thing, one of each."""
        window, graph = self.window, self.window.document.graph
        kinds: dict[str, str] = {}
        for node in graph.nodes.values():
            kinds.setdefault(node.type, node.id)
        things = [[item] for item in (*kinds.values(), *list(graph.groups)[:1], *list(graph.frames)[:1], *list(graph.notes)[:1])]
        things += [[edge] for edge in list(graph.edges)[:2]] + [list(graph.nodes)[:3], [*graph.nodes, *graph.edges], []]
        for chosen in things:
            window.canvas.select(chosen)
            for key in ("node", "values", "explain", "help"):
                if window.panels.knows(key):
                    window.panels.show(key)
                    self.look(f"selection {key}", window.panels.panel(key))
                    self.found((f"selection {key}", text) for text in models(window.panels.panel(key)))
            self.found((f"tip or screen reader {where}", text) for where, text in of_canvas(window))
        self.found(("screen reader", text) for text in spoken(QAccessible.queryAccessibleInterface(window)))

    def tools(self) -> None:
        window = self.window
        window.canvas.select([next(iter(window.document.graph.edges))])
        for key, *_rest in TOOLS:
            window.explain.show_tool(key)
            self.look(f"tool {key}")
            tool = window.explain.tools.tool(key)
            self.found((f"tool {key}", text) for text in (*painted(tool), *models(tool)))

    def search(self) -> None:
        window = self.window
        palette.ask(window)
        self.found(("palette", text) for text in _rows(window.search_box))
        self.look("palette", window.search_box)
        window.search_box.dismiss()
        window.commands.edit.ask_for_node(QPointF(), QPoint(), None)
        self.found(("search box", text) for text in _rows(window.search_box))
        self.look("search box", window.search_box)
        window.search_box.query.setText("qqqq")
        self.found(("search box", text) for text in _rows(window.search_box))
        window.search_box.dismiss()

    def dialogs(self) -> None:
        """Those that wait are looked at by `Dialog`; the others stay open until they were looked at."""
        window, dialogs = self.window, self.window.dialogs
        dialogs.unsaved("mine.gradwire")
        dialogs.changed_outside("mine.gradwire")
        dialogs.large_runs(3, 120_000_000)
        dialogs.engine_busy(lambda: False, "")
        dialogs.open_another("")
        dialogs.open_path(str(self.folder))
        dialogs.open_folder(str(self.folder))
        dialogs.save_path(str(self.folder / "mine.gradwire"))
        for action in ("shortcuts", "about", "examples", "lessons", "export_code", "export_picture", "open", "save_as"):
            window.actions_by_id[action].trigger()
            self.settle()
            for dialog in window.findChildren(QDialog):
                if dialog.isVisible():
                    self.look(f"dialog {action}", dialog)
                    self.found((f"dialog {action}", text) for text in models(dialog))
                    dialog.close()
            self.opened.append(f"dialog {action}")

    def training(self) -> None:
        window: Any = self.window
        desk = window.kernel
        phases: tuple[Phase, ...] = ("training", "paused", "finished")
        for phase in phases:
            desk.progress = Progress(phase, 1, 2, 1, 3, loss=0.5, loss_of="mini-batch", metrics={"train_loss": 0.5, "test_accuracy": 0.5})
            desk.curve[:] = [Point(0, 1.0), Point(1, 0.5)]
            desk.training = phase == "running"
            desk.progressed.emit(desk.progress)
            window.showing.show_progress(desk.progress)
            window.panels.show("training")
            self.look(f"training {phase}")
            self.found((f"training {phase}", text) for text in painted(window.panels.panel("training")))
        desk.training, desk.progress = False, Progress()
        desk.progressed.emit(desk.progress)
        for state in ("starting", "dead", "ready"):
            window.showing.show_kernel(state, "")
            self.look(f"engine {state}", window.topbar)

    def actions(self) -> None:
        """Each action, done to one node; what it says, asks and opens. Its name in the history is a text, too."""
        window = self.window
        first = next(iter(window.document.graph.nodes))
        for spec in actions.ACTIONS:
            if spec.id in LEAVES or spec.id.startswith("theme_") or spec.asks:
                continue
            graph = window.document.graph
            chosen = first if first in graph.nodes else next(iter(graph.nodes))
            window.canvas.select([*graph.nodes][:3] if spec.enabled.__name__ in ("several", "three", "groupable") else [chosen])
            window.refresh_actions()
            before = len(window.document.history._undo) if hasattr(window.document.history, "_undo") else 0
            window.actions_by_id[spec.id].trigger()
            self.look(f"action {spec.id}")
            self.found([(f"said by {spec.id}", window.status.message.full)])
            self.found((f"undo of {spec.id}", window.actions_by_id[command].text()) for command in ("undo", "redo"))
            _escape(window)
            while window.document.history.can_undo and spec.id not in ("undo", "redo") and before >= 0:
                window.document.undo()
        if window.actions_by_id["exact"].isChecked():
            window.actions_by_id["exact"].trigger()  # else each lesson waits for fractions
        self.settle()

    def features(self) -> None:
        """What leaves the window's usual arrangement: the presenter, the recorder of lessons."""
        window = self.window
        for action in ("present", "record_lesson"):
            window.actions_by_id[action].trigger()
            self.look(f"feature {action}")
            for top in QApplication.topLevelWidgets():
                if top.isVisible() and top is not window:
                    self.look(f"feature {action}", top)
            if action == "record_lesson":
                window.lessons.record_step()
                self.look(f"feature {action}")
                panel = window.lessons.studio.panel
                for index in range(panel.kind.count()):
                    panel.kind.setCurrentIndex(index)
                    panel.kind.activated.emit(index)
                self.look(f"feature {action}")
                self.found((f"feature {action}", text) for text in models(panel))
                assert window.lessons.studio.recorder is not None
                window.lessons.studio.recorder.recording.saved = window.lessons.studio.recorder.recording.text()
            window.actions_by_id[action].trigger()
            self.settle()

    def lessons(self) -> None:
        """All kinds of questions and of things that lessons do, each once; all steps of all lessons where everything is walked through.

        What lessons say themselves is not the window's, so one lesson of a kind shows what the next would.
        """
        window = self.window
        met: set[str] = set()
        for path in sorted((Path(__file__).parents[2] / "resources" / "lessons").glob(f"*{ENDING}")):
            kinds = [
                {*(f"asks {q.kind}" for q in step.ask), *(f"does {action.do}" for action in step.run)} for step in load_lesson(path).steps
            ]
            new = []
            for at, mine in enumerate(kinds):
                if self.every or mine - met:
                    new.append(at)
                    met |= mine
            if not new:
                continue
            window.document.mark_saved() if hasattr(window.document, "mark_saved") else None
            if not self._open(path):
                raise AssertionError(path)
            for at in new:
                window.lessons.go(at)
                self.look(f"lesson {path.name}")
            window.lessons.leave()

    def _open(self, path: Path) -> bool:
        window: Any = self.window
        window.files.may_close = lambda: True
        return bool(window.lessons.open(path))


def _document() -> Document:
    """Data, layers and a loss; two nodes with a problem, a group, a frame and a note."""
    document = example_document("iris", CATALOG)
    graph = document.graph
    document.do(AddNode(Node("lonely", "math.add", "lonely", x=-900.0, y=900.0)), "Add")
    document.do(AddNode(Node("far", "source.input", "far", x=-1300.0, y=900.0)), "Add")
    assert graph.nodes
    return document


def _rows(box: Any) -> Iterator[str]:
    from ui.shell.search_box import ROW

    for at in range(box.model.rowCount()):
        row = box.model.index(at, 0).data(ROW)
        yield row.title
        yield row.detail


def _escape(window: Window) -> None:
    from tests.support.random_actions import settle

    settle(window)
    for dialog in window.findChildren(QDialog):
        dialog.close()


def _paints_content(panel: QWidget) -> bool:
    return any(part.isVisible() for part in panel.findChildren(Sheet))


# texts


def texts_of(part: QWidget) -> Iterator[str]:
    """What a widget shows as text of its own."""
    if CONTENT.search(type(part).__name__):
        return
    if isinstance(part, ElidedLabel):
        yield part.full
    elif isinstance(part, (QLabel, QAbstractButton)):
        yield part.text()
    elif isinstance(part, QGroupBox):
        yield part.title()
    elif isinstance(part, QTabBar):
        yield from (text for at in range(part.count()) for text in (part.tabText(at), part.tabToolTip(at)))
    elif isinstance(part, QComboBox):
        yield from (part.itemText(at) for at in range(part.count()))
        yield part.placeholderText()
    elif isinstance(part, (QLineEdit, QPlainTextEdit, QTextEdit)):
        yield part.placeholderText()
    if part.isWindow():
        yield part.windowTitle()


def models(root: QWidget) -> Iterator[str]:
    """All that lists, trees and tables show, and their headers."""
    for view in root.findChildren(QAbstractItemView):
        model = view.model()
        if model is None or isinstance(view, QHeaderView) or isinstance(view.parent(), QComboBox):
            continue
        yield from _cells(model, QModelIndex(), 0 if isinstance(view, QTreeView) else 4)
        yield from (str(model.headerData(at, Qt.Orientation.Horizontal) or "") for at in range(min(_columns(model, QModelIndex()), 30)))


def _cells(model: QAbstractItemModel, parent: QModelIndex, depth: int) -> Iterator[str]:
    roles = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole)
    for row in range(min(model.rowCount(parent), 60 if depth == 4 else 300) if depth < 5 else 0):
        for column in range(_columns(model, parent)):
            index = model.index(row, column, parent)
            yield from (text for role in roles if isinstance(text := index.data(role), str))
            if column == 0:
                yield from _cells(model, index, depth + 1)


def _columns(model: QAbstractItemModel, parent: QModelIndex) -> int:
    """Lists keep theirs to themselves."""
    return 1 if isinstance(model, QAbstractListModel) else model.columnCount(parent)


# what is too narrow


def clipped(part: QWidget) -> str:
    """Why a text does not fit where it stands; empty where it does, shortens itself, breaks or can be scrolled to."""
    if CONTENT.search(type(part).__name__):
        return ""
    size, needed = part.size(), part.sizeHint()
    if isinstance(part, ElidedLabel) or not part.isVisible() or not size.width():
        return ""
    if isinstance(part, QLabel) and part.text():
        if part.wordWrap():
            words = max((part.fontMetrics().horizontalAdvance(word) for word in re.split(r"[\s-]+", part.text())), default=0)
            if part.textFormat() == Qt.TextFormat.PlainText and words > part.contentsRect().width() + 1:
                return f"“{part.text()[:60]}”: a word needs {words}, there are {part.contentsRect().width()}"
            if part.heightForWidth(size.width()) > size.height() + 2:
                return f"“{part.text()[:60]}” needs {part.heightForWidth(size.width())} in height, has {size.height()}"
        elif needed.width() > size.width() + 1:
            return f"“{part.text()[:60]}” needs {needed.width()}, has {size.width()}"
    elif isinstance(part, QPushButton) and part.text():
        text = part.fontMetrics().size(Qt.TextFlag.TextShowMnemonic, part.text()).width()
        if text > size.width():
            return f"button “{part.text()[:60]}” needs {text}, has {size.width()}"
    elif isinstance(part, QAbstractButton) and part.text() and needed.width() > size.width() + 1:
        return f"button “{part.text()[:60]}” needs {needed.width()}, has {size.width()}"
    elif isinstance(part, QTabBar) and not part.usesScrollButtons() and needed.width() > size.width() + 1:
        return f"tabs “{part.tabText(0)[:60]}” need {needed.width()}, have {size.width()}"
    else:
        return ""
    return _cut_off(part)


def _cut_off(part: QWidget) -> str:
    """Whether a part of the widget lies beside what holds it, where no bar leads to it."""
    rect, inner, outer = part.rect(), part, part.parentWidget()
    while outer is not None and not inner.isWindow():
        rect = QRect(rect.topLeft() + inner.pos(), rect.size())
        area = outer.parentWidget()
        scrolls = isinstance(area, QAbstractScrollArea) and outer is area.viewport() and area.horizontalScrollBar().maximum() > 0
        if scrolls and area.horizontalScrollBarPolicy() != Qt.ScrollBarPolicy.ScrollBarAlwaysOff:
            return ""
        if rect.left() < -1 or rect.right() > outer.width() + 1:
            text = part.text() if isinstance(part, (QLabel, QAbstractButton)) else ""
            return f"“{text[:60]}” is cut off by {type(outer).__name__}: {rect.left()}…{rect.right()} of {outer.width()}"
        inner, outer = outer, outer.parentWidget()
    return ""


# what needs no translation


def names(window: Window) -> set[str]:
    """Words that people typed or that are identifiers: of nodes, ports, tensors, groups, files, and settings' values."""
    found: set[str] = set()
    of_lessons = (load(path, CATALOG) for path in LESSONS.glob("*.gradwire"))
    for graph in (window.document.graph, _document().graph, *(example.graph for example in examples(CATALOG)), *of_lessons):
        for node in graph.nodes.values():
            spec = graph.spec(node.id)
            found |= {node.name, node.label, *(str(value) for value in node.params.values())}
            for named in (spec.inputs, spec.outputs, spec.parameters):
                found |= {declared.name for declared in named}
        found |= {group.name for group in graph.groups.values()} | {frame.title for frame in graph.frames.values()}
        found |= {note.text for note in graph.notes.values()}
        found |= {str(value) for value in graph.settings.values()}
    return {text for text in found if text}


def documents() -> list[str]:
    """Texts of the lessons and examples that come with the app."""
    found = []
    for path in LESSONS.glob(f"*{ENDING}"):
        lesson = load_lesson(path)
        found += [lesson.title, lesson.summary]
        for step in lesson.steps:
            found += [step.title, step.text, step.notes]
            variants = [row for action in step.run for row in action.args.get("variants", ())]
            found += [words for row in variants for words in (row["at"], row.get("name", ""))]
            for question in step.ask:
                found += [question.text, question.answer, question.hint]
                found += [words for option in question.options for words in (option.text, option.feedback)]
    for example in examples(CATALOG):
        found += [example.title, example.description]
    return [text for text in found if text]


def main(folder: str, every: bool) -> None:
    app = application(["gradwire"])
    walk = Walk(Path(folder), every)
    known = names(walk.window)
    walk.all()
    print(json.dumps({
        "texts": walk.texts, "clipped": walk.clipped, "opened": walk.opened, "names": sorted(known | names(walk.window)),
        "documents": documents(),
    }))  # fmt: skip
    sys.stdout.flush()
    walk.window.close()
    app.processEvents()


if __name__ == "__main__":
    main(sys.argv[1], "every" in sys.argv[2:])
    os._exit(0)
