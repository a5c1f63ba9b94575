"""What the kernel works on: one document's model and its run. The only part of the kernel that imports torch."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from engine.compile.spot import Spot
from engine.compile.views import Absent, TraceView
from engine.compile.visible import Hidden
from engine.data.loading import VERSIONS
from engine.explain.context import ExplainContext, shown
from engine.explain.question import Question
from engine.kernel.answering import answered
from engine.kernel.measurements import Measurements
from engine.kernel.pace import Metronome
from engine.kernel.present_run import PresentRun
from engine.kernel.protocol import (
    Adopt,
    Command,
    GoTo,
    Load,
    Pace,
    Pause,
    Phase,
    Progress,
    Reset,
    Resume,
    ShowComing,
    Start,
    StepBack,
    StepOnce,
    StopAt,
    TrainedEdit,
)
from engine.kernel.speed import Speed
from engine.kernel.trained import LeftRun, TrainedValues, captured
from engine.kernel.warming import warm_meta, warm_optimizer
from engine.nodes.catalog import CATALOG
from engine.numerics.tensors import TensorError
from engine.training.compiled import RunError
from engine.training.model import Model, ModelUpdate
from engine.training.run_tree import packer
from engine.training.saved import pack_state
from graph.model.address import Address
from graph.model.computation import computation_key
from graph.model.edits import StateMove, edit_from_json
from graph.model.graph import Graph
from graph.model.run_record import Origin
from graph.storage.files import loads
from graph.storage.saved import SavedState
from graph.storage.saved_run import SavedRun
from graph.text.messages import _

if TYPE_CHECKING:
    from engine.kernel.debugging import Debugging
    from engine.training.curve import Curve
    from engine.training.run import Run


AT_ONCE = 1.5
"""Seconds: a step that takes longer to reach again is reached by training, which answers the window meanwhile."""


class DocumentWorker:
    """Traces and trains one document (see `engine.kernel.server.Worker`)."""

    def __init__(self) -> None:
        self.training = False
        self._present = PresentRun()
        self._graph = Graph(CATALOG)
        self._model = Model(self._graph)
        self._held: Debugging | None = None
        self._until: int | None = None
        self._attachments: dict[str, bytes] = {}
        self._message = ""
        self._problem_node: str | None = None
        self._made_anew: tuple[str, ...] = ()
        self._measured = Measurements()
        self._stepped: Hashable = None
        """The numbers that the newest step led to (see `_numbers`): the loss of this step is not that of others."""
        self._alone = -1
        """The step that was reached by the last step made alone."""
        self._speed = Speed()
        self._pace = Metronome()
        self._trained = TrainedValues()
        self._warmers = [warm_optimizer, warm_meta]

    @property
    def step(self) -> int:
        return self._model.state.step

    @property
    def run(self) -> int:
        """The id of the present run."""
        return self._present.id

    @property
    def spare(self) -> int:
        """The id of the next run that branches from another."""
        return self._present.spare

    @spare.setter
    def spare(self, id: int) -> None:
        self._present.spare = id

    @property
    def _run(self) -> Run | None:
        """The present run; None while it is not needed."""
        return self._present.made

    # The document

    def open(self, text: str, fresh: int | None, moves: Sequence[StateMove], attachments: Mapping[str, bytes], folder: str = "") -> None:
        self._attachments.update(attachments)
        graph = loads(text, CATALOG, own=True)
        if fresh is not None:
            self._placed(graph, folder)
            self._fresh(graph, fresh)
        else:
            self._replace(graph, moves, folder)

    def restructure(
        self, edits: Sequence[dict[str, Any]], moves: Sequence[StateMove], attachments: Mapping[str, bytes], folder: str
    ) -> None:  # fmt: skip
        """The same by what has changed since. Where it does not fit, the document stays as it was."""
        self._attachments.update(attachments)
        graph = self._graph.copy()
        for row in edits:
            edit_from_json(row).apply(graph)
        self._replace(graph, moves, folder)

    def _placed(self, graph: Graph, folder: str) -> None:
        graph.folder = folder
        graph.attachments = dict(self._attachments)

    def _replace(self, graph: Graph, moves: Sequence[StateMove], folder: str) -> None:
        """Another structure, with the trained values that fit it."""
        self._placed(graph, folder)
        was_training, self.training = self.training, False
        self._model.move_state(moves)
        before = {key: tensor.clone() for key, tensor in self._model.values().items()}
        self._graph = graph
        if graph.training["device"] != self._device:
            self._move()
        else:
            update = self._model.update(graph)
            if self._model.feeds.outdated(graph):
                update = self._model.reload()
            self._follow(update, before, was_training)
        self._configure()

    def edit(self, edits: Sequence[dict[str, Any]]) -> None:
        before = self._values_before(edits)
        for row in edits:
            edit_from_json(row).apply(self._graph)
        if self._graph.training["device"] != self._device:
            self._move()
        else:
            update = self._model.update(self._graph)
            self._follow(update, before, False)
        self._configure()

    def look_at(self, spot: Spot | None, goal: int | None) -> bool:
        """Look at this sample, and at the gradients of this one of several objectives; whether either is another than before."""
        moved = spot != self._model.spot or goal != self._model.goal
        self._model.spot, self._model.goal = spot, goal
        return moved

    def _fresh(self, graph: Graph, run: int) -> None:
        self.training = False
        self._present.begin(run)
        VERSIONS.forget()
        self._graph = graph
        self._device = str(graph.training["device"])
        self._model = Model(graph, self._device)
        self._measured.forget()
        self._trained.forget()
        self._forget_past()
        if self._held is not None:
            self._held.watch(())  # they name another document's nodes
        self._say("")

    def _values_before(self, edits: Sequence[dict[str, Any]]) -> dict[tuple[str, str], torch.Tensor]:
        """Copies of the learned tensors an edit may replace: a slider's tick must not pay for all of them."""
        touched = {row.get("node") for row in edits} | {r.get("node") for row in edits for r in row.get("edits", ()) if isinstance(r, dict)}
        return {key: tensor.clone() for key, tensor in self._model.values().items() if key[0] in touched}

    def _follow(self, update: ModelUpdate, before: Mapping[tuple[str, str], torch.Tensor], paused: bool) -> None:
        """Say what an edit did to the trained values: those that are really others than before."""
        model = self._model
        now = model.values()
        same = {model.name(key) for key, old in before.items() if key in now and torch.equal(old, now[key])}
        anew = tuple(name for name in update.made_anew if name not in same)
        if anew:
            self._forget_past("graph" if update.structure else "values")
            self._trained.moved_on()
        if self.step and (anew or paused):
            kept = _("Reinitialized: {anew}.").format(anew=", ".join(anew)) if anew else _("All trained values still fit.")
            self._say(_("Training paused, because the graph changed. {made}").format(made=kept) if paused else kept, anew=anew)

    def _move(self) -> None:
        """To another device, with everything trained so far."""
        state, run = captured(self._model, self._run), self._present.unmake()
        self._device = str(self._graph.training["device"])
        self._model = Model(self._graph, self._device)
        self._model.restore(state)
        if self._held is not None:
            self._held.forget()
        made = None if run is None else self._made_run()
        if run is not None and made is not None and run.history.uprooted is not None:
            made.history.uproot(run.history.uprooted)
        self._say(self._model.compiled.device_note)

    def _configure(self) -> None:
        """Training settings into the run there is."""
        if self._run is None:
            self._trained.configure(self._model)
            return
        try:
            self._run.configure(dict(self._graph.training))
        except RunError as error:
            self._stop(error)

    # Training

    def command(self, command: Command) -> bool:
        """Do what the window asks for; False where it is about no run of this document."""
        present = self._present
        if not present.is_meant(command.run) and not (isinstance(command, GoTo) and present.knows(command.run)):
            return present.knows(command.run)
        try:
            self._carry_out(command)
        except RunError as error:  # the graph was edited since, and is none that can be trained
            self._stop(error)
        return True

    def _carry_out(self, command: Command) -> None:
        match command:
            case Start(steps=steps):
                self._start(steps)
            case Pace(steps_per_second=rate):
                self._pace.set(rate)
            case Pause():
                self._pause()
            case StepOnce():
                self._step_once()
            case StepBack(steps=steps):
                self._go_to(self.step - steps)
            case GoTo(run=run, step=step, check=check):
                self._go_to(step, run, check)
            case Reset(successor=successor):
                self._reset(successor)
            case Adopt(runs=runs):
                for saved in runs:
                    self._present.tree.adopt(saved)
            case Resume(state=saved, own=own):
                self._continue(saved, own)
            case Load(state=saved):
                self._load(saved)
            case ShowComing(on=on):
                self.debugging.on = on
            case StopAt(conditions=conditions):
                self.debugging.watch(conditions)

    def _start(self, steps: int | None) -> None:
        """Train on; with a number, pause after so many steps."""
        run = self._made_run()
        if run is None:
            return
        if run.problem is not None:
            run.restore(run.capture())
        if run.finished:
            run.lengthen()
        notes = self._model.compiled.device_note, run.steps.recording_note
        self._say("; ".join(note for note in notes if note))
        self.debugging.begin(run)
        self._present.keep(run, begins=True)
        self._measured.begin()
        self.training = True
        self._until = self.step + steps if steps is not None else None
        self._speed.clear()
        self._pace.begin()

    def _pause(self) -> None:
        self.training = False
        self._rest()

    def _step_once(self) -> None:
        self.training = False
        run = self._made_run()
        if run is None:
            return
        if run.finished and run.problem is None:
            run.lengthen()
        self._say("")
        self.debugging.begin(run)
        self._present.keep(run, single=True, begins=True)
        self._advance(run, max_steps=1)
        self._alone = self.step
        self._rest()

    def _go_to(self, step: int, id: int | None = None, check: bool = True) -> None:
        """To a step of the present run, or of another one."""
        self.training = False
        run = self._made_run()
        if run is None:
            return
        self._say("")  # what was said was of the step that is left
        before = LeftRun(self.run, self.step, self._trained.token)
        near = run.history.nearest(step, self.run if id is None else id)
        if near is not None and near[1] > AT_ONCE:
            self._train_to(run, step, near[0], id)
        elif run.go_to(step, id, check) or self._take_over(run, step, id):
            self.debugging.stopped = None
            self._trained.moved_on()
            self._stepped = self._numbers
            self._arrived_from(before)
            self._rest()
        elif step < 0:
            self._say(_("This is the first iteration."))
        else:
            self._say(self._why_not_there(step, id))

    def _train_to(self, run: Run, step: int, stored: int, id: int | None) -> None:
        """To a step far behind the last stored one: making the steps again is shown as training, and can be paused."""
        run.go_to(stored, id)
        self._trained.moved_on()
        self._stepped = self._numbers
        self._rest()
        if run.history.known_ahead() < step:
            text = _("Step {step:,} is {count:,} steps after a stored one, and the settings have changed since. Restore the run first.")
            self._say(text.format(step=step, count=step - stored))
            return
        self._start(step - stored)
        self._say(_("Making {count:,} steps again to reach step {step:,}.").format(count=step - stored, step=step))

    def _arrived_from(self, before: LeftRun) -> None:
        """After a Reset was undone, it can be done again in the same way."""
        left = self._trained.left
        if left is not None and (left.run, left.step) == (self.run, self.step) and before.run != self.run:
            self._trained.token = left.token
            self._trained.left = before if before.step else None

    def _take_over(self, run: Run, step: int, id: int | None) -> bool:
        """Values that another graph was trained to, as far as they fit this one."""
        known = self._present.tree.get(run.id if id is None else id)
        stored = None if known is None else known.states.get(step)
        if known is None or stored is None or known.record.graph == computation_key(self._graph):
            return False
        lost = self._trained.take_up(self._model, stored if isinstance(stored, SavedState) else pack_state(stored, run.spec.key))
        run.history.pass_for(known.record.id)
        self._say(lost.strip())
        return True

    def _why_not_there(self, step: int, id: int | None) -> str:
        known = self._present.tree.get(self.run if id is None else id)
        if known is not None and known.record.graph != computation_key(self._graph):
            return _("That run trained another graph. Restore the run to go to its steps.")
        return _("Step {step:,} is no longer stored.").format(step=step)

    def _reset(self, successor: int) -> None:
        left = LeftRun(self.run, self.step, self._trained.token) if self.step else None
        self._present.settle()
        self._trained.left = left
        self._measured.forget()
        self.training = False
        self._model.reset()
        self._present.start_over(successor)
        if self._held is not None:
            self._held.forget()
        self._trained.token = 0
        self._say(_("Reset. Run > Undo Reset returns to step {step:,}.").format(step=left.step) if left else "")

    def _continue(self, saved: SavedState, own: bool) -> None:
        """Go on where another kernel stopped; `own`: the steps of the run led there."""
        if not saved.step and self._present.filed is None:
            return
        lost = self._take_up(saved)
        self._present.resumed(own)
        if self._made_run() is not None:
            self._stepped = self._numbers
            self._rest()
        if saved.step:
            self._say(_("The engine was started again; training can go on from step {step:,}.{lost}").format(step=saved.step, lost=lost))

    def _take_up(self, saved: SavedState) -> str:
        """Trained values for the present run; what to say about those that do not fit. Raises TensorError."""
        lost = self._trained.take_up(self._model, saved)
        if not lost:
            self._present.file(saved, self._model)
        return lost

    def _load(self, saved: SavedState) -> None:
        """Go on from the trained values in the document's file."""
        if not saved.step:
            return
        try:
            lost = self._take_up(saved)
        except TensorError as error:
            self._say(_("The file's trained values cannot be used: {error}. The graph starts untrained.").format(error=error))
            self._trained.moved_on()
        else:
            self._say(
                _("These values were trained to step {step:,}; Reset returns to the initial values.{lost}").format(
                    step=saved.step, lost=lost
                )
            )

    def fail(self, text: str) -> None:
        """Stop training, because of a fault in the kernel itself."""
        self.training = False
        self._say(text)

    def _made_run(self) -> Run | None:
        """The present run; None, with a message, where this graph cannot be trained."""
        try:
            return self._present.make(self._model)
        except RunError as error:
            self._stop(error)
            return None

    @property
    def debugging(self) -> Debugging:
        from engine.kernel.debugging import Debugging  # not before the first trace: it loads the run

        if self._held is None:
            self._held = Debugging()
        return self._held

    def _forget_past(self, origin: Origin = "values") -> None:
        self._present.uproot(origin)
        if self._held is not None:
            self._held.forget()

    def _showing(self) -> Run | None:
        """The run whose coming step is shown, where the debugger is open and there is something to train."""
        if self._held is None or not self._held.on or self.training:
            return None
        try:
            return self._present.make_coming(self._model)
        except RunError:
            return None

    @property
    def wait(self) -> float:
        """Seconds until there is something to train: more than 0 where it goes slowly."""
        return self._pace.wait if self.training else 0.0

    def run_slice(self, seconds: float, go_on: Callable[[], bool] | None = None) -> None:
        run = self._run
        if run is None:
            self.training = False
            return
        if self.wait > 0:
            return
        try:
            self._present.keep(run)
        except RunError as error:  # a graph that was broken meanwhile
            self._stop(error)
            return
        self._advance(run, seconds, self._most_steps(), go_on)
        self._pace.stepped()

    def _most_steps(self) -> int | None:
        """How many steps this slice may make."""
        if self._pace.slow:
            return 1
        return self._until - self.step if self._until is not None else None

    def _advance(
        self, run: Run, max_seconds: float = math.inf, max_steps: int | None = None, go_on: Callable[[], bool] | None = None
    ) -> None:  # fmt: skip
        before = self.step
        try:
            if self.debugging.conditions:
                if self.debugging.run(run, max_seconds, max_steps or math.inf):
                    self._stopped_by(self.debugging)
            else:
                run.train(max_seconds, max_steps, go_on)
        except RunError as error:
            self._stop(error)
            return
        finally:
            if self.step != before:
                self._trained.moved_on()
                self._stepped = self._numbers
        if run.problem is not None:
            self._say(run.problem.text, run.problem.nodes[0] if run.problem.nodes else None)
        elif run.stopped is not None:
            self._say(run.stopped.text)
        if run.finished or (self.training and self._until is not None and self.step >= self._until):
            self.training = False
            self._rest()

    def _stopped_by(self, debugging: Debugging) -> None:
        """A condition was met: say which, where and by what number."""
        self.training = False
        condition = debugging.stopped
        if condition is not None:
            node = self._graph.nodes.get(condition.node)
            self._say(condition.stop(self.step, node.name if node is not None else "", None), condition.node or None)
            self._rest()

    def _stop(self, error: RunError) -> None:
        self.training = False
        nodes = [node for problem in error.problems for node in problem.nodes]
        self._say(str(error), nodes[0] if nodes else None)

    def _say(self, text: str, node: str | None = None, anew: tuple[str, ...] = ()) -> None:
        self._message, self._problem_node, self._made_anew = text, node, anew

    def _rest(self) -> None:
        """Nothing is trained now: store the state, and measure over whole parts; while training the curve's last measurement serves."""
        run = self._run
        if run is None:
            return
        self._present.settle()
        if self.step >= run.curve.last or run.stopped is not None:  # else it is an earlier step that is looked at
            self._present.tree.update(run.id, stopped=run.stop_text)
        if self.step:
            self._measured.measure(run.metrics, self._numbers, self.step)

    @property
    def _numbers(self) -> Hashable:
        """Another value whenever an edit, or another run, may have changed what the network computes; steps do not change it."""
        return self.run, id(self._model), self._model.version, self._model.edits

    # Answers

    def trace(self) -> TraceView:
        training = self._run if self.training else None
        run = training or self._showing()
        if run is None:
            return self._model.trace_view()
        from engine.training.run_views import view_of_coming, view_of_last  # loads the run

        if training is None:
            return view_of_coming(run)
        self._pace.seen()
        return view_of_last(run)

    def progress(self, points_known: Mapping[int, int]) -> Progress:
        run, state = self._run, self._model.state
        model = self._model
        left = self._trained.left
        more: dict[str, Any] = {}
        curve = self._present.curve
        if curve is not None:
            known = points_known.get(self.run, 0)
            first, points = curve.tell(known)
            more = {"points": points, "first_point": first, "losses": curve.tell_losses(known > 0)}
        if run is not None:
            if self.training:
                self._measured.hear(points, self._numbers)
            loss = run.loss if self._stepped == self._numbers else None
            more |= {"total_steps": run.total_steps, "loss": loss, "loss_of": run.loss_of, "rate": run.rate}
            if self._alone == state.step and not self.training and run.problem is None:
                from engine.training.run_views import last_rows

                more["rows"] = last_rows(run)
        if self._current_metrics():
            more |= {"metrics": dict(self._measured.metrics), "measured": self._measured.step}
        if self._held is not None:
            more |= {"debugging": self._held.on, "stopped": self._held.stopped, "met": self._held.met}
            if run is not None:
                more |= {"reachable": self._present.reachable(), "replay": run.history.replay}
        return Progress(
            self._phase(), self.run, state.step, state.epoch, int(self._graph.training["epochs"] or 0),
            steps_per_second=self._speed.at(state.step) if self.training else 0.0, message=self._message, problem_node=self._problem_node,
            problems=tuple(model.problems), made_anew=self._made_anew, device=model.device, dtype=model.dtype_name,
            trained=self._trained.token if state.step else 0,
            before_reset=left.step if left is not None else 0, run_before_reset=left.run if left is not None else 0,
            record=self._present.tree.record(self.run), **more,
        )  # fmt: skip

    def _current_metrics(self) -> bool:
        """Whether what was measured is of the present numbers; measured again after an edit where that is quick."""
        measured = self._measured
        if measured.known(self._numbers, self.step, self.training):
            return True
        if self.training or not measured.quick:
            return False
        self._rest()
        return measured.known(self._numbers, self.step, False)

    def _phase(self) -> Phase:
        run = self._run
        if self.training:
            return "training"
        if run is not None and run.problem is not None:
            return "failed"
        if not self.step:
            return "idle"
        return "finished" if run is not None and run.finished else "paused"

    def state(self) -> SavedState:
        saved = self._trained.saved(self._model, self._run)
        stands = self._run is not None and self._run.history.stands
        return replace(saved, run=self.run) if stands else saved

    def is_own(self) -> bool:
        """Whether the steps of the present run led to `state`: nothing was changed by hand since."""
        return self._present.led_to(self.step, self._trained.token, self._graph)

    def curve(self) -> Curve | None:
        return None if self._run is None else self._run.curve

    def runs(self) -> tuple[SavedRun, ...]:
        return self._present.tree.news(self.run, self.step, packer(self._model.waiting()))

    def kept(self) -> TrainedEdit:
        from engine.training.keep import keep

        edit, attachments = keep(self._model)
        self._attachments.update(attachments)
        return TrainedEdit(edit.to_json(), attachments)

    def array(self, address: Address) -> np.ndarray | None:
        if address.kind == "parameter" and not address.gradient:
            tensor: Any = self._model.values().get(address.key)
        else:
            try:
                showing = self._showing()
                trace = shown(self._model, self._run, self.training, showing is not None)
            except RunError:
                return None
            tensor = trace.at(address, self._model.graph)
        return None if tensor is None or isinstance(tensor, Absent) else tensor.detach().cpu().numpy().copy()

    def answers(self, questions: Sequence[Question], hidden: Hidden) -> dict[Question, Any]:
        context = self.context()
        return {question: answered(context, question, hidden) for question in questions}

    def context(self) -> ExplainContext:
        return ExplainContext(self._model, self._run, self.training, self._showing() is not None)

    def covered(self, answer: Any, hidden: Hidden) -> Any:
        from engine.explain.covering import covered

        return covered(answer, self.context(), hidden) if hidden else answer

    def warm(self) -> bool:
        if self._warmers:
            self._warmers.pop(0)()
        return not self._warmers
