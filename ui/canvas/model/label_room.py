"""What labels on wires need: the room for their text, and how much it matters that they are seen."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil

from ui.canvas.model.content import Content
from ui.canvas.model.label_search import Box
from ui.canvas.model.number_texts import NORM, WireText, final_stub_texts, final_texts, shorter
from ui.canvas.model.scene import CanvasScene

LEAST = 44.0
SLACK = 4.0
"""Height of a line of text above and below its digits."""
STUB = "the objective's stub"
"""Stands for the objective's stub in place of a wire's id."""
OBJECTIVE, ASKED, NUMBER, TENSOR, REPEATED, WORD = range(6)
"""Ranks of labels: the objective and a question mark that waits for an answer first; then numbers; then values that another wire of
the same output has too; words for missing gradients last."""


@dataclass(frozen=True, slots=True)
class Spot:
    """The place of one label, in scene coordinates, with the room it has."""

    x: float
    y: float
    width: float
    height: float
    pick: int
    short: int = 0
    """0 where all of the text is written, else which of its shorter forms."""
    lean: float = 0.0
    """At which end of the room the text stands: −1 the left one, 1 the right one, 0 in the middle."""
    foot: tuple[float, float] | None = None
    """Where on the wire a line to the label begins; None where it touches its wire."""

    def middle(self, width: float) -> tuple[float, float]:
        """Where a text of this width is centred."""
        return self.x + self.lean * max(self.width - width - 4, 0.0) / 2, self.y

    @property
    def box(self) -> Box:
        return self.x - self.width / 2, self.y - self.height / 2, self.x + self.width / 2, self.y + self.height / 2


@dataclass(frozen=True, slots=True)
class Places:
    """The two labels of a wire; None where one had to be left out. `room` is what both were promised, for what they `said`."""

    forward: Spot | None
    backward: Spot | None
    room: tuple[Room, Room]
    said: tuple[WireText, WireText] = field(compare=False)

    @property
    def sides(self) -> tuple[Spot | None, Spot | None]:
        return self.forward, self.backward


@dataclass(frozen=True, slots=True)
class Room:
    """What a label needs: `width` with some digits in reserve, `exact` for what it says now; `short` in its
    shorter forms. The lower `rank` is placed first."""

    width: float
    height: float
    exact: float
    rank: int
    short: tuple[tuple[float, float], ...] = ()

    def holds(self, other: Room) -> bool:
        return other.exact <= self.width and other.height <= self.height and other.rank >= self.rank


def said_by(scene: CanvasScene, edge: str, content: Content) -> tuple[WireText, WireText]:
    """What the labels of a wire, or of the objective's stub, say once every number has come."""
    objective = content.objective() if edge == STUB else None
    return final_texts(scene.graph.edges[edge], content) if objective is None else final_stub_texts(content, objective)


def needed(edge: str, said: tuple[WireText, WireText], content: Content, boost: float) -> tuple[Room, Room]:
    """The room that the two labels of a wire need."""
    above, below = (OBJECTIVE, OBJECTIVE) if edge == STUB else (_rank(said[0]), _rank(said[1]))
    if above in (NUMBER, TENSOR) and edge != STUB and _repeats(content, edge):
        above = REPEATED
    return _need(said[0], content, boost, above, False), _need(said[1], content, boost, below, True)


def _need(text: WireText, content: Content, boost: float, rank: int, gradient: bool) -> Room:
    exact = text.width * boost + 4
    least = LEAST * boost if rank != OBJECTIVE else 0.0
    step = (16.0 if text.kind != "matrix" else 4.0) * boost  # so that changing digits keep their place at every magnification
    width = max(least, step * ceil(exact / step)) if text.kind not in ("word", "hidden") else exact
    small = tuple((form.width * boost + 4, _height(form) * boost) for form in shorter(text, content, gradient))
    return Room(width, _height(text) * boost, exact, rank, small)


def _repeats(content: Content, edge_id: str) -> bool:
    """Whether an earlier wire leaves the same output, with the same value."""
    edge = content.graph.edges[edge_id]
    return next(other for other in content.graph.outputs_of(edge.source[0]) if other.source == edge.source) is not edge


def _height(text: WireText) -> float:
    blank = {"number": SLACK, "word": SLACK, "bad": SLACK, "tensor": SLACK / 2}
    return text.height - (blank.get(text.kind, 0.0) if NORM not in text.text else 0.0)


def _rank(text: WireText) -> int:
    if text.kind == "hidden":
        return ASKED
    if text.kind == "word":
        return WORD
    return TENSOR if text.view is not None else NUMBER
