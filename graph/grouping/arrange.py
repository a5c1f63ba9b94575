"""The automatic layout of a whole canvas: frames keep what lies on them inside and swallow nothing else, notes are not covered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from graph.grouping.layout import SIZE, Hook, Sizes, Wire, component, components, wire_of
from graph.grouping.packing import AROUND, GAP_Y, GRID, Arrangement, Place, packed
from graph.model.graph import Graph

Rect = tuple[float, float, float, float]
"""Left, top, width, height."""
HEAD, RIM = 56.0, 28.0
"""Room in a frame above its content, for its title, and at its other sides."""


@dataclass(frozen=True, slots=True)
class Arranged:
    """Top left corners of nodes, frames and notes, sizes of frames, and the points of wires."""

    places: dict[str, Place] = field(default_factory=dict)
    frames: dict[str, Place] = field(default_factory=dict)
    via: dict[str, tuple[Place, ...]] = field(default_factory=dict)

    def shifted(self, x: float, y: float) -> Arranged:
        """The same elsewhere."""
        places = {item: (across + x, down + y) for item, (across, down) in self.places.items()}
        return Arranged(places, self.frames, {edge: tuple((a + x, b + y) for a, b in points) for edge, points in self.via.items()})


def arrange(
    graph: Graph, sizes: Sizes, canvas: Place | None = None, hook: Hook | None = None, frames: Mapping[str, Rect] | None = None,
    notes: Mapping[str, Rect] | None = None,
) -> Arranged:  # fmt: skip
    """Places for everything; the top left corner of the whole stays where it is."""
    frames, notes = frames or {}, notes or {}
    nodes = graph.order()
    rects = {node: (graph.nodes[node].x, graph.nodes[node].y, *sizes.get(node, SIZE)) for node in nodes} | dict(notes) | dict(frames)
    if not rects:
        return Arranged()
    plan = _Plan(graph, sizes, canvas, hook, notes, frames, _homes(rects, frames))
    whole, _ = plan.level(None)
    left, top = (min(min(rect[axis] for rect in rects.values()), 1e9) for axis in (0, 1))
    low_x, low_y = (min(place[axis] for place in whole.places.values()) for axis in (0, 1))
    return whole.shifted(GRID * round((left - low_x) / GRID), GRID * round((top - low_y) / GRID))


def _homes(rects: Mapping[str, Rect], frames: Mapping[str, Rect]) -> dict[str, str | None]:
    """The smallest frame that the middle of each item lies in: a card that has outgrown its frame still belongs to it."""
    order = sorted(frames, key=lambda frame: frames[frame][2] * frames[frame][3])
    homes: dict[str, str | None] = {}
    for item, rect in rects.items():
        larger = order[order.index(item) + 1 :] if item in frames else order
        centre = rect if item in frames else (rect[0] + rect[2] / 2, rect[1] + rect[3] / 2, 0.0, 0.0)
        homes[item] = next((frame for frame in larger if _holds(frames[frame], centre)), None)
    return homes


def _holds(outer: Rect, inner: Rect) -> bool:
    across = outer[0] <= inner[0] and inner[0] + inner[2] <= outer[0] + outer[2]
    return across and outer[1] <= inner[1] and inner[1] + inner[3] <= outer[1] + outer[3]


@dataclass(slots=True)
class _Plan:
    """What is laid out, and in which frame each item lies."""

    graph: Graph
    sizes: Sizes
    canvas: Place | None
    hook: Hook | None
    notes: Mapping[str, Rect]
    frames: Mapping[str, Rect]
    homes: Mapping[str, str | None]

    def level(self, frame: str | None) -> tuple[Arranged, Place]:
        """The content of one frame, or of the canvas, from (0, 0) on, and its size."""
        inner = {item: self._inside(item) for item in self.frames if self.homes[item] == frame}
        size: dict[str, Place] = {item: box for item, (_, box) in inner.items()}
        size |= {node: self.sizes.get(node, SIZE) for node in self.graph.order() if self.homes[node] == frame}
        wires = self._wires(frame, size, inner)
        parts = [component(part, own, size, self.canvas) for part, own in components(_sorted(list(size), wires), wires)]
        whole = packed(parts, self.canvas) if parts else Arrangement({})
        content = Arranged(dict(whole.places), {}, dict(whole.via))
        extent = self._add_notes(content, whole.size, frame)
        for item, (arranged, box) in inner.items():
            moved = arranged.shifted(*content.places[item])
            content.places.update(moved.places)
            content.via.update(moved.via)
            content.frames.update(arranged.frames)
            content.frames[item] = box
        return content, extent

    def _inside(self, frame: str) -> tuple[Arranged, Place]:
        """A frame as a box: what it holds, below its title. An empty one keeps its size."""
        content, (wide, high) = self.level(frame)
        if not content.places:
            return content, self.frames[frame][2:]
        box = wide + 2 * RIM, high + HEAD + RIM
        return content.shifted(RIM, HEAD), (GRID * -(-box[0] // GRID), GRID * -(-box[1] // GRID))

    def _wires(self, frame: str | None, size: Sizes, inner: Mapping[str, tuple[Arranged, Place]]) -> list[Wire]:
        """The wires between boxes of a level; one that would close a circle through a frame is left out."""
        wires: list[Wire] = []
        reached: dict[str, set[str]] = {box: {box} for box in size}
        for edge in self.graph.edges.values():
            source, target = (self._box(node, frame) for node in (edge.source[0], edge.target[0]))
            if source is None or target is None or source == target or source in reached[target]:
                continue
            for known in reached.values():
                if source in known:
                    known |= reached[target]
            wire = wire_of(self.graph, edge, {node: self.sizes.get(node, SIZE) for node in (edge.source[0], edge.target[0])}, self.hook)
            start, end = (
                (at[0] + inner[box][0].places[node][0], at[1] + inner[box][0].places[node][1]) if box in inner else at
                for at, box, node in ((wire.start, source, edge.source[0]), (wire.end, target, edge.target[0]))
            )
            wires.append(replace(wire, source=source, target=target, start=start, end=end))
        return wires

    def _box(self, node: str, frame: str | None) -> str | None:
        """The box of a level that a node lies in."""
        item: str | None = node
        while item is not None and self.homes[item] != frame:
            item = self.homes[item]
        return item

    def _add_notes(self, content: Arranged, size: Place, frame: str | None) -> Place:
        """Notes above what they stood above, else below; in lines as long as the content. The size of the whole."""
        own = [note for note in self.notes if self.homes[note] == frame]
        rects = {item: self._rect(item) for item in content.places}
        highest = min((rect[1] for rect in rects.values()), default=0.0)
        wide = max(size[0], max((self.notes[note][2] for note in own), default=0.0))
        above = [note for note in own if not rects or self.notes[note][1] + self.notes[note][3] / 2 < highest]
        below = [note for note in own if note not in above]
        top = self._line_up(content, above, wide, 0.0)
        if top and rects:
            for item, (x, y) in list(content.places.items()):
                if item not in above:
                    content.places[item] = x, y + top
            content.via.update({edge: tuple((x, y + top) for x, y in points) for edge, points in content.via.items()})
        bottom = self._line_up(content, below, wide, top + size[1] + GAP_Y if rects else top)
        return wide, max(bottom - GAP_Y if below or not rects else 0.0, top + size[1])

    def _rect(self, item: str) -> Rect:
        if item in self.frames:
            return self.frames[item]
        node = self.graph.nodes[item]
        return (node.x, node.y, *self.sizes.get(item, SIZE))

    def _line_up(self, content: Arranged, notes: Sequence[str], wide: float, top: float) -> float:
        """Put notes side by side in lines from a height on; the height below them."""
        x, high = 0.0, 0.0
        for note in sorted(notes, key=lambda note: (self.notes[note][1], self.notes[note][0])):
            width, height = self.notes[note][2:]
            if x and x + width > wide:
                x, top, high = 0.0, top + high + GAP_Y, 0.0
            content.places[note] = x, GRID * -(-top // GRID)
            x, high = x + width + AROUND[1], max(high, height)
        return GRID * -(-top // GRID) + high + GAP_Y if notes else top


def _sorted(boxes: Sequence[str], wires: Sequence[Wire]) -> list[str]:
    """Sources before targets, else in the given order."""
    entering = {box: 0 for box in boxes}
    for wire in wires:
        entering[wire.target] += 1
    waiting, done = list(boxes), list[str]()
    while waiting:
        ready = [box for box in waiting if not entering[box]]
        done += ready
        waiting = [box for box in waiting if entering[box]]
        for wire in wires:
            if wire.source in ready:
                entering[wire.target] -= 1
    return done
