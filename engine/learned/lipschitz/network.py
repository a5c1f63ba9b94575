"""How much a network can stretch the difference of two inputs: the product of its layers' norms, and what is measured at samples.

The bound follows the graph: a node's constant is the sum over its inputs of (its own constant by that input) · (the input's constant).
For a chain of layers that is the product. It is often far above the true constant, because the directions that the layers stretch most
need not meet (Virmaux and Scaman, "Lipschitz regularity of deep neural networks", 2018).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from engine.compile.environment import Key, Own, Wire
from engine.compile.plan import Operation
from engine.compile.program import NodeFailure, Program
from engine.explain.question import Unanswerable
from engine.learned.lipschitz import Constant
from engine.numerics.job import JobReport, Steps
from engine.numerics.threads import threads
from engine.training.compiled import RunError
from engine.training.model import Model
from graph.model.address import output
from graph.text.messages import _, ngettext

SAMPLES, COLUMNS = 200, 64
"""Training samples that are compared with one another; features up to which Jacobians are computed."""
ONE = {
    "activation.relu", "activation.tanh", "activation.softplus", "activation.identity", "math.negate", "math.abs", "math.sin", "math.cos",
    "math.atan", "math.reshape", "math.flatten", "math.slice", "layer.dropout", "probe.value", "math.transpose",
}  # fmt: skip
"""Nodes that stretch nothing: their constant is 1."""
SMALLER = {"activation.sigmoid": (0.25, "¼"), "activation.softmax": (0.5, "½")}
"""Largest singular value that a Jacobian can have: max σ′ = ¼; ‖diag(p) − ppᵀ‖ ≤ ½."""


def network_constants(model: Model) -> Steps:
    """((constants), (name of the output, name of the features), why there is no bound). What is computed is copied here."""
    try:
        target, source = model.measures.prediction, _features(model)
        if target is None:
            return _nothing()
        program = model.program(training=False, outputs=[target])
    except RunError:
        return _nothing()
    if source is None or source not in program.feeds or target == source:
        return _nothing()
    rows = min(SAMPLES, model.feeds.rows["train"])
    feeds = [feed.clone() for feed in model.feeds.chosen(program.feeds, torch.arange(rows, device=model.device))]
    return _measured(model, program, feeds, source, target)


def _nothing() -> Steps:
    yield JobReport()
    return (), ("", ""), ""


def _features(model: Model) -> Key | None:
    return next((key for key, value in model.feeds.train.items() if key[1] == "x" and value.is_floating_point()), None)


def _measured(model: Model, program: Program, feeds: list[Tensor], source: Key, target: Key) -> Steps:
    graph = model.graph
    parameters, buffers = [t.clone() for t in model.parameters(program)], [t.clone() for t in model.buffers(program)]
    place, random = program.feeds.index(source), model.random(model.state.step)
    tensors = dict(zip((*program.parameter_keys, *program.buffer_keys), (*parameters, *buffers), strict=True))
    names = output(*target).name(graph), output(*source).name(graph)

    def of(x: Tensor) -> Tensor:
        given = list(feeds)
        given[place] = x
        return program.evaluate(given, parameters, buffers, random)[0].reshape(len(x), -1)

    rows: list[Constant] = []
    x = feeds[place]
    yield JobReport()
    try:
        with threads(model.compiled.threads):
            y = of(x).double()
            if math.prod(x.shape[1:]) <= COLUMNS:
                rows.append(_steepest(of, x))
    except (NodeFailure, RuntimeError) as error:
        raise Unanswerable(_("The objective cannot be computed; the Problems panel says why.")) from error
    yield JobReport()
    flat = x.reshape(len(x), -1).double()
    apart = torch.cdist(flat, flat)
    far = torch.triu(apart > 1e-9 * float(apart.max()), diagonal=1)
    if bool(far.any()):
        ratio = float((torch.cdist(y, y)[far] / apart[far]).max())
        text = ngettext("Between {n} training sample", "Between {n} training samples, pair by pair", len(x)).format(n=len(x))
        rows.append(Constant(text, ratio, "at least", "‖F(x) − F(y)‖ / ‖x − y‖"))
    finite = all(bool(torch.isfinite(tensor).all()) for tensor in tensors.values())
    bound, factors, why = _bound(program, tensors, source, target) if finite else (math.nan, "", "")
    if finite and not why:
        rows.append(Constant(_("Product of the layers’ norms"), bound, "at most", factors))
    return tuple(rows), names, why


def _steepest(of: Callable[[Tensor], Tensor], x: Tensor) -> Constant:
    """The largest singular value of the Jacobians at the samples: one derivative in forward mode for each feature serves all of them."""
    columns = []
    size = math.prod(x.shape[1:])
    for j in range(size):
        direction = torch.zeros(size, dtype=x.dtype)
        direction[j] = 1.0
        tangent = direction.reshape(x.shape[1:]).expand(x.shape)
        columns.append(torch.func.jvp(of, (x,), (tangent,))[1])
    jacobians = torch.stack(columns, dim=-1).double()  # (N, outputs, features)
    text = ngettext("Jacobian at {n} training sample", "Jacobians at {n} training samples", len(x)).format(n=len(x))
    finite = bool(torch.isfinite(jacobians).all())
    return Constant(text, float(torch.linalg.matrix_norm(jacobians, 2).max()) if finite else math.nan, "at least", "max ‖DF(x)‖ = σmax")


def _bound(program: Program, tensors: dict[Key, Tensor], source: Key, target: Key) -> tuple[float, str, str]:
    """(the bound, its factors, the node without a known constant)."""
    constants: dict[Key, float] = {source: 1.0}
    factors: list[str] = []
    paths = False
    operations = {operation.node: operation for operation in program.plan.operations}
    for operation in program.plan.operations:
        through = [leaf for leaf in operation.leaves if isinstance(leaf, Wire) and leaf.source in constants]
        if not through or operation.fed or operation.node not in program.plan.for_outputs:
            continue
        total = 0.0
        for leaf in through:
            own = _own(operation, leaf, operations, tensors)
            if own is None:
                return math.nan, "", program.names[operation.node]
            total += own[0] * _repeated(program, operation, leaf) * constants[leaf.source]
            if own[1]:
                factors.append(own[1].format(node=program.names[operation.node]))
        paths = paths or len(through) > 1
        for key in operation.outputs:
            constants[key] = total
    written = _("sum over the paths of the products") if paths else " · ".join(reversed(factors)) or "1"
    return constants.get(target, math.nan), written, "" if target in constants else program.names[target[0]]


def _repeated(program: Program, operation: Operation, leaf: Wire) -> float:
    """√r where broadcasting repeats each number of an input of a sum r times."""
    if operation.type.key not in ("math.add", "math.subtract"):
        return 1.0
    shapes = program.plan.inference.outputs
    given, made = (math.prod(shapes[key].dims) for key in (leaf.source, operation.outputs[0]))
    return math.sqrt(made / given) if 0 < given < made else 1.0


def _own(operation: Operation, leaf: Wire, operations: dict[str, Operation], tensors: dict[Key, Tensor]) -> tuple[float, str] | None:
    """(a node's constant by one of its inputs, how it is written among the factors); None where it is not known."""
    kind, s = operation.type.key, operation.settings
    if kind in ("layer.linear", "math.matmul") and leaf.port in ("x", "a"):
        weight = _weight(operation, leaf, operations, tensors)
        return None if weight is None else (float(torch.linalg.matrix_norm(weight.double(), 2)), "‖{node}.W‖")
    if kind in SMALLER:
        return SMALLER[kind] if kind == "activation.sigmoid" or s.axis == -1 else None
    if kind in ONE or kind in ("math.add", "math.subtract"):
        return 1.0, ""
    if kind == "activation.leaky_relu":
        return max(1.0, abs(float(s.slope))), ""
    if kind == "activation.elu":
        return max(1.0, float(s.alpha)), ""
    if kind == "source.standardize":
        return float(tensors[operation.node, "scale"].abs().max()), "1/σmin"
    return None


def _weight(operation: Operation, leaf: Wire, operations: dict[str, Operation], tensors: dict[Key, Tensor]) -> Tensor | None:
    """The matrix that an input is multiplied by, where it is a learned tensor of this node or of a Parameter node."""
    for other in operation.leaves:
        if other is leaf or (other.name if isinstance(other, Own) else other.port) not in ("W", "b" if leaf.port == "a" else "W"):
            continue
        if isinstance(other, Own):
            return tensors[other.key]
        own = operations[other.source[0]]
        if own.alias:
            return tensors[own.leaves[0].key]  # type: ignore[union-attr]
    return None
