"""What one row of the action table says, and when it can be used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from PySide6.QtGui import QAction, QKeySequence

from ui.look.type_size import LEAST, MOST

Scope = Literal["window", "canvas"]


@dataclass(frozen=True, slots=True)
class ActionContext:
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
    samples: int = 0
    """Samples in the batch whose numbers are shown."""
    training: bool = False
    trained: bool = False
    was_reset: bool = False
    """Whether there is a run from before a reset to return to."""
    trainable: bool = False
    learns: bool = False
    """Whether anything has weights."""
    kernel: bool = False
    read_only: bool = False
    type_size: float = 1.0
    facts: frozenset[str] = frozenset()
    """What the teaching tools say about themselves: `lesson`, `presenting`, `explaining` …"""


Rule = Callable[[ActionContext], bool]


def always(_: ActionContext) -> bool:
    return True


def editable(s: ActionContext) -> bool:
    return not s.read_only


def selection(s: ActionContext) -> bool:
    return s.selected > 0 and not s.read_only


def node_selection(s: ActionContext) -> bool:
    return s.selected_nodes > 0 and not s.read_only


def movable(s: ActionContext) -> bool:
    return max(s.movable, s.selected_nodes) > 0 and not s.read_only


def one_movable(s: ActionContext) -> bool:
    return max(s.movable, s.selected_nodes) == 1 and not s.read_only


def several(s: ActionContext) -> bool:
    return s.movable > 1 and not s.read_only


def three(s: ActionContext) -> bool:
    return s.movable > 2 and not s.read_only


def one_node(s: ActionContext) -> bool:
    return s.selected_nodes == 1 and not s.read_only


def node_chosen(s: ActionContext) -> bool:
    return s.selected_nodes == 1


def copyable(s: ActionContext) -> bool:
    return max(s.movable, s.selected_nodes) > 0


def wires(s: ActionContext) -> bool:
    return s.selected > s.selected_nodes and not s.read_only


def nodes(s: ActionContext) -> bool:
    return s.nodes > 0


def own_nodes(s: ActionContext) -> bool:
    """Whether the graph that is shown has nodes and is the one that is trained, not the inside of its optimizer."""
    return s.nodes > 0 and "inside" not in s.facts


def chosen(s: ActionContext) -> bool:
    return max(s.movable, s.selected_nodes) == 1


def groupable(s: ActionContext) -> bool:
    return s.selected_nodes + s.groups > 0 and not s.read_only


def grouped(s: ActionContext) -> bool:
    return s.groups > 0 and not s.read_only


def inside(s: ActionContext) -> bool:
    return s.inside


def larger(s: ActionContext) -> bool:
    return s.type_size < MOST


def smaller(s: ActionContext) -> bool:
    return s.type_size > LEAST


def undoable(s: ActionContext) -> bool:
    return bool(s.undo) and not s.read_only


def redoable(s: ActionContext) -> bool:
    return bool(s.redo) and not s.read_only


def playable(s: ActionContext) -> bool:
    return s.events > 0 and not s.training


def learns(s: ActionContext) -> bool:
    return s.kernel and s.learns


def learns_editable(s: ActionContext) -> bool:
    return learns(s) and not s.read_only


def batched(s: ActionContext) -> bool:
    return s.samples > 0


def trainable(s: ActionContext) -> bool:
    return s.kernel and (s.training or s.trainable)


def resettable(s: ActionContext) -> bool:
    return s.kernel and (s.training or s.trained)


def was_reset(s: ActionContext) -> bool:
    return s.kernel and s.was_reset and not s.training


def keepable(s: ActionContext) -> bool:
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
    """What does it: `explain.toggle_audit`, a method of that feature or panel; empty: the window's command of the row's name."""
    asks: bool = False
    """Whether it may open a dialog and wait for it: then it runs when the event that asked for it is over."""
    context: int = 0
    """Its place in the menu of the right mouse button over a node or wire, 0 for none; a line separates hundreds."""


def has(fact: str) -> Rule:
    """Enabled while this is among the situation's facts."""
    return lambda s: fact in s.facts


def hint(text: str, action: QAction) -> str:
    """A tool tip that ends with the key that does the same."""
    key = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    return f"{text}  ({key})" if key else text
