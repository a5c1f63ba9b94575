"""More elementary functions, against numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from tests.engine.node_cases import SAMPLE_SHAPES, Case, numbers, unary
from tests.engine.node_cases.math_elementwise import binary

at_zero = torch.tensor([-1.0, 0.0, 2.0], dtype=torch.float64)


def clamped(low: float | None, high: float | None) -> list[Case]:
    cases = []
    for shape in SAMPLE_SHAPES:
        for batch in ((), (4,)):
            x = numbers(*batch, *shape)
            expected = np.clip(x.numpy(), low, high)
            marks = ("x",) if batch else ()
            cases.append(Case("math.clamp", (x, None, None), {"low": low, "high": high}, marks, expected=expected, label=f"{low}to{high}"))
    return cases


def clamped_by_wires() -> list[Case]:
    cases = []
    for shape in SAMPLE_SHAPES:
        for batch in ((), (4,)):
            x = numbers(*batch, *shape)
            low, high = numbers(*batch, *shape, low=-1.5, high=-0.5, seed=1), numbers(*batch, *shape, low=0.3, high=1.5, seed=2)
            expected = np.clip(x.numpy(), low.numpy(), high.numpy())
            cases.append(Case("math.clamp", (x, low, high), batched=("x", "low", "high") if batch else (), expected=expected))
    x, low = numbers(4, 3), torch.tensor(-0.45, dtype=torch.float64)
    return [
        *cases,
        Case("math.clamp", (x, low, None), {"high": 0.75}, ("x",), expected=np.clip(x.numpy(), -0.45, 0.75), label="one wired"),
        Case("math.clamp", (x, None, -low), {"low": -1.05}, ("x",), expected=np.clip(x.numpy(), -1.05, 0.45), label="one wired"),
        Case("math.clamp", (x, None, low), {"low": 0.25}, ("x",), expected=np.full((4, 3), -0.45), label="bounds crossed"),
        Case("math.clamp", (at_zero, None, None), {"low": 0.0, "high": 2.0}, expected=[0.0, 0.0, 2.0], kink="at the bounds"),
    ]


def chosen() -> list[Case]:
    cases = []
    for shape in SAMPLE_SHAPES:
        for batch in ((), (4,)):
            c, a, b = (numbers(*batch, *shape, seed=seed) for seed in range(3))
            marks = ("condition", "a", "b") if batch else ()
            cases.append(Case("math.where", (c, a, b), batched=marks, expected=np.where(c.numpy() > 0, a.numpy(), b.numpy())))
    c, a, b = numbers(4, 3), numbers(3, seed=1), numbers(seed=2)
    whole: Any = torch.tensor([1, 0, -2])
    return [
        *cases,
        Case("math.where", (c, a, b), batched=("condition",), expected=np.where(c.numpy() > 0, a.numpy(), b.numpy()), label="broadcast"),
        Case("math.where", (whole, a, b), expected=np.where([True, False, False], a.numpy(), b.numpy()), label="classes"),
        Case("math.where", (at_zero, a, b), expected=np.where([False, False, True], a.numpy(), b.numpy()), kink="the condition at 0"),
    ]


CASES = [
    *unary("math.tan", np.tan, low=-1.4, high=1.4),
    *unary("math.atan", np.arctan),
    *binary("math.atan2", np.arctan2),
    *unary("math.log10", np.log10, low=0.2),
    *unary("math.log2", np.log2, low=0.2),
    *unary("math.sinh", np.sinh),
    *unary("math.cosh", np.cosh),
    *unary("math.sign", np.sign),
    Case("math.sign", (at_zero,), expected=[-1.0, 0.0, 1.0], kink="0"),
    *clamped(-0.45, 0.75),
    *clamped(-0.45, None),
    *clamped(None, 0.75),
    *clamped_by_wires(),
    *chosen(),
]
SKIPPED = {"rules": 0, "gradcheck": 3}
