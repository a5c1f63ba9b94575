"""Making, dissolving and naming groups."""

from __future__ import annotations

from graph.grouping.groups import group, rename_group, ungroup
from graph.model.graph import GraphError
from graph.text.messages import _
from ui.canvas.model.canvas_model import CanvasModel


def group_selection(model: CanvasModel) -> None:
    """Collapse what is selected into one card."""
    try:
        edit, group_id = group(model.document.graph, model.movable())
    except GraphError as refused:
        model.message.emit(str(refused)[:1].upper() + str(refused)[1:])
        return
    if model.do(edit, _("Group")):
        model.select([group_id])


def ungroup_selection(model: CanvasModel) -> None:
    """Dissolve the selected groups; what they held is selected."""
    graph = model.document.graph
    chosen = [item for item in model.selection if item in graph.groups]
    if not chosen:
        model.message.emit(_("Select a group to ungroup"))
        return
    held = [item for group_id in chosen for item in (*graph.members(group_id), *graph.subgroups(group_id))]
    if model.do(ungroup(graph, chosen), _("Ungroup")):
        model.select([item for item in held if item not in chosen])


def rename(model: CanvasModel, group_id: str, name: str) -> None:
    held = model.document.graph.groups.get(group_id)
    if held is not None and name.strip() and name.strip() != held.name:
        model.do(rename_group(model.document.graph, group_id, name), _("Rename group"))
