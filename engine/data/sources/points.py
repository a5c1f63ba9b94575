"""Points that were painted in the data panel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.data.declared import DataSetSpec, Source, Values, at_once

if TYPE_CHECKING:
    from engine.data.raw import Raw


def _read(spec: DataSetSpec, values: Values) -> Raw:
    import numpy as np

    from engine.data.errors import DataError
    from engine.data.raw import Raw
    from graph.text.messages import _

    points = np.array(values["points"], dtype=np.float64)
    if points.size == 0:
        raise DataError(_("there are no points yet: paint some in the data panel"))
    if points.ndim != 2 or points.shape[1] != 3 or not np.isfinite(points).all():
        raise DataError(_("every painted point needs three numbers: x1, x2 and its class"))
    labels = points[:, 2].astype(np.int64)
    if (labels != points[:, 2]).any() or labels.min() < 0 or labels.max() > 19:
        raise DataError(_("the class of a painted point is a whole number from 0 to 19"))
    classes = tuple(map(str, range(max(2, int(labels.max()) + 1))))
    return Raw(points[:, :2].copy(), None, labels, classes, spec.feature_names, spec.target_names)


SOURCE = Source(
    (
        DataSetSpec(
            "points", "Painted points", "Points of several classes that you paint with the mouse in the data panel.", "classes",
            ("points", "seed", "test_fraction", "coding"), feature_names=("x1", "x2"), target_names=("class",),
        ),
    ),
    at_once(_read),
)  # fmt: skip
