"""Rearranging without arithmetic: reshape, flatten, concatenate, slice, one-hot. The batch stays axis 0 throughout."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.nodes.base import BoolSetting, IntSetting, IntsSetting, NodeError, NodeType, Settings, sample_axis
from engine.nodes.checks import check_axis, count, dims_text, shape_text
from engine.numerics.lazy import torch
from graph.model.spec import Port
from graph.text.messages import Message, _

if TYPE_CHECKING:
    from torch import Tensor


class Reshape(NodeType):
    """Reads the entries of a sample, in order, into another shape. One size may be −1: it is computed from the others."""

    key, title = "math.reshape", "Reshape"
    search = ("view", "shape", "unflatten", "column", "unsqueeze")
    inputs = (Port("x"),)
    shape = IntsSetting((-1,), help="Sizes of a sample's axes; one of them may be −1. The batch is not counted.")
    formula = r"@y = \mathrm{reshape}(@x)"
    local_derivatives = {"x": r"\bar{@x} = \mathrm{reshape}^{-1}(\bar{@y})"}
    gradients = {"x": lambda s, g, y, kept, x: g.reshape(x.shape)}
    flow = "sums"
    code = ("", "{x}.reshape({sizes})")

    def forward(self, s: Settings, x: Tensor) -> Tensor:
        return x.reshape([x.shape[0], *s.shape] if "x" in s.batched else list(s.shape))

    def check(self, s: Settings, shapes: Mapping[str, Any]) -> None:
        shape, wanted = shapes["x"], list(s.shape)
        free, size = wanted.count(-1), count(shape.dims)
        fixed = count([n for n in wanted if n != -1])
        flat = [(_("Make it a vector of {size}").format(size=size), {"shape": [-1]})]
        if free > 1 or any(n < 1 and n != -1 for n in wanted):
            raise NodeError(
                Message("reshape-sizes", "the shape {wanted} needs sizes of at least 1, and at most one −1", wanted=dims_text(wanted)),
                "x",
                flat,
            )
        if size % fixed if free else size != fixed:
            raise NodeError(
                Message(
                    "reshape-does-not-fill",
                    "x is {shape}: the {size} numbers of a sample do not fill the shape {wanted}",
                    shape=shape_text(shape),
                    size=size,
                    wanted=dims_text(wanted),
                ),
                "x",
                flat,
            )

    def code_values(self, s: Settings, shapes: Mapping[str, Any]) -> dict[str, Any]:
        return {"sizes": tuple(([-1] if shapes["x"].batched else []) + _filled(s.shape, shapes["x"].dims))}


def _filled(wanted: Any, dims: Any) -> list[int]:
    """The sizes with −1 worked out, so that an exported call can leave the batch's size open."""
    fixed = count([n for n in wanted if n != -1])
    return [count(dims) // fixed if n == -1 else n for n in wanted]


class Flatten(NodeType):
    """Lays out all entries of a sample in one vector, as a fully connected layer expects them after a convolution."""

    key, title = "math.flatten", "Flatten"
    search = ("vector", "view", "ravel", "unroll", "column")
    aliases = ("ravel",)
    inputs = (Port("x"),)
    formula = r"@y = \mathrm{vec}(@x)"
    local_derivatives = {"x": r"\bar{@x} = \mathrm{vec}^{-1}(\bar{@y})"}
    gradients = {"x": lambda s, g, y, kept, x: g.reshape(x.shape)}
    flow = "sums"
    code = ("", "{x}.reshape({sizes})")

    def forward(self, s: Settings, x: Tensor) -> Tensor:
        return x.reshape(x.shape[0], count(x.shape[1:])) if "x" in s.batched else x.reshape(-1)

    def code_values(self, s: Settings, shapes: Mapping[str, Any]) -> dict[str, Any]:
        size = count(shapes["x"].dims)
        return {"sizes": (-1, size) if shapes["x"].batched else (size,)}


class Concatenate(NodeType):
    """Joins values along an axis. Going backward, each receives its own part of the gradient."""

    key, title = "math.concatenate", "Concatenate"
    search = ("cat", "concat", "join", "stack", "append", "merge", "lift")
    aliases = ("cat", "concat")
    inputs = (Port("xs", rank=(1, None), many=True),)
    axis = IntSetting(-1, help="The axis of a sample that grows; −1 is the last one.")
    formula = r"@y = [\,@xs\,]"
    local_derivatives = {"xs": r"\bar{@xs} = \bar{@y}\,[\mathrm{its\ part}]"}
    code = ("", "torch.cat([{xs}], {tensor_axis})")

    def forward(self, s: Settings, xs: tuple[Tensor, ...]) -> Tensor:
        return torch.cat(_with_batch(xs), sample_axis(s, "xs", s.axis, max(x.dim() for x in xs)))

    @staticmethod
    def _rule(s: Settings, g: Tensor, y: Tensor, kept: Any, xs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        axis = sample_axis(s, "xs", s.axis, y.dim())
        return tuple(torch.split_with_sizes(g, [x.shape[axis - y.dim()] for x in xs], axis))

    gradients = {"xs": _rule}
    flow = "sums"

    def check(self, s: Settings, shapes: Mapping[str, Any]) -> None:
        first, *others = shapes["xs"]
        for shape in others:
            if len(shape.dims) != len(first.dims):
                raise NodeError(
                    Message(
                        "concatenate-axes-differ",
                        "everything to join needs the same number of axes: {first} and {shape}",
                        first=shape_text(first),
                        shape=shape_text(shape),
                    ),
                    "xs",
                )
        axis = check_axis(s.axis, first, "xs")
        for shape in others:
            if any(p != q for i, (p, q) in enumerate(zip(first.dims, shape.dims, strict=True)) if i != axis):
                raise NodeError(
                    Message(
                        "concatenate-sizes-differ",
                        "all axes but axis {axis} must be equal: {first} and {shape}",
                        axis=axis,
                        first=shape_text(first),
                        shape=shape_text(shape),
                    ),
                    "xs",
                )

    def code_for(self, s: Settings, shapes: Mapping[str, Any]) -> tuple[str, ...]:
        """Where batch and no batch meet, what has no batch is repeated for every sample."""
        ranks = {len(shape.dims) + shape.batched for shape in shapes["xs"]}
        if len(ranks) == 1:
            return self.code
        size = f"next(t.shape[0] for t in ({{xs}},) if t.dim() == {max(ranks)})"
        return ("", f"torch.cat([t if t.dim() == {max(ranks)} else t.expand({size}, *t.shape) for t in ({{xs}},)], {{tensor_axis}})")

    def code_values(self, s: Settings, shapes: Mapping[str, Any]) -> dict[str, Any]:
        return {"tensor_axis": s.axis if s.axis < 0 else s.axis + any(shape.batched for shape in shapes["xs"])}


def _with_batch(xs: tuple[Tensor, ...]) -> list[Tensor]:
    """All of one rank: what has no batch of its own is the same for every sample."""
    longest = max(xs, key=lambda x: x.dim())
    return [x if x.dim() == longest.dim() else x.expand(longest.shape[0], *x.shape) for x in xs]


class Slice(NodeType):
    """Takes some entries along one axis of a sample. Going backward, the entries left out receive 0."""

    key, title = "math.slice", "Slice"
    search = ("index", "select", "crop", "column", "entry", "[]", "narrow")
    inputs = (Port("x", rank=(1, None)),)
    axis = IntSetting(-1, help="Counted from 0 in a sample; −1 is the last one.")
    start = IntSetting(0, help="The first entry, counted from 0; negative numbers count from the end.")
    length = IntSetting(1, 1, help="How many entries.")
    step = IntSetting(1, 1, help="Take every n-th entry.")
    keep_axis = BoolSetting(True, help="Off: a single entry loses its axis, and a vector becomes a number.")
    formula = r"@y = @x\,[@start, \ldots]"
    local_derivatives = {"x": r"\bar{@x}\,[@start, \ldots] = \bar{@y},\quad 0\ \mathrm{elsewhere}"}
    code = ("", "{x}[{entries}]")

    def forward(self, s: Settings, x: Tensor) -> Tensor:
        return x[_entries(s, x)]

    @staticmethod
    def _rule(s: Settings, g: Tensor, y: Tensor, kept: Any, x: Tensor) -> Tensor:
        gradient = torch.zeros_like(x)
        gradient[_entries(s, x)] = g
        return gradient

    gradients = {"x": _rule}
    flow = "selection"

    def check(self, s: Settings, shapes: Mapping[str, Any]) -> None:
        shape = shapes["x"]
        size = shape.dims[check_axis(s.axis, shape, "x")]
        if not -size <= s.start < size:
            raise NodeError(
                Message(
                    "slice-start-out-of-range",
                    "entry {start} does not exist: x is {shape} and the axis has {size}",
                    start=s.start,
                    shape=shape_text(shape),
                    size=size,
                ),
                "x",
                [(_("Start at 0"), {"start": 0})],
            )
        start = s.start % size
        room = (size - start - 1) // s.step + 1
        if s.length > room:
            raise NodeError(
                Message(
                    "slice-too-long",
                    "x is {shape}: from entry {start} in steps of {step} it has {room}, not {length}",
                    shape=shape_text(shape),
                    start=start,
                    step=s.step,
                    room=room,
                    length=s.length,
                ),
                "x",
                [(_("Take {room}").format(room=room), {"length": room})],
            )
        if not s.keep_axis and s.length > 1:
            raise NodeError(
                Message("slice-axis-cannot-be-dropped", "an axis with {length} entries cannot be dropped", length=s.length),
                "x",
                [(_("Keep the axis"), {"keep_axis": True})],
            )

    def code_values(self, s: Settings, shapes: Mapping[str, Any]) -> dict[str, Any]:
        shape = shapes["x"]
        axis = check_axis(s.axis, shape, "x")
        entry = _entry(s, shape.dims[axis])
        shown = entry if isinstance(entry, int) else f"{entry.start}:{entry.stop}" + (f":{entry.step}" if entry.step > 1 else "")
        return {"entries": ", ".join([":"] * (axis + shape.batched) + [str(shown)])}


def _entries(s: Settings, x: Tensor) -> tuple[Any, ...]:
    axis = sample_axis(s, "x", s.axis, x.dim())
    return (*[slice(None)] * axis, _entry(s, x.shape[axis]))


def _entry(s: Settings, size: int) -> int | slice:
    start = s.start % size
    return slice(start, start + (s.length - 1) * s.step + 1, s.step) if s.keep_axis else start


_INDEX_LIMIT = 2.0**63
"""From here on a number does not fit the 64 bits of an index."""


class ToIndex(NodeType):
    """Rounds numbers to indices, for an Embedding or One-hot: how a category of a table enters a network. No gradient flows back.

    An index of a table's category is whole already; do not standardize it before.
    """

    key, title = "math.to_index", "To index"
    search = ("index", "category", "integer", "embedding", "round", "long")
    aliases = ("to_index",)
    inputs = (Port("x", doc="Whole numbers from 0 up."),)
    outputs = (Port("y", "index"),)
    differentiable = False
    formula = r"@y = \mathrm{round}\,@x"
    code = ("", "{x}.round().long()")

    def forward(self, s: Settings, x: Tensor) -> Tensor:
        if x.device.type != "meta" and bool((beyond := ~(x.abs() < _INDEX_LIMIT)).any()):
            raise NodeError(Message("no-index", "{number} cannot become an index", number=format(float(x[beyond][0]), ".6g")), "x")
        return x.round().long()


class OneHot(NodeType):
    """Turns a class index into a vector with a 1 at that position and 0 elsewhere. An index has no derivative: no gradient flows back."""

    key, title = "math.one_hot", "One-hot"
    search = ("onehot", "class", "encode", "indicator", "dummy", "eye")
    aliases = ("onehot",)
    inputs = (Port("x", "index", doc="Class indices 0, 1, 2 …"),)
    classes = IntSetting(10, 1, 1_000_000, help="Length of the vectors.")
    differentiable = False
    formula = r"@y = e_{@x}"
    code = ("", "F.one_hot({x}, {classes}).to({dtype})")

    def forward(self, s: Settings, x: Tensor) -> Tensor:
        if x.device.type != "meta" and x.numel() and not 0 <= int(x.min()) <= int(x.max()) < s.classes:
            raise NodeError(
                Message(
                    "one-hot-index-out-of-range",
                    "class index {index} is not among 0 … {last}: set more classes",
                    index=int(x.min() if x.min() < 0 else x.max()),
                    last=s.classes - 1,
                ),
                "x",
            )
        return (x.unsqueeze(-1) == torch.arange(s.classes, device=x.device)).to(s.dtype)
