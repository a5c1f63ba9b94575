"""What lies where: cards, ports and wires of one graph in arrays, with the queries that painting and gestures need.

The graph is never changed here. `lifted` holds the places of nodes that a drag carries around before the document knows.
Ten thousand cards are searched in microseconds by numpy, so there is no tree to keep up to date, and no item per node.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF

from graph.graph import Graph
from ui.canvas import geometry, wires
from ui.canvas.geometry import Card, PortSpot


@dataclass(frozen=True, slots=True)
class PortHit:
    node: str
    spot: PortSpot


class Scene:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.version = 0
        """Counts changes of geometry: who caches places compares it."""
        self.lifted: dict[str, tuple[float, float]] = {}
        self.hidden_edges: set[str] = set()
        self.shaped: dict[str, QRectF] = {}
        """Frames and notes whose size is in the hand."""
        self.bends: dict[str, tuple[wires.Point, ...]] = {}
        """Points of wires that are in the hand, in place of the document's."""
        self.roles: dict[str, str] = {}
        """What wires are for, found out when they are first painted; it never changes."""
        self.bent: set[str] = set()
        """Wires that are led through points."""
        self.ids: list[str] = []
        self.row: dict[str, int] = {}
        self.cards: dict[str, Card] = {}
        self.rects = np.zeros((0, 4))
        self.edges: list[str] = []
        self.edge_row: dict[str, int] = {}
        self.pieces: dict[str, list[wires.Cubic]] = {}
        self.points = np.zeros((0, wires.SAMPLES, 2))
        self.spans = np.zeros((0, 4))
        self._wired: dict[str, tuple[object, ...]] = {}
        self.rebuild()

    # building

    def rebuild(self, touched: Iterable[str] | None = None) -> None:
        """Everything anew after a change of structure; cards outside `touched` whose wires are the same keep their measure."""
        graph = self.graph
        old_cards = self.cards if touched is not None else {}
        old_wired = self._wired if touched is not None else {}
        old_points = {e: (self.pieces[e], self.points[i]) for e, i in self.edge_row.items()} if touched is not None else {}
        self._wired = {n: (*(e.id for e in graph.inputs_of(n)), len(graph.outputs_of(n)) > 1) for n in graph.nodes}
        self.ids = list(graph.nodes)
        self.row = {node_id: i for i, node_id in enumerate(self.ids)}
        again = set(touched or ()) | {n for n in self.ids if old_wired.get(n) != self._wired[n]}
        self.cards = {n: geometry.build(graph, n) if n in again or n not in old_cards else old_cards[n] for n in self.ids}
        self.rects = np.zeros((len(self.ids), 4))
        for node_id in self.ids:
            self._place(node_id)
        self.edges = list(graph.edges)
        self.edge_row = {edge_id: i for i, edge_id in enumerate(self.edges)}
        self.pieces = {}
        self.points = np.zeros((len(self.edges), wires.SAMPLES, 2))
        for row, (edge_id, edge) in enumerate(graph.edges.items()):
            if edge_id in old_points and edge.source[0] not in again and edge.target[0] not in again:
                self.pieces[edge_id], self.points[row] = old_points[edge_id]
            else:
                self._route(edge_id)
        self.spans = self._spans(self.points)
        self.hidden_edges &= self.edge_row.keys()
        self.bent &= self.edge_row.keys()
        self.version += 1

    def refresh(self, node_ids: Iterable[str]) -> QRectF:
        """Measure these nodes again; the rectangle they and their wires covered and cover, null when nothing looks different."""
        fresh = {n: geometry.build(self.graph, n) for n in node_ids if n in self.row}
        different = [n for n, card in fresh.items() if card != self.cards[n]]
        if not different:
            return QRectF()
        touched = self.neighbourhood(different)
        self.cards |= fresh
        self.move_rows(different)
        return touched.united(self.neighbourhood(different))

    def moved(self, node_ids: Iterable[str]) -> QRectF:
        """Take up new places from the document; the rectangle to paint again."""
        known = [n for n in node_ids if n in self.row]
        touched = self.neighbourhood(known)
        self.move_rows(known)
        return touched.united(self.neighbourhood(known))

    def move_rows(self, node_ids: Iterable[str]) -> None:
        """Take up the places of these nodes, from the document or from the hand that carries them."""
        moved = [n for n in node_ids if n in self.row]
        attached: set[str] = set()
        for node_id in moved:
            self._place(node_id)
            attached.update(self.attached(node_id))
        for edge_id in attached:
            self._route(edge_id)
        rows = [self.edge_row[e] for e in attached]
        if rows:
            self.spans[rows] = self._spans(self.points[rows])
        self.version += 1

    def reroute(self, edge_id: str) -> None:
        self._route(edge_id)
        row = self.edge_row[edge_id]
        self.spans[row] = self._spans(self.points[row : row + 1])[0]
        self.version += 1

    def _place(self, node_id: str) -> None:
        card = self.cards[node_id]
        x, y = self.place(node_id)
        self.rects[self.row[node_id]] = (x, y, card.width, card.height)

    def _route(self, edge_id: str) -> None:
        edge = self.graph.edges[edge_id]
        start = self.anchor(edge.source[0], edge.source[1], True)
        end = self.anchor(edge.target[0], edge.target[1], False, edge.slot)
        via = self.bends.get(edge_id, edge.via)
        (self.bent.add if via else self.bent.discard)(edge_id)
        self.pieces[edge_id] = wires.cubics(start, end, via)
        self.points[self.edge_row[edge_id]] = wires.samples(self.pieces[edge_id])

    @staticmethod
    def _spans(points: np.ndarray) -> np.ndarray:
        return np.concatenate([points.min(axis=1), points.max(axis=1)], axis=1) if len(points) else np.zeros((0, 4))

    # places

    def place(self, node_id: str) -> tuple[float, float]:
        node = self.graph.nodes[node_id]
        return self.lifted.get(node_id, (node.x, node.y))

    def rect(self, node_id: str) -> QRectF:
        return QRectF(*self.rects[self.row[node_id]].tolist())

    def item_rect(self, identity: str) -> QRectF:
        """Where a frame or note is now, in the hand or as the document says; null when there is none."""
        if identity in self.shaped:
            return QRectF(self.shaped[identity])
        item = self.graph.frames.get(identity) or self.graph.notes.get(identity)
        if item is None:
            return QRectF()
        return QRectF(*self.lifted.get(identity, (item.x, item.y)), item.width, item.height)

    def anchor(self, node_id: str, port: str, output: bool, slot: int = 0) -> wires.Point:
        card = self.cards[node_id]
        x, y = self.place(node_id)
        spot = card.spot(port, output, slot)
        if spot is None:
            return (x + (card.width if output else 0.0), y + card.height / 2)
        return (x + spot.x, y + spot.y)

    def attached(self, node_id: str) -> list[str]:
        if node_id not in self.graph.nodes:
            return []
        edges = (*self.graph.inputs_of(node_id), *self.graph.outputs_of(node_id))
        return [edge.id for edge in edges if edge.id in self.edge_row]

    def wire_points(self, edge_id: str) -> np.ndarray:
        return np.asarray(self.points[self.edge_row[edge_id]])

    def neighbourhood(self, node_ids: Iterable[str], margin: float = 40.0) -> QRectF:
        """The rectangle of these cards and all their wires, with room for shadows and labels."""
        found = QRectF()
        for node_id in node_ids:
            if node_id not in self.row:
                found = found.united(self.item_rect(node_id))
                continue
            found = found.united(self.rect(node_id).adjusted(0, 0, geometry.STUB, 0))
            for edge_id in self.attached(node_id):
                left, top, right, bottom = self.spans[self.edge_row[edge_id]]
                found = found.united(QRectF(left, top, max(right - left, 1.0), max(bottom - top, 1.0)))
        return found.adjusted(-margin, -margin, margin, margin) if not found.isNull() else found

    def wire_rect(self, edge_id: str, margin: float = 8.0) -> QRectF:
        left, top, right, bottom = self.spans[self.edge_row[edge_id]]
        return QRectF(left - margin, top - margin, right - left + 2 * margin, bottom - top + 2 * margin)

    def bounds(self, node_ids: Iterable[str] | None = None) -> QRectF:
        """The rectangle around these cards (all of them without argument); null when there are none."""
        rows = [self.row[n] for n in node_ids if n in self.row] if node_ids is not None else list(range(len(self.ids)))
        if not rows:
            return QRectF()
        chosen = self.rects[rows]
        left, top = chosen[:, :2].min(axis=0)
        right, bottom = (chosen[:, :2] + chosen[:, 2:]).max(axis=0)
        if node_ids is None and self.edges:
            left, top = np.minimum((left, top), self.spans[:, :2].min(axis=0))
            right, bottom = np.maximum((right, bottom), self.spans[:, 2:].max(axis=0))
        return QRectF(left, top, right - left, bottom - top)

    # queries

    def nodes_in(self, rect: QRectF) -> list[str]:
        """Cards that touch the rectangle, bottom to top."""
        x, y, w, h = self.rects.T if len(self.ids) else np.zeros((4, 0))
        hit = (x <= rect.right()) & (x + w >= rect.left()) & (y <= rect.bottom()) & (y + h >= rect.top())
        return [self.ids[i] for i in np.flatnonzero(hit)]

    def edges_in(self, rect: QRectF) -> list[str]:
        """Wires whose extent touches the rectangle."""
        if not self.edges:
            return []
        left, top, right, bottom = self.spans.T
        hit = (left <= rect.right()) & (right >= rect.left()) & (top <= rect.bottom()) & (bottom >= rect.top())
        return [self.edges[i] for i in np.flatnonzero(hit)]

    def node_at(self, at: QPointF) -> str | None:
        found = self.nodes_in(QRectF(at.x(), at.y(), 0.0, 0.0))
        return found[-1] if found else None

    def port_at(self, at: QPointF, reach: float = 11.0) -> PortHit | None:
        """The nearest port within `reach`; of overlapping cards, the upper one's."""
        best, nearest = None, reach
        for node_id in self.nodes_in(QRectF(at.x() - reach, at.y() - reach, 2 * reach, 2 * reach)):
            x, y = self.place(node_id)
            for spot in (*self.cards[node_id].inputs, *self.cards[node_id].outputs):
                away = float(np.hypot(at.x() - x - spot.x, at.y() - y - spot.y))
                if away <= nearest:
                    best, nearest = PortHit(node_id, spot), away
        return best

    def wire_at(self, at: QPointF, reach: float = 7.0) -> str | None:
        """The wire nearest to a place, within `reach`."""
        near = self.edges_in(QRectF(at.x() - reach, at.y() - reach, 2 * reach, 2 * reach))
        if not near:
            return None
        away = wires.distances(self.points[[self.edge_row[e] for e in near]], (at.x(), at.y()))
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
        pieces = self.pieces[edge_id]
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
        """Let go: every node stands where the document says."""
        carried = list(self.lifted)
        self.lifted, self.bends, self.shaped = {}, {}, {}
        self.move_rows(carried)
