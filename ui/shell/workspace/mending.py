"""Applying the repair of a problem."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graph.model.graph import GraphError
from graph.model.repairs import apply_repair

if TYPE_CHECKING:
    from graph.model.problem import Repair
    from ui.shell.workspace.workspace import Workspace


def mend(workspace: Workspace, repair: Repair) -> None:
    """Apply a repair as one step to undo; say why, where it does not apply."""
    document = workspace.document
    try:
        document.do(apply_repair(document.graph, repair), repair.title)
    except GraphError as refused:
        workspace.say(str(refused))
