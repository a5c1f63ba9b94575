"""Names of nodes as names in an exported program, where Python, torch and `nn.Module` have taken some already."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable

from torch import nn

from engine.training.optimizers.custom import CLASS
from engine.training.optimizers.registry import OPTIMIZERS

RESERVED = frozenset({
    "torch", "nn", "F", "self", "model", "argparse", "base64", "zlib", "values", "inputs", "unpack", "main", "train",
    "CLASSES", "Model", "predict", "classify", "penalty_terms", "accuracy", "measure", "test_inputs",
    *keyword.kwlist, *dir(builtins), *dir(nn.Module()),
    *(optimizer.__name__ for optimizer in OPTIMIZERS.values()), CLASS,
})  # fmt: skip


def python_names(nodes: Iterable[tuple[str, str, Iterable[str]]]) -> dict[str, str]:
    """By node id: the nodes' own names, with `_` behind those that are taken.

    Each row is (name, node id, endings): `name_ending` then belongs to the node too. Two leading underscores become one, since Python
    gives such names another meaning inside a class.
    """
    names: dict[str, str] = {}
    taken: set[str] = set(RESERVED)
    for name, node, endings in nodes:
        name = re.sub("^__+", "_", name)
        while taken & (mine := {name, *(f"{name}_{ending}" for ending in endings)}):
            name += "_"
        taken |= mine
        names[node] = name
    return names
