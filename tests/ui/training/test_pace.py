"""Refreshes that may wait: one between two frames, the newest of each, never lost."""

from __future__ import annotations

import operator
from functools import partial

import pytest
from pytestqt.qtbot import QtBot

from engine.nodes.catalog import CATALOG
from graph.storage.document import Document
from ui.canvas.view import Canvas
from ui.look.theme import LIGHT
from ui.training.pace import Pace


@pytest.fixture
def canvas(qtbot: QtBot) -> Canvas:
    shown = Canvas(Document.new(CATALOG), LIGHT)
    qtbot.addWidget(shown)
    shown.resize(300, 200)
    shown.show()
    return shown


def test_jobs_run_soon_on_a_canvas_that_rests(canvas: Canvas, qtbot: QtBot) -> None:
    pace, done = Pace(canvas), list[str]()
    qtbot.wait(60)
    pace.run("a", lambda: done.append("a"))
    pace.run("b", lambda: done.append("b"))
    assert not done
    qtbot.waitUntil(lambda: done == ["a", "b"])


def test_one_job_runs_after_each_frame_of_a_canvas_that_moves(canvas: Canvas, qtbot: QtBot) -> None:
    pace, done = Pace(canvas), list[str]()
    canvas.painted.emit()
    for name in "abc":
        pace.run(name, partial(done.append, name))
    for expected in (["a"], ["a", "b"], ["a", "b", "c"]):
        canvas.painted.emit()
        qtbot.waitUntil(partial(operator.eq, done, expected), timeout=1000)


def test_of_several_with_one_name_the_newest_runs(canvas: Canvas, qtbot: QtBot) -> None:
    pace, done = Pace(canvas), list[int]()
    for number in range(5):
        pace.run("trace", partial(done.append, number))
    qtbot.waitUntil(lambda: bool(done))
    qtbot.wait(80)
    assert done == [4]


def test_what_was_dropped_does_not_run(canvas: Canvas, qtbot: QtBot) -> None:
    pace, done = Pace(canvas), list[str]()
    pace.run("a", lambda: done.append("a"))
    pace.run("b", lambda: done.append("b"))
    pace.drop("a")
    qtbot.waitUntil(lambda: bool(done))
    pace.run("c", lambda: done.append("c"))
    pace.drop()
    qtbot.wait(80)
    assert done == ["b"]
