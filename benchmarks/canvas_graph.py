"""The graphs that the canvas is timed on, as plain rows, so that a peer can build the same. Standard library only."""

from __future__ import annotations

import random
from dataclasses import dataclass

COLUMN, ROW = 304.0, 160.0
SOURCES = (("source.input", ()), ("parameter.parameter", ()))
UNARY = tuple((f"{kind}", ("x",)) for kind in ("activation.tanh", "activation.sigmoid", "activation.relu", "math.exp", "math.sqrt"))
BINARY = tuple((f"math.{kind}", ("a", "b")) for kind in ("add", "multiply", "subtract", "divide"))
REACH = 8
"""How many rows a wire goes up or down at most."""


@dataclass(frozen=True, slots=True)
class Row:
    """One node: `wires` are (source's index, input port)."""

    kind: str
    x: float
    y: float
    wires: tuple[tuple[int, str], ...]


def layered(count: int, seed: int = 0) -> list[Row]:
    """`count` nodes in columns, fed from the three columns before their own; one and a half wires a node, in the mean."""
    dice = random.Random(seed)
    high = max(4, round((count * COLUMN / ROW / 1.6) ** 0.5))
    rows: list[Row] = []
    for index in range(count):
        column, row = divmod(index, high)
        kind, ports = dice.choice(SOURCES if not column else dice.choices((SOURCES, UNARY, BINARY), (0.08, 0.30, 0.62))[0])
        wires = []
        for port in ports:
            back = dice.randint(1, min(3, column))
            beside = min(max(row + dice.randint(-REACH, REACH), 0), high - 1)
            wires.append(((column - back) * high + beside, port))
        rows.append(Row(kind, column * COLUMN + dice.randint(-3, 3) * 8.0, row * ROW + dice.randint(-2, 2) * 8.0, tuple(wires)))
    return rows


def grid(count: int) -> list[Row]:
    """About `count` nodes in as many columns as rows, whose sum is the one thing computed: every number is finite, and has a gradient."""
    high = round(count**0.5)
    rows: list[Row] = []
    wires: tuple[tuple[int, str], ...]
    column = 0
    while len(rows) + 2 * high < count:
        before = len(rows) - high
        for row in range(high):
            if column == 0:
                kind, wires = SOURCES[(row + 1) % 2][0], ()
            elif column % 2:
                kind, wires = "math.add", ((before + row, "a"), (before + (row + 1) % high, "b"))
            else:
                kind, wires = "activation.tanh", ((before + row, "x"),)
            rows.append(Row(kind, column * COLUMN, row * ROW, wires))
        column += 1
    summed, last = len(rows) - high, len(rows) - high
    for row in range(1, high):
        rows.append(Row("math.add", column * COLUMN, row * ROW, ((summed, "a"), (last + row, "b"))))
        summed = len(rows) - 1
    return rows
