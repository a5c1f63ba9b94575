"""The schedule's form edits the document, draws the rates before the run, and marks where the run is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pytestqt.qtbot import QtBot

from engine.kernel.protocol import Progress
from engine.nodes.catalog import CATALOG
from graph.model.edits import SetTraining
from graph.storage.document import Document
from tests.support.fake_workspace import FakeWorkspace
from tests.support.fields import enter
from ui.look.theme import LIGHT
from ui.training.training import TrainingPage


@pytest.fixture
def page(qtbot: QtBot, make_workspace: Callable[..., FakeWorkspace]) -> TrainingPage:
    page = TrainingPage(make_workspace())
    qtbot.addWidget(page)
    page.set_theme(LIGHT)
    page.set_document(Document.new(CATALOG))
    page.show()
    return page


def choose(page: TrainingPage, key: str) -> None:
    assert page._document is not None
    page._set("lr_schedule", key)
    page.refresh()


def test_a_schedule_is_drawn_before_the_run_and_shows_where_the_run_is(page: TrainingPage) -> None:
    form = page.schedule
    assert form.picture.isHidden() and form.summary.text() == ""
    page._set("epochs", 10)
    choose(page, "cosine")
    drawn = form.picture.drawn
    assert drawn is not None and drawn.steps == 10 and drawn.now == 0.1
    assert form.summary.text() == "Cosine" and not form.picture.isHidden()
    form.set_rows(100)  # mini-batches of 32: four steps an epoch
    assert form.picture.drawn is not None and form.picture.drawn.steps == 40
    page.show_progress(Progress("paused", 1, 20, 5, rate=0.05), [])
    drawn = form.picture.drawn
    assert drawn is not None and (drawn.step, drawn.now) == (20, 0.05)
    assert form.picture.text() == "Learning rate over 40 steps: from 0.1 to 0.0001541, at most 0.1. The coming step has 0.05."
    choose(page, "constant")
    assert form.picture.isHidden()


def test_each_schedule_keeps_its_own_settings_and_undo_brings_the_last_one_back(page: TrainingPage, qtbot: QtBot) -> None:
    document, form = page._document, page.schedule
    assert document is not None
    form.open()
    choose(page, "step")
    assert form.hyper_form is not None
    enter(qtbot, form.hyper_form.editors["every"], form.hyper_form.settings[0], "7")
    assert document.graph.training["lr_schedule_hyper"] == {"every": 7}
    page.refresh()
    choose(page, "exponential")
    assert document.graph.training["lr_schedule_hyper"] == {}
    document.seal()
    choose(page, "step")
    assert document.graph.training["lr_schedule_hyper"] == {"every": 7}
    document.undo()
    page.refresh()
    assert document.graph.training["lr_schedule"] == "exponential" and "every" not in form.hyper_form.editors


def test_a_schedule_that_needs_a_length_says_so(page: TrainingPage) -> None:
    assert page._document is not None
    page._document.do(SetTraining("epochs", None))
    choose(page, "one_cycle")
    assert "One cycle needs a length" in page.schedule.complaint.text() and page.schedule.picture.isHidden()


def test_what_is_set_in_a_closed_part_stands_under_its_header(page: TrainingPage) -> None:
    assert page._document is not None
    section = page.sections["stop"]
    page._document.do(SetTraining("stop_patience", 10))
    page._document.do(SetTraining("restore_best", False))
    page.refresh()
    assert section.summary.text() == "Patience 10 · Restore the best: off" and section.summary.isVisibleTo(page)
    section.open()
    assert section.form.isVisibleTo(page) and not section.summary.isVisibleTo(page)
    assert section.form.editors["restore_best"].isVisibleTo(page)
