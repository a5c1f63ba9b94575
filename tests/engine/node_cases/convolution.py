"""Convolution against scipy's correlation; pooling window by window in numpy."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import scipy.signal
import torch

from tests.engine.node_cases import Case, numbers


def correlate(x: np.ndarray, w: np.ndarray, b: np.ndarray | None, stride: int, padding: int) -> np.ndarray:
    """One image, every output channel by itself."""
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding)))
    planes = [scipy.signal.correlate(padded, kernel, mode="valid")[0] for kernel in w]
    y = np.stack(planes)[:, ::stride, ::stride]
    return y if b is None else y + b[:, None, None]


def pool(x: np.ndarray, size: int, stride: int, padding: int, reduce: Callable[[np.ndarray], float], fill: float) -> np.ndarray:
    padded = np.pad(x, ((0, 0), (padding, padding), (padding, padding)), constant_values=fill)
    rows, columns = ((n - size) // stride + 1 for n in padded.shape[1:])
    y = np.empty((len(x), rows, columns))
    for c, i, j in np.ndindex(y.shape):
        y[c, i, j] = reduce(padded[c, i * stride : i * stride + size, j * stride : j * stride + size])
    return y


def each(oracle: Callable[[np.ndarray], np.ndarray], x: torch.Tensor) -> np.ndarray:
    return np.stack([oracle(image) for image in x.numpy()]) if x.dim() == 4 else oracle(x.numpy())


BOTH = ((numbers(2, 5, 4), ()), (numbers(3, 2, 5, 4), ("x",)))
W, B = numbers(3, 2, 3, 3, seed=1), numbers(3, seed=2)


def convolutions(stride: int, padding: int, bias: bool) -> list[Case]:
    b = B.numpy() if bias else None
    settings = {"out_channels": 3, "kernel_size": 3, "stride": stride, "padding": padding, "bias": bias}
    return [
        Case("layer.conv2d", (x,), settings, batched, parameters={"W": W, **({"b": B} if bias else {})},
             expected=each(lambda image: correlate(image, W.numpy(), b, stride, padding), x), label=f"stride{stride}padding{padding}{bias}")
        for x, batched in BOTH
    ]  # fmt: skip


def pools(key: str, reduce: Callable[[np.ndarray], float], fill: float) -> list[Case]:
    cases = []
    for size, stride, padding in ((2, 0, 0), (3, 1, 0), (3, 2, 1), (2, 3, 1)):
        oracle = partial(pool, size=size, stride=stride or size, padding=padding, reduce=reduce, fill=fill)
        settings, label = {"kernel_size": size, "stride": stride, "padding": padding}, f"{size}-{stride}-{padding}"
        cases += [Case(key, (x,), settings, batched, expected=each(oracle, x), label=label) for x, batched in BOTH]
    return cases


CASES = [
    *convolutions(1, 0, True),
    *convolutions(1, 1, True),
    *convolutions(2, 1, False),
    *convolutions(2, 0, True),
    *pools("layer.max_pool2d", np.max, -np.inf),
    *pools("layer.avg_pool2d", np.mean, 0.0),
]
SKIPPED = {"rules": 0, "gradcheck": 0}
