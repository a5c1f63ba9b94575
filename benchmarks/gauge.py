"""What the stability gauge costs the trainer: the same run with the gauge closed and open, in turns."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from typing import Any

from benchmarks.live import closed, opened, processor_seconds, until, wait
from benchmarks.regions import moons

ROUNDS = 12
SECONDS = 1.0
SHARE = 0.95


def run() -> dict[str, Any]:
    """For plain gradient descent and for Adam, of which a reading looks for two eigenvalues: see `measured`."""
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"GRADWIRE_SETTINGS": f"{home}/gradwire.ini", "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")}
        return {optimizer: measured(optimizer) for optimizer in ("sgd", "adam")}


def measured(optimizer: str) -> dict[str, Any]:
    """`share`: steps per second with the gauge open over those with it closed, the median of the rounds, of which each has both;
    `own_share`: the same per second of the kernel's processor time. `reading_ms` is the kernel's work for one reading."""
    from graph.model.edits import SetTraining

    document = moons()
    document.do(SetTraining("optimizer", optimizer))
    window = opened(document)
    kernel = window.kernel
    assert kernel is not None
    until(lambda: kernel.ready and kernel.current())
    regions: Any = window.panels.panel("regions")
    regions.ask = lambda: None  # what else is repeated would share the budget
    regions.end()
    window.panels.show("training")
    part: Any = window.panels.panel("training")
    part = part.stability
    kernel.start()
    until(lambda: kernel.training and kernel.progress.step > 0)
    part.open()
    until(lambda: part.newest is not None and part.newest.step > 0, 180.0)  # the first one pays for what is loaded
    seen = set[int]()
    took = list[float]()

    def speed(opened: bool) -> dict[str, float]:
        part.open(opened)
        wait(0.3)
        seen.clear()
        first, began, used = kernel.progress.step, time.monotonic(), processor_seconds(kernel.pid or 0)
        end = began + SECONDS
        while time.monotonic() < end:
            wait(0.02)
            seen.add(part.newest.step)
            took.append(part.newest.seconds)
        seconds = time.monotonic() - began
        steps, own = kernel.progress.step - first, processor_seconds(kernel.pid or 0) - used
        return {"speed": steps / seconds, "own": steps / own, "readings": len(seen) / seconds}

    rounds = []
    for turn in range(ROUNDS):
        order = (True, False) if turn % 2 else (False, True)
        rounds.append({kind: speed(kind) for kind in order})
    closed(window)

    def share(of: str) -> float:
        return statistics.median(each[True][of] / each[False][of] for each in rounds)

    return {
        "graph": "2–8–8–2, moons, 114 parameters", "rounds": ROUNDS, "share": share("speed"), "own_share": share("own"), "wanted": SHARE,
        "met": share("own") >= SHARE, "readings_per_second": statistics.median(each[True]["readings"] for each in rounds),
        "reading_ms": 1e3 * statistics.median(took),
    }  # fmt: skip
