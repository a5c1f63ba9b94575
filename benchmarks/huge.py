"""A document of 100,000 nodes in the window beside one of ten: opening, panning, zooming, and every edit of one node."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
FEW, MANY = 10, 100_000
FRAME_MS, EDIT_MS = 1000 / 30, 33.0


def run() -> dict[str, Any]:
    """`views`: a frame in milliseconds of processor time and whether 30 a second are met; `edits`: the same for an edit of one node, with
    the ratio to ten nodes. `met` holds also where ten nodes take as long."""
    few, many = _process(FEW), _process(MANY)
    return {
        "nodes": many["nodes"],
        "edges": many["edges"],
        "open": many["open"],
        "views": {name: _beside(few["views"][name], found, FRAME_MS) for name, found in many["views"].items()},
        "edits": {name: _beside(few["edits"][name], found, EDIT_MS) for name, found in many["edits"].items()},
    }


def _beside(few: dict[str, float], many: dict[str, float], limit: float) -> dict[str, Any]:
    ratio = many["ms"] / max(few["ms"], 0.1)
    return {**many, "of_ten_ms": few["ms"], "ratio": ratio, "met": many["ms"] <= max(limit, 1.2 * few["ms"])}


def _process(count: int) -> dict[str, Any]:
    environment = os.environ | {"QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")}
    command = [sys.executable, "-m", "benchmarks.huge_size", str(count)]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found
