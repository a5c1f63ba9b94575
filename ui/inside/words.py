"""What the line above the canvas says about the rule."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from engine.explain.inside.rule import title_of
from engine.training.optimizers.wired import SETTING, has_own_name
from graph.formula.latex import display_name
from graph.text.messages import _, translated
from ui.look.numbers import plain

if TYPE_CHECKING:
    from engine.explain.inside.difference import Difference
    from graph.model.graph import Graph
    from ui.inside.guest import InsideGuest, Standing

MANY = 6
"""So many names are listed at most."""


def own_title(guest: InsideGuest) -> str:
    """What the rule is called as it is wired now: `Adam without bias correction`."""
    if guest.standing.key:
        return translated(guest.title_of(guest.standing.key))
    return title_of(guest.document.graph, guest.base(), translated(guest.title))


def said(guest: InsideGuest, standing: Standing, refusal: str, news: str) -> str:
    """The sentence below: what is wrong, what is the user's own, or what happened last."""
    if standing.problems:
        return standing.problems[0].text
    if standing.own:
        return _("This is your own rule now: {title}. Your training still uses {other}.").format(
            title=own_title(guest), other=translated(guest.title)
        )
    if standing.changed:
        values = ", ".join(f"{_symbol(guest, name)} = {plain(value)}" for name, value in standing.changed.items())
        return _("{values} here; your training uses another value.").format(values=values)
    return refusal or news


def changes(switched: Difference, before: Graph, after: Graph) -> str:
    """Which nodes went and came, by their names on the canvas, and which have another name."""
    gone, new = _names(before, switched.vanish), _names(after, switched.appear)
    parts = [_("Gone: {names}.").format(names=gone)] if gone else []
    parts += [_("New: {names}.").format(names=new)] if new else []
    return " ".join(parts)


def _names(graph: Graph, nodes: Iterable[str]) -> str:
    """The nodes with a symbol, not the operations between them."""
    wanted = set(nodes)
    names = [display_name(graph.nodes[node].name) for node in graph.order() if node in wanted and _has_symbol(graph, node)]
    listed = ", ".join(names[:MANY])
    return _("{names} and more").format(names=listed) if len(names) > MANY else listed


def _has_symbol(graph: Graph, node: str) -> bool:
    """Whether a node is one that formulas name: no operation between two of them, and no constant."""
    return graph.spec(node).role != "constant" and (graph.spec(node).role != "op" or has_own_name(graph, node))


def _symbol(guest: InsideGuest, setting: str) -> str:
    """What a setting is called on the canvas."""
    graph = guest.document.graph
    for node in graph.nodes.values():
        if node.type == SETTING and str(graph.setting(node.id, "setting") or node.name) == setting:
            return display_name(node.name)
    return setting
