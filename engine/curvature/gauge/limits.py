"""Up to which curvature the coming step's optimizer is stable, and which function the curvature is of."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.curvature.gauge import Edge
from engine.curvature.point import Point
from engine.explain.update.answer import Rehearsal
from engine.training.at_once import rows_at_once
from engine.training.model import Model
from engine.training.optimizers.base import Optimizer
from engine.training.optimizers.edge import StabilityEdge
from engine.training.optimizers.equations import STEP
from engine.training.optimizers.frame import value
from engine.training.state import state_key
from engine.training.step_conditions import StepConditions
from graph.text.messages import _

RATE = "η"
"""What the learning rate is called in formulas."""
MOST_ROWS = 4096
"""Of more samples, so many, evenly spaced, give f: the same ones each time."""


@dataclass(frozen=True, slots=True)
class StableLimit:
    """The largest stable curvature is `share`/η − `decay`, where it is known exactly: `formula` says how, else `no_edge` why not.

    `divisors` (p,) is what the optimizer divides by, where it does.
    """

    share: float | None
    decay: float
    formula: str
    no_edge: str
    divisors: Tensor | None

    def edge(self, plain: float, divided: float | None, eta: float) -> Edge | None:
        """With λmax of the Hessian, and the one with divisors where there are any; None where nothing exact is known."""
        if self.share is None:
            return None
        curvature = plain if divided is None else divided
        bends = curvature + self.decay
        limit, rate = self.share / eta - self.decay if eta else math.inf, self.share / bends if bends > 0 else None
        return Edge(curvature, limit, rate, self.formula, divided is not None)


def stable_limit(conditions: StepConditions, rehearsal: Rehearsal) -> StableLimit:
    """Of the step that was rehearsed, under these conditions."""
    edge, no_edge = _edge_of(conditions, rehearsal)
    if edge is None:
        return StableLimit(None, 0.0, "", no_edge, None)
    decay = float(rehearsal.hyper.get("weight_decay") or 0.0)
    share = float(value(edge.limit, {**conditions.optimizer.symbols(rehearsal.hyper), RATE: 1.0}))
    divisors = None if edge.root == "1" else _divisors(conditions.optimizer, rehearsal, edge.root)
    return StableLimit(share, decay, edge.text + (" − λ" if decay else ""), "", divisors)


def _edge_of(now: StepConditions, rehearsal: Rehearsal) -> tuple[StabilityEdge | None, str]:
    """Up to which curvature the optimizer's steps are stable; None, and why nothing exact is known."""
    spec = now.optimizer
    edge, title = spec.edge(rehearsal.hyper), spec.title
    if edge is None:
        return None, _("No exact limit is known for {optimizer}.").format(optimizer=title)
    if now.clip_norm is not None or now.clip_value is not None:
        return None, _("Gradients are clipped: no exact limit is known.")
    if now.program.plan.fault is not None:  # a class may be looking for it
        return None, _("No exact limit is known for these steps.")
    if now.accumulate > 1 or not now.zero_grad:
        return None, _("Gradients of several mini-batches are added up: no exact limit is known.")
    decays = bool(rehearsal.hyper.get("weight_decay"))
    beside = rehearsal.hyper.get("decoupled", spec.decouples)
    if decays and (beside or edge.root != "1" or now.undecayed):
        return None, _("With this weight decay no exact limit is known for {optimizer}.").format(optimizer=title)
    return edge, ""


def _divisors(spec: type[Optimizer], rehearsal: Rehearsal, formula: str) -> Tensor:
    """(p,) P, by what the optimizer remembers after the step."""
    names, known = [r.name for r in spec.state_variables if not r.scalar], spec.symbols(rehearsal.hyper)
    parts = []
    for key, old in rehearsal.old.items():
        own = {name: f"{name}.{state_key(key)}" for name in names}
        memory = {name: rehearsal.after[place].double() for name, place in own.items() if place in rehearsal.after}
        root = value(formula, {**known, **memory, STEP: float(rehearsal.t)})
        parts.append(torch.as_tensor(root, dtype=torch.float64).expand(old.shape).reshape(-1))
    return torch.cat(parts)


def numbers_of(plain: float, edge: Edge | None) -> dict[str, float]:
    """What is noted in the curve, by the names of `CURVATURE`: what is known and finite."""
    divided = edge.curvature if edge is not None and edge.preconditioned else None
    numbers = {"sharpness": plain, "preconditioned_sharpness": divided, "stability_limit": edge.limit if edge is not None else None}
    return {name: number for name, number in numbers.items() if number is not None and math.isfinite(number)}


def chosen_rows(model: Model, rows: int) -> Tensor | None:
    """The samples that give f, of so many in the training part; None for all."""
    most = min(MOST_ROWS, rows_at_once(model, list(model.inference.outputs)))
    if rows <= most:
        return None
    return torch.linspace(0, rows - 1, most, dtype=torch.float64).round().long().to(model.device)


def times(point: Point, at: Tensor | None = None) -> Callable[[Tensor], Tensor]:
    """v ↦ ∇²f · v in float64, at a place."""
    here = point.here
    return lambda vector: point.product(vector.to(here.device, here.dtype), at).cpu().double()


def preconditioned(product: Callable[[Tensor], Tensor], divisors: Tensor) -> Callable[[Tensor], Tensor]:
    """v ↦ P^(-1/2) H P^(-1/2) · v, which is symmetric and has the eigenvalues of P⁻¹H."""
    scale = divisors.cpu().rsqrt()
    return lambda vector: scale * product(scale * vector)
