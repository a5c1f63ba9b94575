"""Whether a wire fits, in words for the person who is about to let go of it."""

from __future__ import annotations

from dataclasses import dataclass

from engine.compile.views import TraceView
from graph.model.elements import End
from graph.model.graph import Graph
from graph.text.messages import _, ngettext
from ui.look.numerals import shape_text


@dataclass(frozen=True, slots=True)
class Verdict:
    """`possible`: the document takes the wire. `good`: nothing known speaks against it."""

    text: str
    possible: bool
    good: bool = True


def judge(graph: Graph, trace: TraceView | None, source: End, target: End) -> Verdict:
    """The document's refusal; else what is known of shapes; else where the wire would go."""
    refusal = graph.refusal(source, target)
    if refusal is not None:
        return Verdict(refusal[:1].upper() + refusal[1:], False, False)
    taker = f"{graph.nodes[target[0]].name}.{target[1]}"
    known = trace.shapes.get(source) if trace is not None else None
    if known is None:
        return Verdict(f"→ {taker}" if trace is not None else _("→ {taker}: checking …").format(taker=taker), True)
    shape = known[0]
    port = graph.spec(target[0]).input(target[1])
    lowest, highest = port.rank if port is not None else (0, None)
    text = f"{graph.nodes[source[0]].name} ({shape_text(shape)}) → {taker}"
    if len(shape) < lowest or (highest is not None and len(shape) > highest):
        if highest is None:
            needed = ngettext("needs at least {n} dimension", "needs at least {n} dimensions", lowest).format(n=lowest)
        elif highest == lowest:
            needed = ngettext("needs {n} dimension", "needs {n} dimensions", lowest).format(n=lowest)
        else:
            needed = _("needs {lowest} to {highest} dimensions").format(lowest=lowest, highest=highest)
        return Verdict(_("{wire}: {needed}, gets {count}").format(wire=text, needed=needed, count=len(shape)), True, False)
    clash = _clash(graph, trace, shape, target) if trace is not None else ""
    return Verdict(f"{text}: {clash}" if clash else text, True, not clash)


def _clash(graph: Graph, trace: TraceView, shape: tuple[int, ...], target: End) -> str:
    """Why a shape does not go with what is at the node's other input; empty when it does or nothing is known."""
    spec = graph.spec(target[0])
    names = [p.name for p in spec.inputs if not p.parameter]
    if target[1] not in names or len(names) != 2:
        return ""
    other = graph.edge_into(target[0], names[1 - names.index(target[1])])
    known = trace.shapes.get(other.source) if other is not None else None
    if known is None or other is None:
        return ""
    first, second = (shape, known[0]) if names[0] == target[1] else (known[0], shape)
    if spec.key == "math.matmul":
        fits = not first or not second or first[-1] == (second[-2] if len(second) > 1 else second[-1])
    elif spec.category == "math" or (spec.category == "losses" and trace.shapes[other.source] and len(first) == len(second)):
        fits = all(a == b or 1 in (a, b) for a, b in zip(reversed(first), reversed(second), strict=False))
    else:
        return ""
    return "" if fits else _("{first} and {second} do not fit together").format(first=shape_text(first), second=shape_text(second))
