"""The page of the Hessian: what it asks for, what it says about the eigenvalues, and that nothing hidden is shown."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.curvature.spectrum import Eigen, Hessian, HessianJob
from engine.curvature.spectrum.answer import hessian
from engine.explain.context import ExplainContext
from engine.nodes.catalog import CATALOG
from engine.numerics.job import JobEnd, finished
from engine.training.model import Model
from graph.formula.to_graph import build
from graph.model.edits import SetParam
from graph.storage.document import Document
from tests.ui.sweep.test_sweep_page import Kernel
from ui.curvature.feature import CurvatureFeature
from ui.curvature.page import HIDDEN
from ui.curvature.words import definite_words, newton_words


class Bench:
    """The feature with a fake kernel; `carry_out` does the newest job."""

    def __init__(self, make_workspace: Any, qtbot: QtBot, document: Document) -> None:
        self.document, self.kernel = document, Kernel()
        self.kernel.progress = SimpleNamespace(run=0, step=0)  # type: ignore[attr-defined]
        self.workspace = make_workspace(document)
        self.workspace.kernel = self.workspace.work.kernel = self.kernel
        self.model = Model(document.graph)
        self.workspace.visibility.set_truth(self.model.trace_view())
        qtbot.addWidget(self.workspace.widget)
        self.workspace.widget.resize(1280, 700)
        self.workspace.widget.show()
        self.feature = CurvatureFeature(self.workspace)
        self.feature.toggle()
        assert self.feature.page is not None
        self.page = self.feature.page

    def carry_out(self) -> Any:
        job, _progress, end = self.kernel.jobs[-1]
        answer = finished(hessian(ExplainContext(self.model), job))
        end(JobEnd("done", answer))
        return answer


@pytest.fixture
def bench(make_workspace: Any, qtbot: QtBot) -> Bench:
    return Bench(make_workspace, qtbot, Document(build("f = (1 - w2*w1)^2", CATALOG, params={"w1": 0.0, "w2": 0.0})))


def test_a_saddle_in_words_cells_and_rows(bench: Bench) -> None:
    page = bench.page
    bench.carry_out()
    assert page.words.text() == "Indefinite: 1 eigenvalue is positive, 1 eigenvalue is negative."
    assert page.reason.text().splitlines() == [
        "κ = max |λ| / min |λ| = 2 / 2 = 1", "Stationary (‖∇f‖ = 0), with λ = −2 < 0 < 2: a strict saddle point.",
        "γ = 2: up to the distance 0.577, λmin ≤ −γ/2 = −1; there ‖∇f‖ ≥ α = 0.962. Measured in 16 directions, not proved for all.",
    ]  # fmt: skip
    QTest.keyClick(page.matrix, Qt.Key.Key_Right)
    QTest.keyClick(page.matrix, Qt.Key.Key_Right)
    assert page.hessian is not None
    names = page.hessian.names
    assert page.matrix.reading() == f"∂²f/∂({names[0]})∂({names[1]}) = −2"
    table = page.table.table
    assert [table.item(i, 0).text() for i in range(2)] == ["2", "−2"]
    assert table.item(0, 1).text() == f"0.71 {names[0]} − 0.71 {names[1]}"
    assert "goes uphill" not in page.newton.text()  # the gradient is 0 here
    page.matrix.grab()


def test_it_follows_an_edit_and_says_so_meanwhile(bench: Bench, qtbot: QtBot) -> None:
    page, document = bench.page, bench.document
    bench.carry_out()
    for node in [node for node in document.graph.nodes if document.graph.nodes[node].name in ("w1", "w2")]:
        document.do(SetParam(node, "value", 1.0), "w")
    bench.model.update(document.graph)
    bench.feature.document_changed()
    assert "has changed since" in page.status.full
    qtbot.waitUntil(lambda: bench.kernel.jobs[-1][0].revision == document.revision)
    bench.carry_out()
    assert page.words.text() == "Positive semidefinite: 1 eigenvalue is positive, 1 eigenvalue is 0."
    assert "inconclusive" in page.reason.text() and "κ = ∞" in page.reason.text() and "singular" in page.newton.text()
    assert "has changed since" not in page.status.full


def test_numbers_can_be_chosen_and_hidden_numbers_show_nothing(bench: Bench, qtbot: QtBot) -> None:
    page = bench.page
    bench.carry_out()
    menu = page.choice
    menu.fill()
    rows = [action for action in menu.menu.actions() if action.text()]
    assert {action.text() for action in rows} == {"All trainable numbers", "w1", "w2"} and rows[0].isChecked()
    next(action for action in rows if action.text() == "w1").trigger()
    assert page.hessian is None and menu.button.text() == "w1"
    qtbot.waitUntil(lambda: len(bench.kernel.jobs[-1][0].of) == 1)
    assert bench.carry_out().matrix.tolist() == [[0.0]] and page.words.text() == "The zero matrix: 1 eigenvalue is 0."
    menu.fill()
    next(action for action in menu.menu.actions() if action.text() == "w2").trigger()
    assert menu.button.text() == "w1, w2"
    qtbot.waitUntil(lambda: len(bench.kernel.jobs[-1][0].of) == 2)
    assert bench.carry_out().matrix.tolist() == [[0, -2], [-2, 0]]
    bench.workspace.visibility.hide("test", values=["n1"])
    assert page.hessian is None and page._empty.text() == HIDDEN and not page.matrix.isVisible()
    stage = page.parentWidget()
    assert stage is not None
    QTest.keyClick(stage, Qt.Key.Key_Escape)
    assert not bench.feature.shown


def test_what_cannot_be_computed_is_said(make_workspace: Any, qtbot: QtBot) -> None:
    """e^w overflows at 800; 3w has no curvature, so Newton's step cannot take its slope away."""
    bench = Bench(make_workspace, qtbot, Document(build("f = exp(w)*v", CATALOG, params={"w": 800.0, "v": 1.0})))
    page = bench.page
    bench.carry_out()
    assert "not finite numbers" in page.words.text() and page.table.table.rowCount() == 0
    assert page.newton.text() == "There is no Newton step: not every number is finite."
    page.matrix.grab()
    page._answered(bench.kernel.jobs[-1][0], JobEnd("failed", text="There is no number to differentiate by."))
    assert page._empty.text() == "There is no number to differentiate by." and not page.matrix.isVisible()
    flat: Hessian = finished(hessian(ExplainContext(Model(build("f = 3*w", CATALOG, params={"w": 1.0}))), HessianJob()))
    assert newton_words(flat).startswith("The quadratic model has no stationary point")


def test_without_one_eigenvalue_within_the_precision_the_words_say_so() -> None:
    assert "16 products" in definite_words(Eigen(np.zeros(0), np.zeros((0, 0)), 0.0, False, np.zeros(0), 16))
