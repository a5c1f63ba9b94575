"""A training run: a plain loop over a model's program and an optimizer, in slices that can be interleaved with other work."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from engine.compile.program import Program, RandomKey
from engine.compile.trace import Trace
from engine.data.parts import Part
from engine.nodes.base import NodeError
from engine.numerics.memory import is_lack_of_memory
from engine.numerics.plain import number_json
from engine.numerics.threads import threads
from engine.training.compiled import RunError
from engine.training.curve import Curve
from engine.training.failing import Snapshots, failure
from engine.training.history import History
from engine.training.joint import JointProgram
from engine.training.model import Model
from engine.training.optimizers.base import Optimizer
from engine.training.optimizers.registry import declared_or_none, optimizer
from engine.training.result import evaluated, learned, parts_read
from engine.training.run_tree import RunTree
from engine.training.several import Several
from engine.training.state import State
from engine.training.step_conditions import StepConditions, conditions_of, optimizer_of
from engine.training.steps import UNLIMITED, Steps
from engine.training.stops import Best, Stop, Watch
from engine.training.too_large import release, smaller_batch, too_large
from engine.training.untrainable import refuse_untrainable
from engine.training.workers.group import WorkerLost
from engine.training.workers.step import FailedElsewhere
from graph.model.problem import Problem
from graph.model.training_settings import conditions, training_length
from graph.text.messages import Message, ngettext

SNAPSHOT, RECORDED_SNAPSHOT = 64, 512
"""Steps between two copies of the state, and where steps are recorded on a graphics card; what lies between is replayed exactly."""
MEASURED = 200
"""So many epochs are each measured at their end, whatever it costs; after them a run of any length is measured so often more, at most."""
SHARE = 0.1
"""Part of the time that later measurements may take; a forward pass counts a third of a step over as many samples, but at least two."""


class Run:
    """One training run of a model. `train` makes steps until it is asked to stop; everything else may happen between two calls.

    `id` distinguishes the runs of one kernel. `training` are the settings it trains with, by default those of the document. A run is
    prepared when it is first needed, because a graph that cannot be trained can be looked at all the same; then RunError is raised
    where the graph cannot be trained or a training setting is wrong. `problem` is set when training stopped because of a failure; the
    model then holds the last finite state. `stopped` is set when a stop condition was met.
    """

    def __init__(
        self, model: Model, training: Mapping[str, Any] | None = None, id: int = 0, tree: RunTree | None = None,
        new_id: Callable[[], int] | None = None,
    ) -> None:  # fmt: skip
        self.id = id
        self.history = History(self, tree, new_id)
        self.model = model
        self.training: Mapping[str, Any] = dict(model.graph.training if training is None else training)
        self.spec = optimizer("sgd")
        self.hyper: dict[str, Any] = {}
        self.curve = Curve()
        self.problem: Problem | None = None
        self.stopped: Stop | None = None
        self.watch = Watch(self.training)
        self._elsewhere = False
        """Whether the run was at another step since it was trained last."""
        self.seconds = 0.0
        self.prepared = False
        self._refused: Mapping[str, Any] | None = None
        """The newest training settings, where the run cannot be trained with them; those of before still hold then."""
        self.steps = Steps(model)
        self._first_step = model.state.step
        self._extensions = 0
        """How often the run was allowed its full length again."""
        self._snapshots = Snapshots(self.capture, self.steps)
        self._version = self._edits = self._measured = -1
        self._program: Program
        self._optimizer: Optimizer

    @property
    def state(self) -> State:
        return self.model.state

    def conditions(self) -> StepConditions:
        """What the coming step depends on beside the state. Raises RunError."""
        self._follow()
        return self._present_conditions()

    def _present_conditions(self) -> StepConditions:
        return self.conditions_of(self.training, self.model.seed, self.model.compiled.threads)

    def conditions_of(self, training: Mapping[str, Any], seed: int, threads: int) -> StepConditions:
        """What steps of this program depend on under these settings. Raises RunError."""
        return conditions_of(training, self.model.compiled, self._program, seed, threads, self.model.workers)

    @property
    def rate(self) -> float | None:
        """The learning rate of the coming step; None before the run is prepared."""
        return self.steps.rate() if self.prepared else None

    # Settings

    def prepare(self) -> Run:
        """Compile what training needs, where that was not done before. Returns this run. Raises RunError."""
        if not self.prepared:
            self._take_settings(self.training, first=True)
            self.prepared = True
        return self

    def configure(self, training: Mapping[str, Any]) -> None:
        """Take over training settings: hyperparameters at once, another optimizer or batch size with the next step. Raises RunError."""
        if not self.prepared:
            if declared_or_none(training) is not declared_or_none(self.training):
                self.state.optimizer.clear()  # another optimizer has no use for what this one remembered
            self.training = dict(training)
            self.watch.configure(training)
            return
        self._refused = None
        try:
            self._take_settings(training)
        except RunError:
            self._refused = dict(training)  # nobody asked for steps with the settings of before: there are none until these change
            raise

    def _take_settings(self, training: Mapping[str, Any], first: bool = False) -> None:
        spec, hyper = optimizer_of(training)
        if not first and (spec is not self.spec or hyper != self.hyper or _bound(self.training) != _bound(training)):
            self.history.settle()
        before, self.training = self.training, dict(training)
        if conditions(before, "stop") != conditions(training, "stop"):
            self.watch.configure(training)
            self.stopped = None
        if first or spec is not self.spec or _bound(before) != _bound(training):
            forget, kept = not first and spec is not self.spec, (self.spec, self.hyper)
            self.spec, self.hyper = spec, hyper
            try:
                self._bind(forget=forget)
            except RunError:
                self.training, (self.spec, self.hyper) = before, kept
                raise
        elif hyper != self.hyper:
            self.hyper = hyper
            self._optimizer.set_hyper(hyper)
            self._take_rates()
            self._snapshots.begin()
            self.problem = self.stopped = None
        elif conditions(before, "length") != conditions(training, "length"):
            self._take_rates()  # a schedule may last as long as the run

    def _take_rates(self) -> None:
        """The learning rates of the steps to come."""
        now = self._present_conditions()
        if now.rates != self.steps.rates:
            if now.rates is None:
                self._optimizer.set_rate(float(self.hyper["lr"]))
            self.steps.rates, self.steps.watched = now.rates, now.compiled
            self._snapshots.begin()

    @property
    def loss_of(self) -> str:
        """What that loss is computed over: `mini-batch`, `whole` (training set), or nothing where there are no data."""
        return "" if not self.prepared or not self._batches.rows else "whole" if self._batches.whole else "mini-batch"

    @property
    def total_steps(self) -> int:
        """Steps after which the run is complete; 0 where nothing limits it."""
        if not self.prepared:
            return 0
        return self._length * (1 + self._extensions)

    @property
    def _length(self) -> int:
        """Steps of one full length."""
        unit, count = training_length(self.training) or ("steps", 0)
        return count if unit == "steps" else count * self._batches.count

    @property
    def finished(self) -> bool:
        return self.problem is not None or self.stopped is not None or 0 < self.total_steps <= self.model.state.step

    @property
    def stop_text(self) -> str:
        """Why the run ended by itself, in words; empty while it can go on."""
        if self.problem is not None:
            return self.problem.text
        if self.stopped is not None:
            return self.stopped.text
        if not self.finished:
            return ""
        unit, step, epoch = (training_length(self.training) or ("steps", 0))[0], self.state.step, self.state.epoch
        if unit == "steps":
            return ngettext("Finished after {count:,} step.", "Finished after {count:,} steps.", step).format(count=step)
        return ngettext("Finished after {count:,} epoch.", "Finished after {count:,} epochs.", epoch).format(count=epoch)

    def lengthen(self) -> None:
        """Where the run is complete already, let it go on to the next multiple of its full length. A later change of the training
        settings keeps that. Where a stop condition was met, let it go on past it."""
        self.prepare()
        if self.stopped is not None:
            self.watch.dismiss(self.stopped)
            self.stopped = None
        length, step = self._length, self.model.state.step
        if 0 < length <= step:
            self._extensions = step // length

    @property
    def measure_every(self) -> int:
        """Steps between two measurements over the whole data after the first epochs: from sizes alone, so that a run can be repeated."""
        rows = self.model.feeds.rows
        cost = sum(max(2.0, count / (3 * max(self._batches.size, 1))) for count in rows.values())
        return max(math.ceil(cost / SHARE), math.ceil(self.total_steps / MEASURED))

    # Running

    def train(
        self, max_seconds: float | None = None, max_steps: int | None = None, go_on: Callable[[], bool] | None = None
    ) -> int:  # fmt: skip
        """Train until finished, or for this long, or this many steps (at least one). Returns the steps made.

        `go_on` is asked every few steps: while it says so there is as much time again, and else training ends there.
        """
        self._follow()
        state = self.model.state
        start = state.step
        if self.curve.last > start >= self.history.future:  # the run went back, and its curve is drawn again from here
            self.curve.cut(start)
        if self._elsewhere:  # patience compares with what was best on the way to this step
            self.watch.best = None
            self.recall_best()
            self._elsewhere = False
        started, workers = time.perf_counter(), self.model.workers
        left = max(self.watch.seconds - self.seconds, 0.0)
        if workers is not None:
            workers.ends_at, workers.late, left = started + left, False, math.inf
        end, time_given = started + left, math.inf if max_seconds is None else max_seconds
        deadline = min(started + time_given, end)
        limit = min(math.inf if max_steps is None else start + max_steps, self.history.boundary)
        last, every = self.total_steps or math.inf, self.measure_every
        with torch.no_grad(), threads(self.model.compiled.threads):
            while state.step < min(limit, last) and self.problem is None and self.stopped is None:
                self._stretch(min(limit, last), deadline, every)
                now = time.perf_counter()
                if now < end and go_on is not None and go_on():
                    deadline = min(now + time_given, end)
                elif go_on is not None or now >= deadline or (workers is not None and workers.stop):
                    break
            self.seconds += time.perf_counter() - started
            if (self.seconds >= self.watch.seconds if workers is None else workers.late) and not self.finished:
                self.stopped = self.watch.out_of_time(state.step)
            made = state.step - start
            if self.problem is None and (state.step == last or self.stopped is not None):
                self._finish()
                self._return_to_best()
        self.history.spent(time.perf_counter() - started)
        return made

    def _stretch(self, limit: float, deadline: float, every: int) -> None:
        """Steps up to the next place where something else has to be done: a snapshot, a measurement, the end of an epoch.

        Measurements are `every` so many steps apart.
        """
        state, steps = self.model.state, self.steps
        between = RECORDED_SNAPSHOT if steps.recorded else SNAPSHOT
        if state.step % between == 0 and state.step != self._snapshots.last.step:
            if state.first_bad() is not None:  # a loss can stay finite for ever behind an infinite weight
                self._fail()
                return
            self._snapshots.add()
        steps.take_place()
        early, limits, first_loss = state.epoch < MEASURED and self._measurable, UNLIMITED, None
        if self.watch.active:
            first_loss = self._first_loss if self.watch.compares else None  # reading losses costs as much as a step
            limits = self.watch.limits(first_loss, self._judges_itself)
            early = early or self.watch.measures(self._judges_itself)
        stop = min(limit, state.step + between - state.step % between, state.step + every - state.step % every)
        if (early and self._batches.whole) or (self.watch.compares and first_loss is None):
            stop = state.step + 1
        first, failed, lacking, lost = state.step, False, False, None
        steps.losses = []
        try:
            following = steps.next_feeds(self._batches.lay_out(state.epoch), int(stop) - first)
            failed = steps.make(following, first, deadline, limits)
        except FailedElsewhere as error:
            self.problem = self.model.compiled.explain(error.failure)
        except (RuntimeError, ValueError, IndexError, TypeError, NodeError) as error:
            lacking = is_lack_of_memory(error) and self.model.workers is None  # others have no part in looking for a smaller batch
            self.problem = self.model.compiled.explain(self._program.failure(error))
        except WorkerLost as error:
            lost = error
        steps.count(first + len(steps.losses))
        known = min(max(self.curve.last - first, 0), len(steps.losses))  # steps made once more
        self.curve.add(first + 1 + known, steps.losses[known:], steps.beside[known : len(steps.losses)])
        if lost is not None:
            self._end_without(lost)
        if lacking:
            self._lacks_memory(begun=self._optimizer.evaluates_loss or not (self.problem and self.problem.nodes))
        elif self.problem is not None and self._optimizer.evaluates_loss:
            self._snapshots.back_to(state.step)  # it failed in the middle of a line search
        if failed:
            self._fail()
        elif steps.flat or steps.outside is not None:
            self.stopped = self.watch.flat(state.step) if steps.outside is None else self.watch.outside(state.step, steps.outside, limits)
        elif state.step > first and (state.step % every == 0 or (early and state.position == 0)):
            self._measure()

    def _end_without(self, lost: WorkerLost) -> None:
        """Another worker is gone: the run is at its last whole step, or, where a search was under way, at the newest copy of its state."""
        if self._optimizer.evaluates_loss:
            self.steps.restore(self._snapshots.last)
            self.curve.cut(self.state.step)
        raise lost

    def _finish(self) -> None:
        """The last update may have broken the parameters without anybody having computed with them."""
        if self.model.state.first_bad() is not None:
            self._fail()
        else:
            self._measure()

    def _return_to_best(self) -> None:
        """Where patience ended the run: to the state with the lowest loss, from which the steps after it can be reached again."""
        best = self.watch.best
        if self.problem is not None or self.stopped is None or best is None or best.step != self.stopped.best or best.state is None:
            return
        self.history.settle()
        self.steps.start_from(best.state, self._loss_at(best.step))
        self._measured = -1
        self._snapshots.begin()

    def _loss_at(self, step: int) -> float | None:
        row = self.curve.losses.at(step)
        return None if row is None else row[2]

    @property
    def _first_loss(self) -> float | None:
        """The loss of the first step that is known."""
        losses = self.curve.losses
        return self._loss_at(losses.first) if losses.steps else None

    # Measuring

    @property
    def _judges_itself(self) -> bool:
        """Whether the loss of a step is what stop conditions judge by: there is no validation part, and every step takes all samples."""
        return self._batches.whole and self.model.feeds.held_out != "validation"

    @property
    def _measurable(self) -> bool:
        """Whether a measurement has anything to say beside the losses of the steps."""
        return bool(self._batches.rows) and (self.model.measures.has_accuracy or self.model.feeds.held_out is not None)

    def _measure(self) -> None:
        part = self.model.feeds.held_out
        step = self.model.state.step
        judging: Part = "validation" if part == "validation" else "train"
        watched = self.watch.active and self.watch.measures(self._judges_itself)
        if not (self._measurable or watched) or self._measured == step or step < self.curve.last:
            return
        try:
            train = self.model.evaluate("train") if self.model.measures.has_accuracy or (watched and judging == "train") else {}
            held_out = self.model.evaluate(part) if part else {}
        except RunError as error:
            self.problem = error.problems[0]
            return
        self._measured = step
        measured = {f"{part}_{name}": held_out[name] for name in ("loss", "accuracy") if name in held_out}
        if self._measurable:
            self.curve.measure(step, train.get("accuracy"), **measured)
            self.history.measured(self.curve.points[-1])
        if watched and self.stopped is None and self.model.state.position == 0:
            judged = held_out if part == judging else train
            self.stopped = self.watch.judge(step, self.model.state.epoch, judging, judged, self.capture)
            self.history.noted(step, {f"{judging}_loss": judged["loss"]})

    def recall_best(self) -> None:
        """Find again what patience compares with, for a run that was made elsewhere. Raises RunError."""
        if self.watch.patience is None:
            return
        count, known = self._batches.count, self.history.tree.get(self.id)
        if self.model.feeds.held_out == "validation":
            ends = (p for p in self.curve.points if p.step % count == 0 and p.step <= self.state.step)
            best = min(((p.validation_loss, p.step) for p in ends if p.validation_loss is not None), default=None)
        else:
            noted = known.best.get("train_loss") if known is not None else None
            best = None if noted is None or noted.step > self.state.step else (noted.value, noted.step)
        if best is not None:
            state = self.history.visit(best[1], self.id, self.capture) if self.watch.restores_best else None
            self.watch.best = Best(best[1], best[1] // count, best[0], state)

    def metrics(self, test: bool = False) -> dict[str, float]:
        """The metrics that apply (see `evaluated`), over whole parts, in evaluation mode; `test` reads the test part in any case."""
        return self._evaluated(test)[1]

    def _evaluated(self, test: bool) -> tuple[float, dict[str, float]]:
        self._follow()
        return evaluated(self.model, parts_read(self.model, test) if self._batches.rows else ())

    def result(self, full: bool = False, test: bool = False) -> dict[str, Any]:
        """The object that `train --json` prints; `test` reads the test part also where a validation part is there to judge by."""
        model, state = self.model, self.model.state
        objective, metrics = self._evaluated(test)
        total = {"objective": number_json(objective)} if model.measures.penalised else {}
        steps = state.step - self._first_step
        return {
            "steps": state.step, "epochs": state.epoch, "loss": number_json(metrics["train_loss"]), **total,
            "metrics": {name: number_json(value) for name, value in metrics.items()},
            "params": learned(model, full),
            "seed": model.seed, "threads": model.compiled.threads, "dtype": model.dtype_name, "device": model.device,
            "optimizer": self.spec.key, "seconds": self.seconds, "steps_per_second": steps / self.seconds if self.seconds else 0.0,
        }  # fmt: skip

    # State

    def capture(self) -> State:
        """A copy of everything that training changes."""
        return self.steps.captured() if self._version >= 0 else self.model.state.copy()  # bound before it is `prepared`

    def restore(self, state: State) -> None:
        """Go on from a captured state."""
        self.prepare()
        self.model.restore(state)
        self.problem = self.stopped = None
        self.curve.cut(state.step)
        self._bind()

    # Back, and to other futures

    @property
    def loss(self) -> float | None:
        """The loss of the newest step."""
        return self.steps.loss

    def keep(self, single: bool = False, begins: bool = False) -> None:
        """Before steps are made: see `History.keep`."""
        self.history.keep(single, begins)

    def go_to(self, step: int, id: int | None = None, check: bool = False) -> bool:
        """Return to a step exactly: see `History.go_to`."""
        return self.history.go_to(step, id, check)

    def start_over(self, id: int) -> None:
        """The run `id` begins; the model was set to its initial values."""
        self.history.start_over(id)
        self.problem, self.seconds, self._first_step, self._extensions, self._measured = None, 0.0, 0, 0, -1
        self.steps.loss, self.steps.losses, self.steps.last, self.steps.spent = None, [], None, {}
        self.stopped, self.watch, self._elsewhere = None, Watch(self.training), False

    def arrived(self) -> None:
        """The state is another one of this run's than before."""
        self.problem, self.stopped, self._measured, self._elsewhere = None, None, -1, True
        self._snapshots.begin()

    def back_to(self, state: State, loss: float | None) -> None:
        """To a state of this very run, which was reached with `loss`."""
        self.steps.start_from(state, loss)
        self.arrived()

    def rebind(self, forget: bool) -> None:
        """Programs and optimizer of the present conditions again, after steps under others."""
        self._bind(forget)

    def coming(self) -> tuple[list[Tensor], RandomKey]:
        """What the next step will be fed, and its random numbers."""
        self._follow()
        return self.steps.next_feeds(self._batches.lay_out(self.steps.place[0]), 1)[0], self.model.random(self.model.state.step)

    def coming_trace(self) -> Trace:
        """The pass that the next step will make, with everything kept: values and gradients before its update."""
        self._follow()
        return self._trace_at(*self.steps.place, self.model.state.step, self.coming_turn)

    @property
    def coming_turn(self) -> int | None:
        """The number of the objective whose turn the coming step is, of several that take turns."""
        return self._program.turn(self.model.state.step) if isinstance(self._program, JointProgram) else None

    @property
    def added(self) -> tuple[int, int] | None:
        """How many mini-batches of the coming update are added up already, and how many it takes; None where each makes an update."""
        own = self._optimizer
        return own.added_of(self.coming_turn) if isinstance(own, Several) else own.added

    def trace(self) -> Trace:
        """A pass over the mini-batch last computed, with the parameters as they are now."""
        self._follow()
        if self.steps.last is None:
            return self.model.trace(training=True)
        epoch, position = self.steps.last
        return self._trace_at(epoch, position, self.model.state.step - 1)

    def rows(self) -> Tensor | None:
        """The rows of the training part that `trace` shows; None before the first step."""
        self._follow()
        return None if self.steps.last is None else self._rows_at(*self.steps.last)

    def coming_rows(self) -> Tensor:
        """The rows of the training part that `coming_trace` shows."""
        self._follow()
        return self._rows_at(*self.steps.place)

    def _trace_at(self, epoch: int, position: int, step: int, turn: int | None = None) -> Trace:
        return self.model.trace_of(self._rows_at(epoch, position), step, turn)

    def _rows_at(self, epoch: int, position: int) -> Tensor:
        self._batches.lay_out(epoch)
        return self._batches.rows_of(position).to(self.model.device)

    # Following the model

    def _follow(self) -> None:
        """Fetch programs and tensors again where the model was rebuilt, and the feeds where a value was edited."""
        self.prepare()
        if self._refused is not None:
            self.configure(self._refused)
        if self._version != self.model.version or (self._edits != self.model.edits and self._program is not self._present_program()):
            self._bind()
        elif self._edits != self.model.edits:
            self._lay_out()
            self._snapshots.begin()
            self._edits = self.model.edits
            self.problem = None
            self.history.forget_future()

    def _present_program(self) -> Program:
        program = self.model.program(training=True)
        if not program.trainable:
            nothing = Message("nothing-to-train", "There is nothing to train: the objective depends on no trainable parameter.")
            raise RunError([Problem("error", nothing)])
        return program

    def _bind(self, forget: bool = False) -> None:
        """Programs, tensors and optimizer for the model as it is; the optimizer's memory is kept where it fits, unless `forget`."""
        model, program = self.model, self._present_program()
        self._program, parameters = program, [model.parameters(program)[i] for i in program.trainable]
        refuse_untrainable(self.spec, program, parameters, model.graph)
        now = self._present_conditions()
        memory, model.state.optimizer = model.state.optimizer, {}
        if not memory and self._version >= 0 and model.state.step:
            memory = self.steps.remembered()
        model.moved.clear()
        if not self.spec.evaluates_loss and not isinstance(program, JointProgram):
            parameters = model.laid_out(program)
        self._optimizer = now.optimizer_on(parameters)
        self.steps.bind(program, self._optimizer, now)
        self.steps.remember({} if forget else memory)
        model.memory = self.steps.memory
        self.history.forget_future()
        self._version, self._edits = model.version, model.edits
        self.problem = self.stopped = None
        self._lay_out()
        self._snapshots.begin()
        if memory and (forget or not memory.keys() <= self._snapshots.last.optimizer.keys()):
            self.history.forget_memory()

    def optimizer_on(self, parameters: list[Tensor]) -> Optimizer:
        """The optimizer of the coming step, without memory, for these tensors; clipping, accumulation and a planted fault are part of it.

        Raises RunError where it needs second derivatives of too many numbers.
        """
        refuse_untrainable(self.spec, self._program, parameters, self.model.graph)
        return self._present_conditions().optimizer_on(parameters, self.steps.rate())

    def _lay_out(self) -> None:
        self._batches = self.steps.batches = self._present_conditions().batches()

    # Failing

    def _fail(self) -> None:
        """Go back to the last state whose loss was finite, and name the node that broke the next one."""
        self.problem = failure(self.model, self.steps, self._snapshots, self._trace_at)
        self.curve.cut(self.state.step)

    def _lacks_memory(self, begun: bool) -> None:
        """A step could not be computed for lack of memory: find a batch size that fits. `begun`: some tensors may be updated already, and
        are brought back."""
        model, problem = self.model, self.problem
        self.steps.forget_recording()
        release(model.device)
        if begun:
            try:
                self._snapshots.back_to(model.state.step)
            except RuntimeError:  # there is no room for the steps before either
                self.steps.restore(self._snapshots.last)
                self.curve.cut(model.state.step)
        rows = self._batches.size
        fits = smaller_batch(model, self._program, rows) if rows else None
        self.problem = problem if fits is None else too_large(model, rows, fits, model.state.step)



def _bound(training: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that optimizer and batches are made for; hyperparameters are handed to the optimizer at work."""
    return {name: value for name, value in conditions(training, "update", "batches").items() if name not in ("optimizer", "hyper", "rule")}
