"""Random networks of everything that opens, opened and folded in random order: same numbers, same weights, at last the same document."""

from __future__ import annotations

import random
from typing import Any

import pytest

from engine.training.model import Model
from engine.training.run import Run
from engine.training.state import state_key
from engine.unfold import RECIPES
from graph.model.edits import Compound, StateMove
from graph.model.graph import Graph
from graph.storage.document import Document
from tests.engine.unfold.test_fold import openings
from tests.support.networks import network
from tests.support.unfolding import assert_same_numbers, fold_in, near, open_in, part

WIDE = 7
SIMPLE = ("activation.tanh", "activation.sigmoid", "activation.softmax", "activation.log_softmax", "layer.batch_norm1d")


def random_network(draw: random.Random) -> Graph:
    """Layers in a row with side branches that are added back, batch norm among them, and one of the losses at the end."""
    nodes: dict[str, tuple[str, dict[str, Any]]] = {"data": ("source.data", {"dataset": "blobs", "samples": 60, "classes": 3})}
    wires, here, count = list[str](), "data.x", 0

    def add(kind: str, settings: dict[str, Any], *sources: str) -> str:
        nonlocal count
        count += 1
        name = f"{kind.rpartition('.')[2]}{count}"
        nodes[name] = (kind, settings)
        ports = ("a", "b") if kind == "math.add" else ("x",)
        wires.extend(f"{source} -> {name}.{port}" for source, port in zip(sources, ports, strict=True))
        return name

    for _ in range(draw.randint(2, 5)):
        if draw.random() < 0.5 or here == "data.x":
            settings = {"out_features": draw.randint(1, WIDE), "bias": draw.random() < 0.7, "frozen": draw.random() < 0.2}
            here = add("layer.linear", settings, here)
        elif draw.random() < 0.3:
            here = add("math.add", {}, add(draw.choice(SIMPLE[:2]), {}, here), here)
        else:
            here = add(draw.choice(SIMPLE), {}, here)
    here = add("layer.linear", {"out_features": 3}, here)
    nodes["loss"] = ("loss.cross_entropy", {"reduction": draw.choice(["mean", "sum"])})
    wires += [f"{here} -> loss.scores", "data.target -> loss.target"]
    training: dict[str, Any] = {"optimizer": draw.choice(["momentum", "adam"]), "hyper": {"lr": 0.01}, "batch_size": 15, "epochs": 9}
    return network(nodes, ";".join(wires), **training)


@pytest.mark.parametrize("seed", range(20))
def test_a_random_network_opens_computes_learns_and_folds(seed: int) -> None:
    draw = random.Random(seed)
    start = random_network(draw)
    document, groups, moves = Document(start.copy()), list[str](), list[StateMove]()
    choices = openings(start)
    names = sorted({name for name, _ in choices})
    for name in draw.sample(names, draw.randint(1, len(names))):
        group, edit = open_in(document, name, draw.choice([neurons for candidate, neurons in choices if candidate == name]))
        assert isinstance(edit, Compound)
        groups.append(group)
        moves += edit.state_moves
    opened = Compound((), "", tuple(moves))
    for training in (False, True):
        assert_same_numbers(start, document.graph, opened, training)

    sessions = [Model(start), Model(document.graph.copy())]
    for session in sessions:
        Run(session).train(max_steps=8)
    closed, other = (session.state.parameters | session.state.buffers for session in sessions)
    for (node, name), new in moves:
        whole = closed[state_key((node, name.partition("[")[0]))]
        assert near(other[state_key(new)], part(whole, name)[1], float(whole.abs().max()))

    for group in draw.sample(groups, len(groups)):
        fold_in(document, group)
    assert document.graph == start
    while document.history.can_undo:
        document.undo()
    assert document.graph == start
    assert not {node.type for node in start.nodes.values()}.isdisjoint(RECIPES)
