"""What a screen reader says of nodes, ports and wires: the same numbers as on the canvas, in words."""

from __future__ import annotations

from engine.compile.views import WHY_ABSENT, Absent, ArrayView, Gradient
from graph.formula.latex import display_name
from graph.model.elements import Edge
from graph.model.group_view import members
from graph.model.problem import SEVERITIES
from graph.text.messages import _, ngettext
from ui.canvas.model import matrices
from ui.canvas.model.canvas_model import CanvasModel
from ui.canvas.model.tips import activity_tip
from ui.look.numerals import exact, number, shape_text

PortKey = tuple[str, int, bool]
"""Port, slot, and whether it is an output."""


def canvas_value(model: CanvasModel) -> str:
    nodes, edges = len(model.scene.row), len(model.scene.edge_row)
    return ", ".join(
        (
            ngettext("{count} node", "{count} nodes", nodes).format(count=nodes),
            ngettext("{count} wire", "{count} wires", edges).format(count=edges),
        )
    )


def node_name(model: CanvasModel, item: str) -> str:
    graph = model.graph
    if item in graph.nodes:
        return f"{display_name(graph.nodes[item].name)}, {graph.spec(item).title}"
    group = graph.groups.get(item)
    return _("{name}, Group").format(name=group.name) if group is not None else item


def node_value(model: CanvasModel, item: str) -> str:
    graph, content = model.graph, model.content
    if item not in graph.nodes:
        count = len(members(graph, item)) if item in graph.groups else 0
        return ngettext("{number} node inside", "{number} nodes inside", count).format(number=count)
    parts: list[str] = []
    outputs = graph.spec(item).outputs
    for port in outputs:
        shown = content.node_value(item, port.name)
        if shown is not None:
            parts.append((f"{port.name} " if len(outputs) > 1 else "") + said(content.written_as(("value", item, port.name), shown)))
        gradient = content.node_gradient(item, port.name)
        if isinstance(gradient, ArrayView):
            parts.append(_("gradient {gradient}").format(gradient=said(content.written_as(("total", item, port.name), gradient))))
    typed = content.typed(item)
    if not parts and typed is not None:
        parts.append(number(typed))
    return _difference(model, ", ".join(parts))


def node_description(model: CanvasModel, item: str) -> str:
    graph, content = model.graph, model.content
    if item not in graph.nodes:
        return ""
    parts = []
    problem = content.problem(item)
    if problem is not None:
        parts.append(f"{SEVERITIES[problem.severity]}: {problem.text}")
    objective = content.objective()
    if objective is not None and objective[0] == item:
        parts.append(_("the objective"))
    marked = content.marked(item)
    if marked is not None:
        parts.append(activity_tip(graph.spec(item).title, marked).rstrip("."))
    into, out = len(graph.inputs_of(item)), len(graph.outputs_of(item))
    parts.append(ngettext("{number} wire in, {out} out", "{number} wires in, {out} out", into).format(number=into, out=out))
    return ". ".join(parts)


def port_name(key: PortKey) -> str:
    port, slot, output = key
    name = f"{port} {slot + 1}" if slot else port
    return _("output {name}").format(name=name) if output else _("input {name}").format(name=name)


def port_value(model: CanvasModel, item: str, key: PortKey) -> str:
    """What comes along the wire, or leaves."""
    graph, content, level = model.graph, model.content, model.scene.level
    (port, slot, output), node = key, item
    if level is not None:  # a port of a group's card stands for one of a node inside
        node, port, slot = level.real(node, port, output, slot)
    if node not in graph.nodes:
        return ""
    if output:
        shown = content.node_value(node, port)
        return _difference(model, said(content.written_as(("value", node, port), shown))) if shown is not None else ""
    edge = graph.edge_into(node, port, slot)
    if edge is None:
        return _("not connected")
    return _("from {name}: {model}").format(name=display_name(graph.nodes[edge.source[0]].name), model=wire_value(model, edge))


def wire_name(model: CanvasModel, edge: Edge) -> str:
    nodes = model.graph.nodes
    return _("wire from {source} to {target}, input {input}").format(
        source=display_name(nodes[edge.source[0]].name), target=display_name(nodes[edge.target[0]].name), input=edge.target[1]
    )


def wire_value(model: CanvasModel, edge: Edge) -> str:
    """What a wire shows: its value and its gradient, or why there is none."""
    content = model.content
    value, gradient = content.wire_value(edge), content.wire_gradient(edge)
    value = content.written_as(("value", *edge.source), value) if value is not None else None
    if isinstance(gradient, ArrayView):
        gradient = content.written_as(("edge", edge.id), gradient)
    return _difference(model, _("value {number}, gradient {gradient}").format(
        number=said(value) if value is not None else WHY_ABSENT["not computed"], gradient=_gradient(gradient)
    ))  # fmt: skip


def _difference(model: CanvasModel, text: str) -> str:
    """While two moments are compared, that these are no present numbers."""
    return _("difference: {text}").format(text=text) if text and model.content.comparing else text


def said(view: ArrayView) -> str:
    """A tensor in a few words."""
    if view.covered:
        return exact(view.norm)
    if view.scalar is not None:
        return number(view.scalar)
    if view.data is not None and matrices.fits(view.shape):
        rows = matrices.matrix(view).rows
        return _("{shape} tensor: {numbers}").format(shape=shape_text(view.shape), numbers="; ".join(", ".join(row) for row in rows))
    return _("{shape} tensor, mean {mean}, norm {norm}").format(
        shape=shape_text(view.shape), mean=number(view.mean), norm=number(view.norm)
    )


def _gradient(gradient: Gradient) -> str:
    return gradient.why if isinstance(gradient, Absent) else said(gradient)
