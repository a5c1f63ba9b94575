"""The coming training step, observed: made on copies, and taken apart into layers, slopes and samples."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from engine.compile.activity import Activity, activity
from engine.compile.environment import Key
from engine.compile.trace import Trace
from engine.compile.views import Absent
from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.explain.update.answer import Rehearsal, rehearse, run_beside
from engine.learned.instruments import EPSILON, ROWS, SAMPLES, Histogram, LayerState, Noise, Observe, Observed, Parabola
from engine.learned.instruments.histograms import histogram
from engine.learned.instruments.parabola import fitted
from engine.learned.instruments.per_sample import Point, SingleSamples, Spread, adds_up, flat
from engine.nodes.base import NodeError
from engine.numerics.job import JobReport, Steps
from engine.numerics.threads import threads
from engine.training.compiled import RunError
from engine.training.joint import JointProgram
from engine.training.run import Run
from graph.model.graph import Graph
from graph.text.messages import _


@dataclass(slots=True)
class _Frozen:
    """All that the observation is made of, as it was at the start."""

    run: Run
    job: Observe
    step: int
    rehearsal: Rehearsal
    trace: Trace
    samples: SingleSamples
    rows: int
    before: Point
    after: Point
    graph: Graph
    loss: float
    gradients: dict[Key, Tensor]
    """∂L/∂θ of the mini-batch, before the optimizer adds anything to it."""
    seconds: float = 0.0


def observe(context: ExplainContext, job: Observe) -> Steps:
    """The job. What it observes is settled here, before its first turn. Raises Unanswerable."""
    began = time.perf_counter()
    try:
        with threads(context.model.compiled.threads):
            frozen = _freeze(context.run or run_beside(context.model), job)
    except RunError as error:
        raise Unanswerable(str(error)) from error
    except (RuntimeError, ValueError, IndexError, TypeError, NodeError) as error:
        raise Unanswerable(_("The next step cannot be computed; the Problems panel says why.")) from error
    frozen.seconds = time.perf_counter() - began
    return _observed(frozen)


def _freeze(run: Run, job: Observe) -> _Frozen:
    rehearsal = rehearse(run)
    if not math.isfinite(rehearsal.loss):
        raise Unanswerable(_("The loss is not a finite number, so there is no next step."))
    model = run.model
    program = model.program(training=True)
    if isinstance(program, JointProgram):
        raise Unanswerable(_("The instruments look at one objective; this document has several."))
    feeds, random = run.coming()
    rows = run.coming_rows()
    before = Point([tensor.clone() for tensor in model.parameters(program)], [tensor.clone() for tensor in model.buffers(program)])
    after = Point(list(before.parameters), before.buffers)
    for place, key in zip(program.trainable, program.trainable_keys, strict=True):
        after.parameters[place] = rehearsal.new[key]
    own = [key in model.feeds.train for key in program.feeds]
    samples = SingleSamples(program, list(feeds), own, random, model.compiled.threads)
    trace = model.trace_of(rows[_spaced(len(rows), ROWS)] if len(rows) else rows, model.state.step)
    loss, gradients = samples.batch(before)
    return _Frozen(
        run, job, model.state.step, rehearsal, trace, samples, len(rows) if any(own) else 0, before, after, model.graph, loss,
        dict(zip(program.trainable_keys, gradients, strict=True)),
    )  # fmt: skip


def _spaced(count: int, most: int) -> Tensor:
    """At most so many places, evenly spaced."""
    return torch.linspace(0, count - 1, min(count, most), dtype=torch.float64).round().long()


def _observed(frozen: _Frozen) -> Steps:
    """The job, turn by turn: torch works with the run's threads in each, and only the turns count as time spent."""
    work, spent = _parts(frozen), frozen.seconds
    while True:
        began = time.perf_counter()
        try:
            with threads(frozen.run.model.compiled.threads):
                report = next(work)
        except StopIteration as end:
            return replace(end.value, seconds=spent + time.perf_counter() - began)
        spent += time.perf_counter() - began
        yield report


def _parts(frozen: _Frozen) -> Steps:
    layers = []
    for node in frozen.job.layers:
        layers.append(_layer(frozen, node))
        yield JobReport()
    parabola, noise, why = yield from _whole(frozen)
    job = frozen.job
    return Observed(job.structure, job.revision, job.run, frozen.step, tuple(layers), parabola, noise, why, 0.0)


# Layers


def _layer(frozen: _Frozen, node: str) -> LayerState:
    trace, rehearsal = frozen.trace, frozen.rehearsal
    if node not in frozen.graph.nodes:
        return LayerState(node)
    own = [tensor for key, tensor in trace.parameters.items() if key[0] == node]
    values = _output(trace, frozen.graph, node)
    state = LayerState(node, _counted(own), _counted([] if values is None else [values]), activity=_activity(frozen, node, values))
    moved = [key for key in frozen.gradients if key[0] == node]
    if not moved:
        passed = _passed(trace, frozen.graph, node)
        return replace(state, gradients=_counted([] if passed is None else [passed]), gradient_of="output")
    gradients = [frozen.gradients[key] for key in moved]
    old, new = flat([rehearsal.old[key] for key in moved]), flat([rehearsal.new[key] for key in moved])
    size = float(old.norm())
    ratio = float((new - old).norm()) / size if size else None
    return replace(state, gradients=_counted(gradients), gradient_norm=float(flat(gradients).norm()), ratio=ratio)


def _counted(tensors: Sequence[Tensor]) -> Histogram | None:
    return histogram(flat(tensors).numpy()) if tensors else None


def _output(trace: Trace, graph: Graph, node: str) -> Tensor | None:
    """The first output that is made of real numbers."""
    values = (trace.values.get((node, port.name)) for port in graph.spec(node).outputs)
    return next((value for value in values if value is not None and value.is_floating_point()), None)


def _passed(trace: Trace, graph: Graph, node: str) -> Tensor | None:
    """The gradient of the first output that has one."""
    gradients = (trace.gradients.get((node, port.name)) for port in graph.spec(node).outputs)
    return next((gradient for gradient in gradients if gradient is not None and not isinstance(gradient, Absent)), None)


def _activity(frozen: _Frozen, node: str, values: Tensor | None) -> Activity | None:
    if values is None:
        return None
    port = frozen.graph.spec(node).outputs[0].name
    batched = frozen.trace.shapes.get((node, port), ((), False))[1]
    return activity(frozen.graph.nodes[node].type, values.detach().cpu().numpy(), batched)


# The step as a whole

Whole = tuple[Parabola, Noise | None, str]


def _whole(frozen: _Frozen) -> Generator[JobReport, None, Whole]:
    """The parabola along the step, and how single samples differ; without single samples all observations weigh the same."""
    samples, before, after = frozen.samples, frozen.before, frozen.after
    gradient = flat(list(frozen.gradients.values()))
    loss_after, gradients = samples.batch(after)
    way = flat([frozen.rehearsal.new[key] - frozen.rehearsal.old[key] for key in frozen.gradients])
    length = float(way.norm())
    direction = way / length if length else way
    losses = (frozen.loss, loss_after)
    slopes = (float(gradient @ direction), float(flat(gradients) @ direction))
    yield JobReport()
    if frozen.rows < 2:
        why = _("It takes a mini-batch of at least two samples.")
        return fitted(length, losses, slopes, None), None, why
    some = samples if frozen.rows <= SAMPLES else samples.chosen(_spaced(frozen.rows, SAMPLES))
    first = yield from some.spread(before, direction)
    loss, gradients = (frozen.loss, list(frozen.gradients.values())) if some is samples else some.batch(before)
    if not adds_up(loss, flat(gradients), first, frozen.run.model.dtype):
        why = _("A layer mixes the samples of a mini-batch or draws random numbers, so a single sample has no gradient of its own.")
        return fitted(length, losses, slopes, None), None, why
    second = yield from some.spread(after, direction)
    variances = tuple((float(x.var()), float(y.var())) for x, y in ((first.losses, second.losses), (first.slopes, second.slopes)))
    return fitted(length, losses, slopes, (variances[0], variances[1])), _noise(first, gradient, frozen.rows), ""


def _noise(spread: Spread, gradient: Tensor, batch: int) -> Noise:
    count = len(spread.losses)
    mean = spread.mean
    gsnr = float((mean * mean / (spread.squares / count + EPSILON)).mean())
    length = float(gradient.norm())
    error = math.sqrt(float(spread.squares.sum()) / (count - 1) / batch) / length if length else math.inf
    return Noise(count, batch, gsnr, error, float(spread.squares.mean()) / count)
