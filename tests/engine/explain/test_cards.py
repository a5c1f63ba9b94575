"""Explanation cards of every node, wire and parameter of every example: their numbers are the trace's, and those are autograd's."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.compile.program import compile
from engine.compile.trace import Trace
from engine.compile.views import Absent
from engine.explain.answer import answer
from engine.explain.cards import Array, Card, CardOf, Chain, Notation, Number, Tex
from engine.explain.context import ExplainContext
from engine.explain.question import Refusal
from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from graph.model.address import Address, output, parameter, wire
from graph.model.graph import Graph
from graph.storage.files import load
from tests.support.card_reading import array_of, every_question, solid, solved
from tests.support.networks import network

EXAMPLES = sorted(Path("resources/examples").glob("*.gradwire"))


@cache
def opened(path: Path) -> Model:
    return Model(load(path, CATALOG), dtype=torch.float64)


@cache
def autograds(path: Path) -> Trace:
    """The same pass, differentiated by torch's autograd over the whole graph instead of by our rules."""
    session = opened(path)
    program = compile(session.graph, session.inference, training=False, method="autograd", wanted="all")
    feeds = session.feeds.chosen(program.feeds, torch.tensor(session.samples(None)))
    return program.trace(feeds, session.parameters(program), session.buffers(program), session.random(0))


@cache
def cards(path: Path, notation: Notation = "leibniz", sample: int | None = None) -> tuple[Card, ...]:
    session = opened(path)
    answers = []
    for question in every_question(session, notation=notation, sample=sample):
        card = answer(ExplainContext(session), question)
        assert isinstance(card, Card), card
        answers.append(card)
    return tuple(answers)


def chains(path: Path, sample: int | None = None) -> Iterator[tuple[Card, Chain]]:
    for card in cards(path, sample=sample):
        for chain in card.chains():
            yield card, chain


def of_autograd(path: Path, place: Address) -> Tensor | Absent:
    trace = autograds(path)
    if place.kind == "edge":
        return trace.edge_gradients[place.id] if place.gradient else trace.values[opened(path).graph.edges[place.id].source]
    if place.kind == "parameter":
        return (trace.parameter_gradients if place.gradient else trace.parameters)[place.key]
    return (trace.gradients if place.gradient else trace.values)[place.key]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_a_card_shows_the_very_numbers_of_the_canvas(path: Path) -> None:
    view = opened(path).trace_view()
    for card in cards(path):
        where = card.address
        shown = {"output": (view.values, view.gradients), "parameter": (view.parameters, view.parameter_gradients)}
        if where.kind == "edge":
            value, gradient = view.values[opened(path).graph.edges[where.id].source], view.edge_gradients[where.id]
        else:
            value, gradient = shown[where.kind][0][where.key], shown[where.kind][1][where.key]
        assert card.value is not None and np.array_equal(flat(card.value), flat(Array(value)))
        if isinstance(gradient, Absent):
            assert card.gradient is None and card.absent == gradient.reason
        else:
            assert card.gradient is not None and np.array_equal(flat(card.gradient), flat(Array(gradient)))


def flat(quantity: Number | Array) -> np.ndarray:
    """A tensor of one number is shown as that number."""
    return solid(quantity).reshape(-1)


@pytest.mark.parametrize("sample", [None, 3])
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_every_number_with_a_source_is_what_autograd_has_there(path: Path, sample: int | None) -> None:
    seen = 0
    for card in cards(path, sample=sample):
        for line in card.lines():
            items: list[Any] = [*line.numbers(), *line.arrays()]
            for item in items:
                if item.place is None or item.place.kind == "setting" or item.role not in ("value", "gradient"):
                    continue
                if isinstance(item, Array) and item.symbol.endswith(r"^\top"):
                    continue
                expected = of_autograd(path, item.place)
                assert isinstance(expected, Tensor), (card.title, item.place)
                there = expected[item.place.index] if item.place.index else expected
                if isinstance(item, Array) and item.view.data is None:
                    assert item.view.shape == tuple(there.shape) and item.view.norm == pytest.approx(float(there.double().norm()), rel=1e-9)
                else:
                    np.testing.assert_allclose(solid(item).reshape(-1), there.numpy().reshape(-1), rtol=1e-9, atol=1e-15)
                seen += 1
    assert seen > 10


@pytest.mark.parametrize("sample", [None, 5])
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_upstream_times_local_is_downstream(path: Path, sample: int | None) -> None:
    for card, chain in chains(path, sample):
        if chain.local is None:
            assert chain.jacobian[0] * chain.jacobian[1] > 4096
            continue
        if any(isinstance(q, Array) and q.view.data is None for q in (chain.upstream, chain.local, chain.downstream)):
            continue
        g, j, down = (array_of(q) for q in (chain.upstream, chain.local, chain.downstream))
        if chain.local_kind == "matrix":
            assert j.shape == chain.jacobian
            product = (g.reshape(1, -1) @ j).reshape(down.shape)
        else:
            product = torch.as_tensor(g * j).sum_to_size(down.shape).numpy()
        scale = max(float(np.abs(down).max()), 1e-12)
        assert float(np.abs(product - down).max()) <= 1e-10 * scale, card.title


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_every_wire_and_parameter_that_has_a_gradient_has_its_chain(path: Path) -> None:
    for card in cards(path):
        if card.address.kind in ("edge", "parameter") and card.gradient is not None:
            own = [s for s in card.sections if s.chain and (s.chain.target.kind, s.chain.target.id) == (card.address.kind, card.address.id)]
            assert own and all(section.topic == "backward" for section in own)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_what_the_samples_give_adds_up_to_the_gradient_they_share(path: Path) -> None:
    session = opened(path)
    shared = {c.target.key for _, c in chains(path) if c.sample is not None and c.target.kind == "parameter"}
    for node, name in shared:
        parts = []
        for sample in range(8):
            card = answer(ExplainContext(session), CardOf(parameter(node, name), sample=sample))
            (chain,) = card.chains()
            parts.append(array_of(chain.downstream))
        expected = autograds(path).parameter_gradients[node, name]
        assert isinstance(expected, Tensor)
        if all(part.shape == tuple(expected.shape) for part in parts):  # larger ones travel as pictures
            np.testing.assert_allclose(sum(parts), expected.numpy(), rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_a_line_with_numbers_in_it_is_true_when_read_as_mathematics(path: Path) -> None:
    read = 0
    for card in cards(path):
        for line in card.lines():
            for said, meant in solved(line):
                assert said == pytest.approx(meant, rel=1e-9, abs=1e-13), (card.title, line)
                read += 1
    assert read > 3 or path.stem in ("digits-cnn",)


IN_ALL_NOTATIONS = ("sigmoid-neuron", "fan-out", "tanh-mlp-2-4-2")


@pytest.mark.parametrize(
    ("path", "notation"),
    [(p, n) for p in EXAMPLES for n in ("leibniz", "bar", "delta") if n == "leibniz" or p.stem in IN_ALL_NOTATIONS],
    ids=lambda value: getattr(value, "stem", value),
)
def test_everything_that_is_written_can_be_typeset(path: Path, notation: Notation) -> None:
    from ui.maths.formula import svg

    texts: set[str] = set()
    for card in cards(path, notation):
        assert card.sections
        for section in card.sections:
            assert section.title and section.lines
            for line in section.lines:
                assert line.pieces
                texts |= {piece.latex(plainly) for piece in line.pieces if isinstance(piece, Tex)}
    for text in texts:
        assert svg(text, 12.0, "#000000"), text


def plainly(part: Number | Array) -> str:
    return "2" if isinstance(part, Number) else "A"


def test_a_card_of_what_is_gone_is_refused_in_words() -> None:
    session = opened(EXAMPLES[0])
    for address in (output("gone"), wire("gone"), parameter("gone", "W")):
        refused = answer(ExplainContext(session), CardOf(address))
        assert isinstance(refused, Refusal) and "no longer" in refused.text


def graph_of(path: Path) -> Graph:
    return opened(path).graph


def test_a_sample_or_an_entry_outside_is_taken_as_the_nearest_one() -> None:
    path = next(p for p in EXAMPLES if p.stem == "tanh-mlp-2-4-2")
    node = next(n.id for n in graph_of(path).nodes.values() if n.name == "hidden")
    card = answer(ExplainContext(opened(path)), CardOf(output(node), sample=99, entry=(50, 50)))
    assert (card.sample, card.entry, card.samples, card.shape) == (7, (3,), 8, (4,))
    assert math.isfinite(next(n.value for line in card.lines() for n in line.numbers()))


@pytest.mark.parametrize("entry", [(0,), (1,), (2,)])
def test_every_entry_of_a_concatenation_of_one_tensor_has_a_card(entry: tuple[int, ...]) -> None:
    nodes: dict[str, tuple[str, dict[str, Any]]] = {"x": ("source.input", {"value": [3.0, 5.0, 7.0]}), "c": ("math.concatenate", {})}
    card = answer(ExplainContext(Model(network(nodes, "x -> c.xs"))), CardOf(output("c"), entry=entry))
    assert isinstance(card, Card)
    assert card.entry == entry
