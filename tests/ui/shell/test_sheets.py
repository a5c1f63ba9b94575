"""Cards and lessons float over free canvas: never over what they are about, and the graph keeps the rest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QDeadlineTimer, QEventLoop, QPoint, QPointF, QRectF, QSizeF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from engine.nodes.catalog import CATALOG
from graph.formula.to_graph import build
from graph.model.edits import Move
from graph.storage import files as graph_files
from graph.storage.document import Document
from tests.support.window_support import hand_trace, names
from ui.canvas.model.free_area import free_part
from ui.look.theme import THEMES
from ui.shell.floating import Floating
from ui.shell.placing import beside, inside, stage
from ui.shell.window import Window

AREA = QRectF(0, 0, 1280, 600)
LEFT = Qt.MouseButton.LeftButton


def card(window: Window) -> Floating:
    """The card's sheet, once it is in sight: an empty one waits for its answer."""
    (sheet,) = [sheet for sheet in window.panels.sheets.all() if sheet.closable]
    patience = QDeadlineTimer(5000)
    while sheet.place().left() < 0 and not patience.hasExpired():
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
    return sheet


def seen(window: Window, node: str) -> QRectF:
    return window.canvas.camera.rect_to_view(window.canvas.scene.rect(node))


@pytest.fixture
def large(make_window: Callable[..., Window], monkeypatch: pytest.MonkeyPatch) -> Window:
    monkeypatch.setattr("ui.shell.sheets.PATIENCE_MS", 40)  # no engine answers here
    document = Document(build("x*y + z", CATALOG, {"x": 2.0, "y": -5.0, "z": 3.0}))
    window = make_window(document, size=(1280, 720))
    window.showing.show_trace(hand_trace(document))
    return window


def test_a_sheet_lies_beside_its_node_and_over_no_card_where_there_is_room() -> None:
    about = QRectF(300, 100, 120, 90)
    others = [QRectF(60, 100, 120, 90), QRectF(560, 100, 120, 90)]

    place = beside(QSizeF(340, 300), AREA, about, [about, *others])

    assert AREA.contains(place) and not any(place.intersects(card) for card in (about, *others))
    assert place.size() == QSizeF(340, 300) and place.top() == pytest.approx(about.bottom() + 14)


def test_where_cards_are_everywhere_the_sheet_lies_over_some_but_not_over_its_own() -> None:
    cards = [QRectF(x, y, 150, 100) for x in range(0, 1280, 160) for y in range(0, 600, 110)]
    for about in cards:
        place = beside(QSizeF(430, 500), AREA, about, cards)
        assert AREA.contains(place) and not place.intersects(about), about


def test_a_lesson_takes_a_column_beside_a_square_graph_and_a_band_below_a_flat_one() -> None:
    column, band = stage(AREA, QSizeF(600, 500), 400, 220), stage(AREA, QSizeF(1200, 250), 400, 220)

    assert column.width() == 400 and column.height() > 560 and column.left() == 14
    assert band.height() == 220 and band.width() > 700 and band.bottom() == 600 - 14


def test_a_lesson_lies_between_the_line_at_the_top_and_the_controls_below() -> None:
    line, chooser = QRectF(0, 0, 1280, 48), QRectF(12, 560, 120, 28)

    column = stage(AREA, QSizeF(600, 500), 400, 220, [line, chooser])
    narrow, wide = (stage(AREA, QSizeF(1200, 250), width, 220, [line, chooser]) for width in (300, 400))

    assert (column.top(), column.bottom()) == (48 + 14, 560 - 14)
    assert narrow.bottom() == 586, "the chooser is beside the band"
    assert wide.bottom() == 560 - 14, "the chooser is below the band"

    low, lower = (stage(QRectF(0, 0, 1280, high), QSizeF(1200, 100), 460, 377, [line]) for high in (526, 330))
    assert free_part(QRectF(0, 0, 1280, 526), [line, low], lambda part: part.height()) == QRectF(0, 48, 1280, low.top() - 48)
    assert low.height() > 300 and 188 < lower.height() < 330 - 62, "the graph has too little room whatever the band does"


def test_a_place_by_hand_comes_back_into_a_smaller_canvas() -> None:
    assert inside(QRectF(900, 500, 300, 200), QRectF(0, 0, 800, 400)) == QRectF(500, 200, 300, 200)


@pytest.mark.parametrize("theme", THEMES)
def test_why_opens_a_card_beside_the_node_in_every_theme(large: Window, theme: str) -> None:
    large.commands.run(f"theme_{theme}")
    large.modes.choose("teach")
    QApplication.processEvents()
    for name, node in names(large.document).items():
        large.canvas.select([node])
        large.explain.why()
        QApplication.processEvents()
        sheet = card(large)
        assert sheet.isVisible() and large.explain.card.isVisible() and sheet.isAncestorOf(large.explain.card)
        assert not QRectF(sheet.place()).intersects(seen(large, node)), name
        assert large.canvas.rect().contains(sheet.place())
    assert not large.document.modified


def test_the_card_is_one_widget_in_its_tab_or_on_its_sheet(large: Window, qtbot: QtBot) -> None:
    panels, inspector, page = large.panels, large.panel("inspector"), large.explain.card
    large.canvas.select([names(large.document)["multiply"]])
    panels.show("explain")
    assert card(large).isAncestorOf(page) and panels.is_shown("explain")

    inspector.turn_to("explain")
    assert inspector.isAncestorOf(page) and not [sheet for sheet in panels.sheets.all() if sheet.closable]
    panels.show("explain")
    assert inspector.isAncestorOf(page), "a tab that is in front stays where it is"

    inspector.turn_to("node")
    panels.show("explain")
    large.actions_by_id["panel_inspector"].trigger()
    large.actions_by_id["panel_inspector"].trigger()
    assert card(large).isAncestorOf(page)
    panels.hide("explain")
    assert inspector.isAncestorOf(page) and large.explain.card is page


def test_esc_closes_the_card_first_and_then_what_is_selected(large: Window, qtbot: QtBot) -> None:
    node = names(large.document)["multiply"]
    large.canvas.setFocus()
    large.canvas.select([node])
    qtbot.keyClick(large.canvas, Qt.Key.Key_W)
    assert card(large).isVisible()
    qtbot.keyClick(large.canvas, Qt.Key.Key_Escape)
    assert not large.panels.is_shown("explain") and large.canvas.selection == {node}

    qtbot.keyClick(large.canvas, Qt.Key.Key_W)
    qtbot.keyClick(large.canvas, Qt.Key.Key_F6)
    sheet = card(large)
    assert sheet.hasFocus()
    before = sheet.pos()
    qtbot.keyClick(sheet, Qt.Key.Key_Down)
    assert sheet.pos() != before
    qtbot.keyClick(sheet, Qt.Key.Key_Escape)
    assert not large.panels.is_shown("explain") and large.canvas.hasFocus()


def test_a_pinned_card_keeps_its_number_and_its_place(large: Window, qtbot: QtBot) -> None:
    ids = names(large.document)
    large.canvas.select([ids["multiply"]])
    large.explain.why()
    sheet, page = card(large), large.explain.card
    qtbot.mouseClick(sheet.pin, LEFT)
    place = sheet.place()
    large.canvas.select([ids["x"]])
    assert page.subject == ids["multiply"] and sheet.place() == place

    large.explain.why()  # asked for, it is about what is selected
    assert page.subject == ids["x"] and not sheet.pin.isChecked()
    large.canvas.select([ids["y"]])
    assert page.subject == ids["y"] and not QRectF(sheet.place()).intersects(seen(large, ids["y"]))


def test_a_card_is_dragged_by_its_upper_edge_and_sized_at_its_corner(large: Window) -> None:
    large.canvas.select([names(large.document)["multiply"]])
    large.explain.why()
    sheet = card(large)

    def drag(part: QWidget, by: QPoint) -> None:
        start = part.rect().center()
        QTest.mousePress(part, LEFT, Qt.KeyboardModifier.NoModifier, start)
        QTest.mouseMove(part, start + by)
        QTest.mouseRelease(part, LEFT, Qt.KeyboardModifier.NoModifier, start + by)

    before = sheet.place()
    view = large.canvas.view_state()
    drag(sheet.handle, QPoint(-30, 12))
    assert sheet.pos() == before.topLeft() + QPoint(-30, 12) and sheet.size() == before.size()
    drag(sheet.corner, QPoint(-40, -20))
    assert (sheet.width(), sheet.height()) == (before.width() - 40, before.height() - 20)
    assert large.canvas.selection and not large.document.modified
    assert large.canvas.fitted or large.canvas.view_state() == view


def test_another_document_closes_the_card(large: Window) -> None:
    large.explain.why_of(names(large.document)["multiply"])
    large.set_document(Document(build("sin(x)", CATALOG, {"x": 1.0})))

    assert not large.panels.is_shown("explain")


def test_a_lesson_floats_and_the_graph_is_beside_it(played: Window) -> None:
    played.resize(1280, 720)
    played.lessons.go(0)
    QApplication.processEvents()
    (sheet,) = played.panels.sheets.all()

    assert played.modes.current == "teach" and sheet.isVisible() and not sheet.closable
    assert played.canvas.width() == played.width()
    assert not any(QRectF(sheet.place()).intersects(seen(played, node)) for node in played.document.graph.nodes)
    at = played.canvas.viewport.free().center()
    assert not sheet.place().contains(QPointF(at).toPoint())
    played.lessons.leave()
    assert not played.panels.sheets.all() and played.modes.current == "build"


def test_esc_pressed_once_too_often_does_not_end_teaching(large: Window, qtbot: QtBot) -> None:
    large.modes.choose("teach")
    large.canvas.setFocus()
    large.explain.why_of(names(large.document)["multiply"])
    shown = []
    for _ in range(3):
        qtbot.keyClick(large.canvas, Qt.Key.Key_Escape)
        shown.append((large.panels.is_shown("explain"), bool(large.canvas.selection), large.modes.current))

    assert shown == [(False, True, "teach"), (False, False, "teach"), (False, False, "teach")]


def test_a_strip_at_the_edge_brings_a_hidden_panel_back(large: Window, qtbot: QtBot) -> None:
    large.commands.run("theme_projector")
    QApplication.processEvents()
    strips, docks = large.panels.edges.strips, large.panels.docks
    assert all(dock.isHidden() for dock in docks.values()) and all(strip.isVisible() for strip in strips.values())

    for place, key in (("left", "library"), ("right", "inspector"), ("below", "bottom")):
        qtbot.mouseClick(strips[place], LEFT)
        QApplication.processEvents()
        assert not docks[key].isHidden() and not strips[place].isVisible(), place
    large.actions_by_id["panel_library"].trigger()
    assert strips["left"].isVisible() and large.canvas.rect().contains(strips["left"].geometry())


def test_what_is_typed_on_a_sheet_is_for_no_key_of_the_canvas(played: Window, qtbot: QtBot) -> None:
    played.lessons.next()
    QApplication.processEvents()
    assert played.lessons.panel is not None
    box, before = played.lessons.panel.boxes[0], played.document.graph.copy()
    field = box.field  # type: ignore[attr-defined]
    qtbot.mouseClick(field, LEFT)
    for key in (Qt.Key.Key_L, Qt.Key.Key_Delete, Qt.Key.Key_1, Qt.Key.Key_Return, Qt.Key.Key_Tab):
        qtbot.keyClick(QApplication.focusWidget() or field, key)

    assert played.document.graph == before and not played.canvas.isAncestorOf(field)


def test_a_lesson_that_opens_over_a_flat_graph_takes_the_place_that_its_own_graph_leaves(
    make_window: Callable[..., Window], lesson: Path
) -> None:
    """The graph that was open before is long and flat, that of the lesson is not."""
    window = make_window(Document(build("x + 1 + 1 + 1 + 1 + 1 + 1 + 1", CATALOG, {"x": 2.0})), size=(1280, 720), unsaved="discard")
    window.lessons.open(lesson)
    QApplication.processEvents()
    (sheet,) = window.panels.sheets.all()

    assert sheet.place().height() > 0.8 * window.canvas.height() and sheet.place().left() == 14


def test_a_lesson_leaves_a_flat_graph_room_below_a_line_that_is_not_seen_yet(make_window: Callable[..., Window], lesson: Path) -> None:
    """On a low canvas the band would take all the room that the line at the top leaves, and the graph would lie under both."""
    graph = graph_files.load(lesson.with_name("small.gradwire"), CATALOG)
    Move(tuple((node, 250.0 * at, 0.0) for at, node in enumerate(graph.nodes))).apply(graph)
    graph_files.save(graph, lesson.with_name("small.gradwire"))
    window = make_window(size=(1280, 560), unsaved="discard")
    window.lessons.open(lesson)
    QApplication.processEvents()
    (sheet,), view = window.panels.sheets.all(), window.canvas.viewport
    line = QRectF(0, 0, window.canvas.width(), window.canvas.height() - sheet.place().height() - 50)
    view.cover("line", line)
    window.panels.sheets.arrange()
    QApplication.processEvents()

    assert sheet.place().width() > sheet.place().height() > 100
    assert not QRectF(sheet.place()).intersects(view.free()) and not line.intersects(view.free())
    assert not any(QRectF(sheet.place()).intersects(seen(window, node)) for node in window.document.graph.nodes)
