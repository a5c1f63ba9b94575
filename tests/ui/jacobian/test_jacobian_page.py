"""The page of the Jacobian: what it asks for, what it shows, and that it keeps hidden numbers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.explain.context import ExplainContext
from engine.explain.jacobian.answer import jacobian
from engine.explain.question import Unanswerable
from engine.numerics.job import JobEnd, finished
from engine.training.model import Model
from graph.model.address import Address, output
from graph.storage.document import Document
from tests.support.networks import tanh_net
from tests.ui.sweep.test_sweep_page import Kernel
from ui.jacobian.feature import JacobianFeature
from ui.jacobian.page import HIDDEN, JacobianPage


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
        self.feature = JacobianFeature(self.workspace)
        self.feature.toggle()
        assert self.feature.page is not None
        self.page: JacobianPage = self.feature.page

    @property
    def job(self) -> Any:
        return self.kernel.jobs[-1][0]

    def carry_out(self) -> None:
        job, _progress, end = self.kernel.jobs[-1]
        try:
            end(JobEnd("done", finished(jacobian(ExplainContext(self.model, None), job))))
        except Unanswerable as refused:
            end(JobEnd("failed", None, str(refused)))


def pick(box: Any, text: str) -> None:
    box.setCurrentText(text)
    box.activated.emit(box.currentIndex())


def test_output_input_and_sample_are_chosen(make_workspace: Any, qtbot: QtBot) -> None:
    bench = Bench(make_workspace, qtbot, Document(tanh_net()))
    page = bench.page
    assert bench.job.of == output("out") and bench.job.by is None  # what the loss is computed from
    bench.carry_out()
    assert page.words.text() == "Jacobian of out by tanh: 2 × 4" and "local Jacobian" in page.said.text()
    pick(page.by_box, "data.x")
    qtbot.waitUntil(lambda: bench.job.by == output("data", "x"))
    bench.carry_out()
    assert page.words.text() == "Jacobian of out by data.x: 2 × 2" and "product of their local Jacobians" in page.said.text()
    pick(page.sample_box, "3")
    qtbot.waitUntil(lambda: bench.job.sample == 2)
    bench.carry_out()
    QTest.keyClick(page.matrix, Qt.Key.Key_Down)
    assert page.reading.text().startswith("∂out[0]/∂data.x[0] = ")
    pick(page.of_box, "loss")
    qtbot.waitUntil(lambda: bench.job.of == output("loss") and bench.job.by is None)
    bench.carry_out()
    assert "the gradient, written as a row" in page.said.text()
    bench.workspace.visibility.hide("question", values=("tanh",))
    assert page.jacobian is None and page._empty.text() == HIDDEN and not page._body.isVisible() and page.singular.text() == ""


def test_it_begins_with_the_selected_node(make_workspace: Any, qtbot: QtBot) -> None:
    bench = Bench(make_workspace, qtbot, Document(tanh_net()))
    bench.feature.toggle()
    bench.workspace.canvas.model.select(["hidden"])
    bench.feature.toggle()
    qtbot.waitUntil(lambda: bench.job.of == Address("output", "hidden", "y"))
