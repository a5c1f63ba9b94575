"""What features do for one another and for panels: services with a name. A feature offers one, others ask for it by its name.

A feature is never imported by another one: it can be taken out, and a test can put something else in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, cast

if TYPE_CHECKING:
    from PySide6.QtCore import QPointF, SignalInstance
    from PySide6.QtGui import QPainter

    from engine.learned.plane import OnPlane
    from graph.lessons.lesson import LessonQuestion
    from graph.model.address import Address
    from ui.look.theme import Theme
    from ui.shell.workspace.timeline import Phase

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Service(Generic[S]):
    """The name of a service and, for the type checker, what it can do."""

    name: str


class Services:
    """The services that are offered, by name."""

    def __init__(self) -> None:
        self._offered: dict[str, Any] = {}

    def offer(self, service: Service[S], by: S) -> None:
        """Register a service, which must not be registered already."""
        if service.name in self._offered:
            raise ValueError(f"{service.name} is offered twice")
        self._offered[service.name] = by

    def get(self, service: Service[S]) -> S:
        """The provider of a service. Raises LookupError if there is none."""
        if service.name not in self._offered:
            raise LookupError(f"nobody offers {service.name}")
        return cast(S, self._offered[service.name])

    def find(self, service: Service[S]) -> S | None:
        """The provider of a service; None if there is none."""
        return cast("S | None", self._offered.get(service.name))


class Probes(Protocol):
    """Numbers of wires that are followed over training."""

    def pin_value(self) -> None:
        """Follow the values of the selected wires, or no longer where all are followed."""

    def pin_gradient(self) -> None:
        """Follow the gradients of the selected wires, or no longer where all are followed."""


class Runs(Protocol):
    """The runs of the document: what they are called, and which are shown beside the present one."""

    @property
    def changed(self) -> SignalInstance:
        """A name, a colour or what is shown has changed."""

    def name(self, run: int) -> str:
        """What a run is called: the name it was given, else what it trained with."""

    def hue(self, run: int) -> str:
        """The colour of a run in the theme of the window, as `#rrggbb`."""

    @property
    def chosen(self) -> Sequence[int]:
        """The runs that are selected in the list, the one in focus first."""

    def shown(self) -> Sequence[int]:
        """The runs whose curves are drawn beside the present one's."""


class Explanations(Protocol):
    """Why a number is what it is, and tools about the selection."""

    def why(self) -> None:
        """Explain what is selected; with nothing selected, the objective."""

    def why_of(self, item: str) -> None:
        """Select this node or wire and explain it."""

    def mean(self, subject: str, entry: tuple[int, ...] | None) -> None:
        """Let the tools work with this entry of a selected node's or wire's tensor, until something else is selected."""

    def begin(self, tool: str, parameter: str = "", settings: Mapping[str, Any] | None = None) -> None:
        """Show a tool and let it begin: explain, audit, paths, picture, forward_mode, sweep or symbolic. `parameter` is the learned
        tensor of the selected node that `explain` is about."""

    def audited(self) -> bool:
        """Whether the audit's tags are on the wires."""

    def turn_audit(self, on: bool) -> None: ...


class Predictions(Protocol):
    """Numbers that are hidden until the user has predicted them."""

    @property
    def asked(self) -> Mapping[Address, Any]:
        """What waits to be found out."""

    @property
    def answered(self) -> Mapping[Address, tuple[str, float | None]]:
        """What was answered rightly: the text, and the number it was right about."""

    @property
    def judged(self) -> SignalInstance:
        """An answer was judged: (item, judgement)."""

    def ask(
        self, items: Iterable[Address], on_done: Callable[[list[Any]], None], questions: Mapping[Address, LessonQuestion] | None = None
    ) -> None:  # fmt: skip
        """Hide these, and call back with how each ended, once all have."""

    def answer(self, item: Address, text: str) -> None:
        """Judge an answer to what is asked."""

    def give_up(self, items: Iterable[Address]) -> None:
        """Give up on these: their numbers are shown."""

    def withdraw(self, items: Iterable[Address]) -> None:
        """Ask for these no longer: what was not answered does not count."""

    def truth_of(self, item: Address) -> float | None:
        """The number by which the last answer about an item was judged."""

    def hide_hints(self) -> None:
        """Remove the hints beside the canvas, because they are shown elsewhere."""


class InsideView(Protocol):
    """The inside of the optimizer: the update of a parameter as a graph, shown in place of the user's own, whose run goes on."""

    @property
    def active(self) -> bool:
        """Whether it is shown."""

    @property
    def training(self) -> bool:
        """Whether the user's graph is being trained while it is shown."""

    def open(self, node: str, name: str, entry: tuple[int, ...] | None) -> None:
        """Show the update of one number of a learned tensor, of the whole tensor (no entry), or of all parameters (no node)."""

    def leave(self) -> None:
        """Show the graph again whose optimizer this is; nothing happens where it is not shown."""

    def train(self) -> None:
        """Train the user's graph, or pause."""

    def step(self) -> None:
        """Make one training step of the user's graph."""

    def why_not_train(self) -> str:
        """Why the user's graph cannot be trained now, in words; empty where it can."""


class Races(Protocol):
    """Races of optimizers, on a page of their own."""

    def race_between(self, rates: Mapping[str, float | None]) -> None:
        """Show the page with these optimizers chosen, each at its rate (None: the usual one)."""

    def may_close(self) -> bool:
        """Whether a sweep or a race that runs may be ended; asks."""


class Lessons(Protocol):
    """Lessons and their recordings."""

    @property
    def title(self) -> str:
        """What an unnamed document is called because it belongs to a lesson; empty for none."""

    @property
    def step(self) -> int | None:
        """The step that is shown; None without a lesson."""

    def choose(self) -> None:
        """Offer the lessons that there are."""

    def open(self, path: Path, resume: bool = False) -> bool:
        """Play a lesson while the user's document waits; with `resume` where it was left. Whether it was opened."""


class Stepping(Protocol):
    """Playback by whole phases, in the debugger."""

    def to_phase(self, phase: Phase) -> None:
        """Go to the start of a phase; to that of update or zero with the debugger open, and make it."""

    def show_update(self, step: int, node: str, name: str, entry: tuple[int, ...]) -> None:
        """Show the update that training step `step` (counted from 0) makes of one number of a learned tensor."""


class Narration(Protocol):
    """The line that says where playback is."""

    def stopped(self, why: str) -> None:
        """Playback or training stopped: say why, in one sentence, until playback moves again."""


class Tables(Protocol):
    """Tables become Data nodes, after a dialog that shows how they are read."""

    def from_file(self, path: Path, at: QPointF | None = None) -> None:
        """Ask how a file is read; a Data node at `at` (a scene position) reads it. Waits: call it from `Workspace.later`."""

    def from_text(self, text: str, at: QPointF | None = None) -> bool:
        """The same for a text, where it looks like a table; whether it does. Does not wait."""


class Drawings(Protocol):
    """What a lecturer has drawn on the canvas."""

    def forget_drawings(self) -> None:
        """The pages that were drawn on are gone: all are blank."""


class TestPart(Protocol):
    """The test part of the data, which is read only on request where a validation part judges the network."""

    @property
    def offered(self) -> bool:
        """Whether there is a test part that is read only on request."""

    @property
    def allowed(self) -> bool:
        """Whether predictions for the test part may be shown now."""

    @property
    def text(self) -> str:
        """What was measured, of which step; empty where nothing was."""

    @property
    def changed(self) -> SignalInstance:
        """Any of these has changed."""

    def read(self) -> None:
        """Measure the network on the test part, as it is now."""


PROBES: Service[Probes] = Service("probes")
EXPLANATIONS: Service[Explanations] = Service("explanations")
class PlaneFrame(Protocol):
    """Where a plane is on the screen."""

    def at(self, x: float, y: float) -> QPointF:
        """A place of the plane on the screen."""

    def place(self, at: QPointF) -> tuple[float, float]:
        """The place of the plane that is seen there."""


class PlanePicture(Protocol):
    """The picture of a plane. `clicked` carries a place of it, `sample_chosen` the sample that is there."""

    clicked: SignalInstance
    sample_chosen: SignalInstance
    overlays: list[Callable[[QPainter, Any, OnPlane], None]]
    """Painted over the samples, with the frame."""

    @property
    def frame(self) -> PlaneFrame | None: ...

    def update(self) -> None:
        """Paint it again."""


class AnotherPlane(Protocol):
    """The picture of a plane in another panel: a widget."""

    def show_plane(self, seen: OnPlane | None, stale: bool = False) -> None:
        """Show this answer."""

    def set_look(self, theme: Theme, unit: float) -> None:
        """Colours, and by how much type and marks are enlarged."""


class LearnedPlane(Protocol):
    """The plane on which the learned function is shown."""

    @property
    def seen(self) -> OnPlane | None:
        """What is shown; None where there is nothing yet, or it is hidden."""

    @property
    def picture(self) -> PlanePicture | None:
        """The picture; None before there was anything to see."""

    @property
    def changed(self) -> SignalInstance:
        """Another picture is there, or none."""

    def ask(self) -> None:
        """Ask for the picture again, because something that it shows has changed."""

    def another_picture(self) -> AnotherPlane:
        """A picture of its own for another answer, to be placed in the panel that asks for it."""


class Comparing(Protocol):
    """Two moments of training compared, on the canvas and in a panel."""

    def compare(self, first: tuple[int, int | None], second: tuple[int, int | None]) -> None:
        """Compare two moments (run, step). No step means the run's newest one; run 0 the step that is shown, whichever that is."""


PREDICTIONS: Service[Predictions] = Service("predictions")
LESSONS: Service[Lessons] = Service("lessons")
INSIDE: Service[InsideView] = Service("inside")
RACES: Service[Races] = Service("races")
TABLE_IMPORT: Service[Tables] = Service("tables")
DRAWINGS: Service[Drawings] = Service("drawings")
TEST_PART: Service[TestPart] = Service("test part")
STEPPING: Service[Stepping] = Service("stepping")
PLANE: Service[LearnedPlane] = Service("plane")
NARRATION: Service[Narration] = Service("narration")
RUNS: Service[Runs] = Service("runs")
COMPARISON: Service[Comparing] = Service("comparison")
