"""The past of the runs of one model: where they were, how to return there exactly, and when going on from there is another run."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import torch

from engine.numerics.threads import threads
from engine.training.checkpoints import Branch, Checkpoint, Checkpoints, Range, size_of
from engine.training.compiled import RunError
from engine.training.curve import Curve, Point
from engine.training.replay import CHECK_SECONDS, Replay, first_difference
from engine.training.run_tree import KnownRun, RunTree
from engine.training.state import State, state_key
from engine.training.step_conditions import StepConditions
from engine.training.stops import Stop
from graph.model.computation import computation_key
from graph.model.problem import Problem
from graph.model.run_record import Origin, RunRecord, SettingsChange
from graph.model.training_settings import conditions as settings_that_count

T = TypeVar("T")

if TYPE_CHECKING:
    from engine.training.model import Model
    from engine.training.steps import Steps

KEEP_SECONDS = 0.1
"""Seconds of training between two checkpoints: about as long as making what lies between them again takes."""
KEEP_SHARE = 0.02
"""Largest part of the time that keeping checkpoints may take."""
CHANGES_KEPT = 32 * 2**20
"""Bytes of states that are stored where a run's settings were changed; without them a file cannot lead beyond such a place."""
STATES_KEPT, STATE_BYTES = 8, 8 * 2**20
"""So many states of a run are kept for its file, within so many bytes, beside those where it began and stopped."""
REPLAYED_AT_ONCE = 256


class Trainer(Protocol):
    """What makes the steps: `engine.training.run.Run`."""

    id: int
    model: Model
    training: Mapping[str, Any]
    curve: Curve
    problem: Problem | None
    stopped: Stop | None
    steps: Steps

    @property
    def state(self) -> State: ...
    @property
    def loss(self) -> float | None: ...
    def conditions(self) -> StepConditions: ...
    def conditions_of(self, training: Mapping[str, Any], seed: int, threads: int) -> StepConditions: ...
    def capture(self) -> State: ...
    def arrived(self) -> None: ...
    def recall_best(self) -> None: ...
    def back_to(self, state: State, loss: float | None) -> None: ...
    def rebind(self, forget: bool) -> None: ...


class History:
    """What one trainer did. It trains one run at a time, `run.id`; all runs of the document share the tree and the checkpoints.

    `replay` says how the present step was reached again, None since steps were made. `new_id` gives the id of a branch.
    """

    def __init__(self, run: Trainer, tree: RunTree | None = None, new_id: Callable[[], int] | None = None) -> None:
        self.run = run
        self.tree = RunTree() if tree is None else tree
        self.checkpoints: Checkpoints[StepConditions] = Checkpoints()
        self.replay: Replay | None = None
        self._new_id = new_id or (lambda: next(n for n in count(max([run.id, *self.tree], default=0) + 1)))
        self._rooted = False
        self._uprooted: Origin | None = None
        """What was changed by hand since the last step, so that no earlier step leads to the present state."""
        self._forgetful = False
        """Whether the optimizer's memory is not the one that the present step was reached with: it was bound under other settings since."""
        self._shapes: Any = None
        self._future = -1
        """The last step that the present conditions are known to lead to: up to there, steps are made once more."""
        self._boundary = math.inf
        self._kept_at, self._keeping = -math.inf, 0.0

    # While steps are made

    def keep(self, single: bool = False, begins: bool = False) -> None:
        """Hold the state before the run continues: always where the user makes a `single` step, else as often as is cheap.

        Where the run went back and what a step depends on has changed, going on from here is another run; so it is where learned values,
        data or graph were changed while nothing was trained (`begins`: training starts now). Raises RunError.
        """
        run, step = self.run, self.run.state.step
        now = run.conditions()
        branch = self._standing()
        self.checkpoints.reached(step)
        if branch is not None and self._forgetful:
            self._remind(now)
        known = None if branch is None else self.checkpoints.same_future(step, now)
        if known is None or self._forgetful:
            run.model.compiled.freeze()
            self._open(branch, now, begins, lost=known is not None)
            return
        if known is not self.checkpoints.present and (step < known.last or known.run != run.id):
            self._enter(known)
        end = self.checkpoints.ends(known)
        self._future, self._boundary = (run.curve.last, math.inf) if end is None else (end, end)
        self.replay = None
        if single or time.perf_counter() - self._kept_at >= max(KEEP_SECONDS, self._keeping / KEEP_SHARE):
            self._hold()

    @property
    def future(self) -> int:
        """The last step that the coming steps are known to lead to; before that, the curve has them already."""
        return self._future

    @property
    def boundary(self) -> float:
        """The step at which the run went on under other conditions than now: there `keep` has to decide again."""
        return self._boundary

    def measured(self, point: Point) -> None:
        """A measurement of the run at its newest step."""
        self.noted(point.step, point.measured)

    def noted(self, step: int, measured: Mapping[str, float]) -> None:
        """The same by the names of the metrics, also of those that are in no curve."""
        known = self.tree.get(self.run.id)
        if known is not None:
            known.note_best(step, measured)

    def spent(self, seconds: float) -> None:
        """Training the present run took so long; steps that are made once more do not count."""
        known = self.tree.get(self.run.id)
        if known is not None and self.run.state.step >= self.run.curve.last:
            known.record = replace(known.record, seconds=known.record.seconds + seconds)

    @property
    def stands(self) -> bool:
        """Whether the steps of the present run lead to the learned values there are."""
        return self._standing() is not None

    def settle(self) -> None:
        """Training stopped here: store the state. Raises RunError."""
        run = self.run
        branch = self._standing()
        if branch is None:
            return
        self.checkpoints.reached(run.state.step)
        if not run.conditions().same(branch.conditions):
            return  # the change may have altered the optimizer's memory already
        if self.replay is not None or self._forgetful:
            return  # it was made again from what is stored, or is not what these steps lead to
        self._hold()
        if branch.run == run.id:
            self.tree.keep_states(run.id, self._some_states(run.id))

    def _some_states(self, id: int) -> dict[int, State]:
        """The newest checkpoint of a run and a few between, so that its steps can be reached when its file is opened later."""
        held = {c.step: c for branch in self.checkpoints.branches.values() if branch.run == id for c in branch.held}
        newest = max(held, default=None)
        if newest is None:
            return {}
        room = min(STATES_KEPT, max(1, STATE_BYTES // max(held[newest].size, 1)))
        places = sorted(held)
        chosen = {places[(i + 1) * len(places) // room - 1] for i in range(room)} & set(places)
        return {step: held[step].state for step in {*chosen, newest}}

    @property
    def uprooted(self) -> Origin | None:
        """What was changed since the last step, so that no earlier step leads to the present state."""
        return self._uprooted

    @property
    def led_here(self) -> bool:
        """Whether the steps of the present run led to the present state, the optimizer's memory included."""
        return self._standing() is not None and not self._forgetful

    def uproot(self, origin: Origin = "values") -> None:
        """The user changed learned values: no earlier step leads to the present state."""
        self._rooted, self._uprooted, self.replay = False, origin, None
        self.forget_future()

    def forget_memory(self) -> None:
        """The optimizer forgot some of what it remembered, because of other settings."""
        self._forgetful = self.run.state.step > 0

    def forget_future(self) -> None:
        """What the coming step depends on has changed."""
        self._future, self._boundary = -1, math.inf

    def start_over(self, id: int) -> None:
        """The run `id` begins with the initial values; the present one stays in the tree."""
        self._becomes(id, Curve())
        self._rooted, self._uprooted, self.replay, self._forgetful = False, None, None, False
        self.forget_future()
        self.checkpoints.present = None

    # Back

    def reachable(self) -> tuple[Range, ...]:
        """The steps on the path of this run that `go_to` accepts. Raises RunError."""
        step, tree = self.run.state.step, self.checkpoints
        now = self.run.conditions()
        branch = self._standing()
        if tree.present is None:
            return ((step, step),)
        if branch is None:
            return tree.ranges(step)
        tree.reached(step)
        known = tree.same_future(step, now)
        return tree.ranges(None if known is not None and known.run == self.run.id else step)

    def go_to(self, step: int, id: int | None = None, check: bool = False) -> bool:
        """Return to a step of this run, or of the run `id`, exactly; False where that is no longer stored.

        The curve stays until steps are made that it does not know. With `check`, what is made again is compared with what is stored.
        Raises RunError.
        """
        run = self.run
        now = run.conditions()
        self.settle()
        end = self._tip(run.id if id is None else id)
        route = None if end is None else self.checkpoints.route(step, end.id)
        if route is None or end is None:
            return step == run.state.step and id in (None, run.id) and self._uprooted is None
        made_by, checkpoint = route
        self._enter(end)
        self._forgetful = False
        self.replay = self._make_again(made_by, now, checkpoint, step, check)
        self._rooted, self._uprooted = True, None
        self.forget_future()
        run.arrived()
        return True

    def known_ahead(self) -> int:
        """The last step that the present conditions are known to lead to from here. Raises RunError."""
        step = self.run.state.step
        known = self.checkpoints.same_future(step, self.run.conditions()) if self._standing() is not None else None
        if known is None:
            return step
        end = self.checkpoints.ends(known)
        return max(known.last, step) if end is None else end

    def nearest(self, step: int, id: int) -> tuple[int, float] | None:
        """The stored step from which `step` of a run is made again, and about how many seconds that takes. Raises RunError."""
        self.run.conditions()
        end, record = self._tip(id), self.tree.record(id)
        route = None if end is None else self.checkpoints.route(step, end.id)
        if route is None or record is None:
            return None
        stored = route[1].step
        return stored, (step - stored) * record.seconds / max(record.last - record.start, 1)

    def visit(self, step: int, id: int, look: Callable[[], T]) -> T | None:
        """Call `look` while the model is at a step of a run, then come back exactly; None where the step is out of reach.

        Raises RunError.
        """
        run = self.run
        if id == run.id and step == run.state.step and self._uprooted is None and not self._forgetful:
            return look()
        present, loss, last, problem, stopped = run.capture(), run.loss, run.steps.last, run.problem, run.stopped
        kept = self._rooted, self._uprooted, self._future, self._boundary, self.replay, self._forgetful
        at, here, curve = self.checkpoints.present, run.id, run.curve
        try:
            return look() if self.go_to(step, id) else None
        finally:
            run.back_to(present, loss)
            run.id, run.curve, run.problem, run.stopped, run.steps.last = here, curve, problem, stopped, last
            self.checkpoints.present = at
            self._rooted, self._uprooted, self._future, self._boundary, self.replay, self._forgetful = kept

    def stand(self, id: int) -> None:
        """The present state is one of the run `id`, which was made elsewhere, as far as nothing was changed since. Raises RunError."""
        known, run = self.tree.get(id), self.run
        if known is None:
            return
        run.conditions()
        self._becomes(id, known.curve)
        known.curve.tell_again()
        tip, entry = self._tip(id), known.curve.losses.at(run.state.step)
        run.steps.loss = entry[2] if entry is not None and entry[0] == entry[1] else run.steps.loss
        self.checkpoints.present, self._uprooted = tip, "graph" if tip is None else self._changed_since(known)
        self._rooted = self._uprooted is None
        if self._rooted:
            run.recall_best()

    def _changed_since(self, known: KnownRun) -> Origin | None:
        """What in the present state is not as it is stored with its run; the optimizer's memory can be found again there."""
        state, model = self.run.capture(), self.run.model
        if state.step not in known.states:
            self._forgetful = state.step > 0  # the settings may have been another run's: the state is found again before a step is made
            return None
        stored = self._stored(known, state.step)
        if stored is None:
            return "graph"
        different = {name.partition("/")[::2] for name in state.diff(stored.state)}
        learned = {name for part, name in different if part in ("parameters", "buffers")}
        self._forgetful = any(part == "optimizer" for part, _name in different)
        if not learned:
            return None
        return "data" if learned <= {state_key(key) for key in model.fitted} else "values"

    def pass_for(self, id: int) -> None:
        """The present state was taken from the run `id`, as far as it fits this graph: going on from it is another run."""
        known = self.tree.get(id)
        if known is not None:
            self._becomes(id, known.curve)
            known.curve.tell_again()
        self.uproot("graph")

    # The tree

    def _standing(self) -> Branch[StepConditions] | None:
        """The branch that made the present step; None where nothing leads to it."""
        model, state = self.run.model, self.run.state
        shapes = (model.dtype, *((n, t.shape) for part in (state.parameters, state.buffers) for n, t in part.items()))
        if shapes != self._shapes:
            if self._shapes is not None and self._rooted:
                self._uprooted = "graph"
            self._shapes, self._rooted = shapes, False
            self.checkpoints.clear()
        return self.checkpoints.at(state.step) if self._rooted else None

    def _open(self, branch: Branch[StepConditions] | None, now: StepConditions, begins: bool, lost: bool) -> None:
        """Steps that are not yet known from here: another run, a change of this one, or its first steps.

        `lost`: the conditions are known, but not what the optimizer remembered.
        """
        run, step = self.run, self.run.state.step
        state, known = run.capture(), self.tree.get(run.id)
        own = lost or (branch is None and self._uprooted is not None)
        if known is None:
            self.tree.open(self._record(None, "start"), run.curve, state)
        else:
            made_by = self.checkpoints.at(step)
            origin = self._origin(branch, known, now)
            behind = run.curve.last > step or (made_by is not None and made_by.run != run.id)
            if behind or (begins and origin not in (None, "settings")):
                self._fork(made_by.run if made_by is not None else run.id, origin or "settings", state)
            elif origin is not None:
                kept = size_of(state) * (len(known.states) + 1) <= CHANGES_KEPT
                self.tree.change(run.id, SettingsChange(step, dict(run.training), origin), state if kept else None)
                if run.model.penalised:
                    self.tree.update(run.id, penalised=True)
        root = self.checkpoints.present is None
        self._timed(lambda: self.checkpoints.begin(now, state, run.loss, root=root, run=run.id, own=own))
        self._rooted, self._uprooted, self.replay, self._forgetful = True, None, None, False
        self._future, self._boundary = step, math.inf

    def _remind(self, now: StepConditions) -> None:
        """Other settings made the optimizer forget what it remembered at this step: find the state again, for the present ones."""
        present, step = self.checkpoints.present, self.run.state.step
        route = None if present is None else self.checkpoints.route(step, present.id)
        if route is not None:
            self._make_again(route[0], now, route[1], step, False)
            self._forgetful = False

    def _origin(self, branch: Branch[StepConditions] | None, known: KnownRun, now: StepConditions) -> Origin | None:
        """What differs from the conditions of the step before; None where nothing does."""
        if self._uprooted is not None:
            return self._uprooted
        if branch is not None and branch.foreign:
            return "graph"
        made_by = known if branch is None else self.tree.get(branch.run) or known
        before = made_by.record.settings_at(self.run.state.step)
        if settings_that_count(before, "update", "batches") != settings_that_count(self.run.training, "update", "batches"):
            return "settings"
        if branch is None:
            return None
        if branch.conditions.program is now.program and branch.conditions.feeds.same(now.feeds):
            return "settings"  # such as the length of the run, where it is the schedule's too
        return "graph" if branch.conditions.feeds.same(now.feeds) else "data"

    def _fork(self, parent: int, origin: Origin, state: State) -> None:
        run = self.run
        self._becomes(self._new_id(), run.curve.until(run.state.step))
        self.tree.open(self._record(parent, origin), run.curve, state)

    def _record(self, parent: int | None, origin: Origin) -> RunRecord:
        run = self.run
        model, step = run.model, run.state.step
        return RunRecord(
            run.id, parent, step, step, origin, computation_key(model.graph), dict(run.training), seed=model.seed, began=time.time(),
            device=model.device, dtype=model.dtype_name, threads=model.compiled.threads,
            penalised=model.penalised,
        )  # fmt: skip

    def _enter(self, branch: Branch[StepConditions]) -> None:
        """Switch to another branch, with the curve of its run."""
        self.checkpoints.enter(branch)
        known = self.tree.get(branch.run)
        if branch.run != self.run.id and known is not None:
            self._becomes(branch.run, known.curve)
            known.curve.tell_again()

    def _becomes(self, id: int, curve: Curve) -> None:
        """Another run is the present one. The one that is left goes to the window once more, now with its curve and newest state."""
        if self.run.id != id:
            self.tree.unsent.add(self.run.id)
        self.run.id, self.run.curve = id, curve

    def _hold(self) -> None:
        branch = self._standing()
        checkpoint = None if branch is None else branch.before(self.run.state.step)
        if checkpoint is None or checkpoint.step != self.run.state.step:
            self._timed(lambda: self.checkpoints.add(self.run.capture(), self.run.loss))

    def _timed(self, keep: Callable[[], object]) -> None:
        started = time.perf_counter()
        keep()
        self._kept_at = time.perf_counter()
        self._keeping = self._kept_at - started

    # Making again

    def _make_again(self, made_by: Branch[StepConditions], now: StepConditions, checkpoint: Checkpoint, step: int, check: bool) -> Replay:
        """Go to a checkpoint and make the steps up to `step` once more, under the conditions of that time."""
        run, then = self.run, made_by.conditions
        model, steps, other = run.model, run.steps, not then.same(now)
        with torch.no_grad(), threads(then.threads):
            if other:
                parameters = model.parameters(then.program)
                trainable = [parameters[i] for i in then.program.trainable]
                steps.bind(then.program, then.optimizer_on(trainable), then)
                steps.batches, model.seed = then.batches(), then.seed
            steps.start_from(checkpoint.state, checkpoint.loss)
            replay = self._replayed(made_by, step, check)
        if other:
            model.seed = now.seed
            run.rebind(forget=then.optimizer is not now.optimizer)
        return replay

    def _replayed(self, made_by: Branch[StepConditions], step: int, check: bool) -> Replay:
        """Make the steps up to `step`; then, to compare, those up to the next stored state where it is near, and come back."""
        run = self.run
        first = run.state.step
        replay = self._compared(Replay(step, step - first), step)
        following = next((held for held in made_by.held if held.step > step), None)
        if not check or not replay.steps or following is None:
            return replay
        there, loss, deadline = run.steps.captured(), run.steps.loss, time.perf_counter() + CHECK_SECONDS
        while run.state.step < following.step and time.perf_counter() < deadline:
            run.steps.replay(min(following.step, run.state.step + REPLAYED_AT_ONCE))
        if run.state.step == following.step:
            different = following.step if run.steps.captured().diff(following.state) else None
            replay = replace(replay, compared=following.step, differs=different if replay.differs is None else replay.differs)
        run.steps.start_from(there, loss)
        return replay

    def _compared(self, replay: Replay, until: int) -> Replay:
        """Make the steps up to `until`, each loss compared with the curve's."""
        run, stored = self.run, self.run.curve.losses

        def compare(first: int, losses: list[float]) -> None:
            nonlocal replay
            number, differs = first_difference(stored, first, losses)
            replay = replace(replay, losses=replay.losses + number, differs=differs if replay.differs is None else replay.differs)

        run.steps.replay(until, compare)
        return replay

    # Runs that were made elsewhere

    def _tip(self, id: int) -> Branch[StepConditions] | None:
        """The newest branch of a run; of one from a file, laid out now. None where this graph did not make it."""
        known = self.checkpoints.tip(id)
        return known if known is not None else self._lay_out(id)

    def _lay_out(self, id: int) -> Branch[StepConditions] | None:
        """Branches for a run of the tree that has none: a stretch for its first settings and for each change.

        Where graph or data were changed on the way, only the states that are stored can be returned to.
        """
        known, run = self.tree.get(id), self.run
        if known is None or known.record.graph != computation_key(run.model.graph):
            return None
        record = self.tree.record(id)
        assert record is not None
        self._standing()  # forgets branches of other shapes first
        parent = None if record.parent is None else self._tip(record.parent)
        above = None if parent is None else self.checkpoints.at(record.start, parent)
        places = [SettingsChange(record.start, record.training, record.origin), *record.changes]
        branch, foreign = None, False
        for place, following in zip(places, [*places[1:], None], strict=True):
            last = record.last if following is None else following.step
            held = [self._stored(known, step) for step in sorted(known.states) if place.step <= step <= last]
            try:
                conditions = run.conditions_of(place.training, record.seed, record.threads)
            except RunError:
                return None
            own = place.origin not in ("settings", "start")
            foreign = foreign or (branch is not None and place.origin in ("graph", "data"))
            branch = Branch(
                self.checkpoints.next_id, None if above is None else above.id, place.step, conditions, last,
                [each for each in held if each is not None], id, own, foreign,
            )  # fmt: skip
            self.checkpoints.lay(branch)
            above = branch
        return branch

    def _stored(self, known: KnownRun, step: int) -> Checkpoint | None:
        state = known.state(step)
        if state is None or not self.run.model.takes(state):
            return None
        state = self.run.model.at_home(state)
        entry = known.curve.losses.at(step)
        return Checkpoint(state, None if entry is None or entry[0] != entry[1] else entry[2], size_of(state))
