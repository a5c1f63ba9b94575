"""Where a learned tensor of an opened layer comes from: it is drawn as the layer would have drawn it.

A node taken out of a layer by `engine.unfold` carries `origin` among its settings: the layer's id, type, settings and the shapes of its
tensors, which of them this is, at which index where it is one number of it, and (`for`) the id of the node itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from engine.nodes.base import NodeType, Settings
from engine.numerics.rng import generator

if TYPE_CHECKING:
    from graph.model.graph import Graph


def drawn_as_origin(graph: Graph, node: str, types: Mapping[str, NodeType], seed: int) -> Tensor | None:
    """The first value from the layer a node was taken from, float64; None where it comes from none.

    A copy of such a node has another id than its origin says: it is drawn in the same way from numbers of its own, as a duplicate of
    the layer would be.
    """
    params = graph.nodes[node].params
    origin = params.get("origin")
    if not isinstance(origin, Mapping) or params.get("initialisation", "layer") != "layer":
        return None
    try:
        node_type, name = types[origin["type"]], str(origin["parameter"])
        shapes = {str(key): tuple(map(int, size)) for key, size in origin["shapes"].items()}
        who = str(origin["node"]) if origin["for"] == node else node
        value = node_type.initial(_settings(node_type, origin["params"], shapes), name, shapes[name], generator(seed, "init", who, name))
        value = value.to(torch.float64).expand(shapes[name])
        return value[tuple(map(int, origin.get("index", ())))].clone()
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        return None  # damaged in the file: drawn like any other


def _settings(node_type: NodeType, params: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]]) -> Settings:
    known = {"name": "", "training": True, "batched": frozenset(), "dtype": torch.float64, "shapes": shapes}
    return Settings(**{**node_type.spec.defaults(), **dict(params), **known})
