"""While two moments are compared, the canvas shows their difference in the place of every number, and always says so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.compile.views import ArrayView, view_of
from engine.learned.comparison import Comparison, Difference, Moment
from engine.nodes.catalog import CATALOG
from graph.model.address import Address, output, wire
from graph.storage.document import Document
from tests.support.fake_surface import FakeSurface
from tests.support.window_support import hand_trace, names, scalar
from ui.canvas.model import spoken, tips
from ui.canvas.model.canvas_model import CanvasModel
from ui.canvas.model.gradient_size import sizes
from ui.canvas.model.number_texts import change_text, texts
from ui.compare.numbers import compared, metric_rows, number_rows, setting_rows
from ui.look.theme import LIGHT
from ui.shell.workspace.playback import Playhead


def row(place: Address, one: ArrayView, two: ArrayView, change: ArrayView, relative: float) -> Difference:
    return Difference(place, one, two, change, max(abs(change.minimum), abs(change.maximum)), relative)


@pytest.fixture
def model() -> CanvasModel:
    """f = x·y + z; x·y is −10 at A and −7.5 at B, and z was the same."""
    from graph.formula.to_graph import build

    document = Document(build("x*y + z", CATALOG, {"x": 2.0, "y": -5.0, "z": 3.0}))
    made = CanvasModel(document, LIGHT, FakeSurface())
    made.set_trace(hand_trace(document))
    return made


def answer_of(model: CanvasModel) -> Comparison:
    ids, graph = names(model.document), model.graph
    edge = next(edge for edge in graph.edges.values() if edge.source[0] == ids["multiply"])
    rows = (
        row(output(ids["multiply"], "y"), scalar(-10.0), scalar(-7.5), scalar(2.5), 0.25),
        row(output(ids["z"], "y"), scalar(3.0), scalar(3.0), scalar(0.0), 0.0),
        row(replace(wire(edge.id), gradient=True), scalar(1.0), scalar(0.5), scalar(-0.5), 0.5),
    )
    return Comparison(Moment(1, 4), Moment(2, 9), rows, (), (-7.0, -4.5), ({"train_loss": 2.0}, {"train_loss": 0.5}))


def wire_of(model: CanvasModel, name: str) -> str:
    source = names(model.document)[name]
    return next(edge.id for edge in model.graph.edges.values() if edge.source[0] == source)


def test_wires_cards_tips_and_speech_give_the_difference_and_say_so(model: CanvasModel) -> None:
    edge, trace = model.graph.edges[wire_of(model, "multiply")], model.content.trace
    assert trace is not None and [text.text for text in texts(edge, model.content)] == ["−10", "1"]
    sizes_before = sizes(model.content).norms
    model.show_compared(compared(answer_of(model), ("A: Run 1", "B: Run 2"), trace))
    assert [text.text for text in texts(edge, model.content)] == ["Δ 2.5", "Δ −0.5"]
    same = model.graph.edges[wire_of(model, "z")]
    assert texts(same, model.content)[0].text == "Δ 0"
    tip = tips.wire_tip(model.content, edge)
    assert [line.strip() for line in tip.splitlines()[1:]] == [
        "B − A", "value  2.5", "gradient  −0.5", "A: Run 1", "value  −10.0", "gradient  1.0", "B: Run 2", "value  −7.5", "gradient  0.5",
    ] or [line.strip() for line in tip.splitlines()[1:]] == [
        "B − A", "value  2.5", "gradient  −0.5", "A: Run 1", "value  −10", "gradient  1", "B: Run 2", "value  −7.5", "gradient  0.5",
    ]  # fmt: skip
    assert spoken.wire_value(model, edge).startswith("difference: ")
    assert sizes(model.content).norms == sizes_before  # of the present gradients
    assert model.content.typed(names(model.document)["x"]) == 2.0  # what a person typed is never a difference
    model.show_compared(None)
    assert [text.text for text in texts(edge, model.content)] == ["−10", "1"]


def test_playback_and_another_document_show_their_own_numbers(model: CanvasModel) -> None:
    trace, playhead = model.content.trace, Playhead()
    assert trace is not None
    model.set_playhead(playhead)
    playhead.set_trace(trace)
    model.show_compared(compared(answer_of(model), ("A", "B"), trace))
    assert model.content.comparing
    playhead.play_forward()
    assert not model.content.comparing and model.content.numbers is trace
    playhead.reset()
    assert model.content.comparing
    model.set_document(Document.new(CATALOG))
    assert model.compared is None and not model.content.comparing


@pytest.mark.parametrize(
    ("change", "kind", "said"),
    [([[0.0, 0.0]], "number", "Δ 0"), ([[1.0, -3.0]], "tensor", "3"), ([[1.0, float("nan")]], "bad", "Δ NaN/∞ 1 × 2")],
)
def test_a_tensor_says_its_largest_change(change: list[list[float]], kind: str, said: str) -> None:
    text = change_text(view_of(np.array(change)))
    assert (text.kind, text.text) == (kind, said) and (text.sign == "|Δ|") is (kind == "tensor")


def test_tables_have_what_changed_most_first_and_mark_what_differs(model: CanvasModel) -> None:
    answer = answer_of(model)
    rows = number_rows(answer, model.graph)
    assert [(row.texts, row.differs) for row in rows] == [(("−10", "−7.5", "2.5", "25.00%"), True), (("3", "3", "0", "0"), False)]
    assert [row.texts for row in metric_rows(answer)] == [("2", "0.5", "−1.5"), ("−7", "−4.5", "2.5")]
    one, two = {"optimizer": "sgd", "hyper": {"lr": 0.5}, "seed": 1}, {"optimizer": "adam", "hyper": {"lr": 0.5}, "seed": 1}
    settings = setting_rows(one, two)
    assert settings[0].texts[:2] == ("sgd", "adam") and [row.differs for row in settings] == [True] + [False] * (len(settings) - 1)
