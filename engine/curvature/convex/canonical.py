"""An objective as a sum of convex functions of affine values, in numbers: f(θ) = c + aᵀθ + ½ θᵀHθ + Σ share · φ(Aθ + b)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.compile.environment import Key, Own
from engine.compile.program import Program, Random, compile
from engine.curvature.convex.structure import NotRecognised, Term
from engine.training.model import Model
from engine.training.state import state_key
from graph.text.messages import _

Array = np.ndarray[Any, np.dtype[np.float64]]
MOST, WORK = 20_000_000, 2_000_000_000
"""Entries of all matrices A together, at most: 160 MB. Multiplications of one AᵀDA, at most: about 0.2 s."""


@dataclass(slots=True)
class Canonical:
    """One objective over p numbers. Shapes: `squares` (m, p), `square_offsets` (m,) with ‖Rθ + r‖²; `scores` (m, p) of logistic terms
    w · (log(1 + eᶻ) − tz); `classes` (n, k, p) of softmax terms w · (Σt log Σeᶻ − tᵀz); `kinks` (m, p) of w · max(0, z); `linear` and
    `hessian` of the polynomial part; `constant` c. All in float64."""

    p: int
    constant: float = 0.0
    linear: Array = field(default_factory=lambda: np.zeros(0))
    hessian: Array = field(default_factory=lambda: np.zeros((0, 0)))
    squares: list[tuple[Array, Array]] = field(default_factory=list)
    scores: list[tuple[Array, Array, Array, float]] = field(default_factory=list)
    classes: list[tuple[Array, Array, Array, float]] = field(default_factory=list)
    kinks: list[tuple[Array, Array, float]] = field(default_factory=list)

    def value(self, at: Array) -> float:
        total = self.constant + float(self.linear @ at) + 0.5 * float(at @ self.hessian @ at)
        total += sum(float(np.sum((rows @ at + offset) ** 2)) for rows, offset in self.squares)
        for rows, offset, target, weight in self.scores:
            z = rows @ at + offset
            total += weight * float(np.sum(np.logaddexp(0.0, z) - target * z))
        for block, offsets, target, weight in self.classes:
            z = block @ at + offsets
            total += weight * float(np.sum(target.sum(-1) * _log_sum_exp(z) - (target * z).sum(-1)))
        return total + sum(weight * float(np.maximum(rows @ at + offset, 0).sum()) for rows, offset, weight in self.kinks)

    def gradient(self, at: Array) -> Array:
        """(p,); of kinks the derivative from the left where z is 0."""
        slope = self.linear + self.hessian @ at
        for rows, offset in self.squares:
            slope = slope + 2 * rows.T @ (rows @ at + offset)
        for rows, offset, target, weight in self.scores:
            slope = slope + weight * rows.T @ (_sigmoid(rows @ at + offset) - target)
        for block, offsets, target, weight in self.classes:
            shares = _softmax(block @ at + offsets)
            slope = slope + weight * np.einsum("nk,nkp->p", target.sum(-1, keepdims=True) * shares - target, block)
        for rows, offset, weight in self.kinks:
            slope = slope + weight * rows.T @ (rows @ at + offset > 0)
        return slope

    def second(self, at: Array) -> Array:
        """(p, p), the Hessian of all but the kinks."""
        curvature = self.quadratic()
        for rows, offset, _target, weight in self.scores:
            share = _sigmoid(rows @ at + offset)
            curvature = curvature + weight * (rows.T * (share * (1 - share))) @ rows
        for block, offsets, target, weight in self.classes:
            shares, many = _softmax(block @ at + offsets), weight * target.sum(-1)
            flat = block.reshape(-1, self.p)
            curvature = curvature + (flat.T * (many[:, None] * shares).reshape(-1)) @ flat
            mean = np.einsum("nk,nkp->np", shares, block)
            curvature = curvature - (mean.T * many) @ mean
        return curvature

    def quadratic(self) -> Array:
        """(p, p), the Hessian of squares and polynomials, the same everywhere."""
        curvature = self.hessian.copy()
        for rows, _offset in self.squares:
            curvature += 2 * rows.T @ rows
        return curvature

    def steepest(self) -> Array | None:
        """(p, p) matrix that no Hessian exceeds: σ′ ≤ ¼ for logistic terms, diag(s) − ssᵀ ⪯ ½ I for softmax. None with kinks."""
        if self.kinks:
            return None
        bound = self.quadratic()
        for rows, _offset, _target, weight in self.scores:
            bound += weight / 4 * rows.T @ rows
        for block, _offsets, target, weight in self.classes:
            flat = block.reshape(-1, self.p)
            bound += (flat.T * np.repeat(weight / 2 * target.sum(-1), block.shape[1])) @ flat
        return bound

    @property
    def smooth(self) -> bool:
        return not self.kinks

    @property
    def only_quadratic(self) -> bool:
        return not (self.kinks or self.scores or self.classes)


def _sigmoid(z: Array) -> Array:
    result: Array = np.where(z >= 0, 1 / (1 + np.exp(-np.abs(z))), np.exp(-np.abs(z)) / (1 + np.exp(-np.abs(z))))
    return result


def _log_sum_exp(z: Array) -> Array:
    top = z.max(-1)
    result: Array = top + np.log(np.exp(z - top[..., None]).sum(-1))
    return result


def _softmax(z: Array) -> Array:
    power = np.exp(z - z.max(-1, keepdims=True))
    result: Array = power / power.sum(-1, keepdims=True)
    return result


class Reading:
    """Reads the numbers of terms off a model in float64, which is copied: the affine map Aθ + b of each term, its targets and its share."""

    def __init__(self, model: Model, program: Program, terms: Sequence[Term]) -> None:
        self.terms, self._main, self.keys = terms, program, list(program.trainable_keys)
        owned = {leaf.key for operation in program.plan.operations for leaf in operation.leaves if isinstance(leaf, Own)}
        keys = dict.fromkeys(key for term in terms for key in (term.z, term.target) if key is not None and key not in owned)
        self._outputs = list(keys)
        self._inner = compile(model.graph, model.inference, training=True, objective=program.objective, outputs=self._outputs or None)
        both = (self._main, self._inner)
        self._feeds = {id(one): model.feeds.whole(one.feeds, "train") for one in both}
        self._buffers = {id(one): [tensor.clone() for tensor in model.buffers(one)] for one in both}
        every = dict.fromkeys(key for one in both for key in one.parameter_keys)
        self._held = {key: model.state.parameters[state_key(key)].clone() for key in every}
        self._random = model.random(model.state.step)
        self.shapes = [self._held[key].shape for key in self.keys]
        self.p = sum(shape.numel() for shape in self.shapes)
        self.here = torch.cat([self._held[key].reshape(-1) for key in self.keys])

    def read(self) -> Iterator[Canonical | int]:
        """Yields how many columns were computed, and at last the whole. Raises NotRecognised where it is too large."""
        zero = torch.zeros(self.p, dtype=torch.float64)
        at_zero = self.values(zero)
        affine = [term for term in self.terms if term.atom != "polynomial"]
        entries = sum(at_zero[term.z].numel() for term in affine) * self.p
        if entries > MOST or entries * self.p > WORK:
            raise NotRecognised(_("The problem is convex, but too large to be solved here."))
        columns: dict[Key, list[Tensor]] = {term.z: [] for term in affine}
        for j in range(self.p):
            unit = torch.zeros_like(zero)
            unit[j] = 1.0
            slopes = torch.func.jvp(lambda flat: {key: self.values(flat)[key] for key in columns}, (zero,), (unit,))[1] if columns else {}
            for key, found in columns.items():
                found.append(slopes[key])
            yield j + 1
        whole = Canonical(self.p, linear=np.zeros(self.p), hessian=np.zeros((self.p, self.p)))
        for term in self.terms:
            if term.atom == "polynomial":
                self._add_polynomial(whole, term)
            else:
                self._add(whole, term, torch.stack(columns[term.z], -1), at_zero)
        whole.constant = float(self.objective(zero)) - whole.value(np.zeros(self.p))
        yield whole

    def values(self, flat: Tensor) -> dict[Key, Tensor]:
        """Every value that the terms are made of, at these numbers."""
        parameters = self._parameters(flat)
        values = {key: parameters[key] for term in self.terms for key in (term.z, term.target) if key is not None and key in parameters}
        if self._outputs:
            values |= zip(self._outputs, self._inner.evaluate(*self._given(self._inner, flat)), strict=True)
        return values

    def objective(self, flat: Tensor) -> Tensor:
        """The graph's own objective at these numbers."""
        return self._main.objective_value(*self._given(self._main, flat)).reshape(())

    def gradient(self, flat: Tensor) -> Tensor:
        """(p,), by the graph's own backward pass."""
        return torch.cat([gradient.reshape(-1) for gradient in self._main.step(*self._given(self._main, flat))[1]])

    def _given(self, program: Program, flat: Tensor) -> tuple[list[Tensor], list[Tensor], list[Tensor], Random]:
        parameters = self._parameters(flat)
        own = [parameters[key] for key in program.parameter_keys]
        return self._feeds[id(program)], own, self._buffers[id(program)], self._random

    def _parameters(self, flat: Tensor) -> dict[Key, Tensor]:
        """All parameters, the trainable ones with the numbers of this row."""
        parts = torch.split(flat, [shape.numel() for shape in self.shapes])
        return self._held | {key: part.view(s) for key, part, s in zip(self.keys, parts, self.shapes, strict=True)}

    def _add_polynomial(self, whole: Canonical, term: Term) -> None:
        zero = torch.zeros(self.p, dtype=torch.float64)
        factor = term.share(torch.Size(()))

        def value(flat: Tensor) -> Tensor:
            result: Tensor = self.values(flat)[term.z].reshape(()) * factor
            return result

        def slope(flat: Tensor) -> Tensor:
            return torch.stack([torch.func.jvp(value, (flat,), (unit,))[1] for unit in torch.eye(self.p, dtype=torch.float64)])

        whole.linear = whole.linear + slope(zero).numpy()
        rows = [torch.func.jvp(slope, (zero,), (unit,))[1] for unit in torch.eye(self.p, dtype=torch.float64)]
        whole.hessian = whole.hessian + torch.stack(rows).numpy()

    def _add(self, whole: Canonical, term: Term, columns: Tensor, at_zero: dict[Key, Tensor]) -> None:
        offset = at_zero[term.z]
        target = torch.zeros((), dtype=torch.float64) if term.target is None else at_zero[term.target]
        if term.atom == "softmax":
            self._add_classes(whole, term, columns, offset, target)
            return
        shape = torch.broadcast_shapes(offset.shape, target.shape)  # type: ignore[no-untyped-call]
        share = term.share(shape)
        rows = columns.expand(*shape, self.p).reshape(-1, self.p).numpy()
        z, t = offset.expand(shape).reshape(-1).numpy(), target.expand(shape).reshape(-1).double().numpy()
        if term.atom == "square":
            whole.squares.append((rows * np.sqrt(share), (z - t) * np.sqrt(share)))
        elif term.atom == "softplus" and term.labels:
            whole.scores.append((rows * -t[:, None], z * -t, np.zeros_like(t), share))
        elif term.atom == "softplus":
            whole.scores.append((rows, z, t, share))
        elif term.atom == "positive" and term.labels:
            whole.kinks.append((rows * -t[:, None], 1 - t * z, share))
        elif term.atom == "positive":
            whole.kinks.append((rows, z - t, share))
        else:  # |z| = 2 max(0, z) − z
            whole.kinks.append((rows, z - t, 2 * share))
            whole.linear = whole.linear - share * rows.sum(0)

    def _add_classes(self, whole: Canonical, term: Term, columns: Tensor, offset: Tensor, target: Tensor) -> None:
        k = offset.shape[-1]
        share = term.share(offset.shape)
        if target.dtype == torch.int64:
            target = torch.nn.functional.one_hot(target, k)
        block = columns.reshape(-1, k, self.p).numpy()
        whole.classes.append((block, offset.reshape(-1, k).numpy(), target.reshape(-1, k).double().numpy(), share))
