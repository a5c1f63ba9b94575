"""Losses: one number that says how far predictions are from their targets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from engine.nodes.base import ChoiceSetting, FloatSetting, NodeError, NodeType, Result, Rule, Settings
from engine.nodes.checks import count, shape_text
from engine.nodes.math_elementwise import signs
from engine.numerics.lazy import F, torch
from graph.model.spec import Category, Port
from graph.text.listing import alternatives
from graph.text.messages import Message, _, translated

if TYPE_CHECKING:
    from torch import Size, Tensor

CODINGS = {"real": "real numbers", "index": "class indices", "zero_one": "0 and 1", "plus_minus": "−1 and +1", "one_hot": "one-hot rows"}
FLOAT_CODINGS = ("real", "zero_one", "plus_minus", "one_hot")


class Loss(NodeType):
    """What all losses share: two inputs, a scalar output, a declared target coding, a visible reduction."""

    category: ClassVar[Category] = "losses"
    loss = True

    def check(self, s: Settings, shapes: Mapping[str, Any]) -> None:
        name = self.inputs[0].name
        check_coding(self.target_coding, shapes[name], shapes["target"])
        check_same_shape(name, shapes[name], shapes["target"])


def check_coding(wanted: tuple[str, ...], prediction: Any, target: Any) -> None:
    """Refuse a target in a coding the loss cannot mean, and offer the right one: from the data, or by a One-hot node."""
    if target is None:
        return
    given = getattr(target, "coding", None)
    coding = given or ("index" if target.dtype == "index" else None if wanted != ("index",) else "real")
    if coding is None or coding in wanted:
        return
    repairs: list[tuple[str, Any]] = []
    if given:
        classes = target.classes
        possible = [coding for coding in wanted if coding == "real" or classes == 2 or (classes and coding in ("index", "one_hot"))]
        repairs = [
            (_("Let the data give its target as {coding}").format(coding=translated(CODINGS[coding])), ("source", {"coding": coding}))
            for coding in possible
        ]
    elif coding == "index" and "one_hot" in wanted and prediction is not None and prediction.dims:
        repairs = [(_("Insert One-hot before target"), ("math.one_hot", {"classes": prediction.dims[-1]}))]
    words = alternatives([translated(CODINGS[coding]) for coding in wanted])
    raise NodeError(
        Message(
            "target-coding", "the target must be {words}, but it is given as {coding}", words=words, coding=translated(CODINGS[coding])
        ),
        "target",
        repairs,
    )


def check_same_shape(name: str, prediction: Any, target: Any) -> None:
    """Refuse what broadcasting would compare crosswise, such as (N, 1) with (N,). One number for all is fine."""
    if prediction is None or target is None or prediction.dims == target.dims:
        return
    if any(not shape.batched and not shape.dims for shape in (prediction, target)):
        return
    repairs = []
    if count(prediction.dims) == count(target.dims):
        port, dims = (name, target.dims) if not prediction.dims else ("target", prediction.dims)
        repairs = [(_("Insert Reshape before {port}").format(port=port), ("math.reshape", {"shape": list(dims)}))]
    else:
        port = name
    pair = _("{name} is {prediction}, target is {target}").format(name=name, prediction=shape_text(prediction), target=shape_text(target))
    raise NodeError(
        Message(
            "prediction-and-target-shapes", "the loss compares them number by number, so the shapes must be equal: {found}", found=pair
        ),
        port,
        repairs,
    )


REDUCTIONS = ("mean", "sum", "batch_mean")
REDUCTION_PARTS: dict[str, tuple[str, dict[str, str]]] = {
    "reduce": ("reduction", {"mean": r"\frac{1}{n} \sum", "sum": r"\sum", "batch_mean": r"\frac{1}{N} \sum"}),
    "share": ("reduction", {"mean": r"\frac{1}{n}\,", "sum": "", "batch_mean": r"\frac{1}{N}\,"}),
}


def _reduction(default: str = "mean") -> Any:
    return ChoiceSetting(
        default,
        REDUCTIONS,
        help="Mean over all n numbers, plain sum, or batch mean: the sum of each sample, then the mean over the N samples.",
    )


def divisor(s: Settings, shape: Size) -> int:
    """What the sum over `shape` is divided by."""
    if s.reduction == "mean":
        return shape.numel()
    return shape[0] if s.reduction == "batch_mean" and s.batched else 1


def per_number(**slopes: Rule) -> dict[str, Rule]:
    """Rules from the derivatives of one number's loss: each gets its share of the reduction. `kept` is the shape summed over."""

    def rule(slope: Rule) -> Rule:
        def gradient(s: Settings, g: Tensor, y: Tensor, kept: Size, *inputs: Tensor) -> Any:
            d, n = slope(s, *inputs), divisor(s, kept)
            return (d if d.shape == kept else d.expand(kept)) * (g if n == 1 else g / n)

        return gradient

    return {name: rule(slope) for name, slope in slopes.items()}


class NumberLoss(Loss):
    """A loss that compares number with number, then reduces. `each` gives the numbers, `module` or `expression` the export."""

    inputs = (Port("prediction"), Port("target"))
    target_coding: ClassVar[tuple[str, ...]] = FLOAT_CODINGS
    reduction = _reduction()
    formula_parts = REDUCTION_PARTS
    module: ClassVar[str] = ""
    expression: ClassVar[str] = ""

    def each(self, s: Settings, prediction: Tensor, target: Tensor) -> Tensor:
        raise NotImplementedError

    def forward(self, s: Settings, prediction: Tensor, target: Tensor) -> Result:
        losses = self.each(s, prediction, target)
        n = divisor(s, losses.shape)
        return Result((losses.mean() if s.reduction == "mean" else losses.sum() if n == 1 else losses.sum() / n,), losses.shape)

    def code_for(self, s: Settings, shapes: Mapping[str, Any]) -> tuple[str, ...]:
        first = self.inputs[0].name
        batch = next((name for name in (first, "target") if shapes[name] is not None and shapes[name].batched), "")
        how = "mean" if s.reduction == "mean" else "sum"
        divide = f" / len({{{batch}}})" if s.reduction == "batch_mean" and batch else ""
        if self.expression:
            return "", f"{self.expression}.{how}(){divide}"
        module = self.module.replace("<how>", f"reduction='{how}'")
        if len({(shapes[name].dims, shapes[name].batched) for name in (first, "target") if shapes[name] is not None}) > 1:
            return module, f"{{self}}(*torch.broadcast_tensors({{{first}}}, {{target}})){divide}"
        return module, f"{{self}}({{{first}}}, {{target}}){divide}"


def _two(s: Settings) -> int:
    return 2 if s.factor == "full" else 1


class SquaredError(NumberLoss):
    """The squared distance between prediction and target, in full or with the ½ that cancels the 2 of its derivative."""

    key, title = "loss.squared_error", "Squared error"
    search = ("mse", "mean squared error", "least squares", "l2 loss", "quadratic", "regression")
    aliases = ("mse",)
    factor = ChoiceSetting("full", ("full", "half"), help="(p − t)² in full, or half of it.")
    formula = r"@y = <reduce> <half>(@prediction - @target)^2"
    local_derivatives = {
        "prediction": r"\bar{@prediction} = \bar{@y}\,<share><two>(@prediction - @target)",
        "target": r"\bar{@target} = \bar{@y}\,<share><two>(@target - @prediction)",
    }
    formula_parts = {
        **REDUCTION_PARTS,
        "half": ("factor", {"half": r"\frac{1}{2}"}),
        "two": ("factor", {"full": r"2\,"}),
    }
    gradients = per_number(
        prediction=lambda s, prediction, target: _two(s) * (prediction - target),
        target=lambda s, prediction, target: _two(s) * (target - prediction),
    )
    module = "nn.MSELoss(<how>)"
    code = ("nn.MSELoss()", "{self}({prediction}, {target})")

    def each(self, s: Settings, prediction: Tensor, target: Tensor) -> Tensor:
        e = prediction - target
        return e * e if s.factor == "full" else e * e / 2

    def code_for(self, s: Settings, shapes: Mapping[str, Any]) -> tuple[str, ...]:
        constructor, call = super().code_for(s, shapes)
        return constructor, call if s.factor == "full" else f"0.5 * {call}"


class L1(NumberLoss):
    """The absolute distance between prediction and target: less impressed by outliers than the squared error."""

    key, title = "loss.l1", "L1 loss"
    search = ("mae", "mean absolute error", "absolute", "regression")
    aliases = ("mae",)
    formula = r"@y = <reduce> |@prediction - @target|"
    local_derivatives = {
        "prediction": r"\bar{@prediction} = \bar{@y}\,<share>\mathrm{sign}(@prediction - @target)",
        "target": r"\bar{@target} = \bar{@y}\,<share>\mathrm{sign}(@target - @prediction)",
    }
    gradients = per_number(
        prediction=lambda s, prediction, target: signs(prediction - target),
        target=lambda s, prediction, target: signs(target - prediction),
    )
    module = "nn.L1Loss(<how>)"
    code = ("nn.L1Loss()", "{self}({prediction}, {target})")

    def each(self, s: Settings, prediction: Tensor, target: Tensor) -> Tensor:
        return torch.abs(prediction - target)


class Huber(NumberLoss):
    """Half the squared error near the target, a straight line beyond δ: outliers pull with limited force.

    Huber 1964.
    """

    key, title = "loss.huber", "Huber loss"
    search = ("smooth l1", "robust", "regression")
    delta = FloatSetting(1.0, 0, exclusive_minimum=True, title="δ", help="Distance from which the loss grows linearly.")
    formula = (
        r"@y = <reduce> H_\delta(@prediction - @target), \quad "
        r"H_\delta(e) = \frac{1}{2} e^2 \;\mathrm{if}\; |e| \leq \delta, \;\mathrm{else}\; \delta\,(|e| - \frac{1}{2} \delta)"
    )
    local_derivatives = {
        "prediction": r"\bar{@prediction} = \bar{@y}\,<share>\max(-\delta, \min(\delta, @prediction - @target))",
        "target": r"\bar{@target} = \bar{@y}\,<share>\max(-\delta, \min(\delta, @target - @prediction))",
    }
    gradients = per_number(
        prediction=lambda s, prediction, target: torch.clamp(prediction - target, -s.delta, s.delta),
        target=lambda s, prediction, target: torch.clamp(target - prediction, -s.delta, s.delta),
    )
    module = "nn.HuberLoss(<how>, delta={delta})"
    code = ("nn.HuberLoss(delta={delta})", "{self}({prediction}, {target})")

    def each(self, s: Settings, prediction: Tensor, target: Tensor) -> Tensor:
        prediction, target = torch.broadcast_tensors(prediction, target)  # type: ignore[no-untyped-call]
        return F.huber_loss(prediction, target, reduction="none", delta=s.delta)


class Logistic(NumberLoss):
    """Logistic loss for labels ±1: small when the score f has the label's sign and is large.

    Computed as softplus(−t·f), which neither overflows nor loses digits.
    """

    key, title = "loss.logistic", "Logistic loss"
    search = ("log loss", "soft margin", "logistic regression", "classification", "±1")
    inputs = (Port("scores"), Port("target"))
    target_coding = ("plus_minus",)
    formula = r"@y = <reduce> \log(1 + e^{-@target\,@scores})"
    local_derivatives = {
        "scores": r"\bar{@scores} = -\bar{@y}\,<share>@target\,\sigma(-@target\,@scores)",
        "target": r"\bar{@target} = -\bar{@y}\,<share>@scores\,\sigma(-@target\,@scores)",
    }
    gradients = per_number(
        scores=lambda s, scores, target: -target * torch.sigmoid(-target * scores),
        target=lambda s, scores, target: -scores * torch.sigmoid(-target * scores),
    )
    expression = "F.softplus(-{target} * {scores})"
    code = ("", "F.softplus(-{target} * {scores}).mean()")

    def each(self, s: Settings, prediction: Tensor, target: Tensor) -> Tensor:
        return F.softplus(-target * prediction, 1.0, 40.0)


def _short(gap: Tensor) -> Tensor:
    """1 where the score falls short of the margin, 0 where it does not, NaN where nobody knows."""
    return torch.where(gap <= 0, 0.0, torch.where(gap > 0, 1.0, gap))


class Hinge(NumberLoss):
    """Hinge loss for labels ±1: 0 once the score is on the right side of the margin, then a straight line.

    The loss of support vector machines.
    """

    key, title = "loss.hinge", "Hinge loss"
    search = ("svm", "support vector machine", "margin", "classification", "±1")
    inputs = (Port("scores"), Port("target"))
    target_coding = ("plus_minus",)
    formula = r"@y = <reduce> \max(0, 1 - @target\,@scores)"
    local_derivatives = {
        "scores": r"\bar{@scores} = -\bar{@y}\,<share>@target\,[@target\,@scores < 1]",
        "target": r"\bar{@target} = -\bar{@y}\,<share>@scores\,[@target\,@scores < 1]",
    }
    gradients = per_number(
        scores=lambda s, scores, target: -target * _short(1 - target * scores),
        target=lambda s, scores, target: -scores * _short(1 - target * scores),
    )
    unselected = {name: lambda s, y, kept, scores, target: target * scores > 1 for name in ("scores", "target")}
    expression = "F.relu(1 - {target} * {scores})"
    code = ("", "F.relu(1 - {target} * {scores}).mean()")

    def each(self, s: Settings, prediction: Tensor, target: Tensor) -> Tensor:
        return torch.relu(1 - target * prediction)


_LEAST = 9.999999960041972e-13
"""torch's least p(1 − p): 10⁻¹² as a float32."""


def _odds(p: Tensor, t: Tensor) -> Tensor:
    """log((1 − p)/p) with both logarithms cut off, the slope by t; NaN where the target is."""
    log_odds = torch.clamp(torch.log1p(-p), min=-100) - torch.clamp(torch.log(p), min=-100)
    return torch.where(torch.isnan(t), t, log_odds)


class BinaryCrossEntropy(NumberLoss):
    """Cross-entropy between labels 0 or 1 and predicted probabilities, such as a sigmoid's output.

    Logarithms are cut off at −100, as in torch, so that a certain and wrong prediction costs 100 and not infinity. In the derivative
    p(1 − p) is at least 10⁻¹², as in torch: p = 0 or 1 has a steep slope, but a finite one.
    """

    key, title = "loss.bce", "Binary cross-entropy"
    search = ("bce", "log loss", "probability", "classification", "0/1")
    inputs = (Port("probabilities"), Port("target"))
    target_coding = ("zero_one", "one_hot")
    formula = r"@y = -<reduce> (@target \log @probabilities + (1 - @target) \log(1 - @probabilities))"
    local_derivatives = {
        "probabilities": r"\bar{@probabilities} = \bar{@y}\,<share>\frac{@probabilities - @target}{@probabilities\,(1 - @probabilities)}",
        "target": r"\bar{@target} = \bar{@y}\,<share>\log\frac{1 - @probabilities}{@probabilities}",
    }
    gradients = per_number(
        probabilities=lambda s, p, t: (p - t) / torch.clamp(p * (1 - p), min=_LEAST),
        target=lambda s, p, t: _odds(p, t),
    )
    module = "nn.BCELoss(<how>)"
    code = ("nn.BCELoss()", "{self}({probabilities}, {target})")

    def each(self, s: Settings, prediction: Tensor, target: Tensor) -> Tensor:
        p, t = torch.broadcast_tensors(prediction, target)  # type: ignore[no-untyped-call]
        if p.is_cuda:  # there torch would stop the whole device
            refuse_improbable(probabilities=p, target=t)
        try:
            losses = F.binary_cross_entropy(p, t.detach(), reduction="none")
        except RuntimeError:
            lost = torch.isnan(p + t)
            refuse_improbable(probabilities=p.masked_fill(lost, 0.5), target=t.masked_fill(lost, 0.5))
            if not bool(lost.any()):
                raise
            # NaN is not this node's doing: it is passed on, and reported where it began
            losses = F.binary_cross_entropy(p.masked_fill(lost, 0.5), t.detach().masked_fill(lost, 0.5), reduction="none")
            losses = torch.where(lost, (p + t) * torch.nan, losses)
        if t.requires_grad:  # torch's own derivative by the target forgets that the logarithms are cut off
            losses = losses + (t - t.detach()) * _odds(p, t).detach()
        return losses


def refuse_improbable(**inputs: Tensor) -> None:
    """NodeError for an input with numbers outside [0, 1]; NaN is left alone."""
    for name, value in inputs.items():
        low, high = float(value.min()), float(value.max())
        if low < 0 or high > 1:
            repairs = [(_("Insert Sigmoid before probabilities"), "activation.sigmoid")] if name == "probabilities" else []
            raise NodeError(
                Message(
                    "not-probabilities",
                    "every number in {name} must lie between 0 and 1; here they go from {low:.4g} to {high:.4g}",
                    name=name,
                    low=low,
                    high=high,
                ),
                name,
                repairs,
            )


class BinaryCrossEntropyLogits(NumberLoss):
    """Cross-entropy between labels 0 or 1 and the sigmoid of scores (logits), in one stable formula."""

    key, title = "loss.bce_logits", "Binary cross-entropy (logits)"
    search = ("bce with logits", "log loss", "sigmoid cross-entropy", "classification", "0/1")
    inputs = (Port("scores"), Port("target"))
    target_coding = ("zero_one", "one_hot")
    formula = r"@y = <reduce> (\log(1 + e^{@scores}) - @target\,@scores)"
    local_derivatives = {
        "scores": r"\bar{@scores} = \bar{@y}\,<share>(\sigma(@scores) - @target)",
        "target": r"\bar{@target} = -\bar{@y}\,<share>@scores",
    }
    gradients = per_number(
        scores=lambda s, scores, target: torch.sigmoid(scores) - target,
        target=lambda s, scores, target: -scores,
    )
    inner = {"ŷ": lambda s, kept, scores, target: torch.sigmoid(scores)}
    module = "nn.BCEWithLogitsLoss(<how>)"
    code = ("nn.BCEWithLogitsLoss()", "{self}({scores}, {target})")

    def each(self, s: Settings, prediction: Tensor, target: Tensor) -> Tensor:
        prediction, target = torch.broadcast_tensors(prediction, target)  # type: ignore[no-untyped-call]
        return F.binary_cross_entropy_with_logits(prediction, target, reduction="none")


class KLDivergence(NumberLoss):
    """Kullback–Leibler divergence of predicted log-probabilities from target probabilities, in nats.

    A target of 0 contributes 0; its slope by that target is −∞.
    """

    key, title = "loss.kl", "KL divergence"
    search = ("kullback-leibler", "relative entropy", "distribution", "distillation")
    inputs = (Port("log_probabilities"), Port("target"))
    target_coding = ("real", "zero_one", "one_hot")
    reduction = _reduction("batch_mean")
    formula = r"@y = <reduce> @target\,(\log @target - @log_probabilities)"
    local_derivatives = {
        "log_probabilities": r"\bar{@log_probabilities} = -\bar{@y}\,<share>@target",
        "target": r"\bar{@target} = \bar{@y}\,<share>(\log @target + 1 - @log_probabilities)",
    }
    gradients = per_number(
        log_probabilities=lambda s, log_p, target: -target,
        target=lambda s, log_p, target: torch.log(target) + 1 - log_p,
    )
    steep = True
    expression = "F.kl_div({log_probabilities}, {target}, reduction='none')"  # as a module, its mean warns
    code = ("nn.KLDivLoss(reduction='batchmean')", "{self}({log_probabilities}, {target})")

    def each(self, s: Settings, prediction: Tensor, target: Tensor) -> Tensor:
        entropy: Tensor = torch.special.entr(target)
        return -entropy - target * prediction  # F.kl_div, but for its slope at a target of 0, which is NaN there
