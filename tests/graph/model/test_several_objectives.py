"""The list of a document's objectives: what it says, and that edits keep it consistent."""

from __future__ import annotations

from typing import Any

import pytest

from graph.model.document_settings import setting_refusal
from graph.model.edits import AddGroup, SetGraphSetting, SetGroup
from graph.model.edits.composed import remove_nodes
from graph.model.elements import Group
from graph.model.goal import Goal, cycle
from graph.model.graph import Graph
from graph.model.objective import Objective, find_objective
from graph.model.several_objectives import goals_of, moved, objective_problems
from graph.storage.files import dumps, loads
from tests.support.catalog import CATALOG, add, wire


def two() -> tuple[Graph, dict[str, str]]:
    """x · y, which x minimises and y, in a group, maximises; z is a parameter that nothing moves."""
    graph = Graph(CATALOG)
    ids = {name: add(graph, "parameter.parameter", name) for name in "xyz"}
    ids["f"] = add(graph, "math.multiply")
    wire(graph, ids["x"], ids["f"], "a")
    wire(graph, ids["y"], ids["f"], "b")
    AddGroup(Group("g1", "player")).apply(graph)
    SetGroup(ids["y"], "g1").apply(graph)
    goals = [Goal(ids["f"], "y", (ids["x"],)), Goal(ids["f"], "y", ("g1",), "maximise", 2, 0.5)]
    SetGraphSetting("objectives", [goal.to_json() for goal in goals]).apply(graph)
    return graph, ids


def said(graph: Graph) -> list[str]:
    return [problem.text for problem in objective_problems(graph)]


def test_the_list_goes_through_a_file_and_its_first_entry_is_the_objective() -> None:
    graph, ids = two()
    again = loads(dumps(graph), CATALOG)
    assert goals_of(again) == goals_of(graph)
    assert goals_of(again)[1] == Goal(ids["f"], "y", ("g1",), "maximise", 2, 0.5)
    assert moved(again, goals_of(again)[1]) == {ids["y"]}
    assert cycle(goals_of(again)) == (0, 1, 1)
    assert find_objective(again) == Objective(ids["f"], "y", True)


def test_parameters_that_no_objective_or_two_objectives_move_are_named() -> None:
    graph, ids = two()
    assert said(graph) == ["No objective moves z."]
    rows = [goal.to_json() for goal in goals_of(graph)]
    SetGraphSetting("objectives", [rows[0] | {"parameters": [ids["x"], ids["y"]]}, rows[1]]).apply(graph)
    assert said(graph) == ["No objective moves z.", "More than one objective moves y."]
    SetGraphSetting("objectives", [rows[0] | {"parameters": [ids["z"]]}, rows[1] | {"parameters": []}]).apply(graph)
    assert said(graph) == [
        "Objective 1 (multiply) does not depend on any parameter that it moves.",
        "Objective 2 (multiply) moves no parameter: choose which.",
        "No objective moves x and y.",
    ]


def test_removing_nodes_and_groups_keeps_the_list_consistent_and_undo_restores_it() -> None:
    graph, ids = two()
    before = dumps(graph)
    inverse = remove_nodes(graph, ["g1"]).apply(graph)  # what lies in the group stays, and is moved as before
    assert goals_of(graph)[1].parameters == (ids["y"],)
    inverse.apply(graph)
    assert dumps(graph) == before
    inverse = remove_nodes(graph, [ids["x"]]).apply(graph)
    assert [goal.parameters for goal in goals_of(graph)] == [(), ("g1",)]
    inverse.apply(graph)
    inverse = remove_nodes(graph, [ids["f"]]).apply(graph)
    assert "objectives" not in graph.settings
    inverse.apply(graph)
    assert dumps(graph) == before


@pytest.mark.parametrize(
    "wrong", [1, ["f"], [{"node": "f"}], [{"node": "f", "port": "y", "steps": 0}], [{"node": "f", "port": "y", "rate": -1}],
              [{"node": "f", "port": "y", "direction": "up"}], [{"node": "f", "port": "y", "parameters": [1]}]],
)  # fmt: skip
def test_what_is_no_list_of_objectives_is_refused(wrong: Any) -> None:
    assert "is a list of objectives" in (setting_refusal("objectives", wrong) or "")


def test_an_entry_whose_node_is_gone_is_left_out_and_said() -> None:
    graph, ids = two()
    rows = [{"node": "gone", "port": "y", "parameters": [ids["x"]]}, *(goal.to_json() for goal in goals_of(graph))]
    SetGraphSetting("objectives", rows).apply(graph)
    assert len(goals_of(graph)) == 2
    assert said(graph)[0] == "An entry of the list of objectives is an output that no longer exists; it is left out."
