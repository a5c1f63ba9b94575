"""From many numbers to few: sum, mean, norm. Axes count sample dimensions; the batch takes part only when that is switched on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.nodes.base import BoolSetting, ChoiceSetting, IntsSetting, NodeError, NodeType, Settings
from engine.nodes.checks import check_axis, reduced_axes
from engine.nodes.math_elementwise import signs
from engine.numerics.lazy import torch
from graph.model.spec import Port
from graph.text.messages import Message, _

if TYPE_CHECKING:
    from torch import Tensor

_OVER = {"False": r"i", "True": r"n,\, i"}
"""What a sum runs over: i counts the chosen axes of a sample, n the samples of the batch."""


class Reduction(NodeType):
    """What reductions share: which axes, whether they stay with size 1, and whether the batch takes part."""

    inputs = (Port("x"),)
    axes = IntsSetting((), help="Axes of a sample, counted from 0; −1 is the last one. Empty: all of them.")
    keep_axes = BoolSetting(False, help="Keep the reduced axes with size 1, so that the result broadcasts back.")
    over_batch = BoolSetting(False, help="Also run over the samples of the batch: one result for all of them.")
    formula_parts = {"over": ("over_batch", _OVER)}
    code_without_axes = "{x}"

    def check(self, s: Settings, shapes: Mapping[str, Any]) -> None:
        shape = shapes["x"]
        axes = [check_axis(axis, shape, "x", "axes") for axis in s.axes]
        if len(set(axes)) < len(axes):
            raise NodeError(
                Message("axes-name-same-axis-twice", "axes {axes} name the same axis twice", axes=list(s.axes)),
                "x",
                [(_("Reduce over all axes"), {"axes": []})],
            )

    def code_for(self, s: Settings, shapes: Mapping[str, Any]) -> tuple[str, ...]:
        """A single number has no axes, which torch would take for all of them, the batch included."""
        return self.code if self.code_values(s, shapes)["reduced"] else ("", self.code_without_axes)

    def code_values(self, s: Settings, shapes: Mapping[str, Any]) -> dict[str, Any]:
        shape = shapes["x"]
        return {"reduced": reduced_axes(shape.batched, len(shape.dims) + shape.batched, s.axes, s.over_batch)}


def _axes(s: Settings, x: Tensor) -> tuple[int, ...]:
    return reduced_axes("x" in s.batched, x.dim(), s.axes, s.over_batch)


def _spread(s: Settings, t: Tensor, x: Tensor) -> Tensor:
    """A reduced tensor with its axes put back (size 1)."""
    return t if s.keep_axes else t.reshape([1 if i in _axes(s, x) else size for i, size in enumerate(x.shape)])


class Sum(Reduction):
    """Adds up the entries. Going backward, every entry receives the same gradient: that of the sum."""

    key, title = "math.sum", "Sum"
    search = ("Σ", "total", "reduce", "add up")
    aliases = ("Σ", "total")
    formula = r"@y = \sum_{<over>} {@x}_{<over>}"
    local_derivatives = {"x": r"\bar{@x}_{<over>} = \bar{@y}"}
    gradients = {"x": lambda s, g, y, kept, x: _spread(s, g, x).expand_as(x)}
    flow = "sums"
    code = ("", "{x}.sum({reduced}, keepdim={keep_axes})")

    def forward(self, s: Settings, x: Tensor) -> Tensor:
        axes = _axes(s, x)
        return x.sum(axes, keepdim=s.keep_axes) if axes else x


class Mean(Reduction):
    """The average of the entries. Going backward, each receives an equal share of the gradient."""

    key, title = "math.mean", "Mean"
    search = ("average", "avg", "expectation", "reduce")
    aliases = ("average", "avg")
    formula = r"@y = \frac{1}{m} \sum_{<over>} {@x}_{<over>}"
    local_derivatives = {"x": r"\bar{@x}_{<over>} = \frac{1}{m} \bar{@y}"}
    gradients = {"x": lambda s, g, y, kept, x: (_spread(s, g, x) / (x.numel() // max(1, g.numel()))).expand_as(x)}
    flow = "sums"
    code = ("", "{x}.mean({reduced}, keepdim={keep_axes})")

    def forward(self, s: Settings, x: Tensor) -> Tensor:
        axes = _axes(s, x)
        return x.mean(axes, keepdim=s.keep_axes) if axes else x


class Largest(Reduction):
    """The largest of the entries. Going backward, that entry receives the whole gradient; where several are equally large, equal shares."""

    key, title = "math.largest", "Largest"
    search = ("max", "maximum", "amax", "top", "reduce")
    aliases = ("amax",)
    formula = r"@y = \max_{<over>} {@x}_{<over>}"
    local_derivatives = {"x": r"\bar{@x}_{<over>} = \bar{@y} \cdot \frac{1}{k}\,[{@x}_{<over>} = @y]"}
    flow = "selection"
    code = ("", "{x}.amax({reduced}, keepdim={keep_axes})")

    def forward(self, s: Settings, x: Tensor) -> Tensor:
        axes = _axes(s, x)
        return x.amax(axes, keepdim=s.keep_axes) if axes else x

    @staticmethod
    def _rule(s: Settings, g: Tensor, y: Tensor, kept: Any, x: Tensor) -> Tensor:
        chosen = x == _spread(s, y, x)
        return chosen * (_spread(s, g, x) / chosen.sum(_axes(s, x), keepdim=True)) if _axes(s, x) else g

    gradients = {"x": _rule}


class Norm(Reduction):
    """The length of a vector: Euclidean by default, or the sum, or the largest, of the absolute values.

    At the origin there is a kink; the gradient there is taken as 0.
    """

    key, title = "math.norm", "Norm"
    search = ("‖x‖", "length", "magnitude", "euclidean", "frobenius", "L2", "L1")
    p = ChoiceSetting(
        "2", ("1", "2", "inf"), title="Kind", help="2: Euclidean. 1: sum of absolute values. inf: the largest absolute value."
    )
    formula_parts = {
        "norm": (
            "p",
            {"1": r"\sum_{<over>} |{@x}_{<over>}|", "2": r"\sqrt{\sum_{<over>} {@x}_{<over>}^2}", "inf": r"\max_{<over>} |{@x}_{<over>}|"},
        ),
        "slope": ("p", {"1": r"\mathrm{sign}(@x)", "2": r"\frac{@x}{@y}", "inf": r"\mathrm{sign}(@x)\,[|@x| = @y]"}),
        **Reduction.formula_parts,  # last: the parts above contain its place
    }
    formula = r"@y = <norm>"
    local_derivatives = {"x": r"\bar{@x} = \bar{@y} \cdot <slope>"}
    code = ("", "torch.linalg.vector_norm({x}, float({p}), {reduced}, keepdim={keep_axes})")
    code_without_axes = "torch.abs({x})"

    def forward(self, s: Settings, x: Tensor) -> Tensor:
        axes = _axes(s, x)
        return torch.linalg.vector_norm(x, float(s.p), axes, keepdim=s.keep_axes) if axes else x.abs()

    @staticmethod
    def _rule(s: Settings, g: Tensor, y: Tensor, kept: Any, x: Tensor) -> Tensor:
        g, y = _spread(s, g, x), _spread(s, y, x)
        if s.p == "1" or not _axes(s, x):
            return g * signs(x)
        if s.p == "2":
            return g * torch.where(y == 0, 0.0, x / y)  # x / y is at most 1, where g / y overflows for the smallest y
        largest = x.abs() == y
        return signs(x) * largest * (g / largest.sum(_axes(s, x), keepdim=True))

    gradients = {"x": _rule}


class LogSumExp(Reduction):
    """A smooth maximum: the logarithm of the sum of the exponentials, computed without overflow. Its gradient is the softmax."""

    key, title = "math.logsumexp", "LogSumExp"
    search = ("log-sum-exp", "smooth maximum", "softmax", "partition function", "lse")
    formula = r"@y = \ln \sum_{<over>} e^{{@x}_{<over>}}"
    local_derivatives = {"x": r"\bar{@x}_{<over>} = \bar{@y} \cdot e^{{@x}_{<over>} - @y}"}
    gradients = {"x": lambda s, g, y, kept, x: _spread(s, g, x) * torch.exp(x - _spread(s, y, x))}
    code = ("", "torch.logsumexp({x}, {reduced}, keepdim={keep_axes})")

    def forward(self, s: Settings, x: Tensor) -> Tensor:
        axes = _axes(s, x)
        return torch.logsumexp(x, axes, keepdim=s.keep_axes) if axes else x


class Smallest(Reduction):
    """The smallest of the entries. Going backward, that entry receives the whole gradient; several equally small ones, equal shares."""

    key, title = "math.smallest", "Smallest"
    search = ("min", "minimum", "amin", "bottom", "reduce")
    aliases = ("amin",)
    formula = r"@y = \min_{<over>} {@x}_{<over>}"
    local_derivatives = {"x": r"\bar{@x}_{<over>} = \bar{@y} \cdot \frac{1}{k}\,[{@x}_{<over>} = @y]"}
    gradients = Largest.gradients
    flow = "selection"
    code = ("", "{x}.amin({reduced}, keepdim={keep_axes})")

    def forward(self, s: Settings, x: Tensor) -> Tensor:
        axes = _axes(s, x)
        return x.amin(axes, keepdim=s.keep_axes) if axes else x
