"""The page of convex problems: what it says of the graph, with the optimum beside the present numbers, and when it says nothing."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.curvature.convex.answer import convex
from engine.explain.context import ExplainContext
from engine.learned.lipschitz import LipschitzJob
from engine.learned.lipschitz.answer import lipschitz
from engine.nodes.catalog import CATALOG
from engine.numerics.job import JobEnd, finished
from engine.training.model import Model
from graph.storage.document import Document
from graph.storage.files import load
from tests.support.networks import tanh_net
from tests.ui.sweep.test_sweep_page import Kernel
from ui.convex.feature import ConvexFeature
from ui.convex.page import HIDDEN, ConvexPage

EXAMPLES = Path(__file__).parents[3] / "resources/examples"


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
        self.feature = ConvexFeature(self.workspace)
        self.feature.toggle()
        assert self.feature._made is not None and isinstance(self.feature._made[0], ConvexPage)
        self.page = self.feature._made[0]

    def carry_out(self) -> None:
        """Both jobs: the optimum, and the constants."""
        for job, _progress, end in self.kernel.jobs[-2:]:
            work = lipschitz if isinstance(job, LipschitzJob) else convex
            end(JobEnd("done", finished(work(ExplainContext(self.model, None), job))))


def test_the_optimum_stands_beside_the_present_numbers(make_workspace: Any, qtbot: QtBot) -> None:
    bench = Bench(make_workspace, qtbot, Document(load(EXAMPLES / "least-squares.gradwire", CATALOG)))
    page, table = bench.page, bench.page.table.table
    assert "being read" in page.reasons.text() and not page._right.isVisible()
    bench.carry_out()
    x, y = (bench.model.feeds.train["n1", port].numpy() for port in ("x", "target"))
    a = np.column_stack([x, np.ones(len(x))])
    best = np.linalg.solve(a.T @ a, a.T @ y.reshape(-1))
    assert page.verdict.text().startswith("Convex: Linear model with squared error")
    assert [table.item(row, 0).text() for row in range(3)] == ["w[0, 0]", "w[1, 0]", "b[0]"]
    shown = [float(table.item(row, 2).toolTip().replace("−", "-")) for row in range(3)]
    assert np.allclose(shown, best, rtol=0, atol=1e-12)
    assert [table.item(row, 1).text() for row in range(3)] == ["0", "0", "0"]
    constants = page.lipschitz.table
    largest = 2 / len(a) * np.linalg.eigvalsh(a.T @ a)[-1]
    assert [constants.item(row, 1).text()[:3] for row in range(constants.rowCount())] == ["L ≥", "L =", "K ≥", "K ≥", "K ≤"]
    assert float(constants.item(1, 1).text()[4:]) == round(largest, 4) and constants.item(1, 2).text() == "2·λmax(AᵀA) / n"
    bench.workspace.visibility.hide("question", values=("prediction",))
    assert not page.lipschitz.isVisible()
    assert page.problem is None and page.reasons.text() == HIDDEN and not page._right.isVisible() and "=" not in page.constants.text()
    QTest.keyClick(page.first_stop(), Qt.Key.Key_Escape)
    assert not bench.feature.shown


def test_a_network_is_not_recognised_and_the_node_is_named(make_workspace: Any, qtbot: QtBot) -> None:
    bench = Bench(make_workspace, qtbot, Document(tanh_net()))
    bench.carry_out()
    assert bench.page.verdict.text() == "Not recognised as a convex problem"
    assert bench.page.reasons.text().startswith("tanh (Tanh) is not linear")
    assert not bench.page._right.isVisible()
