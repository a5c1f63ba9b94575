"""One layer multiplied, the next one divided: the same function of its inputs, with another Hessian.

Between two linear layers with a ReLU (or nothing) between them, W₁ and b₁ times α and W₂ divided by α leave every output as it is,
because relu(αx) = α relu(x) for α > 0 (Dinh et al. 2017, "Sharp minima can generalize for deep nets").
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.compile.environment import Key
from engine.compile.views import Stamp
from engine.curvature.point import Point, point_at
from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.learned.evaluate import Evaluator
from engine.learned.minima import EXACT, Rescaled, RescaleJob
from engine.learned.minima.sharpness import sharpness
from engine.numerics.job import JobReport, Steps
from engine.training.compiled import RunError
from engine.training.model import Model
from engine.training.state import state_key
from graph.model.graph import Graph
from graph.text.messages import _

SCALES = ("activation.relu", "activation.identity")
"""Node types with f(αx) = α f(x) for α > 0."""
PRODUCTS = ("math.multiply", "math.matmul")
LINEAR = "layer.linear"
ALPHAS = 41
"""Points of the curve of λmax over α from 1/10 to 10; fewer for large graphs."""
ROWS = 1000
"""Samples whose outputs are compared, at most."""


@dataclass(frozen=True, slots=True)
class Pair:
    """What is multiplied and what is divided, and the node whose output stays the same."""

    up: tuple[Key, ...]
    down: tuple[Key, ...]
    output: str


def pairs(graph: Graph, trained: tuple[Key, ...]) -> list[Pair]:
    """All pairs of layers that can be rescaled: linear layers in a row, and two parameters that are multiplied and used nowhere else."""
    found = []
    for id, node in graph.nodes.items():
        if node.type == LINEAR and (following := _next_linear(graph, id)) is not None:
            up, down = tuple(key for key in trained if key[0] == id), tuple(key for key in trained if key == (following, "W"))
            if down and any(key[1] == "W" for key in up) and len(up) == sum(key[0] == id for key in _learned(graph, id)):
                found.append(Pair(up, down, following))
        if node.type in PRODUCTS and not node.bypassed:
            sources = [edge.source[0] for edge in graph.edges.values() if edge.target[0] == id]
            alone = [each for each in sources if graph.spec(each).role == "parameter" and _consumers(graph, each) == [id]]
            keys = [key for each in alone for key in trained if key[0] == each]
            if len(sources) == len(keys) == 2 and sources[0] != sources[1]:
                found.append(Pair((keys[0],), (keys[1],), id))
    return found


def _learned(graph: Graph, id: str) -> list[Key]:
    bias = bool(graph.settings_of(id).get("bias", True))
    return [(id, "W"), *([(id, "b")] if bias else [])]


def _consumers(graph: Graph, id: str) -> list[str]:
    return [edge.target[0] for edge in graph.edges.values() if edge.source[0] == id]


def _next_linear(graph: Graph, id: str) -> str | None:
    """The linear layer that alone takes this one's output, directly or through functions that scale."""
    if graph.nodes[id].bypassed:
        return None
    while len(after := _consumers(graph, id)) == 1:
        id = after[0]
        if graph.nodes[id].type == LINEAR and not graph.nodes[id].bypassed:
            return id
        if graph.nodes[id].type not in SCALES and not graph.nodes[id].bypassed:
            return None
    return None


def rescale(context: ExplainContext, job: RescaleJob) -> Steps:
    """The job `RescaleJob`. Raises Unanswerable."""
    if not (math.isfinite(job.alpha) and job.alpha > 0):
        raise Unanswerable(_("α has to be a positive number."))
    model = context.model
    try:
        program, point = model.program(training=True), point_at(model)
        every = pairs(model.graph, tuple(program.trainable_keys))
        stamp = Stamp(job.structure, job.revision, job.run, model.state.step)
        names = tuple((_name(model, pair.up), _name(model, pair.down)) for pair in every)
        if not every:
            return _nothing(Rescaled(stamp, (), 0, job.alpha))
        at = min(job.pair, len(every) - 1)
        outputs = _outputs(model, every[at], job.alpha)
    except RunError as error:
        raise Unanswerable(str(error)) from error
    return _measured(point, every[at], Rescaled(stamp, names, at, job.alpha), outputs)


def _nothing(answer: Rescaled) -> Steps:
    yield JobReport()
    return answer


def _name(model: Model, keys: tuple[Key, ...]) -> str:
    """The node's name where all of it is meant, else that of the tensor."""
    node = model.graph.nodes[keys[0][0]]
    return node.name if model.graph.spec(node.id).role == "parameter" or len(keys) > 1 else model.name(keys[0])


def _outputs(model: Model, pair: Pair, alpha: float) -> tuple[float, float, int]:
    """The largest difference between two outputs, the largest output, and over how many samples. Raises RunError."""
    key = (pair.output, model.graph.spec(pair.output).outputs[0].name)
    scaled = {k: model.state.parameters[state_key(k)] * alpha for k in pair.up}
    scaled |= {k: model.state.parameters[state_key(k)] / alpha for k in pair.down}
    fed = {k: tensor[:ROWS] for k, tensor in model.feeds.train.items()}
    before = Evaluator(model, [key], mixed=True)(fed)[key].double()
    after = Evaluator(model, [key], parameters=scaled, mixed=True)(fed)[key].double()
    rows = len(next(iter(fed.values()))) if fed else 0
    return float((after - before).abs().max()), float(before.abs().max()), rows


def _measured(point: Point, pair: Pair, answer: Rescaled, outputs: tuple[float, float, int]) -> Steps:
    before, _e, trace, _s = yield from sharpness(point)
    at = _scaled(point, pair, answer.alpha)
    after, _e, trace_after, _s = yield from sharpness(point, at)
    values = float(point.value()), float(point.value(at))
    count = ALPHAS if len(point.here) <= 100 else 13 if len(point.here) <= EXACT else 0
    alphas, curve = np.geomspace(0.1, 10.0, count) if count else np.empty(0), []
    for number, alpha in enumerate(alphas):
        curve.append((yield from sharpness(point, _scaled(point, pair, float(alpha))))[0])
        yield JobReport(number + 1, count)
    difference, size, rows = outputs
    return Rescaled(
        answer.stamp, answer.pairs, answer.pair, answer.alpha, difference, size, rows, values, (before, after), (trace, trace_after),
        tuple(map(float, alphas)), tuple(curve),
    )  # fmt: skip


def _scaled(point: Point, pair: Pair, alpha: float) -> Tensor:
    """The place of the rescaled network, (p,)."""
    parts = torch.split(point.here, [size for _address, size in point.tensors])
    factors = [alpha if tensor.key in pair.up else 1 / alpha if tensor.key in pair.down else 1.0 for tensor, _size in point.tensors]
    return torch.cat([part * factor for part, factor in zip(parts, factors, strict=True)])
