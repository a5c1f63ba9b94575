"""The window's copy of a document's runs: what a new kernel gets when one dies, and what goes into files. No Qt, no torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.kernel.protocol import Progress, Reply
from engine.training.curve import losses_saved, point_rows
from graph.model.computation import computation_key
from graph.storage.document import Document
from graph.storage.files import dumps
from graph.storage.run_history import newest_id
from graph.storage.saved import SavedState
from graph.storage.saved_run import SavedLosses, SavedRun, completed, owner_of

if TYPE_CHECKING:
    from engine.training.curve import Curve
    from engine.training.losses import Losses


class RunMirror:
    """`saved` are the runs as the kernel sent them, by id; of the present one without its curve and newest state, which are in `curve`
    and `state`.

    `graph_texts` are the graphs that runs trained, as documents without their large tensors, by `computation_key`. `spare` is the id of the
    next run that branches from another. `losses` gives the loss of every step of a run, which the kernel sent.
    """

    def __init__(self) -> None:
        self.saved: dict[int, SavedRun] = {}
        self.graph_texts: dict[str, str] = {}
        self.losses: Callable[[int], Losses | None] = lambda run: None
        self.state: SavedState | None = None
        self.curve: Curve | None = None
        self.state_run, self.state_own = 0, True
        """The run that both are of, and whether its steps led to the state."""
        self.newest = 1
        """The largest id that is in use."""
        self.spare = 1
        self.points_known: dict[int, int] = {}
        """How many points of each run's curve have arrived from the present kernel."""
        self._looked_for: tuple[str, int] | None = None

    def attach(self, document: Document) -> int:
        """The runs of another document; the id of the present one: that of the run its trained values are of, else a new one."""
        self.state = None
        self.points_known.clear()
        self.saved = {saved.record.id: saved for saved in document.runs}
        self.graph_texts = {saved.record.graph: saved.document for saved in document.runs if saved.document}
        if document.runs:
            self.graph_texts[computation_key(document.graph)] = dumps(document.graph)
        parents = [saved.record.parent or 0 for saved in document.runs]  # a deleted run's branches still name it
        self.newest = max(self.newest, newest_id(document.graph.settings), *self.saved, *parents)
        owner = owner_of(document.runs, document.state)
        run = owner.record.id if owner is not None else self.new_id()
        self.spare = self.new_id()
        return run

    def beside(self) -> RunMirror:
        """One for another document, whose runs get other ids than these."""
        other = RunMirror()
        other.newest, other.losses = self.newest, self.losses
        return other

    def after(self, other: RunMirror) -> RunMirror:
        """This one again, after another document had runs."""
        self.newest = max(self.newest, other.newest)
        return self

    def new_id(self) -> int:
        """An id for a run that is about to begin."""
        self.newest += 1
        return self.newest

    def hear(self, reply: Reply) -> None:
        """Take what a reply says about runs."""
        if reply.state is not None:
            self.state, self.curve = reply.state, reply.curve
            self.state_run, self.state_own = reply.state_run, reply.state_own
        self.saved |= {saved.record.id: completed(saved, self.saved.get(saved.record.id)) for saved in reply.runs}

    def hear_progress(self, reply: Reply, document: Document) -> Progress | None:
        """The progress of the present run that a reply brings, with the document's state that it is of; None where it brings none."""
        if reply.progress is None:
            return None
        progress = replace(reply.progress, structure=reply.structure, revision=reply.revision)
        self._present_is(progress.run)
        self.points_known[progress.run] = progress.first_point + len(progress.points)
        self._keep_graph(progress, document)
        return progress

    def newest_state(self, document: Document) -> SavedState | None:
        """The newest trained values outside the kernel: another kernel continues from them."""
        return document.state if self.state is None else self.state

    def handed_over(self, runs: tuple[SavedRun, ...]) -> None:
        """A new kernel gets these, all there are: it does not send them again."""
        self.saved = {saved.record.id: saved for saved in runs}
        self.points_known.clear()

    def _present_is(self, run: int) -> None:
        """The kernel is at this run, which may be a new branch."""
        self.newest = max(self.newest, run)
        if run == self.spare:
            self.spare = self.new_id()

    def _keep_graph(self, progress: Progress, document: Document) -> None:
        """Keep the graph of the present run as text, so that it can be restored once the document is another."""
        record = progress.record
        if record is None or record.graph in self.graph_texts or progress.structure != document.structure:
            return
        looked_for = record.graph, document.revision
        if looked_for != self._looked_for and computation_key(document.graph) == record.graph:
            self.graph_texts[record.graph] = dumps(document.graph)
        self._looked_for = looked_for

    def whole(self, run: int, progress: Progress, document: Document) -> tuple[SavedRun, ...]:
        """Every run, with its graph where the document's is another one; the live one as it was at the newest state that was handed over.

        That is the run of the `progress` that came last, which commands under way may leave; before there is any, `run`.
        """
        now = computation_key(document.graph)
        return tuple(
            run if run.record.graph == now else replace(run, document=self.graph_texts.get(run.record.graph, run.document))
            for run in self._with_live(progress.run or run, progress)
        )

    def _with_live(self, live: int, progress: Progress) -> tuple[SavedRun, ...]:
        state, curve, present = self.state, self.curve, self.saved.get(live)
        if present is None or state is None or curve is None or self.state_run != live:
            return tuple(self.saved.values())
        others = [saved for run, saved in self.saved.items() if run != live]
        states = {each.step: each for each in present.states}
        if self.state_own and state.step >= present.record.start:
            states[state.step] = state
        losses = self.losses(live)
        return (*others, replace(
            present, record=progress.record or present.record, states=tuple(state for _, state in sorted(states.items())),
            points=point_rows(curve.points), losses=SavedLosses() if losses is None else losses_saved(losses.until(curve.last)),
            stride=curve.stride,
        ))  # fmt: skip

    def last_known(self, run: int, state: SavedState) -> tuple[SavedState, bool]:
        """Where a run can go on, and whether its steps led there; `state` came last, but may be of the run it branched from."""
        known = self.saved.get(run)
        if self.state_run == run or known is None or not known.states:
            return state, self.state_own
        return known.states[-1], True
