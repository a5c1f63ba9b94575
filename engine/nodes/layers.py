"""Layers with weights (Linear, Embedding, recurrent step), and dropout."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from engine.nodes.base import BoolSetting, ChoiceSetting, FloatSetting, IntSetting, NodeError, NodeType, Result, Settings
from engine.nodes.checks import dims_text
from engine.nodes.initialise import fans, initialise
from engine.numerics.lazy import F, torch
from engine.numerics.rng import uniform
from graph.model.spec import Category, Param, Port
from graph.text.messages import Message, _

if TYPE_CHECKING:
    from torch import Tensor

WEIGHT_KINDS = ("default", "kaiming_uniform", "kaiming_normal", "xavier_uniform", "xavier_normal", "normal", "uniform", "zeros", "ones")
INITIALISATION = ChoiceSetting(
    "default",
    WEIGHT_KINDS,
    help=(
        "How the weights are initialised. Default: as in PyTorch. Kaiming suits ReLU, Xavier suits tanh and sigmoid. All except the "
        "default start the bias at 0."
    ),
)
FROZEN = BoolSetting(False, help="The optimizer does not change the weights. Their gradients are still shown.")
FLATTEN = ("Insert Flatten before x", "math.flatten")
BIAS = BoolSetting(True, help="Add a learned bias.")


def draw_weight(kind: str, shape: tuple[int, ...], rng: Any) -> Tensor:
    """Default: U(±1/√in), what torch's kaiming_uniform_(a=√5) comes to. Normal: standard deviation 0.1; uniform: ±0.1."""
    inward, outward = fans(shape)
    if kind == "default":
        return initialise("uniform", shape, rng, 1 / math.sqrt(inward))
    if kind in ("kaiming_normal", "xavier_normal"):
        return initialise("normal", shape, rng, math.sqrt(2 / (inward if kind == "kaiming_normal" else inward + outward)))
    return initialise(kind, shape, rng, 0.1)


def draw_bias(s: Settings, shape: tuple[int, ...], rng: Any, weight: str = "W") -> Tensor:
    """U(±1/√in) under the default, as torch draws it; else 0."""
    if s.initialisation == "default" and weight in s.shapes:
        return initialise("uniform", shape, rng, 1 / math.sqrt(fans(s.shapes[weight])[0]))
    return initialise("zeros", shape, rng)


class Layer(NodeType):
    """What layers share: their parameters are also inputs, and what is wired there replaces the layer's own."""

    category: ClassVar[Category] = "layers"

    def check(self, s: Settings, shapes: Mapping[str, Any]) -> None:
        expected = self.parameter_shapes(s, **{name: None if shape is None else shape.dims for name, shape in shapes.items()})
        for parameter in self.parameters:
            if parameter.name not in expected and shapes.get(parameter.name) is not None:
                repair = (_("Switch {name} on").format(name=parameter.name), {parameter.when: True})
                raise NodeError(
                    Message("wired-parameter-switched-off", "something is wired to {name}, which is switched off", name=parameter.name),
                    parameter.name,
                    [repair],
                )

    def initial(self, s: Settings, name: str, shape: tuple[int, ...], rng: Any) -> Tensor:
        return draw_bias(s, shape, rng) if name == "b" else draw_weight(s.initialisation, shape, rng)


def parameter_port(name: str) -> Port:
    return Port(name, optional=True, parameter=True, doc=f"A Parameter wired here replaces the layer's own {name}.")


def rows(t: Tensor) -> Tensor:
    """All axes but the last as one."""
    return t if t.dim() == 2 else t.reshape(-1, t.shape[-1])


class Linear(Layer):
    """Affine map with learned weight and bias: every output is a weighted sum of all inputs, plus a bias.

    W is out × in, as in lectures and in torch: one sample is Wx + b. A batch has its samples as rows, hence x Wᵀ.
    """

    key, title = "layer.linear", "Linear"
    search = ("dense", "fully connected", "affine", "perceptron", "fc")
    aliases = ("dense", "affine", "fc")
    inputs = (Port("x", rank=(1, 2)), parameter_port("W"), parameter_port("b"))
    out_features = IntSetting(8, 1, 1_000_000, title="Outputs", help="How many numbers each sample gives.")
    bias = BIAS
    initialisation = INITIALISATION
    frozen = FROZEN
    parameters = (
        Param("W", "out × in", doc="The weights: one row per output."), Param("b", "out", when="bias", doc="The bias.", bias=True),
    )  # fmt: skip
    formula = r"@y = @x\,@W^\top<bias>"
    formula_parts = {"bias": ("bias", {"True": " + @b"})}
    local_derivatives = {
        "x": r"\bar{@x} = \bar{@y}\,@W",
        "W": r"\bar{@W} = \bar{@y}^\top @x",
        "b": r"\bar{@b} = \sum \bar{@y}",
    }
    gradients = {
        "x": lambda s, g, y, kept, x, W, b: g @ W,
        "W": lambda s, g, y, kept, x, W, b: rows(g).T @ rows(x),
        "b": lambda s, g, y, kept, x, W, b: rows(g).sum(0),
    }
    flow = "products"
    code = ("nn.Linear({in_features}, {out_features}, bias={bias})", "{self}({x})", "F.linear({x}, {W}, {b})")
    code_parameters = {"W": "weight", "b": "bias"}

    def forward(self, s: Settings, x: Tensor, W: Tensor, b: Tensor | None) -> Tensor:
        return F.linear(x, W, b)

    def parameter_shapes(self, s: Settings, x: tuple[int, ...] | None = None, **wired: Any) -> dict[str, tuple[int, ...]]:
        if x is None:
            return {}
        if not x:
            raise NodeError(Message("linear-input-is-a-number", "x is one number per sample; Linear needs a vector"), "x", [FLATTEN])
        if len(x) > 2:
            raise NodeError(
                Message("linear-input-not-a-vector", "a sample of x is {x}; Linear needs a vector", x=dims_text(x)), "x", [FLATTEN]
            )
        return {"W": (s.out_features, x[-1]), **({"b": (s.out_features,)} if s.bias else {})}

    def code_values(self, s: Settings, shapes: Mapping[str, Any]) -> dict[str, Any]:
        return {"in_features": shapes["x"].dims[-1]}


class Embedding(Layer):
    """A learned vector for each of a number of things: an index goes in, its row of the table comes out."""

    key, title = "layer.embedding", "Embedding"
    search = ("lookup", "table", "token", "word vector", "one-hot times matrix")
    inputs = (Port("x", "index"), parameter_port("W"))
    count = IntSetting(10, 1, 10_000_000, title="Things", help="Number of different indices: 0 to this number minus 1.")
    dimension = IntSetting(2, 1, 100_000, help="Length of each vector.")
    initialisation = ChoiceSetting(
        "default", WEIGHT_KINDS, help="How the vectors are initialised. Default: standard normal, as in PyTorch."
    )
    frozen = FROZEN
    parameters = (Param("W", "count × dimension", doc="The table: one row per index."),)
    formula = r"@y = {@W}_{@x}"
    local_derivatives = {"W": r"\bar{@W}_i = \sum_{@x = i} \bar{@y}"}
    gradients = {"W": lambda s, g, y, kept, x, W: torch.zeros_like(W).index_add(0, x.flatten(), g.reshape(-1, W.shape[1]))}
    flow = "selection"
    code = ("nn.Embedding({count}, {dimension})", "{self}({x})", "F.embedding({x}, {W})")
    code_parameters = {"W": "weight"}

    def forward(self, s: Settings, x: Tensor, W: Tensor) -> Tensor:
        try:
            return F.embedding(x, W)
        except IndexError:
            raise NodeError(
                Message(
                    "embedding-index-out-of-range",
                    "the table has rows 0 to {last}, but indices go from {min} to {max}",
                    last=W.shape[0] - 1,
                    min=int(x.min()),
                    max=int(x.max()),
                ),
                "x",
                [(_("Give the table {count} rows").format(count=int(x.max()) + 1), {"count": int(x.max()) + 1})]
                if int(x.min()) >= 0
                else [],
            ) from None

    def parameter_shapes(self, s: Settings, **inputs: Any) -> dict[str, tuple[int, ...]]:
        return {"W": (s.count, s.dimension)}

    def initial(self, s: Settings, name: str, shape: tuple[int, ...], rng: Any) -> Tensor:
        return initialise("normal", shape, rng) if s.initialisation == "default" else draw_weight(s.initialisation, shape, rng)


def _slope(s: Settings, g: Tensor, y: Tensor) -> Tensor:
    """The gradient before the activation; every choice knows its slope from its output."""
    if s.activation == "relu":
        return torch.where(y > 0, g, 0.0)
    return g * (1 - y * y) if s.activation == "tanh" else g * y * (1 - y) if s.activation == "sigmoid" else g


class Recurrent(Layer):
    """One step of a recurrent network: the new state is made of the input and the previous state.

    Chain several that share W, U and b (wire the same Parameters into each) to unroll a recurrence. Without a previous state h is 0.
    """

    key, title, default_name = "layer.recurrent", "Recurrent step", "step"
    search = ("rnn", "cell", "elman", "state", "hidden", "sequence", "time")
    inputs = (Port("x", rank=(1, 1)), Port("h", rank=(1, 1), optional=True), *map(parameter_port, "WUb"))
    hidden = IntSetting(8, 1, 100_000, title="State size", help="How many numbers the state has.")
    activation = ChoiceSetting("tanh", ("tanh", "relu", "sigmoid", "identity"), help="What is applied to the sum.")
    bias = BIAS
    initialisation = ChoiceSetting("default", WEIGHT_KINDS, help="How W and U are initialised. Default: U(±1/√hidden), as in PyTorch.")
    frozen = FROZEN
    parameters = (
        Param("W", "hidden × in", doc="Weights of the input."),
        Param("U", "hidden × hidden", doc="Weights of the previous state."),
        Param("b", "hidden", when="bias", doc="The bias.", bias=True),
    )
    formula = r"@y = <activation>(@x\,@W^\top + @h\,@U^\top<bias>)"
    formula_parts = {
        "bias": ("bias", {"True": " + @b"}),
        "activation": ("activation", {"tanh": r"\tanh", "relu": r"\mathrm{relu}", "sigmoid": r"\sigma"}),
        "slope": ("activation", {"tanh": r" \odot (1 - @y^2)", "sigmoid": r" \odot @y \odot (1 - @y)", "relu": r" \odot [@y > 0]"}),
    }
    local_derivatives = {
        "x": r"\bar{@x} = \delta\,@W, \quad \delta = \bar{@y}<slope>",
        "h": r"\bar{@h} = \delta\,@U, \quad \delta = \bar{@y}<slope>",
        "W": r"\bar{@W} = \delta^\top @x, \quad \delta = \bar{@y}<slope>",
        "U": r"\bar{@U} = \delta^\top @h, \quad \delta = \bar{@y}<slope>",
        "b": r"\bar{@b} = \sum \delta, \quad \delta = \bar{@y}<slope>",
    }
    gradients = {
        "x": lambda s, g, y, kept, x, h, W, U, b: _slope(s, g, y) @ W,
        "h": lambda s, g, y, kept, x, h, W, U, b: _slope(s, g, y) @ U,
        "W": lambda s, g, y, kept, x, h, W, U, b: rows(_slope(s, g, y)).T @ rows(x.expand(*g.shape[:-1], -1)),
        "U": lambda s, g, y, kept, x, h, W, U, b: rows(_slope(s, g, y)).T @ rows(h.expand_as(g)),
        "b": lambda s, g, y, kept, x, h, W, U, b: rows(_slope(s, g, y)).sum(0),
    }
    code_parameters = {"W": "x.weight", "U": "h.weight", "b": "x.bias"}
    code = (
        "nn.ModuleDict({'x': nn.Linear({in_features}, {hidden}, bias={bias}), 'h': nn.Linear({hidden}, {hidden}, bias=False)})",
        "{apply}({self}['x']({x}) + {self}['h']({h}))",
        "{apply}(F.linear({x}, {W}, {b}) + F.linear({h}, {U}))",
    )

    def forward(self, s: Settings, x: Tensor, h: Tensor | None, W: Tensor, U: Tensor, b: Tensor | None) -> Tensor:
        total = F.linear(x, W, b) if h is None else F.linear(x, W, b) + F.linear(h, U)
        return total if s.activation == "identity" else getattr(torch, s.activation)(total)

    def depends(self, s: Settings, name: str, connected: frozenset[str]) -> bool:
        """Without a previous state there is nothing that U multiplies."""
        return name != "U" or "h" in connected

    def parameter_shapes(self, s: Settings, x: Any = None, h: Any = None, **wired: Any) -> dict[str, tuple[int, ...]]:
        if x is None:
            return {}
        if len(x) != 1:
            raise NodeError(
                Message("recurrent-input-not-a-vector", "a sample of x is {x}; a recurrent step needs a vector", x=dims_text(x)),
                "x",
                [FLATTEN],
            )
        if h is not None and h != (s.hidden,):
            repairs = [(_("Set the state size to {size}").format(size=h[0]), {"hidden": h[0]})] if len(h) == 1 else []
            raise NodeError(
                Message(
                    "recurrent-state-size",
                    "the state has {hidden} numbers per sample, but the previous state that arrives is {h}",
                    hidden=s.hidden,
                    h=dims_text(h),
                ),
                "h",
                repairs,
            )
        return {"W": (s.hidden, x[0]), "U": (s.hidden, s.hidden), **({"b": (s.hidden,)} if s.bias else {})}

    def initial(self, s: Settings, name: str, shape: tuple[int, ...], rng: Any) -> Tensor:
        if s.initialisation == "default":
            return initialise("uniform", shape, rng, 1 / math.sqrt(s.hidden))
        return super().initial(s, name, shape, rng)

    def code_for(self, s: Settings, shapes: Mapping[str, Any]) -> tuple[str, ...]:
        templates = self.code
        return templates if shapes.get("h") is not None else (templates[0], "{apply}({self}['x']({x}))", "{apply}(F.linear({x}, {W}, {b}))")

    def code_values(self, s: Settings, shapes: Mapping[str, Any]) -> dict[str, Any]:
        return {"in_features": shapes["x"].dims[-1], "apply": "" if s.activation == "identity" else f"torch.{s.activation}"}


class Dropout(NodeType):
    """While training, sets each number to 0 with probability p and scales the others by 1/(1 − p); later, does nothing.

    The mask drawn in the forward pass is the one the backward pass uses, and it can be looked at.
    Srivastava et al. 2014, in the inverted form.
    """

    key, title, category = "layer.dropout", "Dropout", "layers"
    search = ("mask", "regularization", "noise", "random")
    random = True
    inputs = (Port("x"),)
    p = FloatSetting(0.5, 0, 1, title="Probability p", help="Probability of setting a number to 0.")
    formula = r"@y = @x \odot m, \quad m = \frac{1}{1 - p} \;\mathrm{with\ probability}\; 1 - p, \;\mathrm{else}\; 0"
    local_derivatives = {"x": r"\bar{@x} = \bar{@y} \odot m"}
    gradients = {"x": lambda s, g, y, kept, x: g if kept is None else g * kept}
    flow = "selection"
    code = ("nn.Dropout({p})", "{self}({x})")

    def forward(self, s: Settings, x: Tensor, rng: Any = None) -> Tensor | Result:
        if not s.training or s.p == 0:
            return x
        mask = (uniform(x, rng, "x" in s.batched) >= s.p).to(x.dtype) * (1 / (1 - s.p) if s.p < 1 else 0.0)
        return Result((x * mask,), mask)

    def repeat(self, s: Settings, kept: Tensor | None, *arguments: Tensor) -> Tensor:
        (x,) = arguments
        return x if kept is None else x * kept
