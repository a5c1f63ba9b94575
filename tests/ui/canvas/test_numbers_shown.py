"""Numbers of one sample on the canvas: matrices on cards and wires are torch's, hidden ones stay hidden, and no number moves a card."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PySide6.QtWidgets import QApplication

from engine.compile.views import ArrayView, TraceView
from engine.compile.visible import addresses, visible
from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from graph.formula.to_graph import build
from graph.model import edits
from graph.storage.document import Document
from tests.support.canvas_graphs import view_of, xy_plus_z, xy_plus_z_trace
from tests.support.fake_surface import FakeSurface
from ui.canvas.model.canvas_model import CanvasModel
from ui.canvas.model.matrices import Matrix
from ui.canvas.model.number_texts import placed_text, texts
from ui.canvas.model.tips import wire_tip
from ui.look import theme

EXAMPLE = Path(__file__).resolve().parents[3] / "resources" / "examples" / "tanh-mlp-2-4-2.gradwire"
SAMPLE = 2
Shown = dict[str, list[list[str]]]
"""Texts by the place they stand at: `n2.W` on a card, `e2` and `∇e2` on a wire."""


@pytest.fixture(scope="module")
def pass_() -> TraceView:
    """The pass over the first eight samples."""
    return Model(Document.load(EXAMPLE, CATALOG).graph).trace_view()


def canvas(trace: TraceView) -> CanvasModel:
    theme.load_fonts()
    model = CanvasModel(Document.load(EXAMPLE, CATALOG), theme.LIGHT, FakeSurface())
    model.set_trace(trace)
    return model


def shown(model: CanvasModel) -> Shown:
    """Every matrix that can be read on the canvas."""
    told: Shown = {}
    for node, card in model.scene.cards.items():
        for place in card.places:
            view = model.content.at_place(node, place) if place.kind != "result" else None
            text = placed_text(model.content, node, place, view) if isinstance(view, ArrayView) and not view.covered else None
            if isinstance(text, Matrix):
                told[("∇" if place.kind == "slope" else "") + f"{node}.{place.name}"] = [list(row) for row in text.rows]
    for edge in model.graph.edges.values():
        for sign, label in zip(("", "∇"), texts(edge, model.content), strict=True):
            if label.matrix is not None:
                told[sign + edge.id] = [list(row) for row in label.matrix.rows]
    return told


def numbers(rows: list[list[str]]) -> np.ndarray:
    return np.array([[float(text.replace("−", "-")) for text in row] for row in rows])


def test_every_vector_and_matrix_of_a_chosen_sample_is_the_one_that_torch_computes(qapp: QApplication, pass_: TraceView) -> None:
    model = canvas(pass_)
    model.samples.choose(SAMPLE)
    told = shown(model)

    def tensor(key: tuple[str, str], learned: bool = True) -> torch.Tensor:
        data = (pass_.parameters if learned else pass_.values)[key].data
        return torch.tensor(np.array(data), requires_grad=learned)

    w1, b1, w2, b2 = (tensor(key) for key in (("n2", "W"), ("n2", "b"), ("n4", "W"), ("n4", "b")))
    x, target = tensor(("n1", "x"), False).requires_grad_(), torch.tensor(np.array(pass_.values["n1", "target"].data))
    u = x @ w1.T + b1
    h = torch.tanh(u)
    s = h @ w2.T + b2
    for inside in (u, h, s):
        inside.retain_grad()
    torch.nn.functional.cross_entropy(s, target).backward()
    assert x.grad is not None and s.grad is not None
    expected = {
        "n1.x": x[SAMPLE], "e1": x[SAMPLE], "∇e1": x.grad[SAMPLE], "e2": u[SAMPLE], "∇e2": u.grad[SAMPLE],  # type: ignore[index]
        "e3": h[SAMPLE], "n3.y": h[SAMPLE], "∇e3": h.grad[SAMPLE], "e4": s[SAMPLE], "∇e4": s.grad[SAMPLE],  # type: ignore[index]
        "n2.W": w1, "n2.b": b1, "n4.W": w2, "n4.b": b2, "∇n2.W": w1.grad, "∇n2.b": b1.grad, "∇n4.W": w2.grad, "∇n4.b": b2.grad,
        "n5.ŷ": torch.softmax(s, 1)[SAMPLE], "n5.ℓ": -torch.log_softmax(s, 1)[SAMPLE, target[SAMPLE]],
    }  # fmt: skip
    for place, tensor_ in expected.items():
        assert tensor_ is not None
        wanted, read = tensor_.detach().numpy(), numbers(told[place])
        assert read.size == wanted.size, place
        assert np.abs(read.reshape(-1) - wanted.reshape(-1)).max() <= 0.5e-3, place  # three decimals at least
    assert [len(row) for row in told["n4.W"]] == [4, 4] and [len(row) for row in told["∇n2.W"]] == [2, 2, 2, 2]


def test_the_mean_is_taken_over_the_batch_and_all_samples_are_a_picture(qapp: QApplication, pass_: TraceView) -> None:
    model = canvas(pass_)
    assert "e3" not in shown(model) and "n2.W" in shown(model)  # (8, 4) is no vector; weights have no batch
    model.samples.choose("mean")
    h = pass_.values["n3", "y"].data
    assert h is not None
    assert np.abs(numbers(shown(model)["e3"])[:, 0] - h.mean(axis=0)).max() <= 0.5e-3


def test_no_matrix_holds_a_hidden_number(qapp: QApplication, pass_: TraceView) -> None:
    graph = Document.load(EXAMPLE, CATALOG).graph
    model = canvas(visible(pass_, None, addresses(graph, ["n3"], ["n2", "e4"]), graph))
    model.samples.choose(SAMPLE)
    told = shown(model)
    assert {"n3.y", "e3", "∇n2.W", "∇n2.b", "∇e2", "∇e4"}.isdisjoint(told) and {"n2.W", "e2", "∇n4.W", "n5.ŷ"} <= told.keys()
    assert all(label.kind == "hidden" for label in (texts(graph.edges["e3"], model.content)[0], texts(graph.edges["e4"], model.content)[1]))

    model = canvas(visible(pass_, None, addresses(graph, ["n4"], ()), graph))
    model.samples.choose(SAMPLE)
    assert {"n5.ŷ", "n5.ℓ"}.isdisjoint(shown(model)), "softmax of a hidden number gives it away"


def test_no_number_and_no_sample_changes_the_size_of_a_card(qapp: QApplication, pass_: TraceView) -> None:
    model = canvas(pass_)
    sizes = {node: (card.width, card.height) for node, card in model.scene.cards.items()}
    larger = Document.load(EXAMPLE, CATALOG).graph
    edits.SetParam("n1", "noise", 0.4).apply(larger)
    other = Model(larger)
    for key, value in other.state.parameters.items():
        other.state.parameters[key] = value * -12345.678
    for choice in (0, 7, "mean", None):
        model.samples.choose(choice)
        model.set_trace(other.trace_view())
        assert {node: (card.width, card.height) for node, card in model.scene.cards.items()} == sizes
        for node, card in model.scene.cards.items():
            for place in card.places:
                assert place.area.left() >= 0 and place.area.right() <= card.width and place.area.bottom() <= card.height, (node, place)
    assert any(re.search("[0-9]", row[0]) for row in shown(model)["n2.W"])


def test_a_small_change_brings_the_digits_that_show_it_and_a_large_one_takes_them_away(qapp: QApplication) -> None:
    theme.load_fonts()
    model = CanvasModel(Document(graph := xy_plus_z()), theme.LIGHT, FakeSurface())

    def told(value: float, gradient: float) -> tuple[str, str]:
        trace = xy_plus_z_trace(values={("d", "y"): view_of(value)})
        model.set_trace(replace(trace, edge_gradients={**trace.edge_gradients, "e2": view_of(gradient)}))
        above, below = texts(graph.edges["e2"], model.content)
        return above.text, below.text

    assert told(-10.0, 0.31415926) == ("−10", "0.3142")
    assert told(-10.0051234, 0.31415926) == ("−10.005", "0.3142")
    assert told(-10.0051234, 0.31416) == ("−10.005", "0.31416")  # what did not change keeps its digits
    assert told(-7.1234567, 0.5123456) == ("−7.123", "0.5123")


def test_a_small_step_of_a_weight_is_seen_in_its_matrix(qapp: QApplication, pass_: TraceView) -> None:
    model = canvas(pass_)
    before = shown(model)["n2.W"]
    stepped = {key: view_of(view.data + 2e-5 if view.data is not None else 0.0) for key, view in pass_.parameters.items()}
    model.set_trace(replace(pass_, parameters=stepped))
    after = shown(model)["n2.W"]
    assert all(len(text.partition(".")[2]) == 3 for row in before for text in row)
    new = stepped["n2", "W"].data
    assert new is not None and np.allclose(numbers(after), new, atol=0.5e-5) and before != after


def test_round_off_is_written_as_0_and_told_in_full_where_the_mouse_is(qapp: QApplication) -> None:
    theme.load_fonts()
    graph = build("(a + b - c)*d", CATALOG, {"a": 0.1, "b": 0.2, "c": 0.3, "d": 2.0})
    model = CanvasModel(Document(graph), theme.LIGHT, FakeSurface())
    model.set_trace(Model(graph).trace_view())
    wire = next(edge for edge in graph.edges.values() if graph.nodes[edge.source[0]].name == "subtract")
    assert texts(wire, model.content)[0].text == "0"
    assert "5.551115123125783e−17" in wire_tip(model.content, wire)  # 0.1 + 0.2 − 0.3


def test_a_larger_matrix_is_written_out_while_its_card_is_selected(qapp: QApplication) -> None:
    document = Document.load(EXAMPLE, CATALOG)
    edits.SetParam("n4", "out_features", 4).apply(document.graph)
    theme.load_fonts()
    model = CanvasModel(document, theme.LIGHT, FakeSurface())
    model.set_trace(Model(document.graph).trace_view())
    assert "n4.W" not in shown(model) and "n4.b" in shown(model)
    model.select(["n4"])
    assert numbers(shown(model)["n4.W"]).shape == (4, 4)
    model.select([])
    assert "n4.W" not in shown(model)
