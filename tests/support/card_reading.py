"""Reads explanation cards in tests: their questions, their arrays, and their lines as mathematics."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.explain.cards import Array, CardOf, Line, Number, Tex
from engine.training.model import Model
from graph.model.address import first_output, parameter, wire
from tests.support.latex import evaluate


def every_question(session: Model, **more: Any) -> Iterator[CardOf]:
    yield from (CardOf(first_output(session.graph, node), **more) for node in session.graph.nodes)
    yield from (CardOf(wire(edge), **more) for edge in session.graph.edges)
    yield from (CardOf(parameter(node, name), **more) for node, name in session.inference.parameters)


def array_of(quantity: Number | Array) -> np.ndarray:
    """The numbers, whole."""
    if isinstance(quantity, Number):
        return np.array(quantity.value)
    return np.array(np.nan) if quantity.view.data is None else quantity.view.data


def solid(quantity: Number | Array) -> np.ndarray:
    """The numbers, or of a large array those that travel."""
    if isinstance(quantity, Array) and quantity.view.data is None:
        assert quantity.view.thumbnail is not None
        return quantity.view.thumbnail
    return array_of(quantity)


READABLE = (r"\cdots", r"\mathrm{softmax}", r"H_", r"\mathrm{class}", r"\sum", r"\mathrm{reshape}", r"\mathrm{vec}", r"\mathrm{onehot}")
"""What the reader of formulas does not know: lines with it are not read."""


def solved(line: Line) -> list[tuple[float, float]]:
    """(what a side of the line comes to, the number it is said to be) for every side that is made of numbers alone."""
    if line.kind in ("formula", "words") or any(True for _ in line.arrays()):
        return []
    last = line.pieces[-1]
    if not isinstance(last, Number) or not math.isfinite(last.value):
        return []
    names: dict[str, float] = {}
    text = ""

    def name(part: Any) -> str:
        names[f"@p{len(names)}"] = part.value
        return f"@p{len(names) - 1}"

    for piece in line.pieces:
        if isinstance(piece, Number):
            text += f" {name(piece)} "
        elif isinstance(piece, Tex):
            text += f" {piece.latex(name)} "
    sides = [side for side in _sides(text) if "@" in side and r"\partial" not in side and not any(w in side for w in READABLE)]
    return [(evaluate(side.strip(), names), last.value) for side in sides[:-1]]


def _sides(text: str) -> Iterator[str]:
    """What stands between the equals signs; those within brackets are comparisons."""
    depth = start = 0
    for at, sign in enumerate(text):
        depth += (sign in "([{") - (sign in ")]}")
        if sign == "=" and depth == 0:
            yield text[start:at]
            start = at + 1
    yield text[start:]
