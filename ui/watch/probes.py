"""Probes: wires whose value or gradient is followed over the steps of training. Pins are part of the document; readings are not.

A pin is stored under the document's setting `probes` as `{"edge", "show", "measure"}`. One whose wire is gone stays silent in the
document: the undo that brings the wire back brings its probe back too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from engine.compile.views import Absent, ArrayView, TraceView
from graph.model.address import Address, Quantity, wire
from graph.model.edits import Edit, SetGraphSetting
from graph.model.graph import MISSING, Graph
from graph.storage.document import Document
from graph.text.messages import _
from ui.look.numbers import exact

Measure = Literal["norm", "mean"]
MOST_POINTS = 4096
"""More readings than this are thinned by half: no card has as many columns."""


@dataclass(frozen=True, slots=True)
class PinnedProbe:
    """What is followed. `measure` makes one number of a tensor; a number stays itself."""

    address: Address
    measure: Measure = "norm"

    def to_json(self) -> dict[str, str]:
        return {"edge": self.address.id, "show": self.address.quantity, "measure": self.measure}


def stored(graph: Graph) -> list[PinnedProbe]:
    """All pins of a document in their order; invalid entries of a file are skipped."""
    probes: dict[Address, PinnedProbe] = {}
    rows = graph.settings.get("probes")
    for row in rows if isinstance(rows, list | tuple) else ():
        if isinstance(row, dict) and isinstance(row.get("edge"), str) and row["edge"]:
            address = wire(row["edge"])
            address = address.derivative if row.get("show") == "gradient" else address
            measure: Measure = "mean" if row.get("measure") == "mean" else "norm"
            probes.setdefault(address, PinnedProbe(address, measure))
    return list(probes.values())


def pinned(graph: Graph) -> list[PinnedProbe]:
    """The pins whose wires are there."""
    return [probe for probe in stored(graph) if probe.address.exists(graph)]


def _setting(probes: Iterable[PinnedProbe]) -> Edit:
    rows: Any = [probe.to_json() for probe in probes]
    return SetGraphSetting("probes", rows or MISSING)


def toggle(document: Document, edges: Iterable[str], show: Quantity) -> bool:
    """Pin what is not pinned of these wires; where all are pinned, take the pins away. Whether something is pinned now."""
    graph = document.graph
    before, wanted = stored(graph), [PinnedProbe(wire(e).derivative if show == "gradient" else wire(e)) for e in edges if e in graph.edges]
    if not wanted:
        return False
    known = {probe.address for probe in before}
    fresh = [probe for probe in wanted if probe.address not in known]
    if fresh:
        document.do(_setting([*before, *fresh]), _("Pin {graph}").format(graph=_what(graph, fresh)))
        return True
    gone = {probe.address for probe in wanted}
    document.do(_setting([probe for probe in before if probe.address not in gone]), _("Unpin {graph}").format(graph=_what(graph, wanted)))
    return False


def unpin(document: Document, probe: PinnedProbe) -> None:
    rest = [pinned_probe for pinned_probe in stored(document.graph) if pinned_probe.address != probe.address]
    document.do(_setting(rest), _("Unpin {graph}").format(graph=_what(document.graph, [probe])))


def set_measure(document: Document, probe: PinnedProbe, measure: Measure) -> None:
    changed = [replace(old, measure=measure) if old.address == probe.address else old for old in stored(document.graph)]
    document.do(_setting(changed), _("Track the {measure}").format(measure=measure))


def _what(graph: Graph, probes: list[PinnedProbe]) -> str:
    if len(probes) > 1:
        return _("{probes} probes").format(probes=len(probes))
    address = probes[0].address
    return _("{quantity} of {name}").format(
        quantity=address.quantity, name=address.value.name(graph) if address.exists(graph) else _("a wire")
    )


def measured(view: ArrayView, measure: Measure) -> float:
    """One number of a tensor."""
    if view.scalar is not None:
        return view.scalar
    return view.norm if measure == "norm" else view.mean


@dataclass(slots=True)
class Series:
    """The readings of one probe: both measures at every step, so that changing the choice loses nothing."""

    steps: list[int] = field(default_factory=list)
    norms: list[float] = field(default_factory=list)
    means: list[float] = field(default_factory=list)
    tensor: bool = False
    """Whether the last reading had more than one element."""
    absent: Absent | None = None
    covered: str = ""
    """Why the last reading may not be shown, and with it the way there; empty where it may."""
    _paused: bool = False

    def add(self, step: int, view: ArrayView, paused: bool) -> None:
        """Take a reading. Later steps than this one are of a past that was reset."""
        while self.steps and self.steps[-1] > step:
            self._drop()
        if self.steps and self.steps[-1] == step:
            if paused and not self._paused:
                return  # the samples shown while nothing trains are others than the batch of that step
            self._drop()
        self.steps.append(step)
        self.norms.append(measured(view, "norm"))
        self.means.append(measured(view, "mean"))
        self.tensor, self.absent, self._paused = view.scalar is None, None, paused
        if len(self.steps) > MOST_POINTS:
            for column in (self.steps, self.norms, self.means):
                del column[1:-1:2]

    def _drop(self) -> None:
        for column in (self.steps, self.norms, self.means):
            column.pop()

    def values(self, measure: Measure) -> list[float]:
        return self.norms if measure == "norm" else self.means

    def finite(self, measure: Measure) -> list[tuple[int, float]]:
        return [(s, v) for s, v in zip(self.steps, self.values(measure), strict=True) if math.isfinite(v)]


class ProbeLog:
    """What the probes of one document have read so far."""

    def __init__(self) -> None:
        self.series: dict[Address, Series] = {}

    def clear(self) -> None:
        self.series = {}

    @property
    def covered(self) -> frozenset[Address]:
        """The probes whose numbers may not be shown now."""
        return frozenset(key for key, series in self.series.items() if series.covered)

    def follow(self, graph: Graph) -> None:
        """Forget what is not pinned any more."""
        keys = {probe.address for probe in pinned(graph)}
        self.series = {key: series for key, series in self.series.items() if key in keys}

    def take(self, trace: TraceView, graph: Graph) -> bool:
        """Read every probe off a trace; whether there was one. A trace of an earlier step restarts the curve from there."""
        probes = pinned(graph)
        for probe in probes:
            series = self.series.setdefault(probe.address, Series())
            view = trace.at(probe.address, graph)
            series.covered = exact(view.norm) if isinstance(view, ArrayView) and view.covered else ""
            if isinstance(view, Absent):
                series.absent = view
            elif not series.covered:
                series.add(trace.step, view, trace.mode == "paused")
        return bool(probes)
