"""What derivatives are called: by a value, along one of its wires, and at a node; in cards, paths and slices."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.explain.answer import answer
from engine.explain.cards import Card, CardOf, Notation, Tex
from engine.explain.context import ExplainContext
from engine.explain.paths import Ledger, PathLedger
from engine.explain.slices import SliceCurve, SliceOf
from engine.explain.symbols import Symbols
from engine.training.model import Model
from graph.model.address import output, parameter, wire
from graph.model.graph import Graph
from tests.support.networks import network, product, tanh_net

Nodes = dict[str, tuple[str, dict[str, Any]]]
X: tuple[str, dict[str, Any]] = ("source.input", {"value": 0.5})


def square_by_hand() -> Graph:
    """f = x·x along two wires."""
    return network({"x": X, "f": ("math.multiply", {})}, "x -> f.a; x -> f.b")


def fan_out() -> Graph:
    """f = x² + sin x."""
    nodes: Nodes = {"x": X, "a": ("math.square", {}), "b": ("math.sin", {}), "f": ("math.add", {})}
    return network(nodes, "x -> a.x; x -> b.x; a -> f.a; b -> f.b")


def two_alike() -> Graph:
    """f = tanh(tanh(x))."""
    return network({"x": X, "h": ("activation.tanh", {}), "f": ("activation.tanh", {})}, "x -> h.x; h -> f.x")


def shortcut() -> Graph:
    """f = x² + x: one path from x is a wire to the objective itself, and ∂f/∂x is not that wire's 1."""
    return network({"x": X, "a": ("math.square", {}), "f": ("math.add", {})}, "x -> a.x; a -> f.a; x -> f.b")


def situation(graph: Graph) -> ExplainContext:
    return ExplainContext(Model(graph, dtype=torch.float64))


def chains(graph: Graph, edge: str, notation: Notation = "leibniz") -> list[str]:
    """The formula lines of a wire's card."""
    card = answer(situation(graph), CardOf(wire(edge), notation=notation))
    assert isinstance(card, Card)
    lines = [line for section in card.sections for line in section.lines if line.kind == "formula"]
    return [" ".join(piece.text.strip() for piece in line.pieces if isinstance(piece, Tex)) for line in lines]


def partial(above: str, below: str) -> str:
    return rf"\frac{{\partial {above}}}{{\partial {below}}}"


def paths(graph: Graph) -> list[str]:
    ledger = answer(situation(graph), PathLedger(output("x")))
    assert isinstance(ledger, Ledger)
    return [path.text.partition(" = ")[0] for path in ledger.paths]


def test_two_wires_to_one_node_are_told_apart_by_their_ports() -> None:
    f, a, b = partial("f", "f"), partial("f", r"(x \to f.a)"), partial("f", r"(x \to f.b)")
    assert chains(square_by_hand(), "e0")[0] == f"{a} = {f} \\cdot {a}"
    assert answer(situation(square_by_hand()), CardOf(wire("e1"))).title == "x → f.b"
    assert chains(square_by_hand(), "e0")[-1] == f"{partial('f', 'x')} = {a} + {b}"
    assert paths(square_by_hand()) == ["∂f/∂(x→f.a)", "∂f/∂(x→f.b)"]


def test_a_value_with_one_wire_has_the_derivative_of_textbooks() -> None:
    assert chains(product(), "e0")[0] == f"{partial('f', 'x')} = {partial('f', 'd')} \\cdot {partial('d', 'x')}"
    graph = product()
    ledger = answer(situation(graph), PathLedger(output("z")))
    assert isinstance(ledger, Ledger) and [path.text for path in ledger.paths] == ["∂f/∂z = 1"]
    assert paths(graph) == ["∂f/∂d · ∂d/∂x"]


def test_what_comes_through_one_node_of_a_fan_out_holds_nothing_fixed() -> None:
    through, other = partial("f", r"(x \to a)"), partial("f", r"(x \to b)")
    first = chains(fan_out(), "e0")
    assert first[0] == f"{through} = {partial('f', 'a')} \\cdot {partial('a', 'x')}"
    assert first[-1] == f"{partial('f', 'x')} = {through} + {other}"
    assert not any(r"\right|" in line for line in first)
    assert paths(fan_out()) == ["∂f/∂a · ∂a/∂x", "∂f/∂b · ∂b/∂x"]


def test_a_chain_of_two_equal_operations_has_two_different_factors() -> None:
    assert paths(two_alike()) == ["∂f/∂h · ∂h/∂x"]
    assert chains(two_alike(), "e0")[0] == f"{partial('f', 'x')} = {partial('f', 'h')} \\cdot {partial('h', 'x')}"


def test_the_wire_past_a_node_is_not_the_whole_derivative() -> None:
    """Along the direct wire f changes by 1, and ∂f/∂x is 2x + 1."""
    along = partial("f", r"(x \to f)")
    assert chains(shortcut(), "e2")[0] == f"{along} = {partial('f', 'f')} \\cdot {along}"
    assert paths(shortcut()) == ["∂f/∂a · ∂a/∂x", "∂f/∂(x→f)"]


@pytest.mark.parametrize(
    ("notation", "along"), [("bar", r"\bar{x}_{\to a}"), ("delta", partial("f", r"(x \to a)")), ("leibniz", partial("f", r"(x \to a)"))]
)
def test_every_notation_names_the_wire(notation: Notation, along: str) -> None:
    assert chains(fan_out(), "e0", notation)[0].startswith(f"{along} = ")


def test_the_delta_of_a_layer_with_two_users_names_the_wire() -> None:
    nodes: Nodes = {"x": ("source.input", {"value": [0.5, 1.0]}), "u": ("layer.linear", {"out_features": 2}), "p": ("activation.tanh", {}),
                    "q": ("activation.sigmoid", {}), "s": ("math.add", {}), "f": ("math.sum", {})}  # fmt: skip
    graph = network(nodes, "x -> u.x; u -> p.x; u -> q.x; p -> s.a; q -> s.b; s -> f.x")
    assert Symbols(graph, ("f", "y"), "delta").along(graph.edges["e1"], "1") == r"\delta^{(1)}_{1, \to p}"


@pytest.mark.parametrize(
    ("graph", "place", "symbol"),
    [(square_by_hand(), wire("e0"), r"x \to f.a"), (square_by_hand(), output("x"), "x"), (product(), wire("e0"), "x"),
     (fan_out(), wire("e1"), r"x \to b"), (tanh_net(), parameter("hidden", "W", (1, 0)), r"{{W}_{\mathrm{hidden}}}_{2,\,1}")],
    ids=["one of two wires to a node", "a value", "the only wire", "one wire of a fan-out", "a weight"],
)  # fmt: skip
def test_a_slice_names_what_is_moved(graph: Graph, place: Any, symbol: str) -> None:
    sliced = answer(situation(graph), SliceOf(place))
    assert isinstance(sliced, SliceCurve) and sliced.symbol == symbol


def test_different_values_never_have_one_symbol() -> None:
    """x_1 and x1 would both be x with a lowered 1; two Data nodes both give an x; a node called L is not the loss."""
    nodes: Nodes = {"x1": X, "x_1": X, "one": ("source.data", {"dataset": "moons"}), "two": ("source.data", {"dataset": "moons"}), "L": X}
    graph = network(nodes, "")
    symbols = Symbols(graph, None)
    assert len({symbols.value(end) for end in (("x1", "y"), ("x_1", "y"), ("one", "x"), ("two", "x"), ("L", "y"))}) == 5
    nodes = {"L": X, "objective": ("math.square", {})}
    assert Symbols(network(nodes, "L -> objective.x"), ("objective", "y")).gradient(("L", "y")) == partial(r"\mathrm{objective}", "L")


def test_each_user_of_a_shared_weight_has_its_own_part() -> None:
    """A weight that is penalised: the layer's part and the penalty's add up to ∂L/∂W."""
    nodes: Nodes = {"x": ("source.input", {"value": [0.5, 1.0]}), "u": ("layer.linear", {"out_features": 2}), "s": ("math.sum", {}),
                    "p": ("penalty.l2", {"layers": "all"}), "f": ("math.add", {})}  # fmt: skip
    graph = network(nodes, "x -> u.x; u -> s.x; s -> f.a; p -> f.b")
    card = answer(situation(graph), CardOf(parameter("u", "W")))
    assert isinstance(card, Card)
    text = " ".join(piece.text for section in card.sections for line in section.lines for piece in line.pieces if isinstance(piece, Tex))
    assert partial("f", r"(W \to u)") in text
    assert r"\to p)" in text
