"""A function y = f(x): samples of it, or points above and below its curve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.data.declared import DataSetSpec, Source, Values, at_once
from engine.numerics.rng import seed_for

if TYPE_CHECKING:
    from engine.data.raw import Raw

_SETTINGS = ("function", "x_from", "x_to", "samples", "noise", "outliers", "seed", "test_fraction", "coding")


def _read(spec: DataSetSpec, values: Values) -> Raw:
    import numpy as np

    from engine.data.errors import DataError
    from engine.data.function import values_of
    from engine.data.generators import counts, with_outliers
    from engine.data.raw import Raw
    from graph.text.messages import _

    low, high, samples, noise = float(values["x_from"]), float(values["x_to"]), int(values["samples"]), float(values["noise"])
    if not low < high:
        raise DataError(_("the range of x has to begin below its end, but goes from {low:g} to {high:g}").format(low=low, high=high))
    rng = np.random.default_rng(seed_for(values["seed"], "draw", spec.key))
    text = str(values["function"])
    if spec.target == "real":
        x = np.linspace(low, high, samples)[:, None]
        y = values_of(text, x) + noise * rng.standard_normal((samples, 1))
    else:
        curve = values_of(text, np.linspace(low, high, 1001))
        reach = max(float(curve.max() - curve.min()), 1.0) / 2
        y = np.repeat([0, 1], counts((0, 1), samples, float(values["imbalance"])))
        across = rng.uniform(low, high, samples)
        border = values_of(text, across)
        edge = np.where(y == 1, curve.max() + reach, curve.min() - reach)
        up = border + (edge - border) * rng.uniform(0, 1, samples) + noise * rng.standard_normal(samples)
        x = np.stack([across, up], axis=1)
    if share := float(values["outliers"]):
        stray = np.random.default_rng(seed_for(values["seed"], "outliers", spec.key))
        x, y = with_outliers(x, y, share, spec.target == "real", stray)
    if spec.target == "real":
        return Raw(x, y, None, (), spec.feature_names, spec.target_names)
    return Raw(x, None, y.astype(np.int64), spec.classes, spec.feature_names, spec.target_names)


SOURCE = Source(
    (
        DataSetSpec(
            "function", "Function", "y = f(x) for a function that you type, at evenly spaced x, with noise on y.", "real", _SETTINGS,
            None, (1,), ("x",), (), ("y",), made=True,
        ),
        DataSetSpec(
            "above_below", "Above or below", "Points above and below the curve y = f(x) of a function that you type.", "classes",
            (*_SETTINGS, "imbalance"), None, (2,), ("x", "y"), ("below", "above"), made=True,
        ),
    ),
    at_once(_read),
)  # fmt: skip
