"""Figures that are tables: the first paths with their sum, and forward mode, against hand calculations."""

from __future__ import annotations

import pytest
import torch
from pytestqt.qtbot import QtBot

from engine.compile.visible import Hidden
from engine.explain.answer import answer
from engine.explain.context import ExplainContext
from engine.explain.covering import covered
from engine.explain.forward_mode import ForwardMode
from engine.explain.paths import PathLedger
from engine.training.model import Model
from graph.model.address import output
from tests.support.lesson_support import open_lesson
from ui.look.theme import PROJECTOR
from ui.maths.table_view import TableView


@pytest.fixture
def view(qtbot: QtBot) -> TableView:
    view = TableView(PROJECTOR)
    qtbot.addWidget(view)
    return view


def test_three_paths_with_their_sum(view: TableView) -> None:
    """z = x²·3x + (x + 1) at x = 2: 1·6·4 + 1·4·3 + 1 = 37."""
    _lesson, graph = open_lesson("several-paths")
    ledger = answer(ExplainContext(Model(graph, dtype=torch.float64)), PathLedger(output(graph.named("x").id)))

    view.show_answer(ledger, graph)

    lines = view.sheet.text.splitlines()
    assert [line.partition(" = ")[2] for line in lines[:3]] == ["1 · 6 · 4 = 24", "1 · 4 · 3 = 12", "1 · 1 = 1"]
    assert [line.rpartition(" = ")[2] for line in lines[3:]] == ["37", "37"]


def test_of_sixteen_paths_two_are_listed_and_a_hidden_sum_stays_hidden(view: TableView) -> None:
    _lesson, graph = open_lesson("reverse-mode")
    x = output(graph.named("x").id)
    context = ExplainContext(Model(graph, dtype=torch.float64))
    hidden = Hidden(frozenset({x.derivative}))

    view.show_answer(covered(answer(context, PathLedger(x)), context, hidden), graph)

    *paths, more, total, reverse = view.sheet.text.splitlines()
    assert len(paths) == 2 and "14" in more
    assert "16" not in total + reverse and "?" in total and "?" in reverse


def test_forward_mode_doubles_node_by_node(view: TableView) -> None:
    _lesson, graph = open_lesson("reverse-mode")
    seed = ForwardMode(output(graph.named("x").id))

    view.show_answer(answer(ExplainContext(Model(graph, dtype=torch.float64)), seed), graph)

    assert [line.rpartition(" = ")[2] for line in view.sheet.text.splitlines()] == ["1", "2", "4", "8", "16"]
