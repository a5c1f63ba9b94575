"""Numbers that training may change."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from engine.nodes.base import BoolSetting, ChoiceSetting, FloatSetting, NodeError, NodeType, Settings, ShapeSetting, TensorSetting
from engine.nodes.initialise import KINDS, fans, initialise
from engine.numerics.lazy import torch
from graph.model.spec import Param
from graph.text.messages import Message

if TYPE_CHECKING:
    from torch import Tensor


class Parameter(NodeType):
    """A number or tensor that training changes: a weight, a bias, any θ.

    Type its value or drag its slider, or choose an initialisation and a shape to draw it. A frozen parameter still shows its gradient, but
    the optimizer does not change it.
    """

    key, title, category = "parameter.parameter", "Parameter", "parameters"
    role, default_name = "parameter", "w"
    search = ("weight", "bias", "theta", "trainable", "variable", "θ")
    initialisation = ChoiceSetting(
        "value",
        ("value", *KINDS, "layer"),
        help=(
            "Where the initial value comes from: typed, or drawn with the training seed; layer: as Linear draws its weights, or, in "
            "an opened layer, exactly the values of that layer."
        ),
    )
    value = TensorSetting(
        1.0, when="initialisation=value", help="A number, or nested lists: [1, 2] is a vector, [[1, 2], [3, 4]] a matrix."
    )
    shape = ShapeSetting((), when="initialisation=" + "|".join((*KINDS, "layer")), help="Sizes of the axes; empty for a single number.")
    scale = FloatSetting(
        1.0, when="initialisation=constant|normal|uniform", help="The constant, the standard deviation, or the half-width of the interval."
    )
    minimum = FloatSetting(-10.0, when="initialisation=value", help="Left end of the slider.")
    maximum = FloatSetting(10.0, when="initialisation=value", help="Right end of the slider.")
    step = FloatSetting(
        0.1, 0, when="initialisation=value", exclusive_minimum=True, help="The slider moves in multiples of this; training takes any value."
    )
    frozen = BoolSetting(False, help="The optimizer does not change it. Its gradient is still shown.")
    parameters = (Param("value", "shape", doc="The value itself."),)
    formula = r"@y = @value"
    local_derivatives = {"value": r"\bar{@value} = \bar{@y}"}
    gradients = {"value": lambda s, g, y, kept, value: g}
    flow = "entries"
    code = ("nn.Parameter({value}, requires_grad=not {frozen})", "{self}")

    def forward(self, s: Settings, value: Tensor) -> Tensor:
        return value

    def parameter_shapes(self, s: Settings, **inputs: tuple[int, ...] | None) -> dict[str, tuple[int, ...]]:
        return {"value": shape_of(s.value) if s.initialisation == "value" else tuple(s.shape)}

    def initial(self, s: Settings, name: str, shape: tuple[int, ...], rng: Any) -> Tensor:
        if s.initialisation == "value":
            return torch.tensor(s.value, dtype=torch.float64)
        if s.initialisation == "layer":
            return initialise("uniform", shape, rng, 1 / math.sqrt(fans(shape)[0]))
        return initialise(s.initialisation, shape, rng, s.scale)


def shape_of(value: Any) -> tuple[int, ...]:
    """The shape of a number or of nested lists of numbers. Raises NodeError when the lists are ragged."""
    if not isinstance(value, (list, tuple)):
        return ()
    inner = {shape_of(item) for item in value}
    if len(inner) > 1:
        raise NodeError(
            Message("ragged-value", "the rows of the value have different lengths; every row of a matrix needs the same number of entries")
        )
    return (len(value), *(inner.pop() if inner else ()))
