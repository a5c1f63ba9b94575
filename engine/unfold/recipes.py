"""What each type consists of: one function a type, written as the formula is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.unfold.box import Box, Entry, Source
from graph.model.graph import GraphError
from graph.text.messages import _

Recipe = Callable[[Box], None]


def linear(box: Box) -> None:
    """y = W x + b; where a sample is a matrix, x Wᵀ + b, row by row."""
    sample, _ = box.shape("x")
    box.sizes = {"W": (box.setting("out_features"), sample[-1])} | ({"b": (box.setting("out_features"),)} if box.setting("bias") else {})
    x, weight, product = Entry("x"), box.parameter("W"), "Wx" if box.setting("bias") else ""
    if len(sample) == 1:
        wx = box.add("math.matmul", product, {"a": weight, "b": x})
    else:
        turned = box.add("math.transpose", "transposed", {"x": weight})
        wx = box.add("math.matmul", product, {"a": x, "b": turned})
    if box.setting("bias"):
        box.add("math.add", "", {"a": wx, "b": box.parameter("b")})


def tanh(box: Box) -> None:
    """tanh x = 1 − 2 / (e²ˣ + 1), of all its forms the one whose derivative keeps every digit where tanh is flat. e²ˣ is (eˣ)², with x
    limited to 20: from there on tanh is 1 in every digit, and e²ˣ would become infinite."""
    power = box.add("math.exp", "exp", {"x": _limited(box, 20.0)})
    below = box.add("math.add", "denominator", {"a": box.add("math.square", "square", {"x": power}), "b": box.number(1.0, "one")})
    fraction = box.add("math.divide", "fraction", {"a": box.number(2.0, "two"), "b": below})
    box.add("math.subtract", "", {"a": box.number(1.0, "one"), "b": fraction})


def sigmoid(box: Box) -> None:
    """σ(x) = eˣ / (1 + eˣ), which is 1 / (1 + e⁻ˣ) and keeps every digit where σ is nearly 0. x is limited to 40: from there on σ is 1 in
    every digit, and eˣ would become infinite."""
    power = box.add("math.exp", "exp", {"x": _limited(box, 40.0)})
    below = box.add("math.add", "denominator", {"a": box.number(1.0, "one"), "b": power})
    box.add("math.divide", "", {"a": power, "b": below})


def _limited(box: Box, most: float) -> str:
    """min(x, most)."""
    return box.add("math.minimum", "limited", {"a": Entry("x"), "b": box.number(most, "most")})


def softmax(box: Box) -> None:
    """softmax x = eᵈ / Σ eᵈ with d = x − max x, which changes nothing in the fraction and keeps eᵈ at 1 or below."""
    power = box.add("math.exp", "exp", {"x": _shifted(box, "x", box.setting("axis"))})
    box.add("math.divide", "", {"a": power, "b": _total(box, power, box.setting("axis"))})


def log_softmax(box: Box) -> None:
    """log softmax x = d − log Σ eᵈ with d = x − max x."""
    _log_softmax(box, "x", box.setting("axis"), "")


def _log_softmax(box: Box, port: str, axis: int, symbol: str) -> str:
    shifted = _shifted(box, port, axis)
    total = _total(box, box.add("math.exp", "exp", {"x": shifted}), axis)
    return box.add("math.subtract", symbol, {"a": shifted, "b": box.add("math.log", "log", {"x": total})})


def _shifted(box: Box, port: str, axis: int) -> str:
    x = box.gate(port)
    largest = box.add("math.largest", "largest", {"x": x}, axes=[axis], keep_axes=True)
    return box.add("math.subtract", "shifted", {"a": x, "b": largest})


def _total(box: Box, power: str, axis: int) -> str:
    return box.add("math.sum", "sum", {"x": power}, axes=[axis], keep_axes=True)


def cross_entropy(box: Box) -> None:
    """Log-softmax of the scores, and of its numbers minus the one of the right class."""
    box.shape("scores")
    log_p = _log_softmax(box, "scores", -1, "log_softmax")
    box.add("loss.nll", "", {"log_probabilities": log_p, "target": Entry("target")}, reduction=box.setting("reduction"))


def squared_error(box: Box) -> None:
    """(p − t)², in full or half, then the reduction."""
    error = box.add("math.subtract", "error", {"a": Entry("prediction"), "b": Entry("target")})
    loss = box.add("math.square", "square", {"x": error})
    if box.setting("factor") == "half":
        loss = box.add("math.multiply", "half", {"a": box.number(0.5, "factor"), "b": loss})
    _reduced(box, loss, "prediction")


def bce_logits(box: Box) -> None:
    """max(s, 0) + log(1 + e^−|s|) − t s, then the reduction: log(1 + eˢ) in the form that never becomes infinite."""
    scores = box.gate("scores")
    ramp = box.add("math.maximum", "ramp", {"a": scores, "b": box.number(0.0, "zero")})
    size = box.add("math.negate", "negative", {"x": box.add("math.abs", "size", {"x": scores})})
    power = box.add("math.exp", "exp", {"x": size})
    log = box.add("math.log", "log", {"x": box.add("math.add", "plus", {"a": box.number(1.0, "one"), "b": power})})
    product = box.add("math.multiply", "product", {"a": Entry("target"), "b": scores})
    right = box.add("math.subtract", "margin", {"a": ramp, "b": product})
    _reduced(box, box.add("math.add", "each", {"a": right, "b": log}), "scores")


def _reduced(box: Box, loss: Source, first: str) -> None:
    """The mean over all numbers, their sum, or the sum of each sample and then the mean over the samples."""
    kinds = [box.shape(port) for port in (first, "target")]
    batched, ranked = any(kind[1] for kind in kinds), any(kind[0] for kind in kinds)
    reduction = box.setting("reduction")
    if reduction == "batch_mean" and batched:
        if ranked:
            loss = box.add("math.sum", "sum", {"x": loss})
        reduction = "mean"
    elif reduction == "batch_mean":
        reduction = "sum"
    box.add(f"math.{reduction}", "", {"x": loss}, **({"over_batch": True} if batched else {}))


def batch_norm(box: Box) -> None:
    """γ (x − μ) / √(σ² + ε) + β, with the mean and variance of the batch while training and their running averages afterwards.

    Where a sample is one row of features, it is made a column first: a mean over the batch alone is one over the column's only entry too.
    """
    sample, _ = box.shape("x")
    channels, places = sample[0], list(range(1, len(sample)))
    box.sizes = {name: (channels,) for name in ("gamma", "beta")} if box.setting("affine") else {}
    x = box.gate("x")
    tall = [channels, *(1 for _ in places)]

    def averaged(value: str, symbol: str) -> str:
        value = value if places else box.add("math.reshape", f"{symbol}_column", {"x": value}, shape=[channels, 1])
        return box.add("math.mean", f"{symbol}_batch", {"x": value}, axes=places or [1], over_batch=True)

    def running(value: str, symbol: str, name: str, **settings: Any) -> str:
        kept = box.add("layer.running_average", symbol, {"x": value, "over": x}, momentum=box.setting("momentum"), **settings)
        box.learned(kept, "running", name, drawn=False)
        return kept

    def spread(value: Source, symbol: str) -> Source:
        return box.add("math.reshape", f"{symbol}_tall", {"x": value}, shape=tall) if places else value

    mean = running(averaged(x, "mean"), "mean", "running_mean")
    centred = box.add("math.subtract", "centred", {"a": x, "b": spread(mean, "mean")})
    squares = box.add("math.square", "squares", {"x": centred})
    variance = running(averaged(squares, "var"), "var", "running_var", start=1.0, unbiased=True)
    shifted = box.add("math.add", "plus", {"a": variance, "b": box.number(box.setting("eps"), "eps")})
    deviation = box.add("math.sqrt", "sigma", {"x": shifted})
    normal = box.add("math.divide", "normal" if box.sizes else "", {"a": centred, "b": spread(deviation, "sigma")})
    if box.sizes:
        scaled = box.add("math.multiply", "scaled", {"a": normal, "b": spread(box.parameter("gamma"), "gamma")})
        box.add("math.add", "", {"a": scaled, "b": spread(box.parameter("beta"), "beta")})


RECIPES: dict[str, Recipe] = {
    "layer.linear": linear,
    "activation.tanh": tanh,
    "activation.sigmoid": sigmoid,
    "activation.softmax": softmax,
    "activation.log_softmax": log_softmax,
    "layer.batch_norm1d": batch_norm,
    "layer.batch_norm2d": batch_norm,
    "loss.cross_entropy": cross_entropy,
    "loss.squared_error": squared_error,
    "loss.bce_logits": bce_logits,
}


def recipe(key: str, title: str, name: str) -> Recipe:
    """How a type is opened. Raises GraphError for a type that cannot be opened."""
    if key not in RECIPES:
        raise GraphError(_("{name} cannot be opened: {title} is not made of smaller nodes here").format(name=name, title=title))
    return RECIPES[key]
