"""A number that was computed for other weights than the present ones is marked or gone, on every panel and badge that shows any.

The engine is held back, so that nothing can be computed again: as with a slow network, or an engine that has stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from graph.model.edits import SetGraphSetting, SetParam
from graph.storage.document import Document
from tests.support.explain_support import Desk
from tests.support.networks import tanh_net
from tests.support.window_support import Answers
from ui.shell.bottom import Bottom
from ui.shell.window import Window
from ui.shell.workspace.settings import UserSettings

PATIENCE = 30_000
METRICS = {"train_loss": 0.5, "train_accuracy": 0.75, "test_accuracy": 0.84}


class Engine(Desk):
    """Tells its progress as the client does: with the state of the document it is about."""

    def tell(self, **changed: Any) -> None:
        document = self._document
        assert document is not None
        self.progress = replace(self.progress, structure=document.structure, revision=document.revision, **changed)
        self.progressed.emit(self.progress)


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory, qapp: QApplication) -> Iterator[Window]:
    """One window for all panels; every action is undone before the next panel."""
    document = Document(tanh_net())
    document.do(SetGraphSetting("probes", [{"edge": "e1", "show": "value"}]))
    window = Window(document, UserSettings(tmp_path_factory.mktemp("settings") / "settings.ini"), Engine())  # type: ignore[arg-type]
    window.dialogs = Answers(unsaved="discard")  # type: ignore[assignment]
    window.resize(1400, 1000)
    window.show()
    while window.trace is None or window.stale:
        qapp.processEvents()
    yield window
    window.close()


def engine(window: Window) -> Engine:
    assert isinstance(window.kernel, Engine)
    return window.kernel


def typed(window: Window) -> None:
    window.document.do(SetParam("hidden", "tensors", {"W": [[3.0, -1.0], [0.5, 2.0], [1.0, 1.0], [-2.0, 0.25]], "b": [0.0, 0.5, 0.0, 1.0]}))


ACTIONS: dict[str, Callable[[Window], object]] = {
    "weights typed": typed,
    "undone": lambda window: (typed(window), window.document.undo(), window.document.undo()),
    "the file is another": lambda window: window.document.data_changed(),
    "a step back, or the state of an engine that stopped": lambda window: engine(window).tell(step=7),
    "another run": lambda window: engine(window).tell(run=3),
}


def page(window: Window, key: str) -> Any:
    window.panels.show(key)
    return window.panel(key)


def line(window: Window) -> str:
    """What the run says beside the tabs."""
    return str(window.findChild(Bottom).status.full)


def tool(window: Window, key: str) -> Any:
    window.canvas.select(["loss"])
    page(window, "analysis").show_tool(key)
    return window.panel("analysis").tool(key)


Marked = Callable[[Window], bool]
PANELS: dict[str, tuple[Callable[[Window], object], Marked]] = {
    "canvas": (lambda window: None, lambda window: window.canvas.content.stale),
    "status line": (lambda window: None, lambda window: not {"accuracy", "loss"} & set(line(window).split())),
    "results": (
        lambda window: page(window, "readouts"),
        lambda window: window.panel("readouts").source.latest is None
        or ("out of date" in window.panel("readouts").state.full and window.panel("readouts").matrix.stale),
    ),
    "learned function": (
        lambda window: page(window, "regions"),
        lambda window: window.panel("regions").view is None or window.panel("regions").view.stale,
    ),
    "responses": (
        lambda window: window.actions_by_id["cards_responses"].trigger(),
        lambda window: window.features["responses"].seen is None or window.features["responses"]._stale,  # type: ignore[attr-defined]
    ),
    "instruments": (
        lambda window: page(window, "instruments"),
        lambda window: window.panel("instruments").history.newest is None
        or (window.panel("instruments")._paled and "others by now" in window.panel("instruments").status.full),
    ),
    "table of samples": (
        lambda window: page(window, "data"),
        lambda window: window.panel("data").samples.model.stamp is None
        or (window.panel("data").samples.model.aged and "out of date" in window.panel("data").samples.status.text()),
    ),
    "card": (lambda window: (window.canvas.select(["loss"]), page(window, "explain")), lambda window: window.panel("explain")._stale),
    "probes": (
        lambda window: page(window, "probes"),
        lambda window: window.panel("probes").cards[0].number.property("role") == "stale-number",
    ),
    **{
        f"tool {key}": (lambda window, key=key: tool(window, key), lambda window, key=key: tool(window, key).old.isVisible())
        for key in ("paths", "modes")
    },
}  # fmt: skip


@pytest.mark.parametrize("panel", PANELS)
def test_numbers_of_other_weights_are_marked_or_gone(panel: str, window: Window, qtbot: QtBot) -> None:
    """First it shows numbers of the present weights, which `marked` denies of an empty panel; then it marks or drops them."""
    desk, (show, marked) = engine(window), PANELS[panel]
    show(window)
    for name, act in ACTIONS.items():
        desk.tell(phase="paused", run=0, step=0, loss=0.5, metrics=METRICS)
        desk.go_on()
        desk.evaluate_soon()
        qtbot.waitUntil(lambda: not window.stale and not window.work.busy and not marked(window), timeout=PATIENCE)
        desk.quiet = True
        act(window)
        if name in ("a step back, or the state of an engine that stopped", "another run") and panel == "status line":
            desk.tell(loss=None, metrics={})  # the kernel leaves out what is of other numbers (tests/engine/kernel/test_measured.py)
        try:
            qtbot.waitUntil(lambda: marked(window), timeout=PATIENCE)
        except Exception as error:
            raise AssertionError(f"{panel}, {name}: older numbers look like present ones") from error
