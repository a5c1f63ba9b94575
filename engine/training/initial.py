"""What a document says its parameters and buffers are before any training."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from engine.compile.environment import Key, settings_of
from engine.numerics.rng import generator
from engine.numerics.tensors import TensorError, kept_values, unpack
from engine.training.origin import drawn_as_origin
from graph.model.edits import MISSING, SetParam
from graph.model.problem import Problem, Repair
from graph.text.messages import Message, _

if TYPE_CHECKING:
    from engine.compile.shapes import Inference
    from graph.model.graph import Graph


def initial_values(
    graph: Graph, inference: Inference, seed: int, nodes: Iterable[str] | None = None
) -> tuple[dict[Key, Tensor], list[Problem]]:
    """Parameters and buffers of `nodes` (default: all) as float64 on the CPU, in the order of computation; and what could not be read.

    Each draws from a generator of its own, so that adding or removing a node changes no other's numbers. A node that
    keeps trained values starts with those.
    """
    wanted = None if nodes is None else set(nodes)
    values: dict[Key, Tensor] = {}
    problems: list[Problem] = []
    for key, shape in (inference.parameters | inference.buffers).items():
        if wanted is not None and key[0] not in wanted:
            continue
        try:
            kept = _kept(graph, key)
        except TensorError as error:
            node, kept = graph.nodes[key[0]], None
            lost = Message("kept-values-not-read", "{reason}; {name} gets new first values", reason=str(error), name=key[1])
            repair = Repair(_("Discard these values"), (SetParam(node.id, "tensors", MISSING).to_json(),))
            problems.append(Problem("error", lost, (node.id,), repairs=(repair,), about=node.name))
        values[key] = kept if kept is not None and kept.shape == shape else _drawn(graph, inference, key, shape, seed)
    return values, problems


def _kept(graph: Graph, key: Key) -> Tensor | None:
    kept = kept_values(graph, key[0]).get(key[1])
    return None if kept is None else unpack(kept, graph.attachments)


def _drawn(graph: Graph, inference: Inference, key: Key, shape: tuple[int, ...], seed: int) -> Tensor:
    node, name = key
    if (taken := drawn_as_origin(graph, node, inference.types, seed)) is not None and taken.shape == shape:
        return taken
    batched = inference.batched.get(node, frozenset())
    settings = settings_of(graph, node, training=True, batched=batched, dtype=inference.dtype)
    settings.shapes = {other: size for (owner, other), size in inference.parameters.items() if owner == node}
    node_type = inference.types[graph.nodes[node].type]
    value = node_type.initial(settings, name, shape, generator(seed, "init", node, name))
    return value.to(torch.float64).expand(shape).clone()
