"""One document snapshot, ready to be traced and trained: shapes, programs, data and state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from engine.compile.changes import Snapshot
from engine.compile.environment import Key
from engine.compile.failure import nonfinite
from engine.compile.feeds import Feeds, Part, demonstration, load_data, load_fixed, set_fixed
from engine.compile.plan import Wanted
from engine.compile.program import NodeFailure, Program, ProgramError, RandomKey, compile
from engine.compile.shape_problems import Complaints
from engine.compile.shapes import Inference, infer
from engine.compile.trace import Trace, view
from engine.compile.views import TraceView
from engine.meaning import meanings
from engine.training.device import choose_device, threads_for
from engine.training.fitted_buffers import Fitting
from engine.training.initial import initial_values
from engine.training.measures import Measures, find_measures
from engine.training.moves import follow, moved_memory
from engine.training.optimizers.registry import OPTIMIZERS
from engine.training.state import State, state_key
from graph.model.bypass import effective
from graph.model.problem import GRAVITY, Problem
from graph.text.messages import Message

if TYPE_CHECKING:
    from graph.model.graph import Graph


class SessionError(Exception):
    """The graph cannot be traced or trained; `problems` say why."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(p.text for p in problems) or "there is nothing to compute")
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Update:
    """What taking over a changed document did. `made_anew` names the learned tensors that start from the document's values."""

    structure: bool
    made_anew: tuple[str, ...] = ()


class Session:
    """Holds what tracing and training one graph needs, and follows its edits.

    `version` counts rebuilds: whoever keeps programs or tensors of a session (a Trainer) fetches them again when it changed.
    `edits` counts changed values; `moved` are the moves of state that whoever keeps an optimizer has not made yet.
    State is never part of the document; `update` keeps it wherever its shapes still fit.
    """

    def __init__(self, graph: Graph, device: str = "cpu", dtype: torch.dtype | None = None) -> None:
        graph = effective(graph)
        self.graph = graph
        self.version = self.edits = 0
        self.state = State()
        self.feeds = Feeds()
        self.device_note = ""
        self.notes: list[Problem] = []
        self._wanted_device, self._wanted_dtype = device, dtype
        self._programs: dict[tuple[Any, ...], Program] = {}
        self._initial: dict[Key, Tensor] = {}
        self._unread: list[Problem] = []
        self._shelf: dict[str, Tensor] = {}
        self.moved: list[tuple[Key, Key]] = []
        self._snapshot = Snapshot.of(graph)
        self._measures: Measures | None = None
        self._meant: tuple[int | None, list[Problem]] | None = None
        self.memory: Callable[[], dict[str, Tensor]] | None = None
        """What the optimizer at work remembers now, without a copy; None where there is none and the state has it."""
        self._structure(reset=True)

    # The document

    @property
    def problems(self) -> list[Problem]:
        """Everything that is wrong or worth knowing, errors first."""
        found = [*self.inference.problems, *self.feeds.problems, *self._unread, *self.notes, *self.meanings]
        return sorted(found, key=lambda p: GRAVITY[p.severity])

    @property
    def meanings(self) -> list[Problem]:
        """What is computed and probably not meant; looked for again when the structure or the batch size changes."""
        training = self.graph.training
        spec = OPTIMIZERS.get(str(training.get("optimizer")))
        key = None if spec is not None and spec.full_batch else training.get("batch_size")
        if self._meant is None or self._meant[0] != key:
            self._meant = key, meanings(self.graph, self.inference, self.feeds, key)
        return self._meant[1]

    def update(self, graph: Graph) -> Update:
        """Follow the document. Cheap when only values changed; after a structural change what no longer fits is made anew."""
        graph = effective(graph)
        self.graph = graph
        anew: list[str] = []
        changed = self._snapshot.changed(graph, self.inference)
        structure = changed is None or not all(self._value_edit(node, anew) for node in changed)
        if structure:
            anew += self._structure()
        elif changed:
            self._snapshot = Snapshot.of(graph)
            self.edits += 1
            if not self._fitting.sources.isdisjoint(changed):
                self._fit()
        self.threads = threads_for(graph, self.inference)
        if int(graph.training["seed"]) != self.seed and self.state.step == 0:
            self.reset()
        return Update(structure, tuple(anew))

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
        """Take over values saved in a file, as far as they fit; returns what a person calls those that do not.

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

    def waiting(self) -> dict[str, Tensor]:
        """Trained values of nodes that are in the document but do not use them now, such as a bypassed layer's."""
        mine = self.state.parameters | self.state.buffers
        return {name: tensor for name, tensor in self._shelf.items() if name not in mine and name.rpartition(".")[0] in self.graph.nodes}

    def _spoken(self, name: str) -> str:
        node, _, parameter = name.rpartition(".")
        return f"{self.graph.nodes[node].name}.{parameter}" if node in self.graph.nodes else f"{parameter} of a node that is gone"

    def move_state(self, moves: Iterable[tuple[Key, Key]]) -> None:
        """Let trained values follow when nodes were duplicated or opened: before `update`, old (node, parameter) → new.

        A name such as `W[2,0]` means one number of a tensor (see `engine.training.moves`). What the optimizer remembers follows too.
        """
        moves = list(moves)
        follow(moves, self._shelf, self.state.parameters, self.state.buffers)
        self.state.optimizer |= moved_memory(moves, self.state.optimizer)
        self.moved += moves

    # Programs and what they are fed

    def program(self, *, training: bool, everything: bool = False, outputs: Sequence[Key] | None = None) -> Program:
        """The compiled program; `everything` for traces. Raises SessionError."""
        key = (training, everything, None if outputs is None else tuple(outputs))
        if key not in self._programs:
            wanted: Wanted = "all" if everything else "parameters"
            if not everything and (wrong := self.feeds.errors):
                raise SessionError(wrong)
            try:
                self._programs[key] = compile(self.graph, self.inference, training=training, wanted=wanted, outputs=outputs)
            except ProgramError as error:
                raise SessionError(error.problems) from None
        return self._programs[key]

    def parameters(self, program: Program) -> list[Tensor]:
        return [self.state.parameters[state_key(key)] for key in program.parameter_keys]

    def buffers(self, program: Program) -> list[Tensor]:
        return [self.state.buffers[state_key(key)] for key in program.buffer_keys]

    def use_threads(self) -> None:
        """torch works with this graph's number of threads from here on: the last bits of a sum depend on it."""
        if torch.get_num_threads() != self.threads:
            torch.set_num_threads(self.threads)

    def random(self, step: int) -> RandomKey:
        return RandomKey(self.seed, step, self.device)

    # Looking

    def trace(self, samples: Sequence[int] | None = None, training: bool = False) -> Trace:
        """One pass over the demonstration batch (or these rows of the training part). Changes nothing.

        What cannot be computed is among the trace's problems. Raises SessionError when a node fails on its numbers.
        """
        return self._trace(torch.tensor(self.samples(samples), dtype=torch.int64, device=self.device), training)

    def samples(self, samples: Sequence[int] | None = None) -> list[int]:
        """The rows of the training part that a trace shows."""
        return demonstration(samples if samples is not None else self.graph.settings.get("demo"), self.feeds.rows["train"])

    def trace_of(self, rows: Tensor, step: int) -> Trace:
        """One pass in training mode over the rows of a mini-batch, with the random numbers of that step."""
        return self._trace(rows, True, step)

    def trace_view(self, samples: Sequence[int] | None = None, training: bool = False) -> TraceView:
        """`trace` for the window; what failed is among its problems."""
        rows = self.samples(samples)
        return self.view(lambda: self.trace(samples, training), batch=_batch_text(rows, self.feeds.rows["train"]), step=self.state.step)

    def view(self, make: Any, **more: Any) -> TraceView:
        """The view of the trace that `make()` returns, with this session's problems and slider positions."""
        more["inputs"] = self.inputs()
        try:
            found = view(make(), **more)
        except SessionError as error:
            shapes = {key: (shape.dims, shape.batched) for key, shape in self.inference.outputs.items()}
            others = tuple(p for p in self.problems if p not in error.problems)
            return TraceView(problems=(*error.problems, *others), shapes=shapes, dtype=self.dtype_name, device=self.device, **more)
        broken = nonfinite(self.graph, found, self.held())
        if broken:
            found = replace(found, nonfinite=broken[0].text)
        extra = tuple(p for p in (*broken, *self.problems) if p not in found.problems)
        return _with_problems(found, (*found.problems, *extra))

    def held(self) -> dict[str, Tensor]:
        """Buffers and the optimizer's memory as they are now: what a trace does not show."""
        return {**self.state.buffers, **(self.state.optimizer if self.memory is None else self.memory())}

    def explain(self, failure: NodeFailure) -> Problem:
        """The failure as a problem, with what the node itself suggests."""
        if failure.node is None or failure.refusal is None:
            return Problem("error", Message("computation-failed", "{reason}", reason=str(failure)), (failure.node,) if failure.node else ())
        found = Complaints(self.graph)
        found.node_error(failure.node, failure.refusal, {})
        return found.problems[0]

    def inputs(self) -> dict[str, float]:
        """The scalar Inputs' values by node id."""
        fixed = self.feeds.fixed.items()
        return {key[0]: float(value) for key, value in fixed if value.dim() == 0 and self.graph.nodes[key[0]].type == "source.input"}

    def evaluate(self, part: Part) -> dict[str, float]:
        """Objective, loss, penalty and accuracy over a whole part, in evaluation mode (see `Measures.read`). Raises SessionError."""
        measures = self.measures
        program = self.program(training=False, outputs=measures.outputs)
        feeds = self.feeds.whole(program.feeds, part)
        self.use_threads()
        try:
            values = program.evaluate(feeds, self.parameters(program), self.buffers(program), self.random(self.state.step))
        except NodeFailure as failure:
            raise SessionError([self.explain(failure)]) from failure
        return measures.read(dict(zip(program.outputs, values, strict=True)))

    @property
    def measures(self) -> Measures:
        """What the curves and the final numbers are made of. Raises SessionError when the graph cannot be trained."""
        if self._measures is None:
            objective = self.program(training=False).objective
            assert objective is not None  # a program for training has one
            self._measures = find_measures(self.graph, self.inference, objective)
        return self._measures

    def values(self) -> dict[Key, Tensor]:
        """Every learned tensor and buffer by (node id, name); the live tensors, not copies."""
        tensors = self.state.parameters | self.state.buffers
        return {key: tensors[state_key(key)] for key in self._initial}

    @property
    def fitted(self) -> set[Key]:
        """Buffers that follow from the training part and are no result of training."""
        return self._fitting.buffers

    @property
    def dtype_name(self) -> str:
        return str(self.dtype).removeprefix("torch.")

    # Building

    def _structure(self, reset: bool = False) -> tuple[str, ...]:
        graph = self.graph
        self.inference: Inference = infer(graph, dtype=self._wanted_dtype)
        self.dtype = self.inference.dtype
        learned = sum(torch.Size(shape).numel() for shape in self.inference.parameters.values())
        choice = choose_device(self._wanted_device, self.dtype, learned)
        self.device, self.device_note = choice.device, choice.note
        self.threads = threads_for(graph, self.inference)
        self._fitting: Fitting = Fitting(graph, self.inference)
        self._programs.clear()
        self._measures = self._meant = None
        load_fixed(graph, self.inference, self.device, self.feeds)
        load_data(graph, self.inference, self.device, self.feeds)
        if reset:
            self._snapshot = Snapshot.of(graph)
            self.reset()
            return ()
        edited = self._snapshot.edited(graph)
        self._snapshot = Snapshot.of(graph)
        return self._refill(edited)

    def _refill(self, edited: set[str]) -> tuple[str, ...]:
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

    def name(self, key: Key) -> str:
        """What a person calls a learned tensor: `hidden.W`."""
        return f"{self.graph.nodes[key[0]].name}.{key[1]}"

    def _tensors(self, key: Key) -> dict[str, Tensor]:
        return self.state.buffers if key in self.inference.buffers else self.state.parameters

    def _here(self, value: Tensor) -> Tensor:
        return value.detach().to(device=self.device, dtype=self.dtype, copy=True)

    def _fit(self) -> None:
        """Compute the buffers that follow from the training part, and say what is odd about them."""
        self.notes = []
        for node in self._fitting.nodes:
            try:
                found = self._fitting.fit(node, self.feeds, self.state)
            except NodeFailure as failure:
                self.notes.append(self.explain(failure))
                continue
            if found:
                self.state.buffers |= {state_key(key): self._here(value) for key, value in found.items()}
                self.notes += self._fitting.warnings(node, self.state)

    # Following values

    def _value_edit(self, node: str, anew: list[str]) -> bool:
        """Take over the new settings of one node; False when that needs a new structure after all."""
        role = self.inference.types[self.graph.nodes[node].type].role
        renamed = self._snapshot.nodes[node].name != self.graph.nodes[node].name
        if renamed and (self.feeds.problems or self.notes):
            return False  # they speak of nodes by name
        if (renamed or role == "op") and not self._op_edit(node):
            return False
        if role in ("input", "constant"):
            set_fixed(self.graph, self.inference, self.device, self.feeds, node)
        elif role != "data":
            self._take_document_values([node], anew)
        return True

    def _op_edit(self, node: str) -> bool:
        """A changed setting of an operation: into the programs at hand where they can take it."""
        inference = infer(self.graph, dtype=self._wanted_dtype)
        if not all(program.update(self.graph, inference) for program in self._programs.values()):
            return False
        fits = inference.parameters == self.inference.parameters and inference.buffers == self.inference.buffers
        if not fits or node in self._fitting.nodes:
            return False
        self.inference, self._measures, self._meant = inference, None, None
        self._fitting = Fitting(self.graph, inference)
        return True

    def _take_document_values(self, nodes: Sequence[str], anew: list[str]) -> None:
        """Where the document's own value of a learned tensor changed, it replaces what training made of it."""
        values, unread = initial_values(self.graph, self.inference, self.seed, nodes)
        self._unread = [p for p in self._unread if p.nodes[0] not in nodes] + unread
        for key, value in values.items():
            if key in self.inference.parameters and not torch.equal(value, self._initial[key]):
                self.state.parameters[state_key(key)].copy_(value)
                self._initial[key] = value
                anew.append(self.name(key))

    def _trace(self, rows: Tensor, training: bool, step: int | None = None) -> Trace:
        program = self.program(training=training, everything=True)
        if any(key not in self.feeds.train and key not in self.feeds.fixed for key in program.feeds):
            raise SessionError(self.feeds.problems)
        random = self.random(self.state.step if step is None else step)
        self.use_threads()
        try:
            return program.trace(self.feeds.chosen(program.feeds, rows), self.parameters(program), self.buffers(program), random)
        except NodeFailure as failure:
            raise SessionError([self.explain(failure)]) from failure


def _batch_text(rows: Sequence[int], total: int) -> str:
    if not total:
        return ""
    if list(rows) == list(range(rows[0], rows[0] + len(rows))):
        span = f"{rows[0] + 1}" if len(rows) == 1 else f"{rows[0] + 1}–{rows[-1] + 1}"
    else:
        span = ", ".join(str(row + 1) for row in rows[:8]) + (" …" if len(rows) > 8 else "")
    return f"training sample{'s' if len(rows) > 1 else ''} {span} of {total:,}"


def _with_problems(found: TraceView, problems: tuple[Problem, ...]) -> TraceView:
    return found if problems == found.problems else replace(found, problems=problems)
