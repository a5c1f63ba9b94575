"""Batch norm (training and evaluation) and layer norm, against numpy's mean and var."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.engine.node_cases import SAMPLE_SHAPES, Case, numbers

EPS = 1e-5


def normalized(x: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + EPS)


def batch_norm(key: str, *sample: int) -> list[Case]:
    """Training and evaluation, with and without γ and β. It never gets a sample alone, so that is not tried."""
    x, channels = numbers(6, *sample), sample[0]
    tall = (channels, *(1,) * (len(sample) - 1))
    gamma, beta, mean = numbers(channels, seed=1), numbers(channels, seed=2), numbers(channels, seed=3)
    var = numbers(channels, low=0.3, high=2, seed=4)
    plain = normalized(x.numpy(), (0, *range(2, x.dim())))
    fixed = (x.numpy() - mean.numpy().reshape(tall)) / np.sqrt(var.numpy().reshape(tall) + EPS)

    def affine(values: np.ndarray) -> np.ndarray:
        return values * gamma.numpy().reshape(tall) + beta.numpy().reshape(tall)

    buffers = {"running_mean": mean, "running_var": var}
    more: dict[str, Any] = {"batched": ("x",), "parameters": {"gamma": gamma, "beta": beta}, "buffers": buffers}
    bare = {**more, "parameters": {}}
    return [
        Case(key, (x,), **more, expected=affine(plain), mixes_batch=True, label="training"),
        Case(key, (x,), **more, training=False, expected=affine(fixed), mixes_batch=True, label="evaluation"),
        Case(key, (x,), {"affine": False}, **bare, expected=plain, mixes_batch=True, label="bare"),
        Case(key, (x,), {"affine": False}, **bare, training=False, expected=fixed, mixes_batch=True, label="bare evaluation"),
    ]


def layer_norm(k: int, *sample: int) -> list[Case]:
    cases = []
    gamma, beta = numbers(*sample[-k:], seed=1), numbers(*sample[-k:], seed=2)
    for batch in ((), (4,)):
        x = numbers(*batch, *sample)
        plain = normalized(x.numpy(), tuple(range(-k, 0)))
        batched = ("x",) if batch else ()
        for affine in (True, False):
            expected = plain * gamma.numpy() + beta.numpy() if affine else plain
            parameters = {"gamma": gamma, "beta": beta} if affine else {}
            settings = {"dimensions": k, "affine": affine}
            cases.append(Case("layer.layer_norm", (x,), settings, batched, parameters=parameters, expected=expected, label=f"{k}{affine}"))
    return cases


def running_average(*shape: int) -> list[Case]:
    """Training gives x, evaluation the average, whatever is counted beside it."""
    x, running = numbers(*shape), numbers(*shape, seed=3)
    cases = []
    for training in (True, False):
        more: dict[str, Any] = {"training": training, "buffers": {"running": running}, "expected": (x if training else running).numpy()}
        cases.append(Case("layer.running_average", (x, None), **more, label=f"alone{training}"))
        for sample in SAMPLE_SHAPES:
            over = numbers(4, *sample, seed=5)
            for given, batched in ((over, ("over",)), (over[0], ())):
                wanted = {"unbiased": True}
                cases.append(Case("layer.running_average", (x, given), wanted, batched, **more, label=f"over{training}", mixes_batch=True))
    return cases


CASES = [
    *(case for shape in SAMPLE_SHAPES for case in running_average(*shape)),
    *batch_norm("layer.batch_norm1d", 3),
    *batch_norm("layer.batch_norm1d", 3, 2),
    *batch_norm("layer.batch_norm2d", 2, 3, 2),
    *(case for shape in SAMPLE_SHAPES[1:] for k in range(1, len(shape) + 1) for case in layer_norm(k, *shape)),
]
SKIPPED = {"rules": 36, "gradcheck": 36}  # a running average does not depend on x in evaluation
