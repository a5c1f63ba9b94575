"""What a change of the document means for the picture: which cards to measure again, which wires to lead anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from graph import edits
from graph.graph import Graph


def flat(changes: Iterable[edits.Edit]) -> Iterator[edits.Edit]:
    """The single edits, out of all compounds."""
    for edit in changes:
        if isinstance(edit, edits.Compound):
            yield from flat(edit.edits)
        else:
            yield edit


class Touched:
    """Sorted by what they ask for: `structure` a rebuild, `cards` a new measure, `moved` only a new place."""

    def __init__(self, graph: Graph, changes: Iterable[edits.Edit]) -> None:
        self.structure = False
        self.cards: set[str] = set()
        self.moved: set[str] = set()
        self.wires: set[str] = set()
        self.other = False
        for edit in flat(changes):
            self._take(graph, edit)
        self.cards &= graph.nodes.keys()
        self.moved &= graph.nodes.keys()
        self.wires &= graph.edges.keys()

    def _take(self, graph: Graph, edit: edits.Edit) -> None:
        if isinstance(edit, edits.AddNode):
            self.structure = True
            self.cards.add(edit.node.id)
        elif isinstance(edit, edits.Connect):
            self.structure = True
            self.cards |= {edit.edge.source[0], edit.edge.target[0]}
        elif isinstance(edit, edits.RemoveNode | edits.Disconnect):
            self.structure = True
        elif isinstance(edit, edits.Move):
            rows = {row[0] for row in edit.positions}
            self.moved |= rows
            self.other |= not rows <= graph.nodes.keys()
        elif isinstance(edit, edits.SetCollapsed) and edit.id in graph.nodes:
            self.cards.add(edit.id)
        elif isinstance(edit, edits.SetParam | edits.SetLabel):
            self.cards.add(edit.node)
        elif isinstance(edit, edits.Rename):
            self.cards |= {edit.node, *(graph.successors(edit.node) if edit.node in graph.nodes else ())}
        elif isinstance(edit, edits.SetVia):
            self.wires.add(edit.edge)
        elif not isinstance(edit, edits.SetGraphSetting | edits.SetTraining):
            self.other = True
