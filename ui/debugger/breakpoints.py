"""Where playback and training stop: at nodes, and where a condition is met. Kept for the window's life, never in the document."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal

from engine.compile.views import ArrayView, PassEvent, TraceView
from engine.explain.condition import Condition, read
from graph.text.messages import _


@dataclass(frozen=True, slots=True)
class Breakpoint:
    """Without a condition, playback stops whenever the node's value or gradient has been computed. `node` is empty for the run's own."""

    node: str
    condition: Condition | None = None
    on: bool = True

    @property
    def text(self) -> str:
        return self.condition.text if self.condition is not None else _("value and gradient")


class Breakpoints(QObject):
    """A list without repetitions, in the order in which they were set."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.all: list[Breakpoint] = []

    def clear(self) -> None:
        if self.all:
            self.all.clear()
            self.changed.emit()

    def toggle(self, node: str) -> None:
        """Set the plain breakpoint of a node, or remove it."""
        plain = [point for point in self.all if point.node == node and point.condition is None]
        if plain:
            self.all.remove(plain[0])
        else:
            self.all.append(Breakpoint(node))
        self.changed.emit()

    def add(self, text: str, node: str = "") -> Breakpoint:
        """Set what a person typed. Raises ConditionError."""
        condition = read(text, node)
        point = Breakpoint(condition.node, condition)
        self.all = [point for point in self.all if point.condition != condition]
        self.all.append(point)
        self.changed.emit()
        return point

    def replace(self, index: int, text: str) -> None:
        """Give one another condition. Raises ConditionError."""
        old = self.all[index]
        condition = read(text, old.node)
        self.all[index] = replace(old, node=condition.node, condition=condition)
        self.changed.emit()

    def remove(self, index: int) -> None:
        del self.all[index]
        self.changed.emit()

    def set_on(self, index: int, on: bool) -> None:
        self.all[index] = replace(self.all[index], on=on)
        self.changed.emit()

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Those that training has to look at."""
        return tuple(point.condition for point in self.all if point.on and point.condition is not None)

    def marks(self, nodes: Mapping[str, object]) -> dict[str, str]:
        """The sign of each node that has one: a condition's where it has no plain breakpoint."""
        marks: dict[str, str] = {}
        for point in self.all:
            if point.on and point.node in nodes and marks.get(point.node) != "breakpoint":
                marks[point.node] = "breakpoint" if point.condition is None else "condition"
        return marks

    def hit(self, event: PassEvent, trace: TraceView) -> tuple[Breakpoint, float] | None:
        """The breakpoint at which to stop once this event is over, and the number that meets its condition."""
        return next(((point, met) for point in self.all if point.on and (met := _met(point, event, trace)) is not None), None)


def _met(point: Breakpoint, event: PassEvent, trace: TraceView) -> float | None:
    condition, forward = point.condition, event.phase == "forward"
    if condition is None:
        return math.nan if point.node == event.node else None
    if condition.of_the_run:
        scored = condition.quantity == "loss" and forward and trace.objective is not None and event.node == trace.objective[0]
        return _met_by(condition, trace.values.get(trace.objective or ("", ""))) if scored else None
    if point.node != event.node or condition.of_gradient == forward:
        return None
    table: Mapping[tuple[str, str], object] = trace.values if forward else trace.gradients
    numbers = (_met_by(condition, entry) for (node, _), entry in table.items() if node == point.node)
    return next((number for number in numbers if number is not None), None)


def _met_by(condition: Condition, entry: object) -> float | None:
    return condition.met_by(entry) if isinstance(entry, ArrayView) else None
