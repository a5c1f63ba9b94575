"""Arithmetic and elementary functions, against numpy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from tests.engine.node_cases import SAMPLE_SHAPES, Case, numbers, unary

# (shape of a, shape of b, which of them have the batch): alike, broadcast, and a value meeting a batch.
PAIRS: list[tuple[tuple[int, ...], tuple[int, ...], tuple[str, ...]]] = [
    *((shape, shape, ()) for shape in SAMPLE_SHAPES),
    *(((4, *shape), (4, *shape), ("a", "b")) for shape in SAMPLE_SHAPES),
    ((), (3,), ()),
    ((2, 3), (3,), ()),
    ((2, 1), (1, 3), ()),
    ((4, 3), (), ("a",)),
    ((4, 3), (3,), ("a",)),
    ((2, 3), (4, 2, 3), ("b",)),
    ((4, 2, 1), (4, 1, 3), ("a", "b")),
]


def binary(key: str, oracle: Callable[[Any, Any], Any], low: float = -2.0, high: float = 2.0, b_low: float | None = None) -> list[Case]:
    cases = []
    for a_shape, b_shape, batched in PAIRS:
        a, b = numbers(*a_shape, low=low, high=high), numbers(*b_shape, low=low if b_low is None else b_low, high=high, seed=1)
        cases.append(Case(key, (a, b), batched=batched, expected=oracle(a.numpy(), b.numpy())))
    return cases


def power_of_a_number(exponent: float, low: float) -> list[Case]:
    return [
        Case(
            "math.power",
            (x, None),
            {"b": exponent},
            batched=("a",) if x.dim() == 2 else (),
            expected=x.numpy() ** exponent,
            label=f"to{exponent}",
        )
        for x in (numbers(low=low), numbers(3, low=low), numbers(4, 3, low=low))
    ]


def tie(key: str, oracle: Callable[[Any, Any], Any]) -> Case:
    a, b = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64), torch.tensor([2.0, 2.0, 1.0], dtype=torch.float64)
    return Case(key, (a, b), expected=oracle(a.numpy(), b.numpy()), kink="a tie")


at_zero = torch.tensor([-1.0, 0.0, 2.0], dtype=torch.float64)

CASES = [
    *binary("math.add", np.add),
    *binary("math.subtract", np.subtract),
    *binary("math.multiply", np.multiply),
    *binary("math.divide", np.divide),
    *binary("math.power", np.power, low=0.3, b_low=-2.0),
    *power_of_a_number(2.0, -2.0),
    *power_of_a_number(3.0, -2.0),
    *power_of_a_number(0.0, -2.0),
    *power_of_a_number(-0.5, 0.3),
    Case(
        "math.power",
        (at_zero, torch.full((3,), 3.0, dtype=torch.float64)),
        expected=[-1.0, 0.0, 8.0],
        kink="no derivative by the exponent below 0",
    ),
    *binary("math.maximum", np.maximum),
    *binary("math.minimum", np.minimum),
    tie("math.maximum", np.maximum),
    tie("math.minimum", np.minimum),
    *unary("math.negate", np.negative),
    *unary("math.square", np.square),
    *unary("math.sqrt", np.sqrt, low=0.2),
    *unary("math.reciprocal", np.reciprocal),
    *unary("math.exp", np.exp),
    *unary("math.log", np.log, low=0.2),
    *unary("math.sin", np.sin),
    *unary("math.cos", np.cos),
    *unary("math.abs", np.abs),
    Case("math.abs", (at_zero,), expected=[1.0, 0.0, 2.0], kink="0"),
]
SKIPPED = {"rules": 0, "gradcheck": 4}
