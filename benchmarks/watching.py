"""A run that is watched: what a window that moves at 60 Hz costs the trainer, and how evenly its frames come meanwhile."""

from __future__ import annotations

import itertools
import statistics
import tempfile
import time
from typing import TYPE_CHECKING, Any

from benchmarks import screen
from benchmarks.live import closed, endless, opened, processor_seconds, trained_alone, until, wait

if TYPE_CHECKING:
    from ui.shell.window import Window

ROUNDS, SECONDS = 3, 2.0
"""All of it takes one to two minutes: speeds change from minute to minute, and longer pieces would not average that out."""
LONGEST_MS, SHARE = 18.0, 0.95
Seen = dict[str, float]


def run() -> dict[str, Any]:
    """`canvas`: with the numbers of the trace on the canvas, which is panned at 60 Hz. `page`: the same with the training page open below
    it, where the curves are drawn.

    `share`: steps per second over those of a plain trainer just before and after, the median of the rounds; `per_own_second`: the same
    per second of processor time. `p99_ms`: the 99th percentile of the time from one painted frame to the next. `window_load`: the part of
    one processor that the window uses.
    """
    with tempfile.TemporaryDirectory() as home:
        screen.begin(home)
        window = opened(endless())
        kernel = window.kernel
        assert kernel is not None
        until(lambda: kernel.ready and kernel.current())
        alone, seen = [trained_alone(SECONDS)], list[tuple[Seen, Seen]]()
        for _ in range(ROUNDS):
            seen.append(watched(window))
            alone.append(trained_alone(SECONDS))
        closed(window)
    around = [(_mean(a[0], b[0]), _mean(a[1], b[1])) for a, b in itertools.pairwise(alone)]
    kinds = {"canvas": [canvas for canvas, _page in seen], "page": [page for _canvas, page in seen]}
    return {"rounds": ROUNDS, **{name: _summary(around, kind) for name, kind in kinds.items()}}


def _mean(a: float, b: float) -> float:
    return (a + b) / 2


def _summary(alone: list[tuple[float, float]], seen: list[Seen]) -> dict[str, Any]:
    shares = [each["steps_per_second"] / plain[0] for plain, each in zip(alone, seen, strict=True)]
    own = [each["steps_per_own_second"] / plain[1] for plain, each in zip(alone, seen, strict=True)]
    middle = {name: statistics.median(each[name] for each in seen) for name in ("p50_ms", "p99_ms", "frames_per_second", "window_load")}
    share, p99 = statistics.median(shares), middle["p99_ms"]
    return {
        "shares": shares, "share": share, "per_own_second": statistics.median(own), "wanted": SHARE, "share_met": share >= SHARE,
        **middle, "p99_of_rounds": [each["p99_ms"] for each in seen], "limit": LONGEST_MS, "frames_met": p99 <= LONGEST_MS,
    }  # fmt: skip


def watched(window: Window) -> tuple[Seen, Seen]:
    """The run goes on for a while, the canvas panned at 60 Hz; without and with the training page."""
    kernel = window.kernel
    assert kernel is not None
    window.panels.hide("training")
    kernel.start()
    until(lambda: kernel.training and kernel.progress.step > 0)
    wait(0.7)
    plain = measured(window)
    window.pages.show("training")
    wait(0.7)
    page = measured(window)
    kernel.pause()
    until(lambda: not kernel.training)
    return plain, page


def measured(window: Window) -> Seen:
    kernel = window.kernel
    assert kernel is not None
    pid = kernel.pid or 0
    first, began, used, own = kernel.progress.step, time.monotonic(), processor_seconds(pid), time.process_time()
    stamps = panned(window, SECONDS)
    steps, seconds = kernel.progress.step - first, time.monotonic() - began
    gaps = sorted(1e3 * (after - before) for before, after in zip(stamps, stamps[1:], strict=False))
    return {
        "steps_per_second": steps / seconds,
        "steps_per_own_second": steps / (processor_seconds(pid) - used),
        "p50_ms": gaps[len(gaps) // 2],
        "p99_ms": gaps[int(0.99 * len(gaps))],
        "frames_per_second": len(gaps) / seconds,
        "window_load": (time.process_time() - own) / seconds,
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
