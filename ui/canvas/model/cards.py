"""The cards of a scene: measured at once, each made when someone comes near enough to read it.

Opening ten thousand nodes needs their sizes, hues and ports; their texts are needed of the few that are looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from graph.model.graph import Graph
from ui.canvas.model import geometry
from ui.canvas.model.card_body import Shapes
from ui.canvas.model.geometry import NodeCard, Outline


class Cards(Mapping[str, NodeCard]):
    """By node. `outlines` are what is known of each, a whole card where only that tells.

    A card is made of the graph as it is when it is asked for; `measure` drops it again, and has to be called whenever it would be another.
    """

    def __init__(self, graph: Graph, shapes: Shapes) -> None:
        self._graph = graph
        self.shapes = shapes
        self.outlines: dict[str, NodeCard | Outline] = {}
        self.made: dict[str, NodeCard] = {}

    def __getitem__(self, node_id: str) -> NodeCard:
        card = self.made.get(node_id)
        if card is None:
            known = self.outlines[node_id]
            card = self.made[node_id] = known if isinstance(known, NodeCard) else geometry.build(self._graph, node_id, None, self.shapes)
        return card

    def __contains__(self, node_id: object) -> bool:
        return node_id in self.outlines

    def __iter__(self) -> Iterator[str]:
        return iter(self.outlines)

    def __len__(self) -> int:
        return len(self.outlines)

    def measure(self, node_ids: Sequence[str]) -> list[str]:
        """Measure these nodes again; those that look different now."""
        graph, different = self._graph, list[str]()
        for node_id, new in zip(node_ids, geometry.outlines(graph, node_ids, self.shapes), strict=True):
            old, made = self.outlines.get(node_id), self.made.pop(node_id, None)
            if new is None or made is not None:
                card = self.made[node_id] = geometry.build(graph, node_id, None, self.shapes)
                if card != made:
                    different.append(node_id)
            elif new is not old and new != old:
                different.append(node_id)
            self.outlines[node_id] = new if new is not None else card
        return different

    def put(self, identity: str, card: NodeCard) -> None:
        """A card that is no node's: of a group, or of what enters and leaves it."""
        self.outlines[identity] = self.made[identity] = card

    def drop(self, node_id: str) -> None:
        """Forget the card of what is gone."""
        del self.outlines[node_id]
        self.made.pop(node_id, None)

    def keep(self, old: Cards, node_ids: Iterable[str]) -> None:
        """Take over what another has measured."""
        kept = {node_id: old.outlines[node_id] for node_id in node_ids}
        self.outlines |= kept
        self.made |= {node_id: card for node_id, card in old.made.items() if node_id in kept}
