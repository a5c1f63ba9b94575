"""The nodes of an optimizer's update rule."""

from __future__ import annotations

import numpy as np

from tests.engine.node_cases import Case, numbers

_GIVEN = ("update.parameter", "update.gradient", "update.state", "update.step", "update.setting", "update.given")
_SHAPES = [(shape, batch) for shape in ((), (3,), (2, 3), (2, 2, 3)) for batch in ((), (4,))]

CASES = [
    *(Case(key, (x,), expected=x.numpy()) for key in _GIVEN for x in (numbers(3),)),
    *(
        Case("update.next", (x,), batched=("x",) if batch else (), expected=x.numpy())
        for shape, batch in _SHAPES
        for x in (numbers(*batch, *shape),)
    ),
    *(
        Case(
            "update.loss", (x,), {"value": 2.0, "at": 0.5, "gradient": 3.0}, batched=("x",) if batch else (), mixes_batch=True,
            expected=2.0 + 3.0 * np.sum(x.numpy() - 0.5),
        )
        for shape, batch in _SHAPES
        for x in (numbers(*batch, *shape),)
    ),
]  # fmt: skip
SKIPPED = {"rules": 6, "gradcheck": 6}
