"""Recognises a convex problem by the structure of its graph, and computes its minimum."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
import torch

from engine.compile.program import NodeFailure, Program
from engine.compile.views import Stamp
from engine.curvature.convex import Array, ConvexJob, ConvexProblem, Optimum
from engine.curvature.convex.canonical import Canonical, Reading
from engine.curvature.convex.solving import NoMinimum, Solution, solve
from engine.curvature.convex.structure import NotRecognised, Structure
from engine.curvature.convex.words import conclusion, how_found, kind_of, lecture, reasons_of, title_of, why_none
from engine.curvature.point import point_at
from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.nodes.base import NodeError
from engine.numerics.job import JobReport, Steps, finished
from engine.numerics.length import length
from engine.numerics.threads import threaded
from engine.training.biases import biases
from engine.training.compiled import Compiled, RunError
from engine.training.joint import JointProgram
from engine.training.model import Model
from engine.training.optimizers.registry import declared_or_none
from engine.training.state import state_key
from graph.model.address import Address
from graph.model.trained_numbers import trained_name
from graph.model.training_settings import BY_NAME, setting_in
from graph.text.messages import _

if TYPE_CHECKING:
    from graph.model.graph import Graph

AGREES = 1e-9
"""The canonical form has the graph's own values but for this share; else nothing is claimed."""


def convex(context: ExplainContext, job: ConvexJob) -> Steps:
    """The job. What it reads is copied here, before its first turn. Raises Unanswerable."""
    return _recognised(context.model, Stamp(job.structure, job.revision, job.run, context.model.state.step))


def recognised(model: Model) -> ConvexProblem:
    """The same at once, for a caller who can wait. Raises Unanswerable where the objective cannot be computed at all."""
    problem: ConvexProblem = finished(_recognised(model, Stamp(0, 0, 0, model.state.step)))
    return problem


_KNOWN: WeakKeyDictionary[Compiled, tuple[int, ConvexProblem]] = WeakKeyDictionary()
"""What was said of a compiled graph, with a number for the values of all that is not trained: a step of training does not change it."""


def _recognised(model: Model, stamp: Stamp) -> Steps:
    """What is known about the problem, at the present numbers."""
    point = None
    try:
        program = model.program(training=True)
        held = _held(model, program)
        known = _KNOWN.get(model.compiled)
        if known is not None and known[0] == held:
            problem = known[1]
            steps: Steps | None = None
        else:
            problem, steps = _read(model, program, stamp)
        if problem.kind:
            point = point_at(model)
    except RunError as error:
        raise Unanswerable(str(error)) from error
    compiled = model.compiled
    if steps is not None:
        problem = yield from threaded(steps, compiled.threads)
    else:
        yield JobReport()
    _KNOWN[compiled] = held, problem
    if point is None:
        return replace(problem, stamp=stamp)
    here = point.here.detach().double().cpu().numpy().copy()
    return replace(problem, stamp=stamp, here=here, value=float(point.value()))


def _held(model: Model, program: Program) -> int:
    """A number that is another one where a parameter that is not trained, or a buffer, has other values."""
    moving = set(program.trainable_keys)
    held = [model.state.parameters[state_key(key)] for key in program.parameter_keys if key not in moving] + model.buffers(program)
    return hash(tuple(tensor.cpu().numpy().tobytes() for tensor in held))


def _read(model: Model, program: Program, stamp: Stamp) -> tuple[ConvexProblem, Steps | None]:
    """What the structure alone says, and how it goes on where that is a known problem. Raises Unanswerable, RunError."""
    try:
        if isinstance(program, JointProgram):
            raise NotRecognised(_("Several objectives are optimized in turn: there is no one function whose minimum is meant."))
        if not program.trainable_keys:
            raise NotRecognised(_("The objective depends on no trainable number."))
        structure = Structure(program.plan, program.names)
    except NotRecognised as reason:
        return ConvexProblem(stamp, "", title_of(""), (str(reason),), None), None
    places, kind = tuple(_places(model, program)), kind_of(structure)
    problem = ConvexProblem(
        stamp, kind, title_of(kind), reasons_of(structure, len(places)), True, places,
        tuple(trained_name(model.graph, place) for place in places),
        model.feeds.rows["train"] if any(key in model.feeds.train for key in program.feeds) else 0, lecture=lecture(structure),
    )  # fmt: skip
    exact = _exact(model)
    return problem, _guarded(_solved(problem, Reading(exact, exact.program(training=True), structure.terms), model.graph))


def _exact(model: Model) -> Model:
    """A model with the same numbers that computes in float64 on the CPU: this one itself, or a copy."""
    if model.dtype == torch.float64 and model.device == "cpu":
        return model
    twin = Model(Compiled(model.graph, "cpu", torch.float64))
    state = model.state.copy()
    for tensors in (state.parameters, state.buffers):
        tensors.update({name: t.cpu().double() if t.is_floating_point() else t.cpu() for name, t in tensors.items()})
    state.optimizer = {}
    twin.restore(state)
    return twin


def _guarded(steps: Steps) -> Steps:
    try:
        return (yield from steps)
    except (NodeFailure, RuntimeError, NodeError) as error:
        raise Unanswerable(_("The objective cannot be computed; the Problems panel says why.")) from error


def _solved(problem: ConvexProblem, reading: Reading, graph: Graph) -> Steps:
    form: Canonical | None = None
    try:
        for found in reading.read():
            if isinstance(found, Canonical):
                form = found
            elif found % 16 == 0:
                yield JobReport(found, reading.p)
    except NotRecognised as reason:
        return replace(problem, reasons=(*problem.reasons, conclusion()), lacks=str(reason))
    assert form is not None
    if not _agrees(form, reading):
        text = _("The values of the graph are not those that its structure says, so nothing is claimed about it.")
        return replace(problem, kind="", title=title_of(""), reasons=(text,), convex=None)
    yield JobReport(reading.p, reading.p)
    problem = _with_constants(problem, form)
    try:
        best = yield from _optimum(form, reading)
        problem = replace(problem, optimum=best)
    except NoMinimum as none:
        problem = replace(problem, lacks=why_none(none.why), infimum=none.infimum, convex=none.why != "not convex")
    if problem.convex:
        decay, decayed = yield from _decayed(graph, form, reading)
        return replace(problem, reasons=(*problem.reasons, conclusion()), decay=decay, decayed=decayed)
    if form.only_quadratic:
        return problem
    return replace(problem, kind="", title=title_of(""), reasons=(*problem.reasons, problem.lacks), convex=None, lacks="")


def _with_constants(problem: ConvexProblem, form: Canonical) -> ConvexProblem:
    """With L and μ, and the curvatures of a quadratic among the reasons."""
    spectrum, steepest = np.linalg.eigvalsh(form.quadratic()), form.steepest()
    if form.hessian.any():
        text = _("The Hessian is the same everywhere, with eigenvalues from {least:.4g} to {largest:.4g}.")
        curved = text.format(least=float(spectrum[0]), largest=float(spectrum[-1]))
        problem = replace(problem, reasons=(*problem.reasons, curved))
    problem = replace(problem, strong=max(0.0, float(spectrum[0])))
    if steepest is None:
        return replace(problem, lipschitz_is="none")
    largest = float(np.abs(np.linalg.eigvalsh(steepest)).max())
    return replace(problem, lipschitz=largest, lipschitz_is="exact" if form.only_quadratic else "bound")


def _agrees(form: Canonical, reading: Reading) -> bool:
    """Whether the canonical form has the values and the gradient of the graph at three places."""
    spread = torch.linspace(-0.7, 0.9, reading.p, dtype=torch.float64)
    for place in (reading.here, spread, -0.5 * spread.flip(0)):
        value, at = float(reading.objective(place)), place.numpy()
        if not abs(form.value(at) - value) <= AGREES * max(1.0, abs(value), abs(form.constant)):
            return False
        slope = reading.gradient(place).numpy()
        if form.smooth and not np.linalg.norm(form.gradient(at) - slope) <= AGREES * max(1.0, float(np.linalg.norm(slope))):
            return False
    return True


def _search(form: Canonical) -> Steps:
    """The minimum, a report before each step of the method. Raises NoMinimum."""
    steps = solve(form)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value
        yield JobReport(0, 0, _("Looking for the minimum"))


def _optimum(form: Canonical, reading: Reading) -> Steps:
    """Its value is the graph's own objective at x*. Raises NoMinimum."""
    solution: Solution = yield from _search(form)
    x = torch.from_numpy(solution.x)
    gradient = length(reading.gradient(x)) if form.smooth else None
    return _as_optimum(solution, float(reading.objective(x)), gradient)


def _as_optimum(solution: Solution, value: float, gradient: float | None) -> Optimum:
    return Optimum(solution.x, value, how_found(solution), gradient, solution.gap, solution.flat)


def _decayed(graph: Graph, form: Canonical, reading: Reading) -> Steps:
    """(λ, the minimum of f + ½λ‖θ‖²) where the optimizer adds λθ to the gradient; (0, None) where it does not."""
    settings = graph.training
    spec, hyper = declared_or_none(settings), settings.get("hyper") or {}
    setting = spec.setting("weight_decay") if spec is not None else None
    if spec is None or setting is None or hyper.get("decoupled", spec.decouples):
        return 0.0, None
    decay = hyper.get("weight_decay", setting.default)
    if not isinstance(decay, (int, float)) or not decay > 0:
        return 0.0, None
    without = biases(graph, reading.keys) if not setting_in(settings, BY_NAME["decay_biases"]) else frozenset()
    share = np.concatenate([np.full(shape.numel(), 0.0 if i in without else decay) for i, shape in enumerate(reading.shapes)])
    penalised = Canonical(
        form.p, form.constant, form.linear, form.hessian,
        [*form.squares, (np.diag(np.sqrt(share / 2)), np.zeros(form.p))], form.scores, form.classes, form.kinks,
    )  # fmt: skip
    try:
        solution: Solution = yield from _search(penalised)
    except NoMinimum:
        return float(decay), None
    gradient = _slope(penalised, solution.x) if form.smooth else None
    return float(decay), _as_optimum(solution, solution.value, gradient)


def _slope(form: Canonical, at: Array) -> float:
    return float(np.linalg.norm(form.gradient(at)))


def _places(model: Model, program: Program) -> Iterator[Address]:
    for node, name in program.trainable_keys:
        for index in product(*map(range, model.state.parameters[state_key((node, name))].shape)):
            yield Address("parameter", node, name, index=index)
