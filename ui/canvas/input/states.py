"""Switches on nodes: folded cards, frozen parameters, nodes that are passed over."""

from __future__ import annotations

from graph.model import bypass as bypasses
from graph.model import edits
from graph.text.messages import _
from ui.canvas.model.canvas_model import CanvasModel


def collapse(model: CanvasModel) -> None:
    """Fold the selected cards; open them when all are folded."""
    nodes = [model.document.graph.nodes[n] for n in model.selected_nodes()]
    fold = not all(node.collapsed for node in nodes)
    changes = tuple(edits.SetCollapsed(node.id, fold) for node in nodes if node.collapsed != fold)
    if changes:
        model.do(edits.Compound(changes), _("Collapse cards") if fold else _("Expand cards"))


def freeze(model: CanvasModel) -> None:
    """Keep training from changing the selected nodes' parameters; let it again when all are frozen."""
    graph = model.document.graph
    nodes = [n for n in model.selected_nodes() if graph.spec(n).setting("frozen") is not None]
    if not nodes:
        model.message.emit(_("No selected node has parameters to freeze"))
        return
    stop = not all(graph.setting(n, "frozen") for n in nodes)
    changes = tuple(edits.SetParam(n, "frozen", stop) for n in nodes if bool(graph.setting(n, "frozen")) != stop)
    model.do(edits.Compound(changes), _("Freeze") if stop else _("Unfreeze"))


def bypass(model: CanvasModel) -> None:
    """Pass the selected nodes over; let them work again when all are. Where one cannot be passed over, nothing changes, and it says why."""
    graph, trace = model.document.graph, model.content.trace
    nodes = model.selected_nodes()
    off = not all(graph.nodes[n].bypassed for n in nodes)
    chosen = [n for n in nodes if graph.nodes[n].bypassed != off]
    for node in chosen if off else ():
        refusal = bypasses.refusal(graph, node, trace.shapes if trace is not None else None)
        if refusal is not None:
            model.message.emit(refusal)
            return
    if chosen:
        model.do(edits.Compound(tuple(edits.SetBypassed(n, off) for n in chosen)), _("Bypass") if off else _("End bypass"))
