"""Data sets that are drawn: rings, moons, clouds, arms, a sine, a plane. Each returns (features, class index or real target)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Array = np.ndarray
Drawn = tuple[Array, Array]


def _halves(samples: int) -> tuple[int, int]:
    return (samples + 1) // 2, samples // 2


def _labels(*counts: int) -> Array:
    return np.repeat(np.arange(len(counts)), counts)


def circles(samples: int, noise: float, rng: np.random.Generator) -> Drawn:
    """Radius 1 and radius ½ around the origin."""
    outer, inner = _halves(samples)
    angle = np.concatenate([np.arange(n) * (2 * np.pi / max(n, 1)) for n in (outer, inner)])
    radius = np.repeat([1.0, 0.5], [outer, inner])
    x = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return x + noise * rng.standard_normal(x.shape), _labels(outer, inner)


def moons(samples: int, noise: float, rng: np.random.Generator) -> Drawn:
    """The upper half of the unit circle, and a lower half moved by (1, ½)."""
    upper, lower = _halves(samples)
    a, b = np.linspace(0, np.pi, upper), np.linspace(0, np.pi, lower)
    x = np.concatenate([np.stack([np.cos(a), np.sin(a)], axis=1), np.stack([1 - np.cos(b), 0.5 - np.sin(b)], axis=1)])
    return x + noise * rng.standard_normal(x.shape), _labels(upper, lower)


def xor(samples: int, noise: float, rng: np.random.Generator) -> Drawn:
    """Clouds at (±1, ±1); the class is 1 where the corner's signs differ. Without noise, exactly the four corners."""
    corner = np.arange(samples) % 4
    centre = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])[corner]
    return centre + noise * rng.standard_normal(centre.shape), ((corner == 1) | (corner == 2)).astype(int)


def spiral(samples: int, noise: float, rng: np.random.Generator, classes: int) -> Drawn:
    """Archimedean arms r = t for t in (0, 1], one and a half turns each, one after another by 360°/classes.

    `noise` counts a tenth of what it does elsewhere: the arms are that much closer together.
    """
    label = np.sort(np.arange(samples) % classes)
    counts = np.bincount(label, minlength=classes)
    t = np.concatenate([np.linspace(0.05, 1.0, n) for n in counts])
    angle = 3 * np.pi * t + 2 * np.pi * label / classes
    x = t[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return x + 0.1 * noise * rng.standard_normal(x.shape), label


def blobs(samples: int, noise: float, rng: np.random.Generator, classes: int) -> Drawn:
    """Normal clouds around `classes` points evenly on a circle of radius 2; `noise` is their standard deviation."""
    label = np.sort(np.arange(samples) % classes)
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


GENERATORS: dict[str, Callable[..., Drawn]] = {
    "circles": circles, "moons": moons, "xor": xor, "spiral": spiral, "blobs": blobs, "sine": sine, "plane": plane,
}  # fmt: skip
