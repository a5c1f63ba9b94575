"""The content of a tool tip: full precision, shapes, statistics, and why something is not there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from engine.compile.activity import FLAT, SHOWN, Activity
from engine.compile.views import WHY_ABSENT, Absent, ArrayView, Gradient
from graph.formula.latex import display_name
from graph.grouping.groups import members
from graph.model.address import wire
from graph.model.elements import Edge
from graph.model.graph import Graph
from graph.text.messages import _
from ui.canvas.model import samples
from ui.canvas.model.card_body import NumberPlace
from ui.canvas.model.content import HELD, Content
from ui.canvas.model.scene import PortHit
from ui.look.numerals import column, exact, number, shape_text

LISTED, EXACT_LISTED = 16, 8
"""Tensors up to these sizes are listed in a tip, and with all their digits."""


def wire_tip(content: Content, edge: Edge) -> str:
    """From where to where, the value and the gradient with all their digits."""
    rows = [wire(edge.id).name(content.graph), *_sample_rows(content, content.batched(edge.source))]
    return "\n".join(rows + _compared(content, lambda shown: _wire_rows(shown, edge)))


def _wire_rows(content: Content, edge: Edge) -> list[str]:
    value = content.wire_value(edge)
    return [
        _("value  {number}").format(number=described(value) if value is not None else WHY_ABSENT["not computed"]),
        _("gradient  {number}").format(number=_gradient(content.wire_gradient(edge))),
    ]


def _compared(content: Content, rows_of: Callable[[Content], list[str]]) -> list[str]:
    """The rows of the present numbers; while two moments are compared, those of the difference and of both moments."""
    both = content.compared
    if both is None or not content.comparing:
        return rows_of(content)
    sides = ((both.title, both.change), (both.names[0], both.first), (both.names[1], both.second))
    rows: list[str] = []
    for title, numbers in sides:
        rows += [title, *(f"   {row}" for row in rows_of(content.with_compared(replace(both, change=numbers))))]
    return rows


def node_tip(content: Content, node_id: str) -> str:
    """The problem, if there is one; and the type, name and value, unless it kept them from being computed."""
    problem = content.problem(node_id)
    if problem is None:
        return _node_rows(content, node_id)
    if problem.severity == "error":
        return problem.text
    return f"{problem.text}\n\n{_node_rows(content, node_id)}"


def _node_rows(content: Content, node_id: str) -> str:
    if node_id in content.graph.groups:
        return _("{name}  a group of {graph} nodes").format(
            name=content.graph.groups[node_id].name, graph=len(members(content.graph, node_id))
        )
    spec, node = content.graph.spec(node_id), content.graph.nodes[node_id]
    rows = [f"{display_name(node.name)}  {spec.title}"]
    objective = content.objective()
    if objective is not None and objective[0] == node_id:
        rows.append(_("the objective: all gradients are derivatives of this value"))
    rows += _sample_rows(content, any(content.batched((node_id, port.name)) for port in spec.outputs))
    rows += _compared(content, lambda shown: _output_rows(shown, node_id))
    marked = content.marked(node_id)
    if marked is not None:
        rows.append(activity_tip(spec.title, marked))
    return "\n".join(rows)


def _output_rows(content: Content, node_id: str) -> list[str]:
    spec, rows = content.graph.spec(node_id), list[str]()
    for port in spec.outputs:
        value = content.node_value(node_id, port.name)
        if value is not None:
            rows.append(
                f"{port.name}  {described(value)}" if len(spec.outputs) > 1 else _("value  {number}").format(number=described(value))
            )
    if content.graph.outputs_of(node_id):
        total = content.node_gradient(node_id, spec.outputs[0].name if spec.outputs else "")
        if isinstance(total, ArrayView):
            rows.append(_("gradient  {number}").format(number=described(total)))
    return rows


def place_tip(content: Content, node_id: str, place: NumberPlace) -> str:
    """A tensor that has a place of its own inside a card, with all its digits."""
    rows = [f"{display_name(content.graph.nodes[node_id].name)}  {place.sign}"]
    if place.kind == "slope" and content.sample is not None:
        rows.append(_("summed over all samples of the batch"))
    elif place.kind == "inner":
        rows += _sample_rows(content, place.kind == "inner")
    return "\n".join(rows + _compared(content, lambda shown: [_gradient(shown.at_place(node_id, place) or HELD)]))


def _sample_rows(content: Content, batched: bool) -> list[str]:
    """Which part of the batch the numbers are."""
    if content.sample is None or not batched:
        return []
    return [samples.said(content.sample, samples.count(content.trace))]


def activity_tip(title: str, found: Activity) -> str:
    """What the mark of dead or saturated units means, and from when on it is there."""
    if found.kind == "dead":
        said = _("{count} of {of} units ({share}) are 0 for all {samples} samples: dead here, no gradient passes through them.")
    else:
        said = _(
            "{count} of {of} values ({share}) are saturated: the slope of {title} there is below {flat} of its largest, so hardly any "
            "gradient passes."
        )
    share, flat = f"{found.share:.0%}", f"{FLAT:.0%}"
    said = said.format(count=found.count, of=found.of, share=share, samples=found.samples, title=title, flat=flat)
    return said + " " + _("Marked from {threshold} on.").format(threshold=f"{SHOWN:.0%}")


def port_tip(graph: Graph, content: Content, hit: PortHit) -> str:
    spec = graph.spec(hit.node)
    port = spec.output(hit.spot.port) if hit.spot.output else spec.input(hit.spot.port)
    name = f"{display_name(graph.nodes[hit.node].name)}.{hit.spot.port}"
    rows = [name + (" (optional)" if port is not None and port.optional else "")]
    known = content.trace.shapes.get((hit.node, hit.spot.port)) if hit.spot.output and content.trace is not None else None
    if known is not None:
        rows.append(shape_text(known[0]) + (_(" per sample") if known[1] else ""))
    if port is not None and port.doc:
        rows.append(port.doc)
    return "\n".join(rows)


def described(view: ArrayView) -> str:
    """A number with every digit; a tensor by its shape and statistics, small ones with their numbers."""
    if view.scalar is not None:
        return exact(view.scalar, view.dtype)
    if view.covered:
        return f"{shape_text(view.shape)}  {exact(view.norm)}"
    finite = "" if view.finite else _("  holds NaN or ∞")
    text = _("{shape}  {dtype}{finite}\nmin {minimum}  max {maximum}").format(
        shape=shape_text(view.shape), dtype=view.dtype, finite=finite, minimum=number(view.minimum), maximum=number(view.maximum)
    )
    text += _("  mean {mean}  std {std}  norm {norm}").format(mean=number(view.mean), std=number(view.std), norm=number(view.norm))
    if view.data is not None and view.data.size <= LISTED:
        text += "\n" + _listed(view)
    return text


def _listed(view: ArrayView) -> str:
    assert view.data is not None
    across = view.data.shape[-1] if view.data.ndim > 1 else 1
    flat = [float(value) for value in view.data.reshape(-1).tolist()]
    texts = [exact(value, view.dtype) for value in flat] if len(flat) <= EXACT_LISTED else column(flat)
    return "\n".join("   ".join(texts[at : at + across]) for at in range(0, len(texts), across))


def _gradient(gradient: Gradient) -> str:
    return gradient.why if isinstance(gradient, Absent) else described(gradient)
