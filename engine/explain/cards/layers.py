r"""What is drawn rather than derived: a Linear layer's outer product, and how softmax and cross-entropy collapse to ŷ − y.

In a card one sample is a column, as in lectures: u = W x + b, \partial L/\partial W = δ xᵀ, \partial L/\partial x = Wᵀ δ,
\partial L/\partial b = δ, summed over the samples of a batch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from engine.compile.environment import Own, Wire
from engine.explain.cards import Array, Line, Number, Outer, Piece, Section, Tex
from engine.explain.cards.formula import shortened
from engine.explain.cards.local import LeafProduct
from engine.explain.cards.scene import EQUALS, equation, words
from engine.explain.cards.worked import Worked
from engine.explain.symbols import entry_text
from graph.model.address import Address
from graph.text.messages import _

DOT = Tex(r"\cdot")


def _column(worked: Worked, name: str, symbol: str, form: str = "column") -> Number | Array:
    """The vector that arrived at `name`, of the chosen sample."""
    tensor: Tensor = worked.local.argument(name)
    argument = next(a for n, a in zip(worked.operation.wiring.names, worked.operation.wiring.arguments, strict=True) if n == name)
    assert isinstance(argument, (Wire, Own))
    place = worked.scene.leaf_place(argument)
    if worked.local.argument_batched(name) and worked.sample is not None:
        tensor, place = tensor[worked.sample], place.value.at((worked.sample,))
    return worked.scene.quantity(tensor, symbol, "value", place, form if tensor.dim() == 1 else "")


def _text(worked: Worked, name: str) -> str:
    part = worked.symbol(name)
    return part.text if isinstance(part, Tex) else name


def linear_forward(worked: Worked) -> list[Line]:
    """W x + b for the chosen sample, and one output as the weighted sum it is. A sample that is a matrix keeps its rows."""
    x, weight, bias = (worked.local.argument(name) for name in ("x", "W", "b"))
    vector = x.dim() == 1 + worked.local.argument_batched("x")
    left = Tex(worked.scene.symbols.value(worked.key), role="value", place=worked.scene.value_place(worked.key))
    names: list[Piece] = [Tex(_text(worked, "W"), role="value"), Tex(_text(worked, "x"), role="value")]
    names += [Tex("+"), Tex(_text(worked, "b"), role="value")] if bias is not None else []
    column, matrix = _column(worked, "x", _text(worked, "x")), _column(worked, "W", _text(worked, "W"))
    product: list[Piece] = [matrix, column] if vector else [column, Tex(rf"{{{_text(worked, 'W')}}}^\top")]
    if bias is not None:
        shift = _column(worked, "b", _text(worked, "b"))
        product += [Tex("+"), replace(shift, bracket=True) if isinstance(shift, Number) else shift]
    lines = [equation("numbers", left, EQUALS, *product)]
    if vector:
        lines = [words(_("One sample at a time, as a column:")), equation("formula", left, EQUALS, *names), *lines]
        lines.append(_weighted_sum(worked, x[worked.sample] if worked.local.argument_batched("x") else x, weight, bias))
    return lines


def _weighted_sum(worked: Worked, x: Tensor, weight: Tensor, bias: Tensor | None) -> Line:
    scene, (i,) = worked.scene, worked.entry
    prefix = (worked.sample,) if worked.local.argument_batched("x") and worked.sample is not None else ()
    leaves = dict(zip((n for n, _ in worked.local.names), worked.operation.leaves, strict=True))
    there = scene.leaf_place(leaves["x"])

    def pair(j: int) -> tuple[Number, Number]:
        w = scene.number(weight, (i, j), "value", scene.leaf_place(leaves["W"]))
        return w, Number(float(x[j]), "value", there.at((*prefix, j)))

    last = None if bias is None else scene.number(bias, (i,), "value", scene.leaf_place(leaves["b"]))
    return _sum_of_products(worked, x.shape[0], pair, last)


def _sum_of_products(worked: Worked, count: int, pair: Callable[[int], tuple[Number, Number]], last: Number | None = None) -> Line:
    """One entry of the output as a sum of `count` products, and `last`."""
    scene = worked.scene
    terms: list[Piece] = []
    for term in shortened([(k,) for k in range(count)]):
        first = not terms
        terms += [] if first else [Tex("+")]
        if term is None:
            terms.append(Tex(r"\cdots"))
            continue
        one, other = pair(*term)
        terms += [replace(one, bracket=not first), DOT, replace(other, bracket=True)]
    if last is not None:
        terms += [Tex("+"), replace(last, bracket=True)]
    symbol, below = scene.symbols.value(worked.key), entry_text(worked.entry)
    there = scene.value_place(worked.key).at(worked.index or None)
    name = Tex(f"{{{symbol}}}_{{{below}}}" if below else symbol, role="value", place=there)
    value = scene.number(worked.local.output, worked.index, "value", scene.value_place(worked.key))
    return equation("step", name, EQUALS, *terms, EQUALS, value)


def inner_product(worked: Worked) -> Line | None:
    """One entry of a matrix product as row times column, where the factors of a sample are vectors or matrices."""
    tensors: dict[str, Tensor] = {name: worked.local.argument(name) for name in ("a", "b")}
    index: dict[str, tuple[int, ...]] = {}
    for name, tensor in tensors.items():
        batched = worked.local.argument_batched(name) and worked.sample is not None
        index[name] = (worked.sample,) if batched and worked.sample is not None else ()
        if tensor.dim() - batched not in (1, 2):
            return None
    matrix = {name: tensors[name].dim() - len(index[name]) == 2 for name in tensors}
    entry = list(worked.entry)
    row = (entry.pop(0),) if matrix["a"] else ()
    column = (entry.pop(0),) if matrix["b"] else ()
    places = {name: worked.scene.leaf_place(leaf) for (name, _), leaf in zip(worked.local.names, worked.operation.leaves, strict=True)}

    def pair(k: int) -> tuple[Number, Number]:
        a = worked.scene.number(tensors["a"], (*index["a"], *row, k), "value", places["a"])
        return a, worked.scene.number(tensors["b"], (*index["b"], k, *column), "value", places["b"])

    return _sum_of_products(worked, tensors["a"].shape[-1], pair)


def linear_backward(worked: Worked, a: int, step: LeafProduct) -> list[Line]:
    r"""δ xᵀ, Wᵀ δ or δ for the chosen sample; nothing where a sample is a matrix, whose rows the declared rule sums over."""
    name, local = worked.local.names[a][0], worked.local
    if local.argument("x").dim() != 1 + local.argument_batched("x"):
        return []
    scene, leaf = worked.scene, worked.operation.leaves[a]
    up, down = scene.symbols.gradient(worked.key), scene.leaf_gradient(leaf, worked.node)
    entry = (worked.sample,) if local.batched and worked.sample is not None else ()
    delta = scene.array(step.upstream, up, "gradient", Address("output", *worked.key, gradient=True, index=entry or None), "column")
    place = scene.leaf_place(leaf, gradient=True)
    left, factor = Tex(down, role="gradient", place=place), Tex(up, role="gradient", place=delta.place)
    summed = local.batched and not local.leaf_batched(leaf) and local.output.shape[0] > 1
    if local.leaf_batched(leaf) and worked.sample is not None:
        mine: Address | None = place.at((worked.sample,))
    else:
        mine = None if summed else place
    part = scene.array(step.downstream, down, "gradient", mine)
    many: tuple[Piece, ...] = (Tex(r"\sum_{n=1}^{N}"),) if summed else ()
    alone = one_sample(left, worked.sample) if summed and worked.sample is not None else left
    if name == "W":
        return _outer(worked, (left, EQUALS, *many, factor), alone, delta, part)
    if name == "b":
        return [equation("formula", left, EQUALS, *many, factor), equation("numbers", alone, EQUALS, delta)]
    weight = dict(zip((n for n, _ in local.names), worked.operation.leaves, strict=True))["W"]
    symbol = rf"{{{_text(worked, 'W')}}}^\top"
    transposed = scene.array(local.argument("W").mT, symbol, "value", scene.leaf_place(weight))
    return [
        equation("formula", left, EQUALS, Tex(symbol, role="value"), factor),
        equation("numbers", left, EQUALS, transposed, delta, EQUALS, part),
    ]


def one_sample(symbol: Tex, sample: int) -> Tex:
    """The share of one sample in a gradient that is a sum over the samples."""
    return Tex(rf"\left({symbol.text}\right)_{{n={sample + 1}}}", role="gradient")


def _outer(worked: Worked, start: tuple[Piece, ...], alone: Tex, delta: Array, product: Array) -> list[Line]:
    tensor: Tensor = worked.local.argument("x")
    place = worked.scene.leaf_place(worked.operation.leaves[0])
    if worked.local.argument_batched("x") and worked.sample is not None:
        tensor, place = tensor[worked.sample], place.at((worked.sample,))
    row = worked.scene.array(tensor, rf"{{{_text(worked, 'x')}}}^\top", "value", place, "row")
    return [
        equation("formula", *start, Tex(row.symbol, role="value", place=place)),
        equation("numbers", alone, EQUALS, Outer(delta, row, product)),
    ]


# Softmax and cross-entropy


def collapse(worked: Worked) -> Section | None:
    """How the Jacobian of softmax and the slope of −log at the right class come to ŷ − y, for the chosen sample."""
    from engine.nodes.activations import LogSoftmax, Softmax
    from engine.nodes.class_losses import CrossEntropy, NegativeLogLikelihood

    upstream = worked.scene.trace.gradients.get(worked.key)
    if not isinstance(upstream, Tensor) or not all(worked.local.as_declared(a) for a in range(len(worked.operation.leaves))):
        return None
    if isinstance(worked.type, CrossEntropy):
        return _of_loss(worked, torch.exp(worked.local.kept), float(upstream))
    if isinstance(worked.type, NegativeLogLikelihood) and worked.s.producers.get("log_probabilities") == LogSoftmax.key:
        before = worked.scene.local(_prediction(worked).source[0])
        assert before is not None
        if not before.as_declared(0):
            return None
        return _of_loss(worked, torch.exp(worked.local.argument("log_probabilities")), float(upstream))
    if isinstance(worked.type, (Softmax, LogSoftmax)):
        return _of_softmax(worked, upstream, isinstance(worked.type, LogSoftmax))
    return None


def _prediction(worked: Worked) -> Wire:
    """The wire that brings a loss its scores or log-probabilities."""
    return next(leaf for leaf in worked.operation.leaves if isinstance(leaf, Wire) and leaf.port != "target")


def _of_loss(worked: Worked, probabilities: Tensor, upstream: float) -> Section:
    target: Tensor = worked.local.argument("target")
    samples = worked.local.samples
    row = probabilities[worked.sample] if worked.sample is not None else probabilities
    wanted = int(target[worked.sample] if worked.sample is not None else target)
    share = upstream / samples if samples and worked.s.reduction == "mean" else upstream
    where = leaf = _prediction(worked)
    if leaf.port != "scores":  # log-softmax stands before: what collapses is the gradient at its own input
        before = worked.scene.local(leaf.source[0])
        assert before is not None
        inner = before.operation.leaves[0]
        assert isinstance(inner, Wire)
        where = inner
    edge_gradient = worked.scene.trace.edge_gradients.get(where.edge)
    return _written(worked, row, wanted, share, samples, where, edge_gradient if isinstance(edge_gradient, Tensor) else None)


def _of_softmax(worked: Worked, upstream: Tensor, logarithm: bool) -> Section | None:
    """Only where the gradient that arrives is that of −log of one entry, which is 0 at all others."""
    batched = worked.local.batched
    y = worked.local.output[worked.sample] if batched else worked.local.output
    g = upstream[worked.sample] if batched else upstream
    if y.dim() != 1 or int((g != 0).sum()) != 1:
        return None
    wanted = int(g.abs().argmax())
    probabilities = torch.exp(y) if logarithm else y
    share = -float(g[wanted]) * (1.0 if logarithm else float(y[wanted]))
    leaf = worked.operation.leaves[0]
    assert isinstance(leaf, Wire)
    edge_gradient = worked.scene.trace.edge_gradients.get(leaf.edge)
    return _written(worked, probabilities, wanted, share, 0, leaf, edge_gradient if isinstance(edge_gradient, Tensor) else None)


def _written(worked: Worked, row: Tensor, wanted: int, share: float, samples: int, leaf: Wire, arrived: Tensor | None) -> Section:
    scene = worked.scene
    onehot = torch.zeros_like(row)
    onehot[wanted] = 1
    jacobian = torch.diag(row) - torch.outer(row, row)
    slope = -share * onehot / row
    entry = (worked.sample,) if scene.batched(leaf.source) and worked.sample is not None else ()
    place = Address("edge", leaf.edge, "", True, entry or None)
    gradient = (arrived[worked.sample] if entry else arrived) if arrived is not None else share * (row - onehot)
    predicted = scene.array(row, r"\hat{y}", "value", None, "column", _("softmax of the scores"))
    target = scene.array(onehot, "y", "value", None, "column", _("1 at class {wanted}").format(wanted=wanted))
    result = scene.array(gradient, scene.leaf_gradient(leaf, worked.node), "gradient", place, "column")
    factor = (Tex(rf"\frac{{1}}{{{samples}}}"),) if samples and abs(share * samples - 1) < 1e-9 else ()
    number: tuple[Piece, ...] = factor or (() if share == 1 else (Number(share, "gradient"), DOT))
    left = Tex(scene.leaf_gradient(leaf, worked.node), role="gradient", place=place)
    loss = scene.array(slope, r"-y / \hat{y}", "gradient", None, "column", _("the slope of −log ŷ at the right class, 0 elsewhere"))
    lines = (
        equation("formula", Tex(r"J = \frac{\partial \hat{y}}{\partial z} = \mathrm{diag}(\hat{y}) - \hat{y}\hat{y}^\top")),
        equation("numbers", Tex("J ="), scene.array(jacobian, "J", "local", None, "matrix", _("∂ŷ/∂z, symmetric"))),
        equation("step", Tex(r"\frac{\partial \ell}{\partial \hat{y}} ="), loss),
        equation("formula", Tex(r"J^\top \left(-\frac{y}{\hat{y}}\right) = -y + \hat{y}\,\sum_i y_i = \hat{y} - y")),
        words(_("The components of y add up to 1, so all that is left of the product is prediction minus target.")),
        equation("numbers", left, EQUALS, *number, Tex("("), predicted, Tex("-"), target, Tex(")")),
        equation("result", left, EQUALS, result),
    )
    sample = _(", sample {sample}").format(sample=worked.sample + 1) if worked.sample is not None else ""
    return Section("collapse", _("Softmax and cross-entropy collapse{sample}").format(sample=sample), lines, Address("edge", leaf.edge))
