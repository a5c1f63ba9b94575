"""What every edit is, and several edits as one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from graph.model.elements import Frame, Group, Node, Note
from graph.model.graph import MISSING, Graph, GraphError
from graph.text.messages import _
from graph.text.quoting import quoted

Kind = Literal["structure", "value", "cosmetic"]
StateMove = tuple[tuple[str, str], tuple[str, str]]
"""Old (node, parameter) to new: trained weights follow a duplicate. A parameter such as `W[2,0]` is one number of a tensor."""


class Edit:
    """Base of all edits."""

    kind: ClassVar[Kind] = "structure"
    swaps: ClassVar[bool] = False  # whether several of them may depend on their order (names change places)
    __slots__ = ()

    def apply(self, graph: Graph) -> Edit:
        raise NotImplementedError

    def kind_in(self, graph: Graph) -> Kind:
        return self.kind

    def absorb(self, later: Edit) -> Edit | None:
        """One edit that does what this one and `later` do, when `later` sets the same thing again."""
        return None

    def to_json(self) -> dict[str, Any]:
        return {"edit": type(self).__name__} | self._fields()

    def _fields(self) -> dict[str, Any]:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Compound(Edit):
    """Several edits as one: all of them or none. `state_moves` says where trained weights go."""

    edits: tuple[Edit, ...] = ()
    text: str = ""
    state_moves: tuple[StateMove, ...] = ()

    def apply(self, graph: Graph) -> Edit:
        inverses: list[Edit] = []
        try:
            for edit in self.edits:
                inverses.append(edit.apply(graph))
        except Exception:
            for inverse in reversed(inverses):
                inverse.apply(graph)
            raise
        back = tuple((new, old) for old, new in reversed(self.state_moves))
        return Compound(tuple(reversed(inverses)), self.text, back)

    def kind_in(self, graph: Graph) -> Kind:
        kinds = {edit.kind_in(graph) for edit in self.edits}
        return "structure" if "structure" in kinds or self.state_moves else "value" if "value" in kinds else "cosmetic"

    def absorb(self, later: Edit) -> Edit | None:
        if not isinstance(later, Compound) or len(later.edits) != len(self.edits) or self.state_moves or later.state_moves:
            return None
        if any(edit.swaps for edit in later.edits):
            return None  # names may change places on the way
        merged = [old.absorb(new) for old, new in zip(self.edits, later.edits, strict=True)]
        return Compound(tuple(edit for edit in merged if edit), self.text) if all(merged) else None

    def _fields(self) -> dict[str, Any]:
        moves = [[list(old), list(new)] for old, new in self.state_moves]
        return {"edits": [edit.to_json() for edit in self.edits], "text": self.text} | ({"state_moves": moves} if moves else {})


def moves_of(edit: Edit) -> tuple[StateMove, ...]:
    """The moves of state of an edit and of all edits in it: a gesture's are inside its one step."""
    if not isinstance(edit, Compound):
        return ()
    return (*(move for part in edit.edits for move in moves_of(part)), *edit.state_moves)


def optional(value: Any) -> dict[str, Any]:
    return {} if value is MISSING else {"value": value}


def find_item(graph: Graph, identity: str) -> Node | Group | Frame | Note:
    for table in (graph.nodes, graph.groups, graph.frames, graph.notes):
        item: Node | Group | Frame | Note | None = table.get(identity)
        if item is not None:
            return item
    raise GraphError(_("there is nothing with the id {identity}").format(identity=quoted(identity)))
