"""The canvas for screen readers: one accessible widget whose virtual children are nodes, their ports, and wires.

Nothing is made until somebody asks. Qt's cache owns an interface as soon as it has given it a number, and Python would delete it with the
last reference: so each is kept here until the canvas goes, and handed back to Qt for deletion then.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import shiboken6
from PySide6.QtCore import QObject, QPoint, QRect, QRectF
from PySide6.QtGui import QAccessible, QAccessibleEvent, QAccessibleInterface
from PySide6.QtWidgets import QAccessibleWidget

from engine.compile.views import Absent, ArrayView, Gradient
from graph.model.elements import Edge
from graph.model.graph import Graph
from graph.model.group_view import members
from ui.canvas.model.geometry import PortSpot
from ui.canvas.model.tips import ASKED, WHY
from ui.canvas.view import Canvas
from ui.look.numerals import number, shape_text

Role = QAccessible.Role
PORT_REACH = 8.0
_roots: dict[int, CanvasInterface] = {}


class Item(QAccessibleInterface):
    """A virtual child: what it is called, says and where it lies is asked of the canvas at the moment of the question."""

    def __init__(self, root: CanvasInterface, identity: str) -> None:
        super().__init__()
        self.root, self.id = root, identity

    def name(self) -> str:
        raise NotImplementedError

    def value(self) -> str:
        return ""

    def description(self) -> str:
        return ""

    def place(self) -> QRectF:
        """In the scene."""
        raise NotImplementedError

    # Qt

    def isValid(self) -> bool:
        return self.root.alive

    def object(self) -> QObject | None:  # type: ignore[override]
        return None

    def window(self) -> Any:
        return self.root.window() if self.root.alive else None

    def parent(self) -> QAccessibleInterface | None:  # type: ignore[override]
        return self.root if self.root.alive else None

    def child(self, index: int) -> QAccessibleInterface | None:  # type: ignore[override]
        return None

    def childAt(self, x: int, y: int) -> QAccessibleInterface | None:  # type: ignore[override]
        return None

    def childCount(self) -> int:
        return 0

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        return -1

    def rect(self) -> QRect:
        return self.root.on_screen(self.place()) if self.isValid() else QRect()

    def text(self, kind: QAccessible.Text) -> str:
        if not self.isValid():
            return ""
        asked: dict[QAccessible.Text, Callable[[], str]] = {
            QAccessible.Text.Name: self.name, QAccessible.Text.Value: self.value, QAccessible.Text.Description: self.description,
        }  # fmt: skip
        return asked[kind]() if kind in asked else ""

    def setText(self, kind: QAccessible.Text, text: str) -> None:
        return None

    def state(self) -> QAccessible.State:
        made = QAccessible.State()
        if self.isValid():
            made.focusable = made.selectable = True
            made.selected = self.id in self.root.canvas.selection
            made.focused = made.selected and self.root.canvas.hasFocus() and self.root.focused() is self
            made.offscreen = not self.root.canvas.seen().intersects(self.place())
        else:
            made.invalid = True
        return made


class NodeItem(Item):
    """A card; its children are its ports, inputs first."""

    def isValid(self) -> bool:
        return self.root.alive and self.id in self.root.canvas.scene.row

    def role(self) -> QAccessible.Role:
        return Role.ListItem

    def name(self) -> str:
        graph = self.root.graph
        if self.id not in graph.nodes:
            group = graph.groups.get(self.id)
            return f"{group.name}, Group" if group is not None else self.id
        return f"{graph.nodes[self.id].name}, {graph.spec(self.id).title}"

    def value(self) -> str:
        graph, content = self.root.graph, self.root.canvas.content
        if self.id not in graph.nodes:
            count = len(members(graph, self.id)) if self.id in graph.groups else 0
            return f"{count} node{'s' * (count != 1)} inside"
        parts: list[str] = []
        outputs = graph.spec(self.id).outputs
        for port in outputs:
            shown = content.node_value(self.id, port.name)
            if self.id in content.hidden.values:
                parts.append(f"value {ASKED}")
            elif shown is not None:
                parts.append((f"{port.name} " if len(outputs) > 1 else "") + said(shown))
            gradient = content.node_gradient(self.id, port.name)
            if self.id in content.hidden.gradients:
                parts.append(f"gradient {ASKED}")
            elif isinstance(gradient, ArrayView):
                parts.append(f"gradient {said(gradient)}")
        typed = content.typed(self.id)
        if not parts and typed is not None:
            parts.append(number(typed))
        return ", ".join(parts)

    def description(self) -> str:
        graph, content = self.root.graph, self.root.canvas.content
        if self.id not in graph.nodes:
            return ""
        parts = []
        problem = content.problem(self.id)
        if problem is not None:
            parts.append(f"{problem.severity}: {problem.text}")
        objective = content.objective()
        if objective is not None and objective[0] == self.id:
            parts.append("the objective")
        into, out = len(graph.inputs_of(self.id)), len(graph.outputs_of(self.id))
        parts.append(f"{into} wire{'s' * (into != 1)} in, {out} out")
        return ". ".join(parts)

    def place(self) -> QRectF:
        return self.root.canvas.scene.rect(self.id)

    def spots(self) -> list[PortSpot]:
        card = self.root.canvas.scene.cards[self.id]
        return [spot for spot in (*card.inputs, *card.outputs) if not spot.free]

    def childCount(self) -> int:
        return len(self.spots()) if self.isValid() else 0

    def child(self, index: int) -> QAccessibleInterface | None:  # type: ignore[override]
        spots = self.spots() if self.isValid() else []
        return self.root.port(self, spots[index]) if 0 <= index < len(spots) else None

    def childAt(self, x: int, y: int) -> QAccessibleInterface | None:  # type: ignore[override]
        hit = self.root.canvas.scene.port_at(self.root.in_scene(x, y), PORT_REACH)
        return self.root.port(self, hit.spot) if hit is not None and hit.node == self.id else None

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        keys = [(spot.port, spot.slot, spot.output) for spot in self.spots()] if self.isValid() else []
        return keys.index(child.key) if isinstance(child, PortItem) and child.key in keys else -1


class PortItem(Item):
    """An input or output of a card; its value is what comes along the wire, or leaves."""

    def __init__(self, root: CanvasInterface, node: NodeItem, key: tuple[str, int, bool]) -> None:
        super().__init__(root, node.id)
        self.node, self.key = node, key

    def isValid(self) -> bool:
        return self.node.isValid() and self.spot() is not None

    def spot(self) -> PortSpot | None:
        return next((s for s in self.node.spots() if (s.port, s.slot, s.output) == self.key), None)

    def parent(self) -> QAccessibleInterface | None:  # type: ignore[override]
        return self.node if self.root.alive else None

    def role(self) -> QAccessible.Role:
        return Role.StaticText

    def name(self) -> str:
        port, slot, output = self.key
        return f"{'output' if output else 'input'} {port}" + (f" {slot + 1}" if slot else "")

    def value(self) -> str:
        graph, content = self.root.graph, self.root.canvas.content
        port, slot, output = self.key
        node, level = self.id, self.root.canvas.scene.level
        if level is not None:  # a port of a group's card stands for one of a node inside
            node, port, slot = level.real(node, port, output, slot)
        if node not in graph.nodes:
            return ""
        if output:
            shown = content.node_value(node, port)
            return ASKED if node in content.hidden.values else said(shown) if shown is not None else ""
        edge = graph.edge_into(node, port, slot)
        if edge is None:
            return "not connected"
        return f"from {graph.nodes[edge.source[0]].name}: {wire_numbers(self.root.canvas, edge)}"

    def place(self) -> QRectF:
        spot = self.spot()
        assert spot is not None
        x, y = self.root.canvas.scene.place(self.id)
        return QRectF(x + spot.x - PORT_REACH, y + spot.y - PORT_REACH, 2 * PORT_REACH, 2 * PORT_REACH)

    def state(self) -> QAccessible.State:
        made = QAccessible.State()
        made.invalid = not self.isValid()
        return made


class WireItem(Item):
    """A wire, with the value and the gradient that are along it."""

    def isValid(self) -> bool:
        return self.root.alive and self.id in self.root.canvas.scene.edge_row and self.id in self.root.graph.edges

    def role(self) -> QAccessible.Role:
        return Role.Graphic

    def name(self) -> str:
        graph = self.root.graph
        edge = graph.edges[self.id]
        return f"wire from {graph.nodes[edge.source[0]].name} to {graph.nodes[edge.target[0]].name}, input {edge.target[1]}"

    def value(self) -> str:
        return wire_numbers(self.root.canvas, self.root.graph.edges[self.id])

    def place(self) -> QRectF:
        return self.root.canvas.scene.wire_rect(self.id, 4)


class CanvasInterface(QAccessibleWidget):
    """The canvas itself: nodes first, then wires, each in the document's order."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas, Role.Canvas, "Graph")
        self.canvas = canvas
        self._items: dict[tuple[str, ...], Item] = {}
        canvas.selection_changed.connect(self._selection_changed)

    @property
    def alive(self) -> bool:
        return shiboken6.isValid(self.canvas)

    @property
    def graph(self) -> Graph:
        return self.canvas.document.graph

    def node(self, identity: str) -> NodeItem:
        found = self._items.get(("node", identity))
        if found is None:
            found = self._items[("node", identity)] = NodeItem(self, identity)
        assert isinstance(found, NodeItem)
        return found

    def wire(self, identity: str) -> WireItem:
        found = self._items.get(("wire", identity))
        if found is None:
            found = self._items[("wire", identity)] = WireItem(self, identity)
        assert isinstance(found, WireItem)
        return found

    def port(self, node: NodeItem, spot: PortSpot) -> PortItem:
        key = (spot.port, spot.slot, spot.output)
        place = ("port", node.id, spot.port, str(spot.slot), str(spot.output))
        found = self._items.get(place)
        if found is None:
            found = self._items[place] = PortItem(self, node, key)
        assert isinstance(found, PortItem)
        return found

    def focused(self) -> Item | None:
        """The child a person is at: the selected node, else the selected wire."""
        canvas = self.canvas
        nodes = [n for n in canvas.selected_nodes() if n in canvas.scene.row]
        if nodes := nodes or sorted(n for n in canvas.selection if n in canvas.scene.row):
            return self.node(nodes[-1])
        edges = [e for e in canvas.selected_edges() if e in canvas.scene.edge_row]
        return self.wire(edges[-1]) if edges else None

    def on_screen(self, area: QRectF) -> QRect:
        seen = self.canvas.camera.rect_to_view(area).toAlignedRect()
        return QRect(self.canvas.mapToGlobal(seen.topLeft()), seen.size())

    def in_scene(self, x: int, y: int) -> Any:
        return self.canvas.camera.to_scene(self.canvas.mapFromGlobal(QPoint(x, y)).toPointF())

    def release(self) -> None:
        """Give every child back to Qt, which deletes it."""
        for item in self._items.values():
            if shiboken6.isValid(item):
                QAccessible.deleteAccessibleInterface(QAccessible.uniqueId(item))
        self._items = {}

    def _selection_changed(self) -> None:
        if not QAccessible.isActive() or not self.canvas.hasFocus():
            return
        item = self.focused()
        if item is not None:
            event = QAccessibleEvent(self.canvas, QAccessible.Event.Focus)
            event.setChild(self.indexOfChild(item))
            QAccessible.updateAccessibility(event)

    # Qt

    def childCount(self) -> int:
        return len(self.canvas.scene.ids) + len(self.canvas.scene.edges) if self.alive else 0

    def child(self, index: int) -> QAccessibleInterface | None:  # type: ignore[override]
        if not self.alive or index < 0:
            return None
        nodes, edges = self.canvas.scene.ids, self.canvas.scene.edges
        if index < len(nodes):
            return self.node(nodes[index])
        index -= len(nodes)
        return self.wire(edges[index]) if index < len(edges) else None

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        scene = self.canvas.scene
        if isinstance(child, NodeItem):
            return scene.row.get(child.id, -1)
        if isinstance(child, WireItem) and child.id in scene.edge_row:
            return len(scene.ids) + scene.edge_row[child.id]
        return -1

    def childAt(self, x: int, y: int) -> QAccessibleInterface | None:  # type: ignore[override]
        scene, at = self.canvas.scene, self.in_scene(x, y)
        node = scene.node_at(at)
        if node is not None:
            return self.node(node)
        edge = scene.wire_at(at)
        return self.wire(edge) if edge is not None else None

    def focusChild(self) -> QAccessibleInterface | None:  # type: ignore[override]
        return self.focused() if self.alive and self.canvas.hasFocus() else None

    def text(self, kind: QAccessible.Text) -> str:
        if kind == QAccessible.Text.Value and self.alive:
            nodes, edges = len(self.canvas.scene.ids), len(self.canvas.scene.edges)
            return f"{nodes} node{'s' * (nodes != 1)}, {edges} wire{'s' * (edges != 1)}"
        return super().text(kind)


def said(view: ArrayView) -> str:
    """A tensor in a few words."""
    if view.scalar is not None:
        return number(view.scalar)
    return f"{shape_text(view.shape)} tensor, mean {number(view.mean)}, norm {number(view.norm)}"


def wire_numbers(canvas: Canvas, edge: Edge) -> str:
    """What a wire shows: its value and its gradient, or why there is none."""
    value, gradient, hidden = canvas.content.wire_value(edge), canvas.content.wire_gradient(edge), canvas.content.hidden
    first = ASKED if edge.id in hidden.values else said(value) if value is not None else WHY["not computed"]
    return f"value {first}, gradient {ASKED if edge.id in hidden.gradients else _gradient(gradient)}"


def _gradient(gradient: Gradient) -> str:
    return WHY[gradient.reason] if isinstance(gradient, Absent) else said(gradient)


def install() -> None:
    """Let Qt ask here for the accessible side of every canvas. Later calls do nothing."""
    if not _installed:
        _installed.append(True)
        QAccessible.installFactory(_make)


_installed: list[bool] = []


def _make(key: str, thing: QObject) -> QAccessibleInterface | None:
    if not isinstance(thing, Canvas):
        return None
    identity = id(thing)
    root = _roots[identity] = CanvasInterface(thing)
    thing.destroyed.connect(lambda _=None, identity=identity: _let_go(identity))
    return root


def _let_go(identity: int) -> None:
    root = _roots.pop(identity, None)
    if root is not None:
        with contextlib.suppress(RuntimeError):
            root.release()
