"""What a person feels while the engine works: a slider's drag on 60 nodes, and training with the window open."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import screen
from engine.kernel.process import WORKER

if TYPE_CHECKING:
    from graph.storage.document import Document
    from ui.shell.window import Window

ROOT = Path(__file__).parents[1]
TICK = 1 / 60
TICKS = 300
ROUNDS = 3
TRAINING_SECONDS = 4.0
SETTLE = 4.0
"""Seconds until everything has been loaded that is loaded beside the work."""
EXAMPLE = "digits-mlp"


def run() -> dict[str, Any]:
    """`drag`: the share of ticks painted with the values and gradients of that very tick; latencies from the tick to the end of its
    paint. `training`: the share of its speed that a run keeps with the window open; both kinds take turns."""
    with tempfile.TemporaryDirectory() as home:
        screen.begin(home)
        drag = dragged()
        rounds = [(trained_alone(), trained_watched()) for _ in range(ROUNDS)]
    alone, watched = (statistics.median(speeds[0] for speeds in kind) for kind in zip(*rounds, strict=True))
    training = {
        "example": EXAMPLE,
        "alone": alone,
        "window_open": watched,
        "share": watched / alone,
        "wanted": 0.9,
        "met": watched >= 0.9 * alone,
    }
    # On a machine busy with other things the clock measures those: the trainer's own time does not.
    own_alone, own_watched = (statistics.median(speeds[1] for speeds in kind) for kind in zip(*rounds, strict=True))
    training["share_per_second_of_its_own_time"] = own_watched / own_alone
    return {"drag": drag, "training_steps_per_second": training}


def sixty_nodes() -> Document:
    """One Input, seven tanh neurons, their squared error and its logarithm: 60 nodes, in columns of six."""
    from engine.nodes.catalog import CATALOG
    from graph.formula.to_graph import build
    from graph.model.edits import Move
    from graph.storage.document import Document

    neurons = " + ".join(f"tanh(w{i}*x + b{i})*v{i}" for i in range(7))
    parameters = {f"{letter}{i}": 0.1 * i - 0.3 for i in range(7) for letter in "wbv"}
    graph = build(f"log(({neurons} - 1)^2)", CATALOG, {"x": 0.0}, dict(parameters))
    document = Document(graph)
    places = tuple((node, 190.0 * (i // 6), 150.0 * (i % 6)) for i, node in enumerate(graph.order()))
    document.do(Move(places))
    return document


def opened(document: Document, worker: str = WORKER) -> Window:
    from ui.engine_link.link import Kernel
    from ui.shell.app import application, settle
    from ui.shell.window import Window
    from ui.shell.workspace.settings import UserSettings

    application()
    window = Window(document, UserSettings(), Kernel(worker=worker))
    window.resize(screen.WIDE, screen.HIGH)
    window.show()
    settle(window)
    return window


def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    from PySide6.QtWidgets import QApplication

    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("the kernel did not get there")
        QApplication.processEvents()
        time.sleep(0.001)


def wait(seconds: float) -> None:
    """Let the window live its own life: an event loop that nobody polls."""
    from PySide6.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()


def closed(window: Window) -> None:
    if window.kernel is not None:
        window.kernel.shutdown()
    window.document.history.mark_clean()
    window.dialogs.unsaved = lambda *_: "discard"  # type: ignore[method-assign]  # nobody is there to answer the question
    window.close()
    window.deleteLater()


def dragged() -> dict[str, Any]:
    from PySide6.QtCore import QEvent, QObject, QPointF, Qt
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtWidgets import QApplication

    document = sixty_nodes()
    window = opened(document)
    canvas = window.canvas
    kernel = window.kernel
    assert kernel is not None
    until(lambda: kernel.ready and kernel.current())
    canvas.fit_all()
    wait(SETTLE)
    x = document.graph.named("x")
    assert x is not None
    slider = canvas.scene.cards[x.id].slider
    assert slider is not None
    track = slider.translated(canvas.scene.rect(x.id).topLeft())

    def mouse(kind: QEvent.Type, share: float) -> None:
        at = canvas.camera.to_view(QPointF(track.left() + track.width() * share, track.center().y()))
        button = Qt.MouseButton.LeftButton
        event = QMouseEvent(kind, at, canvas.mapToGlobal(at), button, button, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(canvas, event)

    painted: list[tuple[float, int]] = []

    class Paints(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint and window.trace is not None:
                revision = window.trace.revision
                watched.event(event)  # paints; a filter is not asked again
                painted.append((time.perf_counter(), revision))
                return True
            return False

    paints = Paints()
    canvas.installEventFilter(paints)
    mouse(QEvent.Type.MouseButtonPress, 0.5)
    same, latencies, last = 0, [], -1
    start = time.perf_counter()
    while last < TICKS - 1:
        tick = int((time.perf_counter() - start) / TICK)
        if tick == last:
            QApplication.processEvents()
            time.sleep(0.0003)
            continue
        last = tick  # of several that became due meanwhile the event queue keeps the newest; the others count as not painted
        painted.clear()
        mouse(QEvent.Type.MouseMove, 0.02 + 0.96 * abs((tick * 7 % 200) / 100 - 1))
        patience = time.perf_counter() + 10 * TICK
        while not painted and time.perf_counter() < patience:
            QApplication.processEvents()
        if painted:
            same += painted[0][1] == document.revision
            latencies.append(painted[0][0] - (start + tick * TICK))
    mouse(QEvent.Type.MouseButtonRelease, 0.5)
    nodes, scale = len(document.graph.nodes), canvas.camera.scale
    closed(window)
    return {
        "nodes": nodes, "canvas_scale": scale, "ticks": TICKS, "painted": len(latencies), "share_of_same_tick": same / TICKS,
        "wanted": 0.95, "met": same / TICKS >= 0.95, "median_ms": 1e3 * statistics.median(latencies), "slowest_ms": 1e3 * max(latencies),
        "share_within_one_tick": sum(latency <= TICK for latency in latencies) / TICKS,
    }  # fmt: skip


def trained_alone(seconds: float = TRAINING_SECONDS) -> tuple[float, float]:
    """Steps per second, and per second of processor time, of a plain trainer in a process of its own."""
    code = (
        "import json, time; from engine.training.model import Model; from engine.training.run import Run\n"
        "from benchmarks.live import endless\n"
        "trainer = Run(Model(endless().graph, 'cpu')); trainer.train(max_seconds=1.0); first = trainer.model.state.step\n"
        f"began = time.process_time(); trainer.train(max_seconds={seconds}); steps = trainer.model.state.step - first\n"
        f"print(json.dumps([steps / {seconds}, steps / (time.process_time() - began)]))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    speed, own = json.loads(done.stdout)
    return float(speed), float(own)


def processor_seconds(pid: int) -> float:
    """What a process has used so far; NaN where the system does not report it."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return float("nan")
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def endless() -> Document:
    """The example, with more epochs than the measurement lasts, at a rate at which it does not come to its end meanwhile: where nothing is
    left to learn, numbers become so small that processors take longer for them."""
    from engine.nodes.catalog import CATALOG
    from graph.model.edits import SetTraining
    from graph.storage.document import Document

    document = Document.load(ROOT / "resources" / "examples" / f"{EXAMPLE}.gradwire", CATALOG)
    document.do(SetTraining("epochs", 10**6))
    document.do(SetTraining("device", "cpu"))
    document.do(SetTraining("hyper", {**document.graph.training["hyper"], "lr": 1e-6}))
    return document


def trained_watched() -> tuple[float, float]:
    """The same while the window shows values, gradients and curves of the run."""
    window = opened(endless())
    kernel = window.kernel
    assert kernel is not None
    until(lambda: kernel.ready and kernel.current())
    wait(SETTLE)
    kernel.start()
    until(lambda: kernel.training and kernel.progress.step > 0)
    wait(1.0)
    first, started, used = kernel.progress.step, time.monotonic(), processor_seconds(kernel.pid or 0)
    wait(TRAINING_SECONDS)
    steps, seconds, own = kernel.progress.step - first, time.monotonic() - started, processor_seconds(kernel.pid or 0) - used
    closed(window)
    return steps / seconds, steps / own
