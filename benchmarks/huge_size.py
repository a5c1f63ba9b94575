"""One size of document in the window, timed in a process of its own: `python -m benchmarks.huge_size FILE [--part PART]`. One JSON object.

The parts are `views` (frames), `edits` of one node, both without an engine, and `engine`: how long numbers take with one.

Times in ms are processor time of the window's thread, so that they hold on a busy machine; those in seconds are waited for. An edit is
timed from the event that asks for it to the end of the paint that shows it (`ms`); `longest_later_ms` is the longest turn of the event
loop for work that was put off. `block_ms` is the longest turn of the event loop while something is opened, or numbers are waited for.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, QTimer  # noqa: E402
from PySide6.QtGui import QMouseEvent  # noqa: E402
from PySide6.QtWidgets import QApplication  # noqa: E402

from engine.nodes.catalog import CATALOG  # noqa: E402
from graph.model.edits import Connect, Disconnect, Rename, SetParam  # noqa: E402
from graph.model.elements import Edge  # noqa: E402
from graph.storage.document import Document  # noqa: E402
from ui.shell.app import leave_alone  # noqa: E402

if TYPE_CHECKING:
    from ui.canvas.view import Canvas
    from ui.shell.window import Window

WIDTH, HEIGHT = 1600, 1000
FRAMES = 60
ROUNDS = 2
WATCH_S = 0.15
"""Seconds for which the window is watched after an edit."""
JOURNAL_S = 2.0
"""Seconds after which the recovery journal is being written."""
PATIENCE_S = 1.0
"""What has not been painted by then asks for no paint."""
LONGEST_S = 120.0
MS = 1000.0


def hits_nothing(canvas: Canvas, at: QPointF) -> bool:
    place = canvas.camera.to_scene(at)
    return not canvas.scene.nodes_in(QRectF(place.x() - 20, place.y() - 20, 40, 40)) and canvas.scene.wire_at(place, 12.0) is None


class Beat:
    """Notes the longest turn of the event loop, loops inside others included."""

    def __init__(self) -> None:
        self._longest = self._last = 0.0
        self._timer = QTimer()
        self._timer.setInterval(2)
        self._timer.timeout.connect(self._note)

    def _note(self) -> None:
        now = time.thread_time()
        self._longest, self._last = max(self._longest, now - self._last), now

    def start(self) -> None:
        self._longest, self._last = 0.0, time.thread_time()
        self._timer.start()

    def stop(self) -> float:
        self._note()
        self._timer.stop()
        return self._longest * MS


class Bench:
    """A window, and what is timed in it."""

    def __init__(self, window: Window) -> None:
        self.window, self.canvas = window, window.canvas
        self._frames, self._beat = 0, Beat()
        self.canvas.painted.connect(self._painted)

    def _painted(self) -> None:
        self._frames += 1

    def turn(self) -> float:
        """One turn of the event loop; the processor time that it took."""
        began = time.process_time()
        QApplication.processEvents()
        return (time.process_time() - began) * MS

    def rest(self, seconds: float) -> float:
        """Let the window finish what it put off; the longest turn of its event loop."""
        end, longest = time.perf_counter() + seconds, 0.0
        while time.perf_counter() < end:
            longest = max(longest, self.turn())
            time.sleep(0.001)
        return longest

    def open(self, path: Path) -> dict[str, float]:
        """File > Open, until the document is in the window."""
        self._beat.start()
        began = time.perf_counter()
        if not self.window.files.open(path):
            raise RuntimeError(f"not opened: {path}")
        took = time.perf_counter() - began
        self.rest(0.05)
        return {"seconds": took, "block_ms": self._beat.stop()}

    def settled(self) -> None:
        """Wait until nothing is put off any more: a document was opened, and was looked through."""
        end = time.perf_counter() + LONGEST_S
        while not self.window.work.idle and time.perf_counter() < end:
            self.rest(0.05)

    def painted(self, change: Callable[[], object]) -> float:
        """Milliseconds of processor time from a change to the end of the paint that shows it, if it asks for one."""
        before, began, end = self._frames, time.process_time(), time.perf_counter() + PATIENCE_S
        change()
        asked = time.process_time()
        while self._frames == before and time.perf_counter() < end:
            QApplication.processEvents()
        return ((time.process_time() if self._frames > before else asked) - began) * MS

    def timed(self, change: Callable[[], object]) -> tuple[float, float]:
        """That time for an edit, and the longest turn until everything it put off is done."""
        self.canvas.update()
        self.turn()
        frame = self.painted(change)
        return frame, self.rest(WATCH_S)

    # frames

    def frames(self, change: Callable[[int], object]) -> dict[str, float]:
        """How long a frame takes from the move to the end of its paint: the median and the 99th percentile."""
        took = sorted([self.painted(lambda step=step: change(step)) for step in range(FRAMES + 6)][6:])
        return {"ms": statistics.median(took), "p99_ms": took[int(0.99 * (len(took) - 1))]}

    def views(self) -> dict[str, dict[str, float]]:
        """Panning and zooming with everything in view, half-way, and at 100 %."""
        canvas, found = self.canvas, dict[str, dict[str, float]]()
        canvas.fit_all()
        whole, middle = canvas.camera.scale, QPointF(canvas.width() / 2, canvas.height() / 2)
        for name, scale in (("whole", whole), ("middle", (whole * canvas.theme.scale) ** 0.5), ("at_100", canvas.theme.scale)):
            canvas.zoom_by(scale / canvas.camera.scale, middle)
            self.rest(0.5)
            shown = {"scale": canvas.camera.scale}
            found[f"pan_{name}"] = shown | self.frames(lambda s: canvas.pan_by(*((17, 7) if s % 40 < 20 else (-17, -7))))
            self.rest(0.3)
            found[f"zoom_{name}"] = shown | self.frames(lambda s: canvas.zoom_by(1.04 if s % 20 < 10 else 1 / 1.04, QPointF(700, 400)))
            found[f"sharpen_{name}"] = {"ms": self.rest(0.4)}
        return found

    # edits

    def mouse(self, kind: QEvent.Type, at: QPointF, button: Qt.MouseButton = Qt.MouseButton.LeftButton, held: bool = True) -> None:
        buttons = button if held else Qt.MouseButton.NoButton
        event = QMouseEvent(kind, at, self.canvas.mapToGlobal(at), button, buttons, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(self.canvas, event)

    def hover(self, at: QPointF) -> None:
        self.mouse(QEvent.Type.MouseMove, at, Qt.MouseButton.NoButton, False)

    def title(self, node: str) -> QPointF:
        """Where a card is taken hold of."""
        return self.canvas.camera.to_view(self.canvas.scene.rect(node).topLeft() + QPointF(40, 12))

    def middle_node(self, kind: str = "") -> str:
        """The node nearest to the middle of the view, of this type where one is named."""
        canvas = self.canvas
        middle = canvas.camera.to_scene(QPointF(canvas.width() / 2, canvas.height() / 2))
        nodes = canvas.document.graph.nodes
        ids = [n for n in canvas.scene.ids if not kind or nodes[n].type == kind]
        return min(ids, key=lambda n: (canvas.scene.rect(n).center() - middle).manhattanLength())

    def empty(self) -> QPointF:
        """A place in the upper left of the view where nothing is."""
        canvas = self.canvas
        places = (QPointF(x, y) for y in range(8, 400, 8) for x in range(8, 400, 8))
        return next(at for at in places if hits_nothing(canvas, at))

    def edits(self, rounds: int) -> dict[str, dict[str, float]]:
        """Every edit of one node, at 100 %; the lower median of some rounds: what is loaded once is not the edit."""
        found: dict[str, list[tuple[float, float]]] = {}
        self.canvas.zoom_100()
        node, source = self.middle_node(), self.middle_node("source.input")
        for step in range(rounds):
            self.canvas.centre_on(self.canvas.scene.rect(source).center())
            self.rest(0.5)
            found.setdefault("change_a_value", []).append(self.timed(lambda: self.do(SetParam(source, "value", 0.1 + step))))  # noqa: B023 - called at once
            self.canvas.centre_on(self.canvas.scene.rect(node).center())
            self.rest(0.5)
            for name, change in self._changes(node, step):
                found.setdefault(name, []).append(self.timed(change))
        found["recovery_journal"] = [(0.0, self.rest(JOURNAL_S))]
        low = statistics.median_low
        return {
            name: {"ms": low(frame for frame, _ in rows), "longest_later_ms": low(later for _, later in rows)}
            for name, rows in found.items()
        }

    def do(self, edit: Any) -> None:
        if not self.canvas.model.do(edit):
            raise RuntimeError(f"refused: {edit}")

    def _changes(self, node: str, step: int) -> list[tuple[str, Callable[[], object]]]:
        canvas, at = self.canvas, self.title(node)
        edges = canvas.document.graph.edges
        edge: Edge = next(e for e in (*canvas.document.graph.inputs_of(node), *edges.values()))
        document = canvas.document

        def drag() -> None:
            for away in (6.0, 12.0):
                self.mouse(QEvent.Type.MouseMove, at + QPointF(away, away))

        def box() -> None:
            self.mouse(QEvent.Type.MouseButtonPress, self.empty())
            for share in (0.2, 0.6, 0.97):
                self.mouse(QEvent.Type.MouseMove, QPointF(canvas.width() * share, canvas.height() * share))
            self.mouse(QEvent.Type.MouseButtonRelease, QPointF(canvas.width() * 0.97, canvas.height() * 0.97))

        def click(place: QPointF) -> None:
            self.mouse(QEvent.Type.MouseButtonPress, place)
            self.mouse(QEvent.Type.MouseButtonRelease, place)

        def pick_up() -> None:
            self.mouse(QEvent.Type.MouseButtonPress, at)
            drag()

        return [
            ("hover", lambda: self.hover(at)),
            ("select", lambda: click(at)),
            ("move_pick_up", pick_up),
            ("move_carry", lambda: self.mouse(QEvent.Type.MouseMove, at + QPointF(30, 20))),
            ("move_put_down", lambda: self.mouse(QEvent.Type.MouseButtonRelease, at + QPointF(30, 20))),
            ("undo_move", document.undo),
            ("rename", lambda: self.do(Rename(node, f"renamed_{step}"))),
            ("undo_rename", document.undo),
            ("remove_a_wire", lambda: self.do(Disconnect(edge.id))),
            ("add_a_wire", lambda: self.do(Connect(edge))),
            ("add_a_node", lambda: canvas.add_node("activation.tanh")),
            ("undo_add", document.undo),
            ("box_selection", box),
            ("select_none", lambda: canvas.select(())),
            ("select_one", lambda: canvas.select([node])),
            ("delete", canvas.delete_selection),
            ("undo_delete", document.undo),
            ("redo_delete", document.redo),
            ("undo_again", document.undo),
        ]

    # the engine

    def numbers(self, change: Callable[[], object] = lambda: None) -> dict[str, float]:
        """From a change until its numbers are shown."""
        self._beat.start()
        began = time.perf_counter()
        change()
        while not self._numbers_shown() and time.perf_counter() < began + LONGEST_S:
            self.turn()
            time.sleep(0.0005)
        return {"seconds": time.perf_counter() - began, "block_ms": self._beat.stop()}

    def _numbers_shown(self) -> bool:
        window = self.window
        return window.trace is not None and not window.stale and window.work.idle

    def engine(self) -> dict[str, dict[str, float]]:
        """The first numbers of a document just opened, counted from then, then those of edits."""
        leave_alone()  # as the window does three seconds after it was opened
        found = {"numbers_after_opening": self.numbers()}
        source = self.middle_node("source.input")
        for step, name in enumerate(("change_a_value_first", "change_a_value")):  # the first one prepares what the others need
            found[name] = self.numbers(lambda: self.do(SetParam(source, "value", 0.1 + step)))  # noqa: B023 - called at once
        return found


def main(path: Path, part: str = "", rounds: int = ROUNDS) -> dict[str, Any]:
    from ui.engine_link.link import Kernel
    from ui.shell.app import application
    from ui.shell.window import Window
    from ui.shell.workspace.settings import UserSettings

    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"GRADWIRE_SETTINGS": f"{home}/gradwire.ini", "HOME": home, "XDG_DATA_HOME": home}
        application()
        window = Window(Document.new(CATALOG), UserSettings(), Kernel() if part == "engine" else None)
        window.resize(WIDTH, HEIGHT)
        window.show()
        bench = Bench(window)
        bench.rest(1.0)
        if window.kernel is not None:
            bench.numbers()  # the engine's process has started
        result: dict[str, Any] = {"open": bench.open(path)}
        graph = window.document.graph
        result |= {"nodes": len(graph.nodes), "edges": len(graph.edges)}
        if part == "engine":
            result["engine"] = bench.engine()
        else:
            bench.settled()
            leave_alone()
        result |= {"views": bench.views()} if part in ("", "views") else {}
        result |= {"edits": bench.edits(rounds)} if part in ("", "edits") else {}
        window.document.history.mark_clean()
        window.close()
        window.deleteLater()
        QApplication.processEvents()
    return result


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("--part", choices=("views", "edits", "engine"), default="")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    print(json.dumps(main(options.file, options.part, options.rounds)))
