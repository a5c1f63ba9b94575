"""The canvas against its budget: frames as multiples of one opaque blit of its size, files, undo, memory, and how costs grow.

Every size runs in a process of its own; NodeGraphQt, where it is installed, builds the same graph in another.
"""

from __future__ import annotations

import importlib.util
import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SIZES = (1_000, 10_000)
LIMITS: dict[str, tuple[str, float, float]] = {
    "animated_whole": ("floors", 8, 25),
    "animated_at_100": ("floors", 12, 12),
    "pan_whole": ("floors", 10, 30),
    "zoom_whole": ("floors", 10, 30),
    "drag_whole": ("floors", 4, 8),
    "drag_at_100": ("floors", 4, 8),
    "open": ("ms", 80, 500),
    "save": ("ms", 10, 60),
    "undo_move_of_all": ("ms", 30, 100),
    "memory": ("mb", 30, 150),
}
"""For each figure its unit and the limits at both sizes."""
EXPONENT = 1.1
PEER_SIZE = 1_000


def run() -> dict[str, Any]:
    """`sizes`: every figure with its limit; `exponents`: how the cost of the whole grows from 100 to 10,000 nodes; `peer`: NodeGraphQt."""
    sizes = {str(count): _held(_size(count), index) for index, count in enumerate(SIZES)}
    growth = _process("benchmarks.canvas_growth")
    exponents = {name: {**found, "limit": EXPONENT, "met": found["exponent"] <= EXPONENT} for name, found in growth.items()}
    return {"sizes": sizes, "exponents": exponents, "peer": _peer()}


def _size(count: int) -> dict[str, Any]:
    found = _process("benchmarks.canvas_size", str(count))
    if Path("/proc/self/statm").exists():
        found["memory"] = _process("benchmarks.canvas_memory", str(count))
    return found


def _held(found: dict[str, Any], index: int) -> dict[str, Any]:
    for name, (unit, *limits) in LIMITS.items():
        if name in found:
            found[name] |= {"limit": limits[index], "unit": unit, "met": found[name][unit] <= limits[index]}
    return found


def _peer() -> dict[str, Any] | str:
    """$GRADWIRE_PEER_PYTHON is a Python that has NodeGraphQt, where this one has not."""
    python = os.environ.get("GRADWIRE_PEER_PYTHON", sys.executable)
    if python == sys.executable and importlib.util.find_spec("NodeGraphQt") is None:
        return "skipped: NodeGraphQt is not installed (requirements-benchmarks.txt)"
    return _process("benchmarks.canvas_peer", str(PEER_SIZE), python=python)


def _process(module: str, *arguments: str, python: str = sys.executable) -> dict[str, Any]:
    environment = os.environ | {"QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")}
    done = subprocess.run([python, "-m", module, *arguments], cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def fitted(costs: dict[int, float]) -> float:
    """The exponent p of cost ≈ c·nᵖ, by least squares of the logarithms."""
    xs, ys = [math.log(n) for n in costs], [math.log(cost) for cost in costs.values()]
    x, y = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True)) / sum((a - x) ** 2 for a in xs)
