"""What node types ask about the shapes that reach them, and how they say what is wrong.

Shapes are `engine.compile.shapes.Shape`: `dims` without the batch, `batched`, `dtype`. In texts a batch is the axis N.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from engine.nodes.base import NodeError
from graph.text.messages import Message, _


def dims_text(dims: Sequence[int]) -> str:
    """`(2, 3)`, `(3,)`, `a single number`."""
    if not dims:
        return _("a single number")
    return f"({dims[0]},)" if len(dims) == 1 else "(" + ", ".join(map(str, dims)) + ")"


def shape_text(shape: Any) -> str:
    """`(N, 3)` for a batch of 3-vectors, `(3,)` for one of them, `a single number` for a scalar."""
    if not shape.batched:
        return dims_text(shape.dims)
    return "(" + ", ".join(["N", *map(str, shape.dims)]) + ("" if shape.dims else ",") + ")"


def shape_texts(shapes: Mapping[str, Any]) -> str:
    """`a is (N, 3) and b is (4,)`: every connected input with its shape."""
    return " and ".join(
        _("{name} is {shape}").format(name=name, shape=shape_text(shape)) for name, shape in shapes.items() if shape is not None
    )


def broadcast_dims(first: Sequence[int], second: Sequence[int]) -> tuple[int, ...] | None:
    """The common shape of two shapes under torch's broadcasting, or None where there is none."""
    rank = max(len(first), len(second))
    padded = [(1,) * (rank - len(dims)) + tuple(dims) for dims in (first, second)]
    if any(p != q and 1 not in (p, q) for p, q in zip(*padded, strict=True)):
        return None
    return tuple(q if p == 1 else p for p, q in zip(*padded, strict=True))


def check_broadcast(shapes: Mapping[str, Any]) -> None:
    """Refuse two inputs whose shapes do not broadcast, and those where a batch axis would meet a feature axis.

    torch lines axes up from the right, so the batch stays apart only while no other input has more sample axes than a batched one.
    """
    present = {name: shape for name, shape in shapes.items() if shape is not None}
    (first, a), *others = present.items()
    for name, b in others:
        if broadcast_dims(a.dims, b.dims) is None:
            raise NodeError(
                Message(
                    "shapes-do-not-fit-together",
                    "the shapes do not fit together: {shapes}; counted from the right, the axes of a sample must be equal or one of them 1",
                    shapes=shape_texts({first: a, name: b}),
                ),
                name,
                widths=True,
            )
    for low, low_shape in present.items():
        for high, high_shape in present.items():
            if low_shape.batched and len(high_shape.dims) > len(low_shape.dims):
                _refuse_batch_on_feature(low, low_shape, high, high_shape)


def _refuse_batch_on_feature(low: str, low_shape: Any, high: str, high_shape: Any) -> None:
    shapes = {"low_shape": shape_text(low_shape), "high_shape": shape_text(high_shape)}
    if len(high_shape.dims) > 1:
        missing = len(high_shape.dims) - len(low_shape.dims)
        wanted = (1,) * missing + tuple(low_shape.dims)
        repair = (
            _("Reshape {low} to {wanted} per sample").format(low=low, wanted=dims_text(wanted)),
            ("math.reshape", {"shape": list(wanted)}),
        )
        raise NodeError(
            Message(
                "batch-meets-feature-reshape",
                "the batch axis N of {low} would be aligned with a feature axis of {high}: {low} is {low_shape}, {high} is "
                "{high_shape}. Reshape each sample of {low} to {wanted} first",
                low=low,
                high=high,
                wanted=dims_text(wanted),
                **shapes,
            ),
            low,
            [repair],
        )
    raise NodeError(
        Message(
            "batch-meets-feature-column",
            "the batch axis N of {low} would be aligned with a feature axis of {high}: {low} is {low_shape}, {high} is {high_shape}. "
            "Make {low} a column first",
            low=low,
            high=high,
            **shapes,
        ),
        low,
        [(_("Insert Flatten before {low}, which makes it (N, 1)").format(low=low), "math.flatten")],
    )


def check_axis(axis: int, shape: Any, port: str, setting: str = "axis") -> int:
    """`axis` counted from the front of the sample; NodeError with a repair when the sample does not have it."""
    rank = len(shape.dims)
    if -rank <= axis < rank:
        return axis % rank
    kind = _("no axes") if rank == 0 else _("{count} sample {axes}").format(count=rank, axes="axis" if rank == 1 else "axes")
    repairs = [(_("Use the last axis ({setting} = -1)").format(setting=setting), {setting: -1})] if rank and setting == "axis" else []
    raise NodeError(
        Message(
            "axis-not-in-input",
            "axis {axis} does not exist: {port} is {shape} and has {kind} (the batch is not counted)",
            axis=axis,
            port=port,
            shape=shape_text(shape),
            kind=kind,
        ),
        port,
        repairs,
    )


def reduced_axes(batched: bool, rank: int, axes: Sequence[int], over_batch: bool) -> tuple[int, ...]:
    """Tensor axes meant by sample axes `axes` (none given: all) of a tensor of `rank` dimensions, with the batch where asked."""
    first = 1 if batched else 0
    samples = rank - first
    chosen = {first + axis % samples for axis in axes} if axes else set(range(first, rank))
    return tuple(sorted(chosen | ({0} if batched and over_batch else set())))


def count(dims: Sequence[int]) -> int:
    return math.prod(dims)
