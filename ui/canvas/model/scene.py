"""What lies where: cards, ports and wires of one graph in arrays, with the queries that painting and gestures need.

The graph is never changed here. `lifted` holds the places of nodes that a drag carries around before the document knows.
Ten thousand cards are searched in microseconds by numpy, so there is no tree to keep up to date, and no item per node.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from itertools import chain
from typing import get_args

import numpy as np
from PySide6.QtCore import QPointF, QRectF

from graph.model.elements import End
from graph.model.garbage import uncollected
from graph.model.graph import Graph
from graph.model.spec import Category
from ui.canvas.model import card_body, geometry, wires
from ui.canvas.model.card_body import NumberPlace
from ui.canvas.model.cards import Cards
from ui.canvas.model.geometry import PortSpot
from ui.canvas.model.legibility import LEAST
from ui.canvas.model.levels import CanvasLevel, level, tag_rect
from ui.canvas.model.routes import Routes
from ui.canvas.model.rows import Rows, columns, longer

KINDS = get_args(Category)
KIND = {category: place for place, category in enumerate(KINDS)}
MANY = 64
"""From this many nodes on, arrays are quicker than one after the other."""
OBJECTIVE_ROOM = geometry.STUB + 64
"""Kept right of the last card."""


def _room(count: int) -> int:
    """Rows for so many, with some more in a large graph, so that those that are added find one."""
    return count + count // 1024 * 64


def _area(left: np.ndarray, top: np.ndarray, right: np.ndarray, bottom: np.ndarray) -> QRectF:
    """Around everything that is a number."""
    x, y = float(np.fmin.reduce(left)), float(np.fmin.reduce(top))
    return QRectF(x, y, float(np.fmax.reduce(right)) - x, float(np.fmax.reduce(bottom)) - y)


@dataclass(frozen=True, slots=True)
class PortHit:
    node: str
    spot: PortSpot


class CanvasScene:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.least = LEAST
        """The size in pixels that text must have to be read: names, values and labels are enlarged to it."""
        self.version = 0
        """Counts changes of geometry: who caches places compares it."""
        self.inside: str | None = None
        """The group whose content is shown; None: what lies in no group."""
        self.shapes = card_body.UNKNOWN
        """What the engine knows of the shapes; cards have room for tensors that are written out."""
        self.level: CanvasLevel | None = None
        """How the groups on show look; None in a graph without any."""
        self.lifted: dict[str, tuple[float, float]] = {}
        self.hidden_edges: set[str] = set()
        self.shaped: dict[str, QRectF] = {}
        """Frames and notes that are being resized."""
        self.bends: dict[str, tuple[wires.Point, ...]] = {}
        """Bends of wires that are being dragged, in place of the document's."""
        self.roles: dict[str, str] = {}
        """What wires are for, found out when they are first painted; it never changes."""
        self.bent: dict[str, np.ndarray] = {}
        """Wires that are led through points, and their way point by point, in finer steps than `wire_points` has."""
        self._led: set[str] = set()
        """Wires that the document leads through points."""
        self.node_rows = Rows()
        """The rows of cards, bottom to top."""
        self.wire_rows = Rows()
        self.cards = Cards(graph, self.shapes)
        self.rects = columns(0, 4)
        """Left, top, width and height of every card; NaN in a row without one."""
        self.kinds = np.zeros(0, np.intp)
        """The category of every card, as a place in `KINDS`; −1 in a row without one."""
        self.routes = Routes()
        self._wired: dict[str, tuple[object, ...]] = {}
        self._attached: dict[str, list[str]] = {}
        """Of cards whose wires were asked for: a drag asks in every frame."""
        self._known_bounds: dict[bool, tuple[int, QRectF]] = {}
        """By whether wires count: around everything, and at which version."""
        self.rebuild()

    # building

    def rebuild(self, touched: Iterable[str] | None = None) -> None:
        with uncollected():
            self._rebuild(touched)

    def _rebuild(self, touched: Iterable[str] | None) -> None:
        """Rebuild everything after a change of structure; cards outside `touched` whose wires are the same keep their measure."""
        graph = self.graph
        if self.inside not in graph.groups:
            self.inside = None  # the group is gone, and the view leaves it next
        self._attached.clear()
        old_cards = self.cards if touched is not None else Cards(graph, self.shapes)
        old_wired = self._wired if touched is not None else {}
        seen = self.level = level(graph, self.inside)
        shown = graph.nodes if seen is None else [n for n in seen.ids if n not in seen.cards]
        self._wired = {n: self._wires_at(n) for n in shown}
        self.node_rows = Rows(graph.nodes if seen is None else seen.ids)
        again = set(touched or ()) | {n for n in shown if old_wired.get(n) != self._wired[n]}
        self.cards = Cards(graph, self.shapes)
        self.cards.keep(old_cards, [n for n in shown if n in old_cards and n not in again])
        self.cards.measure([n for n in shown if n not in self.cards])
        for group, card in seen.cards.items() if seen is not None else ():
            self.cards.put(group, card)
        self.rects, self.kinds = columns(_room(len(self.ids)), 4), np.full(_room(len(self.ids)), -1, np.intp)
        self._categorize(self.ids)
        self._place(self.ids)
        self.wire_rows = Rows(graph.edges if seen is None else seen.wires)
        self._place_tags()
        self.routes = Routes(_room(len(self.edges)))
        self._hook(self.edges)
        self._route(self.edges)
        self.hidden_edges &= self.edge_row.keys()
        self.bent = {edge_id: way for edge_id, way in self.bent.items() if edge_id in self.edge_row}
        self._led &= self.edge_row.keys()
        self.version += 1

    def restructure(self, nodes: Collection[str], edges: Collection[str], touched: Collection[str]) -> QRectF | None:
        """Take up these nodes and wires, which were added or removed, and cards that look different; nobody else's card is looked at.

        The rectangle to paint again; None where everything has to be rebuilt.
        """
        graph = self.graph
        if self.level is not None or graph.groups:
            return None
        gone = [n for n in nodes if n in self.row]  # what is here of what was added or removed was removed, even if it came back
        cut = [e for e in edges if e in self.edge_row]
        held = {end for e in cut for end in self._ends_known(e)}
        self._attached.clear()
        area = self.neighbourhood(gone)
        for edge in cut:
            area = area.united(self.wire_rect(edge, 40))
        if not self._renumber(gone, cut, nodes, edges):
            return None
        self._attached.clear()
        ends = {end for e in edges if e in graph.edges for end in (graph.edges[e].source[0], graph.edges[e].target[0])}
        again = []
        for node in dict.fromkeys([*nodes, *touched, *ends, *held]):
            if node in self.row:
                wired = self._wires_at(node)
                if node in touched or node in nodes or wired != self._wired.get(node):
                    self.cards.measure([node])
                    self._wired[node] = wired
                    again.append(node)
        self._categorize(again)
        self._place(again)
        around = list(dict.fromkeys([*(e for e in edges if e in self.edge_row), *self._around(again)]))
        self._hook(around)
        self._route(around)
        self.version += 1
        for edge in edges:
            area = area.united(self.wire_rect(edge, 40)) if edge in self.edge_row else area
        return area.united(self.neighbourhood(again))

    def _wires_at(self, node_id: str) -> tuple[object, ...]:
        """What a card's measure depends on besides its node."""
        return *self.graph.wired(node_id).items(), self.graph.fan_out(node_id) > 1

    def _ends_known(self, edge_id: str) -> list[str]:
        """The cards at a wire that the document does not have any more."""
        slots = self.node_rows.slots
        return [slots[row] for row in self.routes.held[self.edge_row[edge_id]].tolist() if row >= 0 and slots[row]]

    def _renumber(self, gone: Iterable[str], cut: Iterable[str], nodes: Iterable[str], edges: Iterable[str]) -> bool:
        """Empty the rows of what is gone, and find rows for what has come; whether all have one."""
        graph = self.graph
        for node in gone:
            row = self.node_rows.remove(node)
            self.rects[row], self.kinds[row] = np.nan, -1
            self.cards.drop(node)
            del self._wired[node]
        for edge in cut:
            self.routes.remove(self.wire_rows.remove(edge))
            self.hidden_edges.discard(edge)
            self._led.discard(edge)
            self.bent.pop(edge, None)
        for rows, table, ids in ((self.node_rows, graph._nodes, nodes), (self.wire_rows, graph._edges, edges)):
            fresh = sorted((i for i in ids if i in table and i not in rows.row), key=table.place, reverse=True)
            if any(rows.add(identity, table.after) is None for identity in fresh):
                return False
        self._grow()
        return True

    def _grow(self) -> None:
        """Room for the rows there are, and some more."""
        if len(self.node_rows.slots) > len(self.kinds):
            room = len(self.node_rows.slots) + max(64, len(self.node_rows.slots) // 16)
            self.rects, self.kinds = longer(self.rects, columns(room, 4)), longer(self.kinds, np.full(room, -1, np.intp))
        if len(self.wire_rows.slots) > len(self.routes.cubics):
            self.routes.grow(len(self.wire_rows.slots) + max(64, len(self.wire_rows.slots) // 16))

    # ids and rows

    @property
    def ids(self) -> list[str]:
        """All cards, bottom to top."""
        return self.node_rows.ids

    @property
    def row(self) -> dict[str, int]:
        return self.node_rows.row

    @property
    def edges(self) -> list[str]:
        """All wires, in the order of the document."""
        return self.wire_rows.ids

    @property
    def edge_row(self) -> dict[str, int]:
        return self.wire_rows.row

    def placed(self) -> np.ndarray:
        """The rectangles of all cards, in the order of `ids`."""
        return np.asarray(self.rects[self.kinds >= 0])

    def _categorize(self, node_ids: Sequence[str]) -> None:
        if node_ids:
            outlines = self.cards.outlines
            self.kinds[[self.row[n] for n in node_ids]] = [KIND[outlines[n].category] for n in node_ids]

    def refresh(self, node_ids: Iterable[str]) -> QRectF:
        """Measure these nodes again; the rectangle they and their wires covered and cover, null when nothing looks different."""
        row = self.row
        different = self.cards.measure([n for n in node_ids if n in row])
        if not different:
            return QRectF()
        touched, around = self.neighbourhood(different), self._around(different)
        self._categorize(different)
        self._place(different)
        self._hook(around)
        self._route(around)
        self.version += 1
        return touched.united(self.neighbourhood(different))

    def reshape(self, shapes: card_body.Shapes) -> QRectF:
        """Take up shapes that the engine has inferred; the rectangle to paint again, null when no card has changed."""
        before, self.shapes = self.shapes, self.shapes.with_newer(shapes)
        self.cards.shapes = self.shapes
        if self.shapes is before:
            return QRectF()
        return self.refresh([n for n in self.shapes.differing(before) if n in self.cards and n in self.graph.nodes])

    def moved(self, node_ids: Set[str]) -> QRectF:
        """Take up new places from the document; the rectangle to paint again."""
        shown = self.row.keys() & node_ids
        known = self.ids if len(shown) == len(self.row) else list(shown)
        touched = self.neighbourhood(known)
        self.move_rows(known)
        return touched.united(self.neighbourhood(known))

    def move_rows(self, node_ids: Iterable[str]) -> None:
        """Update the places of these nodes, from the document or from the gesture that carries them."""
        row = self.row
        moved = node_ids if node_ids is self.ids else [n for n in node_ids if n in row]
        self._put(moved)
        self._route(self._around(moved))
        self.version += 1

    def reroute(self, edge_id: str) -> None:
        """Take up the points that the document leads a wire through."""
        self._note_led([edge_id])
        self._route([edge_id])
        self.version += 1

    def _place(self, node_ids: Sequence[str]) -> None:
        """Where these cards are, and how large."""
        if node_ids:
            self._put(node_ids)
            outlines = self.cards.outlines
            sizes = [(outline.width, outline.height) for outline in map(outlines.__getitem__, node_ids)]
            self.rects[self.rows_of(node_ids), 2:] = sizes

    def _put(self, node_ids: Sequence[str]) -> None:
        """Write down where these cards are: ten thousand at once when a move of all of them is undone."""
        if not node_ids:
            return
        rows, count = self.rows_of(node_ids), len(node_ids)
        if self.lifted or self.level is not None:
            self.rects[rows, :2] = [self.place(n) for n in node_ids]
            return
        nodes = self.graph.nodes_of(node_ids)
        self.rects[rows, 0] = np.fromiter([node.x for node in nodes], np.float64, count)
        self.rects[rows, 1] = np.fromiter([node.y for node in nodes], np.float64, count)

    def rows_of(self, node_ids: Sequence[str]) -> np.ndarray:
        """The rows of these cards."""
        return self.node_rows.of(node_ids)

    def _around(self, node_ids: Sequence[str]) -> list[str]:
        """The wires at these nodes, each once."""
        if len(node_ids) == len(self.row):
            return self.edges
        return list(dict.fromkeys(edge for node in node_ids for edge in self.attached(node)))

    def _route(self, edge_ids: Sequence[str]) -> None:
        """Lead these wires: the straight-forward ones at once, those through points one by one."""
        if not edge_ids:
            return
        self.routes.run(self.wire_rows.of(edge_ids), self.rects)
        if not (self._led or self.bends or self.bent):
            return
        some = self.edge_row.keys() if edge_ids is self.edges else set(edge_ids)
        for edge_id in self.bent.keys() & some:
            del self.bent[edge_id]
        for edge_id in (self._led | self.bends.keys()) & some:
            if self._via(edge_id):
                pieces = self.pieces(edge_id)
                self.bent[edge_id] = wires.dense(pieces)
                self.routes.lead(self.edge_row[edge_id], wires.samples(pieces))

    def _note_led(self, edge_ids: Sequence[str]) -> None:
        self._led.difference_update(edge_ids)
        self._led.update([edge.id for edge in self.graph.edges_of(edge_ids) if edge.via])

    def _hook(self, edge_ids: Sequence[str]) -> None:
        """Look up at which ports these wires hang."""
        if not edge_ids:
            return
        self._note_led(edge_ids)
        known, hook, count = self.cards.outlines, self._hook_at, len(edge_ids)
        drawn = self.graph.edges_of(edge_ids) if self.level is None else [self.level.wires[edge] for edge in edge_ids]
        starts = [known[n].hooks.get((port, True, 0)) or hook(n, port, True, 0) for n, port in [wire.source for wire in drawn]]
        takers = [(*wire.target, wire.slot) for wire in drawn]
        ends = [known[n].hooks.get((port, False, slot)) or hook(n, port, False, slot) for n, port, slot in takers]
        hooks, held, row = np.empty((count, 4)), np.empty((count, 2), np.intp), self.row.get
        for side, places in enumerate((starts, ends)):
            hooks[:, 2 * side : 2 * side + 2] = np.fromiter(chain.from_iterable(places), np.float64, 2 * count).reshape(count, 2)
        held[:, 0] = np.fromiter([row(wire.source[0], -1) for wire in drawn], np.intp, count)
        held[:, 1] = np.fromiter([row(wire.target[0], -1) for wire in drawn], np.intp, count)
        self.routes.hang(self.wire_rows.of(edge_ids), hooks, held)

    def _hook_at(self, node_id: str, port: str, output: bool, slot: int) -> tuple[float, float]:
        """Where a wire hangs, from a card's corner."""
        return self.cards.outlines[node_id].hook(port, output, slot) or self.cards[node_id].hook(port, output, slot)

    def _anchors(self, edge_id: str) -> tuple[float, float, float, float]:
        source, target, slot = self.ends(edge_id)
        return (*self.anchor(source[0], source[1], True), *self.anchor(target[0], target[1], False, slot))

    def _via(self, edge_id: str) -> tuple[wires.Point, ...]:
        """The points a wire is led through; seen from inside a group, those that come from outside run straight."""
        via = self.bends.get(edge_id) if edge_id in self.bends else self.graph.edges[edge_id].via
        if via and self.inside is not None:
            source, target, _ = self.ends(edge_id)
            return () if self.inside in (source[0], target[0]) else via
        return via or ()

    def pieces(self, edge_id: str) -> list[wires.Cubic]:
        """The wire as cubics."""
        via = self._via(edge_id)
        if not via:
            first, second, third, last = self.routes.cubics[self.edge_row[edge_id]].tolist()
            return [(first, second, third, last)]
        x1, y1, x2, y2 = self._anchors(edge_id)
        return wires.cubics((x1, y1), (x2, y2), via)

    # places

    def place(self, node_id: str) -> tuple[float, float]:
        if self.level is not None and node_id == self.inside:
            return (0.0, 0.0)
        item = self.graph.nodes.get(node_id) or self.graph.groups[node_id]
        return self.lifted.get(node_id, (item.x, item.y))

    def _place_tags(self) -> None:
        """Place the inputs and outputs of the group whose inside is on show beside its content."""
        if self.level is None or self.inside is None:
            return
        heights = {}
        for edge_id in self.edges:
            source, target, slot = self.ends(edge_id)
            if self.inside in (source[0], target[0]):
                end, giving = (target, False) if source[0] == self.inside else (source, True)
                heights[edge_id] = self.anchor(*end, giving, 0 if giving else slot)[1] if end[0] in self.cards else 0.0
        self.level.place_tags(self._cards_bounds(), heights)
        if self.level.tags is not None:
            self.cards.put(self.inside, self.level.tags)

    def place_at(self, node_id: str, at: QPointF) -> NumberPlace | None:
        """The tensor with a name of its own that stands there inside a card."""
        x, y = self.place(node_id)
        spots = [place for place in self.cards[node_id].places if place.sign]
        return next((spot for spot in spots if spot.area.adjusted(-16, -2, 4, 2).contains(at.x() - x, at.y() - y)), None)

    # ports of groups and the ports of nodes they represent

    def ends(self, edge_id: str) -> tuple[End, End, int]:
        """Where a wire starts and ends as it is drawn, and in which slot."""
        drawn = self.graph.edges[edge_id] if self.level is None else self.level.wires[edge_id]
        return drawn.source, drawn.target, drawn.slot

    def real(self, hit: PortHit) -> PortHit:
        """The port of a node that a port on the canvas stands for: its own, unless it is a group's."""
        if self.level is None:
            return hit
        node, port, slot = self.level.real(hit.node, hit.spot.port, hit.spot.output, hit.spot.slot)
        return hit if node == hit.node else PortHit(node, replace(hit.spot, port=port, slot=slot))

    def output_of(self, end: End | None) -> End | None:
        """Where an output of a node is seen; None where it is not."""
        return end if self.level is None or end is None else self.level.output_of(end)

    def item_of(self, node_id: str | None) -> str | None:
        """Where a node is seen: itself, the card of the group it is in, or nowhere."""
        return node_id if self.level is None or node_id is None else self.level.item_of(node_id)

    def rect(self, node_id: str) -> QRectF:
        return QRectF(*self.rects[self.row[node_id]].tolist())

    def item_rect(self, identity: str) -> QRectF:
        """Where a frame or note is now, dragged or as the document says; null when there is none."""
        if identity in self.shaped:
            return QRectF(self.shaped[identity])
        item = self.graph.frames.get(identity) or self.graph.notes.get(identity)
        if item is None:
            return QRectF()
        return QRectF(*self.lifted.get(identity, (item.x, item.y)), item.width, item.height)

    def anchor(self, node_id: str, port: str, output: bool, slot: int = 0) -> wires.Point:
        (x, y), (across, down) = self.place(node_id), self._hook_at(node_id, port, output, slot)
        return x + across, y + down

    def attached(self, node_id: str) -> list[str]:
        """The wires on show at a card."""
        known = self._attached.get(node_id)
        if known is None:
            known = self._attached[node_id] = self._attached_now(node_id)
        return known

    def _attached_now(self, node_id: str) -> list[str]:
        if node_id not in self.graph.nodes:
            return self.level.attached(node_id) if self.level is not None and node_id in self.level.cards else []
        edges = (*self.graph.inputs_of(node_id), *self.graph.outputs_of(node_id))
        return [edge.id for edge in edges if edge.id in self.edge_row]

    def wire_points(self, edge_id: str) -> np.ndarray:
        return np.asarray(self.points_of(np.array([self.edge_row[edge_id]]))[0])

    def points_of(self, rows: np.ndarray, every: int = 1) -> np.ndarray:
        """Points along the wires of these rows, shape (n, SAMPLES, 2), or every `every`-th of them."""
        return self.routes.points(rows, every)

    def neighbourhood(self, node_ids: Collection[str], margin: float = 40.0) -> QRectF:
        """The rectangle of these cards and all their wires, with room for shadows and labels."""
        area = QRectF()
        if len(node_ids) > MANY:
            row = self.row
            known = node_ids if node_ids is self.ids else [n for n in node_ids if n in row]
            area = self.bounds(known).adjusted(0, 0, geometry.STUB, 0)
            rows = self.wire_rows.of(self._around(known))
            if len(rows):
                area = area.united(_area(*(self.routes.spans[rows, side] for side in range(4))))
            node_ids = [] if known is self.ids else [n for n in node_ids if n not in row]
        for node_id in node_ids:
            if node_id not in self.row:
                area = area.united(self.item_rect(node_id))
                continue
            area = area.united(self.rect(node_id).adjusted(0, 0, geometry.STUB, 0))
            for edge_id in self.attached(node_id):
                left, top, right, bottom = self.routes.spans[self.edge_row[edge_id]]
                area = area.united(QRectF(left, top, max(right - left, 1.0), max(bottom - top, 1.0)))
        return area.adjusted(-margin, -margin, margin, margin) if not area.isNull() else area

    def wire_rect(self, edge_id: str, margin: float = 8.0) -> QRectF:
        left, top, right, bottom = self.routes.spans[self.edge_row[edge_id]]
        return QRectF(left - margin, top - margin, right - left + 2 * margin, bottom - top + 2 * margin)

    def bounds(self, node_ids: Iterable[str] | None = None) -> QRectF:
        """The rectangle around these cards; without argument around everything that is drawn. Null when there are none."""
        if node_ids is not None and node_ids is not self.ids:
            rows = [self.row[n] for n in node_ids if n in self.row]
            return _area(self.rects[rows, 0], self.rects[rows, 1], *(self.rects[rows, :2] + self.rects[rows, 2:]).T) if rows else QRectF()
        if not self.row:
            return QRectF()
        known = self._known_bounds.get(node_ids is None)
        if known is None or known[0] != self.version:
            known = self._known_bounds[node_ids is None] = self.version, self._bounds_of_all(node_ids is None)
        area = QRectF(known[1])
        tags = self.level.tags if node_ids is None and self.level is not None else None
        for spot in (*tags.inputs, *tags.outputs) if tags is not None else ():
            area = area.united(tag_rect(spot))
        return area

    def extent(self) -> QRectF:
        """What a view of everything shows: all that is drawn, frames and notes too, with room for numbers at the edges, and for an
        objective's before anyone knows which node it will be. Null where there is nothing."""
        area = self.bounds()
        for identity in (*self.graph.frames, *self.graph.notes):
            area = area.united(self.item_rect(identity).adjusted(-8, -8, 8, 8))
        cards = self.bounds(self.ids)
        if cards.isNull():
            return area
        return area.united(cards.adjusted(-8, -24, OBJECTIVE_ROOM, 24)).united(self.bounds().adjusted(-8, -24, 8, 24))

    def _bounds_of_all(self, wired: bool) -> QRectF:
        """Around all cards, and all wires where they count."""
        x, y, w, h = self.rects.T
        area = _area(x, y, x + w, y + h)
        return area.united(_area(*self.routes.spans.T)) if wired and self.edge_row else area

    def _cards_bounds(self) -> QRectF:
        x, y, w, h = self.rects.T
        return _area(x, y, x + w, y + h) if self.row else QRectF()

    # queries

    def nodes_in(self, rect: QRectF) -> list[str]:
        """Cards that touch the rectangle, bottom to top."""
        return self.node_rows.named(self.rows_in(rect))

    def rows_in(self, rect: QRectF) -> np.ndarray:
        """The rows of these cards."""
        x, y, w, h = self.rects.T
        return np.flatnonzero((x <= rect.right()) & (x + w >= rect.left()) & (y <= rect.bottom()) & (y + h >= rect.top()))

    def edges_in(self, rect: QRectF) -> list[str]:
        """Wires whose extent touches the rectangle."""
        return self.wire_rows.named(self.edge_rows_in(rect))

    def edge_rows_in(self, rect: QRectF) -> np.ndarray:
        """The rows of these wires."""
        return self.routes.within(rect)

    def edges_between(self, rows: np.ndarray) -> list[str]:
        """The wires both of whose cards are among these rows."""
        return self.wire_rows.named(self.routes.between(rows, len(self.kinds)))

    def node_at(self, at: QPointF) -> str | None:
        nodes = self.nodes_in(QRectF(at.x(), at.y(), 0.0, 0.0))
        return nodes[-1] if nodes else None

    def port_at(self, at: QPointF, reach: float = 11.0) -> PortHit | None:
        """The nearest port within `reach`; of overlapping cards, the upper one's."""
        best, nearest = None, reach
        near = self.nodes_in(QRectF(at.x() - reach, at.y() - reach, 2 * reach, 2 * reach))
        if self.level is not None and self.level.tags is not None and self.inside is not None:
            near.append(self.inside)
        for node_id in near:
            (x, y), card = self.place(node_id), self.cards[node_id]
            for spot in card.outputs if node_id == self.inside else (*card.inputs, *card.outputs):
                away = float(np.hypot(at.x() - x - spot.x, at.y() - y - spot.y))
                if away <= nearest:
                    best, nearest = PortHit(node_id, spot), away
        return best

    def wire_at(self, at: QPointF, reach: float = 7.0) -> str | None:
        """The wire nearest to a place, within `reach`."""
        near = self.edges_in(QRectF(at.x() - reach, at.y() - reach, 2 * reach, 2 * reach))
        if not near:
            return None
        away = wires.distances(self.points_of(self.wire_rows.of(near)), (at.x(), at.y()))
        closest = int(away.argmin())
        return near[closest] if away[closest] <= reach else None

    def bend_at(self, at: QPointF, reach: float) -> tuple[str, int] | None:
        """The nearest point that a wire is led through: its wire, and which of the points."""
        best, nearest = None, reach
        for edge_id in self.bent:
            for index, (x, y) in enumerate(self.graph.edges[edge_id].via):
                away = float(np.hypot(at.x() - x, at.y() - y))
                if away <= nearest:
                    best, nearest = (edge_id, index), away
        return best

    def piece_at(self, edge_id: str, at: QPointF) -> int:
        """Between which two points of a wire a place lies: 0 before its first point."""
        pieces = self.pieces(edge_id)
        away = [float(wires.distances(wires.samples([piece])[None], (at.x(), at.y()))[0]) for piece in pieces]
        return away.index(min(away))

    def lift(self, places: Mapping[str, tuple[float, float]], bends: Mapping[str, tuple[wires.Point, ...]] | None = None) -> QRectF:
        """Carry these nodes, frames and notes to places the document does not know yet; the rectangle to paint again."""
        touched = self.neighbourhood(places)
        self.lifted = dict(places)
        self.bends = dict(bends or {})
        self.move_rows(places)
        return touched.united(self.neighbourhood(places))

    def drop(self) -> None:
        """End a drag: every node is where the document says."""
        carried = list(self.lifted)
        self.lifted, self.bends, self.shaped = {}, {}, {}
        self.move_rows(carried)
