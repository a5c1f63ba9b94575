"""What a change of the document means for the picture: which cards to measure and which wires to route again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from graph.model import edits
from graph.model.elements import Group
from graph.model.graph import Graph
from ui.canvas.model.scene import CanvasScene


def flat(changes: Iterable[edits.Edit]) -> Iterator[edits.Edit]:
    """The single edits, out of all compounds."""
    for edit in changes:
        if isinstance(edit, edits.Compound):
            yield from flat(edit.edits)
        else:
            yield edit


def _is_group(edit: edits.Edit) -> bool:
    """Whether a group is added, changed or removed; an item that no longer exists may have been one."""
    if isinstance(edit, edits.AddItem | edits.SetItem):
        return isinstance(edit.item, Group)
    return isinstance(edit, edits.RemoveItem)


class Touched:
    """Sorted by what they ask for: `structure` other rows, or a rebuild, `cards` a new measure, `moved` only a new place."""

    def __init__(self, graph: Graph, changes: Iterable[edits.Edit]) -> None:
        self.structure = False
        self.nodes: set[str] = set()
        """Nodes that were added or removed."""
        self.edges: set[str] = set()
        """Wires that were."""
        self.cards: set[str] = set()
        self.moved: set[str] = set()
        self.wires: set[str] = set()
        self.other = False
        self.grouping = False
        self.everything = False
        """Whether all cards have to be measured again."""
        for edit in flat(changes):
            self._take(graph, edit)
        nodes, edges = graph._nodes.table.keys(), graph._edges.table.keys()
        self.cards, self.moved, self.wires = nodes & self.cards, nodes & self.moved, edges & self.wires

    def regroup(self, scene: CanvasScene) -> None:
        """Where groups are on show, their cards depend on their content: everything is measured again."""
        hidden = scene.level is not None and not self.cards | self.moved <= scene.row.keys()
        if (self.grouping and (scene.level is not None or scene.graph.groups)) or (scene.inside is not None and self.moved) or hidden:
            self.structure = self.everything = True

    def _take(self, graph: Graph, edit: edits.Edit) -> None:
        if isinstance(edit, edits.AddNode):
            self.structure = True
            self.nodes.add(edit.node.id)
            self.cards.add(edit.node.id)
        elif isinstance(edit, edits.Connect):
            self.structure = True
            self.edges.add(edit.edge.id)
            self.cards |= {edit.edge.source[0], edit.edge.target[0]}
        elif isinstance(edit, edits.RemoveNode):
            self.structure = True
            self.nodes.add(edit.id)
        elif isinstance(edit, edits.Disconnect):
            self.structure = True
            self.edges.add(edit.id)
        elif isinstance(edit, edits.Move):
            rows = {row[0] for row in edit.positions}
            self.moved |= rows
            self.grouping |= not rows.isdisjoint(graph.groups)
            self.other |= not rows <= graph._nodes.table.keys()
        elif isinstance(edit, edits.SetCollapsed) and edit.id in graph.nodes:
            self.cards.add(edit.id)
        elif isinstance(edit, edits.SetParam | edits.SetLabel | edits.SetBypassed):
            self.cards.add(edit.node)
        elif isinstance(edit, edits.Rename):
            self.cards |= {edit.node, *(graph.successors(edit.node) if edit.node in graph.nodes else ())}
        elif isinstance(edit, edits.SetVia):
            self.wires.add(edit.edge)
        elif isinstance(edit, edits.SetGroup | edits.SetCollapsed) or _is_group(edit):
            self.grouping = True
        elif not isinstance(edit, edits.SetGraphSetting | edits.SetTraining):
            self.other = True
