"""Sum, mean and norm over sample axes and over the batch, against numpy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special
import torch

from tests.engine.node_cases import SAMPLE_SHAPES, Case, numbers


def norm(order: str) -> Callable[..., Any]:
    def oracle(x: np.ndarray, axis: tuple[int, ...], *, keepdims: bool) -> Any:
        size = np.abs(x)
        if order == "inf":
            return size.max(axis=axis, keepdims=keepdims)
        power = int(order)
        return (size**power).sum(axis=axis, keepdims=keepdims) ** (1 / power)

    return oracle


def reductions(key: str, oracle: Callable[..., Any], **settings: Any) -> list[Case]:
    """(axes of a sample, keep, over batch) at every rank; what numpy is told is written out here, not derived by our code."""
    cases = []
    for shape in SAMPLE_SHAPES:
        rank = len(shape)
        x, batch = numbers(*shape), numbers(4, *shape, seed=1)
        whole = tuple(range(rank))
        cases.append(Case(key, (x,), settings, expected=oracle(x.numpy(), whole, keepdims=False)))
        for keep in (False, True):
            samples = tuple(range(1, rank + 1))
            more = {**settings, "keep_axes": keep}
            cases.append(Case(key, (batch,), more, ("x",), expected=oracle(batch.numpy(), samples, keepdims=keep), label=f"keep{keep}"))
            every = oracle(batch.numpy(), tuple(range(rank + 1)), keepdims=keep)
            over = {**more, "over_batch": True}
            cases.append(Case(key, (batch,), over, ("x",), expected=every, mixes_batch=True, label=f"keep{keep}-over"))
    x, batch = numbers(2, 3, 2), numbers(4, 2, 3, 2, seed=1)
    cases += [
        Case(key, (x,), {**settings, "axes": [0]}, expected=oracle(x.numpy(), (0,), keepdims=False), label="first"),
        Case(key, (batch,), {**settings, "axes": [0]}, ("x",), expected=oracle(batch.numpy(), (1,), keepdims=False), label="first"),
        Case(key, (batch,), {**settings, "axes": [-1, 0]}, ("x",), expected=oracle(batch.numpy(), (1, 3), keepdims=False), label="ends"),
        Case(
            key, (batch,), {**settings, "axes": [1], "over_batch": True}, ("x",), expected=oracle(batch.numpy(), (0, 2), keepdims=False),
            mixes_batch=True, label="one-over",
        ),
    ]  # fmt: skip
    return cases


def logsumexp(x: np.ndarray, axis: tuple[int, ...], *, keepdims: bool) -> Any:
    return scipy.special.logsumexp(x, axis=axis, keepdims=keepdims) if axis else x


tied = torch.tensor([[1.0, -3.0, 3.0], [0.0, 0.0, 0.0]], dtype=torch.float64)

CASES = [
    *reductions("math.sum", np.sum),
    *reductions("math.mean", np.mean),
    *reductions("math.largest", np.max),
    Case("math.largest", (tied,), {"axes": [1]}, expected=[3.0, 0.0], kink="a tie"),
    *(case for order in ("1", "2", "inf") for case in reductions("math.norm", norm(order), p=order)),
    *reductions("math.logsumexp", logsumexp),
    *reductions("math.smallest", np.min),
    Case("math.logsumexp", (torch.tensor([800.0, 800.0]).double(),), expected=800 + np.log(2)),
    Case("math.smallest", (tied,), {"axes": [1]}, expected=[-3.0, 0.0], kink="a tie"),
    Case("math.norm", (tied,), {"p": "2", "axes": [1]}, expected=[np.sqrt(19.0), 0.0], kink="the origin"),
    Case("math.norm", (tied,), {"p": "1", "axes": [1]}, expected=[7.0, 0.0], kink="0"),
    Case("math.norm", (tied[:1],), {"p": "inf", "axes": [1]}, expected=[3.0], kink="a tie"),
]
SKIPPED = {"rules": 0, "gradcheck": 5}
