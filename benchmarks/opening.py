"""Open the window as `main.py` does and print when it was painted, showed values, could train; then close it. One JSON object."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ui.shell.window import Window

WATCH_MS = 2


def watch(window: Window) -> None:
    """Note the milestones as they are reached. A paint counts when it is over, so the clock is read from behind it in the event queue."""
    from PySide6.QtCore import QEvent, QObject, QTimer

    times: dict[str, float] = {}

    class Paints(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint:
                inside = watched is not window
                values = inside and window.trace is not None and bool(window.trace.values)
                QTimer.singleShot(0, lambda: self.painted(inside, values))
            return False

        def painted(self, inside: bool, values: bool) -> None:
            for name, reached in (("first_painted_window", True), ("furnished_window", inside), ("first_values", values)):
                if reached:
                    times.setdefault(name, time.monotonic())

    paints = Paints(window)
    window.installEventFilter(paints)
    timer = QTimer(window)

    def look() -> None:
        if not window.furnished:
            return
        if timer.property("inside") is None:
            timer.setProperty("inside", True)
            window.canvas.installEventFilter(paints)
            window.canvas.update()
        kernel = window.kernel
        if kernel is not None and kernel.ready:
            times.setdefault("ready_to_train", time.monotonic())
        if len(times) == 4:
            timer.stop()
            print(json.dumps(times | {"torch": "torch" in sys.modules}))
            window.close()

    timer.timeout.connect(look)
    timer.start(WATCH_MS)


if __name__ == "__main__":
    from main import main

    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"HOME": home, "XDG_CONFIG_HOME": home}  # a first start, and nobody's settings are touched
        sys.exit(main([], watch))
