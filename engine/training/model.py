"""A compiled graph and the numbers it has: learned tensors and buffers. It can be traced and evaluated, and follows its document."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from engine.compile.environment import Key
from engine.compile.feeds import Feeds, moved
from engine.compile.program import NodeFailure, Program, RandomKey
from engine.compile.shapes import Inference
from engine.compile.spot import Spot
from engine.compile.trace import Trace
from engine.compile.views import TraceView
from engine.data.parts import Part
from engine.numerics.flat import Flat, laid_out
from engine.numerics.threads import threads
from engine.training.compiled import Compiled, RunError
from engine.training.initial import initial_values
from engine.training.measures import Measures
from engine.training.moves import follow, moved_memory
from engine.training.state import State, state_key
from engine.training.trace_views import batch_text, named_rows, view_of
from graph.model.address import parameter
from graph.model.problem import GRAVITY, Problem
from graph.model.several_objectives import goals_of
from graph.text.messages import _

if TYPE_CHECKING:
    from engine.training.workers.group import Workers
    from graph.model.graph import Graph


@dataclass(frozen=True, slots=True)
class ModelUpdate:
    """What taking over a changed document did. `made_anew` names the learned tensors that start from the document's values."""

    structure: bool
    made_anew: tuple[str, ...] = ()


class Model:
    """One compiled graph with a State.

    `version` counts rebuilds: a Run that keeps programs or tensors of a model fetches them again when it has changed.
    `edits` counts changed values; `moved` are the moves of state that the optimizer has not followed yet.
    State is never part of the document; `update` keeps it wherever its shapes still fit. Models of one `Compiled` share its programs and
    data, and nothing that changes.
    """

    def __init__(self, graph: Graph | Compiled, device: str = "cpu", dtype: torch.dtype | None = None) -> None:
        self.compiled = graph if isinstance(graph, Compiled) else Compiled(graph, device, dtype)
        if isinstance(graph, Compiled):
            graph.freeze()  # another model computes with it too
        self.version = self.edits = 0
        self.state = State()
        self.notes: list[Problem] = []
        self._initial: dict[Key, Tensor] = {}
        self._unread: list[Problem] = []
        self._shelf: dict[str, Tensor] = {}
        self._flat: Flat | None = None
        self.moved: list[tuple[Key, Key]] = []
        self.goal: int | None = None
        """The number of the objective, of several, whose gradients are looked at, counted from 0; None where none was chosen."""
        self.spot: Spot | None = None
        """The sample that is looked at instead of the demonstration batch; it is no part of the state either."""
        self.workers: Workers | None = None
        """The processes that train this model together; None where it is this one alone."""
        self.memory: Callable[[], dict[str, Tensor]] | None = None
        """What the optimizer at work remembers now, without a copy; None where there is none and the state has it."""
        self.reset()

    # What is compiled

    @property
    def graph(self) -> Graph:
        return self.compiled.graph

    @property
    def inference(self) -> Inference:
        return self.compiled.inference

    @property
    def feeds(self) -> Feeds:
        return self.compiled.feeds

    @property
    def device(self) -> str:
        return self.compiled.device

    @property
    def dtype(self) -> torch.dtype:
        return self.compiled.dtype

    @property
    def dtype_name(self) -> str:
        return str(self.dtype).removeprefix("torch.")

    @property
    def measures(self) -> Measures:
        """What the curves and the final numbers are made of. Raises RunError when the graph cannot be trained."""
        return self.compiled.measures

    @property
    def penalised(self) -> bool:
        """Whether the objective includes a penalty; False where there is none that can be computed."""
        try:
            return self.measures.penalised
        except RunError:
            return False

    def program(
        self, *, training: bool, everything: bool = False, outputs: Sequence[Key] | None = None, objective: Key | None = None
    ) -> Program:
        """The compiled program; `everything` for traces, of this `objective`, by default the document's. Raises RunError."""
        return self.compiled.program(training=training, everything=everything, outputs=outputs, objective=objective)

    def shown_objective(self, turn: int | None = None) -> Key | None:
        """Of several objectives, the one whose gradients are looked at: the one chosen, else that of this `turn`, else the first. None
        where the document has one objective."""
        goals = goals_of(self.graph)
        number = self.goal if self.goal is not None and self.goal < len(goals) else turn
        return goals[number or 0].key if goals else None

    def samples(self, samples: Sequence[int] | None = None) -> list[int]:
        """The rows of the training part that a trace shows."""
        return self.compiled.samples(samples)

    def name(self, key: Key) -> str:
        """Display name of a learned tensor: `hidden.W`."""
        return self.compiled.name(key)

    # The document

    @property
    def problems(self) -> list[Problem]:
        """Everything that is wrong or worth knowing, errors first."""
        compiled = self.compiled
        problems = [*compiled.inference.problems, *compiled.feeds.problems, *self._unread, *self.notes, *compiled.meanings]
        return sorted(problems, key=lambda p: GRAVITY[p.severity])

    def update(self, graph: Graph) -> ModelUpdate:
        """Follow the document. Cheap when only values changed; after a structural change, what no longer fits is initialized again."""
        change = self.compiled.changed_to(graph, named=bool(self.notes))
        self.compiled = change.compiled
        anew: list[str] = []
        if change.structure:
            anew += self._refill(change.nodes)
        elif change.nodes:
            for node in change.nodes:
                if self.inference.types[self.graph.nodes[node].type].role not in ("input", "constant", "data"):
                    self._take_document_values([node], anew)
            self.edits += 1
            if not self.compiled.fitted.sources.isdisjoint(change.nodes):
                self._fit()
        if int(self.graph.training["seed"]) != self.seed and self.state.step == 0:
            self.reset()
        return ModelUpdate(change.structure, tuple(anew))

    def reload(self) -> ModelUpdate:
        """Take the data as they are read now. Trained values stay where they fit."""
        self.compiled = self.compiled.again()
        return ModelUpdate(True, tuple(self._refill(())))

    def reset(self) -> None:
        """Return to the document's values."""
        self.seed = int(self.graph.training["seed"])
        self._initial, self._unread = initial_values(self.graph, self.inference, self.seed)
        self._shelf.clear()
        self.state, self.memory = State(), None
        for key, value in self._initial.items():
            self._tensors(key)[state_key(key)] = self._here(value)
        self._fit()
        self.version += 1

    def restore(self, state: State) -> None:
        """Take over a captured state as far as its tensors fit."""
        for mine, other in ((self.state.parameters, state.parameters), (self.state.buffers, state.buffers)):
            for name, tensor in mine.items():
                if name in other and other[name].shape == tensor.shape:
                    tensor.copy_(other[name])
        self.state.optimizer = {name: t.clone() for name, t in state.optimizer.items()}
        self.state.step, self.state.epoch, self.state.position = state.counters
        self.version += 1

    def put_back(self, state: State) -> tuple[str, ...]:
        """Take over values saved in a file, as far as they fit; returns the display names of those that do not.

        Those that do not fit wait, in case an edit makes room for them. Fitted buffers follow from the data that are there now.
        """
        mine = self.state.parameters | self.state.buffers
        fitted = {state_key(key) for key in self.fitted}
        homeless = []
        for name, tensor in (state.parameters | state.buffers).items():
            if name not in fitted and (name not in mine or mine[name].shape != tensor.shape):
                self._shelf[name] = self._here(tensor)
                homeless.append(name)
        self.restore(replace(state, buffers={name: tensor for name, tensor in state.buffers.items() if name not in fitted}))
        waiting = self.waiting()
        return tuple(self._spoken(name) for name in homeless if name not in waiting)

    def takes(self, state: State) -> bool:
        """Whether a state has this model's parameters and buffers, of the same shapes."""
        pairs = ((self.state.parameters, state.parameters), (self.state.buffers, state.buffers))
        return all(name in other and other[name].shape == tensor.shape for mine, other in pairs for name, tensor in mine.items())

    def at_home(self, state: State) -> State:
        """The same state where this model computes."""
        return State(
            {name: self._here(tensor) for name, tensor in state.parameters.items() if name in self.state.parameters},
            {name: self._here(tensor) for name, tensor in state.buffers.items() if name in self.state.buffers},
            {name: tensor if not tensor.dim() else tensor.to(self.device) for name, tensor in state.optimizer.items()},
            *state.counters,
        )

    def waiting(self) -> dict[str, Tensor]:
        """Trained values of nodes that are in the document but do not use them now, such as a bypassed layer's."""
        mine = self.state.parameters | self.state.buffers
        return {name: tensor for name, tensor in self._shelf.items() if name not in mine and name.rpartition(".")[0] in self.graph.nodes}

    def _spoken(self, name: str) -> str:
        node, _dot, own = name.rpartition(".")
        if node in self.graph.nodes:
            return parameter(node, own).name(self.graph)
        return _("{parameter} of a node that is gone").format(parameter=own)

    def move_state(self, moves: Iterable[tuple[Key, Key]]) -> None:
        """Let trained values follow when nodes were duplicated or opened: before `update`, old (node, parameter) → new.

        A name such as `W[2,0]` means one number of a tensor (see `engine.training.moves`). What the optimizer remembers follows too.
        """
        moves = list(moves)
        follow(moves, self._shelf, self.state.parameters, self.state.buffers)
        self.state.optimizer |= moved_memory(moves, self.state.optimizer)
        self.moved += moves

    # Tensors in the order of a program

    def parameters(self, program: Program) -> list[Tensor]:
        return [self.state.parameters[state_key(key)] for key in program.parameter_keys]

    def laid_out(self, program: Program) -> list[Tensor]:
        """The parameters that a program trains, one after another in one tensor, so that a step can change them all at once.

        The state has the views from here on; the numbers are the same.
        """
        names = [state_key(key) for key in program.trainable_keys]
        parameters = self.state.parameters
        known = self._flat is not None and len(self._flat) == len(names)
        if not known or any(parameters[name] is not tensor for name, tensor in zip(names, self._flat or (), strict=True)):
            self._flat = laid_out([parameters[name] for name in names])
            parameters |= zip(names, self._flat, strict=True)
        assert self._flat is not None
        return self._flat

    def buffers(self, program: Program) -> list[Tensor]:
        return [self.state.buffers[state_key(key)] for key in program.buffer_keys]

    def random(self, step: int) -> RandomKey:
        return RandomKey(self.seed, step, self.device)

    # Looking

    def shown_rows(self) -> tuple[Part, list[int]]:
        """What is looked at while nothing trains: the sample that was pointed out, where there is one, else the demonstration batch."""
        spot = self.spot
        if spot is not None and 0 <= spot.place < self.feeds.rows[spot.part]:
            return spot.part, [spot.place]
        return "train", self.samples()

    @property
    def free(self) -> tuple[tuple[str, int, float], ...]:
        """The features of what is looked at that have other values than the sample's."""
        spot = self.spot
        return spot.free if spot is not None and 0 <= spot.place < self.feeds.rows[spot.part] else ()

    def trace(self, samples: Sequence[int] | None = None, training: bool = False) -> Trace:
        """One pass over what is looked at (or these rows of the training part). Changes nothing.

        What cannot be computed is among the trace's problems. Raises RunError when a node fails on its numbers.
        """
        part, rows = self.shown_rows() if samples is None and not training else ("train", self.samples(samples))
        free = self.free if samples is None and not training else ()
        return self._trace(torch.tensor(rows, dtype=torch.int64, device=self.device), training, part=part, free=free)

    def trace_of(self, rows: Tensor, step: int, turn: int | None = None) -> Trace:
        """One pass in training mode over the rows of a mini-batch, with the random numbers of that step; `turn` is the number of the
        objective whose step it is, of several."""
        return self._trace(rows, True, step, turn=turn)

    def trace_view(self, samples: Sequence[int] | None = None, training: bool = False) -> TraceView:
        """`trace` for the window; what failed is among its problems."""
        part, rows = self.shown_rows() if samples is None and not training else ("train", self.samples(samples))
        batch, named = batch_text(part, rows, self.feeds.rows[part]), named_rows(part, rows)
        if samples is None and not training and self.free:
            batch, named = _("a point with the target of {sample}").format(sample=batch), named_rows(part, [])
        return self.view(lambda: self.trace(samples, training), batch=batch, step=self.state.step, **named)

    def view(self, make: Any, **more: Any) -> TraceView:
        """The view of the trace that `make()` returns, with this model's problems and slider positions."""
        more |= {"inputs": self.compiled.inputs(), "samples": dict(self.feeds.rows)}
        with threads(self.compiled.threads):
            try:
                return view_of(self.graph, make(), self.held(), self.problems, **more)
            except RunError as error:
                shapes = {key: (shape.dims, shape.batched) for key, shape in self.inference.outputs.items()}
                others = tuple(p for p in self.problems if p not in error.problems)
                return TraceView(problems=(*error.problems, *others), shapes=shapes, dtype=self.dtype_name, device=self.device, **more)

    def held(self) -> dict[str, Tensor]:
        """Buffers and the optimizer's memory as they are now: what a trace does not show."""
        return {**self.state.buffers, **(self.state.optimizer if self.memory is None else self.memory())}

    def evaluate(self, part: Part, compiled: Compiled | None = None) -> dict[str, float]:
        """Objective, loss, penalty and accuracy over a whole part, in evaluation mode (see `Measures.read`). Raises RunError.

        With a `compiled`, by that one's programs and data instead of the present ones. Of several workers rank 0 finds the numbers, and
        all get them.
        """
        if self.workers is None:
            return self._evaluated(part, compiled or self.compiled)
        found = self.workers.agree(lambda: self._evaluated_or_not(part, compiled or self.compiled))
        if isinstance(found, dict):
            return found
        raise RunError(found)

    def _evaluated_or_not(self, part: Part, compiled: Compiled) -> dict[str, float] | Sequence[Problem]:
        try:
            return self._evaluated(part, compiled)
        except RunError as error:
            return error.problems

    def _evaluated(self, part: Part, compiled: Compiled) -> dict[str, float]:
        measures = compiled.measures
        program = compiled.program(training=False, outputs=measures.outputs)
        feeds = compiled.feeds.whole(program.feeds, part)
        try:
            with threads(compiled.threads):
                values = program.evaluate(feeds, self.parameters(program), self.buffers(program), self.random(self.state.step))
        except NodeFailure as failure:
            raise RunError([compiled.explain(failure)]) from failure
        return measures.read(dict(zip(program.outputs, values, strict=True)))

    def values(self) -> dict[Key, Tensor]:
        """Every learned tensor and buffer by (node id, name); the live tensors, not copies."""
        tensors = self.state.parameters | self.state.buffers
        return {key: tensors[state_key(key)] for key in self._initial}

    @property
    def fitted(self) -> set[Key]:
        """Buffers that follow from the training part and are no result of training."""
        return self.compiled.fitted.buffers

    # Building

    def _refill(self, edited: Sequence[str]) -> tuple[str, ...]:
        """New tensors for the new graph: trained ones where node, name and shape are the same, else the document's.

        Where a node's own settings were `edited` so that its first values are others, these take effect.
        """
        old = self._shelf | self.state.parameters | self.state.buffers
        before = self._initial
        self._initial, self._unread = initial_values(self.graph, self.inference, self.seed)
        self._shelf = old
        self.state.parameters, self.state.buffers = {}, {}
        anew = []
        for key, value in self._initial.items():
            name = state_key(key)
            kept = self._shelf.pop(name, None)
            untouched = kept is not None and key in before and torch.equal(kept, before[key].to(kept))
            changed = key[0] in edited and key in before and not torch.equal(before[key], value)
            if kept is None or kept.shape != value.shape or changed:
                kept = value
                if key not in self.inference.buffers:
                    anew.append(self.name(key))
            elif untouched:  # the document's own number, in the document's precision
                kept = value
            self._tensors(key)[name] = self._here(kept)
        self._fit()
        self.version += 1
        return tuple(anew)

    def _tensors(self, key: Key) -> dict[str, Tensor]:
        return self.state.buffers if key in self.inference.buffers else self.state.parameters

    def _here(self, value: Tensor) -> Tensor:
        return value.detach().to(device=self.device, dtype=self.dtype, copy=True)

    def _fit(self) -> None:
        """Compute the buffers that follow from the training part, and say what is odd about them."""
        self.notes = []
        with threads(self.compiled.threads):
            self._fit_each()

    def _fit_each(self) -> None:
        for node in self.compiled.fitted.nodes:
            try:
                fitted = self.compiled.fitted.fit(node, self.feeds, self.state)
            except NodeFailure as failure:
                self.notes.append(self.compiled.explain(failure))
                continue
            if fitted:
                self.state.buffers |= {state_key(key): self._here(value) for key, value in fitted.items()}
                self.notes += self.compiled.fitted.warnings(node, self.state)

    # Following values

    def _take_document_values(self, nodes: Sequence[str], anew: list[str]) -> None:
        """Where the document's own value of a learned tensor changed, it replaces what training made of it."""
        values, unread = initial_values(self.graph, self.inference, self.seed, nodes)
        self._unread = [p for p in self._unread if p.nodes[0] not in nodes] + unread
        for key, value in values.items():
            if key not in self.fitted and not torch.equal(value, self._initial[key]):
                self._tensors(key)[state_key(key)].copy_(value)
                self._initial[key] = value
                anew.append(self.name(key))

    def _trace(
        self, rows: Tensor, training: bool, step: int | None = None, part: Part = "train",
        free: Sequence[tuple[str, int, float]] = (), turn: int | None = None,
    ) -> Trace:  # fmt: skip
        program = self.program(training=training, everything=True, objective=self.shown_objective(turn))
        if any(key not in self.feeds.train and key not in self.feeds.fixed for key in program.feeds):
            raise RunError(self.feeds.problems)
        random = self.random(self.state.step if step is None else step)
        try:
            with threads(self.compiled.threads):
                feeds = moved(program.feeds, self.feeds.chosen(program.feeds, rows, part), free)
                return program.trace(feeds, self.parameters(program), self.buffers(program), random)
        except NodeFailure as failure:
            raise RunError([self.compiled.explain(failure)]) from failure
