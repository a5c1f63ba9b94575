"""Where a number came from, as a text a sheet can carry, and what following it or pointing at it does on the canvas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.explain.cards import Place as CardPlace
    from graph.model.address import Address
    from graph.model.graph import Graph
    from ui.shell.workspace.workspace import Workspace

OWNER = "explain"


@dataclass(frozen=True, slots=True)
class Link:
    """`kind` is node, edge, parameter or setting; `name` the parameter's, setting's or output's."""

    kind: str
    id: str
    name: str = ""

    def text(self) -> str:
        return f"{self.kind}|{self.id}|{self.name}"


def link_of(place: CardPlace | None) -> str:
    """The link to the place a card's number came from; none without a place."""
    return "" if place is None else Link(place.kind, place.id, place.name).text()


def link_to(place: Address) -> str:
    kind = {"output": "node", "parameter": "parameter", "edge": "edge"}[place.kind]
    return Link(kind, place.id, place.port).text()


def read_link(text: str) -> Link | None:
    kind, _, rest = text.partition("|")
    identity, _, name = rest.partition("|")
    return Link(kind, identity, name) if identity else None


def ends(graph: Graph, link: Link) -> tuple[list[str], list[str]]:
    """The nodes and wires a link is about, those that are still there."""
    if link.kind == "edge":
        return [], [link.id] if link.id in graph.edges else []
    return [link.id] if link.id in graph.nodes else [], []


def point_at(workspace: Workspace, text: str, owner: str = OWNER) -> None:
    """Ring what a link is about; nothing for an empty one."""
    link = read_link(text)
    nodes, edges = ends(workspace.document.graph, link) if link is not None else ([], [])
    overlay = workspace.canvas.overlay
    if overlay.highlighted(owner) != (frozenset(nodes), frozenset(edges)):
        overlay.highlight(owner, nodes, edges)


def follow(workspace: Workspace, text: str) -> Link | None:
    """Select and show what a link is about, the focus staying where it is; the link when there was something to go to."""
    link = read_link(text)
    if link is None:
        return None
    nodes, edges = ends(workspace.document.graph, link)
    if not nodes and not edges:
        return None
    canvas = workspace.canvas
    canvas.select(nodes or edges)
    for node in nodes or [workspace.document.graph.edges[edges[0]].source[0]]:
        canvas.reveal(node)
    return link
