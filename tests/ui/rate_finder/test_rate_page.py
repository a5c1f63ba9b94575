"""The panel of the learning-rate finder states its rule, takes the suggestion with one click, and undo brings the old rate back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.learned.rate_finder import FindRate, Sweep, rate_at, smoothed
from engine.numerics.job import JobEnd
from graph.storage.document import Document
from tests.support.fake_workspace import FakeWorkspace
from ui.look.theme import LIGHT
from ui.rate_finder.page import RatePage, rounded

RATES = tuple(rate_at(i, 1e-4, 1.0, 30) for i in range(30))
LOSSES = tuple(2.0 - 0.05 * i for i in range(28)) + (9.0, 40.0)


def sweep(suggested: float | None = 0.01234, diverged: float | None = 1.0) -> Sweep:
    return Sweep(0, 0, 0, 0, "SGD", RATES, LOSSES, tuple(smoothed(LOSSES)), suggested, diverged)


@pytest.fixture
def page(qtbot: QtBot, make_workspace: Callable[..., FakeWorkspace]) -> RatePage:
    page = RatePage(make_workspace())
    qtbot.addWidget(page)
    page.set_theme(LIGHT)
    page.resize(900, 260)
    page.show()
    return page


def test_the_suggestion_is_taken_with_one_click_and_undone(page: RatePage, qtbot: QtBot) -> None:
    document: Document = page.workspace.document
    before = dict(document.graph.training["hyper"])
    page._ended(JobEnd("done", sweep()))
    assert page.words.text() == "Suggested: η = 0.012\nDiverges at η ≈ 1."
    assert "falls most steeply against log η" in page.rule.text() and "more than 4 times its lowest value" in page.rule.text()
    qtbot.mouseClick(page.use, Qt.MouseButton.LeftButton)
    assert document.graph.training["hyper"] == {**before, "lr": 0.012} and not page.use.isEnabled()
    document.undo()
    assert document.graph.training["hyper"] == before


def test_what_was_not_found_is_said(page: RatePage) -> None:
    page._ended(JobEnd("done", sweep(None, None)))
    assert page.words.text() == "No rate is suggested: the smoothed loss does not fall.\nIt does not diverge up to η = 1."
    assert page.use.isHidden()
    page._ended(JobEnd("failed", text="L-BFGS chooses the length of its steps itself."))
    assert page.words.text() == "L-BFGS chooses the length of its steps itself." and page.sweep is None


def test_a_sweep_is_of_the_step_at_which_the_panel_was_first_opened(page: RatePage) -> None:
    """The panel is made when it is first asked for, often long after training: it has heard of no step then."""
    workspace = page.workspace
    workspace.kernel = SimpleNamespace(progress=SimpleNamespace(run=3, step=1000))  # type: ignore[assignment]
    of = replace(sweep(), structure=workspace.document.structure, run=3, step=1000)
    page._ended(JobEnd("done", of))
    assert "has changed since" not in page.words.text()
    page._ended(JobEnd("done", replace(of, step=999)))
    assert "Found at step 999; the network has changed since." in page.words.text()


def test_a_hidden_loss_is_not_shown(page: RatePage) -> None:
    page._ended(JobEnd("done", sweep()))
    visibility = page.workspace.visibility
    assert page._plot is not None and page._plot.isVisible()
    type(visibility).hidden_loss, before = property(lambda self: 0.5), type(visibility).hidden_loss  # type: ignore[assignment]
    try:
        visibility.changed.emit()
        assert not page._plot.isVisible() and page.use.isHidden() and "hides the loss" in page.words.text()
    finally:
        type(visibility).hidden_loss = before  # type: ignore[method-assign]


def test_rates_are_rounded_to_what_the_rule_can_say() -> None:
    assert rounded(0.012345) == 0.012 and FindRate().low < FindRate().high
