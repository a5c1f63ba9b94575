"""Slow training shows every step on the parameters' cards, and the arithmetic of a pass is known before it is played.

f = (2w − 6)² with w = 1 and η = 0.1: df/dw = 8w − 24 = −16, so w becomes 1 + 1.6 = 2.6; then df/dw = −3.2 and w becomes 2.92.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from engine.explain.arithmetic import ArithmeticOf
from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from graph.formula.to_graph import build
from graph.model.edits import SetTraining
from graph.storage.document import Document
from tests.support.explain_support import Desk
from ui.engine_link.messages import Progress
from ui.motion.slow_training import SlowTraining
from ui.shell.window import Window

PATIENCE = 20_000


class Trained(Desk):
    """Answers with the parameter at `w`, as after so many training steps."""

    w, step = 1.0, 0

    def session(self) -> Model:
        assert self._document is not None
        model = Model(self._document.graph)
        for tensor in model.state.parameters.values():
            tensor.fill_(self.w)
        model.state.step = self.step
        return model


@pytest.fixture
def desk() -> Trained:
    return Trained()


@pytest.fixture
def window(make_window: Callable[..., Window], desk: Trained) -> Window:
    document = Document(build("(x*w - 6)^2", CATALOG, {"x": 2.0}, {"w": 1.0}))
    document.do(SetTraining("hyper", {"lr": 0.1}))
    return make_window(document, kernel=desk, size=(1280, 720), unsaved="discard")


def test_a_slow_training_step_is_announced_and_then_seen_on_the_weight(window: Window, desk: Trained, qtbot: QtBot) -> None:
    w = window.document.graph.named("w")
    assert w is not None
    assert desk.pace is None
    window.controls.transport.set_speed(0.25)
    (slow,) = window.findChildren(SlowTraining)
    assert desk.pace == pytest.approx(1.0)
    assert "1 step per second" in window.controls.transport.speed.toolTip()

    desk.training = True
    window.showing.show_progress(Progress("training", step=0))
    qtbot.waitUntil(lambda: bool(slow.texts), timeout=PATIENCE)
    assert slow.texts == {w.id: ("1 − 0.1 × (−16)",)}
    assert window.controls.transport.speed.isEnabled() and not window.controls.transport.forward.isEnabled()

    desk.w, desk.step = 2.6, 1
    desk.quiet = True
    assert window.trace is not None
    bare = window.canvas.grab().toImage()
    window.showing.show_trace(replace(window.trace, mode="training", step=1))
    assert slow.texts == {w.id: ("1 → 2.6, Δ 1.6",)}
    assert window.canvas.grab().toImage() != bare

    desk.go_on()
    qtbot.waitUntil(lambda: slow.texts == {w.id: ("2.6 − 0.1 × (−3.2)",)}, timeout=PATIENCE)

    window.showing.show_trace(replace(window.trace, mode="training", step=3))
    assert not slow.texts  # what is known is about another step

    for _press in range(4):
        window.actions_by_id["faster"].trigger()
    assert desk.pace is None and not slow.texts and window.controls.transport.speed.value() == 50


def test_the_arithmetic_is_asked_for_when_a_pass_begins_and_again_for_other_numbers(window: Window, desk: Trained, qtbot: QtBot) -> None:
    rows = window.canvas.model.rows
    qtbot.waitUntil(lambda: window.trace is not None and bool(window.trace.values), timeout=PATIENCE)
    assert not rows and not any(isinstance(question, ArithmeticOf) for question in desk.asked)

    window.playhead.play_forward()
    window.playhead.pause()
    operations = {node for node in window.document.graph.nodes if window.document.graph.spec(node).inputs}
    qtbot.waitUntil(lambda: rows.keys() >= operations, timeout=PATIENCE)
    asked = len(desk.asked)
    window.playhead.step()
    window.playhead.pause()
    assert len(desk.asked) == asked

    assert window.trace is not None
    window.showing.show_trace(replace(window.visibility.truth or window.trace))
    assert not rows
    qtbot.waitUntil(lambda: rows.keys() >= operations, timeout=PATIENCE)
