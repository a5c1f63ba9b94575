"""Losses on one number per class, against the index of the right class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.nodes.base import ChoiceSetting, NodeError, Result, Settings
from engine.nodes.checks import count, shape_text
from engine.nodes.losses import Loss, check_coding
from engine.numerics.lazy import F, torch
from graph.model.spec import Port
from graph.text.messages import Message, _

if TYPE_CHECKING:
    from torch import Tensor

FEW_CLASSES, MANY_ROWS = 7, 64
"""Up to so many classes and from so many samples on, log-softmax is computed along the samples."""


class ClassLoss(Loss):
    """A loss on one number per class, against the index of the right class."""

    target_coding = ("index",)
    reduction = ChoiceSetting("mean", ("mean", "sum"), help="Mean over the N samples, or their sum.")
    formula_parts = {
        "reduce": ("reduction", {"mean": r"\frac{1}{N} \sum", "sum": r"\sum"}),
        "share": ("reduction", {"mean": r"\frac{1}{N}\,", "sum": ""}),
    }

    def check(self, s: Settings, shapes: Mapping[str, Any]) -> None:
        name = self.inputs[0].name
        scores, target = shapes[name], shapes["target"]
        check_coding(self.target_coding, scores, target)
        if scores is None or target is None:
            return
        if len(scores.dims) != 1:
            repairs = [(_("Insert Flatten before {name}").format(name=name), "math.flatten")] if len(scores.dims) > 1 else []
            raise NodeError(
                Message(
                    "scores-not-a-vector",
                    "a sample needs a vector with one number per class; {name} is {scores}",
                    name=name,
                    scores=shape_text(scores),
                ),
                name,
                repairs,
            )
        if scores.dims[0] < 2:
            text = Message("one-class-only", "with one class the loss is always 0; for two classes and one score use binary cross-entropy")
            raise NodeError(text, name, _as_many_outputs(s, name, getattr(target, "classes", None)))
        shapes_text = _("{name} is {scores}, target is {target}").format(name=name, scores=shape_text(scores), target=shape_text(target))
        if target.dims:
            repair: list[tuple[str, Any]] = [(_("Insert Reshape before target"), ("math.reshape", {"shape": []}))]
            raise NodeError(
                Message("one-class-index-per-sample", "a sample has one class index: {found}", found=shapes_text),
                "target",
                repair if count(target.dims) == 1 else [],
            )
        if scores.batched != target.batched:
            raise NodeError(Message("batch-and-single", "one is a batch and the other is not: {found}", found=shapes_text), "target")
        self._check_count(s, name, scores.dims[0], getattr(target, "classes", None))

    def _check_count(self, s: Settings, name: str, scores: int, classes: int | None) -> None:
        if classes is None or classes <= scores:
            return
        repairs = _as_many_outputs(s, name, classes)
        raise NodeError(
            Message(
                "more-classes-than-scores",
                "the target has {classes} classes, but there are only {found} numbers to choose from",
                classes=classes,
                found=scores,
            ),
            name,
            repairs,
        )


def _as_many_outputs(s: Settings, name: str, classes: int | None) -> list[tuple[str, Any]]:
    """The repair that gives the layer before a loss one output for each class, where that layer is known to be one that can."""
    if s.producers.get(name) != "layer.linear" or not classes or classes < 2:
        return []
    return [(_("Give the layer before it {classes} outputs").format(classes=classes), ("source", {"out_features": classes}))]


def log_softmax(scores: Tensor) -> Tensor:
    """log softmax over the last axis. torch is about four times as fast over another axis where there are few classes and many samples;
    the numbers are the same to the last bit, because so few terms are added in the same order."""
    if scores.dim() == 2 and scores.shape[-1] <= FEW_CLASSES and len(scores) >= MANY_ROWS:
        return torch.log_softmax(scores.T.contiguous(), 0).T
    return torch.log_softmax(scores, -1)


def likelihood(s: Settings, log_p: Tensor, target: Tensor) -> Tensor:
    """Minus the log-probability of the right class, reduced."""
    try:
        if _many_networks(log_p, target):  # nll_loss takes twice as long for them
            losses = -log_p.gather(-1, target.unsqueeze(-1)).squeeze(-1)
            return losses.mean() if s.reduction == "mean" else losses.sum()
        return F.nll_loss(log_p, target, reduction=s.reduction)
    except IndexError:
        low, high = int(target.min()), int(target.max())
        raise NodeError(
            Message(
                "target-class-out-of-range",
                "the classes are numbered 0 to {last}, but targets go from {low} to {high}",
                last=log_p.shape[-1] - 1,
                low=low,
                high=high,
            ),
            "target",
        ) from None


def _many_networks(log_p: Tensor, target: Tensor) -> bool:
    """Whether many networks are evaluated at once on the same samples, each of which has a class that there is."""
    batched = torch._C._functorch.is_batchedtensor
    if not batched(log_p) or batched(target) or log_p.dim() != 2 or not target.numel():
        return False
    return int(target.min()) >= 0 and int(target.max()) < log_p.shape[-1]


def each_likelihood(log_p: Tensor, target: Tensor) -> Tensor | None:
    """Minus the log-probability of the right class for every sample of a batch."""
    return -log_p.gather(-1, target.unsqueeze(-1)).squeeze(-1) if log_p.dim() > 1 else None


def minus_one_hot(s: Settings, g: Tensor, log_p: Tensor, target: Tensor) -> Any:
    """−g · onehot(target), shared by the samples where the loss is their mean: the slope of `likelihood`, in one pass."""
    samples = log_p.new_full((), log_p.shape[0] if log_p.dim() > 1 else 1)
    return torch.ops.aten.nll_loss_backward(g, log_p, target, None, 1 if s.reduction == "mean" else 2, -100, samples)


def softmax_slope(slope: Tensor, log_p: Tensor) -> Any:
    """Back through log-softmax: slope − softmax · Σ slope, which makes softmax − onehot of −onehot."""
    return torch.ops.aten._log_softmax_backward_data(slope, log_p, -1, log_p.dtype)


class CrossEntropy(ClassLoss):
    """Cross-entropy between scores (logits), one per class, and the index of the right class.

    Softmax is part of it: do not put one in front. Its gradient is softmax minus one-hot.
    """

    key, title = "loss.cross_entropy", "Cross-entropy"
    search = ("softmax", "classification", "multiclass", "log loss", "ce", "categorical")
    aliases = ("ce",)
    inputs = (Port("scores", rank=(1, 1)), Port("target", "index", rank=(0, 0)))
    formula = r"@y = -<reduce> \log \mathrm{softmax}(@scores)_{@target}"
    local_derivatives = {"scores": r"\bar{@scores} = \bar{@y}\,<share>(\mathrm{softmax}(@scores) - \mathrm{onehot}(@target))"}
    gradients = {"scores": lambda s, g, y, log_p, scores, target: softmax_slope(minus_one_hot(s, g, log_p, target), log_p)}
    inner = {
        "ŷ": lambda s, log_p, scores, target: log_p.exp(),
        "ℓ": lambda s, log_p, scores, target: each_likelihood(log_p, target),
    }
    code = ("nn.CrossEntropyLoss(reduction={reduction})", "{self}({scores}, {target})")

    def forward(self, s: Settings, scores: Tensor, target: Tensor) -> Result:
        log_p = log_softmax(scores)
        return Result((likelihood(s, log_p, target),), log_p)


class NegativeLogLikelihood(ClassLoss):
    """Minus the log-probability of the right class, for inputs that are already log-probabilities, such as the output of log-softmax."""

    key, title = "loss.nll", "Negative log-likelihood"
    search = ("nll", "log probability", "classification", "maximum likelihood")
    inputs = (Port("log_probabilities", rank=(1, 1)), Port("target", "index", rank=(0, 0)))
    formula = r"@y = -<reduce> (@log_probabilities)_{@target}"
    local_derivatives = {"log_probabilities": r"\bar{@log_probabilities} = -\bar{@y}\,<share>\mathrm{onehot}(@target)"}
    gradients = {"log_probabilities": lambda s, g, y, kept, log_p, target: minus_one_hot(s, g, log_p, target)}
    inner = {"ℓ": lambda s, kept, log_p, target: each_likelihood(log_p, target)}
    code = ("nn.NLLLoss(reduction={reduction})", "{self}({log_probabilities}, {target})")

    def forward(self, s: Settings, log_probabilities: Tensor, target: Tensor) -> Tensor:
        return likelihood(s, log_probabilities, target)
