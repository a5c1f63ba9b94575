"""Predicting and finding a fault with the engine running: hints come from it, and a planted fault is in the numbers it sends."""

from __future__ import annotations

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.compile.views import ArrayView
from graph.model import faults
from graph.model.address import Address
from graph.model.faults import Fault
from ui.canvas.inplace import LineEditor
from ui.shell.window import Window

PATIENCE = 60_000


def wire_of(window: Window, name: str) -> str:
    graph = window.document.graph
    return next(e.id for e in graph.edges.values() if graph.nodes[e.source[0]].name == name)


def gradient(window: Window, edge: str) -> float | None:
    view = window.trace.edge_gradients.get(edge) if window.trace is not None else None
    return view.scalar if isinstance(view, ArrayView) else None


def test_a_wrong_partner_is_recognised_and_the_right_number_taken(window: Window, qtbot: QtBot) -> None:
    """∂f/∂x = y = −5; who takes x itself types 2."""
    edge = wire_of(window, "x")
    window.canvas.select([edge])
    window.predict.hide_gradient()
    board, typing = window.predict.board, window.predict.typing
    for text in ("2", "-5"):
        typing.open(Address("edge", edge, gradient=True))
        editor = window.canvas.editor
        assert isinstance(editor, LineEditor)
        qtbot.keyClicks(editor, text)
        with qtbot.waitSignal(board.judged, timeout=PATIENCE):
            qtbot.keyClick(editor, Qt.Key.Key_Return)

    wrong, right = board.score.rows
    assert wrong.right == "no" and "partner" in wrong.cause and right.right == "yes"
    assert edge not in window.visibility.gradients


def test_a_planted_sign_turns_the_gradient_on_the_canvas_and_undo_turns_it_back(window: Window, qtbot: QtBot) -> None:
    edge = wire_of(window, "x")
    assert gradient(window, edge) == -5
    node = window.document.graph.edges[edge].target[0]
    window.document.do(faults.plant(Fault("sign", node)), "Plant a fault")
    qtbot.waitUntil(lambda: gradient(window, edge) == 5, timeout=PATIENCE)
    assert window.predict.finding.badge.isVisible()
    window.document.undo()
    qtbot.waitUntil(lambda: gradient(window, edge) == -5, timeout=PATIENCE)
