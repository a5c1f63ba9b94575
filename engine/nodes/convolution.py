"""Convolution and pooling over images: channels × height × width per sample."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from engine.nodes.base import IntSetting, NodeError, NodeType, Result, Settings
from engine.nodes.checks import dims_text
from engine.nodes.layers import BIAS, FROZEN, INITIALISATION, Layer, parameter_port
from engine.numerics.lazy import F, torch
from graph.model.spec import Category, Param, Port
from graph.text.messages import Message, _

if TYPE_CHECKING:
    from torch import Tensor

MANY_CHANNELS = 8
"""From so many channels on, max pooling looks at them side by side."""
IMAGES = Port("x", rank=(3, 3), doc="Images: channels × height × width.")


def slid(s: Settings, dims: tuple[int, ...], stride: int) -> tuple[int, int]:
    """Height and width after a window has slid over images of `dims`. Raises NodeError when there is no room for it."""
    if len(dims) != 3:
        side = math.isqrt(dims[0]) if len(dims) == 1 else 0
        whole = [1, side, side] if side > 1 and side * side == dims[0] else [1, *dims] if len(dims) == 2 else []
        repairs = (
            [(_("Insert Reshape to {whole} before x").format(whole=dims_text(whole)), ("math.reshape", {"shape": whole}))] if whole else []
        )
        raise NodeError(
            Message("sample-is-no-image", "this takes images, channels × height × width; a sample of x is {dims}", dims=dims_text(dims)),
            "x",
            repairs,
        )
    sizes = tuple((size + 2 * s.padding - s.kernel_size) // stride + 1 for size in dims[1:])
    if min(sizes) < 1:
        fits = min(dims[1:]) + 2 * s.padding
        raise NodeError(
            Message(
                "window-larger-than-image",
                "a {window} × {window} window does not fit into images of {height} × {width} with padding {padding}",
                window=s.kernel_size, height=dims[1], width=dims[2], padding=s.padding,
            ),
            "x", [(_("Make the window {fits} × {fits}").format(fits=fits), {"kernel_size": fits})],
        )  # fmt: skip
    return sizes[0], sizes[1]


def as_batch(t: Tensor) -> Tensor:
    """A single image as a batch of one."""
    return t if t.dim() == 4 else t.unsqueeze(0)


def _backward(s: Settings, g: Tensor, x: Tensor, W: Tensor, *, images: bool) -> Any:
    """The gradient of the images, or that of the filters. (`torch.nn.grad` does the same with a made-up tensor in the place of the one
    that is not needed, and copies it.)"""
    stride, padding = [s.stride] * 2, [s.padding] * 2
    backward = torch.ops.aten.convolution_backward
    found = backward(as_batch(g), as_batch(x), W, None, stride, padding, [1, 1], False, [0, 0], 1, [images, not images, False])
    return found[0].view_as(x) if images else found[1]


class Conv2d(Layer):
    """Slides small learned filters over images: every output channel is the response of one filter at every position.

    As everywhere in deep learning the filter is not flipped (mathematically: a cross-correlation).
    """

    key, title, default_name = "layer.conv2d", "Conv2d", "conv"
    search = ("convolution", "cnn", "filter", "kernel", "image")
    inputs = (IMAGES, parameter_port("W"), parameter_port("b"))
    out_channels = IntSetting(8, 1, 65536, title="Channels", help="How many filters.")
    kernel_size = IntSetting(3, 1, 1024, title="Kernel size", help="Height and width of the filters.")
    stride = IntSetting(1, 1, 1024, help="How far the filter moves at each step.")
    padding = IntSetting(0, 0, 1024, help="Rows and columns of zeros around the image.")
    bias = BIAS
    initialisation = INITIALISATION
    frozen = FROZEN
    parameters = (
        Param("W", "out × in × size × size", doc="The filters."),
        Param("b", "out", when="bias", doc="The bias of each output channel.", bias=True),
    )
    formula = r"{@y}_c = \sum_k {@W}_{ck} \star {@x}_k<bias>"
    formula_parts = {"bias": ("bias", {"True": " + {@b}_c"})}
    local_derivatives = {
        "x": r"\bar{@x}_k = \sum_c {@W}_{ck} \ast \bar{@y}_c",
        "W": r"\bar{@W}_{ck} = \sum \bar{@y}_c \star {@x}_k",
        "b": r"\bar{@b}_c = \sum \bar{@y}_c",
    }
    gradients = {
        "x": lambda s, g, y, kept, x, W, b: _backward(s, g, x, W, images=True),
        "W": lambda s, g, y, kept, x, W, b: _backward(s, g, x, W, images=False),
        "b": lambda s, g, y, kept, x, W, b: as_batch(g).sum((0, 2, 3)),
    }
    flow = "products"
    code = (
        "nn.Conv2d({in_channels}, {out_channels}, {kernel_size}, stride={stride}, padding={padding}, bias={bias})",
        "{self}({x})",
        "F.conv2d({x}, {W}, {b}, stride={stride}, padding={padding})",
    )
    code_parameters = {"W": "weight", "b": "bias"}

    def forward(self, s: Settings, x: Tensor, W: Tensor, b: Tensor | None) -> Tensor:
        return F.conv2d(x, W, b, s.stride, s.padding)

    def parameter_shapes(self, s: Settings, x: tuple[int, ...] | None = None, **wired: Any) -> dict[str, tuple[int, ...]]:
        if x is None:
            return {}
        slid(s, x, s.stride)
        return {"W": (s.out_channels, x[0], s.kernel_size, s.kernel_size), **({"b": (s.out_channels,)} if s.bias else {})}

    def code_values(self, s: Settings, shapes: Mapping[str, Any]) -> dict[str, Any]:
        return {"in_channels": shapes["x"].dims[0]}


class Pooling(NodeType):
    """What both poolings share: a window that moves by its own size unless a stride is given."""

    category: ClassVar[Category] = "layers"
    inputs = (IMAGES,)
    kernel_size = IntSetting(2, 1, 1024, title="Window", help="Height and width of the window.")
    stride = IntSetting(0, 0, 1024, help="How far the window moves at each step; 0: by its own size.")
    padding = IntSetting(0, 0, 1024, help="Rows and columns around the image; at most half the window.")

    def check(self, s: Settings, shapes: Mapping[str, Any]) -> None:
        if 2 * s.padding > s.kernel_size:
            half = s.kernel_size // 2
            raise NodeError(
                Message("padding-too-large", "padding is at most half the window, {half}", half=half),
                "",
                [(_("Set padding to {half}").format(half=half), {"padding": half})],
            )
        if shapes["x"] is not None:
            slid(s, shapes["x"].dims, step(s))

    def code_values(self, s: Settings, shapes: Mapping[str, Any]) -> dict[str, Any]:
        return {"step": step(s)}


def step(s: Settings) -> int:
    return int(s.stride or s.kernel_size)


def _channels_last(x: Tensor) -> Tensor:
    """The same images with their channels side by side in memory, where torch compares many at once: on the CPU it then takes a sixth of
    the time to find the largest numbers, and finds the same ones."""
    if x.dim() < 4 or x.shape[1] < MANY_CHANNELS or x.device.type != "cpu" or torch._C._functorch.is_functorch_wrapped_tensor(x):
        return x
    return x.contiguous(memory_format=torch.channels_last)


class MaxPool2d(Pooling):
    """Keeps the largest number of every window. In the backward pass that number alone receives the gradient."""

    key, title, default_name = "layer.max_pool2d", "Max pooling", "max_pool"
    search = ("pool", "subsample", "downsample", "image", "cnn")
    formula = r"{@y}_{ij} = \max_{\mathrm{window}\;ij} @x"
    local_derivatives = {"x": r"\bar{@x}_k = \sum_{ij} \bar{@y}_{ij}\,[k = \mathrm{argmax}_{\mathrm{window}\;ij} @x]"}
    gradients = {
        "x": lambda s, g, y, places, x: torch.zeros_like(x).flatten(-2).scatter_add(-1, places.flatten(-2), g.flatten(-2)).view_as(x)
    }
    flow = "selection"
    code = ("nn.MaxPool2d({kernel_size}, stride={step}, padding={padding})", "{self}({x})")

    def forward(self, s: Settings, x: Tensor) -> Result:
        y, places = F.max_pool2d(_channels_last(x), s.kernel_size, step(s), s.padding, return_indices=True)
        return Result((y.contiguous(),), places.contiguous())


def _spread(s: Settings, g: Tensor, x: Tensor) -> Tensor:
    """Every number's window receives 1/k² of it; where windows overlap, the sum."""
    area, places = s.kernel_size**2, g.shape[-2] * g.shape[-1]
    columns = (as_batch(g) / area).flatten(2).unsqueeze(2).expand(-1, -1, area, -1).reshape(-1, x.shape[-3] * area, places)
    return F.fold(columns, x.shape[-2:], s.kernel_size, padding=s.padding, stride=step(s)).view_as(x)


class AvgPool2d(Pooling):
    """The mean of every window. In the backward pass the gradient is spread evenly over the window."""

    key, title, default_name = "layer.avg_pool2d", "Average pooling", "avg_pool"
    search = ("pool", "mean", "subsample", "downsample", "image", "cnn")
    formula = r"{@y}_{ij} = \frac{1}{k^2} \sum_{\mathrm{window}\;ij} @x"
    local_derivatives = {"x": r"\bar{@x}_k = \frac{1}{k^2} \sum_{ij} \bar{@y}_{ij}\,[k \in \mathrm{window}\;ij]"}
    gradients = {"x": lambda s, g, y, kept, x: _spread(s, g, x)}
    flow = "sums"
    code = ("nn.AvgPool2d({kernel_size}, stride={step}, padding={padding})", "{self}({x})")

    def forward(self, s: Settings, x: Tensor) -> Tensor:
        return F.avg_pool2d(x, s.kernel_size, step(s), s.padding)
