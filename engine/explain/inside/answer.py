"""The inside of an optimizer at the coming step, which is made on copies."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from engine.compile.environment import Key
from engine.explain.context import ExplainContext
from engine.explain.inside import Inside, InsideOf
from engine.explain.inside.derive import structure
from engine.explain.inside.fill import StepNumbers, fill_edit, values
from engine.explain.question import Unanswerable
from engine.explain.update.answer import Beginning, Rehearsal, inside_entry, make, rehearse, run_beside
from engine.nodes.base import NodeError
from engine.numerics.threads import threads
from engine.training.compiled import RunError
from engine.training.evaluation import Evaluation
from engine.training.optimizers.base import Optimizer, OptimizerError
from engine.training.optimizers.registry import declared
from engine.training.optimizers.wired import WHOLE
from engine.training.run import Run
from engine.training.state import state_key
from graph.model.address import Address
from graph.model.goal import SETTING as OBJECTIVES
from graph.model.trained_numbers import trained_name
from graph.storage.files import dumps
from graph.text.messages import _, translated

LARGEST = 20_000
"""Numbers in one graph: it is a document, and every number in it is written out."""


def inside(situation: ExplainContext, question: InsideOf) -> Inside:
    """The graph of the coming step with its numbers. Raises Unanswerable."""
    try:
        run = situation.run or run_beside(situation.model)
        if situation.graph.settings.get(OBJECTIVES):
            raise Unanswerable(_("This graph trains several objectives, each with an optimizer of its own. The inside is shown for one."))
        spec = _spec(run, question.optimizer)
        rehearsal = rehearse(run) if spec is run.spec else _first_step(run, spec)
        loss, gradients = _after(run, rehearsal)
    except (RunError, OptimizerError) as error:
        raise Unanswerable(str(error)) from error
    except (RuntimeError, ValueError, IndexError, TypeError, NodeError) as error:
        raise Unanswerable(_("The next step cannot be computed; the Problems panel says why.")) from error
    if not math.isfinite(rehearsal.loss):
        raise Unanswerable(_("The loss is not a finite number, so there is no next step."))
    if not rehearsal.updated:
        raise Unanswerable(rehearsal.note)
    keys = _chosen(rehearsal, question)
    return _answer(run, spec, rehearsal, keys, question, (loss, gradients))


def why_none(spec: type[Optimizer], hyper: Mapping[str, Any], facts: Mapping[str, float]) -> str:
    """Why an optimizer's step is no graph of elementary nodes; empty where it is one. `facts`: of the shape of what is updated."""
    if spec.evaluates_loss and not spec.follows_equations:
        text = _(
            "{optimizer} evaluates the loss itself in every step: its second derivatives, or its value at points that it tries. So its "
            "step is not a fixed graph of operations on θ and its gradient. The card of the update shows what the step did."
        )
        return text.format(optimizer=translated(spec.title))
    scalars = {variable.name: 1.0 for variable in spec.state_variables if variable.scalar}
    if any("orthogonal(" in equation.text for equation in spec.active(hyper, scalars | dict(facts))):
        text = _(
            "{optimizer} makes the momentum of a matrix orthogonal, by matrix products in a shorter number format: that is no graph of "
            "operations on single numbers. Biases, which are no matrices, have one."
        )
        return text.format(optimizer=translated(spec.title))
    return ""


def _spec(run: Run, key: str) -> type[Optimizer]:
    """The optimizer that is asked about. Raises OptimizerError, Unanswerable."""
    spec = run.spec if not key or key == run.spec.key else declared({**run.training, "optimizer": key})
    if spec.evaluates_loss and (why := why_none(spec, spec.with_defaults({}), {})):
        raise Unanswerable(why)
    return spec


def _first_step(run: Run, spec: type[Optimizer]) -> Rehearsal:
    """The step that another optimizer would make from here, with the same learning rate and without memory."""
    model, (feeds, key) = run.model, run.coming()
    conditions = replace(run.conditions(), optimizer=spec, hyper=spec.with_defaults({"lr": run.steps.rate()}))
    program = model.program(training=True)
    start = Beginning(program, model.parameters(program), model.buffers(program), {}, feeds, key, model.compiled.threads)
    return make(start, conditions.optimizer_on)


def _after(run: Run, rehearsal: Rehearsal) -> tuple[float, dict[Key, Tensor]]:
    """The loss of the same mini-batch, with the same random numbers, after the step, and its gradients."""
    model, (feeds, key) = run.model, run.coming()
    program = model.program(training=True)
    parameters = [tensor.clone() for tensor in model.parameters(program)]
    for i, name in zip(program.trainable, program.trainable_keys, strict=True):
        parameters[i] = rehearsal.new.get(name, parameters[i])
    with torch.no_grad(), threads(model.compiled.threads):
        loss, gradients = Evaluation(program, feeds, parameters, model.buffers(program), key)()
    return float(loss), {key: g for key, g in zip(program.trainable_keys, gradients, strict=True) if g is not None}


def _chosen(rehearsal: Rehearsal, question: InsideOf) -> list[Key]:
    """The learned tensors that are asked about. Raises Unanswerable."""
    keys = [key for key in rehearsal.new if question.node in ("", key[0]) and question.name in ("", key[1])]
    keys = keys[:1] if question.node else keys
    if not keys:
        raise Unanswerable(_("Training does not change this parameter: it is frozen, or the loss does not depend on it."))
    count = sum(rehearsal.old[key].numel() for key in keys)
    if (question.entry is None or len(keys) > 1) and count > LARGEST:
        text = _("{count:,} numbers are too many for one graph (at most {most:,}): choose one tensor, or one number of it.")
        raise Unanswerable(text.format(count=count, most=LARGEST))
    return keys


def _answer(
    run: Run, spec: type[Optimizer], rehearsal: Rehearsal, keys: list[Key], question: InsideOf, after: tuple[float, Mapping[Key, Tensor]]
) -> Inside:
    loss, gradients = after
    if not math.isfinite(loss):
        raise Unanswerable(_("After this step the loss would not be a finite number."))
    entry = inside_entry(question.entry, rehearsal.old[keys[0]].shape) if question.entry is not None and len(keys) == 1 else None
    cut = _Cut(keys, entry)
    hypers = [rehearsal.hyper_of(key) for key in keys]
    hyper = max(hypers, key=lambda own: float(own.get("weight_decay", 0.0)))
    settings: dict[str, Any] = dict(hyper)
    if len({h.get("weight_decay") for h in hypers}) > 1:
        decays = zip(keys, hypers, strict=True)
        settings["weight_decay"] = cut.numbers({k: torch.full_like(rehearsal.old[k], float(h["weight_decay"])) for k, h in decays})
    states: dict[str, Any] = {}
    for variable in spec.state_variables:
        if variable.scalar:
            known = rehearsal.before.get(variable.name)
            states[variable.name] = float(variable.start if known is None else known)
        else:
            start = float(hyper[variable.start] if isinstance(variable.start, str) else variable.start)
            held = {k: rehearsal.before.get(f"{variable.name}.{state_key(k)}") for k in keys}
            states[variable.name] = cut.numbers({k: torch.full_like(rehearsal.old[k], start) if t is None else t for k, t in held.items()})
    numbers = StepNumbers(
        cut.numbers(rehearsal.old), cut.numbers(rehearsal.gradients), states, settings, rehearsal.t, cut.numbers(rehearsal.new), loss,
        cut.numbers(gradients), _given(rehearsal, keys, cut),
    )  # fmt: skip
    facts = _facts(spec, rehearsal, keys)
    if why := why_none(spec, hyper, facts):
        raise Unanswerable(why)
    graph = structure(spec, hyper, run.model.graph.catalog, facts)
    if (entry is not None or len(keys) > 1) and any(node.type in WHOLE for node in graph.nodes.values()):
        text = _("{optimizer} computes a step from the whole tensor at once: choose one tensor, and not a single number of it.")
        raise Unanswerable(text.format(optimizer=translated(spec.title)))
    rows = values(graph, spec, numbers)
    fill_edit(rows).apply(graph)
    shape = tuple(rehearsal.old[keys[0]].shape) if len(keys) == 1 else (cut.count(rehearsal.old),)
    choices = tuple((*key, _label(run, [key]), tuple(tensor.shape)) for key, tensor in rehearsal.old.items())
    node, name = keys[0] if question.node else ("", "")
    return Inside(
        spec.key, translated(spec.title), dumps(graph), rows, node, name, entry, _label(run, keys), shape, choices, run.state.step,
        rehearsal.t, rehearsal.note,
    )  # fmt: skip


def _facts(spec: type[Optimizer], rehearsal: Rehearsal, keys: list[Key]) -> dict[str, float]:
    """What conditions ask about the shape of these tensors. Raises Unanswerable where they are not treated alike."""
    facts = [spec.facts(rehearsal.old[key]) for key in keys]
    if any(other != facts[0] for other in facts):
        text = _("{optimizer} treats tensors of different shapes differently: choose one of them.")
        raise Unanswerable(text.format(optimizer=translated(spec.title)))
    return facts[0]


def _given(rehearsal: Rehearsal, keys: list[Key], cut: _Cut) -> dict[str, Any]:
    """What the optimizer was given beside the gradient, by name."""
    found: dict[str, Any] = {}
    for name, value in rehearsal.shared.get(keys[0], {}).items():
        several = isinstance(value, Tensor) and value.dim() and value.shape == rehearsal.old[keys[0]].shape
        found[name] = cut.numbers({key: rehearsal.shared[key][name] for key in keys}) if several else float(value)
    return found


def _label(run: Run, keys: Sequence[Key]) -> str:
    return _("all parameters") if len(keys) > 1 else trained_name(run.model.graph, Address("parameter", *keys[0]))


class _Cut:
    """What of a step is shown: one number, one tensor, or all tensors flattened behind one another."""

    def __init__(self, keys: Sequence[Key], entry: tuple[int, ...] | None) -> None:
        self._keys, self._entry = keys, entry

    def numbers(self, tensors: Mapping[Key, Tensor]) -> Any:
        if self._entry is not None:
            return float(tensors[self._keys[0]][self._entry])
        if len(self._keys) == 1:
            return tensors[self._keys[0]].double().tolist()
        return torch.cat([tensors[key].double().reshape(-1) for key in self._keys]).tolist()

    def count(self, tensors: Mapping[Key, Tensor]) -> int:
        return sum(tensors[key].numel() for key in self._keys)
