"""Losses, their reductions and the penalties, against numpy and scipy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special
import torch

from tests.engine.node_cases import SAMPLE_SHAPES, Case, indices, numbers


def reduced(losses: np.ndarray, reduction: str, batch: bool) -> float:
    if reduction == "mean":
        return float(np.mean(losses))
    return float(np.sum(losses)) / (len(losses) if batch and reduction == "batch_mean" else 1)


def pairs(
    key: str,
    oracle: Callable[[np.ndarray, np.ndarray], np.ndarray],
    prediction: Callable[..., torch.Tensor] = numbers,
    target: Callable[..., torch.Tensor] = numbers,
    default: str = "mean",
    **settings: Any,
) -> list[Case]:
    """Every rank alone and as a batch of four, every reduction, one target for all samples, one prediction for all."""
    cases = []

    def add(p: torch.Tensor, t: torch.Tensor, batched: tuple[str, ...], reduction: str, label: str = "") -> None:
        expected = reduced(oracle(p.numpy(), t.numpy()), reduction, bool(batched))
        cases.append(Case(key, (p, t), {"reduction": reduction, **settings}, batched, expected=expected, label=label))

    for shape in SAMPLE_SHAPES:
        for batch in ((), (4,)):
            add(prediction(*batch, *shape), target(*batch, *shape, seed=1), ("prediction_", "target") if batch else (), default)
    for reduction in ("mean", "sum", "batch_mean"):
        add(prediction(4, 3), target(4, 3, seed=1), ("prediction_", "target"), reduction, reduction)
    add(prediction(4, 3), target(3, seed=1), ("prediction_",), "batch_mean", "one target")
    add(prediction(3), target(4, 3, seed=1), ("target",), "mean", "one prediction")
    add(prediction(4, 3), target(seed=1), ("prediction_",), "mean", "scalar target")
    return [_named(case) for case in cases]


def _named(case: Case) -> Case:
    """The first port of each loss has its own name."""
    scores = {"loss.logistic": "scores", "loss.hinge": "scores", "loss.bce_logits": "scores"}
    first = {**scores, "loss.bce": "probabilities", "loss.kl": "log_probabilities"}.get(case.type, "prediction")
    batched = tuple(first if name == "prediction_" else name for name in case.batched)
    return Case(case.type, case.inputs, case.settings, batched, expected=case.expected, label=case.label)


def signs(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.sign(numbers(*shape, seed=seed))


def bits(*shape: int, seed: int = 0) -> torch.Tensor:
    return (signs(*shape, seed=seed) + 1) / 2


def probabilities(*shape: int, seed: int = 0) -> torch.Tensor:
    return numbers(*shape, low=0.12, high=0.95, seed=seed)


def log_probabilities(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.log(probabilities(*shape, seed=seed))


def huber(p: np.ndarray, t: np.ndarray, delta: float) -> np.ndarray:
    e = np.abs(p - t)
    return np.where(e <= delta, e**2 / 2, delta * (e - delta / 2))


def classes(key: str, oracle: Callable[[np.ndarray], np.ndarray], first: str, values: Callable[..., torch.Tensor]) -> list[Case]:
    """Five samples of four classes, and one sample alone, under both reductions."""
    cases = []
    for reduction, reduce in (("mean", np.mean), ("sum", np.sum)):
        scores, target = values(5, 4), indices(5, classes=4)
        losses = -oracle(scores.numpy())[np.arange(5), target.numpy()]
        cases.append(Case(key, (scores, target), {"reduction": reduction}, (first, "target"), expected=reduce(losses), label=reduction))
        one, right = values(4, seed=2), torch.tensor(2)
        cases.append(Case(key, (one, right), {"reduction": reduction}, expected=-oracle(one.numpy())[2], label=reduction))
    return cases


def log_softmax(scores: np.ndarray) -> np.ndarray:
    return scipy.special.log_softmax(scores, axis=-1)


WEIGHTS = (numbers(3, 2), numbers(4, seed=1), numbers(seed=2))


def penalties(key: str, oracle: Callable[[np.ndarray], float], **settings: Any) -> list[Case]:
    lam = 0.3
    return [
        Case(key, (tuple(w),), {"lam": lam, **settings}, expected=lam * sum(oracle(t.numpy()) for t in w), label=str(len(w)))
        for w in (WEIGHTS, (numbers(3),), (numbers(2, 3),), (numbers(2, 1, 3),), (numbers(),))
    ]


CASES = [
    *pairs("loss.squared_error", lambda p, t: (p - t) ** 2),
    *pairs("loss.squared_error", lambda p, t: (p - t) ** 2 / 2, factor="half"),
    *pairs("loss.l1", lambda p, t: np.abs(p - t)),
    *pairs("loss.huber", lambda p, t: huber(p, t, 1.0)),
    *pairs("loss.huber", lambda p, t: huber(p, t, 0.35), delta=0.35),
    *pairs("loss.logistic", lambda f, t: np.logaddexp(0, -t * f), target=signs),
    *pairs("loss.hinge", lambda f, t: np.maximum(0, 1 - t * f), target=signs),
    *pairs("loss.bce", lambda p, t: -(t * np.log(p) + (1 - t) * np.log(1 - p)), probabilities, probabilities),
    *pairs("loss.bce_logits", lambda f, t: np.logaddexp(0, f) - t * f, target=bits),
    *pairs("loss.kl", lambda q, t: scipy.special.rel_entr(t, np.exp(q)), log_probabilities, probabilities, default="batch_mean"),
    *classes("loss.cross_entropy", log_softmax, "scores", numbers),
    *classes("loss.nll", lambda log_p: log_p, "log_probabilities", log_probabilities),
    *penalties("penalty.l1", lambda w: np.abs(w).sum()),
    *penalties("penalty.l2", lambda w: (w**2).sum()),
    *penalties("penalty.l2", lambda w: (w**2).sum() / 2, factor="half"),
]
SKIPPED = {"rules": 0, "gradcheck": 0}
