"""Every node type, by key, in the order of the library panel. A family is a module; its types are the classes with a `key`."""

from __future__ import annotations

from types import ModuleType

from engine.nodes import (
    activations,
    class_losses,
    convolution,
    layers,
    losses,
    math_elementwise,
    math_functions,
    math_matrix,
    math_reduce,
    math_shape,
    normalization,
    parameters,
    penalties,
    probes,
    sources,
)
from engine.nodes.base import NodeType

FAMILIES: tuple[ModuleType, ...] = (
    sources,
    parameters,
    math_elementwise,
    math_functions,
    math_matrix,
    math_reduce,
    math_shape,
    layers,
    convolution,
    normalization,
    activations,
    losses,
    class_losses,
    penalties,
    probes,
)


def types_in(family: ModuleType) -> list[type[NodeType]]:
    """The node types a module declares, in the order of their declaration."""
    return [
        value
        for value in vars(family).values()
        if isinstance(value, type) and issubclass(value, NodeType) and value.__module__ == family.__name__ and value.__dict__.get("key")
    ]


TYPES: dict[str, NodeType] = {node_type.key: node_type() for family in FAMILIES for node_type in types_in(family)}
