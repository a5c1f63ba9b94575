"""Random edits, valid ones and a few that must be refused: the alphabet of the property tests."""

from __future__ import annotations

import random
from dataclasses import replace

from graph.model.edits import (
    MISSING,
    AddItem,
    AddNode,
    Compound,
    Disconnect,
    Edit,
    Move,
    RemoveItem,
    Rename,
    SetCollapsed,
    SetGraphSetting,
    SetGroup,
    SetItem,
    SetLabel,
    SetParam,
    SetTraining,
    SetVia,
    connect,
    dissolve,
    duplicate,
    insert_on_wire,
    remove_nodes,
)
from graph.model.elements import Frame, Group, Node, Note
from graph.model.graph import Graph, GraphError
from tests.support.catalog import CATALOG

TYPES = [*CATALOG, "layer.from_the_future"]


def random_edit(graph: Graph, draw: random.Random) -> Edit:
    """One edit that is likely, but not certain, to be accepted. Composing one may itself raise GraphError."""
    choice = draw.random()
    if not graph.nodes or choice < 0.2:
        return _add(graph, draw)
    if choice < 0.45:
        return _connect(graph, draw)
    if choice < 0.6:
        return _remove(graph, draw)
    if choice < 0.85:
        return _set(graph, draw)
    return _decorate(graph, draw)


def _add(graph: Graph, draw: random.Random) -> Edit:
    kind = draw.choice(TYPES)
    name = graph.fresh_name(CATALOG[kind].default_name if kind in CATALOG else "mystery")
    if graph.nodes and draw.random() < 0.03:
        name = draw.choice([*graph.nodes.values()]).name  # taken: refused
    extra = {"from_elsewhere": [1, None]} if draw.random() < 0.1 else {}
    node = Node(graph.fresh_id("n"), kind, name, x=float(draw.randrange(2000)), y=draw.uniform(-500, 500), extra=extra)
    return AddNode(node, draw.choice([None, *graph.nodes]) if draw.random() < 0.2 else None)


def _connect(graph: Graph, draw: random.Random) -> Edit:
    source, target = draw.choice([*graph.nodes]), draw.choice([*graph.nodes])
    outputs, inputs = graph.spec(source).outputs, graph.spec(target).inputs
    give = draw.choice(outputs).name if outputs else "y"
    take = draw.choice(inputs).name if inputs else "anything"
    if graph.edges and draw.random() < 0.15:
        wired = draw.choice([*graph.edges])
        if draw.random() < 0.5:
            return insert_on_wire(graph, wired, Node(graph.fresh_id("n"), "math.exp", graph.fresh_name("exp")), "x", "y")
        return insert_on_wire(graph, wired, target, take, give)
    return connect(graph, (source, give), (target, take))


def _remove(graph: Graph, draw: random.Random) -> Edit:
    node = draw.choice([*graph.nodes])
    options = [lambda: remove_nodes(graph, draw.sample([*graph.nodes], min(len(graph.nodes), draw.randrange(1, 4))))]
    options += [lambda: dissolve(graph, node)]
    if graph.edges:
        options += [lambda: Disconnect(draw.choice([*graph.edges]))] * 3
    if graph.groups:
        options += [lambda: remove_nodes(graph, [draw.choice([*graph.groups]), node])]
    if graph.frames or graph.notes or graph.groups:
        options += [lambda: RemoveItem(draw.choice([*graph.frames, *graph.notes, *graph.groups]))]
    return draw.choice(options)()


def _set(graph: Graph, draw: random.Random) -> Edit:
    node = draw.choice([*graph.nodes.values()])
    settings = [setting.name for setting in graph.spec(node).settings] or ["unheard_of"]
    values = [MISSING, draw.randrange(1, 9), draw.uniform(-2, 2), True, "iris", [1, 2], [[1.5], [2.5]], [10**9, 10**9], float("nan")]
    options: list[Edit] = [SetParam(node.id, draw.choice(settings), draw.choice(values)) for _ in range(4)]
    options += [
        Rename(node.id, draw.choice(["a", "b", "hidden", "not a name", graph.fresh_name("n")])),
        SetGraphSetting("objective", {"node": node.id, "port": graph.spec(node).outputs[0].name} if graph.spec(node).outputs else None),
        SetGraphSetting("dtype", draw.choice(["float32", "float64", "int8"])),
        SetGraphSetting("title", draw.choice(["A", "Ä ∂", MISSING])),
        SetTraining("hyper", {"lr": draw.random()}),
        SetTraining("epochs", draw.choice([1, 50, -3, None])),
        SetTraining("note_of_a_plugin", draw.choice([MISSING, 7])),
        Compound(
            (SetLabel(node.id, "one"), SetLabel(node.id, "two"), SetParam(node.id, draw.choice(settings), draw.choice(values))),
            "half of it may be refused",
        ),
    ]
    return draw.choice(options)


def _decorate(graph: Graph, draw: random.Random) -> Edit:
    node = draw.choice([*graph.nodes])
    groups = [None, *graph.groups]
    movable = [*graph.nodes, *graph.groups, *graph.frames, *graph.notes]
    places = tuple((name, draw.uniform(-99, 99), 8.0) for name in draw.sample(movable, min(3, len(movable))))
    options: list[Edit] = [
        Move(places),
        SetLabel(node, draw.choice(["", "hidden units"])),
        SetCollapsed(node, draw.random() < 0.5),
        SetGroup(node, draw.choice(groups)),
        AddItem(Group(graph.fresh_id("g"), "block", draw.choice(groups))),
        AddItem(Frame(graph.fresh_id("f"), "frame", color="blue")),
        AddItem(Note(graph.fresh_id("t"), "note\n“quoted” \\ "), draw.choice([None, *graph.notes])),
        duplicate(graph, draw.sample([*graph.nodes], min(2, len(graph.nodes)))),
    ]
    if graph.groups:
        group = draw.choice([*graph.groups.values()])
        options.append(SetItem(replace(group, parent=draw.choice(groups), name="renamed")))
    if graph.edges:
        via = tuple((float(draw.randrange(99)), 2.5) for _ in range(draw.randrange(3)))
        options += [SetVia(edge, via) for edge in [*graph.edges][:3]]
    return draw.choice(options)


def try_edit(graph: Graph, draw: random.Random) -> Edit | None:
    """A random edit, or None where even composing it was refused."""
    try:
        return random_edit(graph, draw)
    except GraphError:
        return None
