"""What the window says when a key is pressed whose action has nothing to act on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtGui import QKeyEvent

from graph.text.messages import _
from ui.shell.shortcuts import pressed
from ui.shell.workspace import action_spec as on

if TYPE_CHECKING:
    from ui.shell.shortcuts import Keys
    from ui.shell.workspace.action_spec import ActionContext, ActionSpec, Rule
    from ui.shell.workspace.workspace import Workspace

_FIRST: dict[Rule, str] = {
    on.selection: _("select a node, wire, frame or note first"), on.node_selection: _("select a node first"),
    on.movable: _("select a node, frame or note first"), on.one_movable: _("select one node, frame or note first"),
    on.several: _("select at least two cards first"), on.one_node: _("select one node first"), on.chosen: _("select one node first"),
    on.copyable: _("select a node, frame or note first"), on.wires: _("select a wire first"), on.nodes: _("the graph is empty"),
    on.own_nodes: _("show a graph of your own first"),
    on.groupable: _("select the nodes to group first"), on.grouped: _("select a group first"), on.inside: _("you are not inside a group"),
    on.undoable: _("there is nothing to undo"), on.redoable: _("there is nothing to redo"), on.larger: _("this is the largest type"),
    on.smaller: _("this is the smallest type"), on.resettable: _("nothing has been trained"), on.keepable: _("nothing has been trained"),
}  # fmt: skip


def explain(window: Workspace, keys: Keys, situation: Callable[[], ActionContext], event: QKeyEvent) -> None:
    """Say why a key does nothing. A key of the canvas says so only there: elsewhere it may have been meant as a letter."""
    key = pressed(event.keyCombination())
    spec = keys.owner(key) if key and not event.isAutoRepeat() else None
    if spec is None or window.actions_by_id[spec.id].isEnabled() or (spec.scope == "canvas" and not window.canvas.hasFocus()):
        return
    window.canvas.message.emit(_why(window, spec, situation()))


def _why(window: Workspace, spec: ActionSpec, situation: ActionContext) -> str:
    if situation.read_only and spec.enabled(replace(situation, read_only=False)):
        return window.document.read_only
    name = spec.text.removesuffix(" …")
    if spec.enabled is on.trainable:
        return f"{name}: {window.why_not_train()}"
    if spec.enabled is on.playable:
        return (
            _("{name}: pause training first").format(name=name)
            if situation.training
            else _("{name}: there are no numbers to step through yet").format(name=name)
        )
    if spec.enabled in (on.resettable, on.keepable) and "inside" in situation.facts:
        return _("{name}: go back to your graph first").format(name=name)
    first = _FIRST.get(spec.enabled) or _missing(spec.enabled, situation)
    return f"{name}: {first or _('not possible here ({first}{rest})').format(first=spec.tip[0].lower(), rest=spec.tip[1:])}"


def _missing(rule: Rule, situation: ActionContext) -> str:
    """What a rule that a feature made lacks, found by trying: a graph, or something selected."""
    if situation.selected:
        return ""
    if not situation.nodes:
        full = replace(situation, nodes=1, selected=1, selected_nodes=1, events=1)
        return _("the graph is empty") if rule(full) else ""
    if rule(replace(situation, selected=1)):
        return _("select a node or a wire first")
    return _("select a node first") if rule(replace(situation, selected=1, selected_nodes=1, movable=1)) else ""
