"""Cold start: fresh processes with a warm disk cache, each milestone against the import that bounds it from below."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROUNDS = 8
ROOT = Path(__file__).parents[1]
MILESTONES = {
    "first_painted_window": ("import PySide6.QtWidgets", 1.8),
    "first_values": ("import torch", 1.5),
    "ready_to_train": ("import torch", 2.5),
}


def run() -> dict[str, Any]:
    """Medians in seconds and their ratios, `met` where the ratio stays within the limit. Peers and app take turns."""
    environment = {**os.environ, "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # compiled once and kept, as anywhere: the first round does it
    peers: dict[str, list[float]] = {code: [] for code, _ in MILESTONES.values()}
    ours: dict[str, list[float]] = {name: [] for name in MILESTONES}
    torch_in_window = False
    for code in peers:  # once without counting: fills the disk cache
        _seconds(["-c", code], environment)
    _opening(environment)
    for _ in range(ROUNDS):
        for code, seconds in peers.items():
            seconds.append(_seconds(["-c", code], environment))
        times, torch_seen = _opening(environment)
        torch_in_window |= torch_seen
        for name, value in times.items():
            ours[name].append(value)
    result: dict[str, Any] = {"rounds": ROUNDS, "torch_in_window_process": torch_in_window}
    for name, (code, limit) in MILESTONES.items():
        own, peer = statistics.median(ours[name]), statistics.median(peers[code])
        result[name] = {"seconds": own, "peer": code, "peer_seconds": peer, "ratio": own / peer, "limit": limit, "met": own / peer <= limit}
    return result


def _seconds(arguments: list[str], environment: dict[str, str]) -> float:
    started = time.monotonic()
    subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environment, check=True)
    return time.monotonic() - started


def _opening(environment: dict[str, str]) -> tuple[dict[str, float], bool]:
    """Open the window in a process of its own; its clock is ours (CLOCK_MONOTONIC counts for the whole machine)."""
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.opening"], cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True, timeout=120
    )
    told = json.loads(done.stdout)
    return {name: told[name] - started for name in MILESTONES}, told["torch"]
