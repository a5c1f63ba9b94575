"""The lessons that come with Gradwire, and waiting for a step of one."""

from __future__ import annotations

import time

from PySide6.QtWidgets import QApplication

from ui.lessons.shelf import entries
from ui.shell.window import Window

PATIENCE = 60.0
SHIPPED = [entry.path for entry in entries()]


def run_out(window: Window) -> None:
    """Until everything the step runs is done; playback is hastened."""
    player, end = window.lessons.player, time.monotonic() + PATIENCE
    assert player is not None
    while player.runner.running:
        QApplication.processEvents()
        if window.playhead.playing:
            window.playhead.advance(1e6)
        assert time.monotonic() < end, player.step
        time.sleep(0.002)
    QApplication.processEvents()
