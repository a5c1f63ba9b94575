"""A card for every node type, in every case its tests know, alone and in a batch: never an error, and the chain rule holds on it."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
import torch

from engine.explain.answer import answer
from engine.explain.cards import Array, Card
from engine.explain.context import ExplainContext
from engine.nodes import TYPES
from engine.training.model import Model
from graph.model.graph import Graph
from tests.engine.node_cases import Case, all_cases
from tests.support.card_reading import array_of, every_question, solved
from tests.support.cases import check_all
from tests.support.networks import network

FED = ("input", "constant", "data")
CASES = all_cases()


def graph_of(case: Case, end: str = "math.square") -> Graph | None:
    """The case's node between sources of its shapes and an objective, the mean of `end` of it.

    Batches come out of a Linear layer on a data set. None where class indices arrive that no source here can give.
    """
    spec = TYPES[case.type].spec
    nodes: dict[str, tuple[str, dict[str, Any]]] = {"node": (case.type, dict(case.settings))}
    wires = []
    if spec.role not in FED and spec.role != "parameter":
        nodes["data"] = ("source.data", {"dataset": "moons", "samples": 40})
        for port, value in zip([p for p in spec.inputs if not p.parameter], case.inputs, strict=True):
            for slot, tensor in enumerate(value if isinstance(value, tuple) else (value,)):
                wires += _source(nodes, f"{port.name}{slot}", tensor, f"node.{port.name}#{slot}", port.name in case.batched)
                if wires[-1] is None:
                    return None
    output = spec.outputs[0].name
    nodes |= {"squared": (end, {}), "objective": ("math.mean", {"over_batch": True})}
    wires += [f"node.{output} -> squared.x", "squared -> objective.x"]
    return network(nodes, ";".join(w for w in wires if w), settings={"objective": {"node": "objective", "port": "y"}})


def _source(nodes: dict[str, Any], name: str, tensor: torch.Tensor | None, target: str, batched: bool) -> list[Any]:
    if tensor is None:
        return []
    if not tensor.is_floating_point():
        return [f"data.target -> {target}"] if batched and tensor.dim() == 1 else [None]
    if not batched:
        nodes[name] = ("source.input", {"value": tensor.tolist()})
        return [f"{name} -> {target}"]
    shape = list(tensor.shape[1:])
    nodes[f"{name}_flat"] = ("layer.linear", {"out_features": max(1, int(np.prod(shape)))})
    nodes[f"{name}_in"] = ("activation.sigmoid", {})
    nodes[name] = ("math.reshape", {"shape": shape})
    return [f"data.x -> {name}_flat.x; {name}_flat -> {name}_in.x; {name}_in -> {name}.x; {name} -> {target}"]


def session_of(case: Case, end: str = "math.square") -> Model | None:
    graph = graph_of(case, end)
    if graph is None:
        return None
    session = Model(graph)
    return session if ("node", TYPES[case.type].spec.outputs[0].name) in session.inference.outputs else None


LEFT_OUT = {
    "layer.embedding": 7, "loss.cross_entropy": 2, "loss.nll": 2, "math.where": 1, "math.concatenate": 2, "math.one_hot": 7,
    "probe.value": 4, "probe.accuracy": 1, "source.standardize": 3,
}  # fmt: skip
"""Cases for which there is no source here, since they take class indices."""


@pytest.mark.parametrize("key", sorted({case.type for case in CASES}))
def test_every_case_of_a_node_type_has_cards_on_which_the_chain_rule_holds(key: str) -> None:
    cases = [case for case in CASES if case.type == key]
    built: list[Case] = []

    def has_cards(case: Case) -> None:
        session = session_of(case)
        if session is not None:
            built.append(case)
            cards_hold(session, random.Random(str(case)).randrange(8))

    check_all(has_cards, cases)
    assert built and len(cases) - len(built) == LEFT_OUT.get(key, 0)


def cards_hold(session: Model, sample: int) -> None:
    situation = ExplainContext(session)
    near = {"node"} | {e.id for e in session.graph.edges.values() if "node" in (e.source[0], e.target[0])}
    for question in every_question(session, sample=sample):
        if question.address.id not in near:
            continue
        card = answer(situation, question)
        assert isinstance(card, Card), card
        assert card.sections
        holds(card)


def holds(card: Card) -> None:
    for chain in card.chains():
        parts = (chain.upstream, chain.local, chain.downstream)
        if chain.local is None or any(isinstance(part, Array) and part.view.data is None for part in parts):
            continue
        g, j, down = (array_of(q) for q in (chain.upstream, chain.local, chain.downstream))
        if not all(np.isfinite(a).all() for a in (g, j, down)):
            continue
        product = (g.reshape(1, -1) @ j).reshape(down.shape) if chain.local_kind == "matrix" else None
        product = torch.as_tensor(g * j).sum_to_size(down.shape).numpy() if product is None else product
        assert np.abs(product - down).max(initial=0) <= 1e-10 * max(np.abs(down).max(initial=0), 1e-9), card.title
    for line in card.lines():
        for said, meant in solved(line):
            assert said == pytest.approx(meant, rel=1e-9, abs=1e-12), (card.title, line)
