"""The present point of the landscape is dragged: the document's numbers follow, one step to undo, Esc puts them back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.explain.context import ExplainContext
from engine.learned.surface import Random, SurfaceJob
from engine.learned.surface.answer import surface
from engine.numerics.job import JobEnd, finished
from engine.training.keep import keep
from engine.training.model import Model
from graph.model.edits import SetParam
from graph.storage.document import Document
from tests.support.networks import network, product, tanh_net
from tests.ui.landscape.test_page import Bench


class DragBench(Bench):
    """The page with a network whose values the test holds; `asked` counts how often they were wanted for the document."""

    def __init__(self, make_workspace: Any, qtbot: QtBot, document: Document) -> None:
        super().__init__(make_workspace, qtbot, document)
        self.asked, self.paused = 0, 0
        self.kernel.present_values = self._present  # type: ignore[attr-defined]
        self.kernel.pause = self._pause  # type: ignore[attr-defined]
        document.changed.connect(lambda _change: self.model.update(document.graph))
        self.carry_out()
        self.page.plane_view.grab()

    def _present(self, show: Any) -> None:
        self.asked += 1
        show(keep(self.model)[0])

    def _pause(self) -> None:
        self.paused += 1

    def carry_out(self, kind: type = SurfaceJob) -> Any:
        """The newest job about heights, on a coarse grid."""
        job, _progress, end = next(each for each in reversed(self.kernel.jobs) if isinstance(each[0], kind))
        answer = finished(surface(ExplainContext(self.model, None), replace(job, points=min(job.points, 5))))
        end(JobEnd("done", answer))
        return answer

    def pixel(self, x: float, y: float) -> QPoint:
        frame = self.page.plane_view.frame
        assert frame is not None
        return frame.at(x, y).toPoint()

    def press(self) -> None:
        QTest.mousePress(self.page.plane_view, Qt.MouseButton.LeftButton, pos=self.pixel(*self.page.surface.here[:2]))

    def move(self, x: float, y: float) -> None:
        QTest.mouseMove(self.page.plane_view, self.pixel(x, y))

    def release(self, x: float, y: float) -> None:
        QTest.mouseRelease(self.page.plane_view, Qt.MouseButton.LeftButton, pos=self.pixel(x, y))

    def typed(self, *nodes: str) -> list[Any]:
        return [self.document.graph.setting(node, "value") for node in nodes]


def test_a_drag_sets_both_numbers_and_is_one_step_to_undo(make_workspace: Any, qtbot: QtBot) -> None:
    """f = x·y + z at (2, −5, 3)."""
    bench = DragBench(make_workspace, qtbot, Document(product()))
    page, box = bench.page, bench.page.plane_view.box
    heights = page.surface.f
    bench.press()
    assert bench.workspace.canvas.model.live.held
    bench.move(1.0, -4.0)
    x, y = bench.typed("x", "y")
    assert (x, y) == pytest.approx((1.0, -4.0), abs=0.03) and x == round(x, 2) and page.plane_view.box == box
    assert bench.job.points == 2 and page.surface.f is heights
    bench.carry_out()
    assert page.readout.text().startswith("Now: ")
    assert page.surface.here == (x, y, x * y + 3) and page.surface.f is heights and not page.plane_view.faint
    bench.move(0.0, -2.0)
    bench.release(0.0, -2.0)
    assert not bench.workspace.canvas.model.live.held and bench.typed("x", "y") == pytest.approx([0.0, -2.0], abs=0.03)
    bench.carry_out()
    qtbot.waitUntil(lambda: bench.job.points == 31)  # a coarse plane at once, the fine one when no more edits come
    bench.carry_out()
    qtbot.waitUntil(lambda: bench.job.points == 81)
    bench.document.undo()
    assert bench.typed("x", "y") == [2.0, -5.0] and not bench.document.history.can_undo


def test_esc_puts_the_numbers_back_and_a_click_changes_nothing(make_workspace: Any, qtbot: QtBot) -> None:
    bench = DragBench(make_workspace, qtbot, Document(product()))
    bench.press()
    bench.move(1.0, -4.0)
    QTest.keyClick(bench.page.plane_view, Qt.Key.Key_Escape)
    assert bench.typed("x", "y") == [2.0, -5.0] and bench.feature.shown and bench.document.history.is_clean
    bench.move(0.0, 0.0)
    bench.release(0.0, 0.0)
    assert bench.typed("x", "y") == [2.0, -5.0]
    bench.press()
    bench.release(2.0, -5.0)
    assert bench.document.history.is_clean and not bench.document.history.can_undo
    bench.document.lock("only to look at")
    bench.press()
    assert not bench.page.drag.held and "only to look at" in bench.workspace.said[-1]


def test_keys_move_one_number_and_leave_the_other_to_the_last_digit(make_workspace: Any, qtbot: QtBot) -> None:
    graph = product()
    SetParam("y", "value", -5.0123456789).apply(graph)
    bench = DragBench(make_workspace, qtbot, Document(graph))
    low, high, *_rest = bench.page.plane_view.box
    QTest.keyClick(bench.page.plane_view, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    assert bench.typed("x", "y") == [pytest.approx(2 + 0.02 * (high - low), abs=0.02), -5.0123456789]
    qtbot.waitUntil(lambda: bench.job.points == 31 and bench.job.revision == bench.document.revision)
    bench.carry_out()
    qtbot.waitUntil(lambda: bench.job.points == 81 and bench.job.revision == bench.document.revision)
    bench.carry_out()
    bench.page.solid.switch.click()
    qtbot.waitUntil(lambda: bench.job.points == 51)
    bench.carry_out()
    before = bench.typed("x")
    QTest.keyClick(bench.page.solid.view, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
    assert bench.typed("x")[0] < before[0]
    bench.document.undo()
    assert bench.typed("x") == before


def test_weights_that_were_drawn_become_the_documents_in_the_same_step(make_workspace: Any, qtbot: QtBot) -> None:
    bench = DragBench(make_workspace, qtbot, Document(tanh_net()))
    page, before = bench.page, {key: tensor.clone() for key, tensor in bench.model.values().items()}
    x, y, _f = page.surface.here
    structure = bench.document.structure
    bench.press()
    assert bench.asked == 0
    bench.move(x + 0.5, y - 0.25)
    hidden = next(key for key in before if key[1] == "W" and bench.document.graph.nodes[key[0]].name == "hidden")
    now = bench.model.values()
    assert bench.asked == 1 and bench.document.structure == structure
    assert now[hidden][0, :2].tolist() == pytest.approx([x + 0.5, y - 0.25], abs=0.02)
    for key, tensor in now.items():
        same = tensor == before[key]
        assert same.all() if key != hidden else same.reshape(-1)[2:].all()
    bench.move(x + 0.4, y)
    bench.release(x + 0.4, y)
    assert bench.asked == 1
    bench.document.undo()
    assert not bench.document.history.can_undo
    assert all(torch.equal(tensor, before[key]) for key, tensor in bench.model.values().items())


def test_undo_of_a_drag_after_training_returns_to_the_trained_numbers(make_workspace: Any, qtbot: QtBot) -> None:
    graph = network(
        {"w1": ("parameter.parameter", {"value": 2.0}), "w2": ("parameter.parameter", {"value": 3.0}), "f": ("math.multiply", {})},
        "w1 -> f.a; w2 -> f.b",
    )
    document = Document(graph)
    bench = DragBench(make_workspace, qtbot, document)
    bench.model.values()["w1", "value"].fill_(1.5)
    bench.model.values()["w2", "value"].fill_(2.5)
    document.set_trained(7)
    bench.page.go_home()
    qtbot.waitUntil(lambda: bench.job.box is None)
    bench.carry_out()
    bench.page.plane_view.grab()
    bench.kernel.training = True
    bench.press()
    bench.move(1.0, 2.0)
    bench.release(1.0, 2.0)
    assert bench.paused == 1 and document.graph.setting("w1", "value") == pytest.approx(1.0, abs=0.02)
    document.undo()
    assert document.graph.setting("w1", "value") == 1.5 and document.history.undo_text == "Keep trained values"
    assert float(bench.model.values()["w2", "value"]) == 2.5


def test_along_directions_all_weights_move_by_the_same_way_in_the_plane(make_workspace: Any, qtbot: QtBot) -> None:
    bench = DragBench(make_workspace, qtbot, Document(tanh_net()))
    page = bench.page
    page.planes.choose_kind("random")
    qtbot.waitUntil(lambda: isinstance(bench.job.plane, Random))
    seen = bench.carry_out()
    page.plane_view.grab()
    model = Model(bench.document.graph)
    before = torch.cat([model.values()[place.key].reshape(-1) for place in seen.frame.of]).double().numpy()
    bench.press()
    bench.move(0.3, -0.2)
    u, v = page.drag.at or (np.nan, np.nan)
    now = torch.cat([bench.model.values()[place.key].reshape(-1) for place in seen.frame.of]).double().numpy()
    assert now == pytest.approx(before + u * seen.frame.across + v * seen.frame.up, abs=1e-12) and abs(now - before).max() > 0.01
    QTest.keyClick(page.plane_view, Qt.Key.Key_Escape)
    back = torch.cat([bench.model.values()[place.key].reshape(-1) for place in seen.frame.of]).double().numpy()
    assert np.array_equal(back, before)

