"""Answers a `Sharpening`: the run made again on a copy, with the largest eigenvalue followed from one place to the next."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator

import torch
from torch import Tensor

from engine.curvature.gauge.limits import chosen_rows, numbers_of, preconditioned, stable_limit, times
from engine.curvature.largest import Largest, begun, largest
from engine.curvature.point import point_at
from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.explain.update.answer import Rehearsal, make
from engine.explain.update.last import beginning
from engine.learned.sharpening import Sharpened, Sharpening, missing, places
from engine.learned.track.replaying import StepsAgain, Stretch
from engine.nodes.base import NodeError
from engine.numerics.job import JobReport
from engine.numerics.job import Steps as Turns
from engine.training.compiled import RunError
from engine.training.joint import JointProgram
from engine.training.run import Run
from engine.training.state import State
from engine.training.step_conditions import StepConditions
from engine.training.steps import Steps
from graph.text.messages import _

SECONDS = 20.0
"""That all readings of one pass may take together, and as long for the steps between them: where readings are dear there are fewer, spread
over the run."""
TOLERANCE, LEAST, MOST = 1e-4, 8, 100
"""How exact an eigenvalue is sought (the error of its vector as a share of it, the square of which is that of its value), and the least
and the most products."""


class Following(StepsAgain):
    """Measures at the steps `wanted` and notes it in the run's curve."""

    def __init__(self, run: Run, wanted: list[int]) -> None:
        super().__init__(run, run.model.state.step - wanted[0])
        self._run, self._curve = run, run.curve
        self.wanted = [step for step in wanted if step >= self.first]
        self._order = {step: i for i, step in enumerate(self.wanted)}
        self.passed = 0
        """How many of them were come to."""
        self.paused = False
        """Whether it is measuring."""
        self.skipped = self.foreign = 0
        """How many of these were left out for their time, and how many because another graph or other data led on from them."""
        self._plain: Tensor | None = None
        self._divided: Tensor | None = None
        self._readings = 0
        self.measuring = self.stepping = 0.0
        """Seconds spent so far."""

    @property
    def outdated(self) -> bool:
        """Whether the run has gone on, or another one is the present one: the copy leads nowhere then."""
        return self._run.curve is not self._curve or self._run.model.state.step != self.last

    @property
    def more(self) -> bool:
        """Whether it is measuring, or something is still to be measured."""
        return self.paused or self.passed < len(self.wanted)

    def due(self, step: int) -> bool:
        return self.passed < len(self.wanted) and self.wanted[self.passed] == step

    def pause(self, stretch: Stretch, steps: Steps) -> Iterator[None]:
        self.passed += 1
        if not self._same(stretch.conditions):
            self.foreign += 1
            return
        if self._readings and self.measuring > SECONDS * self.passed / len(self.wanted):
            self.skipped += 1
            return
        self.paused = True
        yield from self._measured(stretch.conditions, steps.captured())
        self.paused = False

    def _same(self, then: StepConditions) -> bool:
        """Whether the objective was the present one."""
        model = self._run.model
        return then.program is model.program(training=True) and then.feeds.same(model.feeds)

    def _measured(self, conditions: StepConditions, state: State) -> Iterator[None]:
        model, rows = self.model, self.model.feeds.rows["train"]
        point = point_at(model, None, chosen_rows(model, rows))
        rehearsal = _rehearsed(self, conditions, state)
        limit = stable_limit(conditions, rehearsal)
        self._readings += 1
        product = times(point)
        plain = yield from self._sought(product, point.here, self._plain)
        self._plain, divided = plain.vector, None
        if limit.divisors is not None:
            second = yield from self._sought(preconditioned(product, limit.divisors), point.here, self._divided)
            self._divided, divided = second.vector, second.value
        edge = limit.edge(plain.value, divided, float(rehearsal.hyper["lr"]))
        if not self.outdated and (known := numbers_of(plain.value, edge)):
            self._curve.note(state.step, **known)

    def _sought(self, product: Callable[[Tensor], Tensor], here: Tensor, before: Tensor | None) -> Generator[None, None, Largest]:
        start = begun(before, len(here), self._readings)
        return (yield from largest(product, start, TOLERANCE, LEAST, MOST, torch.finfo(here.dtype).eps))


def _rehearsed(following: Following, conditions: StepConditions, state: State) -> Rehearsal:
    rate = conditions.rate_after(state)
    return make(beginning(following.model, conditions, state), lambda tensors: conditions.optimizer_on(tensors, rate))


def sharpening(context: ExplainContext, job: Sharpening) -> Turns:
    """The job. What it replays is found before its first turn. Raises Unanswerable."""
    run = context.run
    if run is None or run.id != job.run:
        raise Unanswerable(_("No step of this run is known yet. Make a training step first."))
    wanted = missing(run.model.state.step, _known(run))
    if not wanted:
        return _nothing(_summary(run, 0, ""))
    try:
        if isinstance(run.model.program(training=True), JointProgram):
            raise Unanswerable(_("The gauge looks at one objective; this document has several."))
        following = Following(run, wanted)
    except RunError as error:
        raise Unanswerable(str(error)) from error
    return _followed(following, run)


def _nothing(answer: Sharpened) -> Turns:
    return answer
    yield


def _followed(following: Following, run: Run) -> Turns:
    turns, why = following.turns(), ""
    while not following.outdated and following.more and following.stepping < SECONDS:
        began, measures = time.perf_counter(), following.paused
        try:
            next(turns)
        except StopIteration:
            break
        except Unanswerable as error:
            why = str(error)
            break
        except (RuntimeError, ValueError, IndexError, TypeError, LookupError, NodeError):
            why = _("A step of this run cannot be made again.")
            break
        finally:
            spent, measures = time.perf_counter() - began, measures or following.paused
            following.measuring += spent if measures else 0.0
            following.stepping += 0.0 if measures else spent
        yield JobReport(following.passed, len(following.wanted))
    turns.close()
    if not why and following.foreign:
        why = _("Before the graph or its data were changed, f was another function.")
    left = 0 if why and not following.foreign else following.skipped + len(following.wanted) - following.passed
    return _summary(run, left, why)


def _known(run: Run) -> list[int]:
    return [point.step for point in run.curve.points if point.sharpness is not None]


def _summary(run: Run, left: int, why: str) -> Sharpened:
    step = run.model.state.step
    count = len(places(step))
    return Sharpened(run.id, step, count - len(missing(step, _known(run))), count, left, why)
