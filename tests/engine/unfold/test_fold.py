"""Folding an opened node back gives the equal document, or says what stands against it."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from engine.nodes.catalog import CATALOG
from engine.training.keep import keep
from engine.training.model import Model
from engine.training.run import Run
from engine.unfold import RECIPES, fold, folded_around, opened
from engine.unfold.neurons import MOST
from graph.grouping.groups import group, moved, rename_group
from graph.model.edits import (
    AddNode,
    Disconnect,
    Move,
    RemoveNode,
    Rename,
    SetBypassed,
    SetGraphSetting,
    SetGroup,
    SetLabel,
    SetParam,
    connect,
    duplicate,
    edit_from_json,
    remove_nodes,
)
from graph.model.elements import Node
from graph.model.graph import Graph, GraphError
from graph.model.lint import lint
from graph.storage.clipboard import copy_text, paste
from graph.storage.document import Document
from graph.storage.files import dumps, loads
from tests.support.networks import network, tanh_net
from tests.support.unfolding import assert_same_numbers, fold_in, near, open_in, shapes_of

EXAMPLES = Path(__file__).parents[3] / "resources" / "examples"
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.gradwire"))


def example(name: str) -> Document:
    return Document.load(EXAMPLES / f"{name}.gradwire", CATALOG)


def openings(graph: Graph) -> list[tuple[str, bool]]:
    """(name, into neurons) for everything in a graph that can be opened."""
    shapes = shapes_of(Model(graph))
    nodes_and_loss = [(node.name, False) for node in graph.nodes.values() if node.type in RECIPES]
    for node in graph.nodes.values():
        if node.type == "layer.linear":
            source = graph.inputs_of(node.id)[0].source
            if shapes[source][0][-1] * graph.setting(node.id, "out_features") <= MOST:
                nodes_and_loss.append((node.name, True))
    return nodes_and_loss


@pytest.mark.parametrize("name", NAMES)
def test_every_node_of_every_example_folds_back_into_the_equal_document(name: str) -> None:
    document = example(name)
    start = document.graph.copy()
    for node, neurons in openings(start):
        group_id, _ = open_in(document, node, neurons)
        inside = document.graph.copy()
        assert lint(inside) == [] and inside != start

        assert fold_in(document, group_id) == start.named(node).id

        assert document.graph == start and dumps(document.graph) == dumps(start)
        document.undo()
        assert document.graph == inside
        document.undo()
        assert document.graph == start
        document.redo()
        document.redo()
        assert document.graph == start


@pytest.mark.parametrize("name", [name for name in NAMES if openings(example(name).graph)])
def test_numbers_of_the_examples_are_the_same_with_any_box_open(name: str) -> None:
    start = example(name).graph
    SetGraphSetting("dtype", "float64").apply(start)
    for node, neurons in openings(start):
        document = Document(start.copy())
        _, edit = open_in(document, node, neurons)
        assert_same_numbers(start, document.graph, edit)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(12))
def test_all_boxes_open_and_close_in_any_order_with_saving_in_between(seed: int) -> None:
    draw = random.Random(seed)
    document = example(draw.choice(["tanh-mlp-2-4-2", "xor", "iris"]))
    start = document.graph.copy()
    names = draw.sample(sorted({name for name, _ in openings(start)}), 3)
    groups = []
    for name in names:
        chosen = draw.choice([neurons for node, neurons in openings(start) if node == name])
        groups.append(open_in(document, name, chosen)[0])
    saved = loads(dumps(document.graph), CATALOG)
    assert saved == document.graph
    document = Document(saved)
    for group_id in draw.sample(groups, len(groups)):
        fold_in(document, group_id)
    assert document.graph == start


def test_both_edits_survive_the_recovery_journal() -> None:
    document = example("xor")
    start, twin = document.graph.copy(), document.graph.copy()
    for neurons in (False, True):
        group_id, edit = open_in(document, "hidden", neurons)
        edit_from_json(edit.to_json()).apply(twin)
        assert twin == document.graph
        back, _ = fold(document.graph, group_id)
        document.do(back)
        edit_from_json(back.to_json()).apply(twin)
        assert twin == document.graph == start


def test_the_group_is_the_node_to_the_world_around_it() -> None:
    document = example("tanh-mlp-2-4-2")
    node = document.graph.named("hidden")
    assert node is not None

    group_id, _ = open_in(document, "hidden")

    graph = document.graph
    edit, result = graph.groups[group_id], graph.named("hidden")
    assert (edit.name, edit.x, edit.y, edit.collapsed) == ("hidden", node.x, node.y, True) and group_id == node.id
    assert result is not None and [edge.id for edge in graph.outputs_of(result.id)] == ["e2"]
    assert opened(graph, group_id) and folded_around(graph, result.id) == group_id == folded_around(graph, group_id)
    assert folded_around(graph, graph.named("h").id) is None


def test_what_was_done_outside_stays() -> None:
    document = example("xor")
    group_id, _ = open_in(document, "hidden")
    document.do(Move((("n1", -500.0, 40.0),)))
    document.do(moved(document.graph, [group_id], 80.0, -16.0))
    document.do(AddNode(Node("new", "activation.tanh", "extra")))
    result = document.graph.named("hidden")
    assert result is not None
    document.do(connect(document.graph, (result.id, "y"), ("new", "x")))
    document.do(SetParam("n1", "noise", 0.3))
    expected = example("xor")
    node = expected.graph.named("hidden")
    assert node is not None
    expected.do(Move((("n1", -500.0, 40.0), (node.id, node.x + 80, node.y - 16))))
    expected.do(AddNode(Node("new", "activation.tanh", "extra")))
    expected.do(connect(expected.graph, (node.id, "y"), ("new", "x")))
    expected.do(SetParam("n1", "noise", 0.3))

    fold_in(document, group_id)

    assert [*document.graph.nodes.values()] == [*expected.graph.nodes.values()]
    ends = [[(edge.source, edge.target) for edge in graph.edges.values()] for graph in (document.graph, expected.graph)]
    assert ends[0] == ends[1]


def test_the_box_folds_in_another_group_and_with_another_input() -> None:
    document = example("tanh-mlp-2-4-2")
    group_id, _ = open_in(document, "output")
    opened, home = group(document.graph, [group_id, "n3"], "all")
    document.do(opened)
    entry = document.graph.edges["e3"].target
    document.do(Disconnect("e3"))
    document.do(connect(document.graph, ("n2", "y"), entry))

    node = fold_in(document, group_id)

    assert document.graph.nodes[node].group == home and document.graph.nodes[node].name == "output"
    (wire,) = document.graph.inputs_of(node)
    assert wire.source == ("n2", "y") and lint(document.graph) == []


HIDDEN = "n2"
Change = Callable[[Graph], object]
REFUSED: dict[str, tuple[Change, str]] = {
    "settings": (lambda g: SetParam(named(g, "W_hidden"), "frozen", True).apply(g), "the settings of W_hidden were changed"),
    "value": (lambda g: SetParam(named(g, "b_hidden"), "initialisation", "zeros").apply(g), "the settings of b_hidden were changed"),
    "name": (lambda g: Rename(named(g, "W_hidden"), "V").apply(g), "W_hidden was renamed to V"),
    "bypass": (lambda g: SetBypassed(named(g, "hidden"), True).apply(g), "the settings of hidden were changed"),
    "deleted": (lambda g: remove_nodes(g, [named(g, "b_hidden")]).apply(g), "b_hidden was deleted"),
    "wire gone": (lambda g: Disconnect(g.inputs_of(named(g, "hidden"))[1].id).apply(g), "the wire from b_hidden to hidden was removed"),
    "wire led": (
        lambda g: connect(g, ("n1", "x"), (named(g, "hidden"), "b")).apply(g),
        "the wire from b_hidden to hidden was removed",
    ),
    "moved out": (lambda g: SetGroup(named(g, "W_hidden"), None).apply(g), "W_hidden was moved out of it"),
    "put in": (lambda g: SetGroup("n3", HIDDEN).apply(g), "h was put into it"),
    "tapped": (lambda g: tap(g, "Wx_hidden"), "Wx_hidden inside it feeds tap outside"),
    "marked": (
        lambda g: SetGraphSetting("objective", {"node": named(g, "Wx_hidden"), "port": "y"}).apply(g),
        "Wx_hidden inside it is the objective",
    ),
}


def named(graph: Graph, name: str) -> str:
    node = graph.named(name)
    assert node is not None, name
    return node.id


def tap(graph: Graph, name: str) -> None:
    AddNode(Node("tap", "activation.tanh", "tap")).apply(graph)
    connect(graph, (named(graph, name), "y"), ("tap", "x")).apply(graph)


@pytest.mark.parametrize("what", REFUSED)
def test_after_an_edit_inside_folding_is_refused_with_the_reason(what: str) -> None:
    document = example("tanh-mlp-2-4-2")
    group_id, _ = open_in(document, "hidden")
    change, reason = REFUSED[what]
    change(document.graph)
    before = document.graph.copy()

    with pytest.raises(GraphError) as refused:
        fold(document.graph, group_id)

    assert reason in str(refused.value) and str(refused.value).startswith("hidden ")
    assert document.graph == before


def test_a_wire_led_to_another_place_inside_is_seen() -> None:
    document = example("tanh-mlp-2-4-2")
    group_id, _ = open_in(document, "hidden", neurons=True)
    graph = document.graph
    one, other = graph.inputs_of(named(graph, "p11_hidden"))[0], graph.inputs_of(named(graph, "p12_hidden"))[0]
    for wire in (one, other):
        Disconnect(wire.id).apply(graph)
    for wire, target in ((one, other.target), (other, one.target)):
        connect(graph, wire.source, target).apply(graph)
    with pytest.raises(GraphError, match="was edited inside"):
        fold(graph, group_id)


def test_moving_labelling_and_grouping_inside_are_no_edits() -> None:
    document = example("tanh-mlp-2-4-2")
    start = document.graph.copy()
    group_id, _ = open_in(document, "hidden")
    graph = document.graph
    inner = [named(graph, "W_hidden"), named(graph, "Wx_hidden")]
    document.do(Move(((inner[0], 900.0, -300.0),)))
    document.do(SetLabel(inner[1], "the product"))
    document.do(group(graph, inner, "product")[0])

    fold_in(document, group_id)

    assert document.graph == start


def test_a_renamed_group_folds_into_the_node_s_own_name() -> None:
    document = example("tanh-mlp-2-4-2")
    start = document.graph.copy()
    group_id, _ = open_in(document, "h")
    document.do(rename_group(document.graph, group_id, "tanh, looked into"))
    fold_in(document, group_id)
    assert document.graph == start


@pytest.mark.parametrize("neurons", [False, True])
def test_a_copy_of_an_opened_layer_folds_into_a_copy_of_the_layer(neurons: bool) -> None:
    document = example("tanh-mlp-2-4-2")
    start = document.graph.copy()
    group_id, _ = open_in(document, "hidden", neurons)
    for _ in range(2):  # a copy of the copy as well
        document.do(duplicate(document.graph, [group_id]))
    copies = [candidate for candidate in document.graph.groups if candidate != group_id and opened(document.graph, candidate)]
    assert len(copies) == 2
    weights = [Model(document.graph.copy()).values()]

    folded = [fold_in(document, copy) for copy in copies]

    graph = document.graph
    for layer in folded:
        node = graph.nodes[layer]
        assert node.type == "layer.linear" and node.params == start.nodes["n2"].params and node.label == "Hidden layer"
        assert [wire.source for wire in graph.inputs_of(layer)] == [("n1", "x")]
        drawn = Model(graph.copy()).values()[layer, "W"]
        apart = {value.item() for value in weights[0].values() if value.dim() == 0}
        assert set(drawn.flatten().tolist()) <= apart if neurons else any(torch.equal(drawn, value) for value in weights[0].values())
    assert len({Model(graph.copy()).values()[layer, "W"].sum().item() for layer in [*folded]}) == 2
    fold_in(document, group_id)
    remove_nodes(graph, folded).apply(graph)
    assert graph == start


def test_an_opened_layer_is_pasted_into_another_document_and_folds_there() -> None:
    document, other = example("xor"), example("iris")
    group_id, _ = open_in(document, "hidden", neurons=True)
    edit, pasted = paste(other.graph, copy_text(document.graph, [group_id]), (0.0, 0.0))
    other.do(edit)
    (box,) = [item for item in pasted if opened(other.graph, item)]

    node = other.graph.nodes[fold_in(other, box)]

    assert node.type == "layer.linear" and node.name == "hidden_2" and lint(other.graph) == []
    assert node.params == document.graph.groups[group_id].extra["folded"]["node"]["params"]


def test_half_a_copy_is_a_group_like_any_other() -> None:
    document = example("xor")
    group_id, _ = open_in(document, "hidden")
    SetGroup(named(document.graph, "b_hidden"), None).apply(document.graph)
    duplicate(document.graph, [group_id]).apply(document.graph)
    (copy,) = set(document.graph.groups) - {group_id}
    assert lint(document.graph) == []
    with pytest.raises(GraphError, match="was made by hand"):
        fold(document.graph, copy)


def test_a_group_made_by_hand_is_not_folded() -> None:
    document = example("tanh-mlp-2-4-2")
    edit, by_hand = group(document.graph, ["n4"], "mine")
    edit.apply(document.graph)
    with pytest.raises(GraphError, match="was made by hand"):
        fold(document.graph, by_hand)
    with pytest.raises(GraphError, match="Select an opened layer"):
        fold(document.graph, "nothing")


@pytest.mark.parametrize("key", ["node", "entries", "exit", "nodes", "edges", "parameters"])
@pytest.mark.parametrize("value", [None, 7, "x", [1], {"a": 1}, {"a": ["b"]}, [["a", "b"]]])
def test_a_damaged_memory_is_a_refusal(key: str, value: object) -> None:
    from dataclasses import replace

    from graph.model.edits import SetItem

    document = example("xor")
    group_id, _ = open_in(document, "hidden")
    held = document.graph.groups[group_id]
    SetItem(replace(held, extra={"folded": {**held.extra["folded"], key: value}})).apply(document.graph)
    with pytest.raises(GraphError):
        fold(document.graph, group_id)


def test_the_marked_objective_stays_marked_and_an_implied_one_implied() -> None:
    graph = network(
        {"x": ("source.input", {"value": [1.0, 2.0]}), "h": ("activation.tanh", {}), "side": ("math.sum", {}), "s": ("math.sum", {})},
        "x -> h.x; h -> s.x; x -> side.x", settings={"objective": {"node": "h", "port": "y"}},
    )  # fmt: skip
    document = Document(graph)
    start = graph.copy()

    group_id, _ = open_in(document, "h")

    assert graph.settings["objective"] == {"node": named(graph, "h"), "port": "y"}
    fold_in(document, group_id)
    assert document.graph == start


def test_a_loss_that_was_the_only_one_is_marked_while_it_is_open() -> None:
    nodes = {
        "data": ("source.data", {"dataset": "moons", "coding": "zero_one"}), "scores": ("layer.linear", {"out_features": 1}),
        "loss": ("loss.bce_logits", {}), "side": ("math.exp", {}),
    }  # fmt: skip
    graph = network(nodes, "data.x -> scores.x; scores -> loss.scores; data.target -> loss.target; scores -> side.x")
    document, start = Document(graph), graph.copy()

    group_id, edit = open_in(document, "loss")

    assert graph.settings["objective"] == {"node": named(graph, "loss"), "port": "y"}
    assert_same_numbers(start, graph, edit)  # type: ignore[arg-type]
    fold_in(document, group_id)
    assert document.graph == start
    document.undo()
    document.undo()
    assert document.graph == start


@pytest.mark.parametrize("neurons", [False, True])
def test_trained_values_kept_inside_are_kept_by_the_folded_node(neurons: bool) -> None:
    document = Document(tanh_net(epochs=2))
    group_id, _ = open_in(document, "hidden", neurons)
    session = Model(document.graph.copy())
    Run(session).train(max_steps=5)
    trained = session.trace()
    assert trained.objective is not None
    edit, attachments = keep(session)
    document.graph.attachments.update(attachments)
    document.do(edit)

    fold_in(document, group_id)

    closed = Model(document.graph).trace()
    assert document.graph.nodes["hidden"].params["tensors"].keys() == {"W", "b"} and closed.objective is not None
    assert near(closed.values[closed.objective], trained.values[trained.objective])
    expected = network_trained(5)
    assert near(Model(document.graph).values()["hidden", "W"], expected["hidden.W"])


def test_trained_values_of_a_part_of_the_neurons_are_not_lost_in_folding() -> None:
    document = example("xor")
    group_id, _ = open_in(document, "hidden", neurons=True)
    document.do(SetParam(named(document.graph, "w11_hidden"), "tensors", {"value": 3.0}))
    with pytest.raises(GraphError, match="only some numbers of W keep trained values"):
        fold(document.graph, group_id)


def network_trained(steps: int) -> dict[str, torch.Tensor]:
    """What training makes of the closed network."""
    session = Model(tanh_net(epochs=2))
    Run(session).train(max_steps=steps)
    return session.state.parameters


def test_an_id_taken_meanwhile_costs_the_node_nothing() -> None:
    document = example("xor")
    group_id, _ = open_in(document, "h")
    graph = loads(dumps(document.graph), CATALOG)
    for _ in range(30):  # whoever adds nodes to the saved document gets other ids: the group keeps the node's
        AddNode(Node(graph.fresh_id("n"), "source.input", graph.fresh_name("x"))).apply(graph)
    added = [node for node in graph.nodes if node not in document.graph.nodes]
    edit, node = fold(graph, group_id)
    edit.apply(graph)
    for extra in added:
        RemoveNode(extra).apply(graph)
    assert node == group_id and graph == example("xor").graph
