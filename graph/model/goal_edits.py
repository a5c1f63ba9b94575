"""Edits of a document's list of objectives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from graph.model.edits import MISSING, Edit, SetGraphSetting
from graph.model.goal import SETTING, Goal, listed_goals, written
from graph.model.graph import Graph
from graph.model.objective import NoObjective, find_objective
from graph.model.reach import reachable
from graph.model.several_objectives import goals_of, moved, trainable


def set_goals(goals: Sequence[Goal]) -> Edit:
    """The list becomes this one; without an entry, the document has one objective again."""
    return SetGraphSetting(SETTING, written(goals) or MISSING)


def add_goal(graph: Graph, node: str, port: str) -> Edit:
    """One more objective. The one that the document had becomes the first.

    It moves the parameters that it depends on and no other objective moves; which of the others go to it is for a person to say.
    """
    goals = list(goals_of(graph))
    if not goals:
        before = find_objective(graph)
        if not isinstance(before, NoObjective) and (before.node, before.port) != (node, port):
            goals = [_with_own(graph, Goal(before.node, before.port), ())]
    return set_goals([*goals, _with_own(graph, Goal(node, port), goals)])


def change_goal(graph: Graph, number: int, **values: Any) -> Edit:
    """Other values of one entry, counted from 0."""
    goals = list(listed_goals(graph.settings))
    goals[number] = replace(goals[number], **values)
    return set_goals(goals)


def move_goal(graph: Graph, number: int, to: int) -> Edit:
    """Another place in the list."""
    goals = list(listed_goals(graph.settings))
    goals.insert(to, goals.pop(number))
    return set_goals(goals)


def remove_goal(graph: Graph, number: int) -> Edit:
    goals = list(listed_goals(graph.settings))
    del goals[number]
    return set_goals(goals)


def take_parameters(graph: Graph, number: int, chosen: Iterable[str]) -> Edit:
    """One entry moves these nodes and groups, and no other entry does."""
    chosen = list(chosen)
    before = listed_goals(graph.settings)
    goals = [replace(goal, parameters=tuple(name for name in goal.parameters if name not in chosen)) for goal in before]
    goals[number] = replace(goals[number], parameters=tuple(chosen))
    return set_goals(goals)


def _with_own(graph: Graph, goal: Goal, others: Sequence[Goal]) -> Goal:
    """With all trained parameters that it depends on and that no other objective moves."""
    taken = set().union(*(moved(graph, other) for other in others)) if others else set()
    before = reachable([goal.node], graph.predecessors) & trainable(graph)
    return replace(goal, parameters=tuple(node for node in graph.nodes if node in before - taken))
