"""The Jacobian of one node's output by a value before it: a reverse sweep for each entry of the output, or a forward sweep for each of
the input, whichever are fewer."""

from __future__ import annotations

from itertools import product

import numpy as np
import torch
from torch import Tensor

from engine.compile.environment import Key, Own
from engine.compile.views import Stamp
from engine.explain.context import ExplainContext
from engine.explain.forward_mode.answer import ForwardSweep, ReverseSweep
from engine.explain.jacobian import MOST, Jacobian, JacobianJob
from engine.explain.local_products import LocalProducts
from engine.explain.question import Unanswerable
from engine.numerics.job import JobReport, Steps
from graph.model.address import Address
from graph.model.trained_numbers import trained_name
from graph.text.messages import _


def jacobian(context: ExplainContext, job: JacobianJob) -> Steps:
    """The job. What it reads is the pass shown, which does not change under it. Raises Unanswerable."""
    products = LocalProducts(context)
    stamp = Stamp(job.structure, job.revision, job.run, context.model.state.step)
    return _computed(products, job, stamp)


def _computed(products: LocalProducts, job: JacobianJob, stamp: Stamp) -> Steps:
    yield JobReport()
    of = job.of.whole.value
    if of.kind != "output" or of.key not in products.trace.values:
        raise Unanswerable(_("There is no value of {name} to differentiate.").format(name=of.name(products.graph)))
    if products.plan.inference.outputs[of.key].dtype != "float":
        raise Unanswerable(_("{name} holds class indices, which have no derivative.").format(name=of.name(products.graph)))
    offered = _before(products, of.key)
    if not offered:
        raise Unanswerable(_("No value or weight comes before {name}, so it has no Jacobian.").format(name=of.name(products.graph)))
    by = job.by.whole.value if job.by is not None else _default(products, offered)
    if by not in offered:
        raise Unanswerable(
            _("{output} does not depend on {input}, or not in a way that can be differentiated.").format(
                output=of.name(products.graph), input=_name(products, by)
            )
        )
    outer, inner = _Side(products, of, job.sample), _Side(products, by, job.sample)
    matrix = yield from _matrix(products, outer, inner)
    finite = bool(np.isfinite(matrix).all()) and matrix.size > 0
    batched = outer.batched or inner.batched
    samples = max((len(side.value) for side in (outer, inner) if side.batched), default=0)
    operation = products.operations[of.id]
    direct = any((leaf.key if isinstance(leaf, Own) else leaf.source) == by.key for leaf in operation.leaves)
    return Jacobian(
        stamp, of, by, (_name(products, of), _name(products, by)), outer.names, inner.names, matrix,
        np.linalg.svd(matrix, compute_uv=False) if finite else np.zeros(0), offered,
        min(job.sample, samples - 1) if batched else None, samples, direct,
    )  # fmt: skip


class _Side:
    """The output or the input of the Jacobian: its whole tensor in the pass, and which entries of that one sample has."""

    def __init__(self, products: LocalProducts, place: Address, sample: int) -> None:
        self.place = place
        if place.kind == "parameter":
            self.value, self.batched = products.value_of(Own(place.key, place.port)), False
        else:
            self.value, self.batched = products.output(place.key), products.plan.inference.outputs[place.key].batched
        first = min(max(sample, 0), len(self.value) - 1) if self.batched else 0
        shape = tuple(self.value.shape[1:] if self.batched else self.value.shape)
        inside = list(product(*map(range, shape)))
        self.entries = [(first, *index) for index in inside] if self.batched else inside
        name = _name(products, place)
        self.names = tuple(f"{name}[{', '.join(map(str, index))}]" if index else name for index in inside)

    def unit(self, entry: tuple[int, ...]) -> Tensor:
        seed = torch.zeros_like(self.value)
        seed[entry] = 1.0
        return seed

    def of(self, tensor: Tensor) -> list[float]:
        """The numbers of its entries in a tensor of its shape."""
        return [float(tensor[entry]) for entry in self.entries]


def _matrix(products: LocalProducts, outer: _Side, inner: _Side) -> Steps:
    rows, columns = len(outer.entries), len(inner.entries)
    if min(rows, columns) > MOST or rows * columns > MOST * MOST:
        text = _("This Jacobian has {rows:,} × {columns:,} entries, too many to be shown.")
        raise Unanswerable(text.format(rows=rows, columns=columns))
    matrix = np.zeros((rows, columns))
    if rows <= columns:
        for i, entry in enumerate(outer.entries):
            sweep = ReverseSweep(products, outer.place.key, outer.unit(entry))
            found = sweep.parameters if inner.place.kind == "parameter" else sweep.outputs
            if inner.place.key in found:
                matrix[i] = inner.of(found[inner.place.key])
            yield JobReport(i, rows)
    else:
        for j, entry in enumerate(inner.entries):
            outputs = ForwardSweep(products, inner.place, inner.unit(entry)).outputs
            if outer.place.key in outputs:
                matrix[:, j] = outer.of(outputs[outer.place.key])
            yield JobReport(j, columns)
    return matrix


def _before(products: LocalProducts, target: Key) -> tuple[Address, ...]:
    """Every output and learned tensor that a differentiable path leads from to the target, nearest first."""
    found: dict[Address, None] = {}
    reached = [target]
    for key in reached:
        for step in products.steps_into(key):
            leaf = products.leaf(step)
            place = Address("parameter", *leaf.key) if isinstance(leaf, Own) else Address("output", *leaf.source)
            found.setdefault(place)
            if not isinstance(leaf, Own) and leaf.source not in reached:
                reached.append(leaf.source)
    return tuple(found)


def _default(products: LocalProducts, offered: tuple[Address, ...]) -> Address:
    """The nearest that is not a constant, which nothing moves."""
    types, nodes = products.plan.inference.types, products.graph.nodes
    return next((place for place in offered if types[nodes[place.id].type].role != "constant"), offered[0])


def _name(products: LocalProducts, place: Address) -> str:
    return trained_name(products.graph, place) if place.kind == "parameter" else place.name(products.graph)
