"""What the canvas shows: facts about its pixels, its labels, its timers; wheel, touchpad, drops and files."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QByteArray, QMimeData, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDropEvent,
    QImage,
    QInputDevice,
    QPainter,
    QPointingDevice,
    QPointingDeviceUniqueId,
    QWheelEvent,
)
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.export.registry import Format
from engine.nodes.catalog import CATALOG
from graph.model import edits
from graph.model.graph import Graph
from graph.model.problem import Problem
from graph.storage.document import Document
from graph.text.messages import Message
from tests.support.canvas_graphs import LEFT, NONE, at, drag, graph_of, shown, title, view_of, xy_plus_z, xy_plus_z_trace
from ui.canvas.model.content import Content
from ui.canvas.model.labels import Labels
from ui.canvas.model.scene import CanvasScene
from ui.canvas.paint.picture import MARGIN, paint_graph, picture_size
from ui.canvas.view import STALE_MS, Canvas
from ui.look.theme import DARK, LIGHT, PROJECTOR, THEMES, Theme, color
from ui.shell import picture_file
from ui.shell import picture_image as image_of
from ui.shell.picture_formats import Drawing
from ui.shell.picture_image import picture_image
from ui.shell.workspace.playback import Playhead


def near(image: QImage, hue: str, area: QRectF) -> int:
    """How many pixels of a rectangle have about this colour."""
    wanted, count = QColor(hue), 0
    for y in range(int(area.top()), int(area.bottom())):
        for x in range(int(area.left()), int(area.right())):
            pixel = image.pixelColor(x, y)
            away = abs(pixel.red() - wanted.red()) + abs(pixel.green() - wanted.green()) + abs(pixel.blue() - wanted.blue())
            count += away < 24
    return count


def label_area(canvas: Canvas, edge: str, side: str) -> QRectF:
    left, top, right, bottom = getattr(canvas.labels.places[edge], side).box
    return canvas.camera.rect_to_view(QRectF(left, top, right - left, bottom - top))


def picture(canvas: Canvas) -> QImage:
    for _ in range(3):
        QApplication.processEvents()
    return canvas.grab().toImage()


def boxes(labels: Labels) -> Iterable[tuple[str, QRectF]]:
    for edge, places in labels.places.items():
        for spot in filter(None, places.sides):
            yield edge, QRectF(QPointF(*spot.box[:2]), QPointF(*spot.box[2:]))


@pytest.fixture
def canvas(qtbot: QtBot) -> Canvas:
    canvas = shown(qtbot, xy_plus_z())
    canvas.set_trace(xy_plus_z_trace())
    return canvas


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda t: t.name)
def test_values_stand_in_forward_and_gradients_in_backward_colour(qtbot: QtBot, theme: Theme) -> None:
    canvas = shown(qtbot, xy_plus_z(), theme)
    canvas.set_trace(xy_plus_z_trace())
    image = picture(canvas)
    assert near(image, theme.forward, label_area(canvas, "e0", "forward")) > 12
    assert near(image, theme.backward, label_area(canvas, "e0", "backward")) > 20
    assert near(image, theme.backward, label_area(canvas, "e0", "forward")) == 0


def test_the_value_lies_above_its_wire_and_the_gradient_below(canvas: Canvas) -> None:
    picture(canvas)
    for edge in canvas.scene.edges:
        wire = canvas.scene.wire_points(edge)
        for spot, sign in zip(canvas.labels.places[edge].sides, (-1, 1), strict=True):
            assert spot is not None
            under = np.interp(spot.x, wire[:, 0], wire[:, 1])
            assert sign * (spot.y - under) > 0


def test_labels_cover_neither_cards_nor_each_other(canvas: Canvas) -> None:
    picture(canvas)
    placed = list(boxes(canvas.labels))
    assert len(placed) == 10
    for i, (_, box) in enumerate(placed):
        assert not canvas.scene.nodes_in(box)
        assert not any(box.intersects(other) for _, other in placed[i + 1 :])


def test_labels_of_a_crowd_stay_clear_of_cards(qtbot: QtBot) -> None:
    rows, count = 5, 30
    types = ["math.add" if i >= rows else "source.input" for i in range(count)]
    nodes: list[Any] = [(f"a{i}", kind, (i // rows) * 264.0, (i % rows) * 144.0, {}) for i, kind in enumerate(types)]
    wires = [(f"a{i - rows}", "y", f"a{i}", "a") for i in range(rows, count)]
    wires += [(f"a{i - rows + (1 if (i + 1) % rows else 0)}", "y", f"a{i}", "b") for i in range(rows, count)]
    scene, labels = CanvasScene(graph_of(nodes, wires)), Labels()
    trace = xy_plus_z_trace(
        objective=None,
        values={(f"a{i}", "y"): view_of(-1.5 * i) for i in range(count)},
        edge_gradients={f"e{i}": view_of(0.3 * i) for i in range(len(wires))},
    )
    assert labels.prepare(scene, scene.edges, Content(scene.graph, trace))
    placed = list(boxes(labels))
    assert len(placed) > 0.9 * 2 * len(wires)
    assert not [edge for edge, box in placed if scene.nodes_in(box)]


def test_changing_digits_do_not_move_a_label(canvas: Canvas) -> None:
    picture(canvas)
    before = dict(canvas.labels.places)
    other = {"x": 7.25, "y": 0.5, "z": -1.0, "d": 3.6, "f": 2.6}
    canvas.set_trace(xy_plus_z_trace(values={(n, "y"): view_of(v) for n, v in other.items()}))
    picture(canvas)
    assert canvas.labels.places == before


def test_not_computed_is_visibly_empty_and_the_number_comes_with_its_pulse(canvas: Canvas) -> None:
    head = Playhead()
    head.set_trace(canvas.content.trace)
    canvas.set_playhead(head)
    head.seek(3)
    area = label_area_after(canvas, "e2")
    assert near(picture(canvas), LIGHT.forward, area) == 0
    head.seek(5)
    assert near(picture(canvas), LIGHT.forward, area) > 12
    canvas.set_playhead(None)


def label_area_after(canvas: Canvas, edge: str) -> QRectF:
    picture(canvas)
    return label_area(canvas, edge, "forward")


def test_a_pulse_is_on_its_wire_and_never_over_a_number(canvas: Canvas) -> None:
    head = Playhead()
    head.set_trace(canvas.content.trace)
    canvas.set_playhead(head)
    head.seek(4)
    head.step()
    head.advance(head.event_ms(head.events[4]) * 0.5)
    image = picture(canvas)
    wire = canvas.scene.wire_points("e2")
    middle = canvas.camera.to_view(QPointF(*wire[16])).toPoint()
    assert near(image, LIGHT.forward, QRectF(middle.x() - 9, middle.y() - 9, 18, 18)) > 40
    idle = at(canvas, *canvas.scene.wire_points("e0")[16])
    assert near(image, LIGHT.forward, QRectF(idle.x() - 4, idle.y() - 4, 8, 8)) == 0
    head.reset()
    canvas.set_playhead(None)


def test_numbers_of_an_older_document_turn_grey(qtbot: QtBot, canvas: Canvas) -> None:
    area = label_area_after(canvas, "e3")
    canvas.document.do(edits.SetParam("x", "value", 4.0))
    qtbot.wait(STALE_MS + 80)
    image = picture(canvas)
    assert near(image, LIGHT.forward, area) == 0 and near(image, LIGHT.stale, area) > 20
    canvas.set_trace(xy_plus_z_trace(revision=canvas.document.revision, structure=canvas.document.structure))
    assert near(picture(canvas), LIGHT.forward, area) > 12


def test_nothing_keeps_ticking_and_nothing_ticks_while_hidden(canvas: Canvas) -> None:
    canvas.document.do(edits.SetParam("x", "value", 4.0))
    canvas.zoom_by(1.1)
    canvas.hide()
    assert canvas._schedule.idle
    canvas.document.do(edits.SetParam("x", "value", 5.0))
    assert canvas._schedule.idle


def test_problems_badge_their_node(canvas: Canvas) -> None:
    corner = at(canvas, canvas.scene.rect("d").right(), canvas.scene.rect("d").top())
    area = QRectF(corner.x() - 14, corner.y() - 8, 24, 24)
    assert near(picture(canvas), LIGHT.error, area) == 0
    canvas.set_trace(xy_plus_z_trace(problems=(Problem("error", Message("does-not-fit", "does not fit"), ("d",)),)))
    assert near(picture(canvas), LIGHT.error, area) > 60


def test_the_view_follows_the_document_without_being_told(canvas: Canvas) -> None:
    area = QRectF(at(canvas, 330, 400), at(canvas, 450, 430))
    assert near(picture(canvas), LIGHT.bar["math"], area) == 0
    canvas.document.do(edits.Move((("d", 320.0, 400.0),)))
    assert near(picture(canvas), LIGHT.bar["math"], area) > 1000
    canvas.document.undo()
    assert near(picture(canvas), LIGHT.bar["math"], area) == 0


def test_the_picture_is_the_same_whether_drawn_at_once_or_panned_to(canvas: Canvas) -> None:
    picture(canvas)
    for _ in range(60):
        canvas.pan_by(-7, -3)
        canvas.repaint()
    panned = picture(canvas)
    canvas.stage.layer.invalidate()
    canvas.stage.still.invalidate()
    fresh = picture(canvas)
    a, b = (np.frombuffer(i.convertToFormat(QImage.Format.Format_RGB32).constBits(), np.uint8).astype(int) for i in (panned, fresh))
    assert (np.abs(a - b) > 40).mean() < 0.002


@pytest.mark.parametrize("scale", [0.05, 0.2, 0.3, 0.45, 0.7, 1.0, 3.0])
@pytest.mark.parametrize("theme", [LIGHT, DARK, PROJECTOR], ids=lambda t: t.name)
def test_every_level_of_detail_shows_the_cards(qtbot: QtBot, canvas: Canvas, scale: float, theme: Theme) -> None:
    canvas.set_theme(theme)
    canvas.restore_view((scale, 330.0 - 200 / scale, 90.0 - 100 / scale))
    image = picture(canvas)
    middle = canvas.camera.rect_to_view(canvas.scene.rect("d"))
    bar = QRectF(middle.left() + 2, middle.top() + 1, max(middle.width() - 4, 2), max(20 * scale, 2))
    assert near(image, theme.bar["math"], bar) > bar.width() * bar.height() * 0.3


def test_the_wheel_zooms_at_the_cursor_and_two_fingers_pan(canvas: Canvas) -> None:
    place = QPointF(300, 200)
    under = canvas.camera.to_scene(place)
    wheel = QWheelEvent(place, place, QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton, NONE, Qt.ScrollPhase.NoScrollPhase, False)
    QApplication.sendEvent(canvas, wheel)
    assert canvas.camera.scale > 1.1
    assert (canvas.camera.to_scene(place) - under).manhattanLength() < 1e-6
    scale, x, _ = canvas.view_state()
    touch = QPointingDevice(
        "pad", 77, QInputDevice.DeviceType.TouchPad, QPointingDevice.PointerType.Finger, QInputDevice.Capability.Scroll, 2, 3, "",
        QPointingDeviceUniqueId(),
    )  # fmt: skip
    fingers = QWheelEvent(
        place, place, QPoint(-20, 0), QPoint(-40, 0), Qt.MouseButton.NoButton, NONE, Qt.ScrollPhase.ScrollUpdate, False,
        Qt.MouseEventSource.MouseEventNotSynthesized, touch,
    )  # fmt: skip
    QApplication.sendEvent(canvas, fingers)
    assert canvas.view_state()[0] == scale and canvas.view_state()[1] == pytest.approx(x + 20 / scale)


def library_drop(canvas: Canvas, key: str, place: QPoint) -> None:
    data = QMimeData()
    data.setData("application/x-gradwire-node", QByteArray(key.encode()))
    actions, buttons = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    QApplication.sendEvent(canvas, QDragEnterEvent(place, actions, data, buttons, NONE))
    QApplication.sendEvent(canvas, QDropEvent(QPointF(place), actions, data, buttons, NONE))


def test_a_node_dropped_from_the_library_lands_under_the_cursor(canvas: Canvas) -> None:
    library_drop(canvas, "activation.relu", at(canvas, 500, 480))
    (fresh,) = canvas.selected_nodes()
    node = canvas.document.graph.nodes[fresh]
    assert (node.type, node.name) == ("activation.relu", "relu")
    assert canvas.scene.rect(fresh).contains(500, 480)


def test_a_node_dropped_on_a_wire_is_led_into_it_as_one_step(canvas: Canvas) -> None:
    middle = canvas.scene.wire_points("e3")[16]
    library_drop(canvas, "activation.relu", at(canvas, *middle))
    graph = canvas.document.graph
    (fresh,) = canvas.selected_nodes()
    assert graph.predecessors(fresh) == ("z",) and graph.successors(fresh) == ("f",)
    canvas.document.undo()
    assert canvas.document.graph == xy_plus_z()


def test_a_drop_of_something_unknown_changes_nothing(qtbot: QtBot, canvas: Canvas) -> None:
    with qtbot.waitSignal(canvas.message):
        library_drop(canvas, "no.such.type", at(canvas, 500, 480))
    assert canvas.document.graph == xy_plus_z()


def test_the_map_appears_only_when_something_is_out_of_view_and_moves_the_view(canvas: Canvas) -> None:
    assert not canvas.model.map.visible()
    canvas.pan_by(-600, 0)
    assert canvas.model.map.visible()
    before = canvas.view_state()
    QTest.mouseClick(canvas, LEFT, NONE, canvas.model.map.place().center().toPoint() - QPoint(50, 0))
    assert canvas.view_state() != before
    assert canvas.selection == frozenset() and canvas.document.graph == xy_plus_z()


def test_an_empty_canvas_offers_five_ways_to_begin(qtbot: QtBot) -> None:
    from ui.canvas.paint.messages import offer_places

    canvas = shown(qtbot, Graph(CATALOG))
    places = offer_places(QRectF(canvas.rect()).size(), canvas.theme.scale)
    offers = {"gallery": canvas.gallery_requested, "lesson": canvas.lessons_requested, "formula": canvas.formula_requested}
    for key, signal in (offers | {"add": canvas.add_requested, "table": canvas.table_requested}).items():
        spot = places[key].center().toPoint()
        QTest.mouseMove(canvas, spot)
        with qtbot.waitSignal(signal):
            QTest.mouseClick(canvas, LEFT, NONE, spot)


def test_fit_shows_everything_and_fit_selection_the_selection(canvas: Canvas) -> None:
    canvas.restore_view((2.0, 5000.0, 5000.0))
    QTest.keyClick(canvas, Qt.Key.Key_Home)
    assert canvas.seen().contains(canvas.scene.bounds())
    canvas.select(["z"])
    QTest.keyClick(canvas, Qt.Key.Key_F)
    assert canvas.seen().contains(canvas.scene.rect("z")) and not canvas.seen().contains(canvas.scene.bounds())


def test_a_carried_node_is_drawn_where_the_hand_is(canvas: Canvas) -> None:
    start = title(canvas, "d")
    drag(canvas, start, start + QPoint(0, 330), drop=False)
    image = picture(canvas)
    assert near(image, LIGHT.bar["math"], QRectF(start.x() - 20, start.y() + 320, 60, 10)) > 100
    assert near(image, LIGHT.bar["math"], QRectF(start.x() - 20, start.y() - 5, 60, 10)) == 0
    canvas.cancel_gesture()


def test_a_new_document_replaces_everything(canvas: Canvas) -> None:
    canvas.select(["d"])
    canvas.set_document(Document(graph_of([("only", "source.input", 0, 0, {})], [])))
    assert canvas.selection == frozenset() and canvas.scene.ids == ["only"] and canvas.content.trace is None
    assert canvas.seen().contains(canvas.scene.bounds())


def test_a_graph_is_painted_without_a_view(qapp: QApplication) -> None:
    graph, trace = xy_plus_z(), xy_plus_z_trace()
    size = picture_size(graph, trace)
    image = QImage(size.toSize(), QImage.Format.Format_RGB32)
    painter = QPainter(image)
    paint_graph(painter, graph, trace, LIGHT, QRectF(image.rect()))
    painter.end()
    assert near(image, LIGHT.forward, QRectF(image.rect())) > 100 and near(image, LIGHT.backward, QRectF(image.rect())) > 100
    painter.begin(image)
    paint_graph(painter, graph, trace, LIGHT, QRectF(image.rect()), values=False)
    painter.end()
    assert near(image, LIGHT.forward, QRectF(image.rect())) == 0
    assert image.pixelColor(2, 2) == color(LIGHT.canvas)


def test_a_graph_is_written_as_svg(qapp: QApplication, tmp_path: Path) -> None:
    place = tmp_path / "graph.svg"
    generator = QSvgGenerator()
    generator.setFileName(str(place))
    generator.setSize(picture_size(xy_plus_z(), xy_plus_z_trace()).toSize())
    painter = QPainter(generator)
    paint_graph(painter, xy_plus_z(), xy_plus_z_trace(), LIGHT, QRectF(0, 0, generator.size().width(), generator.size().height()))
    painter.end()
    text = place.read_text(encoding="utf-8")
    assert ">input<" in text.replace("\n", "") and "−10" in text and "<image" not in text


@pytest.mark.parametrize("scale", [0.5, 1.0, 3.0, 6.0])
def test_a_picture_is_as_large_as_its_scale_says(qapp: QApplication, scale: float) -> None:
    """The graph grows with the picture: at every scale the cards begin at the same share of its width."""
    image, used = picture_image(Drawing(xy_plus_z(), None, LIGHT, scale))
    natural = picture_size(xy_plus_z())
    assert used == scale and image.width() == math.ceil(natural.width() * scale)
    row = [image.pixelColor(x, image.height() // 4) == color(LIGHT.canvas) for x in range(0, image.width(), max(1, round(scale)))]
    assert row.index(False) / len(row) == pytest.approx(MARGIN / natural.width(), abs=0.05)


def test_a_picture_that_would_be_too_large_says_its_scale_and_vectors_have_no_limit(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_of, "LARGEST", 300)
    said = picture_file.write_picture(tmp_path / "g.png", xy_plus_z(), None, "light", 2.0)
    used = 300 / picture_size(xy_plus_z()).width()
    assert f"scale {used:.2g} instead of 2" in said and QImage(str(tmp_path / "g.png")).width() == 300
    for name in ("g.svg", "g.pdf"):
        assert picture_file.write_picture(tmp_path / name, xy_plus_z(), None, "light", 2.0) == ""
    assert f'viewBox="0 0 {math.ceil(2 * picture_size(xy_plus_z()).width())} ' in (tmp_path / "g.svg").read_text(encoding="utf-8")


def test_a_pdf_is_a_pdf_with_letters_in_it_and_other_endings_are_refused(qapp: QApplication, tmp_path: Path) -> None:
    picture_file.write_picture(tmp_path / "g.PDF", xy_plus_z(), xy_plus_z_trace(), "light")
    written = (tmp_path / "g.PDF").read_bytes()
    assert written.startswith(b"%PDF-") and b"/Font" in written
    with pytest.raises(ValueError, match=r"a picture's name ends in \.png, \.svg"):
        picture_file.write_picture(tmp_path / "g.jpg", xy_plus_z(), None, "light")
    assert not (tmp_path / "g.jpg").exists()


@pytest.mark.parametrize("form", picture_file.PICTURES, ids=lambda form: form.title)
def test_every_kind_of_picture_shows_the_graph_and_its_numbers(qapp: QApplication, tmp_path: Path, form: Format[Drawing]) -> None:
    sizes = []
    for trace in (None, xy_plus_z_trace()):
        path = tmp_path / f"g{form.ending}"
        assert picture_file.write_picture(path, xy_plus_z(), trace, "dark") == ""
        sizes.append(len(path.read_bytes()))
    assert 500 < sizes[0] < sizes[1], "numbers are more to paint"


def test_edits_leave_no_wire_or_card_behind(qtbot: QtBot) -> None:
    canvas = shown(qtbot, xy_plus_z())
    graph = canvas.document.graph
    for edit in (edits.remove_nodes(graph, ["d"]), edits.Rename("x", "width"), edits.SetLabel("f", "Sum of everything")):
        canvas.do(edit)
        fresh = CanvasScene(graph)
        assert canvas.scene.ids == fresh.ids and canvas.scene.edges == fresh.edges
        assert canvas.scene.cards == fresh.cards and _courses(canvas.scene) == _courses(fresh)
    while canvas.document.history.can_undo:
        canvas.document.undo()
        fresh = CanvasScene(graph)
        assert canvas.scene.cards == fresh.cards and _courses(canvas.scene) == _courses(fresh)


def _courses(scene: CanvasScene) -> dict[str, list[list[float]]]:
    return {edge: scene.wire_points(edge).tolist() for edge in scene.edges}


def test_the_trace_may_mention_what_is_no_longer_there(canvas: Canvas) -> None:
    canvas.document.do(edits.remove_nodes(canvas.document.graph, ["f", "z"]))
    canvas.set_trace(replace(xy_plus_z_trace(), problems=(Problem("error", Message("gone", "gone"), ("f",)),)))
    assert not picture(canvas).isNull()


def test_the_whole_graph_stays_in_view_while_the_window_grows_until_someone_moves_it(canvas: Canvas) -> None:
    canvas.fit_all()
    for size in ((500, 400), (1500, 900)):
        canvas.resize(*size)
        assert canvas.seen().contains(canvas.scene.bounds())
    canvas.pan_by(10, 0)
    before = canvas.view_state()
    canvas.resize(700, 600)
    assert canvas.view_state() == before


def test_a_step_of_playback_repaints_the_whole_of_a_tall_vector(qtbot: QtBot) -> None:
    vector = view_of([-0.68, 0.743, -0.606, 0.224, 1.5, 2.5, 3.5, 4.5])
    trace = xy_plus_z_trace(values={(node, "y"): vector for node in "xyzdf"}, shapes={(node, "y"): ((8,), False) for node in "xyzdf"})
    canvas, head = shown(qtbot, xy_plus_z()), Playhead()
    head.set_trace(trace)
    canvas.set_trace(trace)
    canvas.set_playhead(head)
    canvas.fit_all()
    for index in (3, 4):  # the product takes what came along two wires
        head.seek(index)
        canvas.grab()
        by_steps = canvas.grab().toImage()
        canvas.stage.still.invalidate()
        assert by_steps == canvas.grab().toImage()
    canvas.set_playhead(None)
