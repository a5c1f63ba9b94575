"""The one place that decides which numbers may be seen: it lies between the engine and everything that shows a number.

Predictions, lessons and whatever else hides numbers say so here, each under a name of its own. What is handed out
(`Workspace.trace`) is covered, and what is hidden travels with every question to the engine; so a panel cannot give anything away.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from PySide6.QtCore import QObject, Signal

from engine.compile.views import TraceView
from engine.compile.visible import NOTHING, Hidden, Measure, addresses, ahead, visible, with_echoes
from engine.training.curve import Point, without, without_curvature
from graph.model.address import Address
from graph.model.covered import ASKED

if TYPE_CHECKING:
    from graph.model.graph import Graph
    from graph.storage.document import Document
    from ui.shell.workspace.playback import Playhead


class Playback(Protocol):
    """The document whose numbers are shown, and the position of its playback."""

    @property
    def widget(self) -> QObject:
        """What the visibility lives with."""

    @property
    def document(self) -> Document: ...

    @property
    def playhead(self) -> Playhead: ...


@dataclass(frozen=True, slots=True)
class _Layer:
    values: frozenset[str] = frozenset()
    gradients: frozenset[str] = frozenset()
    measures: frozenset[Measure] = frozenset()


class Visibility(QObject):
    """One for a window. `changed`: other numbers may be seen, because some were hidden or shown, or because playback went on."""

    changed = Signal()
    hid = Signal(bool)
    """Other numbers are hidden now: earlier answers of the engine are out of date. True if more is hidden than before."""

    def __init__(self, playback: Playback) -> None:
        super().__init__(playback.widget)
        self._playback = playback
        self._layers: dict[str, _Layer] = {}
        self._truth: TraceView | None = None
        self._version = 0
        """Counts what was hidden, shown, and computed."""
        self._asked: tuple[tuple[object, ...], frozenset[Address]] = ((), frozenset())
        self._seen: tuple[tuple[object, ...], TraceView | None] = ((), None)
        self._animated: tuple[tuple[object, ...], TraceView | None] = ((), None)
        self._place: tuple[object, ...] = ()
        playback.playhead.moved.connect(self._moved)

    # what hides

    def hide(self, owner: str, values: Iterable[str] = (), gradients: Iterable[str] = (), measures: Iterable[Measure] = ()) -> None:
        """Cover the numbers of these nodes and wires, and what tools measure; it replaces what this owner hid before."""
        layer = _Layer(frozenset(values), frozenset(gradients), frozenset(measures))
        layers = {name: kept for name, kept in self._layers.items() if name != owner}
        self._set(layers | {owner: layer} if layer != _Layer() else layers)

    def clear(self) -> None:
        """Another document: nothing of it is hidden."""
        self._set({})

    def _set(self, layers: dict[str, _Layer]) -> None:
        if layers == self._layers:
            return
        before = self.values, self.gradients, self.measures
        self._layers = layers
        self._version += 1
        now = self.values, self.gradients, self.measures
        if now != before:
            self.hid.emit(any(bool(new - old) for new, old in zip(now, before, strict=True)))
            self.changed.emit()

    # what is hidden

    @property
    def values(self) -> frozenset[str]:
        """The nodes and wires whose values are hidden."""
        return frozenset().union(*(layer.values for layer in self._layers.values()))

    @property
    def gradients(self) -> frozenset[str]:
        return frozenset().union(*(layer.gradients for layer in self._layers.values()))

    @property
    def measures(self) -> frozenset[Measure]:
        """What tools must not say."""
        return frozenset().union(*(layer.measures for layer in self._layers.values()))

    @property
    def hides_values(self) -> bool:
        """Whether a picture or table of what the network computes could give away what is hidden."""
        return bool(self.values or self.measures)

    @property
    def hides_numbers(self) -> bool:
        """Whether anything is hidden: what is computed from gradients as well, or measured, could give it away."""
        return self.hides_values or bool(self.gradients)

    @property
    def asked(self) -> frozenset[Address]:
        """Every number that is covered: what is hidden, and what repeats it."""
        key = self._key()
        if self._asked[0] != key:
            hidden = addresses(self._graph, self.values, self.gradients) if self._layers else frozenset[Address]()
            self._asked = (key, with_echoes(self._truth, self._graph, hidden))
        return self._asked[1]

    def shown(self, kind: Literal["value", "gradient"], node: str, number: float) -> float:
        """A number that came from this node, for a message: covered where the node's is."""
        gradient = kind == "gradient"
        covered = any(question.kind == "output" and question.id == node and question.gradient == gradient for question in self.asked)
        return ASKED if covered else number

    def hidden(self) -> Hidden:
        """What travels with a question to the engine."""
        playhead = self._playback.playhead
        if not self._layers and playhead.at_rest:
            return NOTHING
        coming = ahead(playhead, self._graph) if self._truth is not None else frozenset[Address]()
        return Hidden(self.asked, coming, self.measures)

    # what is seen

    @property
    def truth(self) -> TraceView | None:
        """All numbers, for what judges answers or stops at a condition. Whatever shows a number takes `Workspace.trace` instead."""
        return self._truth

    @property
    def trace(self) -> TraceView | None:
        """The numbers as they may be shown now."""
        if self._truth is None:
            return None
        key = (*self._key(), self._position())
        if self._seen[0] != key:
            self._seen = (key, visible(self._truth, self._playback.playhead, self.asked, self._graph))
        return self._seen[1]

    @property
    def animated(self) -> TraceView | None:
        """For the canvas, which paints numbers in motion: without hidden numbers, with those that playback has not reached."""
        if self._truth is None:
            return None
        key = self._key()
        if self._animated[0] != key:
            self._animated = (key, visible(self._truth, None, self.asked, self._graph))
        return self._animated[1]

    def set_truth(self, trace: TraceView | None) -> None:
        """Take new numbers; the caller shows them."""
        self._truth = trace
        self._version += 1

    def _key(self) -> tuple[object, ...]:
        return self._version, self._playback.document, self._playback.document.structure

    @property
    def hidden_loss(self) -> float | None:
        """The objective's value, where it is hidden: what training says must not say it either."""
        truth = self._truth
        if truth is None or truth.objective is None or Address("output", *truth.objective) not in self.asked:
            return None
        return truth.number(Address("output", *truth.objective), self._graph)

    def curve(self, points: Sequence[Point]) -> Sequence[Point]:
        """The points of the training curves as they may be drawn; while anything is hidden, without the curvature."""
        secret = self.hidden_loss
        told = without_curvature(points) if self.hides_numbers else points
        return told if secret is None else without(told, secret)

    # playback

    def _position(self) -> tuple[object, ...]:
        playhead = self._playback.playhead
        return (True,) if playhead.at_rest else (playhead.event_index, playhead.moving, playhead.forgotten)

    def _moved(self) -> None:
        """Numbers come event by event; nothing happens at the ticks between."""
        place = self._position()
        if place != self._place:
            self._place = place
            self.changed.emit()

    @property
    def _graph(self) -> Graph:
        return self._playback.document.graph
