"""What lies directly in each group: an index, so that opening, naming or dissolving a group costs what the group holds."""

from __future__ import annotations

from collections.abc import Iterable

from graph.model.elements import Group

Table = dict[str, dict[str, None]]


class Membership:
    """Ids of nodes and of groups by the group they lie directly in; what lies in none is not listed."""

    __slots__ = ("groups", "nodes")

    def __init__(self) -> None:
        self.nodes: Table = {}
        self.groups: Table = {}

    def copy(self) -> Membership:
        twin = Membership()
        twin.nodes = {group: dict(inside) for group, inside in self.nodes.items()}
        twin.groups = {group: dict(inside) for group, inside in self.groups.items()}
        return twin


def move(table: Table, identity: str, old: str | None, new: str | None) -> None:
    """Take an id out of one group and put it into another; None stands for no group."""
    if old == new:
        return
    if old is not None:
        table[old].pop(identity, None)
        if not table[old]:
            del table[old]
    if new is not None:
        table.setdefault(new, {})[identity] = None


def depths(groups: Iterable[Group]) -> dict[str, int]:
    """How deep each of these groups lies among them, from 1."""
    above = {group.id: group.parent for group in groups}
    depth: dict[str, int] = {}
    for start in above:
        chain: list[str] = []
        at: str | None = start
        while at is not None and at in above and at not in depth:
            depth[at] = 0  # in a circle this ends the walk
            chain.append(at)
            at = above[at]
        base = depth.get(at, 0) if at is not None else 0
        depth |= {group: base + step for step, group in enumerate(reversed(chain), 1)}
    return depth
