"""With every kind of planted fault, at every place it can have: cards, ledger, both sweeps, predictions and the audit tell one story.

A card's arithmetic is true and ends in the trace's numbers. Where the fault changes what is computed, every tool agrees with autograd
over what was computed. Where it only spoils gradients, cards and predictions say what the backward pass passed back, and the ledger, the
sweeps and the audit the true derivative next to it, so that comparing finds the fault.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.compile.program import compile
from engine.compile.trace import Trace
from engine.compile.views import Absent, ArrayView
from engine.explain.answer import answer
from engine.explain.audit import Audit, AuditPart
from engine.explain.cards import Array, Card, Line, Number, Tex
from engine.explain.cards.scene import EQUALS
from engine.explain.context import ExplainContext
from engine.explain.forward_mode import Adjoints, ForwardMode, ReverseMode, Tangents
from engine.explain.misconceptions.passes import Pass
from engine.explain.paths import Ledger, PathLedger
from engine.training.model import Model
from graph.model.address import Address, output, parameter, wire
from graph.model.faults import KINDS, Fault, plant, possible
from graph.model.graph import Graph
from tests.support.card_reading import array_of, every_question, solved
from tests.support.jobs import whole
from tests.support.networks import network, product, tanh_net

Nodes = dict[str, tuple[str, dict[str, Any]]]


def shared_wires() -> Graph:
    """f = x·3 + x·5: two branches."""
    nodes: Nodes = {"x": ("source.input", {"value": 2.0}), "a": ("source.constant", {"value": 3.0}),
                    "b": ("source.constant", {"value": 5.0}), "left": ("math.multiply", {}), "right": ("math.multiply", {}),
                    "f": ("math.add", {})}  # fmt: skip
    return network(nodes, "x -> left.a; a -> left.b; x -> right.a; b -> right.b; left -> f.a; right -> f.b")


def softmax_norm(kind: str = "activation.softmax") -> Graph:
    nodes: Nodes = {"z": ("parameter.parameter", {"value": [1.0, 2.0, 3.0]}), "p": (kind, {}), "f": ("math.norm", {})}
    return network(nodes, "z -> p.x; p -> f.x")


def square_layer() -> Graph:
    """f = Σ (Wx)² with W = [[1, 2], [3, 4]] and x = (1, −1)."""
    nodes: Nodes = {"x": ("parameter.parameter", {"value": [1.0, -1.0]}),
                    "w": ("parameter.parameter", {"value": [[1.0, 2.0], [3.0, 4.0]]}), "q": ("math.square", {}),
                    "lin": ("layer.linear", {"out_features": 2, "bias": False}), "f": ("math.sum", {})}  # fmt: skip
    return network(nodes, "x -> lin.x; w -> lin.W; lin -> q.x; q -> f.x")


def two_layers() -> Graph:
    """Moons through 2–2–2 with a square layer in the middle, in batches."""
    nodes: Nodes = {
        "data": ("source.data", {"dataset": "moons", "samples": 60}), "hidden": ("layer.linear", {"out_features": 2}),
        "tanh": ("activation.tanh", {}), "out": ("layer.linear", {"out_features": 2}), "p": ("activation.log_softmax", {}),
        "loss": ("loss.nll", {}),
    }  # fmt: skip
    wires = "data.x -> hidden.x; hidden -> tanh.x; tanh -> out.x; out -> p.x; p -> loss.log_probabilities; data.target -> loss.target"
    return network(nodes, wires)


GRAPHS = {
    "product": product, "branches": shared_wires, "softmax": softmax_norm, "log_softmax": lambda: softmax_norm("activation.log_softmax"),
    "square": square_layer, "tanh": tanh_net, "layers": two_layers,
}  # fmt: skip


def offered() -> Iterator[tuple[str, Fault]]:
    for name, make in GRAPHS.items():
        view = Model(make()).trace_view()
        leading = {edge for edge, g in view.edge_gradients.items() if not isinstance(g, Absent)}
        yield from ((name, fault) for fault in possible(make(), view.shapes, leading))


CASES = list(offered())
IDS = [f"{name}-{fault.kind}-{fault.place}" for name, fault in CASES]
every_fault = pytest.mark.parametrize(("name", "fault"), CASES, ids=IDS)


@cache
def planted(name: str, fault: Fault) -> Model:
    graph = GRAPHS[name]()
    plant(fault).apply(graph)
    return Model(graph, dtype=torch.float64)


@cache
def autograds(name: str, fault: Fault) -> Trace:
    """The same pass by torch's autograd over what was computed, which no fault in a derivative reaches."""
    session = planted(name, fault)
    program = compile(session.graph, session.inference, training=False, method="autograd", wanted="all")
    assert session.inference is not None
    feeds = session.feeds.chosen(program.feeds, torch.tensor(session.samples(None)))
    return program.trace(feeds, session.parameters(program), session.buffers(program), session.random(0))


def changes_values(fault: Fault) -> bool:
    return fault.kind == "softmax"


def places(session: Model) -> Iterator[tuple[Address, Tensor]]:
    """Every place with a gradient in the trace."""
    trace = session.trace()
    entries: list[tuple[Address, Tensor | Absent]] = [(wire(e), g) for e, g in trace.edge_gradients.items()]
    entries += [(parameter(*key), g) for key, g in trace.parameter_gradients.items()]
    entries += [(output(*key), g) for key, g in trace.gradients.items()]
    yield from ((place, g) for place, g in entries if isinstance(g, Tensor))


def gradient_in(trace: Trace, place: Address) -> Tensor:
    gradient = (
        trace.edge_gradients[place.id] if place.kind == "edge"
        else trace.parameter_gradients[place.key] if place.kind == "parameter" else trace.gradients[place.key]
    )  # fmt: skip
    assert isinstance(gradient, Tensor)
    return gradient


def close(one: Any, other: Any) -> None:
    np.testing.assert_allclose(np.asarray(one), np.asarray(other), rtol=1e-9, atol=1e-13)


def test_every_kind_of_fault_is_among_the_cases() -> None:
    assert {fault.kind for _, fault in CASES} == set(KINDS)
    assert len(CASES) > 40


# Cards


def cards(session: Model) -> Iterator[Card]:
    for question in every_question(session):
        card = answer(ExplainContext(session), question)
        assert isinstance(card, Card), card
        yield card


@every_fault
def test_upstream_times_local_is_downstream_as_the_card_shows_it(name: str, fault: Fault) -> None:
    seen = 0
    for card in cards(planted(name, fault)):
        for chain in card.chains():
            assert chain.local is not None
            g, j, down = (array_of(q) for q in (chain.upstream, chain.local, chain.downstream))
            product = (g.reshape(1, -1) @ j).reshape(down.shape) if chain.local_kind == "matrix" else g * j
            close(torch.as_tensor(product).sum_to_size(down.shape), down)
            seen += 1
    assert seen


@every_fault
def test_every_number_of_a_card_that_has_a_place_is_the_one_in_the_trace(name: str, fault: Fault) -> None:
    session, seen = planted(name, fault), 0
    for card in cards(session):
        items: list[Number | Array] = [item for line in card.lines() for item in line.numbers()]
        items += [item for line in card.lines() for item in line.arrays()]
        for item in items:
            if item.place is None or item.role not in ("value", "gradient"):
                continue
            if isinstance(item, Array) and item.symbol.endswith(r"^\top"):
                continue
            tensor = tensor_at(session, item.place)
            close(array_of(item).reshape(-1), tensor.reshape(-1))
            seen += 1
    assert seen


def tensor_at(session: Model, place: Address) -> Tensor:
    trace = session.trace()
    values: Any = trace.parameters if place.kind == "parameter" else trace.values
    gradients: Any = trace.parameter_gradients if place.kind == "parameter" else trace.gradients
    if place.kind == "edge":
        tensor = trace.edge_gradients[place.id] if place.gradient else values[session.graph.edges[place.id].source]
    else:
        tensor = (gradients if place.gradient else values)[place.key]
    assert isinstance(tensor, Tensor)
    return tensor[place.index] if place.index else tensor


@every_fault
def test_every_line_of_a_card_is_true_when_read_as_mathematics(name: str, fault: Fault) -> None:
    for card in cards(planted(name, fault)):
        for line in card.lines():
            for said, meant in solved(line):
                assert said == pytest.approx(meant, rel=1e-9, abs=1e-13), (card.title, line)
            for left, right, result in products(line):
                close(left @ right, result)


@every_fault
def test_softmax_and_cross_entropy_collapse_only_where_they_do(name: str, fault: Fault) -> None:
    for card in cards(planted(name, fault)):
        for section in (section for section in card.sections if section.topic == "collapse"):
            *_, numbers, result = section.lines
            predicted, target = numbers.arrays()
            before = [piece for piece in numbers.pieces[: numbers.pieces.index(predicted)] if piece != EQUALS][1:]
            factor = next((piece.value for piece in before if isinstance(piece, Number)), 1.0)
            texts = [piece.text for piece in before if isinstance(piece, Tex) and "frac" in piece.text]
            factor *= 1 / int(texts[0].removeprefix(r"\frac{1}{").removesuffix("}")) if texts else 1.0
            (collapsed,) = result.arrays()
            close(factor * (array_of(predicted) - array_of(target)), array_of(collapsed))


def products(line: Line) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """A matrix times a vector in a line of numbers, and the vector that it is said to be."""
    if line.kind != "numbers" or len(line.pieces) < 4:
        return
    left, right, equals, result = line.pieces[-4:]
    if isinstance(left, Array) and isinstance(right, Array) and isinstance(result, Array) and equals == EQUALS:
        yield array_of(left), array_of(right), array_of(result)


# Ledger, sweeps, audit


@every_fault
def test_the_ledger_adds_up_to_autograd_and_states_the_gradient_of_the_trace(name: str, fault: Fault) -> None:
    where, right = ExplainContext(planted(name, fault)), autograds(name, fault)
    for place, gradient in places(planted(name, fault)):
        ledger = answer(where, PathLedger(place))
        assert isinstance(ledger, Ledger), ledger
        close(ledger.gradient.data, gradient)
        assert ledger.total is not None
        close(ledger.total.data, gradient_in(right, place))
        if changes_values(fault):
            close(ledger.total.data, gradient)


@every_fault
def test_both_sweeps_are_autograds(name: str, fault: Fault) -> None:
    session, right = planted(name, fault), autograds(name, fault)
    objective = session.trace().objective
    assert objective is not None
    adjoints = answer(ExplainContext(session), ReverseMode(output(*objective)))
    assert isinstance(adjoints, Adjoints), adjoints
    for place, gradient in places(session):
        expected = gradient_in(right, place)
        views = {"edge": adjoints.edges, "parameter": adjoints.parameters, "output": adjoints.outputs}[place.kind]
        view = views[place.id if place.kind == "edge" else place.key]  # type: ignore[index]
        assert isinstance(view, ArrayView)
        close(view.data, expected)
        tangents = answer(ExplainContext(session), ForwardMode(place, "ones"))
        assert isinstance(tangents, Tangents) and tangents.objective is not None and tangents.reverse is not None
        close(tangents.objective, float(expected.sum()))
        close(tangents.reverse, float(gradient.sum()))


@every_fault
def test_the_audit_compares_the_gradient_of_the_trace_with_the_true_one(name: str, fault: Fault) -> None:
    session, right = planted(name, fault), autograds(name, fault)
    audit = whole(ExplainContext(session), Audit())
    assert isinstance(audit, AuditPart) and audit.rows
    for row in (row for row in audit.rows if row.analytical is not None and row.numerical is not None):
        assert row.address.index is not None
        assert row.analytical == pytest.approx(float(gradient_in(session.trace(), row.address)[row.address.index]), rel=1e-12)
        assert row.numerical == pytest.approx(float(gradient_in(right, row.address)[row.address.index]), rel=1e-6, abs=1e-9)


@every_fault
def test_predictions_follow_the_backward_pass_as_it_was(name: str, fault: Fault) -> None:
    """Wrong answers are made from each node's contribution: with the right gradient it is the right one."""
    session = planted(name, fault)
    run, seen = Pass(ExplainContext(session)), 0
    for step in (step for steps in run.consumers.values() for step in steps if step.a in step.operation.needed):
        gradient, passed = run.gradient(step.operation), session.trace().edge_gradients[step.edge]
        assert gradient is not None and isinstance(passed, Tensor)
        share = run.contribution(step, gradient)
        assert share is not None
        close(share, passed)
        seen += 1
    assert seen
