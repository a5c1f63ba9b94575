"""The debugger with a real engine: whole training steps forth and back, the update by its formula, stopping at conditions."""

from __future__ import annotations

import os
import random
import signal
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.compile.views import Absent, ArrayView
from engine.explain.cards import Number
from engine.nodes.catalog import CATALOG
from graph.formula.to_graph import build
from graph.model.edits import SetParam, SetTraining
from graph.storage.document import Document
from tests.support.window_support import names
from ui.debugger.control import Control
from ui.engine_link.link import Kernel
from ui.ribbon.chevrons import Chevrons
from ui.shell.files import example_document
from ui.shell.window import Window

PATIENCE = 60_000
LEFT, CTRL, SHIFT = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
Make = Callable[[Document], Window]


@pytest.fixture
def make(make_window: Callable[..., Window], qtbot: QtBot) -> Make:
    """Windows with an engine and the debugger open."""

    def window(document: Document) -> Window:
        window = make_window(document, kernel=Kernel(), unsaved="discard")
        window.debugger.toggle()
        qtbot.waitUntil(lambda: window.trace is not None and window.trace.iteration == 0, timeout=PATIENCE)
        window.canvas.setFocus()
        return window

    return window


def quadratic() -> Document:
    """L = (2w − 6)², so ∂L/∂w = 4(2w − 6): w goes 1, 1.16, 1.3072 … at η = 0.01."""
    document = Document(build("(w*x - 6)^2", CATALOG, {"x": 2.0}, {"w": 1.0}))
    document.do(SetTraining("optimizer", "sgd"))
    document.do(SetTraining("hyper", {"lr": 0.01}))
    return document


def at(window: Window, qtbot: QtBot, iteration: int) -> None:
    control = window.debugger.control
    qtbot.waitUntil(lambda: control._goal is None and window.trace is not None and window.trace.iteration == iteration, timeout=PATIENCE)


def finish(window: Window) -> None:
    """Let the event under way come to its end."""
    window.playhead.advance(10_000)


def parameters(window: Window) -> dict[tuple[str, str], np.ndarray]:
    assert window.trace is not None
    return {key: view.data.copy() for key, view in window.trace.parameters.items() if view.data is not None}


def same(a: dict[tuple[str, str], np.ndarray], b: dict[tuple[str, str], np.ndarray]) -> bool:
    return a.keys() == b.keys() and all(np.array_equal(a[key], b[key]) for key in a)


def gradients(window: Window) -> set[str]:
    graph, content = window.document.graph, window.canvas.content
    return {node.name for node in graph.nodes.values() if isinstance(content.node_gradient(node.id, "y"), ArrayView)}


def test_a_whole_iteration_by_the_clicker_keys_and_back(make: Make, qtbot: QtBot) -> None:
    window = make(quadratic())
    w = names(window.document)["w"]
    events = len(window.playhead.events)
    seen: list[tuple[str, int, set[str]]] = []
    for _ in range(events + 2):
        qtbot.keyClick(window.canvas, Qt.Key.Key_PageDown)
        finish(window)
        seen.append((window.playhead.phase, window.playhead.event_index, gradients(window)))
    assert [phase for phase, *_ in seen] == ["forward"] * (events // 2) + ["backward"] * (events // 2) + ["update", "zero"]
    assert {"w", "x"} <= seen[events - 1][2] == seen[events][2]
    assert seen[-1][2] == set()
    assert window.trace is not None and window.trace.parameters[w, "value"].scalar == 1.0

    qtbot.keyClick(window.canvas, Qt.Key.Key_PageDown)  # over the border: the step is made
    at(window, qtbot, 1)
    assert window.playhead.event_index == 0 and not window.playhead.at_rest
    assert window.trace.parameters[w, "value"].scalar == pytest.approx(1.16, abs=1e-15)
    assert gradients(window) == set()

    qtbot.keyClick(window.canvas, Qt.Key.Key_PageUp)
    at(window, qtbot, 0)
    assert window.playhead.event_index == events + 2
    assert window.trace.parameters[w, "value"].scalar == 1.0
    for phase, index, shown in reversed(seen[:-1]):
        qtbot.keyClick(window.canvas, Qt.Key.Key_PageUp)
        assert (window.playhead.phase, window.playhead.event_index, gradients(window)) == (phase, index, shown)


def test_the_update_phase_writes_old_minus_rate_times_gradient_is_new(make: Make, qtbot: QtBot) -> None:
    window = make(quadratic())
    control: Control = window.debugger.control
    chevrons = window.topbar.findChild(Chevrons)
    assert chevrons is not None
    qtbot.mouseClick(chevrons.phases["update"], LEFT)

    def written() -> bool:
        return control.page is not None and control.page.update_view.row is not None

    qtbot.waitUntil(written, timeout=PATIENCE)
    assert control.page is not None
    view = control.page.update_view
    cells = [view.table.item(0, column).text() for column in range(4)]
    assert cells == ["w", "1", "−16", "1.16"]
    assert "1 − 0.01 · (−16) = 1.16" in view.sheet.text
    assert window.panels.is_shown("debugger")
    tags = window.canvas.overlay.tags("debugger")
    assert [tag.text for tag in tags.values()] == ["1 → 1.16"]

    window.document.do(SetTraining("hyper", {"lr": 0.02}))
    qtbot.waitUntil(lambda: written() and view.table.item(0, 3).text() == "1.32", timeout=PATIENCE)

    control.to_phase("backward")
    assert window.canvas.overlay.tags("debugger") == {} and view.row is None


def test_a_weights_card_leads_to_the_update_that_made_its_last_change(make: Make, qtbot: QtBot) -> None:
    """From the second step's result back to that step: the very entry, with the same numbers."""
    window = make(example_document("tanh-mlp-2-4-2", CATALOG))
    control, hidden = window.debugger.control, names(window.document)["hidden"]
    for step in (1, 2):
        control.step("iteration", 1)
        at(window, qtbot, step)
    window.canvas.select([hidden])
    window.explain.why()
    card = window.explain.card
    card.choose_parameter("W")
    card._entry = (2, 1)
    card._ask()

    def told() -> bool:
        return card.card is not None and card.card.entry == (2, 1) and any(section.topic == "update" for section in card.card.sections)

    qtbot.waitUntil(told, timeout=PATIENCE)
    assert card.card is not None
    (view,) = (view for view, section in zip(card.sections, card.card.sections, strict=False) if section.topic == "update")
    assert "step 2 of SGD" in view.title.text() and not view.update_button.isHidden()
    numbers = [piece.value for section in card.card.sections if section.topic == "update"
               for piece in section.lines[0].pieces if isinstance(piece, Number)]  # fmt: skip
    view.update_button.click()

    def there() -> bool:
        row = control.page.update_view.row if control.page is not None else None
        return row is not None and (row.node, row.name, row.entry) == (hidden, "W", (2, 1))

    qtbot.waitUntil(there, timeout=PATIENCE)
    assert control.page is not None and window.panels.is_shown("debugger")
    row = control.page.update_view.row
    assert row is not None and control.iteration == 1 and window.playhead.phase == "update"
    assert (row.numbers[0], row.numbers[3]) == tuple(numbers[:2])


def test_iterations_go_forth_and_back_bit_for_bit_and_the_place_stays(make: Make, qtbot: QtBot) -> None:
    window = make(example_document("tanh-mlp-2-4-2", CATALOG))
    control = window.debugger.control
    window.playhead.seek(control.timeline.ends["loss"])
    place = window.playhead.event_index
    true = {0: parameters(window)}
    batches = {0: window.trace.batch if window.trace is not None else ""}
    assert control.bar is not None
    for step in range(1, 8):
        qtbot.mouseClick(control.bar.pairs["iteration"].on, LEFT)
        at(window, qtbot, step)
        true[step] = parameters(window)
        batches[step] = window.status.batch.text()
        assert window.playhead.event_index == place
    assert not any(same(true[a], true[b]) for a in true for b in true if a < b)
    assert batches[1] == "canvas: iteration 2: mini-batch 2 of 5" and window.status.mode.text() == "training mode"

    for step in range(6, -1, -1):
        qtbot.mouseClick(control.bar.pairs["iteration"].back, LEFT)
        at(window, qtbot, step)
        assert same(parameters(window), true[step]) and window.playhead.event_index == place
    assert not control.bar.pairs["iteration"].back.isEnabled()

    draw = random.Random(2)
    for _ in range(12):
        step = draw.randrange(8)
        control.bar.iterations.setValue(step)
        at(window, qtbot, step)
        assert same(parameters(window), true[step])


def test_after_f9_a_step_back_returns_to_the_weights_before(make: Make, qtbot: QtBot) -> None:
    window = make(quadratic())
    kernel = window.kernel
    assert kernel is not None
    before = parameters(window)
    qtbot.keyClick(window, Qt.Key.Key_F9)
    at(window, qtbot, 1)
    assert not same(parameters(window), before) and window.playhead.at_rest
    qtbot.keyClick(window, Qt.Key.Key_F9, SHIFT)
    at(window, qtbot, 0)
    assert same(parameters(window), before)

    window.debugger.toggle()  # and without the debugger as well
    qtbot.waitUntil(lambda: window.trace is not None and window.trace.iteration < 0, timeout=PATIENCE)
    for key, held, wanted in ((Qt.Key.Key_F9, Qt.KeyboardModifier.NoModifier, 1), (Qt.Key.Key_F9, SHIFT, 0)):
        qtbot.keyClick(window, key, held)
        qtbot.waitUntil(lambda wanted=wanted: kernel.progress.step == wanted, timeout=PATIENCE)
    qtbot.waitUntil(lambda: same(parameters(window), before), timeout=PATIENCE)


def test_training_stops_at_a_condition_and_the_debugger_says_so(make: Make, qtbot: QtBot) -> None:
    window = make(quadratic())
    kernel, control = window.kernel, window.debugger.control
    assert kernel is not None
    control.breakpoints.add("loss < 5")
    qtbot.keyClick(window, Qt.Key.Key_F5)
    qtbot.waitUntil(lambda: kernel.progress.stopped is not None and not kernel.training, timeout=PATIENCE)

    w = 1.0
    losses: list[float] = []
    while not losses or losses[-1] >= 5:
        losses.append((2 * w - 6) ** 2)
        w -= 0.01 * 4 * (2 * w - 6)
    assert kernel.progress.step == len(losses) and kernel.progress.loss == pytest.approx(losses[-1])
    assert "loss < 5" in window.status.message.full
    at(window, qtbot, len(losses))


def test_run_to_here_crosses_into_the_next_iteration(make: Make, qtbot: QtBot) -> None:
    window = make(quadratic())
    w = names(window.document)["w"]
    window.canvas.select([w])
    places: list[Any] = []
    for _ in range(3):
        iteration = window.debugger.control.iteration
        qtbot.keyClick(window.canvas, Qt.Key.Key_F9, CTRL)
        if len(places) == 2:
            at(window, qtbot, iteration + 1)
        places.append((window.debugger.control.iteration, window.playhead.phase))
    assert places == [(0, "forward"), (0, "backward"), (1, "forward")]


def test_edits_and_undo_in_the_middle_of_a_step_show_the_new_numbers_of_that_step(make: Make, qtbot: QtBot) -> None:
    window = make(quadratic())
    control, ids = window.debugger.control, names(window.document)
    control.step("iteration", 1)
    at(window, qtbot, 1)
    window.playhead.seek(control.timeline.ends["loss"])
    window.document.do(SetParam(ids["x"], "value", 3.0))
    qtbot.waitUntil(lambda: not window.stale, timeout=PATIENCE)
    assert window.trace is not None and window.trace.iteration == 1
    assert window.trace.values[ids["x"], "y"].scalar == 3.0 and gradients(window) == set()
    window.document.undo()
    qtbot.waitUntil(lambda: not window.stale and window.trace.values[ids["x"], "y"].scalar == 2.0, timeout=PATIENCE)
    control.step("iteration", -1)
    at(window, qtbot, 0)
    assert window.trace.parameters[ids["w"], "value"].scalar == 1.0


def test_another_learning_rate_ends_the_future_and_keeps_the_past(make: Make, qtbot: QtBot) -> None:
    window = make(quadratic())
    control, kernel = window.debugger.control, window.kernel
    assert kernel is not None and control.bar is not None
    for step in (1, 2, 3):
        control.step("iteration", 1)
        at(window, qtbot, step)
    control.step("iteration", -1)
    at(window, qtbot, 2)
    assert kernel.progress.reachable == ((0, 3),)

    window.document.do(SetTraining("hyper", {"lr": 0.02}))

    qtbot.waitUntil(lambda: kernel.progress.reachable == ((0, 2),), timeout=PATIENCE)
    assert control.bar.iterations.maximum() == 2
    control.step("iteration", 1)
    at(window, qtbot, 3)
    w = names(window.document)["w"]
    second = 1.16 - 0.01 * 4 * (2 * 1.16 - 6)
    assert window.trace is not None
    assert window.trace.parameters[w, "value"].scalar == pytest.approx(second - 0.02 * 4 * (2 * second - 6), abs=1e-14)


def test_another_document_and_back_again_with_the_debugger_open(make: Make, qtbot: QtBot) -> None:
    window = make(quadratic())
    control = window.debugger.control
    control.step("iteration", 1)
    control.breakpoints.add("value > 1", names(window.document)["w"])
    window.set_document(Document(build("x*y + z", CATALOG, {"x": 2.0, "y": -5.0, "z": 3.0})))
    qtbot.waitUntil(lambda: window.trace is not None and len(window.trace.values) == 5, timeout=PATIENCE)
    assert window.trace is not None and window.trace.iteration == -1 and window.playhead.tail == ()
    control.step("phase", 1)
    control.step("iteration", 1)
    truth = window.visibility.truth  # playback has not come to the gradients
    assert truth is not None and truth.objective is not None and not isinstance(truth.gradients[truth.objective], Absent)

    window.set_document(quadratic())
    qtbot.waitUntil(lambda: window.trace is not None and window.trace.iteration == 0, timeout=PATIENCE)
    control.step("iteration", 1)
    at(window, qtbot, 1)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL there")
def test_an_engine_that_was_killed_is_told_again_that_the_debugger_is_open(make: Make, qtbot: QtBot) -> None:
    window = make(quadratic())
    kernel, control = window.kernel, window.debugger.control
    assert kernel is not None and kernel.pid is not None
    control.breakpoints.add("loss < 5")
    control.step("iteration", 1)
    at(window, qtbot, 1)
    killed = kernel.pid

    os.kill(killed, signal.SIGKILL)
    qtbot.waitUntil(lambda: kernel.pid not in (None, killed) and kernel.ready, timeout=PATIENCE)
    qtbot.waitUntil(lambda: kernel.progress.debugging and window.trace is not None and window.trace.iteration == 1, timeout=PATIENCE)

    control.step("iteration", 1)
    at(window, qtbot, 2)
    qtbot.keyClick(window, Qt.Key.Key_F5)
    qtbot.waitUntil(lambda: kernel.progress.stopped is not None, timeout=PATIENCE)


def test_a_hundred_random_steps_of_every_size_agree_with_the_first_visit(make: Make, qtbot: QtBot) -> None:
    window = make(example_document("xor", CATALOG))
    control, draw = window.debugger.control, random.Random(11)
    true: dict[int, Any] = {}
    for _ in range(100):
        unit, way = draw.choice(("node", "layer", "phase", "iteration")), draw.choice((1, 1, -1))
        control.step(unit, way)  # type: ignore[arg-type]
        finish(window)
        qtbot.waitUntil(lambda: control._goal is None, timeout=PATIENCE)
        assert same(parameters(window), true.setdefault(control.iteration, parameters(window)))
    assert len(true) > 3


def test_training_that_a_condition_stops_says_which_at_which_step_and_by_what_number(make: Make, qtbot: QtBot) -> None:
    """w goes 1, 1.16, 1.3072 … and L = (2w − 6)² 16, 13.5424, 11.46 …: below 12 after the third step."""
    window = make(quadratic())
    window.debugger.control.breakpoints.add("loss < 12")
    window.commands.run("train")
    qtbot.waitUntil(lambda: window.status.message.full.startswith("Stopped at step 3: loss < 12; it is 11.46"), timeout=PATIENCE)
    assert window.kernel is not None and not window.kernel.training and window.kernel.progress.message == "Stopped at step 3: loss < 12."
