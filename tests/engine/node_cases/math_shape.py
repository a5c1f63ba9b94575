"""Reshape, flatten, concatenate, slice and one-hot, against numpy."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.engine.node_cases import SAMPLE_SHAPES, Case, indices, numbers


def reshapes() -> list[Case]:
    cases = []
    for shape, wanted in (((), [1]), ((), [1, 1]), ((3,), [3, 1]), ((2, 3), [3, -1]), ((2, 1, 3), [6]), ((1,), [])):
        x, batch = numbers(*shape), numbers(4, *shape, seed=1)
        settings = {"shape": wanted}
        full = [4, *(x.numpy().reshape(wanted).shape)]
        cases.append(Case("math.reshape", (x,), settings, expected=x.numpy().reshape(wanted), label=str(wanted)))
        cases.append(Case("math.reshape", (batch,), settings, ("x",), expected=batch.numpy().reshape(full), label=str(wanted)))
    return cases


def flattens() -> list[Case]:
    alone = [Case("math.flatten", (numbers(*shape),), expected=numbers(*shape).numpy().reshape(-1)) for shape in SAMPLE_SHAPES]
    batch = [(numbers(4, *shape), int(np.prod(shape, dtype=int))) for shape in SAMPLE_SHAPES]
    return alone + [Case("math.flatten", (x,), batched=("x",), expected=x.numpy().reshape(4, size)) for x, size in batch]


def join(shapes: list[tuple[int, ...]], axis: int, batched: bool = False) -> Case:
    xs = tuple(numbers(*shape, seed=i) for i, shape in enumerate(shapes))
    arrays = [x.numpy() for x in xs]
    rank = max(a.ndim for a in arrays)
    arrays = [a if a.ndim == rank else np.broadcast_to(a, (4, *a.shape)) for a in arrays]
    expected = np.concatenate(arrays, axis + 1 if batched and axis >= 0 else axis)
    return Case("math.concatenate", (xs,), {"axis": axis}, ("xs",) if batched else (), expected=expected, label=f"axis{axis}")


def take(shape: tuple[int, ...], batched: bool, index: tuple[Any, ...], **settings: object) -> Case:
    x = numbers(*((4, *shape) if batched else shape))
    place = (slice(None), *index) if batched else index
    return Case("math.slice", (x,), settings, ("x",) if batched else (), expected=x.numpy()[place], label=str(settings.get("start", 0)))


both = (False, True)

CASES = [
    *reshapes(),
    *flattens(),
    join([(2,), (3,)], -1),
    join([(2,), (3,), (1,)], 0),
    join([(2, 3), (2, 1)], -1),
    join([(2, 3), (1, 3)], 0),
    join([(2, 3, 1), (2, 1, 1)], 1),
    join([(4, 2), (4, 3)], 0, batched=True),
    join([(4, 2, 3), (4, 2, 1)], -1, batched=True),
    join([(4, 2, 3), (4, 1, 3)], 0, batched=True),
    join([(4, 2, 3, 1), (4, 2, 1, 1)], 1, batched=True),
    join([(4, 2), (3,)], -1, batched=True),
    join([(1, 3), (4, 2, 3), (4, 1, 3)], 0, batched=True),
    *(take((5,), batched, (slice(1, 4),), start=1, length=3) for batched in both),
    *(take((5,), batched, (slice(0, 5, 2),), length=3, step=2) for batched in both),
    *(take((5,), batched, (-2,), start=-2, keep_axis=False) for batched in both),
    *(take((3, 5), batched, (slice(-1, None),), axis=0, start=-1) for batched in both),
    *(take((3, 5), batched, (1,), axis=0, start=1, keep_axis=False) for batched in both),
    *(take((2, 3, 5), batched, (slice(None), slice(1, 3)), axis=1, start=1, length=2) for batched in both),
    *(
        Case("math.one_hot", (x,), {"classes": 3}, ("x",) if batched else (), expected=np.eye(3)[x.numpy()])
        for shape in SAMPLE_SHAPES
        for batched in both
        for x in [indices(*((4, *shape) if batched else shape), classes=3)]
    ),
    *(
        Case("math.to_index", (x.double(),), {}, ("x",) if batched else (), expected=x.numpy())
        for shape in SAMPLE_SHAPES
        for batched in both
        for x in [indices(*((4, *shape) if batched else shape), classes=3)]
    ),
]
SKIPPED = {"rules": 16, "gradcheck": 16}
