"""The graph as a tree: groups, nodes, and under each node its wires and parameters, with the numbers the canvas shows.

Rows under a node are made when it is opened, texts when they are seen: ten thousand nodes are a list of ten thousand small objects.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from engine.compile.views import Absent, ArrayView, Gradient, TraceView
from graph.formula.latex import display_name
from graph.model.address import Address, first_output, parameter, wire
from graph.model.graph import Graph
from graph.text.messages import _
from ui.look.numerals import number, tensor_text
from ui.look.theme import LIGHT, Theme, color, font

Kind = Literal["group", "node", "input", "output", "parameter", "note", "frame"]
Index = QModelIndex | QPersistentModelIndex
NAME, VALUE, GRADIENT = range(3)
HEADINGS = (_("Name"), _("Value"), _("Gradient"))
_KINDS: dict[Kind, str] = {
    "group": _("group"), "node": _("node"), "input": _("wire in"), "output": _("wire out"), "parameter": _("parameter"), "note": _("note"),
    "frame": _("frame"),
}  # fmt: skip


@dataclass(slots=True)
class OutlineRow:
    """One line. `id` is the node's, wire's, group's, note's or frame's; `extra` a parameter's name."""

    kind: Kind
    id: str
    parent: OutlineRow | None
    place: int
    extra: str = ""
    below: list[OutlineRow] | None = field(default=None, repr=False)


class OutlineModel(QAbstractItemModel):
    """Reads a graph and a trace; `rebuild` after the graph changed, `show_trace` for new numbers."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._graph: Graph | None = None
        self._trace: TraceView | None = None
        self._theme: Theme = LIGHT
        self._stale = False
        self._top: list[OutlineRow] = []
        self._rows: dict[str, OutlineRow] = {}

    def rebuild(self, graph: Graph) -> None:
        self.beginResetModel()
        self._graph = graph
        self._rows = {}
        self._top = self._members(None, None)
        self.endResetModel()

    def show_trace(self, trace: TraceView | None, stale: bool) -> None:
        self._trace, self._stale = trace, stale
        self._repaint()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._repaint()

    def _repaint(self) -> None:
        if self._top:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._top) - 1, GRADIENT))

    # rows

    def _members(self, group: str | None, parent: OutlineRow | None) -> list[OutlineRow]:
        graph = self._graph
        assert graph is not None
        members: list[tuple[Kind, str]] = [("group", g.id) for g in graph.groups.values() if g.parent == group]
        members += [("node", n.id) for n in graph.nodes.values() if n.group == group]
        if group is None:
            members += [("frame", f) for f in graph.frames] + [("note", n) for n in graph.notes]
        rows = [OutlineRow(kind, identity, parent, place) for place, (kind, identity) in enumerate(members)]
        self._rows.update({row.id: row for row in rows})
        for row in rows:
            if row.kind == "group":
                row.below = self._members(row.id, row)
        return rows

    def _parts(self, row: OutlineRow) -> list[OutlineRow]:
        """A node's wires and parameters."""
        graph = self._graph
        assert graph is not None
        if row.id not in graph.nodes:
            return []  # the row outlives its node until the next rebuild
        parts: list[tuple[Kind, str, str]] = [("input", edge.id, "") for edge in graph.inputs_of(row.id)]
        parts += [("parameter", row.id, name) for name in self._parameters(row.id)]
        parts += [("output", edge.id, "") for edge in graph.outputs_of(row.id)]
        return [OutlineRow(kind, identity, row, place, extra) for place, (kind, identity, extra) in enumerate(parts)]

    def _parameters(self, node: str) -> list[str]:
        assert self._graph is not None
        settings = self._graph.settings_of(node)
        return [p.name for p in self._graph.spec(node).parameters if not p.when or settings.get(p.when.partition("=")[0], True)]

    def _below(self, row: OutlineRow | None) -> list[OutlineRow]:
        if row is None:
            return self._top
        if row.below is None:
            row.below = self._parts(row) if row.kind == "node" else []
        return row.below

    def row_at(self, index: Index) -> OutlineRow | None:
        pointer: Any = index.internalPointer() if index.isValid() else None
        return pointer if isinstance(pointer, OutlineRow) else None

    def index_of(self, identity: str) -> QModelIndex:
        """The index of a node, a group or a wire (at the node it leads to); invalid if there is none."""
        row = self._rows.get(identity)
        if row is None and self._graph is not None and identity in self._graph.edges:
            holder = self._rows.get(self._graph.edges[identity].target[0])
            row = next((r for r in self._below(holder) if r.id == identity), None) if holder is not None else None
        return self.createIndex(row.place, NAME, row) if row is not None else QModelIndex()

    # texts

    def texts(self, row: OutlineRow) -> tuple[str, str, str]:
        """Name, value and gradient, as they are shown."""
        graph = self._graph
        assert graph is not None
        if row.kind in ("input", "output"):
            return self._wire_texts(graph, row)
        if row.kind == "group":
            return (
                (graph.groups[row.id].name, _("{count} inside").format(count=len(row.below or ())), "")
                if row.id in graph.groups
                else ("", "", "")
            )
        if row.kind == "note":
            return (graph.notes[row.id].text.partition("\n")[0] if row.id in graph.notes else "", "", "")
        if row.kind == "frame":
            return (graph.frames[row.id].title if row.id in graph.frames else "", "", "")
        if row.id not in graph.nodes:
            return "", "", ""
        if row.kind == "parameter":
            return row.extra, *self._numbers(parameter(row.id, row.extra))
        if not graph.spec(row.id).outputs:
            return display_name(graph.nodes[row.id].name), "", ""
        return display_name(graph.nodes[row.id].name), *self._numbers(first_output(graph, row.id))

    def _wire_texts(self, graph: Graph, row: OutlineRow) -> tuple[str, str, str]:
        if row.id not in graph.edges:
            return "", "", ""
        edge = graph.edges[row.id]
        start, end = (display_name(graph.nodes[node].name) for node in (edge.source[0], edge.target[0]))
        name = f"{edge.target[1]} ← {start}" if row.kind == "input" else f"{edge.source[1]} → {end}.{edge.target[1]}"
        return name, *self._numbers(wire(row.id))

    def _numbers(self, address: Address) -> tuple[str, str]:
        """The value and the gradient at an address, as they are shown; nothing where there is no value."""
        trace, graph = self._trace, self._graph
        if trace is None or graph is None:
            return "", ""
        value = trace.written(address, graph)
        return _text(value if isinstance(value, ArrayView) else None), _text(trace.written(address.derivative, graph))

    def _spoken(self, row: OutlineRow) -> str:
        """What a screen reader says."""
        name, value, gradient = self.texts(row)
        graph = self._graph
        assert graph is not None
        kind = _KINDS[row.kind]
        title = f", {graph.spec(row.id).title}" if row.kind == "node" and row.id in graph.nodes else ""
        parts = [
            f"{kind} {name}{title}",
            _("value {number}").format(number=value) if value else "",
            _("gradient {gradient}").format(gradient=gradient) if gradient else "",
        ]
        return ", ".join(part for part in parts if part)

    # Qt

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008
        rows = self._below(self.row_at(parent))
        return self.createIndex(row, column, rows[row]) if 0 <= row < len(rows) and 0 <= column < 3 else QModelIndex()

    def parent(self, index: Index) -> QModelIndex:  # type: ignore[override]
        row = self.row_at(index)
        return self.createIndex(row.parent.place, NAME, row.parent) if row is not None and row.parent is not None else QModelIndex()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return len(self._below(self.row_at(parent))) if parent.column() <= 0 else 0

    def hasChildren(self, parent: Index = QModelIndex()) -> bool:  # noqa: B008
        row = self.row_at(parent)
        if row is not None and row.kind == "node" and row.below is None:
            return True
        return bool(self._below(row))

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 3

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.row_at(index)
        if row is None or self._graph is None:
            return None
        column = index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self.texts(row)[column]
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._spoken(row) if column == NAME else self.texts(row)[column]
        if role == Qt.ItemDataRole.ToolTipRole and row.kind == "node" and row.id in self._graph.nodes:
            return self._graph.spec(row.id).title
        if role == Qt.ItemDataRole.ForegroundRole:
            return color(self._ink(row, column))
        if role == Qt.ItemDataRole.FontRole:
            return font("strong" if row.kind in ("node", "group") and column == NAME else "base", self._theme.scale)
        if role == Qt.ItemDataRole.TextAlignmentRole and column != NAME:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def _ink(self, row: OutlineRow, column: int) -> str:
        theme = self._theme
        if column == NAME:
            return theme.text if row.kind in ("node", "group") else theme.secondary
        if self._stale:
            return theme.stale
        return theme.forward if column == VALUE else theme.backward

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return HEADINGS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole and section != NAME:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None


def _text(view: Gradient | None) -> str:
    """A number, a tensor's shape, or why there is none."""
    if view is None:
        return ""
    if isinstance(view, Absent):
        return view.word
    assert isinstance(view, ArrayView)
    if view.covered:
        return number(view.norm)
    single = view.scalar
    return number(single) if single is not None and not view.shape else tensor_text(view.shape)
