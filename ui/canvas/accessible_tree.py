"""The accessible tree of a canvas: nodes first, then wires, each in the document's order; a node's children are its ports.

An item asks the model at the moment of the question what it is called, says and where it lies. Nothing is made until somebody asks.
Qt's cache owns an interface as soon as it has given it a number, and Python would delete it with the last reference: so each is kept
here until the canvas goes, and handed back to Qt for deletion then.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import shiboken6
from PySide6.QtCore import QObject, QPointF, QRect, QRectF
from PySide6.QtGui import QAccessible, QAccessibleInterface

from ui.canvas.model import spoken
from ui.canvas.model.canvas_model import CanvasModel
from ui.canvas.model.geometry import PortSpot
from ui.canvas.model.spoken import PortKey

Role, Text = QAccessible.Role, QAccessible.Text
PORT_REACH = 8.0


class Item(QAccessibleInterface):
    """A virtual child."""

    def __init__(self, tree: Tree, identity: str) -> None:
        super().__init__()
        self.tree, self.id = tree, identity

    @property
    def model(self) -> CanvasModel:
        return self.tree.model

    def value(self) -> str:
        return ""

    def name(self) -> str:
        raise NotImplementedError

    def description(self) -> str:
        return ""

    def place(self) -> QRectF:
        """In the scene."""
        raise NotImplementedError

    # Qt

    def isValid(self) -> bool:
        return self.tree.alive

    def object(self) -> QObject | None:  # type: ignore[override]
        return None

    def window(self) -> Any:
        return self.tree.root.window() if self.tree.alive and self.tree.root is not None else None

    def parent(self) -> QAccessibleInterface | None:  # type: ignore[override]
        return self.tree.root if self.tree.alive else None

    def child(self, index: int) -> QAccessibleInterface | None:  # type: ignore[override]
        return None

    def childAt(self, x: int, y: int) -> QAccessibleInterface | None:  # type: ignore[override]
        return None

    def childCount(self) -> int:
        return 0

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        return -1

    def rect(self) -> QRect:
        return self.tree.on_screen(self.place()) if self.isValid() else QRect()

    def text(self, kind: QAccessible.Text) -> str:
        if not self.isValid():
            return ""
        match kind:
            case Text.Name:
                return self.name()
            case Text.Value:
                return self.value()
            case Text.Description:
                return self.description()
            case _:
                return ""

    def setText(self, kind: QAccessible.Text, text: str) -> None:
        return None

    def state(self) -> QAccessible.State:
        state = QAccessible.State()
        if self.isValid():
            model = self.model
            state.focusable = state.selectable = True
            state.selected = self.id in model.selection
            state.focused = state.selected and model.surface.has_focus() and self.tree.focused() is self
            state.offscreen = not model.viewport.seen().intersects(self.place())
        else:
            state.invalid = True
        return state


class NodeItem(Item):
    """A card; its children are its ports, inputs first."""

    def isValid(self) -> bool:
        return self.tree.alive and self.id in self.model.scene.row

    def role(self) -> QAccessible.Role:
        return Role.ListItem

    def name(self) -> str:
        return spoken.node_name(self.model, self.id)

    def value(self) -> str:
        return spoken.node_value(self.model, self.id)

    def description(self) -> str:
        return spoken.node_description(self.model, self.id)

    def place(self) -> QRectF:
        return self.model.scene.rect(self.id)

    def spots(self) -> list[PortSpot]:
        card = self.model.scene.cards[self.id]
        return [spot for spot in (*card.inputs, *card.outputs) if not spot.free]

    def childCount(self) -> int:
        return len(self.spots()) if self.isValid() else 0

    def child(self, index: int) -> QAccessibleInterface | None:  # type: ignore[override]
        spots = self.spots() if self.isValid() else []
        return self.tree.port(self, spots[index]) if 0 <= index < len(spots) else None

    def childAt(self, x: int, y: int) -> QAccessibleInterface | None:  # type: ignore[override]
        hit = self.model.scene.port_at(self.tree.in_scene(x, y), PORT_REACH)
        return self.tree.port(self, hit.spot) if hit is not None and hit.node == self.id else None

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        keys = [_key(spot) for spot in self.spots()] if self.isValid() else []
        return keys.index(child.key) if isinstance(child, PortItem) and child.key in keys else -1


class PortItem(Item):
    """An input or output of a card; its value is what comes along the wire, or leaves."""

    def __init__(self, tree: Tree, node: NodeItem, key: PortKey) -> None:
        super().__init__(tree, node.id)
        self.node, self.key = node, key

    def isValid(self) -> bool:
        return self.node.isValid() and self.spot() is not None

    def spot(self) -> PortSpot | None:
        return next((spot for spot in self.node.spots() if _key(spot) == self.key), None)

    def parent(self) -> QAccessibleInterface | None:  # type: ignore[override]
        return self.node if self.tree.alive else None

    def role(self) -> QAccessible.Role:
        return Role.StaticText

    def name(self) -> str:
        return spoken.port_name(self.key)

    def value(self) -> str:
        return spoken.port_value(self.model, self.id, self.key)

    def place(self) -> QRectF:
        spot = self.spot()
        assert spot is not None
        x, y = self.model.scene.place(self.id)
        return QRectF(x + spot.x - PORT_REACH, y + spot.y - PORT_REACH, 2 * PORT_REACH, 2 * PORT_REACH)

    def state(self) -> QAccessible.State:
        state = QAccessible.State()
        state.invalid = not self.isValid()
        return state


class WireItem(Item):
    """A wire, with the value and the gradient that are along it."""

    def isValid(self) -> bool:
        return self.tree.alive and self.id in self.model.scene.edge_row and self.id in self.model.graph.edges

    def role(self) -> QAccessible.Role:
        return Role.Graphic

    def name(self) -> str:
        return spoken.wire_name(self.model, self.model.graph.edges[self.id])

    def value(self) -> str:
        return spoken.wire_value(self.model, self.model.graph.edges[self.id])

    def place(self) -> QRectF:
        return self.model.scene.wire_rect(self.id, 4)


class Tree:
    """The children of one model's canvas. `root` is the interface of its widget; `alive()` says whether it still exists."""

    def __init__(self, model: CanvasModel, root: QAccessibleInterface | None = None, alive: Callable[[], bool] = lambda: True) -> None:
        self.model, self.root = model, root
        self._alive = alive
        self._nodes: dict[str, NodeItem] = {}
        self._wires: dict[str, WireItem] = {}
        self._ports: dict[tuple[str, PortKey], PortItem] = {}

    @property
    def alive(self) -> bool:
        return self._alive()

    def node(self, identity: str) -> NodeItem:
        if identity not in self._nodes:
            self._nodes[identity] = NodeItem(self, identity)
        return self._nodes[identity]

    def wire(self, identity: str) -> WireItem:
        if identity not in self._wires:
            self._wires[identity] = WireItem(self, identity)
        return self._wires[identity]

    def port(self, node: NodeItem, spot: PortSpot) -> PortItem:
        place = node.id, _key(spot)
        if place not in self._ports:
            self._ports[place] = PortItem(self, node, place[1])
        return self._ports[place]

    def focused(self) -> Item | None:
        """The child a person is at: the selected node, else the selected wire."""
        model, scene = self.model, self.model.scene
        nodes = [n for n in model.selected_nodes() if n in scene.row]
        if nodes := nodes or sorted(n for n in model.selection if n in scene.row):
            return self.node(nodes[-1])
        edges = [e for e in model.selected_edges() if e in scene.edge_row]
        return self.wire(edges[-1]) if edges else None

    def count(self) -> int:
        return len(self.model.scene.row) + len(self.model.scene.edge_row) if self.alive else 0

    def child(self, index: int) -> Item | None:
        if not 0 <= index < self.count():
            return None
        nodes, edges = self.model.scene.ids, self.model.scene.edges
        return self.node(nodes[index]) if index < len(nodes) else self.wire(edges[index - len(nodes)])

    def index(self, child: QAccessibleInterface) -> int:
        scene = self.model.scene
        if isinstance(child, NodeItem):
            return scene.node_rows.index(child.id) if child.id in scene.row else -1
        if isinstance(child, WireItem) and child.id in scene.edge_row:
            return len(scene.ids) + scene.wire_rows.index(child.id)
        return -1

    def child_at(self, x: int, y: int) -> Item | None:
        """The card or wire at a place on the screen."""
        scene, at = self.model.scene, self.in_scene(x, y)
        node = scene.node_at(at)
        if node is not None:
            return self.node(node)
        edge = scene.wire_at(at)
        return self.wire(edge) if edge is not None else None

    def on_screen(self, area: QRectF) -> QRect:
        seen = self.model.camera.rect_to_view(area).toAlignedRect()
        return QRect(self.model.surface.to_global(QPointF(seen.topLeft())), seen.size())

    def in_scene(self, x: int, y: int) -> QPointF:
        return self.model.camera.to_scene(QPointF(x, y) - QPointF(self.model.surface.to_global(QPointF(0, 0))))

    def release(self) -> None:
        """Give every child back to Qt, which deletes it."""
        for item in (*self._nodes.values(), *self._wires.values(), *self._ports.values()):
            if shiboken6.isValid(item):
                QAccessible.deleteAccessibleInterface(QAccessible.uniqueId(item))
        self._nodes, self._wires, self._ports = {}, {}, {}


def _key(spot: PortSpot) -> PortKey:
    return spot.port, spot.slot, spot.output
