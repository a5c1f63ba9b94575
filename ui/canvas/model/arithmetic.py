"""What a node computes, as it is laid out on the canvas: pieces of a row, whose numbers are read from the trace that is shown.

The engine says how a number comes about; the numbers themselves are those of the trace, so a hidden one is "?" here as everywhere, and
a row that no longer fits its trace is not shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from engine.compile.views import ArrayView, TraceView
from graph.model.address import Address
from graph.model.covered import Covered
from graph.model.graph import Graph
from ui.canvas.model.matrices import Matrix, fits, matrix
from ui.look.numerals import number, whole
from ui.maths.formula_text import TextRun, runs

Hue = Literal["value", "gradient", "text"]
NONE: Mapping[Address, str] = {}


@dataclass(frozen=True, slots=True)
class Piece:
    """A number or a tensor (`value` or `view`), or a text in LaTeX in which `@0`, `@1` … stand for `parts`."""

    latex: str = ""
    value: float | None = None
    view: ArrayView | None = None
    place: Address | None = None
    bracket: bool = False
    hue: Hue = "text"
    parts: tuple[Piece, ...] = ()


@dataclass(frozen=True, slots=True)
class NodeRows:
    """A node's right side with numbers, if it is short; its formula; and for each input wire upstream · local, and the rule."""

    forward: tuple[Piece, ...] = ()
    formula: tuple[Piece, ...] = ()
    backward: Mapping[str, tuple[Piece, ...]] = field(default_factory=dict)
    rules: Mapping[str, tuple[Piece, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of a row, ready to be drawn. `wire` brought it, or takes it away; `view` is a tensor that is too large to write out."""

    runs: tuple[TextRun, ...]
    hue: Hue = "text"
    wire: str = ""
    view: ArrayView | None = None
    place: Address | None = None
    number: bool = False
    matrix: Matrix | None = None
    """A small tensor, written out in brackets."""

    @property
    def text(self) -> str:
        return "".join(run.text for run in self.runs)


@dataclass(frozen=True, slots=True)
class Row:
    """What is laid out, and what it comes to."""

    tokens: tuple[Token, ...]
    result: Token
    short: tuple[Token, ...] = ()
    """What is laid out in place of `tokens` where there is no room for them: the formula."""

    @property
    def left(self) -> str:
        """What is laid out, without what it comes to."""
        return " ".join(token.text.strip() for token in self.tokens)

    @property
    def text(self) -> str:
        return f"{self.left} = {self.result.text}" if self.tokens else self.result.text


class Outdated(Exception):
    """The engine's numbers are not those of the trace."""


def sign(text: str) -> Token:
    return Token((TextRun(text, 0),))


def written(value: float, bracket: bool = False, integer: bool = False) -> str:
    """A number as the canvas writes it; in brackets where a sign or a power of ten would be misread."""
    return bracketed(whole(value) if integer else number(value)) if bracket else whole(value) if integer else number(value)


def bracketed(text: str) -> str:
    """A number in brackets, where it would be misread without."""
    return f"({text})" if text.startswith("−") or "×" in text or "/" in text else text


def quantity(
    view: ArrayView | None, hue: Hue, wire: str = "", bracket: bool = False, place: Address | None = None, batched: bool = False,
    fraction: str = "",
) -> Token:  # fmt: skip
    """A tensor as one token: its number or its few numbers, "?" where it is hidden, else its picture with its norm.

    `batched`: its first axis counts samples. `fraction`: how exact mode writes a single number.
    """
    plain = Token((TextRun("…", 0),), hue, wire, None, place, True)
    if view is None:
        return plain
    if view.covered:
        return replace(plain, runs=(TextRun("?", 0),))
    if view.scalar is not None and fraction:
        return replace(plain, runs=(TextRun(bracketed(fraction) if bracket else fraction, 0),))
    if view.scalar is not None:
        return replace(plain, runs=(TextRun(written(view.scalar, bracket, "int" in view.dtype), 0),))
    if view.data is not None and fits(view.shape, batched):
        small = matrix(view)
        said = "; ".join("  ".join(row) for row in (small.rows if len(view.shape) > 1 else (tuple(row[0] for row in small.rows),)))
        return replace(plain, runs=(TextRun(f"[{said}]", 0),), matrix=small)
    return replace(plain, runs=(TextRun(f"|{number(view.norm)}|" if view.finite else "NaN/∞", 0),), view=view)


def tokens(
    pieces: Sequence[Piece], trace: TraceView, graph: Graph, wires: Sequence[str] = (), fractions: Mapping[Address, str] = NONE
) -> tuple[Token, ...]:
    """The pieces with the trace's numbers. `wires` bring them: each number that is a wire's is tied to the first such wire left.

    `fractions` are the numbers that exact mode writes, by their place.

    Raises Outdated.
    """
    left = list(wires)
    result = []
    for piece in pieces:
        token = _token(piece, trace, graph, fractions)
        if piece.place is not None and (wire := _brought(piece.place, left, graph)):
            left.remove(wire)
            token = replace(token, wire=wire)
        result.append(token)
    return tuple(result)


def _brought(place: Address, wires: Sequence[str], graph: Graph) -> str:
    if place.kind != "output" or place.gradient:
        return ""
    return next((wire for wire in wires if graph.edges[wire].source == place.key), "")


def _token(piece: Piece, trace: TraceView, graph: Graph, fractions: Mapping[Address, str]) -> Token:
    if piece.value is not None or piece.view is not None:
        fraction = fractions.get(piece.place, "") if piece.place is not None else ""
        return quantity(_read(piece, trace, graph), piece.hue, "", piece.bracket, piece.place, fraction=fraction)
    names = tuple((f"p{index}", _token(part, trace, graph, fractions).text) for index, part in enumerate(piece.parts))
    latex = piece.latex
    for index in reversed(range(len(piece.parts))):
        latex = latex.replace(f"@{index}", f"{{@p{index}}}")
    return Token(runs(latex, names), piece.hue)


def _read(piece: Piece, trace: TraceView, graph: Graph) -> ArrayView:
    """The tensor at the piece's place; the engine's own where it has none."""
    if piece.place is None or piece.place.kind == "setting":
        return piece.view if piece.view is not None else _single(piece.value)
    try:
        there = trace.at(piece.place, graph)
    except LookupError as gone:
        raise Outdated from gone
    if not isinstance(there, ArrayView):
        raise Outdated
    if there.covered or isinstance(piece.value, Covered):
        return there
    if piece.value is not None and there.scalar != piece.value and not (there.scalar is not None and there.scalar != there.scalar):
        raise Outdated
    if piece.view is not None and piece.view.shape != there.shape:
        return piece.view
    return there


def _single(value: float | None) -> ArrayView:
    assert value is not None
    if isinstance(value, Covered):
        return ArrayView((), "float64", None, None, value, value, value, value, value)
    from engine.compile.views import single

    return single(value, "float64")
