"""Several objectives on one graph: each with the parameters that it moves and its direction, as in generative adversarial networks.

They are kept under the document's setting `objectives`, in their order; a document without it has one objective (`graph.model.objective`).
An entry whose node is gone does nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

from graph.model.goal import SETTING, TURNS, Goal, listed_goals, written
from graph.model.graph import Graph
from graph.model.problem import Problem
from graph.model.reach import reachable
from graph.text.listing import listed
from graph.text.messages import Message


def goals_of(graph: Graph) -> tuple[Goal, ...]:
    """The objectives of a document that has a list of them; nothing where it has one objective."""
    if not graph.settings.get(SETTING):
        return ()
    return tuple(goal for goal in listed_goals(graph.settings) if _stands(graph, goal))


def together(graph: Graph) -> bool:
    """Whether one step differentiates all objectives at the same point."""
    return graph.settings.get(TURNS) == "together"


def moved(graph: Graph, goal: Goal) -> frozenset[str]:
    """The nodes whose parameters an objective moves: those it names, and all nodes inside the groups it names."""
    nodes, pending, seen = set(), list(goal.parameters), set[str]()
    while pending:
        identity = pending.pop()
        if identity in seen:
            continue
        seen.add(identity)
        if identity in graph.nodes:
            nodes.add(identity)
        elif identity in graph.groups:
            nodes |= set(graph.members(identity))
            pending += graph.subgroups(identity)
    return frozenset(nodes)


def without(graph: Graph, gone: Collection[str]) -> list[dict[str, Any]] | None:
    """What the setting holds after these nodes and groups were removed; None where nothing changes.

    A group that is removed alone gives way to the nodes and groups inside it, which stay.
    """
    before = listed_goals(graph.settings)
    after = [_freed(graph, goal, gone) for goal in before if goal.node not in gone]
    return None if tuple(after) == before else written(after)


def redirected(graph: Graph, old: str, node: str, port: str) -> list[dict[str, Any]] | None:
    """What the setting holds when another output takes the place of a node's; None where no objective is there."""
    before = listed_goals(graph.settings)
    after = tuple(replace(goal, node=node, port=port) if goal.node == old else goal for goal in before)
    return None if after == before else written(after)


def objective_problems(graph: Graph) -> Iterator[Problem]:
    """What is odd about a document's objectives, in the order of the list, then what concerns parameters."""
    entries = listed_goals(graph.settings)
    if not entries:
        return
    goals, learned = goals_of(graph), trainable(graph)
    for _gone in range(len(entries) - len(goals)):
        gone = Message("objective-gone", "An entry of the list of objectives is an output that no longer exists; it is left out.")
        yield Problem("warning", gone)
    moves = [moved(graph, goal) & learned for goal in goals]
    for number, (goal, own) in enumerate(zip(goals, moves, strict=True), 1):
        name = graph.nodes[goal.node].name
        if not own:
            nothing = Message(
                "objective-moves-nothing", "Objective {number} ({name}) moves no parameter: choose which.", number=number, name=name
            )
            yield Problem("warning", nothing, (goal.node,))
        elif not own & set(reachable([goal.node], graph.predecessors)):
            apart = Message(
                "objective-apart", "Objective {number} ({name}) does not depend on any parameter that it moves.", number=number, name=name
            )
            yield Problem("warning", apart, (goal.node,))
    counts = Counter(node for own in moves for node in own)
    if idle := [node for node in graph.nodes if node in learned and not counts[node]]:
        names = listed(graph.nodes[node].name for node in idle)
        yield Problem("warning", Message("parameter-unmoved", "No objective moves {names}.", names=names), tuple(idle))
    if shared := [node for node in graph.nodes if counts[node] > 1]:
        names = listed(graph.nodes[node].name for node in shared)
        yield Problem("warning", Message("parameter-moved-twice", "More than one objective moves {names}.", names=names), tuple(shared))


def trainable(graph: Graph) -> set[str]:
    """The nodes with learned parameters that are not frozen."""
    return {
        node for node in graph.nodes
        if (graph.spec(node).parameters or graph.spec(node).role == "parameter")
        and not graph.nodes[node].bypassed and not graph.settings_of(node).get("frozen", False)
    }  # fmt: skip


def _stands(graph: Graph, goal: Goal) -> bool:
    return goal.node in graph.nodes and graph.spec(goal.node).output(goal.port) is not None


def _freed(graph: Graph, goal: Goal, gone: Collection[str]) -> Goal:
    """The goal without what is gone; what lies in a group that is gone, and stays, takes the group's place."""
    pending, kept = list(goal.parameters), dict[str, None]()
    while pending:
        identity = pending.pop(0)
        if identity in gone and identity in graph.groups:
            pending = [*graph.members(identity), *graph.subgroups(identity), *pending]
        elif identity not in gone:
            kept[identity] = None
    return replace(goal, parameters=tuple(kept))
