"""What two rules have in common, node by node: which nodes stay when one becomes the other, which vanish and which appear. No torch.

Two nodes are the same where they do the same for the same result: matching begins at the next values of θ and of the states, goes back
along the wires as long as the operations are alike, then forward from what is given. So the division of Adam is that of RMSProp, and β₂
there is τ here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.training.optimizers.wired import COUNT, LOSS, NEXT, PARAMETER, SETTING, SLOPE, STATE, has_own_name
from graph.model.graph import Graph


@dataclass(frozen=True, slots=True)
class Difference:
    """`stays`: by the id in the old graph the id in the new one; `renamed` are those of them that are called otherwise there.
    `vanish` are ids of the old graph, `appear` of the new one, in the order in which values flow."""

    stays: Mapping[str, str]
    renamed: tuple[str, ...]
    vanish: tuple[str, ...]
    appear: tuple[str, ...]


def difference(old: Graph, new: Graph) -> Difference:
    """How the graph of one rule becomes that of another."""
    pairs = _Pairs(old, new)
    for kind in (PARAMETER, SLOPE, COUNT, LOSS):
        pairs.only(kind)
    for kind, setting in ((STATE, ""), (NEXT, "of"), (SETTING, "setting")):
        pairs.named(kind, setting)
    for node in [node for node in old.nodes if old.nodes[node].type in (NEXT, LOSS)]:
        pairs.back(node)
    for node in pairs.called_alike():
        pairs.back(node)
    pairs.forward()
    stays = pairs.stays
    taken = {*stays.values()}
    return Difference(
        stays, tuple(node for node, other in stays.items() if old.nodes[node].name != new.nodes[other].name),
        tuple(node for node in old.order() if node not in stays), tuple(node for node in new.order() if node not in taken),
    )  # fmt: skip


class _Pairs:
    """The nodes that were matched so far."""

    def __init__(self, old: Graph, new: Graph) -> None:
        self.old, self.new = old, new
        self.stays: dict[str, str] = {}

    def only(self, kind: str) -> None:
        """The node of a type of which each graph has one."""
        mine, theirs = ([n.id for n in graph.nodes.values() if n.type == kind] for graph in (self.old, self.new))
        if len(mine) == len(theirs) == 1:
            self.stays[mine[0]] = theirs[0]

    def named(self, kind: str, setting: str) -> None:
        """Nodes of a type that are for the same: a state of the same name, a setting of the same name."""
        theirs = {self._what(self.new, n.id, setting): n.id for n in self.new.nodes.values() if n.type == kind}
        for node in self.old.nodes.values():
            if node.type == kind and (other := theirs.get(self._what(self.old, node.id, setting))) is not None:
                self.stays[node.id] = other

    def _what(self, graph: Graph, node: str, setting: str) -> str:
        return str((graph.setting(node, setting) if setting else "") or graph.nodes[node].name)

    def back(self, node: str) -> None:
        """From a matched node along the wires to what it is computed of."""
        waiting = [node] if node in self.stays else []
        while waiting:
            at = waiting.pop()
            for edge in self.old.inputs_of(at):
                twin = self.new.edge_into(self.stays[at], edge.target[1], edge.slot)
                if twin is not None and self._match(edge.source[0], twin.source[0]):
                    waiting.append(edge.source[0])

    def called_alike(self) -> list[str]:
        """Match operations that bear the same name of their own, such as m̂; returns those of the old graph."""
        theirs = {node.name: node.id for node in self.new.nodes.values() if has_own_name(self.new, node.id)}
        mine = [node for node in self.old.nodes.values() if node.name in theirs and has_own_name(self.old, node.id)]
        return [node.id for node in mine if self._match(node.id, theirs[node.name])]

    def forward(self) -> None:
        """Operations of the same type whose inputs are all matched with each other."""
        theirs = {self._made_of(self.new, node): node for node in self.new.order() if self.new.spec(node).role == "op"}
        for node in self.old.order():
            if node in self.stays or self.old.spec(node).role != "op":
                continue
            kind, inputs = self._made_of(self.old, node)
            if all(source in self.stays for source, _port in inputs):
                other = theirs.get((kind, tuple((self.stays[source], port) for source, port in inputs)))
                if other is not None:
                    self._match(node, other)

    def _made_of(self, graph: Graph, node: str) -> tuple[str, tuple[tuple[str, str], ...]]:
        return graph.nodes[node].type, tuple((edge.source[0], edge.target[1]) for edge in graph.inputs_of(node))

    def _match(self, mine: str, theirs: str) -> bool:
        """Match two nodes of one type that are both free. Whether they were matched now."""
        if mine in self.stays or theirs in self.stays.values() or self.old.nodes[mine].type != self.new.nodes[theirs].type:
            return False
        if self.old.nodes[mine].type == "source.constant" and self.old.setting(mine, "value") != self.new.setting(theirs, "value"):
            return False
        self.stays[mine] = theirs
        return True
