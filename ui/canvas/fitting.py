"""Whether a wire fits, in words for the person who is about to let go of it."""

from __future__ import annotations

from dataclasses import dataclass

from engine.views import TraceView
from graph.graph import Graph
from graph.model import End
from ui.canvas.numerals import shape_text


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
        return Verdict(f"→ {taker}", True)
    shape = known[0]
    port = graph.spec(target[0]).input(target[1])
    lowest, highest = port.rank if port is not None else (0, None)
    text = f"{graph.nodes[source[0]].name} ({shape_text(shape)}) → {taker}"
    if len(shape) < lowest or (highest is not None and len(shape) > highest):
        wanted = f"{lowest}" if highest == lowest else f"at least {lowest}" if highest is None else f"{lowest} to {highest}"
        return Verdict(f"{text}: needs {wanted} dimension{'' if wanted == '1' else 's'}, gets {len(shape)}", True, False)
    return Verdict(text, True)
