"""A sheet carries an address as text with every number; what following it or pointing at it does on the canvas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graph.model.address import Address, parse

if TYPE_CHECKING:
    from ui.shell.workspace.workspace import Workspace

OWNER = "explain"


def point_at(workspace: Workspace, address: Address | None, owner: str = OWNER) -> None:
    """Ring the node or wire of an address; nothing without one, or where it is gone."""
    nodes, edges = _ends(workspace, address)
    overlay = workspace.canvas.overlay
    if overlay.highlighted(owner) != (frozenset(nodes), frozenset(edges)):
        overlay.highlight(owner, nodes, edges)


def point_at_link(workspace: Workspace, link: str) -> None:
    """The same for a link; an empty one leads nowhere."""
    point_at(workspace, parse(link) if link else None)


def follow(workspace: Workspace, address: Address) -> bool:
    """Select and show the node or wire of an address, the focus staying where it is; whether it is still there."""
    nodes, edges = _ends(workspace, address)
    if not nodes and not edges:
        return False
    canvas = workspace.canvas
    canvas.select(nodes or edges)
    canvas.reveal(address.node(workspace.document.graph))
    return True


def _ends(workspace: Workspace, address: Address | None) -> tuple[list[str], list[str]]:
    """The nodes and wires to ring or select for an address."""
    if address is None or not address.exists(workspace.document.graph):
        return [], []
    return ([], [address.id]) if address.kind == "edge" else ([address.id], [])
