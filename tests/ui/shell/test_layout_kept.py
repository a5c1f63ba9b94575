"""The canvas is the largest part of the window at every start, however the window was left and entered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDockWidget
from pytestqt.qtbot import QtBot

from engine.nodes.catalog import CATALOG
from tests.support.window_support import Answers
from ui.shell.files import example_document
from ui.shell.window import Window, first_place
from ui.shell.workspace.settings import UserSettings

SCREENS = [(1280, 720), (1366, 768), (1920, 1080)]
FRAME = 24
"""What a title bar takes."""
LEFT = Qt.MouseButton.LeftButton
Start = Callable[..., Window]


@pytest.fixture
def start(qtbot: QtBot, tmp_path: Path) -> Iterator[Start]:
    """Opens windows as `ui.shell.app.run` does: an empty frame first, which is then furnished; all with one file of settings."""
    windows: list[Window] = []

    def start(size: tuple[int, int] | None = None, lesson: Path | None = None, example: str = "xor") -> Window:
        window = Window(None, UserSettings(tmp_path / "home.ini"))
        if size is not None:
            window.setWindowState(Qt.WindowState.WindowNoState)
            window.resize(size[0], size[1] - FRAME)
        window.show()
        _settle()
        window.furnish(example_document(example, CATALOG), None, example)
        window.dialogs = Answers(unsaved="discard", saves=tmp_path / "recorded.gwlesson")  # type: ignore[assignment]
        qtbot.addWidget(window)
        windows.append(window)
        if lesson is not None:
            assert window.lessons.open(lesson)
        _settle()
        return window

    yield start
    for window in windows:
        window.close()


def _settle() -> None:
    for _ in range(4):
        QApplication.processEvents()


def extents(window: Window) -> dict[str, int]:
    """How large the panels are; 0: not shown."""
    docks = window.panels.docks
    return {n: (dock.height() if n == "bottom" else dock.width()) if dock.isVisible() else 0 for n, dock in docks.items()}


def assert_canvas_is_largest(window: Window) -> None:
    def area(rect: QRect) -> int:
        return rect.width() * rect.height()

    canvas = area(window.canvas.rect())
    parts = {dock.objectName(): area(dock.geometry()) for dock in window.findChildren(QDockWidget) if dock.isVisible()}
    assert all(canvas > part for part in parts.values()), (canvas, parts)
    assert window.canvas.height() > 0.38 * window.height(), window.canvas.size()


def playing_a_lesson(window: Window) -> None:
    from ui.lessons.shelf import entries

    assert window.lessons.open(entries()[0].path)
    window.lessons.next()


def recorder_play(window: Window) -> None:
    window.actions_by_id["record_lesson"].trigger()
    window.lessons.studio.panel.new.click()
    _settle()
    assert_canvas_is_largest(window)
    window.lessons.studio.panel.play.click()
    _settle()
    assert window.lessons.player is not None


def presenting(window: Window) -> None:
    window.actions_by_id["present"].trigger()


def presenting_a_lesson(window: Window) -> None:
    playing_a_lesson(window)
    presenting(window)


def full_screen(window: Window) -> None:
    window.actions_by_id["full_screen"].trigger()


def a_tool(window: Window) -> None:
    window.explain.show_tool("audit")


WAYS: dict[str, Callable[[Window], object]] = {
    "plain": lambda window: None, "lesson": playing_a_lesson, "recorder": recorder_play, "presenter": presenting,
    "full screen": full_screen, "presenting a lesson": presenting_a_lesson, "a tool": a_tool,
}  # fmt: skip


@pytest.mark.parametrize(
    ("size", "ways"),
    [(SCREENS[0], [*WAYS]), (SCREENS[1], ["recorder"]), (SCREENS[2], ["presenting a lesson"]),
     *(pytest.param(size, [*WAYS], marks=pytest.mark.long) for size in SCREENS[1:])],
)  # fmt: skip
def test_the_canvas_is_the_largest_part_however_the_window_was_left(start: Start, size: tuple[int, int], ways: list[str]) -> None:
    """All ways on the smallest screen, where there is least room; on a larger one the way that changes most."""
    first = start(size)
    assert_canvas_is_largest(first)
    usual = extents(first)
    first.close()
    for name in ways:
        window = start(size)
        assert_canvas_is_largest(window)
        assert extents(window) == pytest.approx(usual, abs=2), f"before {name}"
        WAYS[name](window)
        _settle()
        if name != "a tool":
            assert_canvas_is_largest(window)
        window.close()
    opened = {"bottom": 216} if "a tool" in ways else {}  # the page that a tool opened last, as high as if the user had opened it
    assert extents(start(size)) == pytest.approx(usual | opened, abs=2)


@pytest.mark.parametrize(("size", "used"), [(SCREENS[0], False), (SCREENS[1], True), (SCREENS[2], False)])
def test_a_lesson_file_opens_over_free_canvas_and_the_next_start_is_as_ever(
    start: Start, size: tuple[int, int], used: bool, lesson: Path
) -> None:
    if used:
        start(size).close()
    window = start(size, lesson)
    assert_canvas_is_largest(window)
    (sheet,) = window.panels.sheets.all()
    assert 0.2 * window.width() < sheet.width() < 0.7 * window.width() and window.canvas.rect().contains(sheet.place())
    window.close()

    after = start(size)

    assert_canvas_is_largest(after)
    shown = {name: size > 0 for name, size in extents(after).items()}
    assert shown == {"library": True, "outline": False, "inspector": True, "regions": False, "bottom": False}


@pytest.mark.parametrize("size", [SCREENS[0], SCREENS[2]])
def test_closing_a_lesson_gives_the_panels_back_as_they_were(start: Start, size: tuple[int, int], lesson: Path) -> None:
    window = start(size)
    usual = extents(window)
    for presented in (False, True):
        assert window.lessons.open(lesson)
        _settle()
        if presented:
            window.presenter.enter()
            _settle()
            window.lessons.leave()  # while presenting: nothing but the canvas
            _settle()
            assert not any(extents(window).values())
            window.presenter.leave()
            window.resize(size[0], size[1] - FRAME)
        else:
            window.lessons.leave()
        _settle()
        assert extents(window) == usual
        assert_canvas_is_largest(window)


def test_each_mode_has_its_panels_and_keeps_what_is_changed_in_it(start: Start) -> None:
    """Build, Teach, Debug, Analyse, and what is opened or closed in one of them, over a restart."""
    window = start((1280, 720))
    docks = window.panels.docks

    def shown() -> set[str]:
        return {name for name, dock in docks.items() if not dock.isHidden()}

    front = window.panel("bottom")
    assert shown() == {"library", "inspector"}
    window.topbar.modes.segments["teach"].click()
    _settle()
    assert shown() == set() and window.canvas.width() == window.width()
    window.topbar.modes.segments["debug"].click()
    assert shown() == {"bottom"} and front.current() == "debugger" and window.debugger.control.open
    window.topbar.modes.segments["analyse"].click()
    _settle()
    assert shown() == {"bottom"} and front.current() == "analysis" and not window.debugger.control.open
    assert docks["bottom"].height() > 0.5 * window.height()
    window.panels.show("probes")
    window.resizeDocks([docks["bottom"]], [140], Qt.Orientation.Vertical)
    _settle()
    assert front.pages.height() <= front.pages.parentWidget().height()  # the analysis page, which is not seen now, needs more
    window.actions_by_id["panel_inspector"].trigger()
    window.actions_by_id["mode_build"].trigger()
    assert shown() == {"library", "inspector"} and front.current() == "training"
    window.actions_by_id["panel_library"].trigger()
    window.actions_by_id["mode_build"].trigger()
    assert window.modes.current == "build" and window.topbar.modes.segments["build"].isChecked()
    window.topbar.modes.segments["build"].click()
    assert window.modes.current == "build" and window.topbar.modes.segments["build"].isChecked()
    window.actions_by_id["mode_analyse"].trigger()
    assert window.modes.current == "analyse" and shown() == {"bottom", "inspector"} and front.current() == "probes"
    assert not window.document.modified
    window.close()

    after = start((1280, 720))
    docks = after.panels.docks
    assert after.modes.current == "analyse" and shown() == {"bottom", "inspector"} and after.panel("bottom").current() == "probes"
    after.modes.choose("build")
    assert shown() == {"inspector"}


@pytest.mark.parametrize("theme", ["dark", "projector"])
def test_all_controls_are_one_row_however_large_the_type(start: Start, theme: str) -> None:
    """Transport and debugger: what has no room is left out, and nothing is squeezed or lies over its neighbour."""
    window = start((1280, 720))
    window.commands.run(f"theme_{theme}")
    window.modes.choose("debug")
    for _ in range(4):
        _settle()
        bar, transport = window.debugger.control.bar, window.controls.transport
        assert bar is not None
        parts = [transport.back, transport.forward, transport.backward, transport.step, *bar.pairs.values(), bar.here, bar.breakpoints,
                 bar.events, bar.place, bar.iterations, bar.close_button]  # fmt: skip
        shown = [part for part in parts if part.isVisible()]
        rects = [QRect(part.mapTo(window, QPoint()), part.size()) for part in shown]
        assert len(shown) > 6 and all(part.width() >= min(part.sizeHint().width(), 60) for part in shown)
        assert not any(a.intersects(b) for at, a in enumerate(rects) for b in rects[at + 1 :])
        assert max(rect.bottom() for rect in rects) - min(rect.top() for rect in rects) < 1.5 * transport.step.height()
        window.commands.run("type_larger")


def test_an_edge_that_was_dragged_is_remembered_and_one_that_a_lesson_moved_is_not(start: Start, lesson: Path) -> None:
    window = start((1366, 768))
    beside = window.panels.docks["inspector"]
    edge = QPoint(beside.x() - 1, beside.height() // 2 + beside.y())
    QTest.mousePress(window, LEFT, Qt.KeyboardModifier.NoModifier, edge)
    QTest.mouseMove(window, edge - QPoint(60, 0))
    _settle()
    QTest.mouseRelease(window, LEFT, Qt.KeyboardModifier.NoModifier, edge - QPoint(60, 0))
    _settle()
    wide = window.panels.docks["inspector"].width()
    assert wide == pytest.approx(312 + 60, abs=3)
    window.actions_by_id["panel_library"].trigger()
    assert window.lessons.open(lesson)
    _settle()
    window.close()

    after = start((1366, 768))

    assert after.panels.docks["inspector"].width() == pytest.approx(wide, abs=2)
    assert not after.panels.docks["library"].isVisible()


def test_a_bottom_panel_dragged_over_the_canvas_is_smaller_at_the_next_start(start: Start) -> None:
    window = start((1366, 768))
    window.panels.show("training")
    _settle()
    edge = QPoint(window.panels.docks["bottom"].x() + 200, window.panels.docks["bottom"].y() - 1)
    QTest.mousePress(window, LEFT, Qt.KeyboardModifier.NoModifier, edge)
    QTest.mouseMove(window, edge - QPoint(0, 500))
    _settle()
    QTest.mouseRelease(window, LEFT, Qt.KeyboardModifier.NoModifier, edge - QPoint(0, 500))
    _settle()
    assert window.canvas.height() < window.panels.docks["bottom"].height()
    window.close()

    after = start((1366, 768))

    assert_canvas_is_largest(after)
    assert after.panels.docks["bottom"].height() > 250


def test_a_panel_hidden_at_the_start_has_its_size_when_it_is_shown(start: Start) -> None:
    after = start((1366, 768))
    assert not after.panels.docks["bottom"].isVisible()
    after.actions_by_id["panel_bottom"].trigger()
    _settle()

    assert after.panels.docks["bottom"].height() == pytest.approx(216, abs=2)


@pytest.mark.parametrize("nonsense", ["[]", "{", '{"sizes": {"bottom": 1e9, "library": "x"}}', '{"sizes": {"bottom": NaN}, "shown": 4}'])
def test_nonsense_in_the_settings_is_the_usual_layout(start: Start, tmp_path: Path, nonsense: str) -> None:
    own = UserSettings(tmp_path / "home.ini")
    own.set("layout", nonsense)
    own.sync()

    assert_canvas_is_largest(start((1366, 768)))


def test_full_screen_ends_with_the_window_that_was_left_in_it(start: Start) -> None:
    for way in (full_screen, presenting):
        window = start()
        window.setWindowState(Qt.WindowState.WindowNoState)
        size = 782, 600
        window.setGeometry(5, 9, *size)
        _settle()
        way(window)
        _settle()
        assert window.isFullScreen()
        window.close()

        after = start()
        assert not after.isFullScreen() and after.size() == window.normalGeometry().size(), way
        assert (after.width(), after.height()) == size
        after.close()


@pytest.mark.parametrize(("screen", "maximized"), [((1280, 720), True), ((1366, 768), True), ((1440, 900), True), ((1920, 1080), False)])
def test_the_first_window_fits_the_screen_with_its_frame(screen: tuple[int, int], maximized: bool) -> None:
    """A window manager gives a maximized window the room there is, frame included; elsewhere there is room for the frame."""
    available = QRect(0, 30, screen[0], screen[1] - 30)

    place, filled = first_place(available)

    assert filled == maximized
    assert available.contains(place.adjusted(-8, -40, 8, 8))
