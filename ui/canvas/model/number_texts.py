"""What the numbers on wires and cards say, and how much room each needs."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from engine.compile.views import Absent, ArrayView, Gradient
from graph.model.elements import Edge, End
from graph.text.messages import _
from ui.canvas.model import matrices, samples, text_metrics
from ui.canvas.model.card_body import NumberPlace
from ui.canvas.model.compared import DELTA, LARGEST, largest
from ui.canvas.model.content import HELD, Content
from ui.canvas.model.matrices import Matrix
from ui.look.numerals import DIGITS, loud, number, tensor_text, whole

PICTURE = (26.0, 16.0)
"""Width and height of a tensor's thumbnail in its label."""
NORM = "|∇|"
SIGN = "∅"
"""In place of the words that say why there is no gradient, where they find no room."""
WORD = 15 / 12
"""Words on wires are as large as numbers there, and lighter: small type enlarged by this."""
SMALLER = 0.82
"""Numbers in brackets that find no room are written this much smaller before they are given up: from near they can still be read."""
LINE = 20.0
"""Height of a label of one line."""


@dataclass(frozen=True, slots=True)
class WireText:
    """The text on one side of a wire. `kind` decides how it is drawn; only `number`, `matrix` and `tensor` are numbers.

    `width` and `height` are the room it fills, before magnification.
    """

    kind: Literal["number", "matrix", "tensor", "word", "empty", "bad", "hidden"]
    text: str
    width: float
    view: ArrayView | None = None
    image: bool = False
    lead: float = 0.0
    """Width of `sign`."""
    height: float = LINE
    matrix: Matrix | None = None
    size: float = 1.0
    """How large the numbers of `matrix` are, against their usual type."""
    sign: str = ""
    """Before the number: that it is a norm, or a difference."""


def _word_width(text: str) -> float:
    return text_metrics.text_width("small", text) * WORD + 6


def _made(
    kind: Literal["number", "tensor", "word", "bad"], text: str, view: ArrayView | None = None, image: bool = False, sign: str = ""
) -> WireText:
    if kind == "word":
        return WireText(kind, text, _word_width(text))
    wide, lead = text_metrics.number_width("wire", text), _lead(sign)
    return WireText(kind, text, lead + wide + PICTURE[0] + 8 if kind == "tensor" else wide, view, image, lead, sign=sign)


def _lead(sign: str) -> float:
    return text_metrics.text_width("wire", sign) + 4 if sign else 0.0


EMPTY = WireText("empty", "", 34.0)
HIDDEN = WireText("hidden", "?", 34.0)
"""Shown in place of a number that the user has to predict."""


def _bracketed(view: ArrayView, least: int) -> WireText:
    """A small tensor as numbers."""
    written = matrices.matrix(view, least)
    said = "; ".join(", ".join(row) for row in written.rows)
    return WireText("matrix", said, written.width, view, height=written.height, matrix=written)


def change_text(change: Gradient | None, image: bool = False, brackets: bool = False) -> WireText:
    """The difference of a value or a gradient at two moments: Δ and the number, the numbers, or the largest of them."""
    if change is None or isinstance(change, Absent):
        return EMPTY if change is None or change.reason == "not computed" else _made("word", change.word)
    if change.covered:
        return HIDDEN
    scalar = change.scalar
    if scalar is not None:
        return _made("bad" if loud(scalar) else "number", f"{DELTA} {number(scalar)}")
    if not change.finite:
        return _made("bad", _("{sign} NaN/∞ {shape}").format(sign=DELTA, shape=tensor_text(change.shape)))
    if not largest(change):
        return _made("number", f"{DELTA} 0")
    if brackets:
        text, lead = _bracketed(change, 0), _lead(DELTA)
        return replace(text, width=text.width + lead, lead=lead, sign=DELTA)
    return _made("tensor", number(largest(change)), change, image, LARGEST)


def value_text(view: ArrayView | None, image: bool = False, brackets: bool = False, fraction: str = "", figures: int = 0) -> WireText:
    """The text of a value; `brackets`: a small tensor is written out. A single number may be written as a `fraction`.

    `figures` are the digits of a number, and the decimals that a tensor's numbers have at least; 0 for the usual ones.
    """
    if view is None:
        return EMPTY
    if view.covered:
        return HIDDEN
    scalar = view.scalar
    if scalar is not None:
        written = fraction or (whole(scalar) if "int" in view.dtype else number(scalar, figures or DIGITS))
        return _made("bad" if loud(scalar) else "number", written)
    if brackets:
        return _bracketed(view, figures)
    shape = tensor_text(view.shape)
    return _made("tensor", shape, view, image) if view.finite else _made("bad", _("NaN/∞ {shape}").format(shape=shape))


def gradient_text(gradient: ArrayView | Absent, brackets: bool = False, fraction: str = "", figures: int = 0) -> WireText:
    """A gradient, or which of the four absences it is; none of them looks like a number."""
    if isinstance(gradient, Absent):
        return EMPTY if gradient.reason == "not computed" else _made("word", gradient.word)
    if gradient.covered:
        return HIDDEN
    scalar = gradient.scalar
    if scalar is not None:
        return _made("bad" if loud(scalar) else "number", fraction or number(scalar, figures or DIGITS))
    if brackets:
        return _bracketed(gradient, figures)
    if not gradient.finite:
        return _made("bad", _("NaN/∞ {shape}").format(shape=tensor_text(gradient.shape)))
    return _made("tensor", number(gradient.norm), gradient, sign=NORM)


def texts(edge: Edge, content: Content) -> tuple[WireText, WireText]:
    """Both texts of a wire, made once for every tensor of a trace."""
    backward = _gradient_text(content, content.wire_gradient(edge), edge)
    return known_text(content, content.wire_value(edge), edge.source), backward


def _gradient_text(content: Content, gradient: Gradient, edge: Edge) -> WireText:
    key = (id(gradient), 3 if content.brackets else 1)
    text: WireText | None = content.texts.get(key)
    if text is None and content.comparing:
        text = content.texts[key] = change_text(gradient, brackets=_written_out(content, edge.source, gradient))
    if text is None:
        fraction = content.fraction("edge", edge.id, gradient=True)
        if isinstance(gradient, ArrayView):
            gradient = content.written_as(("edge", edge.id), gradient)
        figures = content.figures(("∇", edge.id), gradient) if isinstance(gradient, ArrayView) else 0
        text = content.texts[key] = gradient_text(gradient, _written_out(content, edge.source, gradient), fraction, figures)
    return text


def final_texts(edge: Edge, content: Content) -> tuple[WireText, WireText]:
    """What both texts of a wire are once every number has come: there must be room for that before."""
    value, gradient = content.final_value(edge), content.final_gradient(edge)
    return known_text(content, value, edge.source), _gradient_text(content, gradient, edge)


def shorter(text: WireText, content: Content, gradient: bool) -> tuple[WireText, ...]:
    """The same in ever less room: a sign for words; numbers in brackets smaller, as a thumbnail, its text alone, and that to two digits."""
    if text.kind == "word":
        return (WireText("word", SIGN, _word_width(SIGN)),) if text.text != SIGN else ()
    if text.view is None:
        return ()
    key = (id(text.view), (7 if gradient else 6) + (2 if text.matrix is not None else 0))
    forms: tuple[WireText, ...] | None = content.texts.get(key)
    if forms is None:
        forms = content.texts[key] = _shorter(text, text.view, gradient)
    return forms


def _shorter(text: WireText, view: ArrayView, gradient: bool) -> tuple[WireText, ...]:
    if text.kind != "matrix":
        pictured = text
    elif text.sign == DELTA:
        pictured = change_text(view, text.image)
    else:
        pictured = gradient_text(view) if gradient else value_text(view, text.image)
    size = largest(view) if pictured.sign == LARGEST else view.norm
    said = [f"{pictured.sign} {pictured.text}", f"{pictured.sign} {number(size, 2)}"] if pictured.sign else [pictured.text]
    said += [f"{pictured.sign}{number(size, digits)}" for digits in (2, 1)] if pictured.sign == LARGEST else []
    kind = "number" if pictured.kind == "tensor" else pictured.kind
    apart = 4.0 if pictured.sign == LARGEST else 0.0  # else the bar of the next label's sign looks like a digit
    alone = [WireText(kind, line, text_metrics.text_width("wire", line) + apart) for line in dict.fromkeys(said)]
    if text.matrix is None:
        return tuple(alone)
    small = replace(text, width=SMALLER * text.width, height=SMALLER * text.height, size=SMALLER)
    return (small, pictured, *alone)


def known_text(content: Content, value: ArrayView | None, source: tuple[str, str]) -> WireText:
    """The text of an output's value, the same for its card and all its wires."""
    key = (id(value), 2 if content.brackets else 0)
    text: WireText | None = content.texts.get(key)
    if text is None and content.comparing:
        text = content.texts[key] = change_text(value, content.is_image(*source), _written_out(content, source, value))
    if text is None:
        value = content.written_as(("value", *source), value) if value is not None else None
        figures, fraction = content.figures(source, value) if value is not None else 0, content.fraction("output", *source)
        text = content.texts[key] = value_text(value, content.is_image(*source), _written_out(content, source, value), fraction, figures)
    return text


def _written_out(content: Content, source: End, view: Gradient | None) -> bool:
    """Whether a tensor stands there as numbers."""
    if not content.brackets or not isinstance(view, ArrayView) or view.data is None:
        return False
    return matrices.fits(view.shape, content.lists_samples(source, view))


def placed_text(content: Content, node_id: str, place: NumberPlace, view: ArrayView) -> Matrix | str:
    """What stands at a place of a card: the numbers of a small tensor; else its shape and norm, for the caption of its picture."""
    key = (id(view), 5 if content.written and (not place.large or node_id in content.opened) else 4)
    text: Matrix | str | None = content.texts.get(key)
    if text is None:
        text = content.texts[key] = _placed_text(content, node_id, place, view, key[1] == 5)
    return text


def _placed_text(content: Content, node_id: str, place: NumberPlace, view: ArrayView, written: bool) -> Matrix | str:
    view = content.written_as(("slope" if place.kind == "slope" else "value", node_id, place.name), view)
    if written and view.data is not None and _room_for(content, node_id, place, view):
        return matrices.matrix(view, content.figures((node_id, place.kind, place.name), view))
    shape = tensor_text(view.shape)
    if content.comparing and view.finite:
        return f"{LARGEST} {number(largest(view), 3)}"
    return f"{shape}   {norm_text(view)}" if view.finite else _("NaN/∞ {shape}").format(shape=shape)


def norm_text(view: ArrayView) -> str:
    """How long a tensor is, in the place of numbers that cannot be read."""
    return f"‖·‖ {number(view.norm, 3)}"


def _room_for(content: Content, node_id: str, place: NumberPlace, view: ArrayView) -> bool:
    """Whether a tensor's numbers can stand at a place that was made for one sample's."""
    if math.prod(view.shape) == 1:
        return True
    if place.kind in ("weight", "slope"):
        return matrices.opens(view.shape)
    listed = content.sample is None and content.lists_samples((node_id, place.name), view)
    if place.kind == "inner" and content.trace is not None:
        listed = content.sample is None and samples.inner_batched(content.trace, view)
    return matrices.fits(view.shape, listed)


def stub_texts(content: Content, objective: End) -> tuple[WireText, WireText]:
    """The objective's value and its gradient, which is 1."""
    gradient = content.node_gradient(*objective)
    below = change_text(gradient) if content.comparing else gradient_text(gradient)
    return known_text(content, content.node_value(*objective), objective), below


def final_stub_texts(content: Content, objective: End) -> tuple[WireText, WireText]:
    """The same once both have come."""
    trace = content.trace
    if trace is None:
        return EMPTY, EMPTY
    if content.comparing:
        return stub_texts(content, objective)
    return known_text(content, trace.values.get(objective), objective), gradient_text(trace.gradients.get(objective, HELD))
