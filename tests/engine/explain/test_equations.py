"""The equations of a pass, as a lecturer writes them on the board. The expected LaTeX is written by hand."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from engine.explain.answer import answer
from engine.explain.cards import Line, Notation, Number, Tex
from engine.explain.context import ExplainContext
from engine.explain.equations import Equations, EquationsOf, NodeEquations
from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from graph.storage.files import load


@pytest.fixture(scope="module")
def network() -> Model:
    return Model(load(Path("resources/examples/tanh-mlp-2-4-2.gradwire"), CATALOG))


def latex(line: Line | None) -> str:
    """The line in one piece, without the room between its pieces."""
    assert line is not None and all(isinstance(piece, Tex) for piece in line.pieces)
    return "".join(piece.text for piece in line.pieces if isinstance(piece, Tex)).replace(" ", "").replace(r"\,", "")


def asked(model: Model, notation: Notation) -> dict[str, NodeEquations]:
    reply = answer(ExplainContext(model), EquationsOf(tuple(model.graph.nodes), notation))
    assert isinstance(reply, Equations)
    return {model.graph.nodes[node].name: told for node, told in reply.nodes.items()}


OUTPUT, HIDDEN = r"\mathrm{output}", r"\mathrm{hidden}"


def by(quantity: str) -> str:
    return rf"\frac{{\partialL}}{{\partial{quantity}}}"


def test_the_lectures_network_forward(network: Model) -> None:
    told = asked(network, "leibniz")
    assert latex(told["hidden"].forward) == rf"{HIDDEN}=Wx+b"
    assert latex(told["h"].forward) == rf"h=\tanh({HIDDEN})"
    assert latex(told["output"].forward) == rf"{OUTPUT}=Wh+b"
    assert told["data"].forward is None and told["data"].backward == ()


@pytest.mark.parametrize("notation", ["leibniz", "delta", "bar"])
def test_the_lectures_network_backward(network: Model, notation: Notation) -> None:
    """δ⁽²⁾ at the output, δ⁽¹⁾ at the hidden layer: δ⁽¹⁾ = ∂L/∂h ⊙ (1 − h²) with ∂L/∂h = Wᵀ δ⁽²⁾."""
    two, one, of = {
        "leibniz": (by(OUTPUT), by(HIDDEN), by),
        "delta": (r"\delta^{(2)}", r"\delta^{(1)}", by),
        "bar": (rf"\overline{{{OUTPUT}}}", rf"\overline{{{HIDDEN}}}", lambda quantity: rf"\bar{{{quantity}}}"),
    }[notation]
    top = r"\overline{\mathrm{loss}}" if notation == "bar" else by(r"\mathrm{loss}")
    told = {name: [latex(line) for line in node.backward] for name, node in asked(network, notation).items()}

    assert told["loss"] == [f"{top}=1", rf"{two}={top}\frac{{1}}{{N}}(\mathrm{{softmax}}({OUTPUT})-\mathrm{{onehot}}(\mathrm{{target}}))"]
    assert told["output"] == [
        rf"{of('h')}={{W}}^\top{two}", rf"{of('W')}=\sum_{{n=1}}^{{N}}{two}{{h}}^\top", rf"{of('b')}=\sum_{{n=1}}^{{N}}{two}"]
    assert told["h"] == [rf"{one}={of('h')}\odot(1-{{h}}^2)"]


def test_a_gradient_that_is_a_sum_begins_with_the_sum() -> None:
    """f = x² + v y with v = y²: along three wires something comes back to y."""
    model = Model(load(Path("resources/examples/fan-out.gradwire"), CATALOG))
    told = asked(model, "bar")
    assert [latex(line) for line in told["y"].backward] == [r"\bar{y}=\bar{y}_{\tov.a}+\bar{y}_{\tov.b}+\bar{y}_{\tow}"]
    assert [latex(line) for line in told["w"].backward] == [r"\bar{v}=\bar{w}\cdoty", r"\bar{y}_{\tow}=\bar{w}\cdotv"]


def test_no_number_of_the_pass_is_in_an_equation(network: Model) -> None:
    for node in asked(network, "leibniz").values():
        for line in (*node.backward, *([node.forward] if node.forward is not None else [])):
            assert not any(isinstance(piece, Number) or getattr(piece, "parts", ()) for piece in line.pieces)
    assert {field.name for field in fields(NodeEquations)} == {"forward", "backward"}
