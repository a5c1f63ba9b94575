"""NaN and infinity in the window at rest: a badge, a problem, a line in the status bar."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from graph.storage.document import Document
from graph.storage.files import load
from tests.support.window_support import names
from ui.shell.window import Window

CASES = Path(__file__).parents[2] / "data/cases/graphs"


@pytest.mark.parametrize(
    "name, node, word", [("12e_handwritten_norm", "sqrt", "∞"), ("12f_handwritten_sigmoid", "exp", "NaN"), ("12a_relu_of_log", "log", "−∞")]
)
def test_it_is_shown_with_its_origin_and_goes_when_it_is_mended(window: Window, name: str, node: str, word: str) -> None:
    document = Document(load(CASES / f"{name}.gradwire", CATALOG))
    window.set_document(document)
    window.showing.show_trace(Model(document.graph).trace_view())

    rows = [row.accessibleName() for row in window.panel("problems").rows]
    assert any(row.startswith(f"warning: {node}:") and word in row for row in rows)
    problem = window.canvas.content.problem(names(document)[node])
    assert problem is not None and problem.severity == "warning"
    assert window.status.nonfinite.isVisibleTo(window.status) and window.status.nonfinite.full.startswith(f"{node}:")

    window.showing.show_trace(Model(load(CASES / "12g_tanh_to_open.gradwire", CATALOG)).trace_view())
    assert not window.status.nonfinite.isVisibleTo(window.status)
