"""How long a training step of a graph takes on a device: what it has to do, times how fast that device was just now.

Speeds are measured with three small pieces of work, in some milliseconds, once in a process for each device, precision and number of
threads. The estimate is good to a factor of about two, which is enough to choose a device: where it matters, devices differ by more.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import torch

from engine.numerics.threads import threads

if TYPE_CHECKING:
    from engine.compile.shapes import Inference
    from graph.model.graph import Graph

WHOLE = 1024
"""Samples that are counted where a step takes the whole training part: it is read only after the device is chosen."""
UPDATE = 12
"""Operations of an update, and how often it reads or writes each learned number, about."""
TURNS = 3


@dataclass(frozen=True, slots=True)
class Work:
    """What one step does: calls of torch, multiplications in matrix products, and numbers that are read or written."""

    calls: int
    products: int
    numbers: int


@dataclass(frozen=True, slots=True)
class Speeds:
    """Seconds for each of these on one device."""

    call: float
    product: float
    number: float

    def seconds(self, work: Work) -> float:
        """About how long a step takes."""
        return work.calls * self.call + work.products * self.product + work.numbers * self.number


def work_of(graph: Graph, inference: Inference) -> Work:
    """What a step of this graph does: forward, backward and update."""
    rows = int(graph.training.get("batch_size") or WHOLE) if any(shape.batched for shape in inference.outputs.values()) else 1
    learned = products = 0
    for (node, _name), shape in inference.parameters.items():
        learned += math.prod(shape)
        output = inference.outputs.get((node, "y"))
        if len(shape) >= 2 and output is not None:
            places = math.prod(output.dims[1:]) if len(shape) > 2 else 1
            products += math.prod(shape) * places * (rows if output.batched else 1)
    values = sum(math.prod(shape.full(rows)) for shape in inference.outputs.values())
    return Work(3 * len(inference.outputs) + UPDATE, 3 * products, 3 * values + UPDATE * learned)


@lru_cache(maxsize=16)
def speeds(device: str, dtype: torch.dtype, count: int) -> Speeds:
    """What this device does just now, with `count` threads where it is the CPU."""
    size, length = (256, 2**18) if device == "cpu" else (2048, 2**24)
    with torch.no_grad(), threads(count):
        small, square, long = (torch.ones(shape, dtype=dtype, device=device) for shape in ((16,), (size, size), (length,)))
        call = _fastest(device, lambda: [torch.add(small, small) for _ in range(50)]) / 50
        product = _fastest(device, lambda: torch.mm(square, square)) / size**3
        number = _fastest(device, lambda: torch.add(long, long)) / (3 * length)
    return Speeds(call, product, number)


def _fastest(device: str, work: Callable[[], object]) -> float:
    """Seconds, the least of a few turns: whatever else the computer does only adds to them."""
    work()
    _wait(device)
    times = []
    for _turn in range(TURNS):
        began = time.perf_counter()
        work()
        _wait(device)
        times.append(time.perf_counter() - began)
    return min(times)


def _wait(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()
    elif device == "mps":
        torch.mps.synchronize()
