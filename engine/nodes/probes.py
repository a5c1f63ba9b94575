"""Probes: they look at a value and change nothing. No gradient flows through them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from engine.nodes.base import ChoiceSetting, NodeError, NodeType, Settings
from engine.nodes.checks import shape_text
from graph.model.spec import Category, Port
from graph.text.messages import Message, _

if TYPE_CHECKING:
    from torch import Tensor


class Probe(NodeType):
    """What probes share: an output that is there to be looked at."""

    category: ClassVar[Category] = "probes"
    probe = True
    differentiable = False


class Value(Probe):
    """Shows its input in large type. It contributes nothing to the loss and receives no gradient."""

    key, title = "probe.value", "Value"
    search = ("display", "show", "watch", "print", "monitor")
    inputs = (Port("x", "any"),)
    formula = r"@y = @x"
    code = ("", "{x}")

    def forward(self, s: Settings, x: Tensor) -> Tensor:
        return x.detach()


class Accuracy(Probe):
    """The share of samples whose predicted class is the right one, between 0 and 1.

    Several numbers per sample: the largest one determines the class. A single number: the positive class above 0 (scores, ±1) or
    above ½ (probabilities); automatic uses ½ directly after a sigmoid, otherwise 0. Targets may be class indices, 0/1, ±1 or one-hot.
    """

    key, title = "probe.accuracy", "Accuracy"
    search = ("metric", "correct", "error rate", "classification")
    inputs = (Port("prediction", rank=(0, 1)), Port("target", "any", rank=(0, 1)))
    decision = ChoiceSetting(
        "automatic", ("automatic", "largest", "above 0", "above ½"), help="How numbers become a class. Automatic: see the description."
    )
    formula = r"@y = \frac{1}{N} \sum [\mathrm{class}(@prediction) = \mathrm{class}(@target)]"
    code = ("", "({prediction}.argmax(-1) == {target}).double().mean()")

    def forward(self, s: Settings, prediction: Tensor, target: Tensor) -> Tensor:
        columns = classes_of(s, "prediction", prediction)
        if by_largest(s, columns):
            predicted = prediction.argmax(-1)
            right = target.argmax(-1) if classes_of(s, "target", target) > 1 else target.reshape(predicted.shape)
        else:
            predicted, right = prediction > threshold(s), target > 0
            if predicted.dim() != right.dim():  # (N, 1) and (N,) mean the same here
                predicted, right = predicted.reshape(-1), right.reshape(-1)
        return (predicted == right).to(s.dtype).mean()

    def check(self, s: Settings, shapes: Mapping[str, Any]) -> None:
        prediction, target = shapes["prediction"], shapes["target"]
        if prediction is None or target is None:
            return
        columns, targets = (shape.dims[0] if shape.dims else 1 for shape in (prediction, target))
        pair = _("prediction is {prediction}, target is {target}").format(prediction=shape_text(prediction), target=shape_text(target))
        if len(prediction.dims) > 1 or len(target.dims) > 1:
            raise NodeError(
                Message("accuracy-prediction-shape", "a sample needs one number, or one for each class: {found}", found=pair),
                "prediction",
            )
        if targets not in (1, columns):
            raise NodeError(Message("accuracy-classes-differ", "these classes cannot be compared: {found}", found=pair), "target")
        if by_largest(s, columns) and columns == 1:
            repair: list[tuple[str, Any]] = [(_("Decide by the sign"), {"decision": "above 0"})]
            raise NodeError(Message("accuracy-of-one-number", "the largest of one number is always the same class"), "prediction", repair)
        if not by_largest(s, columns) and targets != columns:
            repair = [(_("Use the largest"), {"decision": "largest"})]
            raise NodeError(
                Message(
                    "accuracy-of-several-decisions", "several yes-or-no decisions cannot be compared with one class: {found}", found=pair
                ),
                "target",
                repair,
            )
        if prediction.batched != target.batched:
            raise NodeError(Message("batch-and-single", "one is a batch and the other is not: {found}", found=pair), "target")

    def code_for(self, s: Settings, shapes: Mapping[str, Any]) -> tuple[str, ...]:
        prediction, target = shapes["prediction"], shapes["target"]
        if not by_largest(s, prediction.dims[0] if prediction.dims else 1):
            predicted, right = f"({{prediction}} > {threshold(s)}).flatten()", "({target} > 0).flatten()"
        else:
            predicted, right = "{prediction}.argmax(-1)", "{target}.argmax(-1)" if target.dims not in ((), (1,)) else "{target}.squeeze()"
        return "", f"({predicted} == {right}).double().mean()"


def classes_of(s: Settings, port: str, value: Tensor) -> int:
    """How many numbers a sample has at `port`."""
    return value.shape[-1] if value.dim() > (port in s.batched) else 1


def by_largest(s: Settings, columns: int) -> bool:
    return bool(s.decision == "largest" or (s.decision == "automatic" and columns > 1))


def threshold(s: Settings) -> float:
    if s.decision == "automatic":
        return 0.5 if s.producers.get("prediction") == "activation.sigmoid" else 0.0
    return 0.5 if s.decision == "above ½" else 0.0
