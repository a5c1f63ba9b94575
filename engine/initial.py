"""What a document says its parameters and buffers are before any training."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from engine.environment import Key, settings_of
from engine.rng import generator
from engine.state import State, state_key
from engine.tensors import kept_values, unpack

if TYPE_CHECKING:
    from engine.shapes import Inference
    from graph.graph import Graph


def initial_values(graph: Graph, inference: Inference, seed: int, nodes: Iterable[str] | None = None) -> dict[Key, Tensor]:
    """Parameters and buffers of `nodes` (default: all) as float64 on the CPU, in the order of computation.

    Each draws from a generator of its own, so that adding or removing a node changes no other's numbers. A node that
    keeps trained values starts with those. Raises TensorError when they cannot be read.
    """
    wanted = None if nodes is None else set(nodes)
    found: dict[Key, Tensor] = {}
    for key, shape in (inference.parameters | inference.buffers).items():
        if wanted is None or key[0] in wanted:
            found[key] = _initial(graph, inference, key, shape, seed)
    return found


def _initial(graph: Graph, inference: Inference, key: Key, shape: tuple[int, ...], seed: int) -> Tensor:
    node, name = key
    kept = kept_values(graph, node).get(name)
    if kept is not None and (value := unpack(kept, graph.attachments)).shape == shape:
        return value
    batched = inference.batched.get(node, frozenset())
    settings = settings_of(graph, node, training=True, batched=batched, dtype=inference.dtype)
    settings.shapes = {other: size for (owner, other), size in inference.parameters.items() if owner == node}
    node_type = inference.types[graph.nodes[node].type]
    value = node_type.initial(settings, name, shape, generator(seed, "init", node, name))
    return value.to(torch.float64).expand(shape).clone()


def initial_state(graph: Graph, inference: Inference, dtype: torch.dtype, device: Any = "cpu", seed: int | None = None) -> State:
    """The document's state: step 0. Fitted buffers hold their neutral values until they are fitted (see `Session`)."""
    values = initial_values(graph, inference, int(graph.training["seed"]) if seed is None else seed)
    state = State()
    for key, value in values.items():
        tensors = state.buffers if key in inference.buffers else state.parameters
        tensors[state_key(key)] = value.to(device=device, dtype=dtype)
    return state

