"""Data sets that are drawn: rings, moons, clouds, arms, a sine, a plane. Each returns (features, class index or real target)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

Array = np.ndarray
Drawn = tuple[Array, Array]


def counts(pattern: Sequence[int], samples: int, imbalance: float = 1.0) -> Array:
    """How many samples each class has. `pattern` is the order in which classes take turns where all are equally frequent.

    With an imbalance r the first class has r times as many as the last, and those between them follow a geometric series. Each class has
    at least one sample where there are enough.
    """
    classes = max(pattern) + 1
    if imbalance == 1.0:
        equal: Array = np.bincount(np.resize(pattern, samples), minlength=classes)
        return equal
    weights = imbalance ** -(np.arange(classes) / (classes - 1))
    exact = samples * weights / weights.sum()
    whole: Array = np.floor(exact).astype(int)
    whole[np.argsort(-(exact - whole), kind="stable")[: samples - whole.sum()]] += 1
    for absent in np.flatnonzero(whole == 0) if samples >= classes else ():
        whole[absent], whole[whole.argmax()] = 1, whole.max() - 1
    return whole


def _labels(counts: Sequence[int] | Array) -> Array:
    return np.repeat(np.arange(len(counts)), counts)


def circles(counts: Array, noise: float, rng: np.random.Generator) -> Drawn:
    """Radius 1 and radius ½ around the origin."""
    outer, inner = counts
    angle = np.concatenate([np.arange(n) * (2 * np.pi / max(n, 1)) for n in (outer, inner)])
    radius = np.repeat([1.0, 0.5], [outer, inner])
    x = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return x + noise * rng.standard_normal(x.shape), _labels(counts)


def moons(counts: Array, noise: float, rng: np.random.Generator) -> Drawn:
    """The upper half of the unit circle, and a lower half moved by (1, ½)."""
    upper, lower = counts
    a, b = np.linspace(0, np.pi, upper), np.linspace(0, np.pi, lower)
    x = np.concatenate([np.stack([np.cos(a), np.sin(a)], axis=1), np.stack([1 - np.cos(b), 0.5 - np.sin(b)], axis=1)])
    return x + noise * rng.standard_normal(x.shape), _labels(counts)


def xor(counts: Array, noise: float, rng: np.random.Generator) -> Drawn:
    """Clouds at (±1, ±1); the class is 1 where the corner's signs differ. Without noise, exactly the four corners."""
    turn = np.concatenate([np.arange(n) for n in counts])
    corner = np.concatenate([np.arange(counts[0]) % 2 * 3, 1 + np.arange(counts[1]) % 2])
    corner = corner[np.lexsort([corner, turn // 2])]  # the four corners take turns
    centre = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])[corner]
    return centre + noise * rng.standard_normal(centre.shape), ((corner == 1) | (corner == 2)).astype(int)


def spiral(counts: Array, noise: float, rng: np.random.Generator) -> Drawn:
    """Archimedean arms r = t for t in (0, 1], one and a half turns each, one after another by 360°/classes.

    `noise` counts a tenth of what it does elsewhere: the arms are that much closer together.
    """
    label, classes = _labels(counts), len(counts)
    t = np.concatenate([np.linspace(0.05, 1.0, n) for n in counts])
    angle = 3 * np.pi * t + 2 * np.pi * label / classes
    x = t[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return x + 0.1 * noise * rng.standard_normal(x.shape), label


def blobs(counts: Array, noise: float, rng: np.random.Generator) -> Drawn:
    """Normal clouds around `classes` points evenly on a circle of radius 2; `noise` is their standard deviation."""
    label, classes = _labels(counts), len(counts)
    angle = 2 * np.pi * label / classes
    x = 2 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return x + noise * rng.standard_normal(x.shape), label


def sine(samples: int, noise: float, rng: np.random.Generator) -> Drawn:
    """y = sin x at evenly spaced x in [−π, π]."""
    x = np.linspace(-np.pi, np.pi, samples)[:, None]
    return x, np.sin(x) + noise * rng.standard_normal(x.shape)


def plane(samples: int, noise: float, rng: np.random.Generator) -> Drawn:
    """y = 1 + 2·x1 − 3·x2 at x uniform on [−1, 1]²."""
    x = rng.uniform(-1, 1, (samples, 2))
    return x, 1 + x @ np.array([[2.0], [-3.0]]) + noise * rng.standard_normal((samples, 1))


def with_outliers(x: Array, y: Array, share: float, real: bool, rng: np.random.Generator) -> Drawn:
    """Replace a share of the samples by outliers; a larger share keeps those of a smaller one, and all others stay as they are.

    Of a real target, the target is moved up or down by three to six standard deviations; of classes, the point is put anywhere in a box
    of twice the size, and keeps its class.
    """
    rows, size, sign = rng.permutation(len(x)), rng.uniform(3, 6, len(x)), rng.choice([-1.0, 1.0], len(x))
    places = rng.uniform(-1, 1, x.shape)
    chosen = rows[: round(share * len(x))]
    x, y = x.copy(), y.copy()
    if real:
        y[chosen, 0] += (sign * size)[chosen] * (y[:, 0].std() or 1.0)
        return x, y
    low, high = x.min(0), x.max(0)
    x[chosen] = ((low + high) / 2 + places * (high - low))[chosen]
    return x, y


CLASSES: dict[str, Callable[..., Drawn]] = {"circles": circles, "moons": moons, "xor": xor, "spiral": spiral, "blobs": blobs}
"""Called with the number of samples per class."""
REAL: dict[str, Callable[..., Drawn]] = {"sine": sine, "plane": plane}
"""Called with the number of samples."""
TURNS = {"xor": (0, 1, 1, 0)}
"""The order in which classes take turns where it is not 0, 1, 2 …"""
