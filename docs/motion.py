"""Ten frames of one event on one sheet: `python docs/motion.py [folder]` writes motion-product-…, motion-fan-out-… (of a pass) and
motion-regions-….png (decision regions that form in training) in every theme, beside this file or into a folder. `--size 1920x1080` takes
a larger window, `--theme light` one theme alone."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PySide6.QtGui import QPixmap

    from ui.shell.window import Window

ROOT = Path(__file__).resolve().parents[1]
THEMES = ("light", "dark", "projector")
EVENTS = {"product": ("xy-plus-z", "forward", "d"), "fan-out": ("fan-out", "backward", "y")}
"""Name of the picture: the example, and the pass and the node of the event."""
SHARES = {
    "product": (0.04, 0.18, 0.30, 0.40, 0.47, 0.62, 0.78, 0.87, 0.915, 0.99),
    "fan-out": (0.02, 0.10, 0.20, 0.30, 0.38, 0.50, 0.62, 0.80, 0.93, 0.995),
}
"""How much of the event is over in each frame."""
FORMING = ("spiral", (0, 80, 160, 240, 300, 360, 420, 500, 650, 1000))
"""The example whose regions form, and the steps of the frames."""
PICTURES = (*EVENTS, "regions")
COLUMNS, WIDE = 2, 640
"""Frames side by side, and the width of one."""
ANSWER_MS = 900
"""Time for the engine to say what the node computes."""


def shoot(picture: str, theme: str, size: tuple[int, int], path: Path) -> None:
    """Open the window in this process, play one event, save the sheet."""
    from PySide6.QtCore import QTimer

    import ui.shell.app
    from ui.look.theme import THEMES as themes

    example, phase, name = EVENTS.get(picture, (FORMING[0], "", ""))

    def opened(window: Window) -> None:
        timer = QTimer(window)

        def prepare() -> None:
            if not window.furnished or window.trace is None or not window.trace.values:
                return
            timer.stop()
            window.resize(*size)
            window.set_theme(themes[theme])
            mode = "teach" if picture in EVENTS else "build"
            if window.modes.current != mode:
                window.modes.choose(mode)
            QTimer.singleShot(700, begin if picture in EVENTS else form)

        def form() -> None:
            _form(window, path)

        def begin() -> None:
            head, nodes = window.playhead, window.document.graph.nodes
            head.seek(next(i for i, event in enumerate(head.events) if event.phase == phase and nodes[event.node].name == name))
            head.step()
            head.pause()
            QTimer.singleShot(ANSWER_MS, take)

        def take() -> None:
            _sheet(window, picture).save(str(path))
            os._exit(0)

        timer.timeout.connect(prepare)
        timer.start(50)

    ui.shell.app.run(ROOT / "resources" / "examples" / f"{example}.gradwire", opened)


def _form(window: Window, path: Path) -> None:
    """Train, pausing at each of the steps until the picture is of that step; then save the sheet of whole windows."""
    from graph.model.edits import SetTraining

    panel: Any = window.panels.panel("regions")
    window.document.do(SetTraining("epochs", 10**6))
    window.panels.show("training")
    steps = list(FORMING[1])
    frames: list[QPixmap] = []

    def look() -> None:
        kernel = window.kernel
        if not steps or kernel is None or kernel.training or panel.seen is None or panel.seen.stamp.step != steps[0]:
            return
        window.repaint()
        frames.append(window.grab())
        done = steps.pop(0)
        if steps:
            kernel.start(steps[0] - done)
        else:
            _joined(frames).save(str(path))
            os._exit(0)

    panel.changed.connect(lambda: window.work.after_frame("frame of the sheet", look, 400))
    panel.ask()
    look()


def _sheet(window: Window, picture: str) -> QPixmap:
    """The canvas at ten moments."""
    head = window.playhead
    frames: list[QPixmap] = []
    (head.play_forward if EVENTS[picture][1] == "forward" else head.play_backward)()
    event = head.active_event
    assert event is not None
    for share in SHARES[picture]:
        head.advance((share - head.share) * head.event_ms(event))
        window.canvas.repaint()
        frames.append(window.canvas.grab())
    head.pause()
    return _joined(frames)


def _joined(pictures: list[QPixmap]) -> QPixmap:
    """One sheet, from left to right and from top to bottom."""
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QPainter, QPixmap

    frames = [picture.scaledToWidth(WIDE, Qt.TransformationMode.SmoothTransformation) for picture in pictures]
    high = frames[0].height()
    sheet = QPixmap(WIDE * COLUMNS, high * (len(frames) // COLUMNS))
    painter = QPainter(sheet)
    for index, frame in enumerate(frames):
        painter.drawPixmap(WIDE * (index % COLUMNS), high * (index // COLUMNS), frame)
        painter.drawRect(WIDE * (index % COLUMNS), high * (index // COLUMNS), WIDE, high)
    painter.end()
    return sheet


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "docs")
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--theme", choices=THEMES)
    parser.add_argument("--one", choices=PICTURES, help="in this process, as the others are made")
    chosen = parser.parse_args()
    wide, high = (int(side) for side in chosen.size.split("x"))
    if chosen.one:
        shoot(chosen.one, chosen.theme, (wide, high), chosen.folder / f"motion-{chosen.one}-{chosen.theme}.png")
        return
    for picture in PICTURES:
        for theme in [chosen.theme] if chosen.theme else THEMES:
            with tempfile.TemporaryDirectory() as home:
                more = {"QT_QPA_PLATFORM": "offscreen", "GRADWIRE_SETTINGS": str(Path(home) / "settings.ini"), "PYTHONPATH": str(ROOT),
                        "HOME": home, "XDG_DATA_HOME": home}  # fmt: skip
                command = [sys.executable, __file__, str(chosen.folder), "--size", chosen.size, "--theme", theme, "--one", picture]
                subprocess.run(command, env={**os.environ, **more}, check=True, timeout=120)
            print(chosen.folder / f"motion-{picture}-{theme}.png")


if __name__ == "__main__":
    main()
