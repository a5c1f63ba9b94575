"""Answers a `WeightStateJob`: what the optimizer holds for every weight, by its own declaration."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from engine.compile.environment import Key
from engine.compile.trace import array_view
from engine.compile.views import Stamp
from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.explain.update.answer import rehearse, run_beside
from engine.learned.track import Quantity, WeightState, WeightStateJob
from engine.learned.track.watching import gradient_used
from engine.nodes.base import NodeError
from engine.numerics.job import JobReport, Steps
from engine.numerics.threads import threads
from engine.training.compiled import RunError
from engine.training.optimizers.base import Optimizer
from engine.training.optimizers.equations import GRADIENT, STEP, THETA, USED, Equation
from engine.training.optimizers.frame import ONE, Frame, value
from engine.training.run import Run
from engine.training.state import state_key
from engine.training.unzeroed import Unzeroed
from engine.training.wrapped import Accumulating
from graph.text.messages import _


def weight_state(context: ExplainContext, job: WeightStateJob) -> Steps:
    """The job: one turn. Raises Unanswerable."""
    try:
        run = context.run or run_beside(context.model)
        run.prepare()
        with torch.no_grad(), threads(context.model.compiled.threads):
            answer = _answered(run, job, Stamp(job.structure, job.revision, job.run, context.model.state.step))
    except RunError as error:
        raise Unanswerable(str(error)) from error
    except (RuntimeError, ValueError, IndexError, TypeError, NodeError) as error:
        raise Unanswerable(_("The next step cannot be computed; the Problems panel says why.")) from error
    yield JobReport()
    return answer


def _answered(run: Run, job: WeightStateJob, stamp: Stamp) -> WeightState:
    spec, hyper = run.spec, {**run.hyper}
    if run.rate is not None:
        hyper["lr"] = run.rate
    memory = run.capture().optimizer
    if job.quantity == "sums":
        return _sums(run, memory, stamp)
    if job.quantity == "step":
        return _coming_step(run, spec, stamp)
    t = int(memory["t"]) if "t" in memory else 0
    scalars = {variable.name: float(memory.get(variable.name, variable.start)) for variable in spec.state_variables if variable.scalar}
    frame = spec.frame(hyper, scalars)
    why = _missing(spec, frame, job.quantity, t)
    formula = _formula(frame, job.quantity) if frame is not None else ""
    latex = Equation(f"x = {formula}").latex(spec.letters).partition("= ")[2] if formula else ""
    if why or frame is None:
        return WeightState(stamp, job.quantity, spec.title, latex, (), why)
    keys = run.model.program(training=True).trainable_keys
    tensors = {key: run.model.state.parameters[state_key(key)] for key in keys}
    names = spec.symbols(hyper) | scalars | {STEP: float(t)}
    if job.quantity == "momentum" and frame.root != ONE and frame.carries:
        shown = _coming_momentum(run, spec, frame, hyper, scalars)
    else:
        shown = {key: _value(formula, names, spec, memory, key, tensor) for key, tensor in tensors.items()}
    return WeightState(stamp, job.quantity, spec.title, latex, tuple((key, array_view(tensor)) for key, tensor in shown.items()))


def _sums(run: Run, memory: dict[str, Tensor], stamp: Stamp) -> WeightState:
    """The gradients added up since they were set to zero: of accumulation over mini-batches, or of all steps where nothing does that."""
    keys = run.model.program(training=True).trainable_keys
    found = {
        key: tensor for key in keys for prefix in (Unzeroed.prefix, Accumulating.prefix)
        if (tensor := memory.get(f"{prefix}.{state_key(key)}")) is not None
    }  # fmt: skip
    why = "" if found else _("Gradients are set to zero before each update, so nothing adds up.")
    return WeightState(stamp, "sums", run.spec.title, "", tuple((key, array_view(tensor)) for key, tensor in found.items()), why)


def _coming_step(run: Run, spec: type[Optimizer], stamp: Stamp) -> WeightState:
    """The coming step of every weight, and the part that its gradient has in it where the frame says so."""
    rehearsal = rehearse(run)
    if not rehearsal.updated:
        return WeightState(stamp, "step", spec.title, "", (), rehearsal.note)
    scalars = {v.name: float(rehearsal.before.get(v.name, v.start)) for v in spec.state_variables if v.scalar}
    later = {name: float(rehearsal.after.get(name, number)) for name, number in scalars.items()}
    moves, parts = [], []
    for key, new in rehearsal.new.items():
        hyper, old = dict(rehearsal.hyper_of(key)), rehearsal.old[key]
        moves.append((key, array_view(new - old)))
        frame = None if spec.evaluates_loss else spec.frame(hyper, scalars)
        if frame is None:
            continue
        symbols, gradient = spec.symbols(hyper), rehearsal.gradients[key]
        rate = _value(frame.rate, {**symbols, **later, STEP: float(rehearsal.t)}, spec, rehearsal.after, key, new)
        known = {**symbols, **scalars, STEP: float(rehearsal.t), THETA: old, GRADIENT: gradient, USED: gradient}
        parts.append((key, array_view(-rate * gradient_used(spec, hyper, scalars, known))))
    return WeightState(stamp, "step", spec.title, "", tuple(moves), "", tuple(parts))


def _formula(frame: Frame, quantity: Quantity) -> str:
    return {"velocity": frame.velocity, "squares": frame.square, "rate": frame.rate, "momentum": frame.beta}.get(quantity, "")


def _missing(spec: type[Optimizer], frame: Frame | None, quantity: Quantity, t: int) -> str:
    """Why there is nothing to show; empty where there is."""
    if frame is None:
        return _("{optimizer} does not say what it holds for each weight.").format(optimizer=spec.title)
    if not _formula(frame, quantity):
        texts = {
            "velocity": _("{optimizer} remembers no direction: it has no velocity."),
            "squares": _("{optimizer} remembers no squares of gradients."),
            "rate": _("{optimizer} has no effective rate for each weight."),
            "momentum": _("The step of {optimizer} has no share of the last step in it that could be read off."),
        }  # fmt: skip
        return texts[quantity].format(optimizer=spec.title)
    if not t and (quantity != "momentum"):
        return _("No step has been made yet. Make one to see what the optimizer holds.")
    return ""


def _value(formula: str, names: dict[str, Any], spec: type[Optimizer], memory: dict[str, Tensor], key: Key, like: Tensor) -> Tensor:
    """A formula for every number of a tensor."""
    own = {variable.name: memory[name] for variable in spec.state_variables if (name := f"{variable.name}.{state_key(key)}") in memory}
    number = value(formula, {**names, **own})
    return number if isinstance(number, Tensor) else torch.full_like(like, float(number))


def _coming_momentum(run: Run, spec: type[Optimizer], frame: Frame, hyper: dict[str, Any], scalars: dict[str, float]) -> dict[Key, Tensor]:
    """βH⁻¹H₋₁ of the coming step, made on copies; before the first step there is no last move, so it is 0."""
    rehearsal = rehearse(run)
    names = spec.symbols(hyper) | scalars
    shown = {}
    for key, new in rehearsal.new.items():
        late, early = {**names, STEP: float(rehearsal.t)}, {**names, STEP: rehearsal.t - 1.0}
        beta = float(value(frame.beta, late))
        if not beta:
            shown[key] = torch.zeros_like(new)
            continue
        root, before = (_value(frame.root, n, spec, m, key, new) for n, m in ((late, rehearsal.after), (early, rehearsal.before)))
        shown[key] = beta * before / root
    return shown
