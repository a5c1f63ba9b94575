"""What the stability gauge costs the trainer: the same run with the gauge closed and open, in turns."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

from benchmarks.live import processor_seconds
from benchmarks.regions import moons

ROUNDS, SECONDS = 12, 2.0
REST = 0.25
"""Least seconds between two readings, as in the training page."""
SHARE = 0.95


def run() -> dict[str, Any]:
    """For plain gradient descent and for Adam, of which a reading looks for two eigenvalues: see `measured`."""
    return {optimizer: measured(optimizer) for optimizer in ("sgd", "adam")}


def measured(optimizer: str) -> dict[str, Any]:
    """`own_share`: steps per second of the engine's processor time with the gauge open over those with it closed, the median of the
    rounds, of which each has both; `share`: the same per second on the clock. `reading_ms` is the engine's work for one reading."""
    from engine.curvature.gauge import Gauge, GaugeReading
    from engine.kernel.client import KernelClient
    from engine.kernel.protocol import Start
    from engine.numerics.job import JobReport, Repeated
    from graph.model.edits import SetTraining

    document, client, readings = moons(), KernelClient(), list[GaugeReading]()
    document.do(SetTraining("optimizer", optimizer))
    client.attach(document)

    def heard(_report: JobReport | None, parts: tuple[object, ...]) -> None:
        readings.extend(part for part in parts if isinstance(part, GaugeReading))

    def until(condition: Callable[[], object], seconds: float = 180.0) -> None:
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError("the engine did not get there")
            client.pump()
            time.sleep(0.005)

    def speed(opened: bool) -> dict[str, float]:
        job = Repeated(Gauge(document.structure, document.revision, client.progress.run), REST)
        number = client.job(job, heard, lambda end: None) if opened else None
        until_the_clock(0.3)
        count, first, began, used = len(readings), client.progress.step, time.monotonic(), processor_seconds(client.pid or 0)
        until_the_clock(SECONDS)
        seconds, steps = time.monotonic() - began, client.progress.step - first
        own = processor_seconds(client.pid or 0) - used
        if number is not None:
            client.cancel_job(number)
        return {"speed": steps / seconds, "own": steps / own, "readings": (len(readings) - count) / seconds}

    def until_the_clock(seconds: float) -> None:
        end = time.monotonic() + seconds
        until(lambda: time.monotonic() >= end)

    try:
        until(client.current)
        client.command(Start(client.run))
        until(lambda: client.training and client.progress.step > 0)
        job = client.job(
            Repeated(Gauge(document.structure, document.revision, client.progress.run), REST), heard, lambda end: None
        )  # fmt: skip
        until(lambda: len(readings) > 1)  # the first one pays for what is loaded
        client.cancel_job(job)
        rounds = [{kind: speed(kind) for kind in ((True, False) if turn % 2 else (False, True))} for turn in range(ROUNDS)]
    finally:
        client.shutdown()

    def share(of: str) -> float:
        return statistics.median(each[True][of] / each[False][of] for each in rounds)

    return {
        "graph": "2–8–8–2, moons, 114 parameters", "rounds": ROUNDS, "share": share("speed"), "own_share": share("own"), "wanted": SHARE,
        "met": share("own") >= SHARE, "readings_per_second": statistics.median(each[True]["readings"] for each in rounds),
        "reading_ms": 1e3 * statistics.median(reading.seconds for reading in readings),
    }  # fmt: skip
