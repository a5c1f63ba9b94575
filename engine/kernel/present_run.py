"""The run that a document has now, and its place among all runs of the document.

A run is made when it is first needed, because a graph that cannot be trained can be looked at all the same; its id is known before. So
whatever is asked of the present run has two answers: that of the run itself, and, while there is none, that of the tree of runs.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from engine.training.compiled import RunError
from engine.training.run_tree import KnownRun, RunTree
from graph.model.computation import computation_key
from graph.model.run_record import Origin, RunRecord
from graph.storage.saved import SavedState
from graph.storage.saved_run import SavedRun

if TYPE_CHECKING:
    from engine.training.curve import Curve
    from engine.training.model import Model
    from engine.training.run import Run
    from graph.model.graph import Graph


class PresentRun:
    """`made` is the run itself, None while it is not needed; `tree` has all runs of the document."""

    def __init__(self) -> None:
        self.made: Run | None = None
        self.tree = RunTree()
        self.spare = 0
        """The id of the next run that branches from another."""
        self._id = 0
        """The id while the run is not made."""
        self._by_hand = 0
        """The id where the values were changed by hand and the run is not made yet."""
        self._before_fork = 0

    @property
    def id(self) -> int:
        return self._id if self.made is None else self.made.id

    @property
    def filed(self) -> KnownRun | None:
        """What the tree has of it."""
        return self.tree.get(self.id)

    def begin(self, id: int) -> None:
        """Another document, whose first run has this id."""
        self.made, self._id, self.tree = None, id, RunTree()

    def is_meant(self, run: int) -> bool:
        """Whether a command for this run is for the present one: also where it branched while the command was under way."""
        return run in (self.id, self._before_fork)

    def knows(self, run: int) -> bool:
        """Whether this is a run of the document."""
        return run == self.id or run in self.tree

    # Making

    def make(self, model: Model) -> Run:
        """The run, made now if there is none. Raises RunError where this graph cannot be trained."""
        return self.made or self._take(self._new(model))

    def make_coming(self, model: Model) -> Run:
        """The same, where the coming step can be computed. Raises RunError, and then makes none."""
        run = self.made or self._new(model)
        run.coming()
        return self._take(run)

    def _new(self, model: Model) -> Run:
        from engine.training.run import Run  # not before the first trace, which does not wait for it

        run = Run(model, id=self._id, tree=self.tree, new_id=self._branch_id).prepare()
        if self._id in self.tree:
            run.history.stand(self._id)
        if self._by_hand == self._id:
            run.history.uproot()
        return run

    def _take(self, run: Run) -> Run:
        self.made, self._by_hand = run, 0
        return run

    def _branch_id(self) -> int:
        """The id for a branch of the present run."""
        spare, self.spare = self.spare, 0
        return spare or max([self.id, *self.tree]) + 1

    # While there are steps

    def keep(self, run: Run, single: bool = False, begins: bool = False) -> None:
        """Before steps are made, see `History.keep`: it may be a branch from here on. Raises RunError."""
        before = run.id
        run.keep(single, begins)
        if run.id != before:  # commands that are under way still name the run before
            self._before_fork = before
        self._id = run.id

    def settle(self) -> None:
        """Store the state where training stopped, as far as this graph can be trained."""
        if self.made is not None:
            with contextlib.suppress(RunError):
                self.made.history.settle()

    def unmake(self) -> Run | None:
        """Its model is another one from here on: the run is made again when it is needed. Returns what it was."""
        self.settle()
        run, self._id, self.made = self.made, self.id, None
        return run

    def start_over(self, successor: int) -> None:
        """The run with this id begins; the model was set to its initial values."""
        if self.made is not None:
            self.made.start_over(successor)
        self._id = successor

    def uproot(self, origin: Origin = "values") -> None:
        """Learned values, data or graph were changed by hand: no earlier step leads to what there is now."""
        if self.made is not None:
            self.made.history.uproot(origin)

    def resumed(self, own: bool) -> None:
        """The model has values from another kernel; `own`: the steps of this run led there."""
        if self.made is None:
            self._by_hand = 0 if own else self._id
        elif not own:
            self.made.history.uproot()

    def file(self, saved: SavedState, model: Model) -> None:
        """A run of which there is a state alone becomes one of the tree."""
        if self.id in self.tree:
            return
        graph = model.graph
        record = RunRecord(
            self.id, None, saved.step, saved.step, "start", computation_key(graph), dict(graph.training), seed=model.seed,
            device=model.device, dtype=model.dtype_name, threads=model.compiled.threads, penalised=model.penalised,
        )  # fmt: skip
        self.tree.adopt(SavedRun(record, states=(saved,)), sent=False)

    # What there is to say

    @property
    def curve(self) -> Curve | None:
        """Its curve, or that which came with it from a file."""
        if self.made is not None:
            return self.made.curve
        return None if self.filed is None else self.filed.curve

    def reachable(self) -> tuple[tuple[int, int], ...]:
        """The steps that it can return to."""
        try:
            return () if self.made is None else self.made.history.reachable()
        except RunError:  # a graph that was broken meanwhile
            return ()

    def led_to(self, step: int, token: int, graph: Graph) -> bool:
        """Whether its steps led to the values with this token: nothing was changed by hand since."""
        if self.made is not None:
            return self.made.history.led_here
        filed = self.filed
        stored = None if filed is None else filed.states.get(step)
        same = isinstance(stored, SavedState) and (stored.token, stored.optimizer) == (token, graph.training["optimizer"])
        return same and filed is not None and filed.record.graph == computation_key(graph)
