"""What the window and the kernel say to each other. How it goes over the pipe is `engine.kernel.transport`.

The window pulls: one `Request` at a time, answered by one `Reply`; the kernel never sends unasked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from engine.compile.spot import Spot
from engine.compile.views import TraceView
from engine.compile.visible import NOTHING, Hidden
from engine.explain.condition import Condition
from engine.explain.question import Question
from engine.numerics.job import Job, JobNews
from engine.training.curve import Curve, Point
from engine.training.losses import Losses
from engine.training.replay import Replay
from graph.model.address import Address
from graph.model.covered import unless_told
from graph.model.problem import Problem
from graph.model.run_record import RunRecord
from graph.storage.saved import SavedState
from graph.storage.saved_run import SavedRun

if TYPE_CHECKING:
    import numpy as np

Phase = Literal["idle", "training", "paused", "finished", "failed"]

LASTING: tuple[tuple[str, Any], ...] = (("events", ()), ("shapes", {}))
"""Fields of a trace that stay the same objects while the structure does, with what stands for them on the way."""


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of training.

    `points` are the curve's points from index `first_point` on: those that were not sent before. `run` is the id of the run all of this
    is about. `message` is a message to the user (why it stopped, which weights were
    initialized again), `problem_node` the id of the node it is about. `total_steps` is 0 where nothing limits the run.
    """

    phase: Phase = "idle"
    run: int = 0
    step: int = 0
    epoch: int = 0
    epochs: int = 0
    total_steps: int = 0
    loss: float | None = None
    loss_of: str = ""
    """What `loss` and the curve's losses are computed over: `mini-batch`, `whole` (training set), or nothing where there are no data."""
    rate: float | None = None
    """The learning rate of the coming step; None where there is no run yet."""
    points: tuple[Point, ...] = ()
    first_point: int = 0
    losses: Losses | None = None
    """The loss of every step, of those that were not sent before."""
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    measured: int | None = None
    """The step at which `metrics` were measured, which while training may be an earlier one; None: `step`."""
    steps_per_second: float = 0.0
    message: str = ""
    problem_node: str | None = None
    problems: tuple[Problem, ...] = ()
    made_anew: tuple[str, ...] = ()
    device: str = "cpu"
    dtype: str = "float64"
    reachable: tuple[tuple[int, int], ...] = ()
    """Steps that can be returned to exactly, as ranges (first, last) from the earliest on."""
    record: RunRecord | None = None
    """The run as it is now; None before its first step."""
    replay: Replay | None = None
    """How the present step was reached again; None since steps were made."""
    rows: tuple[int, ...] = ()
    """The samples of the training part in the mini-batch of the step that was just made alone."""
    debugging: bool = False
    """Whether traces are those of the coming training step."""
    stopped: Condition | None = None
    """The condition at which training stopped."""
    met: float | None = None
    """The number that met it; not in the message, because a lesson may keep it hidden."""
    trained: int = 0
    """Identifies the trained values there are now (`SavedState.token`); 0: the document's own."""
    before_reset: int = 0
    """The step at which the last Reset left its run, which can be returned to; 0: there is none."""
    run_before_reset: int = 0
    """The id of that run; `GoTo` returns to it."""

    structure: int = -1
    revision: int = -1
    """The state of the document that `metrics` and `loss` belong to; −1: that of the window."""

    @property
    def penalised(self) -> bool:
        """Whether `loss` and the curve's losses include a penalty."""
        return self.record is not None and self.record.penalised

    def aged(self) -> Progress:
        """The same for a document whose numbers are others by now: nothing in it was measured of these."""
        return replace(self, loss=None, metrics={})

    def without(self, secret: float) -> Progress:
        """The same, where a loss that is this number is covered."""
        metrics = {name: unless_told(value, secret) for name, value in self.metrics.items()}
        return replace(self, loss=unless_told(self.loss, secret), metrics=metrics)


@dataclass(frozen=True, slots=True)
class TrainedEdit:
    """Trained values as a change of the document: an edit in its JSON form, and the tensors it refers to."""

    edit: dict[str, Any]
    attachments: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class RunCommand:
    """Something to do with one run. The window chooses the ids of runs: whole numbers, each used once.

    `outdates`: whether the numbers shown may be others afterwards, so that a job about them ends.
    """

    outdates: ClassVar[bool] = True
    run: int


@dataclass(frozen=True, slots=True)
class Start(RunCommand):
    """Train, or go on training; with a number, pause after so many steps."""

    steps: int | None = None


@dataclass(frozen=True, slots=True)
class Pace(RunCommand):
    """Train so many steps a second at most, one at a time; as fast as it goes without a number."""

    outdates: ClassVar[bool] = False
    steps_per_second: float | None = None


@dataclass(frozen=True, slots=True)
class Pause(RunCommand):
    """Stop training between two steps."""


@dataclass(frozen=True, slots=True)
class StepOnce(RunCommand):
    """Make one optimizer step, then pause."""


@dataclass(frozen=True, slots=True)
class StepBack(RunCommand):
    """Undo optimizer steps exactly."""

    steps: int = 1


@dataclass(frozen=True, slots=True)
class GoTo(RunCommand):
    """Show a step of this run, which may be another one than the present: its state exactly as it was.

    With `check`, steps that are made again for it are compared with what is stored of them.
    """

    step: int
    check: bool = True


@dataclass(frozen=True, slots=True)
class Reset(RunCommand):
    """Set this run aside and begin the run `successor` from the document's values."""

    successor: int


@dataclass(frozen=True, slots=True)
class Adopt(RunCommand):
    """Take over runs that another kernel made, or a file holds; `run` is the present one."""

    outdates: ClassVar[bool] = False
    runs: tuple[SavedRun, ...]


@dataclass(frozen=True, slots=True)
class Resume(RunCommand):
    """Continue a run of a kernel that died, from the last state that it sent; `own`: the steps of the run led there."""

    state: SavedState
    own: bool = True


@dataclass(frozen=True, slots=True)
class Load(RunCommand):
    """Continue from the trained values in the document's file."""

    state: SavedState


@dataclass(frozen=True, slots=True)
class ShowComing(RunCommand):
    """While nothing trains, show the pass of the coming step over its own mini-batch (`on`), or the demonstration batch again."""

    on: bool


@dataclass(frozen=True, slots=True)
class StopAt(RunCommand):
    """Pause training where one of these conditions becomes true."""

    outdates: ClassVar[bool] = False
    conditions: tuple[Condition, ...]


Command = Start | Pace | Pause | StepOnce | StepBack | GoTo | Reset | Adopt | Resume | Load | ShowComing | StopAt


@dataclass(frozen=True, slots=True)
class Request:
    """Everything the window wants in one turn.

    `text` is the whole document and `attachments` those of its large tensors this kernel has not seen; `edits` is what changed in it
    since, in JSON form, `moves` where trained weights follow when nodes were duplicated: old (node, parameter) to new.
    `folder` is where the document's relative paths begin. `run` is the id that a run of a new document gets; `points_known` says by the
    id of a run how many points of its curve were sent before. `warm` lets the kernel load the next piece of what training will need.
    """

    number: int
    document: int
    structure: int
    revision: int
    aside: bool = False
    """Whether the document waits while the window shows another one: jobs and what the kernel keeps of the last trace are not its."""
    closed: tuple[int, ...] = ()
    """Documents that the window no longer has; `text` comes with them."""
    text: str | None = None
    attachments: Mapping[str, bytes] = field(default_factory=dict)
    folder: str = ""
    edits: tuple[dict[str, Any], ...] = ()
    base: int = -1
    """The structure that the edits begin with: that of the document as it was sent last."""
    moves: tuple[tuple[tuple[str, str], tuple[str, str]], ...] = ()
    commands: tuple[Command, ...] = ()
    warm: bool = False
    trace: bool = False
    spot: Spot | None = None
    """The sample that is shown instead of the demonstration batch."""
    goal: int | None = None
    """The number of the objective, of several, whose gradients are looked at, counted from 0."""
    progress: bool = False
    run: int = 0
    spare: int = 0
    """The id of the next run that branches from another."""
    points_known: Mapping[int, int] = field(default_factory=dict)
    state: bool = False
    kept: bool = False
    arrays: tuple[Address, ...] = ()
    questions: tuple[Question, ...] = ()
    held: bool = False
    """Whether the document waits in the window: then this is about what the kernel has, whatever the numbers above say."""
    new_jobs: tuple[tuple[int, Job], ...] = ()
    jobs: Mapping[int, int] = field(default_factory=dict)
    """Every job that continues, by its number, and how many parts of its answer are known. All others are cancelled."""
    hidden: Hidden = NOTHING
    """What neither an array nor an answer may contain."""

    @property
    def looks(self) -> bool:
        """Whether it is there for jobs alone."""
        other = self.text, self.edits, self.commands, self.trace, self.progress, self.state, self.kept, self.arrays, self.questions
        return bool(self.jobs) and not any(other)

    @property
    def watches(self) -> bool:
        """Whether it does nothing but look at a training."""
        other = self.text, self.edits, self.commands, self.state, self.kept, self.arrays, self.questions, self.jobs
        return self.trace and self.progress and not any(other)


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to one request.

    `unchanged` names what the trace lacks because it is as in the trace before. `resync` asks for the whole document: an edit did not
    fit what the kernel holds. `state` goes to the next kernel, should this one die, and into files. `error` is
    the kernel's own failure, in one line; `ready`: nothing is left to load.
    """

    number: int
    document: int
    structure: int
    revision: int
    trace: TraceView | None = None
    unchanged: tuple[str, ...] = ()
    progress: Progress | None = None
    state: SavedState | None = None
    curve: Curve | None = None
    """The curve that goes with `state`; only another kernel can use it."""
    state_run: int = 0
    """The run that both are of."""
    state_own: bool = True
    """Whether the steps of this run led to `state`: nothing was changed by hand since."""
    state_seconds: float = 0.0
    look_seconds: float = 0.0
    """What a look at the training takes of the kernel's time lately, from reading the request to sending the answer."""
    runs: tuple[SavedRun, ...] = ()
    """The runs of the document that changed since the last reply; of the present one without its curve and newest state."""
    kept: TrainedEdit | None = None
    arrays: Mapping[Address, np.ndarray | None] = field(default_factory=dict)
    answers: Mapping[Question, Any] = field(default_factory=dict)
    jobs: tuple[JobNews, ...] = ()
    resync: bool = False
    error: str = ""
    ready: bool = False


def is_hidden(address: Address, hidden: Hidden) -> bool:
    """Whether a question hides the numbers of this array, or playback has not reached them."""
    return address in hidden.asked or address in hidden.ahead
