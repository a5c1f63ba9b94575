"""Units through which hardly any gradient passes: ReLU units that are off for every sample, and flat ends of tanh and sigmoid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np

Kind = Literal["dead", "saturated"]
FLAT = 0.02
"""A slope below this share of the largest one counts as flat."""
SHOWN = 0.1
"""The share of such units from which on a node is marked."""
KINDS: Mapping[str, Kind] = {"activation.relu": "dead", "activation.tanh": "saturated", "activation.sigmoid": "saturated"}


@dataclass(frozen=True, slots=True)
class Activity:
    """`count` of `of` are dead units, or saturated values; `samples` is how many samples there were."""

    kind: Kind
    count: int
    of: int
    samples: int

    @property
    def share(self) -> float:
        return self.count / self.of if self.of else 0.0


def quiet(key: str, low: float, high: float) -> bool:
    """Whether no value between these two can be dead or saturated: most nodes are told by their least and their largest value."""
    if KINDS[key] == "dead":
        return low > 0
    return (1 - max(low * low, high * high) if key == "activation.tanh" else 4 * min(low * (1 - low), high * (1 - high))) >= FLAT


def activity(key: str, values: np.ndarray[Any, Any], batched: bool) -> Activity | None:
    """What the outputs of a node of this type, shape (samples, …) where batched, say about it; None where nothing can be said.

    A ReLU unit is dead if it is 0 for each of at least two samples. A value of tanh or sigmoid is saturated where the slope there, 1 − y²
    or y (1 − y), is below `FLAT` of the largest.
    """
    import numpy as np

    kind = KINDS.get(key)
    samples = len(values) if batched and values.ndim else 1
    if kind is None or not values.size or not np.isfinite(values).all():
        return None
    if kind == "dead":
        if samples < 2:
            return None
        off = (values.reshape(samples, -1) == 0).all(axis=0)
        return Activity(kind, int(off.sum()), off.size, samples)
    slope = 1 - values * values if key == "activation.tanh" else 4 * values * (1 - values)
    return Activity(kind, int((slope < FLAT).sum()), values.size, samples)
