"""Which scalar is differentiated."""

from __future__ import annotations

from graph.model.edits import SetGraphSetting
from graph.model.graph import Graph
from graph.model.objective import NoObjective, Objective, find_objective
from tests.support.catalog import CATALOG, add, wire, xy_plus_z


def test_the_only_sink_is_the_objective() -> None:
    assert find_objective(xy_plus_z()) == Objective("n5", "y")


def test_the_marked_node_wins() -> None:
    graph = xy_plus_z()
    SetGraphSetting("objective", {"node": "n4", "port": "y"}).apply(graph)
    assert find_objective(graph) == Objective("n4", "y", True)


def test_probes_are_set_aside() -> None:
    graph = xy_plus_z()
    for source in ("n4", "n5"):
        wire(graph, source, add(graph, "probe.value"))
    assert find_objective(graph) == Objective("n5", "y")


def test_what_a_probe_passes_on_is_not_a_sink() -> None:
    graph = xy_plus_z()
    probe, after = add(graph, "probe.value"), add(graph, "math.exp")
    wire(graph, "n5", probe)
    wire(graph, probe, after)
    assert find_objective(graph) == Objective(after, "y")


def test_the_only_loss_among_several_sinks_is_the_objective() -> None:
    graph = xy_plus_z()
    loss = add(graph, "loss.squared_error")
    wire(graph, "n5", loss, "prediction")
    wire(graph, "n1", add(graph, "math.exp"))
    assert find_objective(graph) == Objective(loss, "y")


def test_several_sinks_without_a_loss_are_for_a_person_to_choose() -> None:
    graph = xy_plus_z()
    other = add(graph, "math.exp")
    wire(graph, "n1", other)
    assert find_objective(graph).candidates == ("n5", other)
    assert find_objective(graph).text == "Several nodes could be the objective (f, exp): set one as objective."


def test_two_losses_are_for_a_person_to_choose() -> None:
    graph = xy_plus_z()
    losses = tuple(add(graph, "loss.squared_error") for _ in range(2))
    for loss in losses:
        wire(graph, "n5", loss, "prediction")
    objective = find_objective(graph)
    assert isinstance(objective, NoObjective) and objective.candidates == losses


def test_a_node_just_put_down_does_not_compete() -> None:
    graph = xy_plus_z()
    add(graph, "source.input", "new")
    add(graph, "loss.squared_error")
    assert find_objective(graph) == Objective("n5", "y")


def test_a_lone_node_is_its_own_objective() -> None:
    graph = Graph(CATALOG)
    node = add(graph, "source.input")
    assert find_objective(graph) == Objective(node, "y")


def test_an_empty_canvas_and_class_indices_have_none() -> None:
    graph = Graph(CATALOG)
    assert find_objective(graph).text == "The canvas is empty."
    x, index = add(graph, "source.input"), add(graph, "math.argmax")
    wire(graph, x, index)
    assert find_objective(graph).text == "No node gives a number that could be differentiated."
