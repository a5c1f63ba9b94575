"""What the graph of an optimizer's update rule is made of, beside arithmetic: its givens, its results, and the loss they lead to.

These types are of use only there (`NodeType.rule`). The graph computes one step for one number, one tensor, or all parameters as one
vector; the values of the givens are those of the step that is shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from engine.nodes.base import BoolSetting, FloatSetting, JsonSetting, NodeType, Settings, TensorSetting, TextSetting
from graph.model.spec import Category, Port

if TYPE_CHECKING:
    from torch import Tensor


class _Given(NodeType):
    """A number or tensor that the rule is given, with a slider where it is a single number."""

    category: ClassVar[Category] = "sources"
    role, rule = "input", True
    value = TensorSetting(1.0, help="A number, or nested lists: [1, 2] is a vector, [[1, 2], [3, 4]] a matrix.")
    minimum = FloatSetting(-10.0, help="Left end of the slider.")
    maximum = FloatSetting(10.0, help="Right end of the slider.")
    step = FloatSetting(0.1, 0, exclusive_minimum=True, help="The slider moves in multiples of this.")
    formula = r"@y = @value"
    code = ("", "{value}")

    def forward(self, s: Settings, value: Tensor) -> Tensor:
        return value


class Theta(_Given):
    """The parameter θ before the step: one number, one tensor, or all parameters of the network as one vector."""

    key, title, category = "update.parameter", "Parameter θ", "parameters"
    default_name = "θ"
    search = ("theta", "weight", "old value")


class Gradient(_Given):
    """The gradient of the loss at θ, as the optimizer gets it: clipped and averaged where the training settings say so."""

    key, title = "update.gradient", "Gradient of the loss"
    default_name = "g"
    search = ("slope", "derivative", "∇L")


class State(_Given):
    """What the optimizer remembers from one step to the next, before the step. A node "Next value" says what it becomes.

    It is kept for every number of every parameter, or, if it is a single count, once for all of them.
    """

    key, title, category = "update.state", "State", "parameters"
    default_name = "s"
    search = ("memory", "momentum", "remember", "moment")
    start = FloatSetting(0.0, title="Start", help="Its value before the first step.")
    scalar = BoolSetting(False, title="One number for all", help="One number for all parameters, instead of one for each of their numbers.")


class StepCount(_Given):
    """The number of the step: 1 for the first step, 2 for the second."""

    key, title = "update.step", "Step t"
    default_name = "t"
    search = ("count", "iteration", "time")


class RuleSetting(_Given):
    """A setting of the optimizer, such as the learning rate η. Its name on the canvas is its symbol."""

    key, title = "update.setting", "Optimizer setting"
    default_name = "c"
    search = ("hyperparameter", "learning rate", "constant", "η", "β")
    setting = TextSetting("", title="Setting", help="Its name in the training settings, such as lr; empty: the name of the node.")
    declared = JsonSetting()


class NextValue(NodeType):
    """What θ, or a state, becomes in this step. Every state needs exactly one such node, and so does θ."""

    key, title, category = "update.next", "Next value", "parameters"
    default_name, rule = "next_value", True
    search = ("result", "output", "new value", "becomes")
    inputs = (Port("x"),)
    of = TextSetting("θ", title="Next value of", help="θ, or the name of the state that gets this value.")
    formula = r"@y = @x"
    local_derivatives = {"x": r"\bar{@x} = \bar{@y}"}
    gradients = {"x": lambda s, g, y, kept, x: g}
    flow = "entries"
    code = ("", "{x}")

    def forward(self, s: Settings, x: Tensor) -> Tensor:
        return x


class LossAfter(NodeType):
    """The loss of the same mini-batch after the step, L(θ⁺), as a straight line at the step that was made.

    Its value there is the loss that the network has with θ⁺, and its gradient is the network's gradient at θ⁺. So *Backward* gives the
    derivative of the loss after the step with respect to everything in the rule: ∂L(θ⁺)/∂η on the wire of η. Away from that step the
    value follows the slope; the network is not computed again.
    """

    key, title, category = "update.loss", "Loss after the step", "losses"
    default_name, rule = "loss_after", True
    search = ("hypergradient", "L(θ⁺)", "linear", "first order")
    inputs = (Port("x"),)
    value = FloatSetting(0.0, title="L(θ⁺)", help="The loss after the step that was made.")
    at = TensorSetting(0.0, title="θ⁺", help="The parameter after the step that was made.")
    gradient = TensorSetting(0.0, title="∇L(θ⁺)", help="The gradient of the loss after the step that was made.")
    formula = r"@y = L(@x)"
    local_derivatives = {"x": r"\bar{@x} = \bar{@y} \cdot \nabla L(@x)"}
    flow = "sums"
    code = ("", "{value} + (torch.tensor({gradient}) * ({x} - torch.tensor({at}))).sum()")

    def forward(self, s: Settings, x: Tensor) -> Tensor:
        y: Tensor = s.value + (x.new_tensor(s.gradient) * (x - x.new_tensor(s.at))).sum()
        return y

    @staticmethod
    def _slope(s: Settings, g: Tensor, y: Tensor, kept: Any, x: Tensor) -> Tensor:
        return (g * x.new_tensor(s.gradient)).expand_as(x)

    gradients = {"x": _slope}


class GivenNumber(_Given):
    """A number that the optimizer is given beside the gradient: a random direction, the norm of all gradients, the rows of a matrix."""

    key, title = "update.given", "Given number"
    default_name = "given"
    search = ("random", "noise", "size", "rows")
    of = TextSetting("", title="What it is", help="Its name in the equations of the optimizer.")
