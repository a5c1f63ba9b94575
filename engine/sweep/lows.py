"""When a run was first as low as some loss, and what that cost: read from the losses of all its steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from engine.training.state import state_key

if TYPE_CHECKING:
    from engine.training.run import Run

MOST = 600
"""Lows of one run that are passed on; of more, so many evenly spread ones."""


def trained_numbers(run: Run) -> int:
    """How many numbers a prepared run trains."""
    parameters = run.model.state.parameters
    return sum(parameters[state_key(key)].numel() for key in run.conditions().program.trainable_keys)


def passes_of(run: Run) -> float:
    """The part of an epoch that one step is; 0 where there are no data."""
    batches = run.conditions().batches()
    return 1 / batches.count if batches.rows else 0.0


def evaluations_at(run: Run, steps: Sequence[float]) -> tuple[float, ...]:
    """How often the gradient was evaluated up to these steps; empty where each step does so once.

    A column of the Hessian counts as one more: that is about what it costs.
    """
    spent = run.steps.spent
    if not spent or not len(steps):
        return ()
    last = max(spent)
    each = [max(s.losses, s.gradients) + s.columns if (s := spent.get(step)) is not None else 0 for step in range(1, last + 1)]
    total = np.concatenate(([0.0], np.cumsum(each, dtype=np.float64)))
    return tuple(np.interp(np.asarray(steps, dtype=np.float64), np.arange(last + 1), total).tolist())


def lows_of(run: Run) -> tuple[tuple[int, float, float], ...]:
    """(step, loss, evaluations so far) of each new lowest loss; of mini-batches the mean over an epoch counts, at its end."""
    losses, batches = run.curve.losses, run.conditions().batches()
    values = losses.mean
    if not values.size:
        return ()
    steps = np.minimum(losses.first + np.arange(1, values.size + 1) * losses.stride - 1, losses.last)
    per_epoch = max(1, batches.count // losses.stride)
    if not batches.whole and per_epoch > 1:
        whole = values.size // per_epoch
        values, steps = values[: whole * per_epoch].reshape(whole, per_epoch).mean(axis=1), steps[per_epoch - 1 :: per_epoch][:whole]
    finite = np.where(np.isfinite(values), values, np.inf)
    before = np.concatenate(([np.inf], np.minimum.accumulate(finite)))[:-1]
    new = np.flatnonzero(finite < before)
    if new.size > MOST:
        new = new[np.unique(np.linspace(0, new.size - 1, MOST).round().astype(int))]
    at = steps[new].tolist()
    spent = evaluations_at(run, at) or tuple(map(float, at))
    return tuple(zip(map(int, at), finite[new].tolist(), spent, strict=True))
