"""A fault that a teacher plants in a graph for a class to find: a declared part of the document, kept under its setting `fault`.

In the file it is written so that it is not read by accident; it is not secret. A fault whose node or wire is gone does nothing.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass

from graph.model.address import wire
from graph.model.edits import Edit, SetGraphSetting
from graph.model.graph import MISSING, Graph
from graph.text.messages import _

SETTING = "fault"
KINDS: dict[str, str] = {
    "branch": _("A branch is dropped from the sum"),
    "sign": _("A wrong sign in a derivative"),
    "detached": _("A node lets no gradient through"),
    "zero_grad": _("Gradients are not set to zero between steps"),
    "softmax": _("Softmax is applied twice"),
    "transposed": _("A weight is used untransposed"),
}
"""Every kind of fault, in words, by its key."""
SOFTMAX = ("activation.softmax", "activation.log_softmax", "loss.cross_entropy")
LINEAR = "layer.linear"
Shapes = Mapping[tuple[str, str], tuple[tuple[int, ...], bool]]


@dataclass(frozen=True, slots=True)
class Fault:
    """`place` is a wire for `branch`, nothing for `zero_grad`, and a node for all others."""

    kind: str
    place: str = ""


def planted(graph: Graph) -> Fault | None:
    """The fault of a document; None where there is none, or none that can be read."""
    text = graph.settings.get(SETTING)
    if not isinstance(text, str):
        return None
    try:
        row = json.loads(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        return None
    if not isinstance(row, list) or len(row) != 2 or row[0] not in KINDS or not isinstance(row[1], str):
        return None
    return Fault(row[0], row[1])


def at_work(graph: Graph) -> bool:
    """Whether there is a fault whose place is still there."""
    fault = planted(graph)
    return fault is not None and (fault.kind == "zero_grad" or fault.place in graph.nodes or fault.place in graph.edges)


def plant(fault: Fault) -> Edit:
    """The edit that puts a fault into a document, in place of the one that was there."""
    return SetGraphSetting(SETTING, base64.b64encode(json.dumps([fault.kind, fault.place]).encode()).decode())


def remove() -> Edit:
    """The edit that takes the fault away."""
    return SetGraphSetting(SETTING, MISSING)


def possible(graph: Graph, shapes: Shapes, leading: set[str], zeroed: bool = True) -> list[Fault]:
    """Every fault that would show: `leading` are the ids of the wires that carry a gradient, `shapes` those of a trace.

    A zero_grad can be skipped where something is trained. `zeroed` is False with an optimizer that evaluates the loss itself, as
    often as it likes: there is no zero_grad between its steps.
    """
    faults = [Fault("branch", edge) for edge in graph.edges if edge in leading and _branches(graph, edge, leading) > 1]
    for node in graph.nodes:
        into = [edge.id for edge in graph.inputs_of(node) if edge.id in leading]
        if not into:
            continue
        faults += [Fault("sign", node), Fault("detached", node)]
        if graph.nodes[node].type in SOFTMAX:
            faults.append(Fault("softmax", node))
        if graph.nodes[node].type == LINEAR and _square(graph, node, shapes):
            faults.append(Fault("transposed", node))
    learned = any(graph.spec(node).parameters and not graph.settings_of(node).get("frozen", False) for node in graph.nodes)
    if learned and zeroed:
        faults.append(Fault("zero_grad"))
    return faults


def _branches(graph: Graph, edge: str, leading: set[str]) -> int:
    source = graph.edges[edge].source
    return sum(e.source == source and e.id in leading for e in graph.outputs_of(source[0]))


def _square(graph: Graph, node: str, shapes: Shapes) -> bool:
    """Whether a layer gives as many numbers as it takes, at least two, and something before it wants its gradient."""
    source = next((edge.source for edge in graph.inputs_of(node) if edge.target[1] == "x"), None)
    before, after = shapes.get(source) if source is not None else None, shapes.get((node, "y"))
    return before is not None and after is not None and before[0][-1:] == after[0][-1:] and before[0][-1] > 1


def described(graph: Graph, fault: Fault) -> str:
    """The fault and its place, in words for the student who found it or asked for the solution."""
    kind = KINDS[fault.kind]
    if fault.kind == "zero_grad":
        return f"{kind}."
    if fault.place in graph.edges:
        return _("{kind}: {wire} brings no gradient back.").format(kind=kind, wire=wire(fault.place).name(graph))
    node = graph.nodes.get(fault.place)
    return (
        _("{kind}, at {name}.").format(kind=kind, name=node.name)
        if node is not None
        else _("{kind}; its place is no longer in the graph.").format(kind=kind)
    )
