"""The page of rates: what it says and draws of an answer, what choices change, where the red mark is, and what it does not show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QCheckBox, QLabel
from pytestqt.qtbot import QtBot

from engine.compile.views import Stamp
from engine.learned.rates import Method, Optimum, Rates, RatesJob, Recognised
from engine.numerics.job import JobEnd
from tests.support.fake_workspace import FakeWorkspace
from ui.look.theme import LIGHT, PROJECTOR
from ui.rates.page import HIDDEN, RatesPage

CURVES = np.array([1.0, 25.0])


def descent(rate: float = 0.04, steps: int = 60, **more: Any) -> Rates:
    """Gradient descent on ½(w₁² + 25 w₂²) from (−8, 1.5)."""
    path = [np.array([-8.0, 1.5])]
    for _step in range(steps):
        path.append(path[-1] - rate * CURVES * path[-1])
    w = np.array(path)
    value, slopes, moves = (w**2 @ CURVES) / 2, w * CURVES, np.diff(w, axis=0)
    turns, squares = np.diff(slopes, axis=0), (moves**2).sum(1)
    rise, ahead, back = np.diff(value), (slopes[:-1] * moves).sum(1), (slopes[1:] * moves).sum(1)
    found = Rates(
        Stamp(0, 0, 0, 0), Method("descent", "Gradient descent", rate), Optimum(0.0, "By hand.", 0.0, True, 1.0, 25.0), 0, 0, 2,
        np.arange(steps + 1), value, np.linalg.norm(slopes, axis=1), np.linalg.norm(w, axis=1), np.full(steps + 1, np.nan),
        -value + (slopes * w).sum(1), np.linalg.norm(turns, axis=1) / np.sqrt(squares), (turns * moves).sum(1) / squares,
        np.minimum(rise - ahead, back - rise), np.zeros(steps), np.zeros(steps + 1), np.array([0]), np.array([1.0]), np.array([25.0]),
    )  # fmt: skip
    return replace(found, **more)


@pytest.fixture
def page(qtbot: QtBot, make_workspace: Callable[..., FakeWorkspace]) -> RatesPage:
    page = RatesPage(make_workspace())
    qtbot.addWidget(page)
    page.set_theme(LIGHT)
    page.resize(1100, 700)
    page.show()
    return page


def show(page: RatesPage, rates: Rates) -> None:
    stamp = Stamp(page.workspace.document.structure, page.workspace.document.revision, 0, 0)
    page._answered(RatesJob(), JobEnd("done", replace(rates, stamp=stamp)))


def boxes(page: RatesPage) -> dict[str, QCheckBox]:
    return {box.text(): box for box in page._boxes.values()}


def said(page: RatesPage) -> list[str]:
    """The words below the bounds."""
    QApplication.processEvents()
    return [text.text() for text in page.bounds.findChildren(QLabel)]


def test_gap_bounds_and_fit_of_gradient_descent(page: RatesPage, qtbot: QtBot) -> None:
    assert page.words.text().startswith("Train some steps") and not page.plot.widget.isVisible() and not page.quantity.isVisible()
    show(page, descent())
    assert page.words.text() == f"f(xₜ) − f* = {32 * 0.96**120:.4f} after step 60" and not page.failed.isVisible()
    assert list(boxes(page)) == ["convex", "convex, tight", "strongly convex", "strongly convex, tight"]
    assert all(box.isChecked() and box.isEnabled() for box in boxes(page).values())
    assert "× 0.9216 per step" in page.fitted.text() and "linear convergence" in page.fitted.text()
    assert page.L.lineEdit().placeholderText() == "25" and page.mu.lineEdit().placeholderText() == "1" and "By hand." in page.origin.text()
    reading = page.reading
    assert reading is not None and [bound.key for bound in reading.drawn] == ["convex", "tight_convex", "strong", "tight_strong"]
    qtbot.keyClick(boxes(page)["convex"], Qt.Key.Key_Space)
    assert page.reading is not None and [bound.key for bound in page.reading.drawn] == ["tight_convex", "strong", "tight_strong"]
    assert not boxes(page)["convex"].isChecked()


def test_a_typed_constant_that_the_run_refutes_is_marked_at_the_step(page: RatesPage, qtbot: QtBot) -> None:
    show(page, descent())
    page.L.lineEdit().selectAll()
    qtbot.keyClicks(page.L.lineEdit(), "20")
    qtbot.keyClick(page.L.lineEdit(), Qt.Key.Key_Return)
    assert page.reading is not None and page.reading.L == 20 and not boxes(page)["convex"].isEnabled()
    assert "It needs η = 1/L; here ηL = 0.8." in said(page)
    assert page.failed.isVisible() and "eigenvalue of size 25: more than L = 20" in page.failed.text()
    assert page.reading.failures[0].step == 0 and page.reading.broken(page.reading.drawn[0]) == 0
    page._choose("L", None)
    page._choose("least", 5.0)
    value = (descent().value < 5).argmax()
    assert page.reading.failures[0].assumption == "least" and page.reading.failures[0].step == value


def test_the_range_of_the_fit_is_dragged_and_typed(page: RatesPage, qtbot: QtBot) -> None:
    show(page, descent())
    page.plot._region.setRegion((10.2, 30.4))
    page.plot._region.sigRegionChangeFinished.emit(page.plot._region)
    qtbot.waitUntil(lambda: page.low.value == 10 and page.high.value == 30)
    assert "Fitted over steps 10 to 30" in page.fitted.text()
    page.high.lineEdit().selectAll()
    qtbot.keyClicks(page.high.lineEdit(), "20")
    qtbot.keyClick(page.high.lineEdit(), Qt.Key.Key_Return)
    assert "Fitted over steps 10 to 20" in page.fitted.text()
    qtbot.keyClick(page.axes, Qt.Key.Key_Down)
    assert page.plot._region.getRegion() == pytest.approx((1, np.log10(20)))


def test_other_quantities_and_methods(page: RatesPage) -> None:
    show(page, descent(problem=Recognised("Quadratic", 25.0, True, 1.0)))
    page._choose("quantity", "least")
    assert list(boxes(page)) == ["non-convex", "non-convex, tight"]
    page._choose("quantity", "distance")
    assert page.reading is not None and page.reading.mu_words == "of the recognised problem"
    assert page.words.text().startswith("‖xₜ − x*‖ = ")
    assert [page.constant.itemData(i) for i in range(page.constant.count())] == ["rate", "known", "seen"]
    page._choose("quantity", None)
    show(page, descent(method=Method("stochastic", "SGD", 0.04), noise=np.append(np.full(60, 2.0), np.nan)))
    assert page.reading.quantity == "mean" and pytest.approx(1 / (0.04 * np.sqrt(60))) == page.reading.L
    assert list(boxes(page)) == ["stochastic, non-convex", "stochastic, after all N steps"] and "σ² = 2" in page.origin.text()
    show(page, descent(method=Method("other", "Adam")))
    assert not boxes(page) and "No bound on this is known here for Adam." in said(page)
    show(page, descent(rate=0.09))
    assert "It does not fall" in page.fitted.text() and page.failed.isVisible()
    page.set_theme(PROJECTOR)


def test_nothing_is_shown_while_a_question_hides_numbers(page: RatesPage) -> None:
    show(page, descent())
    page.workspace.kernel = page.workspace.work.kernel = object()  # type: ignore[assignment]
    page.workspace.visibility.hide("lesson", values=["n1"])
    page.ask()
    assert page.words.text() == HIDDEN and page.rates is None and not page.plot.widget.isVisible() and not page.L.isVisible()
    show(page, descent())
    assert page.rates is None
    page.workspace.kernel = page.workspace.work.kernel = None
