"""What an objective is made of, read from the structure of its graph: of which degree each value is in the trainable numbers, and
which convex functions of affine values the objective adds up.

A value is of degree 0 where it depends on no trainable number, 1 where it is affine in them, 2 where it is quadratic. The degree is an
upper bound that holds for all values of the parameters: products add degrees, so a product of two trainable numbers is not affine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import torch

from engine.compile.environment import Key, Own, Wire
from engine.compile.plan import Operation, Plan
from engine.nodes.base import Settings
from engine.nodes.losses import divisor
from graph.text.messages import _

OTHER = 3
"""The degree of what is no polynomial of degree 2 or less, as far as the structure says."""
LINEAR = {
    "math.add", "math.subtract", "math.negate", "math.sum", "math.mean", "math.reshape", "math.flatten", "math.transpose",
    "math.concatenate", "math.slice", "layer.avg_pool2d", "activation.identity", "probe.value", "source.standardize",
}  # fmt: skip
"""Affine in all their inputs together."""
PRODUCTS = {"math.multiply", "math.matmul", "layer.linear", "layer.conv2d"}
"""Affine in each of two factors alone."""
PASSING = {"activation.identity", "math.reshape", "math.flatten"}

Atom = Literal["square", "softplus", "softmax", "positive", "absolute", "polynomial"]
Share = Callable[[torch.Size], float]
"""What the numbers of a tensor of this shape are multiplied by when they are added up."""


@dataclass(frozen=True, slots=True)
class Term:
    """share · Σ φ(z), φ by `atom`. `z` is affine, but for a polynomial; `target` is fixed.

    square: (z − t)²; softplus: log(1 + eᶻ) − tz, or log(1 + e^(−tz)) where `labels` (t = ±1); softmax: cross-entropy of scores z with a
    class index or probabilities; positive: max(0, z − t), or max(0, 1 − tz) where `labels`; absolute: |z − t|; polynomial: the value of z,
    of degree 2 or less. `node` is the operation it was read from.
    """

    atom: Atom
    z: Key
    target: Key | None
    share: Share
    node: str
    labels: bool = False


class NotRecognised(Exception):
    """The objective is none of the kinds that are known; the text says where the structure says so."""


class Structure:
    """The degrees of all values in one plan, and the terms of its objective. Raises NotRecognised."""

    def __init__(self, plan: Plan, names: dict[str, str]) -> None:
        self.operations = {operation.node: operation for operation in plan.operations if operation.node in plan.for_objective}
        self.names, self._trainable = names, set(plan.trainable)
        for operation in self.operations.values():
            if operation.type.random:
                raise NotRecognised(
                    _("{node} draws random numbers in each step, so the objective is another function each time.").format(
                        node=self.name(operation)
                    )
                )
        self.degrees: dict[Key, int] = {key: int(key in self._trainable) for key in plan.parameters}
        self._culprit: dict[Key, str] = {}
        for operation in self.operations.values():
            degree = self._degree(operation)
            self.degrees |= {key: degree for key in operation.outputs}
        assert plan.objective is not None
        self.terms = list(self._scalar(plan.objective, 1.0))

    def name(self, operation: Operation) -> str:
        """The node's name with the title of its type: `hidden (Linear)`."""
        return _("{name} ({type})").format(name=self.names[operation.node], type=operation.type.spec.title)

    # Degrees

    def _degree(self, operation: Operation) -> int:
        kind, own = operation.type.key, [(_port(leaf), self._of(leaf)) for leaf in operation.leaves]
        highest = max((degree for _name, degree in own), default=0)
        if highest == 0 or operation.fed:
            return 0
        if operation.alias or kind in LINEAR:
            return self._noted(operation, highest)
        if kind in PRODUCTS:
            bias = max((degree for name, degree in own if name == "b" and kind not in ("math.multiply", "math.matmul")), default=0)
            factors = [degree for name, degree in own if not (name == "b" and kind not in ("math.multiply", "math.matmul"))]
            return self._noted(operation, max(sum(factors), bias))
        if kind == "math.divide" and dict(own).get("b", 0) == 0:
            return self._noted(operation, highest)
        if kind == "math.square" or (kind == "math.power" and self._exponent(operation) == 2):
            return self._noted(operation, 2 * highest)
        if kind == "math.power" and self._exponent(operation) == 1:
            return self._noted(operation, highest)
        if kind == "math.where" and dict(own).get("condition", 0) == 0:
            return self._noted(operation, highest)
        if kind == "layer.embedding" and dict(own).get("x", 0) == 0:
            return self._noted(operation, highest)
        if kind in ("loss.squared_error", "penalty.l2"):
            return self._noted(operation, 2 * highest)
        return self._noted(operation, OTHER)

    def _of(self, leaf: Wire | Own) -> int:
        return self.degrees[leaf.key if isinstance(leaf, Own) else leaf.source]

    def _noted(self, operation: Operation, degree: int) -> int:
        """The degree, with the operation that made it more than 1 remembered."""
        before = [leaf.source for leaf in operation.leaves if isinstance(leaf, Wire) and leaf.source in self._culprit]
        for key in operation.outputs:
            if degree > 1:
                self._culprit[key] = self._culprit[before[0]] if before else operation.node
        return min(degree, OTHER)

    def _exponent(self, operation: Operation) -> float | None:
        """The fixed exponent of a power; None where it is wired to anything else than a constant."""
        wired = [leaf for leaf in operation.leaves if isinstance(leaf, Wire) and leaf.port == "b"]
        return self.fixed(wired[0].source) if wired else float(operation.settings.b)

    def fixed(self, key: Key) -> float | None:
        """The number of a constant or input; None where it is another kind of value, or several numbers."""
        operation = self.operations[key[0]]
        value = operation.settings.value if operation.type.role in ("constant", "input") else None
        return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None

    # Terms

    def _scalar(self, key: Key, factor: float) -> Iterator[Term]:
        """The terms of a single number, times a factor that is not negative."""
        operation = self.operations[key[0]]
        kind, sources, degree = operation.type.key, _sources(operation), self.degrees[key]
        if degree <= 1:
            yield Term("polynomial", key, None, lambda shape: factor, operation.node)
        elif kind == "math.add":
            for source in sources:
                yield from self._scalar(source, factor)
        elif kind == "math.subtract" and self.degrees[sources[1]] <= 1 and len(sources) == 2:
            yield from self._scalar(sources[0], factor)
            yield Term("polynomial", sources[1], None, lambda shape: -factor, operation.node)
        elif kind in ("math.multiply", "math.divide") and (scaled := self._scaled(operation, kind)) is not None:
            yield from self._scalar(scaled[0], factor * scaled[1])
        elif kind in PASSING:
            yield from self._scalar(sources[0], factor)
        elif kind in ("math.sum", "math.mean"):
            mean = kind == "math.mean"
            yield from self._each(sources[0], operation, (lambda shape: factor / shape.numel()) if mean else lambda shape: factor)
        elif kind.startswith("loss."):
            yield self._loss(operation, factor)
        elif kind in ("penalty.l2", "penalty.l1"):
            weight = factor * float(operation.settings.lam)
            if kind == "penalty.l2" and operation.settings.factor != "full":
                weight /= 2
            for leaf in operation.leaves:
                penalised = leaf.key if isinstance(leaf, Own) else leaf.source
                if self.degrees[penalised] > 1:
                    raise self._refused(penalised, operation)
                yield Term("square" if kind == "penalty.l2" else "absolute", penalised, None, lambda shape: weight, operation.node)
        else:
            yield from self._each(key, operation, lambda shape: factor)

    def _each(self, key: Key, above: Operation, share: Share) -> Iterator[Term]:
        """The terms of a tensor whose numbers are added up, weighted by `share`. `above` adds them up."""
        operation = self.operations[key[0]]
        kind, sources = operation.type.key, _sources(operation)
        z = sources[0] if sources else key
        affine = bool(sources) and self.degrees[z] <= 1
        squared = kind == "math.square" or (kind == "math.power" and self._exponent(operation) == 2)
        squared = squared or (kind == "math.multiply" and len(sources) == 2 and sources[0] == sources[1])
        if squared and affine:
            yield Term("square", z, None, share, operation.node)
        elif self.degrees[key] <= 2:
            summed = above.outputs[0] if above.node != operation.node else key
            yield Term("polynomial", summed, None, lambda shape: share(torch.Size(())), operation.node)
        elif kind == "activation.softplus" and affine and float(operation.settings.beta) == 1.0:
            yield Term("softplus", z, None, share, operation.node)
        elif kind == "math.log" and (exponent := self._one_plus_exp(z)) is not None:
            yield Term("softplus", exponent, None, share, operation.node)
        elif kind == "activation.relu" and affine:
            yield Term("positive", z, None, share, operation.node)
        elif kind == "math.maximum" and (above_zero := self._over_zero(operation)) is not None:
            yield Term("positive", above_zero, None, share, operation.node)
        elif kind == "math.abs" and affine:
            yield Term("absolute", z, None, share, operation.node)
        else:
            raise self._refused(key, operation)

    def _loss(self, operation: Operation, factor: float) -> Term:
        kind, s = operation.type.key, operation.settings
        z, target = _sources(operation)
        before = self.operations[z[0]]
        share = _share(factor, s)
        if kind == "loss.bce" and before.type.key == "activation.sigmoid":
            z, kind = _sources(before)[0], "loss.bce_logits"
        elif kind in ("loss.nll", "loss.kl") and before.type.key == "activation.log_softmax" and before.settings.axis == -1:
            z, kind = _sources(before)[0], "loss.cross_entropy"
        if self.degrees[target] > 0:
            raise NotRecognised(_("The target of {node} depends on trainable numbers.").format(node=self.name(operation)))
        if self.degrees[z] > 1:
            raise self._refused(z, operation)
        if kind == "loss.squared_error":
            return Term("square", z, target, _share(factor * (1.0 if s.factor == "full" else 0.5), s), operation.node)
        if kind in ("loss.logistic", "loss.bce_logits"):
            return Term("softplus", z, target, share, operation.node, kind == "loss.logistic")
        if kind == "loss.cross_entropy":
            return Term("softmax", z, target, _per_sample(factor, s, operation.type.key), operation.node)
        if kind == "loss.hinge":
            return Term("positive", z, target, share, operation.node, True)
        if kind == "loss.l1":
            return Term("absolute", z, target, share, operation.node)
        raise NotRecognised(_("{node} is no loss whose minimum is computed here.").format(node=self.name(operation)))

    def _scaled(self, operation: Operation, kind: str) -> tuple[Key, float] | None:
        """(what is multiplied, by which number) where one factor is a single fixed number that is not negative."""
        sources = _sources(operation)
        for place in (1, 0) if kind == "math.multiply" else (1,):
            value = self.fixed(sources[place]) if len(sources) == 2 else None
            if value is not None and (value > 0 or (value == 0 and kind == "math.multiply")):
                return sources[1 - place], value if kind == "math.multiply" else 1.0 / value
        return None

    def _one_plus_exp(self, key: Key) -> Key | None:
        """z where this value is 1 + eᶻ with an affine z."""
        operation = self.operations[key[0]]
        sources = _sources(operation)
        if operation.type.key == "math.add" and len(sources) == 2:
            for one, other in (sources, sources[::-1]):
                power = self.operations[other[0]]
                if self.fixed(one) == 1.0 and power.type.key == "math.exp" and self.degrees[_sources(power)[0]] <= 1:
                    return _sources(power)[0]
        return None

    def _over_zero(self, operation: Operation) -> Key | None:
        """z where this maximum is max(0, z) with an affine z."""
        sources = _sources(operation)
        pairs = (sources, sources[::-1]) if len(sources) == 2 else ()
        return next((other for zero, other in pairs if self.fixed(zero) == 0.0 and self.degrees[other] <= 1), None)

    def _refused(self, key: Key, at: Operation) -> NotRecognised:
        """Why a value that should be affine is not, or what should be convex is not known to be."""
        culprit = self.operations[self._culprit.get(key, at.node)]
        factors = [leaf for leaf in culprit.leaves if self._of(leaf) > 0]
        if culprit.type.key in PRODUCTS and len(factors) > 1:
            text = _("{node} multiplies values that both depend on trainable numbers, so the model is not linear in them.")
        else:
            text = _("{node} is not linear, and what reaches it depends on trainable numbers.")
        return NotRecognised(text.format(node=self.name(culprit)))


def _port(leaf: Wire | Own) -> str:
    return leaf.name if isinstance(leaf, Own) else leaf.port


def _sources(operation: Operation) -> list[Key]:
    return [leaf.source if isinstance(leaf, Wire) else leaf.key for leaf in operation.leaves]


def _share(factor: float, s: Settings) -> Share:
    return lambda shape: factor / divisor(s, shape)


def _per_sample(factor: float, s: Settings, kind: str) -> Share:
    """The share of one sample's cross-entropy, by the shape (N, classes) of the scores."""
    if kind != "loss.kl":
        return lambda shape: factor / (shape[:-1].numel() if s.reduction == "mean" else 1)
    return lambda shape: factor / divisor(s, shape)
