"""Edits from their JSON form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from graph.model.edits.base import Compound, Edit
from graph.model.edits.structure import AddItem, AddNode, Connect, Disconnect, RemoveItem, RemoveNode
from graph.model.edits.values import (
    Move,
    Rename,
    SetBypassed,
    SetCollapsed,
    SetGraphSetting,
    SetGroup,
    SetItem,
    SetLabel,
    SetParam,
    SetTraining,
    SetVia,
)
from graph.model.elements import Edge, Frame, Group, Node, Note, Reader
from graph.model.graph import MISSING
from graph.text.messages import _


def edit_from_json(row: Mapping[str, Any]) -> Edit:
    """The edit that `to_json` wrote. Raises ValueError with a text for anything else."""
    read = Reader("edit", row)
    make = _READERS.get(read.text("edit"))
    if make is None:
        raise ValueError(_('there is no edit called "{name}"').format(name=row["edit"]))
    return make(read)


def _compound(read: Reader) -> Compound:
    moves = read.list("state_moves", [])
    pairs = tuple((_pair(move[0]), _pair(move[1])) if isinstance(move, list) and len(move) == 2 else _pair(None) for move in moves)
    return Compound(tuple(map(edit_from_json, read.list("edits"))), read.text("text", ""), pairs)  # type: ignore[arg-type]


def _pair(value: Any) -> tuple[str, str]:
    if not isinstance(value, list | tuple) or len(value) != 2 or not all(isinstance(part, str) for part in value):
        raise ValueError(_("an edit's state_moves are not pairs of (node, parameter)"))
    return value[0], value[1]


def _positions(read: Reader) -> tuple[tuple[str, float, float], ...]:
    rows = read.list("positions")
    if not all(isinstance(row, list | tuple) and len(row) == 3 and isinstance(row[0], str) for row in rows):
        raise ValueError(_("{what}: positions are not triples of id, x, y").format(what=read.what))
    return tuple((row[0], *read.point("positions", row[1:])) for row in rows)


def _read_item(read: Reader) -> Group | Frame | Note:
    kinds: dict[str, Callable[[Any], Group | Frame | Note]] = {"group": Group.from_json, "frame": Frame.from_json, "note": Note.from_json}
    kind = read.text("kind")
    if kind not in kinds:
        raise ValueError(_('{what}: "{kind}" is neither group nor frame nor note').format(what=read.what, kind=kind))
    return kinds[kind](read.mapping("item"))


def _value(read: Reader) -> Any:
    return read.rest().get("value", MISSING)


_READERS: dict[str, Callable[[Reader], Edit]] = {
    "AddNode": lambda r: AddNode(Node.from_json(r.mapping("node")), r.optional_text("before")),
    "RemoveNode": lambda r: RemoveNode(r.id()),
    "Connect": lambda r: Connect(Edge.from_json(r.mapping("edge")), r.optional_text("before")),
    "Disconnect": lambda r: Disconnect(r.id()),
    "SetParam": lambda r: SetParam(r.text("node"), r.text("name"), _value(r)),
    "Rename": lambda r: Rename(r.text("node"), r.text("name")),
    "SetLabel": lambda r: SetLabel(r.text("node"), r.text("label")),
    "Move": lambda r: Move(_positions(r)),
    "SetVia": lambda r: SetVia(r.id(), tuple(r.point("via", point) for point in r.list("via"))),
    "SetGraphSetting": lambda r: SetGraphSetting(r.text("name"), _value(r)),
    "SetTraining": lambda r: SetTraining(r.text("name"), _value(r)),
    "SetBypassed": lambda r: SetBypassed(r.text("node"), r.flag("bypassed")),
    "SetCollapsed": lambda r: SetCollapsed(r.id(), r.flag("collapsed")),
    "SetGroup": lambda r: SetGroup(r.text("node"), r.optional_text("group")),
    "AddItem": lambda r: AddItem(_read_item(r), r.optional_text("before")),
    "RemoveItem": lambda r: RemoveItem(r.id()),
    "SetItem": lambda r: SetItem(_read_item(r)),
    "Compound": _compound,
}
