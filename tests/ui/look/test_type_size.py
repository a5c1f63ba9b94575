"""Type from 75 to 300 %: everywhere by a setting, in one panel by Ctrl and the wheel; nothing is cut off."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QWheelEvent
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from ui.look.theme import THEMES
from ui.look.type_size import LADDER, LEAST, MOST, sized, stepped
from ui.shell.window import Window
from ui.shell.workspace.settings import UserSettings


def wheel(window: Window, over: QWidget, notches: int, held: Qt.KeyboardModifier = Qt.KeyboardModifier.ControlModifier) -> None:
    """A wheel as the system sends it: to the window's surface."""
    at = QPointF(over.mapTo(window, over.rect().center()))
    place, none = over.mapToGlobal(over.rect().center()).toPointF(), Qt.MouseButton.NoButton
    event = QWheelEvent(at, place, QPoint(), QPoint(0, 120 * notches), none, held, Qt.ScrollPhase.NoScrollPhase, False)
    surface = window.windowHandle()
    assert surface is not None
    QGuiApplication.sendEvent(surface, event)


@pytest.mark.parametrize("name", THEMES)
def test_a_theme_at_a_size_is_the_theme_with_larger_type(name: str) -> None:
    assert sized(THEMES[name], 1.0) is THEMES[name] and sized(THEMES[name], 2.0) is sized(THEMES[name], 2.0)
    assert sized(THEMES[name], 2.0).scale == pytest.approx(2 * THEMES[name].scale)
    assert sized(sized(THEMES[name], 2.0), 1.0) is THEMES[name]


def test_sizes_end_at_75_and_300_percent(window: Window) -> None:
    for way, last in (("type_larger", LADDER[-2]), ("type_smaller", LADDER[1])):
        window.panels.sizes.set(last)
        window.commands.run(way)
        assert window.panels.sizes.of() == (MOST if way == "type_larger" else LEAST) and not window.actions_by_id[way].isEnabled()
        window.commands.run(way)
    assert window.panels.sizes.of() == LEAST and stepped(MOST, 1) == MOST and stepped(LEAST, -1) == LEAST
    assert [stepped(size, 1) for size in LADDER[:-1]] == [*LADDER[1:]] and [stepped(size, -1) for size in LADDER[1:]] == [*LADDER[:-1]]

    window.commands.run("type_normal")
    assert window.theme is THEMES[window.theme.name]


def test_panels_are_as_wide_as_before_when_the_type_is_normal_again(window: Window, qtbot: QtBot) -> None:
    window.resize(1280, 800)
    qtbot.wait(50)
    docks = window.panels.docks
    before = docks["library"].width(), docks["inspector"].width(), docks["bottom"].height()

    for _ in range(6):
        window.commands.run("type_larger")
        qtbot.wait(10)
    assert docks["inspector"].width() > before[1]
    window.commands.run("type_normal")
    qtbot.wait(50)

    after = docks["library"].width(), docks["inspector"].width(), docks["bottom"].height()
    assert after == pytest.approx(before, abs=12)


def test_ctrl_and_the_wheel_change_one_panel_alone(window: Window) -> None:
    before = {panel: panel.fontMetrics().height() for panel in (window.panel("inspector"), window.panel("library"))}

    for _ in range(4):
        wheel(window, window.panel("inspector"), 1)

    assert window.panel("node").node_page.fontMetrics().height() > 1.3 * before[window.panel("inspector")]
    assert window.panel("library").fontMetrics().height() == before[window.panel("library")]
    wheel(window, window.panel("inspector"), -1)
    assert window.panels.sizes.total("inspector") == 1.5


def test_ctrl_and_the_wheel_zoom_the_canvas_as_ever(window: Window) -> None:
    scale = window.canvas.camera.scale

    wheel(window, window.canvas, 1)

    assert window.canvas.camera.scale > scale and window.panels.sizes.of() == 1.0


def test_the_size_comes_back(make_window: Callable[..., Window], tmp_path: Path) -> None:
    first = make_window(own=UserSettings(tmp_path / "s.ini"))
    first.commands.run("type_larger")
    first.panels.step_type(1, "library")
    first.close()

    second = make_window(own=UserSettings(tmp_path / "s.ini"))

    assert second.theme.scale == pytest.approx(1.1) and second.panels.sizes.total("library") == pytest.approx(1.25)


@pytest.mark.parametrize("factor", [0.75, 1.0, 1.5, 2.0, 3.0])
@pytest.mark.parametrize("name", {theme.scale: name for name, theme in THEMES.items()}.values())  # colours alone need no room
def test_at_any_size_the_window_fits_a_small_screen_and_the_canvas_has_room(window: Window, qtbot: QtBot, name: str, factor: float) -> None:
    window.resize(1280, 800)
    window.panels.sizes.set(factor)
    window.set_theme(THEMES[name])
    qtbot.wait(30)

    assert window.minimumSizeHint().width() <= 1280 and window.minimumSizeHint().height() <= 800
    assert window.width() == 1280 and window.canvas.width() >= 240
    transport = window.controls.transport
    for button in (transport.back, transport.forward, transport.backward, transport.step, window.topbar.train):
        assert button.width() >= button.sizeHint().width(), button.text()
        assert button.mapTo(window, button.rect().topRight()).x() <= 1280


def test_a_graph_that_was_wholly_in_view_stays_so_when_the_theme_or_type_changes(window: Window, qtbot: QtBot) -> None:
    qtbot.wait(20)
    assert window.canvas.fitted
    for change in ("theme_projector", "theme_dark", "type_larger", "type_larger", "theme_light"):
        window.commands.run(change)
        qtbot.wait(20)
        assert window.canvas.fitted and window.canvas.seen().contains(window.canvas.scene.bounds()), change

    window.canvas.zoom_by(1.5)
    middle = window.canvas.seen().center()
    window.commands.run("theme_dark")
    assert not window.canvas.fitted
    assert (window.canvas.seen().center() - middle).manhattanLength() < 2
