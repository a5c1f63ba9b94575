"""What a document is made of: nodes, edges, groups, frames, notes. Plain frozen data with a JSON form.

`from_json` raises ValueError with a text that says which entry is wrong and how; `extra` holds the keys of a file that this
version does not know, and they are written back untouched. Lists inside `params` and `extra` are shared, never changed in place.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graph.text.messages import _
from graph.text.quoting import quoted

LIMIT = 1e9
"""Positions beyond this are no place on a canvas."""

End = tuple[str, str]
"""One end of a wire: node id and port name."""


NAME_RULE = "a letter or _, then letters, digits and _"


def normal_name(name: str) -> str:
    """The one spelling of a name that Python, and so exported code, takes for several: µ (micro) is μ (mu), x₁ is x1; x² stays no name."""
    if name.isascii() or any(unicodedata.decomposition(letter).startswith("<super>") for letter in name):
        return name
    return unicodedata.normalize("NFKC", name)


def valid_name(name: object) -> bool:
    if not isinstance(name, str) or len(name) > 200 or not name.isidentifier():
        return False
    # · is a product, though Python takes it for a letter.
    return name.isascii() or (unicodedata.is_normalized("NFKC", name) and "\u00b7" not in name)


@dataclass(frozen=True, slots=True)
class Node:
    """`params` holds only the settings that someone set; `Graph.setting` adds the defaults. A `bypassed` node passes its input on."""

    id: str
    type: str
    name: str
    label: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    x: float = 0.0
    y: float = 0.0
    group: str | None = None
    collapsed: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)
    bypassed: bool = False

    def at(self, x: float, y: float) -> Node:
        """The same node elsewhere."""
        return Node(self.id, self.type, self.name, self.label, self.params, x, y, self.group, self.collapsed, self.extra, self.bypassed)

    def to_json(self) -> dict[str, Any]:
        row: dict[str, Any] = {"id": self.id, "type": self.type, "name": self.name}
        if self.label:
            row["label"] = self.label
        row |= {"params": dict(self.params), "x": number(self.x), "y": number(self.y), "group": self.group}
        if self.collapsed:
            row["collapsed"] = True
        if self.bypassed:
            row["bypassed"] = True
        return row | dict(self.extra)

    @classmethod
    def from_json(cls, row: Any) -> Node:
        read = Reader("node", row)
        bypassed = read.flag("bypassed")
        node = cls(
            read.id(), read.text("type"), normal_name(read.text("name")), read.text("label", ""), read.mapping("params"),
            read.position("x", 0.0), read.position("y", 0.0), read.optional_text("group"), read.flag("collapsed"), read.rest(), bypassed,
        )  # fmt: skip
        if not node.type:
            raise ValueError(_('{what}: "type" is empty').format(what=read.what))
        if not valid_name(node.name):
            raise ValueError(
                _("{what}: the name {name} is not a letter or _ followed by letters, digits and _").format(
                    what=read.what, name=quoted(node.name)
                )
            )
        return node


@dataclass(frozen=True, slots=True)
class Edge:
    """A wire. `slot` counts the wires into a port that takes many; `via` are the points it is led through."""

    id: str
    source: End
    target: End
    slot: int = 0
    via: tuple[tuple[float, float], ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        via = [[number(x), number(y)] for x, y in self.via]
        return {"id": self.id, "from": list(self.source), "to": [*self.target, self.slot], "via": via} | dict(self.extra)

    @classmethod
    def from_json(cls, row: Any) -> Edge:
        read = Reader("edge", row)
        identity, source, target = read.id(), read.list("from"), read.list("to")
        if len(source) != 2 or not all(isinstance(part, str) for part in source):
            raise ValueError(_('{what}: "from" is not a node id and a port name').format(what=read.what))
        if len(target) == 2:
            target = [*target, 0]
        if len(target) != 3 or not all(isinstance(part, str) for part in target[:2]) or type(target[2]) is not int or target[2] < 0:
            raise ValueError(_('{what}: "to" is not a node id, a port name and a slot').format(what=read.what))
        via = tuple(read.point("via", point) for point in read.list("via", []))
        return cls(identity, (source[0], source[1]), (target[0], target[1]), target[2], via, read.rest())


@dataclass(frozen=True, slots=True)
class Group:
    """A named membership; groups nest through `parent`. A view of the flat graph: grouping never changes what runs."""

    id: str
    name: str
    parent: str | None = None
    collapsed: bool = False
    x: float = 0.0
    y: float = 0.0
    extra: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        place = {"collapsed": self.collapsed, "x": number(self.x), "y": number(self.y)}
        return {"id": self.id, "name": self.name, "parent": self.parent} | place | dict(self.extra)

    @classmethod
    def from_json(cls, row: Any) -> Group:
        read = Reader("group", row)
        return cls(
            read.id(), read.text("name", ""), read.optional_text("parent"), read.flag("collapsed"),
            read.position("x", 0.0), read.position("y", 0.0), read.rest(),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Frame:
    """A titled rectangle behind nodes."""

    id: str
    title: str = ""
    x: float = 0.0
    y: float = 0.0
    width: float = 320.0
    height: float = 200.0
    color: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        place = {"x": number(self.x), "y": number(self.y), "width": number(self.width), "height": number(self.height)}
        return {"id": self.id, "title": self.title} | place | {"color": self.color} | dict(self.extra)

    @classmethod
    def from_json(cls, row: Any) -> Frame:
        read = Reader("frame", row)
        return cls(
            read.id(), read.text("title", ""), read.position("x", 0.0), read.position("y", 0.0),
            read.position("width", 320.0), read.position("height", 200.0), read.text("color", ""), read.rest(),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Note:
    """Free text on the canvas."""

    id: str
    text: str = ""
    x: float = 0.0
    y: float = 0.0
    width: float = 240.0
    height: float = 120.0
    extra: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        place = {"x": number(self.x), "y": number(self.y), "width": number(self.width), "height": number(self.height)}
        return {"id": self.id, "text": self.text} | place | dict(self.extra)

    @classmethod
    def from_json(cls, row: Any) -> Note:
        read = Reader("note", row)
        return cls(
            read.id(), read.text("text", ""), read.position("x", 0.0), read.position("y", 0.0),
            read.position("width", 240.0), read.position("height", 120.0), read.rest(),
        )  # fmt: skip


def number(value: float) -> float | int:
    """Whole positions are written without a decimal point."""
    return int(value) if value == int(value) else value


class Reader:
    """Takes the known keys out of one JSON object; whatever is left is `rest`."""

    def __init__(self, kind: str, row: Any) -> None:
        if not isinstance(row, Mapping):
            raise ValueError(_("{kind}: a JSON object was expected, not {row}").format(kind=kind, row=described(row)))
        self._row = dict(row)
        name = self._row.get("id")
        self.what = f"{kind} {quoted(name)}" if isinstance(name, str) and name else _("a {kind} without id").format(kind=kind)

    def _take(self, key: str, default: Any) -> Any:
        if key not in self._row:
            if default is ...:
                raise ValueError(_('{what}: "{key}" is missing').format(what=self.what, key=key))
            return default
        return self._row.pop(key)

    def id(self) -> str:
        value = self._take("id", ...)
        if not isinstance(value, str) or not value or len(value) > 200:
            raise ValueError(_('{what}: "id" is not a short text').format(what=self.what))
        return value

    def text(self, key: str, default: Any = ...) -> str:
        value = self._take(key, default)
        if not isinstance(value, str):
            raise ValueError(_('{what}: "{key}" is not a text but {found}').format(what=self.what, key=key, found=described(value)))
        return value

    def optional_text(self, key: str) -> str | None:
        value = self._take(key, None)
        if value is not None and not isinstance(value, str):
            raise ValueError(_('{what}: "{key}" is neither null nor a text').format(what=self.what, key=key))
        return value

    def flag(self, key: str) -> bool:
        value = self._take(key, False)
        if not isinstance(value, bool):
            raise ValueError(_('{what}: "{key}" is neither true nor false').format(what=self.what, key=key))
        return value

    def mapping(self, key: str) -> dict[str, Any]:
        value = self._take(key, {})
        if not isinstance(value, Mapping):
            raise ValueError(_('{what}: "{key}" is not a JSON object').format(what=self.what, key=key))
        return dict(value)

    def list(self, key: str, default: Any = ...) -> list[Any]:
        value = self._take(key, default)
        if not isinstance(value, list | tuple):
            raise ValueError(_('{what}: "{key}" is not a list').format(what=self.what, key=key))
        return list(value)

    def position(self, key: str, default: float) -> float:
        return self._finite(key, self._take(key, default))

    def point(self, key: str, value: Any) -> tuple[float, float]:
        if not isinstance(value, list | tuple) or len(value) != 2:
            raise ValueError(_('{what}: "{key}" holds something that is not a pair of numbers').format(what=self.what, key=key))
        return self._finite(key, value[0]), self._finite(key, value[1])

    def rest(self) -> dict[str, Any]:
        return self._row

    def _finite(self, key: str, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(_('{what}: "{key}" is not a number but {found}').format(what=self.what, key=key, found=described(value)))
        if not abs(value) <= LIMIT or not math.isfinite(value):
            raise ValueError(_('{what}: "{key}" is not a position on the canvas').format(what=self.what, key=key))
        return float(value)


def described(value: Any) -> str:
    """A JSON value in a few words, for error texts."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _("the text {text}").format(text=quoted(value))
    if isinstance(value, int | float):
        return (
            _("the number {number!r}").format(number=value) if isinstance(value, float) or abs(value) < 10**20 else _("a very large number")
        )
    return _("a list") if isinstance(value, list | tuple) else _("a JSON object")
