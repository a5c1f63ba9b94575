"""The graph that the canvas is timed on, as plain rows, so that a peer can build the same one. Standard library only."""

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
