"""Which items of a graph a few letters mean."""

from __future__ import annotations

from graph.formula.latex import display_name
from graph.model.graph import Graph
from graph.text.suggest import words_of


def known(graph: Graph) -> list[str]:
    """The words of a graph that can be looked for: what a mistyped one is compared with."""
    names = [text for n in graph.nodes.values() for text in (n.name, n.label, graph.spec(n).title) if text]
    return words_of([*names, *(g.name for g in graph.groups.values()), *(f.title for f in graph.frames.values())])


def matches(graph: Graph, text: str) -> list[str]:
    """Ids of nodes, groups, frames and notes that a few letters mean: exact names first, then beginnings, then anywhere."""
    wanted = text.casefold().strip()
    if not wanted:
        return []
    rows: list[tuple[str, tuple[str, ...]]] = [
        (n.id, (n.name, display_name(n.name), n.label, graph.spec(n).title)) for n in graph.nodes.values()
    ]
    rows += [(g.id, (g.name,)) for g in graph.groups.values()]
    rows += [(f.id, (f.title,)) for f in graph.frames.values()] + [(t.id, (t.text,)) for t in graph.notes.values()]
    ranked: list[tuple[int, int, str]] = []
    for place, (identity, texts) in enumerate(rows):
        ranks = [0 if t == wanted else 1 if t.startswith(wanted) else 2 for t in map(str.casefold, texts) if wanted in t]
        if ranks:
            ranked.append((min(ranks), place, identity))
    return [identity for _, _, identity in sorted(ranked)]
