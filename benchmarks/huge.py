"""A document of 100,000 nodes in the window beside one of ten: opening, frames, every edit of one node, and the engine's numbers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.canvas_graph import grid
from benchmarks.canvas_size import graph_of
from graph.storage.files import dumps

ROOT = Path(__file__).parents[1]
FEW, MANY = 10, 100_000
FRAME_MS, EDIT_MS = 1000 / 30, 33.0


def run() -> dict[str, Any]:
    """Rows by part and name. `ms` is a frame or the paint that shows an edit, in processor time; opening and numbers take `seconds`.
    `block_ms` is how long the window did not react at most; of frames, the 99th percentile.
    `met`: 30 frames a second, an edit within one of them, also where ten nodes take as long."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{count}.gradwire" for count in (FEW, MANY)]
        for file, count in zip(files, (FEW, MANY), strict=True):
            file.write_text(dumps(graph_of(grid(count))), encoding="utf-8")
        few, many = (_process(file) for file in files)
        few_computed, many_computed = (_process(file, "engine") for file in files)
    return {
        "nodes": many["nodes"],
        "edges": many["edges"],
        "opening": {"open": _beside(few_computed["open"], many_computed["open"])},
        "views": {name: _beside(few["views"][name], found, FRAME_MS) for name, found in many["views"].items()},
        "edits": {name: _beside(few["edits"][name], found, EDIT_MS) for name, found in many["edits"].items()},
        "engine": {name: _beside(few_computed["engine"][name], found) for name, found in many_computed["engine"].items()},
    }


def table(result: dict[str, Any]) -> str:
    """What `run` found, a line each."""
    lines = [f"{result['nodes']:,} nodes, {result['edges']:,} wires" + " " * 8 + "took     block   (ten:)   took     block     ratio"]
    for part in ("opening", "views", "edits", "engine"):
        lines.append(part)
        for name, row in result[part].items():
            ten, missed = row["of_ten"], "" if row.get("met", True) else "  missed"
            numbers = f"{_took(row)} {row['block_ms']:7.1f} ms        {_took(ten)} {ten['block_ms']:7.1f} ms {row['ratio']:7.1f}x"
            lines.append(f"  {name:24s}{numbers}{missed}")
    return "\n".join(lines)


def _took(row: dict[str, float]) -> str:
    return f"{row['seconds']:8.2f} s " if "seconds" in row else f"{row['ms']:8.2f} ms"


def _beside(few: dict[str, float], many: dict[str, float], limit: float = 0.0) -> dict[str, Any]:
    few, many = _blocking(few), _blocking(many)
    found: dict[str, Any] = {**many, "of_ten": few, "ratio": many["block_ms"] / max(few["block_ms"], 0.1)}
    return {**found, "met": many["block_ms"] <= max(limit, 1.2 * few["block_ms"])} if limit else found


def _blocking(row: dict[str, float]) -> dict[str, float]:
    if "block_ms" in row:
        return row
    return {"ms": row["ms"], "block_ms": max(row["ms"], row.get("p99_ms", 0.0), row.get("longest_later_ms", 0.0))}


def _process(file: Path, part: str = "") -> dict[str, Any]:
    environment = os.environ | {"QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")}
    command = [sys.executable, "-m", "benchmarks.huge_size", str(file), *(("--part", part) if part else ())]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found
