"""Normalization: shift and scale activations to mean 0 and variance 1, then let the network undo it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.nodes.base import BoolSetting, Buffer, FloatSetting, IntSetting, NodeError, NodeType, Result, Settings
from engine.nodes.checks import dims_text
from engine.nodes.layers import FROZEN, Layer, parameter_port
from engine.numerics.lazy import torch
from graph.model.spec import Param, Port
from graph.text.messages import Message, _

if TYPE_CHECKING:
    from torch import Tensor

AFFINE = BoolSetting(True, title="Learned scale and shift", help="Multiply by γ and add β, both learned; they start at 1 and 0.")
EPS = FloatSetting(
    1e-5, 0, 1, title="ε", exclusive_minimum=True, logarithmic=True, help="Added to the variance, so that nothing is divided by 0."
)
FUNCTIONAL = "F.batch_norm({x}, {running_mean}, {running_var}, {gamma}, {beta}, self.training, {momentum}, {eps})"


class Normalized(NamedTuple):
    """What the rules need: x̂, 1/σ, the axes of mean and variance (none when these were not x's own), and γ's shape against x."""

    values: Tensor
    inverse: Tensor
    axes: tuple[int, ...]
    shape: tuple[int, ...]


def moments(x: Tensor, axes: tuple[int, ...]) -> tuple[Tensor, Tensor, Tensor]:
    """Mean, x minus mean, and biased variance (torch.var_mean over several axes takes five times as long)."""
    mean = x.mean(axes, keepdim=True)
    centred = x - mean
    return mean, centred, (centred * centred).mean(axes, keepdim=True)


def _x_rule(s: Settings, g: Tensor, y: Tensor, kept: Normalized, x: Tensor, gamma: Tensor | None, *rest: Any) -> Tensor:
    v = g if gamma is None else g * gamma.view(kept.shape)
    if kept.axes:
        v = v - v.mean(kept.axes, keepdim=True) - kept.values * (v * kept.values).mean(kept.axes, keepdim=True)
    return v * kept.inverse


class Normalization(Layer):
    """What all share: learned scale γ and shift β, and the rules."""

    parameters = (
        Param("gamma", "channels", when="affine", doc="γ, the learned scale.", bias=True),
        Param("beta", "channels", when="affine", doc="β, the learned shift.", bias=True),
    )
    formula = r"@y = <scale>\frac{@x - \mu}{\sqrt{\sigma^2 + \epsilon}}<shift>"
    formula_parts = {"scale": ("affine", {"True": r"@gamma \odot "}), "shift": ("affine", {"True": " + @beta"})}
    local_derivatives = {
        "x": r"\bar{@x} = \frac{1}{\sigma} (v - \mathrm{mean}(v) - \hat{x} \odot \mathrm{mean}(v \odot \hat{x})),"
        r" \quad v = <scale>\bar{@y}",
        "gamma": r"\bar{@gamma} = \sum \bar{@y} \odot \hat{x}",
        "beta": r"\bar{@beta} = \sum \bar{@y}",
    }
    gradients = {
        "x": _x_rule,
        "gamma": lambda s, g, y, kept, x, gamma, *rest: (g * kept.values).sum_to_size(kept.shape).view(gamma.shape),
        "beta": lambda s, g, y, kept, x, gamma, beta, *rest: g.sum_to_size(kept.shape).view(beta.shape),
    }
    code_parameters = {"gamma": "weight", "beta": "bias"}

    def result(
        self, s: Settings, centred: Tensor, var: Tensor, axes: tuple[int, ...], shape: tuple[int, ...], *affine: Tensor | None
    ) -> tuple[Tensor, Normalized]:
        inverse = torch.rsqrt(var + s.eps)
        normal = centred * inverse
        gamma, beta = affine
        y = normal if gamma is None or beta is None else normal * gamma.view(shape) + beta.view(shape)
        return y, Normalized(normal, inverse, axes, shape)

    def initial(self, s: Settings, name: str, shape: tuple[int, ...], rng: Any) -> Tensor:
        return torch.full(shape, 1.0 if name in ("gamma", "running_var") else 0.0, dtype=torch.float64)


class BatchNorm(Normalization):
    """What batch norm in one and two dimensions shares: statistics per channel, over the batch and all places."""

    momentum = FloatSetting(0.1, 0, 1, help="Weight of the newest batch in the running mean and variance.")
    eps = EPS
    affine = AFFINE
    frozen = FROZEN
    buffers = (
        Buffer("running_mean", "Mean over the batches so far, used in evaluation."),
        Buffer("running_var", "Variance over the batches so far; used in evaluation."),
    )
    code_parameters = {**Normalization.code_parameters, "running_mean": "running_mean", "running_var": "running_var"}

    def forward(
        self, s: Settings, x: Tensor, gamma: Tensor | None, beta: Tensor | None, running_mean: Tensor, running_var: Tensor
    ) -> Result:
        shape, axes = (x.shape[1], *(1,) * (x.dim() - 2)), (0, *range(2, x.dim()))
        if not s.training:
            y, kept = self.result(s, x - running_mean.view(shape), running_var.view(shape), (), shape, gamma, beta)
            return Result((y,), kept)
        mean, centred, var = moments(x, axes)
        y, kept = self.result(s, centred, var, axes, shape, gamma, beta)
        return Result((y,), kept, self.averages(s, x.numel() // x.shape[1], mean, var, running_mean, running_var))

    def averages(
        self, s: Settings, count: int, mean: Tensor, var: Tensor, running_mean: Tensor, running_var: Tensor
    ) -> dict[str, Tensor]:
        """The running averages after a batch with this mean and variance of `count` numbers per channel."""
        if count == 1:  # one number has no variance to learn from
            return {"running_mean": running_mean, "running_var": running_var}
        newest = {"running_mean": (running_mean, mean), "running_var": (running_var, var * (count / (count - 1)))}
        return {name: old + s.momentum * (new.detach().flatten() - old) for name, (old, new) in newest.items()}

    def check(self, s: Settings, shapes: Mapping[str, Any]) -> None:
        super().check(s, shapes)
        if shapes["x"] is not None and not shapes["x"].batched:
            raise NodeError(
                Message("batch-norm-on-one-sample", "batch norm compares the samples of a batch, but x is a single sample"), "x"
            )

    def parameter_shapes(self, s: Settings, x: tuple[int, ...] | None = None, **wired: Any) -> dict[str, tuple[int, ...]]:
        if x is None:
            return {}
        self.check_rank(x)
        names = ("gamma", "beta") if s.affine else ()
        return {name: (x[0],) for name in (*names, "running_mean", "running_var")}

    def check_rank(self, x: tuple[int, ...]) -> None:
        raise NotImplementedError

    def code_values(self, s: Settings, shapes: Mapping[str, Any]) -> dict[str, Any]:
        return {"channels": shapes["x"].dims[0]}


class BatchNorm1d(BatchNorm):
    """Normalizes each feature over the batch in training, with running statistics in evaluation.

    Divides by the biased variance; the running variance is the unbiased one, as in torch. Ioffe & Szegedy 2015.
    """

    key, title = "layer.batch_norm1d", "Batch norm 1d"
    search = ("batchnorm", "bn", "normalization", "batch normalization")
    inputs = (Port("x", rank=(1, 2), doc="Features, or channels × length."), parameter_port("gamma"), parameter_port("beta"))
    code = ("nn.BatchNorm1d({channels}, eps={eps}, momentum={momentum}, affine={affine})", "{self}({x})", FUNCTIONAL)

    def check_rank(self, x: tuple[int, ...]) -> None:
        if not 1 <= len(x) <= 2:
            repairs = [(_("Insert Flatten before x"), "math.flatten")] if len(x) != 3 else []
            raise NodeError(
                Message("batch-norm-input-1d", "a sample of x is {x}; Batch norm 1d takes a vector, or channels × length", x=dims_text(x)),
                "x",
                repairs,
            )


class BatchNorm2d(BatchNorm):
    """Normalizes each channel of images over the batch and all positions in training, with running statistics in evaluation.

    Divides by the biased variance; the running variance is the unbiased one, as in torch. Ioffe & Szegedy 2015.
    """

    key, title = "layer.batch_norm2d", "Batch norm 2d"
    search = ("batchnorm", "bn", "normalization", "batch normalization", "image", "cnn")
    inputs = (Port("x", rank=(3, 3), doc="Images: channels × height × width."), parameter_port("gamma"), parameter_port("beta"))
    code = ("nn.BatchNorm2d({channels}, eps={eps}, momentum={momentum}, affine={affine})", "{self}({x})", FUNCTIONAL)

    def check_rank(self, x: tuple[int, ...]) -> None:
        if len(x) != 3:
            raise NodeError(
                Message(
                    "batch-norm-input-2d", "a sample of x is {x}; Batch norm 2d takes images, channels × height × width", x=dims_text(x)
                ),
                "x",
            )


class RunningAverage(NodeType):
    """In training, passes on a statistic of the batch and averages it over the batches; in evaluation, gives that average.

    With the mean and the variance of a batch, this is what batch norm does to be independent of the other samples in evaluation.
    """

    key, title, default_name = "layer.running_average", "Running average", "running"
    category = "layers"
    search = ("running mean", "moving average", "ema", "batch norm", "statistics")
    inputs = (
        Port("x", doc="One value for all samples, such as a mean over the batch."),
        Port("over", optional=True, doc="The values that x is a statistic of. Only their number is used; no gradient flows back to them."),
    )
    momentum = FloatSetting(0.1, 0, 1, help="Weight of the newest batch in the average.")
    start = FloatSetting(0.0, help="The average before any batch.")
    unbiased = BoolSetting(
        False, help="x is a variance: average n/(n − 1) times x, where n is how many numbers of over went into one number of x."
    )
    buffers = (Buffer("running", "m, the average over the batches so far; given in evaluation."),)
    formula = r"@y = @x, \quad m \leftarrow m + \rho\,(@x - m)"
    local_derivatives = {"x": r"\bar{@x} = \bar{@y}", "over": r"\bar{@over} = 0"}
    gradients = {
        "x": lambda s, g, y, kept, x, *rest: g if s.training else torch.zeros_like(x),
        "over": lambda s, g, y, kept, x, over, running: torch.zeros_like(over),
    }
    flow = "entries"
    code = ("", "({running}.lerp_({x}.detach(), {momentum}), {x})[1] if self.training else {running}")

    def forward(self, s: Settings, x: Tensor, over: Tensor | None, running: Tensor) -> Result:
        if not s.training:
            return Result((running.clone(),))
        count = 0 if over is None else over.numel() // max(1, x.numel())
        if count == 1:  # one number has no variance to learn from
            return Result((x,), None, {"running": running})
        newest = x.detach() * (count / (count - 1)) if s.unbiased and count else x.detach()
        return Result((x,), None, {"running": running + s.momentum * (newest - running)})

    def depends(self, s: Settings, name: str, connected: frozenset[str]) -> bool:
        """Afterwards the average is given, whatever x is; what x is a statistic of is only counted."""
        return name == "x" and s.training

    def check(self, s: Settings, shapes: Mapping[str, Any]) -> None:
        if shapes["x"].batched:
            raise NodeError(
                Message(
                    "running-average-of-a-batch",
                    "the average is of one value for all samples; x differs from sample to sample: take its Mean first",
                ),
                "x",
            )

    def parameter_shapes(self, s: Settings, x: tuple[int, ...] | None = None, **inputs: Any) -> dict[str, tuple[int, ...]]:
        return {} if x is None else {"running": x}

    def initial(self, s: Settings, name: str, shape: tuple[int, ...], rng: Any) -> Tensor:
        return torch.full(shape, s.start, dtype=torch.float64)

    def code_for(self, s: Settings, shapes: Mapping[str, Any]) -> tuple[str, ...]:
        if shapes["over"] is None:
            return self.code
        newest = "{x}.detach()" + (" * ({over}.numel() / max({over}.numel() - {x}.numel(), 1))" if s.unbiased else "")
        share = "{momentum} * ({over}.numel() > {x}.numel())"
        return "", f"({{running}}.lerp_({newest}, {share}), {{x}})[1] if self.training else {{running}}"


class LayerNorm(Normalization):
    """Normalizes every sample by itself, over its last dimensions: the same in training and evaluation.

    Ba, Kiros & Hinton 2016.
    """

    key, title, default_name = "layer.layer_norm", "Layer norm", "layer_norm"
    search = ("layernorm", "ln", "normalization", "transformer")
    inputs = (Port("x", rank=(1, None)), parameter_port("gamma"), parameter_port("beta"))
    dimensions = IntSetting(1, 1, 8, help="How many of the sample's last dimensions are normalized together.")
    eps = EPS
    affine = AFFINE
    frozen = FROZEN
    code = (
        "nn.LayerNorm({normalized}, eps={eps}, elementwise_affine={affine})",
        "{self}({x})",
        "F.layer_norm({x}, {normalized}, {gamma}, {beta}, {eps})",
    )

    def forward(self, s: Settings, x: Tensor, gamma: Tensor | None, beta: Tensor | None) -> Result:
        axes, shape = tuple(range(-s.dimensions, 0)), tuple(x.shape[-s.dimensions :])
        _, centred, var = moments(x, axes)
        y, kept = self.result(s, centred, var, axes, shape, gamma, beta)
        return Result((y,), kept)

    def parameter_shapes(self, s: Settings, x: tuple[int, ...] | None = None, **wired: Any) -> dict[str, tuple[int, ...]]:
        if x is None:
            return {}
        if not 1 <= s.dimensions <= len(x):
            repairs = [(_("Normalize over {x}").format(x=len(x)), {"dimensions": len(x)})] if x else []
            raise NodeError(
                Message(
                    "layer-norm-axes",
                    "a sample of x is {x}; there are no {dimensions} last axes to normalize over",
                    x=dims_text(x),
                    dimensions=s.dimensions,
                ),
                "x",
                repairs,
            )
        return {name: x[-s.dimensions :] for name in (("gamma", "beta") if s.affine else ())}

    def code_values(self, s: Settings, shapes: Mapping[str, Any]) -> dict[str, Any]:
        return {"normalized": list(shapes["x"].dims[-s.dimensions :])}
