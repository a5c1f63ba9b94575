"""What one row of the action table says, and when it can be used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Scope = Literal["window", "canvas"]
LADDER = (0.75, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0)
"""The type sizes that View offers."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What decides whether an action can be used now."""

    nodes: int = 0
    selected_nodes: int = 0
    selected: int = 0
    movable: int = 0
    """Selected nodes, groups, frames and notes: what has a place of its own."""
    groups: int = 0
    """Selected groups."""
    inside: bool = False
    """Whether one has gone into a group."""
    undo: str = ""
    redo: str = ""
    events: int = 0
    training: bool = False
    trained: bool = False
    was_reset: bool = False
    """Whether there is a run from before a reset to return to."""
    trainable: bool = False
    kernel: bool = False
    read_only: bool = False
    type_size: float = 1.0
    facts: frozenset[str] = frozenset()
    """What the teaching tools say about themselves: `lesson`, `presenting`, `explaining` …"""


Rule = Callable[[Situation], bool]


def always(_: Situation) -> bool:
    return True


def editable(s: Situation) -> bool:
    return not s.read_only


def selection(s: Situation) -> bool:
    return s.selected > 0 and not s.read_only


def node_selection(s: Situation) -> bool:
    return s.selected_nodes > 0 and not s.read_only


def movable(s: Situation) -> bool:
    return max(s.movable, s.selected_nodes) > 0 and not s.read_only


def one_movable(s: Situation) -> bool:
    return max(s.movable, s.selected_nodes) == 1 and not s.read_only


def several(s: Situation) -> bool:
    return s.movable > 1 and not s.read_only


def one_node(s: Situation) -> bool:
    return s.selected_nodes == 1 and not s.read_only


def copyable(s: Situation) -> bool:
    return max(s.movable, s.selected_nodes) > 0


def wires(s: Situation) -> bool:
    return s.selected > s.selected_nodes and not s.read_only


def nodes(s: Situation) -> bool:
    return s.nodes > 0


def chosen(s: Situation) -> bool:
    return max(s.movable, s.selected_nodes) == 1


def groupable(s: Situation) -> bool:
    return s.selected_nodes + s.groups > 0 and not s.read_only


def grouped(s: Situation) -> bool:
    return s.groups > 0 and not s.read_only


def inside(s: Situation) -> bool:
    return s.inside


def larger(s: Situation) -> bool:
    return s.type_size < LADDER[-1]


def smaller(s: Situation) -> bool:
    return s.type_size > LADDER[0]


def undoable(s: Situation) -> bool:
    return bool(s.undo) and not s.read_only


def redoable(s: Situation) -> bool:
    return bool(s.redo) and not s.read_only


def playable(s: Situation) -> bool:
    return s.events > 0 and not s.training


def trainable(s: Situation) -> bool:
    return s.kernel and (s.training or s.trainable)


def resettable(s: Situation) -> bool:
    return s.kernel and (s.training or s.trained)


def was_reset(s: Situation) -> bool:
    return s.kernel and s.was_reset and not s.training


def keepable(s: Situation) -> bool:
    return s.kernel and s.trained and not s.read_only


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One row of the table. `menu` is a path such as `View/Theme`; `before` draws a separator above it.

    `check` names a group of exclusive choices, or is `toggle` for one that stands alone. `search` are other words for it.
    """

    id: str
    text: str
    menu: str
    shortcuts: tuple[str, ...] = ()
    scope: Scope = "window"
    enabled: Rule = always
    tip: str = ""
    check: str = ""
    before: bool = False
    search: tuple[str, ...] = ()
    run: str = ""
    """Where the window has what does it, such as `explain.toggle_audit`; empty: the method of the window's commands named like the row."""


def has(fact: str) -> Rule:
    """Enabled while this is among the situation's facts."""
    return lambda s: fact in s.facts
