"""A run that is watched: what a window that moves at 60 Hz costs the trainer, how evenly its frames come meanwhile, and what the
picture of the learned function costs."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from typing import TYPE_CHECKING, Any

from benchmarks.live import TRAINING_SECONDS, closed, endless, opened, processor_seconds, trained_alone, until, wait
from benchmarks.regions import measured

if TYPE_CHECKING:
    from ui.shell.window import Window

ROUNDS = 5
LONGEST_MS, SHARE = 18.0, 0.95


def run() -> dict[str, Any]:
    """Both kinds of run take turns. `share`: steps per second with the canvas panning at 60 Hz over those of a plain trainer, the
    median of the rounds; `frames`: the 99th percentile of the time from one painted frame to the next, the median of the rounds;
    `regions`: see `benchmarks.regions.measured`."""
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"GRADWIRE_SETTINGS": f"{home}/gradwire.ini", "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")}
        regions = measured()
        rounds = [(trained_alone(), watched()) for _ in range(ROUNDS)]
    shares = [seen["steps_per_second"] / alone[0] for alone, seen in rounds]
    own = [seen["steps_per_own_second"] / alone[1] for alone, seen in rounds]
    slow = [seen["p99_ms"] for _, seen in rounds]
    share, p99 = statistics.median(shares), statistics.median(slow)
    return {
        "rounds": ROUNDS,
        "trainer": {"shares": shares, "share": share, "per_own_second": statistics.median(own), "wanted": SHARE, "met": share >= SHARE},
        "frames": {"p99_ms_of_rounds": slow, "p99_ms": p99, "limit": LONGEST_MS, "met": p99 <= LONGEST_MS,
                   "per_second": statistics.median(seen["frames_per_second"] for _, seen in rounds)},
        "regions": regions,
    }  # fmt: skip


def watched() -> dict[str, float]:
    """One run with the window open, its canvas panned at 60 Hz."""
    window = opened(endless())
    kernel = window.kernel
    assert kernel is not None
    until(lambda: kernel.ready and kernel.current())
    wait(4.0)
    kernel.start()
    until(lambda: kernel.training and kernel.progress.step > 0)
    wait(1.0)
    pid = kernel.pid or 0
    first, began, used = kernel.progress.step, time.monotonic(), processor_seconds(pid)
    stamps = panned(window, TRAINING_SECONDS)
    steps, seconds, own = kernel.progress.step - first, time.monotonic() - began, processor_seconds(pid) - used
    closed(window)
    gaps = sorted(1e3 * (after - before) for before, after in zip(stamps, stamps[1:], strict=False))
    return {
        "steps_per_second": steps / seconds,
        "steps_per_own_second": steps / own,
        "p99_ms": gaps[int(0.99 * len(gaps))],
        "frames_per_second": len(gaps) / seconds,
    }


def panned(window: Window, seconds: float) -> list[float]:
    """Pan to and fro at 60 Hz; when each frame was painted."""
    from PySide6.QtCore import QEvent, QObject, Qt, QTimer

    canvas, stamps = window.canvas, list[float]()

    class Paints(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint:
                watched.event(event)
                stamps.append(time.perf_counter())
                return True
            return False

    paints, timer = Paints(), QTimer()
    canvas.installEventFilter(paints)
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.setInterval(16)
    timer.timeout.connect(lambda: canvas.pan_by(1.0 if len(stamps) // 60 % 2 else -1.0, 0.0))
    timer.start()
    wait(seconds)
    timer.stop()
    canvas.removeEventFilter(paints)
    return stamps
