"""What a node remembers or draws besides its numbers, where that number is from, and who is penalised: the rest of a card."""

from __future__ import annotations

from torch import Tensor

from engine.explain.cards import Line, Section, Tex
from engine.explain.cards.local import LocalDerivative
from engine.explain.cards.scene import EQUALS, Scene, equation, words
from engine.nodes.base import NodeType
from engine.nodes.convolution import MaxPool2d
from engine.nodes.layers import Dropout
from engine.nodes.normalization import BatchNorm, Normalized, RunningAverage
from engine.nodes.penalties import Penalty
from engine.nodes.sources import Standardize
from graph.model.address import Address, first_output
from graph.text.messages import _


def state(scene: Scene, local: LocalDerivative) -> Section | None:
    """Masks, indices, statistics, penalised weights; None where there is nothing of the kind."""
    kind: NodeType = local.operation.type
    lines: list[Line] = []
    if isinstance(kind, Dropout):
        lines = _mask(scene, local)
    elif isinstance(kind, MaxPool2d):
        lines = _winners(scene, local)
    elif isinstance(local.kept, Normalized):
        lines = _moments(scene, local, local.kept, isinstance(kind, BatchNorm))
    elif isinstance(kind, RunningAverage):
        lines = _average(scene, local)
    elif isinstance(kind, Standardize):
        lines = _fitted(scene, local)
    elif isinstance(kind, Penalty):
        lines = _penalised(scene, local)
    return Section("state", _("What it keeps"), tuple(lines), first_output(scene.graph, local.operation.node)) if lines else None


def _of_sample(scene: Scene, local: LocalDerivative, tensor: Tensor) -> Tensor:
    sample = scene.sample(local.samples)
    return tensor[sample] if local.batched and sample is not None else tensor


def _mask(scene: Scene, local: LocalDerivative) -> list[Line]:
    place = first_output(scene.graph, local.operation.node)
    if local.kept is None:
        why = "p is 0" if local.operation.settings.p == 0 else _("dropout acts only in training, and this pass is in evaluation mode")
        return [words(_("Nothing is dropped: {why}. Its output is its input, and the gradient passes unchanged.").format(why=why))]
    mask = scene.quantity(_of_sample(scene, local, local.kept), "m", "local", place)
    return [
        words(_("The mask was drawn in the forward pass; the backward pass multiplies by the same one.")),
        equation("step", Tex("m"), EQUALS, mask),
    ]


def _winners(scene: Scene, local: LocalDerivative) -> list[Line]:
    places = scene.array(_of_sample(scene, local, local.kept), r"\mathrm{argmax}", "local", first_output(scene.graph, local.operation.node))
    return [
        words(
            _(
                "The position of the largest number in every window, counted from 0, row by row within its channel. These positions "
                "receive the gradient; all others receive 0."
            )
        ),
        equation("step", Tex(r"\mathrm{argmax} ="), places),
    ]


def _moments(scene: Scene, local: LocalDerivative, kept: Normalized, batch: bool) -> list[Line]:
    place = first_output(scene.graph, local.operation.node)
    mean = local.argument("x") - kept.values / kept.inverse
    mean = mean.narrow(0, 0, 1) if batch else mean
    variance = kept.inverse**-2 - local.operation.settings.eps
    if batch:
        whose = _("of this mini-batch, for each channel") if kept.axes else _("running averages, which were updated while training")
        shown = (mean.mean((0, *range(2, mean.dim()))), variance.flatten())
    else:
        whose = _("of each sample separately")
        sample = scene.sample(local.samples) or 0
        shown = tuple((t[sample] if local.batched else t) for t in (mean.mean(kept.axes, keepdim=True), variance))
    names = (r"\mu", r"\sigma^2")
    note = "" if not batch or not kept.axes else _(" They depend on every sample, so the gradient of one sample depends on the others too.")
    lines = [words(_("Mean and variance are {whose}.{note}").format(whose=whose, note=note))]
    lines += [equation("step", Tex(n), EQUALS, scene.quantity(t, n, "local", place)) for n, t in zip(names, shown, strict=True)]
    return lines


def _average(scene: Scene, local: LocalDerivative) -> list[Line]:
    training = local.operation.settings.training
    said = (
        _("In training it passes x on and updates m.")
        if training
        else _("In evaluation it gives m; x is not used and receives no gradient.")
    )
    kept = scene.quantity(local.argument("running"), "m", "local", Address("buffer", local.operation.node, "running"))
    return [words(said), equation("step", Tex("m"), EQUALS, kept)]


def _fitted(scene: Scene, local: LocalDerivative) -> list[Line]:
    node = local.operation.node
    lines = [words(_("Mean and standard deviation were computed once, over the training set; they are not learned by gradients."))]
    for symbol, name in ((r"\mu", "mean"), (r"\frac{1}{\sigma}", "scale")):
        place = Address("buffer", node, name)
        lines.append(equation("step", Tex(symbol), EQUALS, scene.quantity(local.argument(name), symbol, "local", place)))
    return lines


def _penalised(scene: Scene, local: LocalDerivative) -> list[Line]:
    leaves = local.operation.leaves
    if not leaves:
        return [words(_("Nothing is penalised: wire a Parameter here, or name layers in its settings."))]
    lines = [words(_("It sums over these; each receives a gradient from here in addition to the one from the loss."))]
    for a, leaf in enumerate(leaves):
        symbol = scene.leaf_symbol(leaf)
        lines.append(equation("step", Tex(symbol), EQUALS, scene.quantity(local.leaf(a), symbol, "value", scene.leaf_place(leaf))))
    return lines


def source(scene: Scene, local: LocalDerivative) -> Section:
    """Where the number of a node without inputs is from."""
    node, role = local.operation.node, local.operation.type.role
    lines = [words(_origin(scene, node, role))]
    for key in local.operation.outputs:
        tensor = scene.trace.values[key]
        sample = scene.sample(tensor.shape[0]) if scene.batched(key) else None
        symbol = scene.symbols.value(key)
        place = Address("output", *key, index=None if sample is None else (sample,))
        shown = scene.quantity(tensor if sample is None else tensor[sample], symbol, "value", place)
        lines.append(equation("result", Tex(symbol, role="value", place=place), EQUALS, shown))
    return Section("source", _("Where it comes from"), tuple(lines), first_output(scene.graph, node))


def _origin(scene: Scene, node: str, role: str) -> str:
    if role == "data":
        key = (node, "x")
        size = scene.trace.values[key].shape[0] if key in scene.trace.values and scene.batched(key) else 0
        return _("Read from the data set: {size} of its samples, the same rows of features and targets.").format(size=size)
    if role == "constant":
        return _("A constant: the value that was typed. Nothing changes it.")
    if role == "parameter":
        return _("A learned number: training starts from the typed value and changes it by its gradient.")
    return _("An input: the value that was typed or set with the slider.")
