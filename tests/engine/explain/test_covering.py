"""An answer holds no hidden number: whatever is asked, with each number of a graph hidden in turn, in every field of the answer.

The numbers are such that each has three digits of its own, so one that is found is the hidden one.
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.compile.views import Absent, ArrayView
from engine.compile.visible import NOTHING, Hidden, addresses, visible, with_echoes
from engine.explain.answer import answer
from engine.explain.audit import Audit, StepCurve
from engine.explain.cards import CardOf
from engine.explain.context import ExplainContext
from engine.explain.covering import covered
from engine.explain.forward_mode import ForwardMode, ReverseMode
from engine.explain.misconceptions import Expected, Prediction
from engine.explain.paths import PathLedger, PathSum
from engine.explain.question import Question, Refusal
from engine.explain.slices import Secant, SliceCurve, SliceOf
from engine.explain.symbolic import Symbolic
from engine.explain.update import UpdateOf
from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from graph.formula.to_graph import build
from graph.model.address import Address, first_output, output, parameter, wire
from graph.model.covered import ASKED, Covered
from graph.model.graph import Graph
from tests.support.jobs import whole
from tests.support.networks import tanh_net

np.set_printoptions(threshold=100_000, precision=17)
_NUMBER = re.compile(r"[−-]?\d+\.\d*(?:e[−-]?\d+)?")


@pytest.fixture(scope="module")
def scalars() -> Model:
    """f = (x·y·tanh(c·x))²: all values and gradients differ, because no node passes a number on unchanged."""
    return Model(build("(x*y*tanh(c*x))^2", CATALOG, {"x": 1.89, "y": -1.185, "c": 0.572}))


def questions(graph: Graph) -> Iterator[Question]:
    places: list[Address] = [wire(edge) for edge in graph.edges]
    for node in graph.nodes:
        spec = graph.spec(node)
        places += [output(node, port.name) for port in spec.outputs] + [parameter(node, declared.name) for declared in spec.parameters]
        yield CardOf(first_output(graph, node))
        yield from (CardOf(parameter(node, declared.name)) for declared in spec.parameters)
    yield from (CardOf(wire(edge)) for edge in graph.edges)
    for place in places:
        yield from (PathLedger(place), PathSum(place), SliceOf(place), Secant(place, 1e-4), StepCurve(place), ForwardMode(place, "ones"))
        if place.kind == "output":
            yield ReverseMode(place)
    yield from (Audit(), Symbolic(), UpdateOf())


def numbers(session: Model) -> Iterator[tuple[str, bool, np.ndarray]]:
    """(id of the node or wire, whether it is its gradient, the numbers), of every computed number of the graph."""
    trace, graph = session.trace(), session.graph
    for (node, _), value in trace.values.items():
        if graph.spec(node).inputs:
            yield node, False, value.numpy()
    for key, gradient in {**trace.edge_gradients, **{node: g for (node, _), g in trace.gradients.items()}}.items():
        if not isinstance(gradient, Absent) and not (gradient == 1).all():
            yield key, True, gradient.numpy()


def leaks(thing: object, secret: np.ndarray) -> list[str]:
    """The numbers in all fields of an answer that are one of the secret ones at three digits."""
    told = {f"{abs(number):.3g}" for number in secret.ravel().tolist() if len(f"{abs(number):.3g}".replace(".", "").strip("0")) == 3}
    return [number for number in _NUMBER.findall(repr(thing)) if f"{abs(float(number.replace('−', '-'))):.3g}" in told]


def test_no_answer_holds_a_number_that_is_hidden(scalars: Model) -> None:
    graph, situation, checked = scalars.graph, ExplainContext(scalars), 0
    asked = list(questions(graph))
    plain = {question: whole(situation, question) for question in asked}
    plain |= {q: replace(a, x=(), f=()) for q, a in plain.items() if isinstance(a, SliceCurve)}  # a curve's points are drawn, not written
    for identity, gradient, secret in numbers(scalars):
        wanted = addresses(graph, () if gradient else (identity,), (identity,) if gradient else ())
        hidden = Hidden(with_echoes(scalars.trace_view(), graph, wanted))
        for question, told in plain.items():
            if leaks(told, secret):
                checked += 1
                reply = covered(told, situation, hidden)
                assert not leaks(reply, secret), (question, identity, gradient, leaks(reply, secret))
    assert checked > 150, "the numbers stand in answers, else nothing was tested"


def test_no_array_of_an_answer_holds_a_hidden_tensor() -> None:
    """tanh 2–4–2: the gradients of the layers' outputs, of which entries stand in cards, tangents and updates."""
    session = Model(tanh_net(), dtype=torch.float64)
    graph, situation = session.graph, ExplainContext(session)
    plain = {q: whole(situation, q) for q in questions(graph) if not isinstance(q, Audit | StepCurve | SliceOf | Secant)}
    checked, view = 0, session.trace_view()
    for identity, gradient, secret in numbers(session):
        if not gradient or not secret.size > 1:
            continue
        hidden, entries = Hidden(with_echoes(view, graph, addresses(graph, (), (identity,)))), _entries(secret)
        for question, told in plain.items():
            if entries & _entries_in(told):
                checked += 1
                assert not entries & _entries_in(covered(told, situation, hidden)), (question, identity)
    assert checked > 10


def _entries(array: np.ndarray) -> set[str]:
    return {f"{abs(number):.9g}" for number in array.ravel().tolist() if len(f"{abs(number):.9g}") > 6}


def _entries_in(thing: object) -> set[str]:
    return {f"{abs(float(number.replace('−', '-'))):.9g}" for number in _NUMBER.findall(repr(thing))}


def test_the_trace_is_covered_by_the_same_rule(scalars: Model) -> None:
    view, graph = scalars.trace_view(), scalars.graph
    for identity, gradient, secret in numbers(scalars):
        wanted = addresses(graph, () if gradient else (identity,), (identity,) if gradient else ())
        shown = visible(view, None, with_echoes(view, graph, wanted), graph)
        assert leaks((view.values, view.gradients, view.edge_gradients), secret)
        assert not leaks((shown.values, shown.gradients, shown.edge_gradients), secret), identity


def test_nothing_hidden_is_nothing_covered(scalars: Model) -> None:
    view = scalars.trace_view()
    question = CardOf(output(next(iter(scalars.graph.nodes))))
    assert visible(view, None, frozenset(), scalars.graph) is view
    assert answer(ExplainContext(scalars), question, NOTHING) == answer(ExplainContext(scalars), question)


def test_what_judges_an_answer_knows_the_number(scalars: Model) -> None:
    graph = scalars.graph
    node = next(node for node in graph.nodes if graph.spec(node).inputs)
    reply = answer(ExplainContext(scalars), Prediction(first_output(graph, node)), Hidden(addresses(graph, (node,), ())))
    assert isinstance(reply, Expected) and reply.truth == float(scalars.trace().values[node, "y"])


def test_a_number_that_is_repeated_later_in_the_pass_is_hidden_with_it() -> None:
    """relu(x·y) = x·y where it is positive; the gradient of a sum is that of both its inputs, but not that of what it came from."""
    graph = build("(relu(x*y) + z)^2", CATALOG, {"x": 1.3, "y": 2.7, "z": 0.9})
    view, ids = Model(graph).trace_view(), {node.name: node.id for node in graph.nodes.values()}
    product, relu, add = ids["multiply"], ids["relu"], ids["add"]

    values = with_echoes(view, graph, addresses(graph, (product,), ()))
    gradients = with_echoes(view, graph, addresses(graph, (), (add,)))

    assert {a.id for a in values if a.kind == "output"} == {product, relu}
    into = {edge.id for edge in graph.inputs_of(add)}
    assert into <= {a.id for a in gradients} and {relu, ids["z"], product} <= {a.id for a in gradients}
    assert ids["power"] not in {a.id for a in gradients}


def test_while_a_value_is_hidden_derivatives_behind_it_are_not_told(scalars: Model) -> None:
    graph = scalars.graph
    node = next(node for node in graph.nodes if graph.spec(node).inputs)
    reply = answer(ExplainContext(scalars), PathLedger(output(node)), Hidden(addresses(graph, (node,), ())))
    assert isinstance(reply, Refusal) and "Reveal" in reply.text


def test_a_covered_number_is_a_question_mark_in_every_text_and_survives_the_way_to_the_window() -> None:
    view = ArrayView((), "float64", None, None, ASKED, ASKED, ASKED, ASKED, ASKED)
    back = pickle.loads(pickle.dumps(view))
    assert back.covered and isinstance(back.scalar, Covered) and f"{back.scalar:.3g}" == str(back.scalar) == "?"
    assert not ArrayView((), "float64", np.array(1.0)).covered
