"""Every change a document can undergo: small frozen objects with a JSON form.

`edit.apply(graph)` does the whole change and returns its inverse, or raises GraphError and changes nothing. Whatever an edit
removes comes back in its old place. `edit.kind_in(graph)`, asked before it is applied, says what must follow:
`structure` (compile again), `value` (compute again) or `cosmetic` (paint again).
"""

from graph.model.edits.base import Compound, Edit, Kind, StateMove, moves_of
from graph.model.edits.composed import connect, dissolve, duplicate, insert_on_wire, remove_nodes
from graph.model.edits.reading import edit_from_json
from graph.model.edits.structure import AddItem, AddNode, Connect, Disconnect, RemoveItem, RemoveNode
from graph.model.edits.values import (
    Move,
    Rename,
    SetBypassed,
    SetCollapsed,
    SetGraphSetting,
    SetGroup,
    SetItem,
    SetLabel,
    SetParam,
    SetTraining,
    SetVia,
)
from graph.model.graph import MISSING, GraphError

AddGroup = AddFrame = AddNote = AddItem
RemoveGroup = RemoveFrame = RemoveNote = RemoveItem
ReplaceGroup = ReplaceFrame = ReplaceNote = SetItem

__all__ = [
    "MISSING", "AddFrame", "AddGroup", "AddItem", "AddNode", "AddNote", "Compound", "Connect", "Disconnect", "Edit",
    "GraphError", "Kind", "Move", "RemoveFrame", "RemoveGroup", "RemoveItem", "RemoveNode", "RemoveNote", "Rename",
    "ReplaceFrame", "ReplaceGroup", "ReplaceNote", "SetBypassed", "SetCollapsed", "SetGraphSetting", "SetGroup", "SetItem", "SetLabel",
    "SetParam", "SetTraining", "SetVia", "StateMove", "connect", "dissolve", "duplicate", "edit_from_json", "insert_on_wire",
    "moves_of", "remove_nodes",
]  # fmt: skip
