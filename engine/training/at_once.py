"""How much of a network one call may compute."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from engine.compile.environment import Key
from engine.training.model import Model

BYTES = 64 * 2**20
"""Memory that the values of one piece of rows may take."""


def rows_at_once(model: Model, outputs: Sequence[Key]) -> int:
    """How many rows one call of the program may take, at least 1: the values on the way to `outputs` stay within `BYTES`."""
    inference = model.inference
    size = torch.empty((), dtype=model.dtype).element_size()
    nodes = inference.ancestors(node for node, _port in outputs)
    numbers = sum(math.prod(shape.dims) for key, shape in inference.outputs.items() if key[0] in nodes and shape.batched)
    return max(1, BYTES // max(1, numbers * size))
