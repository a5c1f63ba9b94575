"""A run that is watched: what a window that moves at 60 Hz costs the trainer, and how evenly its frames come meanwhile."""

from __future__ import annotations

import itertools
import os
import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import screen
from benchmarks.live import closed, endless, opened, processor_seconds, until, wait
from benchmarks.notes import PLACE, Notes, Speed

if TYPE_CHECKING:
    from ui.shell.window import Window

ROUNDS, PIECE, ALONE = 8, 0.4, 0.3
"""Calm rounds, and the seconds of their pieces, watched and by the plain loop."""
LONGEST = 100.0
"""Seconds after which there is no further round, however few were calm."""
OTHERS = 0.1
"""Processors that all other programs may use together in a calm piece."""
FEWEST = 3
"""With fewer calm pieces than these nothing is said."""
LONGEST_MS, SHARE = 18.0, 0.95
KINDS = ("engine", "still", "canvas", "page")
TO_AND_FRO = itertools.cycle([1.0] * 30 + [-1.0] * 30)
"""Pixels by which the canvas moves before every frame."""
WORKER = "benchmarks.noting:NotingWorker"


@dataclass
class Piece:
    """A piece of the run; `share` and `own` are its steps per second, and per second of processor time, over those of a plain trainer."""

    share: float
    own: float
    load: float
    others: float
    gaps: list[float] = field(default_factory=list)


def run() -> dict[str, Any]:
    """`engine`: nobody asks the kernel anything. `still`: the window shows the run, and nothing moves. `canvas`: it is panned at 60 Hz,
    with the numbers of the trace on it. `page`: the same with the training page open below it, where the curves are drawn.

    All kinds take turns with the same run trained by a plain loop while the window sleeps, in pieces of less than half a second: two
    processes alike differ by 2 %, and minutes by more. `share`: steps per second over those of the plain loop just before and after, the
    median of the pieces; `own`: the same per second of processor time; each with its quartiles, and `known_to`, half the length of the
    interval that has the true median with 95 % (McGill, Tukey and Larsen 1978). `p99_ms`: the 99th percentile of the time from one
    painted frame to the next, with the interval that has 90 % of the same from pieces drawn with replacement. `window_load`: the part of
    one processor that the window uses. Pieces in which other programs used a processor are `disturbed` and do not count.
    """
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as home:
        os.environ[PLACE] = f"{home}/notes"
        notes = Notes("w+")
        screen.begin(home)
        window, seen = training_window(), {kind: list[Piece]() for kind in KINDS}
        rounds, fewest = 0, 0
        while fewest < ROUNDS and time.monotonic() - began < LONGEST:
            before = notes.train_alone(ALONE)
            for kind in KINDS:
                piece, speed = watched(window, kind, notes)
                after = notes.train_alone(ALONE)
                piece.share, piece.own = (2 * s / (a + b) for s, a, b in zip(speed, before, after, strict=True))
                seen[kind].append(piece)
                before = after
            rounds += 1
            fewest = min(len(_calm(pieces)) for pieces in seen.values())
        closed(window)
    return {"rounds": rounds, **{kind: _summary(pieces) for kind, pieces in seen.items()}}


def training_window() -> Window:
    """A window in which the run is under way, when everything is loaded and what stays was taken from the garbage collector's sight."""
    from ui.shell.app import SETTLED_MS

    window = opened(endless(), WORKER)
    kernel = window.kernel
    assert kernel is not None
    until(lambda: kernel.ready and kernel.current())
    kernel.start()
    until(lambda: kernel.training and kernel.progress.step > 0)
    wait(0.001 * SETTLED_MS + 0.5)
    return window


def watched(window: Window, kind: str, notes: Notes) -> tuple[Piece, Speed]:
    """The run goes on for a while, after a moment in which the window takes up what has changed."""
    kernel = window.kernel
    assert kernel is not None
    if kind == "page":
        window.pages.show("training")
    else:
        window.panels.hide("training")
    stamps: list[float] = []
    during: dict[str, Callable[[], object]] = {"engine": lambda: time.sleep(PIECE), "still": lambda: wait(PIECE)}
    if kind == "engine":
        time.sleep(0.05)
    else:
        wait(0.5 if kind == "page" else 0.15)
    began, own, others = time.monotonic(), time.process_time(), _busy() - processor_seconds(kernel.pid or 0)
    during.get(kind, lambda: stamps.extend(panned(window, PIECE)))()
    seconds, own = time.monotonic() - began, time.process_time() - own
    others = _busy() - processor_seconds(kernel.pid or 0) - others - own
    gaps = [1e3 * (after - before) for before, after in zip(stamps, stamps[1:], strict=False)]
    return Piece(0.0, 0.0, own / seconds, others / seconds, gaps), notes.speed(began, began + seconds)


def _busy() -> float:
    """Seconds that the processors were at work so far; NaN where the system does not report it."""
    try:
        fields = Path("/proc/stat").read_text().split(maxsplit=9)[1:9]
    except OSError:
        return float("nan")
    user, nice, system, _idle, _waiting, interrupts, soft, stolen = map(int, fields)
    return (user + nice + system + interrupts + soft + stolen) / os.sysconf("SC_CLK_TCK")


def _calm(pieces: list[Piece]) -> list[Piece]:
    return [piece for piece in pieces if not piece.others > OTHERS]


def _summary(pieces: list[Piece]) -> dict[str, Any]:
    calm = _calm(pieces)
    counts = {"pieces": len(calm), "disturbed": len(pieces) - len(calm)}
    if len(calm) < FEWEST:
        return counts
    load = float(np.median([piece.load for piece in calm]))
    shares, own = ([getattr(piece, name) for piece in calm] for name in ("share", "own"))
    low, share, high = np.percentile(shares, [25, 50, 75]).tolist()
    found = {
        **counts, "share": share, "quartiles": [round(low, 3), round(high, 3)],
        "known_to": 1.57 * (high - low) / len(calm) ** 0.5, "wanted": SHARE, "share_met": share >= SHARE,
        "own": float(np.median(own)), "own_quartiles": np.percentile(own, [25, 75]).round(3).tolist(), "window_load": load,
    }  # fmt: skip
    return found | _frames([piece.gaps for piece in calm if piece.gaps])


def _frames(pieces: list[list[float]]) -> dict[str, Any]:
    if not pieces:
        return {}
    draw = random.Random(0)
    again = [np.percentile(np.concatenate(draw.choices(pieces, k=len(pieces))), 99) for _ in range(400)]
    gaps = np.concatenate(pieces)
    p50, p99 = np.percentile(gaps, [50, 99]).tolist()
    return {
        "frames": len(gaps), "p50_ms": p50, "p99_ms": p99, "p99_interval": np.percentile(again, [5, 95]).round(1).tolist(),
        "late": float((gaps > LONGEST_MS).mean()), "limit": LONGEST_MS, "frames_met": p99 <= LONGEST_MS,
    }  # fmt: skip


def panned(window: Window, seconds: float) -> list[float]:
    """Pan to and fro at 60 Hz, on from where the last call was; when each frame was painted."""
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
    timer.timeout.connect(lambda: canvas.pan_by(next(TO_AND_FRO), 0.0))
    timer.start()
    wait(seconds)
    timer.stop()
    canvas.removeEventFilter(paints)
    return stamps
