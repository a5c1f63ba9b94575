"""Edits that set something which is there."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from operator import is_
from typing import Any, ClassVar

from graph.model.document_settings import effect_of
from graph.model.edits.base import Edit, Kind, find_item, optional
from graph.model.elements import LIMIT, Frame, Group, Node, Note, normal_name, number
from graph.model.graph import MISSING, Graph, GraphError
from graph.model.settings import dims
from graph.text.messages import _

KEPT = "tensors"
"""The setting in which a node keeps values of its parameters and buffers, by their names."""


def _stands_here(kept: Any) -> bool:
    """Whether all kept tensors stand in the document number by number, so that none lies beside it."""
    return kept is MISSING or (isinstance(kept, dict) and all(dims(value) is not None for value in kept.values()))


@dataclass(frozen=True, slots=True)
class SetParam(Edit):
    """Set one setting of a node; MISSING returns it to its default."""

    node: str
    name: str
    value: Any

    kind: ClassVar[Kind] = "value"

    def apply(self, graph: Graph) -> Edit:
        node = graph._node(self.node)
        params = dict(node.params)
        params.pop(self.name, None)
        if self.value is not MISSING:
            params[self.name] = self.value
        old = graph._replace_node(replace(node, params=params))
        return SetParam(self.node, self.name, old.params.get(self.name, MISSING))

    def kind_in(self, graph: Graph) -> Kind:
        """A number of a source or Parameter, or of a step of an optimizer, is a value while its shape stays, and so are the numbers that a
        node keeps of its tensors; every other setting may change what is compiled."""
        if self.node not in graph.nodes:
            return "structure"
        if self.name == KEPT:
            before = graph.nodes[self.node].params.get(KEPT, MISSING)
            return "value" if _stands_here(before) and _stands_here(self.value) else "structure"
        spec = graph.spec(self.node)
        setting = spec.setting(self.name)
        numbers = spec.rule or spec.role in ("input", "constant", "parameter")
        if setting is None or not numbers or setting.kind not in ("float", "tensor"):
            return "structure"
        old = graph.setting(self.node, setting.name)
        new = setting.default if self.value is MISSING else self.value
        shape = dims(old)
        return "value" if shape is not None and shape == dims(new) else "structure"

    def absorb(self, later: Edit) -> Edit | None:
        return later if isinstance(later, SetParam) and (later.node, later.name) == (self.node, self.name) else None

    def _fields(self) -> dict[str, Any]:
        return {"node": self.node, "name": self.name} | optional(self.value)


@dataclass(frozen=True, slots=True)
class Rename(Edit):
    """Give a node another name; names are unique."""

    node: str
    name: str

    kind: ClassVar[Kind] = "value"
    swaps: ClassVar[bool] = True

    def apply(self, graph: Graph) -> Edit:
        old = graph._replace_node(replace(graph._node(self.node), name=normal_name(self.name)))
        return Rename(self.node, old.name)

    def absorb(self, later: Edit) -> Edit | None:
        return later if isinstance(later, Rename) and later.node == self.node else None

    def _fields(self) -> dict[str, Any]:
        return {"node": self.node, "name": self.name}


@dataclass(frozen=True, slots=True)
class SetLabel(Edit):
    """Set a node's free label."""

    node: str
    label: str

    kind: ClassVar[Kind] = "cosmetic"

    def apply(self, graph: Graph) -> Edit:
        old = graph._replace_node(replace(graph._node(self.node), label=self.label))
        return SetLabel(self.node, old.label)

    def absorb(self, later: Edit) -> Edit | None:
        return later if isinstance(later, SetLabel) and later.node == self.node else None

    def _fields(self) -> dict[str, Any]:
        return {"node": self.node, "label": self.label}


@dataclass(frozen=True, slots=True)
class Move(Edit):
    """Place nodes, groups, frames or notes at absolute positions."""

    positions: tuple[tuple[str, float, float], ...]
    _left: tuple[Node, ...] = field(default=(), compare=False, repr=False)
    _before: tuple[Node, ...] = field(default=(), compare=False, repr=False)
    """Of an inverse: the nodes as the move left them and as they were before. Where nothing has changed them since, they are put back."""
    _back: tuple[tuple[str, float, float], ...] = field(default=(), compare=False, repr=False)
    """Of an inverse: the positions that the move had."""

    kind: ClassVar[Kind] = "cosmetic"

    def apply(self, graph: Graph) -> Edit:
        takes_back = self._takes_back(graph)
        if takes_back and len(self._left) == len(self.positions):
            graph._place_nodes(self._before)
            return Move(self._back, self._before[::-1], self._left[::-1], self.positions)
        if not all([-LIMIT <= x <= LIMIT and -LIMIT <= y <= LIMIT for _identity, x, y in self.positions]):
            x, y = next((x, y) for _identity, x, y in self.positions if not (-LIMIT <= x <= LIMIT and -LIMIT <= y <= LIMIT))
            raise GraphError(_("({x}, {y}) is not a position on the canvas").format(x=x, y=y))
        table = graph._nodes.table
        items = [table.get(identity) or find_item(graph, identity) for identity, _x, _y in self.positions]
        nodes = [item for item in items if isinstance(item, Node)]
        before = tuple([(item.id, item.x, item.y) for item in reversed(items)])
        rows = zip(items, self.positions, strict=True)
        moved = self._before if takes_back else [item.at(float(x), float(y)) for item, (_, x, y) in rows if isinstance(item, Node)]
        graph._place_nodes(moved)
        for item, (_identity, x, y) in zip(items, self.positions, strict=True) if len(nodes) < len(items) else ():
            if not isinstance(item, Node):
                graph._replace_item(replace(item, x=float(x), y=float(y)))
        return Move(before, tuple(reversed(moved)), tuple(reversed(nodes)), self.positions)

    def _takes_back(self, graph: Graph) -> bool:
        """Whether this takes a move of nodes back, none of which has changed since."""
        return bool(self._left) and all(map(is_, map(graph._nodes.table.get, [node.id for node in self._left]), self._left))

    def absorb(self, later: Edit) -> Edit | None:
        if isinstance(later, Move) and {row[0] for row in later.positions} == {row[0] for row in self.positions}:
            return later
        return None

    def _fields(self) -> dict[str, Any]:
        return {"positions": [[identity, number(x), number(y)] for identity, x, y in self.positions]}


@dataclass(frozen=True, slots=True)
class SetVia(Edit):
    """Lead a wire through points."""

    edge: str
    via: tuple[tuple[float, float], ...]

    kind: ClassVar[Kind] = "cosmetic"

    def apply(self, graph: Graph) -> Edit:
        if not all(abs(x) <= LIMIT and abs(y) <= LIMIT for x, y in self.via):
            raise GraphError(_("a wire passes through a point that is not on the canvas"))
        via = tuple((float(x), float(y)) for x, y in self.via)
        old = graph._replace_edge(replace(graph._edge(self.edge), via=via))
        return SetVia(self.edge, old.via)

    def absorb(self, later: Edit) -> Edit | None:
        return later if isinstance(later, SetVia) and later.edge == self.edge else None

    def _fields(self) -> dict[str, Any]:
        return {"id": self.edge, "via": [[number(x), number(y)] for x, y in self.via]}


@dataclass(frozen=True, slots=True)
class SetGraphSetting(Edit):
    """Set a document setting (dtype, objective, title, description, demo …); MISSING removes it."""

    name: str
    value: Any

    def apply(self, graph: Graph) -> Edit:
        return SetGraphSetting(self.name, graph._set_setting(self.name, self.value))

    def kind_in(self, graph: Graph) -> Kind:
        return effect_of(self.name)

    def absorb(self, later: Edit) -> Edit | None:
        return later if isinstance(later, SetGraphSetting) and later.name == self.name else None

    def _fields(self) -> dict[str, Any]:
        return {"name": self.name} | optional(self.value)


@dataclass(frozen=True, slots=True)
class SetTraining(Edit):
    """Set a training setting; MISSING removes it."""

    name: str
    value: Any

    kind: ClassVar[Kind] = "value"

    def apply(self, graph: Graph) -> Edit:
        return SetTraining(self.name, graph._set_training(self.name, self.value))

    def absorb(self, later: Edit) -> Edit | None:
        return later if isinstance(later, SetTraining) and later.name == self.name else None

    def _fields(self) -> dict[str, Any]:
        return {"name": self.name} | optional(self.value)


@dataclass(frozen=True, slots=True)
class SetCollapsed(Edit):
    """Fold or open a node's card or a group."""

    id: str
    collapsed: bool

    kind: ClassVar[Kind] = "cosmetic"

    def apply(self, graph: Graph) -> Edit:
        item = find_item(graph, self.id)
        if isinstance(item, Node):
            graph._replace_node(replace(item, collapsed=self.collapsed))
        elif isinstance(item, Group):
            graph._replace_item(replace(item, collapsed=self.collapsed))
        else:
            raise GraphError(_("only nodes and groups can be collapsed"))
        return SetCollapsed(self.id, item.collapsed)

    def _fields(self) -> dict[str, Any]:
        return {"id": self.id, "collapsed": self.collapsed}


@dataclass(frozen=True, slots=True)
class SetBypassed(Edit):
    """Pass a node over, or let it work again. `graph.model.bypass.refusal` says beforehand where that makes no sense."""

    node: str
    bypassed: bool

    def apply(self, graph: Graph) -> Edit:
        old = graph._node(self.node)
        graph._replace_node(replace(old, bypassed=self.bypassed))
        return SetBypassed(self.node, old.bypassed)

    def absorb(self, later: Edit) -> Edit | None:
        return later if isinstance(later, SetBypassed) and later.node == self.node else None

    def _fields(self) -> dict[str, Any]:
        return {"node": self.node, "bypassed": self.bypassed}


@dataclass(frozen=True, slots=True)
class SetGroup(Edit):
    """Put a node into a group, or with None into none."""

    node: str
    group: str | None

    kind: ClassVar[Kind] = "cosmetic"

    def apply(self, graph: Graph) -> Edit:
        old = graph._replace_node(replace(graph._node(self.node), group=self.group))
        return SetGroup(self.node, old.group)

    def _fields(self) -> dict[str, Any]:
        return {"node": self.node, "group": self.group}


@dataclass(frozen=True, slots=True)
class SetItem(Edit):
    """Replace a group, frame or note by another with the same id."""

    item: Group | Frame | Note

    kind: ClassVar[Kind] = "cosmetic"

    def apply(self, graph: Graph) -> Edit:
        old = find_item(graph, self.item.id)
        if isinstance(old, Node) or type(old) is not type(self.item):
            raise GraphError(_('"{id}" is not a {kind}').format(id=self.item.id, kind=type(self.item).__name__.lower()))
        graph._replace_item(self.item)
        return SetItem(old)

    def absorb(self, later: Edit) -> Edit | None:
        return later if isinstance(later, SetItem) and later.item.id == self.item.id else None

    def _fields(self) -> dict[str, Any]:
        return {"kind": type(self.item).__name__.lower(), "item": self.item.to_json()}
