"""Samples that are drawn with a seed: rings, moons, clouds, arms, a sine, a plane."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.data.declared import DataSetSpec, Source, Values, at_once, numbered
from engine.numerics.rng import seed_for

if TYPE_CHECKING:
    from engine.data.raw import Raw

_REAL = ("samples", "noise", "outliers", "seed", "test_fraction", "coding")
_DRAWN = (*_REAL, "imbalance")
_PLANE = ("x1", "x2")


def _read(spec: DataSetSpec, values: Values) -> Raw:
    import numpy as np

    from engine.data.generators import CLASSES, REAL, TURNS, counts, with_outliers
    from engine.data.raw import Raw

    rng = np.random.default_rng(seed_for(values["seed"], "draw", spec.key))
    samples, noise = int(values["samples"]), float(values["noise"])
    if spec.target == "real":
        x, y = REAL[spec.key](samples, noise, rng)
    else:
        turns = TURNS.get(spec.key) or tuple(range(int(values.get("classes", 2))))
        x, y = CLASSES[spec.key](counts(turns, samples, float(values["imbalance"])), noise, rng)
    if share := float(values["outliers"]):
        stray = np.random.default_rng(seed_for(values["seed"], "outliers", spec.key))
        x, y = with_outliers(x, y, share, spec.target == "real", stray)
    if spec.target == "real":
        return Raw(x, y, None, (), spec.feature_names, spec.target_names)
    return Raw(x, None, y.astype(np.int64), spec.classes or numbered(values), spec.feature_names, spec.target_names)


SOURCE = Source(
    (
        DataSetSpec(
            "circles",
            "Circles",
            "Two rings, one inside the other: no straight line separates them.",
            "classes",
            _DRAWN,
            None,
            (2,),
            _PLANE,
            ("outer", "inner"),
            made=True,
        ),
        DataSetSpec(
            "moons",
            "Moons",
            "Two half circles that interlock.",
            "classes",
            _DRAWN,
            None,
            (2,),
            _PLANE,
            ("upper", "lower"),
            made=True,
        ),
        DataSetSpec(
            "xor",
            "XOR",
            "Four clouds at the corners of a square; opposite corners are one class.",
            "classes",
            _DRAWN,
            None,
            (2,),
            _PLANE,
            ("same sign", "opposite sign"),
            made=True,
        ),
        DataSetSpec(
            "spiral",
            "Spiral",
            "Arms that wind around each other, one per class.",
            "classes",
            (*_DRAWN, "classes"),
            None,
            (2,),
            _PLANE,
            (),
            made=True,
        ),
        DataSetSpec(
            "blobs",
            "Blobs",
            "Clouds around points on a circle, one per class.",
            "classes",
            (*_DRAWN, "classes"),
            None,
            (2,),
            _PLANE,
            (),
            made=True,
        ),
        DataSetSpec("sine", "Sine", "y = sin x on [−π, π], with noise on y.", "real", _REAL, None, (1,), ("x",), (), ("y",), made=True),
        DataSetSpec(
            "plane", "Plane", "y = 1 + 2·x1 − 3·x2 on [−1, 1]², with noise on y.", "real", _REAL, None, (2,), _PLANE, (), ("y",), made=True
        ),
    ),
    at_once(_read),
)
