"""On a projector of 1280×720 every name and number that a step speaks of can be read from the last row: the steps with most to show."""

from __future__ import annotations

from PySide6.QtCore import Qt

from tests.support.legible import unreadable
from tests.support.playing import SHIPPED, run_out
from ui.look.theme import THEMES
from ui.shell.window import Window

CROWDED = {
    "direction": 6, "layer-kinds": 1, "lipschitz": 2, "tanh-2-4-2": 9,
    "inside-adam": 1, "lifting": 4, "depth-width": 1, "over-parameterization": 2, "convex-problem": 3,
}  # fmt: skip
"""Steps by lesson. Of those on learning: one where much is pointed out, and experiments, whose sheet leaves the graph the least room."""


def test_what_a_step_speaks_of_can_be_read_from_the_last_row(window: Window) -> None:
    window.set_theme(THEMES["projector"])
    window.setWindowState(Qt.WindowState.WindowNoState)
    window.resize(1280, 720)
    window.show()
    lost: dict[str, list[str]] = {}
    for path in SHIPPED:
        if path.stem in CROWDED:
            assert window.lessons.open(path)
            player = window.lessons.player
            assert player is not None
            window.lessons.go(CROWDED[path.stem] - 1)
            run_out(window)
            lost[path.stem] = unreadable(window, player.step)
    assert lost == {name: [] for name in CROWDED}
