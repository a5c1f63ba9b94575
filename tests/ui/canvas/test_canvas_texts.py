"""Numbers, formulas and tips as the canvas writes them."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
from PySide6.QtGui import QImage, QPainter

from engine.compile.views import Absent, ArrayView, PassEvent, TraceView
from engine.nodes.catalog import CATALOG
from graph.formula.latex import display_name, latex_name
from graph.model.edits import Rename, SetLabel
from graph.model.elements import Edge
from graph.model.graph import Graph
from tests.support.canvas_graphs import graph_of, view_of, xy_plus_z, xy_plus_z_trace
from tests.support.fake_surface import model_of
from tests.support.networks import tanh_net
from ui.canvas.model import geometry, spoken, titles
from ui.canvas.model.content import Content, thickness
from ui.canvas.model.find import matches
from ui.canvas.model.fitting import judge
from ui.canvas.model.label_room import Spot
from ui.canvas.model.number_texts import gradient_text, value_text
from ui.canvas.model.small_print import SmallPrint
from ui.canvas.model.tips import wire_tip
from ui.canvas.paint import batch
from ui.canvas.paint.labels import _form
from ui.look.numerals import apart, column, exact, number, tensor_text, whole
from ui.look.theme import LIGHT, color
from ui.maths import formula_text, heat

pytestmark = pytest.mark.usefixtures("qapp")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2, "2"), (-10, "−10"), (0, "0"), (-0.0, "0"), (100000, "100000"), (1e6, "1×10⁶"), (6.02e23, "6.02×10²³"), (2 + 4e-16, "2"),
        (0.5, "0.5"), (-0.3, "−0.3"), (0.1 + 0.2, "0.3"), (-10.005, "−10.005"), (1e-5, "1×10⁻⁵"), (1.5e-7, "1.5×10⁻⁷"),
        (0.12345678, "0.1235"), (-10.0049, "−10.00"), (1 / 3, "0.3333"), (20000 / 3, "6667"), (200000 / 3, "6.667×10⁴"),
        (-0.00012345, "−0.0001234"), (9999.61234, "1.000×10⁴"),
        (math.nan, "NaN"), (math.inf, "∞"), (-math.inf, "−∞"),
    ],
)  # fmt: skip
def test_whole_and_short_numbers_are_written_as_they_are_and_others_with_four_digits(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([0.5, -0.3, 2], "0.5 −0.3 2.0"), ([2, -3], "2 −3"), ([0.83365, -0.53705], "0.834 −0.537"), ([1.63905, 1 / 3], "1.639 0.333"),
        ([12.34567, 1 / 3], "12.35 0.33"), ([0.01234, 0.00123], "0.0123 0.0012"), ([0, 1 / 3], "0 0.333"), ([1e-7, 1 / 3], "1×10⁻⁷ 0.333"),
        ([1e-7, 2.34567e-7], "1×10⁻⁷ 2.35×10⁻⁷"), ([math.nan, 1 / 3], "NaN 0.333"), ([0.0, 0.0], "0 0"),
    ],
)  # fmt: skip
def test_numbers_that_stand_together_share_their_decimals_and_none_is_rounded_to_zero(values: list[float], texts: str) -> None:
    assert column(values) == texts.split()


@pytest.mark.parametrize(
    ("before", "after", "texts"),
    [
        (-10.0, -10.0051234, ("−10", "−10.005")), (1 / 3, 1 / 3 + 1e-7, ("0.3333333", "0.3333334")),
        (0.9561234, 0.9012345, ("0.9561", "0.9012")),
        (1 / 3, 1 / 3, ("0.3333", "0.3333")), (1.0, math.inf, ("1", "∞")),
    ],
)  # fmt: skip
def test_a_small_change_is_seen_in_the_digits(before: float, after: float, texts: tuple[str, str]) -> None:
    assert apart(before, after) == texts


def test_full_precision_reads_back_exactly() -> None:
    assert float(exact(0.1 + 0.2)) == 0.1 + 0.2
    assert np.float32(exact(float(np.float32(0.1)), "float32")) == np.float32(0.1)
    assert (whole(-3.0), tensor_text((8,)), tensor_text((8, 2))) == ("−3", "(8)", "8 × 2")


def test_the_four_absences_look_different_and_none_looks_like_a_number() -> None:
    reasons: tuple[Any, ...] = ("not computed", "independent", "not differentiable", "no objective")
    texts = [gradient_text(Absent(reason)) for reason in reasons]
    assert len({(t.kind, t.text) for t in texts}) == 4
    assert all(t.kind in ("word", "empty") and not re.search(r"\d", t.text) for t in texts)
    assert value_text(None).kind == "empty"


def test_nan_is_loud_and_never_a_plain_number() -> None:
    assert value_text(view_of(math.nan)).kind == "bad"
    assert gradient_text(view_of([1.0, math.inf])).kind == "bad"


def _said(graph: Graph, node: str) -> tuple[str, str, str]:
    """What a card says in letters: its name, the small print beside it, and the row below."""
    card = geometry.build(graph, node)
    texts = ["".join(p.text for _, p in s.pieces) if isinstance(s, SmallPrint) else s.text for s in (card.says, card.formula)]
    return card.title.text, texts[0].translate(_UPRIGHT), texts[1].translate(_UPRIGHT)


_UPRIGHT = {ord(formula_text.italic(letter)): letter for letter in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def test_the_variable_is_the_title_and_its_operation_the_small_print() -> None:
    graph = xy_plus_z()
    assert [_said(graph, node)[:2] for node in ("x", "d", "f")] == [("x", "input"), ("d", "x · y"), ("f", "d + z")]


def test_a_formula_too_long_for_the_title_bar_has_a_row_below_its_operation() -> None:
    graph = graph_of([("loss", "loss.squared_error", 0, 0, {}), ("accuracy", "probe.accuracy", 0, 0, {})], [])
    assert _said(graph, "loss") == ("loss", "Squared error", "1/n∑(prediction − target)2")
    assert _said(graph, "accuracy")[1] == ""  # the name says it


def test_a_label_stays_visible_beside_the_name() -> None:
    graph = graph_of([("u", "layer.linear", 0, 0, {})], [])
    SetLabel("u", "Hidden layer").apply(graph)
    assert _said(graph, "u") == ("u", "x\u2009W⊤ + b", "Hidden layer")


@pytest.mark.parametrize(
    ("name", "latex", "text"),
    [
        ("x", "x", "x"), ("x1", "x_{1}", "x₁"), ("x_2", "x_{2}", "x₂"), ("y_hat", r"\hat{y}", "ŷ"), ("yhat", r"\hat{y}", "ŷ"),
        ("y_hat_1", r"\hat{y}_{1}", "ŷ₁"), ("delta_h", r"\delta_{h}", "δ_h"), ("W_h", "W_{h}", "W_h"), ("theta2", r"\theta_{2}", "θ₂"),
        ("kappa", r"\kappa", "κ"), ("θ_1", r"\theta_{1}", "θ₁"), ("x_next", r"x_{\mathrm{next}}", "x_next"),
        ("hidden", r"\mathrm{hidden}", "hidden"), ("what", r"\mathrm{what}", "what"), ("log_p", r"\mathrm{log}_{p}", "log_p"),
        ("_", r"\mathrm{\_}", "_"), ("a_b_c", r"\mathrm{a\_b\_c}", "a_b_c"),
    ],
)  # fmt: skip
def test_a_name_is_typeset_and_spelt_alike(name: str, latex: str, text: str) -> None:
    assert (latex_name(name), display_name(name)) == (latex, text)
    title = titles.title(name, display_name(name), 1e6)
    assert "_" not in "".join(p.text for p in title.pieces) or "_" in latex.replace("_{", "")


@pytest.mark.parametrize("key", CATALOG)
def test_every_formula_becomes_a_line_without_latex_left(key: str) -> None:
    spec = CATALOG[key]
    pieces = formula_text.runs(spec.formula)
    text = "".join(run.text for run in pieces)
    assert text.strip() and "\\" not in text and "@" not in text and "{" not in text.replace("{0", "")
    assert formula_text.line(pieces, 150.0).width <= 150.0


@pytest.mark.parametrize("key", CATALOG)
def test_every_type_has_a_card_whose_ports_lie_on_its_edges(key: str) -> None:
    card = geometry.build(graph_of([("n", key, 0, 0, {})], []), "n")
    assert {s.port for s in card.outputs} == {p.name for p in CATALOG[key].outputs}
    assert {s.port for s in card.inputs} == {p.name for p in CATALOG[key].inputs if not p.parameter}
    for spot in (*card.inputs, *card.outputs):
        assert spot.x == (card.width if spot.output else 0.0)
        assert geometry.TITLE + 6 <= spot.y <= card.height - 6
    assert card.area.top() > 0 and card.area.bottom() <= card.height and card.area.right() <= card.width
    assert card.formula.width <= card.width - 2 * geometry.PAD + 0.01
    assert card.title.width + card.says.width <= card.width - 2 * geometry.PAD + 0.01


def test_heat_maps_are_purple_below_zero_green_above_and_neutral_at_zero() -> None:
    image = heat.picture(view_of([-1.0, 0.0, 1.0]), LIGHT)
    assert image is not None
    low, middle, high = (image.pixelColor(i, 0) for i in range(3))
    assert (low, high) == (color(LIGHT.heat[0]), color(LIGHT.heat[2]))
    assert middle.lightness() > 230


def test_nan_in_a_heat_map_has_the_colour_of_errors() -> None:
    image = heat.picture(view_of([[1.0, math.nan]]), LIGHT)
    assert image is not None and image.pixelColor(1, 0) == color(LIGHT.error)


def test_pictures_are_grey_and_stand_side_by_side() -> None:
    image = heat.picture(view_of(np.arange(128.0).reshape(2, 1, 8, 8)), LIGHT, image=True)
    assert image is not None and (image.width(), image.height()) == (17, 8)
    assert image.pixelColor(0, 0).saturation() == 0 and image.pixelColor(8, 0).alpha() == 0


def test_thickness_grows_with_the_logarithm_within_bounds() -> None:
    sizes = [thickness(m, 2.0) for m in (0.0, 1e-3, 1e-1, 1.0, 10.0, 1e9, math.nan)]
    assert sizes[:6] == sorted(sizes[:6]) and min(sizes) == 1.0 and max(sizes) == 5.0
    assert thickness(None, 2.0) == 2.0


def test_a_wire_tip_gives_every_digit() -> None:
    graph = xy_plus_z()
    content = Content(graph, xy_plus_z_trace(values={("x", "y"): view_of(1 / 3)}))
    assert "0.3333333333333333" in wire_tip(content, graph.edges["e0"])
    assert "−5.0" in wire_tip(content, graph.edges["e0"])
    assert "not computed yet" in wire_tip(Content(graph), graph.edges["e0"])


def test_the_tip_while_wiring_says_what_speaks_against_it() -> None:
    graph = graph_of([("data", "source.data", 0, 0, {}), ("conv", "layer.conv2d", 300, 0, {}), ("t", "activation.tanh", 600, 0, {})], [])
    trace = xy_plus_z_trace(shapes={("data", "x"): ((2,), True)})
    fits, rank = judge(graph, trace, ("data", "x"), ("t", "x")), judge(graph, trace, ("data", "x"), ("conv", "x"))
    assert fits.good and fits.possible
    assert rank.possible and not rank.good and "3 dimensions, gets 1" in rank.text
    refused = judge(graph, trace, ("t", "y"), ("t", "x"))
    assert not refused.possible and "cycle" in refused.text


@pytest.mark.parametrize(
    "wrong",
    [np.zeros((2, 4), np.float32), np.zeros((2, 3)), np.zeros(8), np.zeros((4, 2)).T.copy().T, np.zeros((2, 8))[:, ::2]],
    ids=["type", "columns", "rank", "order", "stride"],
)
def test_a_batch_that_would_read_foreign_memory_is_refused(wrong: np.ndarray) -> None:
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    try:
        with pytest.raises((TypeError, ValueError)):
            batch.lines(painter, wrong)
    finally:
        painter.end()


def test_batches_draw_all_their_shapes() -> None:
    image = QImage(20, 20, QImage.Format.Format_RGB32)
    image.fill(color("#FFFFFF"))
    painter = QPainter(image)
    painter.setBrush(color("#000000"))
    batch.rectangles(painter, np.array([[2.0, 2.0, 4.0, 4.0], [12.0, 12.0, 4.0, 4.0]]))
    batch.lines(painter, np.zeros((0, 4)))
    painter.end()
    assert [image.pixelColor(i, i).lightness() for i in (4, 9, 14)] == [0, 255, 0]


def test_a_value_waits_for_its_pulse_but_what_was_typed_is_there() -> None:
    from ui.shell.workspace.playback import Playhead

    graph, trace = xy_plus_z(), xy_plus_z_trace()
    head = Playhead()
    head.set_trace(trace)
    content = Content(graph, trace, head)
    head.seek(3)
    assert content.wire_value(graph.edges["e0"]) is None
    assert isinstance(content.node_value("x", "y"), ArrayView) and content.node_value("d", "y") is None
    head.seek(4)
    assert content.wire_value(graph.edges["e0"]) is not None and content.wire_value(graph.edges["e2"]) is None
    assert content.wire_gradient(graph.edges["e0"]) == Absent("not computed")


def test_what_a_layer_gave_stands_on_its_wire_because_its_card_shows_weights() -> None:
    from ui.shell.workspace.playback import Playhead

    steps: list[tuple[str, tuple[str, ...]]] = [("data", ()), ("hidden", ("e0",)), ("tanh", ("e1",)), ("out", ("e2",))]
    events = tuple(PassEvent("forward", node, edges) for node, edges in steps)
    trace = TraceView(values={(n, "y"): view_of([1.0, 2.0]) for n in ("hidden", "tanh", "out")}, events=events)
    graph, head = tanh_net(), Playhead()
    head.set_trace(trace)
    content = Content(graph, trace, head)

    def shown() -> list[bool]:
        return [content.wire_value(graph.edges[edge]) is not None for edge in ("e1", "e2")]

    head.seek(1)
    assert shown() == [False, False]
    head.seek(2)  # hidden is computed
    assert shown() == [True, False]
    head.play_forward()  # its number travels to tanh: it is in one place
    assert head.active_edges == ("e1",) and shown() == [False, False]
    head.seek(3)  # the card of tanh shows its value: its wire waits
    assert shown() == [True, False]


def test_edges_are_known_by_their_source() -> None:
    content = Content(xy_plus_z(), xy_plus_z_trace())
    assert content.wire_value(Edge("new", ("d", "y"), ("f", "a"))) is not None
    assert content.wire_gradient(Edge("new", ("d", "y"), ("f", "a"))) == Absent("not computed")


def test_find_and_screen_readers_spell_a_name_as_the_card_does() -> None:
    graph = graph_of([("n", "activation.softmax", 0, 0, {}), ("m", "activation.tanh", 0, 0, {})], [])
    for node, name in (("n", "y_hat"), ("m", "delta_h")):
        Rename(node, name).apply(graph)
    assert [matches(graph, text) for text in ("ŷ", "y_hat", "δ_h", "delta")] == [["n"], ["n"], ["m"], ["m"]]
    model, _ = model_of(graph)
    assert [spoken.node_name(model, node) for node in ("n", "m")] == ["ŷ, Softmax", "δ_h, Tanh"]
    assert [geometry.build(graph, node).title.text for node in ("n", "m")] == ["ŷ", "δ_h"]


def test_a_gradient_that_outgrew_its_place_in_a_training_is_written_shorter_and_fits_where_it_can() -> None:
    """Places are held while a network is trained: 0.1304 becomes 3.622×10⁻⁷, and lay over the cards at both ends of its wire."""
    content = Content(xy_plus_z())
    earlier, later = (gradient_text(view_of(np.full((8, 8), size / 8))) for size in (0.1304, 3.622e-7))

    def written(width: float, short: int = 0) -> str:
        return _form(later, Spot(0.0, 0.0, width, 24.0, 0, short), content, 1.0, gradient=True).text

    assert later.width > earlier.width
    assert written(later.width) == later.text and "3.622" in written(later.width)
    assert _form(later, Spot(0.0, 0.0, earlier.width, 24.0, 0), content, 1.0, gradient=True).width <= earlier.width, "without its picture"
    assert "3.6×10" in written(earlier.width - earlier.lead) and "3.6×10" in written(10.0, 1)
