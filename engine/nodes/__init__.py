"""Every node type, by key, in the order of the library panel. A family is a module here; its types are the classes with a `key`."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from types import ModuleType

from engine.nodes.base import NodeType

NO_FAMILIES = {"base", "catalog", "checks", "initialise"}
"""Modules of this folder that declare no types."""
ORDER = (
    "sources", "parameters", "math_elementwise", "math_functions", "math_matrix", "math_reduce", "math_shape", "layers", "convolution",
    "normalization", "activations", "losses", "class_losses", "penalties", "probes",
)  # fmt: skip
"""The families in the order of the library panel; one that is not named here comes after these."""


def _families() -> tuple[ModuleType, ...]:
    names = sorted({module.name for module in pkgutil.iter_modules(__path__)} - NO_FAMILIES - {*ORDER})
    return tuple(import_module(f"{__name__}.{name}") for name in (*ORDER, *names))


FAMILIES = _families()


def types_in(family: ModuleType) -> list[type[NodeType]]:
    """The node types a module declares, in the order of their declaration."""
    return [
        value
        for value in vars(family).values()
        if isinstance(value, type) and issubclass(value, NodeType) and value.__module__ == family.__name__ and value.__dict__.get("key")
    ]


TYPES: dict[str, NodeType] = {node_type.key: node_type() for family in FAMILIES for node_type in types_in(family)}
