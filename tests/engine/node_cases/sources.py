"""Input, Constant, Data, Noise, Standardize."""

from __future__ import annotations

import numpy as np

from tests.engine.node_cases import Case, indices, numbers


def standardized(x: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> np.ndarray:
    return (x - mean) * scale


def _standardize(shape: tuple[int, ...], batch: tuple[int, ...]) -> Case:
    x, mean, scale = numbers(*batch, *shape), numbers(*shape, seed=1), numbers(*shape, low=0.5, high=3, seed=2)
    expected = standardized(x.numpy(), mean.numpy(), scale.numpy())
    return Case("source.standardize", (x,), batched=("x",) if batch else (), buffers={"mean": mean, "scale": scale}, expected=expected)


CASES = [
    *(
        Case(key, (numbers(*shape),), expected=numbers(*shape).numpy())
        for key in ("source.input", "source.constant")
        for shape in ((), (3,), (2, 3))
    ),
    Case("source.data", (numbers(4, 2), indices(4, classes=2)), batched=("x", "target"), mixes_batch=True),
    *(
        Case("source.noise", (x,), {"size": 3, "distribution": distribution}, batched, label=distribution)
        for shape in ((), (3,), (2, 3), (2, 1, 3))
        for distribution in ("normal", "uniform")
        for x, batched in ((numbers(*shape), ()), (numbers(4, *shape), ("x",)))
    ),
    *(_standardize(shape, batch) for shape in ((3,), (2, 3), (1, 2, 3)) for batch in ((), (4,))),
]
SKIPPED = {"rules": 23, "gradcheck": 23}
