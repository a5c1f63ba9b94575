"""One graph made ready to be computed: shapes, programs, the numbers that are fed in. It holds no state, so runs can share it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch

from engine.compile.changes import Snapshot
from engine.compile.environment import Key
from engine.compile.feeds import Feeds, demonstration, load_data, load_fixed, set_fixed
from engine.compile.plan import Wanted
from engine.compile.program import NodeFailure, Program, ProgramError, compile
from engine.compile.shape_problems import Complaints
from engine.compile.shapes import Inference, infer
from engine.meaning import meanings
from engine.training.device import choose_device, threads_for
from engine.training.estimate import work_of
from engine.training.fitted_buffers import FittedBuffers
from engine.training.joint import joint_program
from engine.training.measures import Measures, find_measures
from engine.training.optimizers.registry import declared_or_none
from graph.model.address import parameter
from graph.model.bypass import effective
from graph.model.garbage import uncollected
from graph.model.problem import Problem
from graph.text.messages import Message, _

if TYPE_CHECKING:
    from graph.model.graph import Graph


class RunError(Exception):
    """The graph cannot be traced or trained; `problems` say why."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(p.text for p in problems) or _("there is nothing to compute"))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class CompiledChange:
    """What became of a `Compiled` when its document changed.

    `structure` is False where only values, settings and names differ; then `nodes` are those concerned, else the nodes that were there
    before and have other settings now.
    """

    compiled: Compiled
    structure: bool
    nodes: tuple[str, ...]


class Compiled:
    """Shapes, programs, feeds and fitted buffers of one graph on one device. What it computes never changes.

    `graph` is the one that runs, with bypassed nodes replaced; it is the document's own object and serves for names. Programs are
    compiled when they are first needed.
    """

    def __init__(self, graph: Graph, device: str = "cpu", dtype: torch.dtype | None = None) -> None:
        with uncollected():
            self._prepare(effective(graph), device, dtype)

    def _prepare(self, graph: Graph, device: str, dtype: torch.dtype | None) -> None:
        self.graph = graph
        self._wanted = device, dtype
        self.inference: Inference = infer(graph, dtype=dtype)
        self.dtype = self.inference.dtype
        self.threads = threads_for(graph, self.inference)
        choice = choose_device(device, self.dtype, work_of(graph, self.inference), self.threads)
        self.device, self.device_note, self.fell_back = choice.device, choice.note, choice.fell_back
        self.fitted = FittedBuffers(graph, self.inference)
        self.feeds = Feeds()
        load_fixed(graph, self.inference, self.device, self.feeds)
        load_data(graph, self.inference, self.device, self.feeds)
        self._snapshot = Snapshot.of(graph)
        self._programs: dict[tuple[Any, ...], Program] = {}
        self._frozen = False
        self._measures: Measures | None = None
        self._meant: tuple[int | None, list[Problem]] | None = None

    # Following the document

    def changed_to(self, graph: Graph, named: bool = False) -> CompiledChange:
        """The same for the document as it is now; cheap when only values changed. `named`: messages elsewhere mention nodes by name."""
        graph = effective(graph)
        changed = self._snapshot.changed(graph, self.inference)
        if changed is not None and (twin := self._with_values(graph, changed, named)) is not None:
            return CompiledChange(twin, False, tuple(changed))
        return CompiledChange(Compiled(graph, *self._wanted), True, tuple(self._snapshot.edited(graph)))

    def again(self) -> Compiled:
        """The same graph, with its data read again."""
        return Compiled(self.graph, *self._wanted)

    def freeze(self) -> None:
        """Let programs returned so far keep their settings, because callers compute with them later. An edit then compiles new ones."""
        self._frozen = True

    def _with_values(self, graph: Graph, changed: Sequence[str], named: bool) -> Compiled | None:
        """A twin with other values, settings and names of nodes; None where that needs a new structure after all."""
        threads = threads_for(graph, self.inference)
        if not changed and graph is self.graph and threads == self.threads:
            return self
        twin = copy(self)
        twin.graph, twin.threads = graph, threads
        if not changed:
            return twin
        roles = {node: self.inference.types[graph.nodes[node].type].role for node in changed}
        renamed = [node for node in changed if self._snapshot.nodes[node].name != graph.nodes[node].name]
        if renamed and (self.feeds.problems or named):
            return None  # problems speak of nodes by name
        operations = [node for node in changed if roles[node] == "op" or node in renamed]
        if operations and not twin._take_settings(operations):
            return None
        inputs = [node for node in changed if roles[node] in ("input", "constant")]
        if inputs:
            twin.feeds = replace(self.feeds, fixed=dict(self.feeds.fixed))
            for node in inputs:
                set_fixed(graph, twin.inference, self.device, twin.feeds, node)
        twin._snapshot = Snapshot.of(graph)
        return twin

    def _take_settings(self, nodes: Iterable[str]) -> bool:
        """Take over other settings of operations: into the programs at hand, where they can take them and are not in use elsewhere."""
        inference = infer(self.graph, dtype=self._wanted[1])
        fits = inference.parameters == self.inference.parameters and inference.buffers == self.inference.buffers
        if not fits or any(node in self.fitted.nodes for node in nodes):
            return False
        if self._frozen:
            self._programs, self._frozen = {}, False
        elif not all(program.update(self.graph, inference) for program in self._programs.values()):
            return False
        self.inference, self._measures, self._meant = inference, None, None
        self.fitted = FittedBuffers(self.graph, inference)
        return True

    # What can be computed

    def program(
        self, *, training: bool, everything: bool = False, outputs: Sequence[Key] | None = None, objective: Key | None = None
    ) -> Program:
        """The compiled program; `everything` for traces, which differentiate the `objective`, by default the document's. Several
        objectives are trained by one program. Raises RunError."""
        key = (training, everything, None if outputs is None else tuple(outputs), objective)
        if key not in self._programs:
            wanted: Wanted = "all" if everything else "parameters"
            if not everything and (wrong := self.feeds.errors):
                raise RunError(wrong)
            try:
                with uncollected():
                    joint = joint_program(self.graph, self.inference) if training and not everything and outputs is None else None
                    self._programs[key] = joint or compile(
                        self.graph, self.inference, training=training, wanted=wanted, outputs=outputs, objective=objective
                    )
            except ProgramError as error:
                raise RunError(error.problems) from None
        return self._programs[key]

    @property
    def measures(self) -> Measures:
        """What the curves and the final numbers are made of. Raises RunError when the graph cannot be trained."""
        if self._measures is None:
            objective = self.program(training=False).objective
            assert objective is not None  # a program for training has one
            self._measures = find_measures(self.graph, self.inference, objective)
        return self._measures

    @property
    def meanings(self) -> list[Problem]:
        """What is computed and probably not meant; looked for again when the structure or the batch size changes."""
        training = self.graph.training
        spec = declared_or_none(training)
        key = None if spec is not None and spec.full_batch else training.get("batch_size")
        if self._meant is None or self._meant[0] != key:
            self._meant = key, meanings(self.graph, self.inference, self.feeds, key)
        return self._meant[1]

    def samples(self, samples: Sequence[int] | None = None) -> list[int]:
        """The rows of the training part that a trace shows."""
        return demonstration(samples if samples is not None else self.graph.settings.get("demo"), self.feeds.rows["train"])

    def inputs(self) -> dict[str, float]:
        """The scalar Inputs' values by node id."""
        fixed = self.feeds.fixed.items()
        return {key[0]: float(value) for key, value in fixed if value.dim() == 0 and self.graph.nodes[key[0]].type == "source.input"}

    def explain(self, failure: NodeFailure) -> Problem:
        """The failure as a problem, with what the node itself suggests."""
        if failure.node is None or failure.refusal is None:
            return Problem("error", Message("computation-failed", "{reason}", reason=str(failure)), (failure.node,) if failure.node else ())
        complaints = Complaints(self.graph)
        complaints.node_error(failure.node, failure.refusal, {})
        return complaints.problems[0]

    def name(self, key: Key) -> str:
        """Display name of a learned tensor: `hidden.W`."""
        return parameter(*key).name(self.graph)
