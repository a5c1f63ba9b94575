"""Explanation cards against calculations written out here, as a lecture does them on the blackboard."""

from __future__ import annotations

import math
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.explain.answer import answer
from engine.explain.cards import Array, Card, CardOf, Number, Outer, Section, Tex, Words
from engine.explain.cards.fan_out import FanOut, summed
from engine.explain.cards.scene import Scene
from engine.explain.context import ExplainContext
from engine.explain.symbols import symbol
from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from engine.training.run import Run
from graph.model.address import Address, first_output, output
from graph.model.graph import Graph
from graph.storage.files import load
from tests.support.card_reading import array_of
from tests.support.networks import network, product

EXAMPLES = Path("resources/examples")


def example(name: str) -> Model:
    return Model(load(EXAMPLES / f"{name}.gradwire", CATALOG), dtype=torch.float64)


def named(graph: Graph, name: str) -> str:
    return next(node.id for node in graph.nodes.values() if node.name == name)


Kind = Literal["node", "edge", "parameter"]


def addressed(graph: Graph, kind: Kind, identity: str, name: str = "") -> Address:
    if kind == "node":
        return Address("output", identity, name) if name else first_output(graph, identity)
    return Address(kind, identity, name)


def card(session: Model, kind: Kind, identity: str, name: str = "", **more: Any) -> Card:
    result = answer(ExplainContext(session), CardOf(addressed(session.graph, kind, identity, name), **more))
    assert isinstance(result, Card), result
    return result


def of_topic(shown: Card, topic: str) -> list[Section]:
    return [section for section in shown.sections if section.topic == topic]


def read(section: Section) -> list[str]:
    """The lines as text, numbers as Python writes them."""
    return [" ".join(_read(piece) for piece in line.pieces) for line in section.lines]


def _read(piece: Any) -> str:
    if isinstance(piece, Words):
        return piece.text
    if isinstance(piece, Number):
        return f"{piece.value:g}"
    return piece.latex(_read) if isinstance(piece, Tex) else "[]"


# One product, by hand: f = x·y + z at 2, −5, 3


def test_the_product_of_the_lecture_is_told_step_by_step() -> None:
    session = Model(product())
    forward, _, to_x, to_y = card(session, "node", "d").sections
    assert read(forward) == [r"d = x \cdot y", r"d = 2 \cdot -5", "d = -10"]
    assert read(to_x) == [
        r"\frac{\partial f}{\partial x} = \frac{\partial f}{\partial d} \cdot \frac{\partial d}{\partial x}",
        r"\frac{\partial f}{\partial x} = \frac{\partial f}{\partial d} \cdot y",
        r"\frac{\partial f}{\partial x} = 1 \cdot -5",
        r"\frac{\partial f}{\partial x} = 1 \cdot -5 = -5",
    ]
    assert read(to_y)[-1] == r"\frac{\partial f}{\partial y} = 1 \cdot 2 = 2"


def test_every_factor_says_where_it_came_from() -> None:
    session = Model(product())
    to_x = of_topic(card(session, "node", "d"), "backward")[0]
    assert to_x.chain is not None
    upstream, local, downstream = to_x.chain.upstream, to_x.chain.local, to_x.chain.downstream
    assert isinstance(upstream, Number) and isinstance(local, Number) and isinstance(downstream, Number)
    assert (upstream.value, local.value, downstream.value) == (1.0, -5.0, -5.0)
    assert upstream.place is not None and (upstream.place.kind, upstream.place.id, upstream.place.gradient) == ("output", "d", True)
    assert downstream.place is not None and (downstream.place.kind, downstream.place.id) == ("edge", "e0")
    (partner,) = [n for n in to_x.lines[2].numbers() if n.role == "value"]
    assert partner.place is not None and partner.place.id == "y" and partner.bracket


def test_the_objective_starts_with_1_and_a_source_tells_its_gradient() -> None:
    session = Model(product())
    (objective,) = of_topic(card(session, "node", "f"), "objective")
    assert read(objective)[-1] == r"\frac{\partial f}{\partial f} = 1"
    source = card(session, "node", "x")
    assert [section.topic for section in source.sections] == ["source", "backward"]
    assert source.gradient == Number(-5.0, "gradient", source.gradient.place)


# Fan-out


def fan_out(session: Model, node: str) -> FanOut:
    return summed(Scene(ExplainContext(session), "leibniz", None, None), (node, "y"))


def test_contributions_are_added_at_the_producer_and_the_sum_is_written_out() -> None:
    nodes: dict[str, Any] = {
        "x": ("source.input", {"value": 3.0}), "square": ("math.square", {}), "double": ("math.multiply", {}),
        "two": ("source.constant", {"value": 2.0}), "f": ("math.subtract", {}),
    }  # fmt: skip
    session = Model(network(nodes, "x -> square.x; x -> double.a; two -> double.b; square -> f.a; double -> f.b"))
    total = fan_out(session, "x")
    assert total.number is not None
    # f = x² − 2x: 2x = 6 along one wire, −2 along the other
    assert [(c.consumer, c.number.value if c.number else None) for c in total.contributions] == [("square", 6.0), ("double", -2.0)]
    assert total.number.value == 4.0
    (section,) = of_topic(card(session, "node", "x"), "fan_out")
    assert read(section)[1:] == [
        r"\frac{\partial f}{\partial x} = \frac{\partial f}{\partial (x \to \mathrm{square})} + "
        r"\frac{\partial f}{\partial (x \to \mathrm{double})}",
        r"\frac{\partial f}{\partial x} = 6 + -2 = 4",
    ]


def test_two_wires_to_one_node_are_told_apart_by_their_inputs() -> None:
    session = Model(network({"x": ("source.input", {"value": 3.0}), "f": ("math.multiply", {})}, "x -> f.a; x -> f.b"))
    (section,) = of_topic(card(session, "node", "x"), "fan_out")
    assert r"\frac{\partial f}{\partial (x \to f.a)} + \frac{\partial f}{\partial (x \to f.b)}" in read(section)[1]
    assert read(section)[2].endswith("= 3 + 3 = 6")


def test_an_objective_that_is_used_further_on_has_its_seed_in_the_sum() -> None:
    nodes: dict[str, Any] = {"x": ("source.input", {"value": 3.0}), "f": ("math.square", {}), "g": ("math.negate", {})}
    session = Model(network(nodes, "x -> f.x; f -> g.x", settings={"objective": {"node": "f", "port": "y"}}))
    total = fan_out(session, "f")
    assert total.seeded and total.number is not None and total.number.value == 1.0
    assert [c.absent for c in total.contributions] == ["independent"]


# The network of the lecture: tanh 2–4–2, softmax, cross-entropy


def numbers_of_the_lecture() -> tuple[Model, dict[str, Tensor]]:
    """δʸ = (ŷ − y)/N, ∂ℓ/∂Wʸ = δʸ hᵀ, δʰ = (1 − h²) ⊙ Wʸᵀ δʸ, ∂ℓ/∂Wʰ = δʰ xᵀ, with the samples as rows."""
    session = example("tanh-mlp-2-4-2")
    graph, trace = session.graph, session.trace()
    ids = {name: named(graph, name) for name in ("data", "hidden", "h", "output", "loss")}
    x, target = trace.values[ids["data"], "x"], trace.values[ids["data"], "target"]
    w_h, b_h = trace.parameters[ids["hidden"], "W"], trace.parameters[ids["hidden"], "b"]
    w_y, b_y = trace.parameters[ids["output"], "W"], trace.parameters[ids["output"], "b"]
    h = torch.tanh(x @ w_h.T + b_h)
    y_hat = torch.softmax(h @ w_y.T + b_y, -1)
    delta_y = (y_hat - torch.nn.functional.one_hot(target, 2)) / len(x)
    delta_h = (1 - h * h) * (delta_y @ w_y)
    return session, {"x": x, "h": h, "y_hat": y_hat, "target": target, "delta_y": delta_y, "delta_h": delta_h, "W_y": w_y, "W_h": w_h}


@pytest.mark.parametrize("sample", [0, 2, 7])
def test_a_linear_layer_shows_its_gradient_as_an_outer_product(sample: int) -> None:
    session, by_hand = numbers_of_the_lecture()
    for layer, delta, arriving in (("output", "delta_y", "h"), ("hidden", "delta_h", "x")):
        shown = card(session, "parameter", named(session.graph, layer), "W", sample=sample)
        (outer,) = [piece for line in shown.lines() for piece in line.pieces if isinstance(piece, Outer)]
        np.testing.assert_allclose(array_of(outer.column), by_hand[delta][sample], rtol=1e-12)
        np.testing.assert_allclose(array_of(outer.row), by_hand[arriving][sample], rtol=1e-12)
        np.testing.assert_allclose(array_of(outer.product), torch.outer(by_hand[delta][sample], by_hand[arriving][sample]), rtol=1e-12)
        assert shown.gradient is not None
        np.testing.assert_allclose(array_of(shown.gradient), by_hand[delta].T @ by_hand[arriving], rtol=1e-11)


def test_bias_and_input_of_a_linear_layer_get_delta_and_transposed_weights_times_delta() -> None:
    session, by_hand = numbers_of_the_lecture()
    output = named(session.graph, "output")
    bias = card(session, "parameter", output, "b", sample=1)
    (chain,) = bias.chains()
    np.testing.assert_allclose(array_of(chain.downstream), by_hand["delta_y"][1], rtol=1e-12)
    assert bias.gradient is not None
    np.testing.assert_allclose(array_of(bias.gradient), by_hand["delta_y"].sum(0), rtol=1e-11)
    to_h = of_topic(card(session, "node", output, sample=1), "backward")[0]
    assert to_h.chain is not None and to_h.chain.local_kind == "matrix"
    assert r"{W}^\top" in read(to_h)[1]
    assert isinstance(to_h.chain.local, Array)
    np.testing.assert_array_equal(array_of(to_h.chain.local), by_hand["W_y"])
    np.testing.assert_allclose(array_of(to_h.chain.downstream), by_hand["W_y"].T @ by_hand["delta_y"][1], rtol=1e-12)


def test_the_slope_of_tanh_is_one_factor_for_every_unit() -> None:
    session, by_hand = numbers_of_the_lecture()
    shown = card(session, "node", named(session.graph, "h"), sample=4, entry=(2,))
    (chain,) = shown.chains()
    assert chain.local_kind == "diagonal" and chain.jacobian == (4, 4) and isinstance(chain.local, Array)
    np.testing.assert_allclose(array_of(chain.local), 1 - by_hand["h"][4] ** 2, rtol=1e-12)
    np.testing.assert_allclose(array_of(chain.downstream), by_hand["delta_h"][4], rtol=1e-12)
    (worked,) = [line for line in of_topic(shown, "backward")[0].lines if line.kind == "step"]
    up, h, down = worked.numbers()
    assert down.value == pytest.approx(up.value * (1 - h.value**2), rel=1e-12) == pytest.approx(float(by_hand["delta_h"][4, 2]))


@pytest.mark.parametrize("sample", [0, 3])
def test_softmax_and_cross_entropy_collapse_to_prediction_minus_target(sample: int) -> None:
    session, by_hand = numbers_of_the_lecture()
    (section,) = of_topic(card(session, "node", named(session.graph, "loss"), sample=sample), "collapse")
    y_hat = by_hand["y_hat"][sample].numpy()
    arrays = {a.symbol: array_of(a) for line in section.lines for a in line.arrays()}
    np.testing.assert_allclose(arrays["J"], np.diag(y_hat) - np.outer(y_hat, y_hat), rtol=1e-10)
    np.testing.assert_allclose(arrays["J"] @ arrays[r"-y / \hat{y}"], by_hand["delta_y"][sample], rtol=1e-10)
    np.testing.assert_allclose(arrays[r"\hat{y}"], y_hat, rtol=1e-12)
    np.testing.assert_allclose(array_of(list(section.lines[-1].arrays())[0]), by_hand["delta_y"][sample], rtol=1e-10)
    assert any(r"\frac{1}{8}" in text for text in read(section))


@pytest.mark.parametrize("chain", ["softmax, log", "log_softmax"])
def test_the_collapse_is_also_told_when_softmax_is_a_node_of_its_own(chain: str) -> None:
    kinds = {"softmax": "activation.softmax", "log": "math.log", "log_softmax": "activation.log_softmax"}
    names = chain.split(", ")
    nodes: dict[str, Any] = {"data": ("source.data", {"dataset": "iris"}), "out": ("layer.linear", {"out_features": 3})}
    nodes |= {name: (kinds[name], {}) for name in names} | {"loss": ("loss.nll", {})}
    between = ["out", *names]
    wires = ["data.x -> out.x", "data.target -> loss.target", f"{names[-1]} -> loss.log_probabilities"]
    wires += [f"{a} -> {b}.x" for a, b in zip(between, between[1:], strict=False)]
    session = Model(network(nodes, ";".join(wires)))
    (section,) = of_topic(card(session, "node", names[0], sample=2), "collapse")
    trace = session.trace()
    y_hat = torch.softmax(trace.values["out", "y"][2], -1)
    expected = (y_hat - torch.nn.functional.one_hot(trace.values["data", "target"][2], 3)) / 8
    np.testing.assert_allclose(array_of(list(section.lines[-1].arrays())[0]), expected, rtol=1e-9)


# What has no gradient


def test_the_four_reasons_for_no_gradient_are_told_in_words_and_never_as_0() -> None:
    alone = Model(network({"x": ("source.input", {"value": 1.0}), "d": ("source.data", {"dataset": "moons"})}, ""))
    assert "no objective" in absence(card(alone, "node", "x"))
    session, _ = numbers_of_the_lecture()
    accuracy = card(session, "node", named(session.graph, "accuracy"))
    assert "does not depend on this" in absence(accuracy)
    target = card(session, "node", named(session.graph, "data"), "target")
    assert target.absent == "not differentiable" and "class indices" in absence(target)
    nodes: dict[str, Any] = {"x": ("source.input", {"value": 1.0}), "m": ("math.matmul", {}), "f": ("math.square", {})}
    broken = Model(network(nodes, "x -> m.a; x -> m.b; m -> f.x"))
    assert "matrix product needs vectors" in absence(card(broken, "node", "m"))
    assert card(broken, "node", "m").absent == "not computed"
    for shown in (accuracy, target):
        assert shown.gradient is None


def absence(shown: Card) -> str:
    section = of_topic(shown, "absent")[0]
    return read(section)[0]


def test_without_an_objective_the_local_derivative_is_still_told() -> None:
    nodes: dict[str, Any] = {"x": ("source.input", {"value": 3.0}), "a": ("math.square", {}), "b": ("math.exp", {})}
    session = Model(network(nodes, "x -> a.x; x -> b.x"))
    (backward,) = of_topic(card(session, "node", "a"), "backward")
    assert backward.chain is None and read(backward)[-1] == r"\frac{\partial a}{\partial x} = 6"


# Penalties, dropout, batch norm, broadcasting


def test_a_penalised_weight_gets_its_gradient_from_two_nodes() -> None:
    nodes: dict[str, Any] = {
        "data": ("source.data", {"dataset": "sine"}), "out": ("layer.linear", {"out_features": 1}), "loss": ("loss.squared_error", {}),
        "penalty": ("penalty.l2", {"layers": "out", "lam": 0.25}), "total": ("math.add", {}),
    }  # fmt: skip
    wires = "data.x -> out.x; out -> loss.prediction; data.target -> loss.target; loss -> total.a; penalty -> total.b"
    session = Model(network(nodes, wires))
    shown = card(session, "parameter", "out", "W")
    trace = session.trace()
    weight, (one, other) = trace.parameters["out", "W"], of_topic(shown, "backward")
    assert one.chain is not None and other.chain is not None and shown.gradient is not None
    assert array_of(other.chain.downstream) == pytest.approx(2 * 0.25 * float(weight), rel=1e-12)
    residual = trace.values["out", "y"] - trace.values["data", "target"]
    from_loss = float((2 * residual * trace.values["data", "x"]).mean())
    assert array_of(shown.gradient) == pytest.approx(from_loss + 0.5 * float(weight), rel=1e-10)


def test_a_mask_drawn_in_the_forward_pass_is_in_the_card() -> None:
    nodes: dict[str, Any] = {
        "data": ("source.data", {"dataset": "moons"}), "out": ("layer.linear", {"out_features": 2}), "drop": ("layer.dropout", {}),
        "loss": ("loss.cross_entropy", {}),
    }  # fmt: skip
    wires = "data.x -> out.x; out -> drop.x; drop -> loss.scores; data.target -> loss.target"
    session = Model(network(nodes, wires, batch_size=4))
    idle = of_topic(card(session, "node", "drop"), "state")[0]
    assert "evaluation mode" in read(idle)[0]
    trainer = Run(session)
    trainer.train(max_steps=1)
    situation = ExplainContext(session, trainer, training=True)
    shown = answer(situation, CardOf(output("drop"), sample=1))
    assert isinstance(shown, Card)
    (mask,) = [a for line in of_topic(shown, "state")[0].lines for a in line.arrays()]
    np.testing.assert_array_equal(array_of(mask), situation.trace.kept["drop"][1])
    (chain,) = shown.chains()
    assert chain.local is not None and set(array_of(chain.local).tolist()) <= {0.0, 2.0}


def test_where_samples_depend_on_each_other_the_tensors_are_taken_whole() -> None:
    nodes: dict[str, Any] = {
        "data": ("source.data", {"dataset": "moons"}), "norm": ("layer.batch_norm1d", {}), "loss": ("loss.cross_entropy", {}),
    }  # fmt: skip
    session = Model(network(nodes, "data.x -> norm.x; norm -> loss.scores; data.target -> loss.target", batch_size=4))
    trainer = Run(session)
    trainer.train(max_steps=1)
    shown = answer(ExplainContext(session, trainer, training=True), CardOf(output("norm"), sample=1))
    assert isinstance(shown, Card)
    to_x = next(chain for chain in shown.chains() if chain.target.kind == "edge")
    assert to_x.sample is None and to_x.jacobian == (8, 8) and to_x.local_kind == "matrix"
    assert "depends on the others" in read(of_topic(shown, "state")[0])[0]


def test_a_broadcast_number_gets_the_sum_over_what_it_was_repeated_along() -> None:
    nodes: dict[str, Any] = {
        "x": ("source.input", {"value": [1.0, 2.0, 4.0]}), "w": ("parameter.parameter", {"value": 3.0}), "y": ("math.multiply", {}),
        "f": ("math.sum", {}),
    }  # fmt: skip
    session = Model(network(nodes, "x -> y.a; w -> y.b; y -> f.x"))
    to_w = of_topic(card(session, "node", "y", entry=(1,)), "backward")[1]
    assert to_w.chain is not None and to_w.chain.summed == (0,) and array_of(to_w.chain.downstream) == 7.0
    assert any(r"= \sum [] \odot [] = 7" in text for text in read(to_w))
    assert any(text == r"1 \cdot 2 = 2" for text in read(to_w))


# Notation


def test_every_notation_has_its_symbols() -> None:
    session, _ = numbers_of_the_lecture()
    graph, top = session.graph, session.trace().objective
    hidden, h, output = (named(graph, name) for name in ("hidden", "h", "output"))
    (wire,) = [edge.id for edge in graph.edges.values() if edge.source[0] == output and edge.target[1] == "scores"]
    assert symbol(graph, top, addressed(graph, "node", hidden)) == r"\frac{\partial L}{\partial \mathrm{hidden}}"
    assert symbol(graph, top, addressed(graph, "node", hidden), notation="bar") == r"\overline{\mathrm{hidden}}"
    layers = [addressed(graph, "node", n) for n in (hidden, output)]
    assert [symbol(graph, top, layer, notation="delta") for layer in layers] == [r"\delta^{(1)}", r"\delta^{(2)}"]
    assert symbol(graph, top, addressed(graph, "node", h), notation="delta") == r"\frac{\partial L}{\partial h}"
    assert symbol(graph, top, addressed(graph, "edge", wire), notation="delta") == r"\delta^{(2)}"
    assert symbol(graph, top, addressed(graph, "parameter", hidden, "W"), "bar") == r"\overline{{W}_{\mathrm{hidden}}}"


def test_names_with_underscores_and_numbers_are_written_as_mathematics() -> None:
    nodes: dict[str, Any] = {"x_1": ("source.input", {}), "long_name": ("math.square", {}), "theta": ("math.negate", {})}
    graph = network(nodes, "x_1 -> long_name.x; long_name -> theta.x")
    top = ("theta", "y")
    assert symbol(graph, top, addressed(graph, "node", "x_1")) == r"\frac{\partial L}{\partial x_{1}}"
    assert symbol(graph, top, addressed(graph, "node", "x_1"), notation="bar") == r"\bar{x}_{1}"
    assert symbol(graph, top, addressed(graph, "node", "long_name")) == r"\frac{\partial L}{\partial \mathrm{long\_name}}"
    assert symbol(graph, top, addressed(graph, "node", "theta"), notation="bar") == r"\bar{\theta}"


def test_layers_side_by_side_are_told_apart_by_name_in_delta_notation() -> None:
    nodes: dict[str, Any] = {
        "data": ("source.data", {"dataset": "moons"}), "a": ("layer.linear", {}), "b": ("layer.linear", {}), "s": ("math.add", {}),
        "c": ("layer.linear", {}),
    }  # fmt: skip
    graph = network(nodes, "data.x -> a.x; data.x -> b.x; a -> s.a; b -> s.b; s -> c.x")
    layers = [addressed(graph, "node", n) for n in "abc"]
    assert [symbol(graph, None, layer, notation="delta") for layer in layers] == [r"\delta^{(a)}", r"\delta^{(b)}", r"\delta^{(2)}"]


# The answers themselves


def test_an_answer_travels_between_processes() -> None:
    session, _ = numbers_of_the_lecture()
    shown = card(session, "node", named(session.graph, "hidden"))
    copy = pickle.loads(pickle.dumps(shown))
    assert (copy.title, len(copy.sections)) == (shown.title, len(shown.sections))
    assert hash(CardOf(output("n1"))) == hash(CardOf(output("n1")))


def test_questions_and_answers_know_no_torch() -> None:
    code = "import sys, engine.explain.cards, engine.explain.symbols; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_numbers_in_float32_are_those_of_the_trace_too() -> None:
    session = Model(load(EXAMPLES / "digits-mlp.gradwire", CATALOG))
    trace = session.trace()
    shown = card(session, "node", named(session.graph, "h"), sample=2, entry=(5,))
    assert shown.value is not None and isinstance(shown.value, Array) and shown.value.view.dtype == "float32"
    (chain,) = shown.chains()
    (edge,) = session.graph.inputs_of(shown.address.id)
    np.testing.assert_array_equal(array_of(chain.downstream), trace.edge_gradients[edge.id][2])  # type: ignore[index]
    assert all(math.isfinite(n.value) for line in shown.lines() for n in line.numbers())
