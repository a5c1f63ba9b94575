"""A graph compiled to straight-line Python: training steps, evaluations and traces of it."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import CodeType
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from engine.compile.codegen import Kind, Method, Source, Writer
from engine.compile.differentiate import Seeds
from engine.compile.environment import Key, Wire, settings_of
from engine.compile.in_place import fits, in_place_step
from engine.compile.plan import Plan, Wanted, make_plan
from engine.compile.shapes import Inference
from engine.compile.statements import CODE, LARGE, Statements
from engine.compile.trace import Trace
from engine.compile.tracer import Tracer
from engine.compile.unselected import CarefulWriter, all_finite, watched
from engine.nodes.base import NodeError
from engine.numerics.memory import is_lack_of_memory
from engine.numerics.rng import generator, seed_for
from graph.model.garbage import uncollected
from graph.model.problem import Problem
from graph.model.reach import reachable
from graph.text.messages import Message, _

if TYPE_CHECKING:
    from engine.numerics.flat import Flat
    from graph.model.graph import Graph

FILE = "<gradwire program>"
StepResult = tuple[Tensor, list[Tensor], list[Tensor]]
_DECISIVE = ("dtype", "order", "outputs", "parameters", "buffers", "wirings", "batched", "forms")


class ProgramError(Exception):
    """The graph cannot be compiled; `problems` say why."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(p.text for p in problems) or _("there is nothing to compute"))
        self.problems = tuple(problems)


class NodeFailure(Exception):
    """A node's computation failed on the numbers that reached it. `node` is its id, None when it is not known.

    `refusal` is what the node itself had to say, with its repairs.
    """

    def __init__(self, node: str | None, text: str, refusal: NodeError | None = None) -> None:
        super().__init__(text)
        self.node = node
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class RandomKey:
    """Where a pass draws its random numbers from: the same key gives the same masks. Call it with a node's id."""

    seed: int = 0
    step: int = 0
    device: Any = "cpu"

    def __call__(self, node: str) -> torch.Generator:
        return generator(self.seed, "forward", node, self.step, device=self.device)

    def number(self, node: str) -> int:
        """What the generator of a node is seeded with."""
        return seed_for(self.seed, "forward", node, self.step)


Random = Callable[[str], torch.Generator]


def compile(
    graph: Graph, inference: Inference, *, training: bool, method: Method = "rules", wanted: Wanted = "parameters",
    objective: Key | None = None, outputs: Sequence[Key] | None = None, moves: frozenset[str] | None = None, also: Sequence[Key] = (),
) -> Program:  # fmt: skip
    """A program for the graph's objective (or the one given) and `outputs` (default: the objective and what probes show).

    `wanted="parameters"` computes what training needs and raises ProgramError when that cannot be done. `wanted="all"` traces
    every node that can be computed, with the gradient of everything; its `problems` say what could not be. `moves` are the nodes whose
    parameters are trainable, by default all; a training step gives the values of `also` too.
    """
    note, problems, chosen = "", list(inference.errors), objective
    if objective is None:
        objective, note = _objective(graph)
    if objective is not None:
        fault = _objective_fault(graph, inference, objective)
        if fault is not None:
            if wanted == "parameters" and outputs is None:
                raise ProgramError(_on_the_way(graph, problems, objective[0]) or [fault])
            problems += [] if any(objective[0] in p.nodes for p in problems) else [fault]
            note = fault.text
    elif wanted == "parameters" and outputs is None:
        raise ProgramError([Problem("error", Message("no-objective", "{reason}", reason=note))])
    computed = objective if objective is not None and not note else None
    if outputs is None:
        probes = [key for key in inference.outputs if inference.types[graph.nodes[key[0]].type].probe]
        outputs = [*([computed] if computed else []), *(key for key in probes if key != computed)]
    lacking = [key for key in (*outputs, *also) if key not in inference.outputs]
    if lacking:
        raise ProgramError([p for key in lacking for p in _on_the_way(graph, problems, key[0])])
    plan = make_plan(
        graph, inference, training=training, wanted=wanted, objective=computed, outputs=outputs, everything=wanted == "all", moves=moves,
        also=also,
    )  # fmt: skip
    return Program(graph, plan, method, objective, note, tuple(problems), chosen is not None)


def _objective(graph: Graph) -> tuple[Key | None, str]:
    from graph.model.objective import NoObjective, find_objective

    objective = find_objective(graph)
    return (None, objective.text) if isinstance(objective, NoObjective) else ((objective.node, objective.port), "")


def _objective_fault(graph: Graph, inference: Inference, objective: Key) -> Problem | None:
    """Why this output cannot be differentiated: it is not computed, not one number, or not a real number."""
    from engine.nodes.checks import shape_text

    name = graph.nodes[objective[0]].name
    shape = inference.outputs.get(objective)
    if shape is None:
        return Problem("error", Message("objective-not-computed", "the objective cannot be computed"), (objective[0],), about=name)
    if shape.batched or any(size != 1 for size in shape.dims):
        several = Message(
            "objective-not-a-number",
            "the objective must be a single number, but this is {shape}; add a Mean, a Sum or a loss after it",
            shape=shape_text(shape),
        )
        return Problem("error", several, (objective[0],), about=name)
    if shape.dtype != "float":
        whole = Message("objective-is-an-index", "the objective must be a real number, but this is a class index")
        return Problem("error", whole, (objective[0],), about=name)
    return None


def _on_the_way(graph: Graph, problems: Iterable[Problem], node: str) -> list[Problem]:
    """The problems of the nodes that `node` is computed from."""
    before = reachable([node], graph.predecessors)
    return [p for p in problems if not p.nodes or p.nodes[0] in before]


class Program:
    """Compiled code for one graph. Every call is pure: nothing given to it is changed, nothing is remembered.

    `feeds` are the source outputs to be given, `parameter_keys` and `buffer_keys` the tensors, each call takes them as lists in
    that order. `trainable_keys` are the parameters whose gradients `step` returns, in the order of `parameter_keys`; a trainable
    parameter the objective does not depend on is not among them. `trainable` are their places in `parameter_keys`. `watched` says
    whether a gradient can be 0 · ∞ of a branch that was not selected (see `engine.compile.unselected`).
    """

    def __init__(
        self, graph: Graph, plan: Plan, method: Method, objective: Key | None, note: str, problems: tuple[Problem, ...],
        chosen: bool = False,
    ) -> None:  # fmt: skip
        self.plan = plan
        self.method = method
        self.objective = plan.objective
        self.objective_note = note
        self.problems = problems
        self.feeds = list(plan.feeds)
        self.outputs = list(plan.outputs)
        self.parameter_keys = list(plan.parameters)
        self.buffer_keys = list(plan.buffers)
        self.trainable_keys = list(plan.trainable)
        self.trainable = [plan.parameters.index(key) for key in plan.trainable]
        self.names = {node: n.name for node, n in graph.nodes.items()}
        self._intended = objective
        self._chosen = chosen
        """Whether the objective was given, and is not the one that the graph has."""
        self._seeds = Seeds(plan.inference.dtype)
        self.watched = method == "rules" and watched(plan)
        self._functions: dict[str, Callable[..., Any]] = {}
        self._sources: dict[str, Source] = {}
        self._wires: dict[str, int] = {}
        self._retraced: list[str] = []
        self._tracer: Tracer | None = None
        self._graph = graph
        self._edges = set(graph.edges)

    def step(
        self, feeds: Sequence[Tensor], parameters: Sequence[Tensor], buffers: Sequence[Tensor], random: Random
    ) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        """(objective, gradients of the trainable parameters, new values of all buffers). `stepper()` is the same without this call."""
        result: tuple[Tensor, list[Tensor], list[Tensor]] = self._run("step", feeds, parameters, buffers, random)
        return result

    def stepper(self) -> Callable[..., tuple[Tensor, list[Tensor], list[Tensor]]]:
        """The bare generated function behind `step` (watched, where that is needed): for a training loop, which explains a failure by
        `failure(error)`.

        To be called under `torch.no_grad()` where parameters require gradients.
        """
        if not self.watched:
            return self._function("step")
        step = self._function("step")

        def careful(*arguments: Any) -> tuple[Tensor, list[Tensor], list[Tensor]]:
            result: tuple[Tensor, list[Tensor], list[Tensor]] = step(*arguments)
            return result if all_finite(result[1]) else self._function("step", careful=True)(*arguments)

        return careful

    def training_step(
        self, beside: list[tuple[float, ...]], stepper: Callable[[Program], Callable[..., Any]] | None = None
    ) -> Callable[..., StepResult]:
        """What a run makes its steps with. The values of further objectives at each step are added to `beside`.

        `stepper`: what makes the step of a program, in place of the method of this name.
        """
        return self.stepper() if stepper is None else stepper(self)

    def stepper_in_place(self, parameters: list[Tensor], gradients: Flat | None = None) -> Callable[..., StepResult]:
        """`stepper()`, and faster with exactly this list of parameters (see `engine.compile.in_place`).

        The gradients of a step are overwritten by the next; they are written into `gradients`, where these are given and it can be done.
        """
        plain = self.stepper()
        if self.watched or self.method != "rules" or not fits(self.plan):
            return plain
        return in_place_step(self.plan, self._seeds, plain, parameters, gradients)

    @property
    def size(self) -> int:
        """How many operations it has."""
        return len(self.plan.operations)

    @property
    def keyed(self) -> bool:
        """Whether each step needs the key of its own, (seed, step)."""
        return any(operation.type.random for operation in self.plan.operations)

    def unwatched_stepper(self) -> Callable[..., tuple[Tensor, list[Tensor], list[Tensor]]]:
        """The same without a look at the numbers, for `torch.func`. Where the program is `watched`, its gradients hold only if all
        of them are finite."""
        return self._function("step")

    def evaluate(self, feeds: Sequence[Tensor], parameters: Sequence[Tensor], buffers: Sequence[Tensor], random: Random) -> list[Tensor]:
        """The values of `outputs`, forward only."""
        with torch.no_grad():
            result: list[Tensor] = self._run("evaluate", feeds, parameters, buffers, random)
        return result

    def objective_value(self, feeds: Sequence[Tensor], parameters: Sequence[Tensor], buffers: Sequence[Tensor], random: Random) -> Tensor:
        """The objective alone, forward only."""
        with torch.no_grad():
            result: Tensor = self._run("perturb", feeds, parameters, buffers, random, -1, None)
        return result

    def perturbed(
        self, edge: str, value: Tensor, feeds: Sequence[Tensor], parameters: Sequence[Tensor], buffers: Sequence[Tensor], random: Random
    ) -> Tensor:
        """The objective when `value` arrives along `edge` in place of its own; all other wires of the same output keep theirs."""
        with torch.no_grad():
            result: Tensor = self._run("perturb", feeds, parameters, buffers, random, self._place(edge), value)
        return result

    def replaced(
        self, edge: str | None, value: Tensor | None, feeds: Sequence[Tensor], parameters: Sequence[Tensor], buffers: Sequence[Tensor],
        random: Random,
    ) -> Tensor:  # fmt: skip
        """`perturbed`, or `objective_value` without an edge, with the graph behind it that autograd differentiates by."""
        place = -1 if edge is None else self._place(edge)
        result: Tensor = self._run("perturb", feeds, parameters, buffers, random, place, value)
        return result

    def gradient_at(
        self, edge: str, value: Tensor, feeds: Sequence[Tensor], parameters: Sequence[Tensor], buffers: Sequence[Tensor], random: Random
    ) -> Tensor | None:
        """The gradient on `edge` when `value` arrives along it in place of its own; None where there is none."""
        with torch.no_grad():
            retraced = self._run("retrace", feeds, parameters, buffers, random, self._place(edge), value)
        result: Tensor | None = dict(zip(self._retraced, retraced[2], strict=True)).get(edge)
        return result

    def _place(self, edge: str) -> int:
        if not self._wires:
            leaves = (leaf for o in self.plan.operations for leaf in o.leaves if isinstance(leaf, Wire))
            self._wires = {leaf.edge: i for i, leaf in enumerate(leaves)}
        return self._wires[edge]

    def trace(self, feeds: Sequence[Tensor], parameters: Sequence[Tensor], buffers: Sequence[Tensor], random: Random) -> Trace:
        """Every value and every gradient of one pass. Buffers keep their values: a trace changes nothing."""
        with torch.no_grad():
            results = self._run("trace", feeds, parameters, buffers, random)
        assert self._tracer is not None
        return self._tracer.trace(results, parameters, buffers)

    def update(self, graph: Graph, inference: Inference) -> bool:
        """Take over new values of settings. Returns False if the change requires recompilation."""
        plan, old = self.plan, self.plan.inference
        if graph.nodes.keys() != self.names.keys() or graph.edges.keys() != self._edges:
            return False
        same = all(getattr(old, name) == getattr(inference, name) for name in _DECISIVE)
        if not same or bool(old.errors or inference.errors) or not (self._chosen or _objective(graph)[0] == self._intended):
            return False
        fresh = make_plan(graph, inference, training=plan.training, wanted=plan.wanted, objective=plan.objective,
                          outputs=plan.outputs, everything=plan.wanted == "all", moves=plan.moves, also=plan.also)  # fmt: skip
        if fresh.trainable != plan.trainable or fresh.fault != plan.fault:
            return False
        for operation in plan.operations:
            batched = inference.batched.get(operation.node, frozenset())
            new = settings_of(graph, operation.node, training=plan.training, batched=batched, dtype=inference.dtype)
            vars(operation.settings).update(vars(new))
        plan.updates += 1
        self.names = {node: n.name for node, n in graph.nodes.items()}
        return True

    def source(self, kind: Kind) -> str:
        """The generated code, for tests and the curious."""
        self._function(kind)
        return self._sources[kind].text

    def failure(self, error: BaseException) -> NodeFailure:
        """The failure inside generated code as a message for the user: one line that names the node."""
        node = self._failed_node(error)
        name = f"{self.names[node]}: " if node is not None else ""
        return NodeFailure(node, name + _reason(error), error if isinstance(error, NodeError) else None)

    def _failed_node(self, error: BaseException) -> str | None:
        trace = error.__traceback__
        node: str | None = None
        while trace is not None:
            code: CodeType = trace.tb_frame.f_code
            if code is CODE:
                within = trace.tb_frame.f_locals
                node = within["self"].nodes[within["at"]]
            elif code.co_filename.startswith(FILE):
                nodes = self._sources[code.co_filename.removeprefix(FILE)].nodes
                node = nodes[trace.tb_lineno - 1] if trace.tb_lineno <= len(nodes) else None
            trace = trace.tb_next
        return node

    def _run(self, kind: Kind, *arguments: Any) -> Any:
        function = self._functions.get(kind) or self._written(kind)
        try:
            results = function(*arguments)
            if self.watched and not all_finite(_gradients(kind, results)):
                results = self._function(kind, careful=True)(*arguments)
            return results
        except (RuntimeError, ValueError, IndexError, TypeError, NodeError) as error:
            raise self.failure(error) from error

    def _written(self, kind: Kind) -> Callable[..., Any]:
        with uncollected():
            return self._function(kind)

    def _function(self, kind: Kind, careful: bool = False) -> Callable[..., Any]:
        """The generated function; `careful` where a branch that was not selected may be infinitely steep."""
        name = f"careful {kind}" if careful else kind
        if name not in self._functions:
            writer = CarefulWriter(self.plan, kind, self._seeds) if careful else Writer(self.plan, kind, self.method, self._seeds)
            source = self._sources[name] = writer.write()
            if writer.traces and not writer.reference and len(source.lines) > LARGE:
                self._functions[name] = Statements(source)
            else:
                namespace = dict(source.names)
                exec(builtins.compile(source.text, FILE + name, "exec"), namespace)
                self._functions[name] = namespace["run"]
            if careful:
                return self._functions[name]
            if kind == "retrace":
                self._retraced = list(writer.gradient_names.wires)
            if kind == "trace":
                self._tracer = Tracer(self._graph, self.plan, writer, self._intended, self.objective_note, self.problems)
        return self._functions[name]


def _gradients(kind: Kind, results: Any) -> Iterable[Tensor | None]:
    """All gradients among what generated code returned."""
    if kind == "step":
        gradients: list[Tensor] = results[1]
        return gradients
    return (g for group in results[1:4] for g in group) if kind in ("trace", "retrace") else ()


def _reason(error: BaseException) -> str:
    """What torch found wrong with the numbers themselves (shapes were checked before), without its own text where that is known."""
    text = str(error).strip()
    if isinstance(error, NodeError):
        return text
    if isinstance(error, IndexError) or "out of bounds" in text or "out of range" in text:
        return _("one of its indices is out of range (a class index or word index is too large)")
    if is_lack_of_memory(error):
        return _("there is not enough memory for its result")
    return _("it could not be computed from these numbers ({name})").format(name=type(error).__name__)
