"""Cards, the path ledger and both sweeps on graphs where a branch that was not selected is infinitely steep."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from engine.explain.answer import answer
from engine.explain.cards import Card, CardOf
from engine.explain.context import ExplainContext
from engine.explain.forward_mode import Adjoints, ForwardMode, ReverseMode, Tangents
from engine.explain.paths import Ledger, PathLedger
from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from graph.model.address import output
from graph.model.graph import Graph
from graph.storage.files import load

CASES = Path(__file__).parents[2] / "data/cases/graphs"
NAMES = ("12a_relu_of_log", "12b_max_of_norm", "12c_min_of_exp", "12d_min_of_reciprocal")
each_case = pytest.mark.parametrize("name", NAMES)


def case(name: str) -> tuple[Graph, ExplainContext, str]:
    graph = load(CASES / f"{name}.gradwire", CATALOG)
    x = graph.named("x")
    assert x is not None
    return graph, ExplainContext(Model(graph)), x.id


@each_case
def test_every_path_of_the_ledger_adds_0(name: str) -> None:
    _, situation, x = case(name)
    ledger = answer(situation, PathLedger(output(x)))
    assert isinstance(ledger, Ledger)
    assert [path.entry for path in ledger.paths] == [0.0] * ledger.count and ledger.total_entry == 0.0 and ledger.gradient_entry == 0.0


@each_case
def test_both_sweeps_give_0(name: str) -> None:
    graph, situation, x = case(name)
    tangents = answer(situation, ForwardMode(output(x)))
    assert isinstance(tangents, Tangents) and tangents.objective == 0.0 == tangents.reverse
    target = situation.trace.objective
    assert target is not None
    adjoints = answer(situation, ReverseMode(output(target[0])))
    assert isinstance(adjoints, Adjoints) and adjoints.outputs[x, "y"].scalar == 0.0


@each_case
def test_the_card_of_the_steep_node_says_why_0_times_infinity_is_0(name: str) -> None:
    graph, situation, _ = case(name)
    said = []
    for node in graph.nodes:
        card = answer(situation, CardOf(output(node)))
        assert isinstance(card, Card)
        said += [str(line) for section in card.sections for line in section.lines if "0 · ∞" in str(line)]
    assert said and all("0 · ∞ is 0 here" in text for text in said)


def test_where_nan_is_kept_the_card_says_that_it_has_no_value() -> None:
    graph = load(CASES / "12e_handwritten_norm.gradwire", CATALOG)
    situation = ExplainContext(Model(graph))
    power = graph.named("power")
    assert power is not None
    card = answer(situation, CardOf(output(power.id)))
    assert isinstance(card, Card) and "has no value" in str(card)
    assert card.sections and not math.isfinite(situation.trace.gradients[graph.named("x").id, "y"].sum())
