"""What a frame may not do: paint again what has not changed. And what is painted in shortcuts looks like what is painted anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QImage, QPainter
from pytestqt.qtbot import QtBot

from engine.compile.views import single
from engine.nodes.catalog import CATALOG
from tests.support.canvas_graphs import LEFT, NONE, drag, graph_of, shown, title, xy_plus_z, xy_plus_z_trace
from ui.canvas.model import geometry, small_print
from ui.canvas.model.scene import CanvasScene
from ui.canvas.paint import nodes, painting
from ui.canvas.paint.painter import prepare
from ui.canvas.paint.pulses import Cover
from ui.canvas.view import Canvas
from ui.look.schedule import Schedule
from ui.shell.workspace.playback import Playhead


@pytest.fixture
def canvas(qtbot: QtBot) -> Iterator[Canvas]:
    canvas = shown(qtbot, xy_plus_z())
    playhead = Playhead(canvas)
    canvas.set_playhead(playhead)
    trace = xy_plus_z_trace()
    canvas.set_trace(trace)
    playhead.set_trace(trace)
    yield canvas
    playhead.reset()


def under_way(canvas: Canvas, index: int, share: float) -> None:
    """Playback in the middle of an event, without its clock."""
    head = canvas.model.playhead
    assert isinstance(head, Playhead)
    head.seek(index)
    head.playing, head._share = ("forward" if index < 5 else "backward"), share
    head.moved.emit()


def settled(canvas: Canvas) -> QImage:
    """The picture once all labels have their places."""
    for _ in range(20):
        canvas.repaint()
    return canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)


def pixels(image: QImage) -> np.ndarray:
    return np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)[:, : image.width(), :3].copy()


@pytest.fixture
def painted(canvas: Canvas, monkeypatch: pytest.MonkeyPatch) -> list[QRect]:
    """Every part of the still picture that is painted from now on."""
    areas: list[QRect] = []
    still = canvas.stage.still
    fill = still._fill

    def noted(area, *paint):  # type: ignore[no-untyped-def]
        areas.append(area.toAlignedRect())
        fill(area, *paint)

    monkeypatch.setattr(still, "_fill", noted)
    return areas


def test_pulses_and_panning_paint_no_part_of_the_picture_again(canvas: Canvas, painted: list[QRect]) -> None:
    under_way(canvas, 3, 0.1)
    settled(canvas)
    painted.clear()
    for step in range(10):
        under_way(canvas, 3, 0.2 + 0.05 * step)
        canvas.pan_by(3, 2)
        canvas.repaint()
    assert painted == []


def test_the_next_event_paints_only_around_what_it_and_the_one_before_touch(canvas: Canvas, painted: list[QRect]) -> None:
    under_way(canvas, 5, 0.9)
    settled(canvas)
    painted.clear()
    under_way(canvas, 6, 0.1)
    canvas.repaint()
    whole = canvas.stage.still._camera.seen(canvas.stage.still._image.deviceIndependentSize())
    assert painted and all(part.width() * part.height() < 0.8 * whole.width() * whole.height() for part in painted)


def test_after_the_next_event_the_picture_is_the_one_painted_from_nothing(canvas: Canvas) -> None:
    under_way(canvas, 5, 0.9)
    settled(canvas)
    under_way(canvas, 6, 0.4)
    mended = pixels(settled(canvas))
    canvas.model.live.invalidate()
    assert np.array_equal(mended, pixels(settled(canvas)))


def test_carrying_a_node_paints_no_part_of_the_picture_again(canvas: Canvas, painted: list[QRect]) -> None:
    settled(canvas)
    start = title(canvas, "d")
    drag(canvas, start, start + QPoint(30, 20), drop=False)
    canvas.repaint()
    painted.clear()
    for step in range(5):
        canvas.model.live.carry({"d": (330.0 + step, 90.0)})
        canvas.repaint()
    assert painted == []
    canvas.cancel_gesture()


def test_after_a_drag_the_picture_is_the_one_painted_from_nothing(canvas: Canvas) -> None:
    settled(canvas)
    start = title(canvas, "d")
    drag(canvas, start, start + QPoint(50, 70), LEFT, NONE)
    canvas.select(())
    canvas.router.cancel()
    mended = pixels(settled(canvas))
    canvas.labels.clear()
    canvas.model.live.invalidate()
    assert np.mean(np.any(mended != pixels(settled(canvas)), axis=2)) < 0.002  # labels elsewhere may have made room


def test_a_slow_event_is_painted_with_its_numbers_in_place_of_pulses(canvas: Canvas, monkeypatch: pytest.MonkeyPatch) -> None:
    """The chips lie over everything; hidden values, or an event too fast to be read, leave the pulses."""
    pulses: list[float] = []
    monkeypatch.setattr(canvas.stage.pulses, "paint", lambda *_: pulses.append(0.0))
    pictures = []
    for share in (0.1, 0.25, 0.99):
        under_way(canvas, 3, share)
        pictures.append(pixels(settled(canvas)))
    assert not pulses
    assert np.any(pictures[0] != pictures[1]) and np.any(pictures[1] != pictures[2])

    canvas.content.values = False
    canvas.repaint()
    assert pulses


def test_no_pulse_covers_a_card_or_a_number(canvas: Canvas) -> None:
    """Pulses alone are seen where a pass is too fast for its numbers to be read. In the middle of every way and at its ends, what lies
    on cards and labels is what lies there without pulses."""
    head = canvas.model.playhead
    assert isinstance(head, Playhead)
    head.set_speed(4.0)
    for share in (0.02, 0.3, 0.5, 0.98):
        under_way(canvas, 3, share)
        with_pulses = pixels(settled(canvas))
        canvas.stage.pulses.paint = lambda *_: None  # type: ignore[method-assign]
        without = pixels(settled(canvas))
        del canvas.stage.pulses.paint
        seen = canvas.stage._above(canvas.seen())
        assert np.any(with_pulses != without)
        for left, top, right, bottom in (seen - np.tile((canvas.camera.x, canvas.camera.y), 2)) * canvas.camera.scale:
            box = np.s_[max(0, int(top) + 1) : max(0, int(bottom)), max(0, int(left) + 1) : max(0, int(right))]
            assert np.array_equal(with_pulses[box], without[box])


def test_the_map_of_cards_says_where_they_are() -> None:
    scene, cover = CanvasScene(xy_plus_z()), Cover()
    inside = np.array([[rect[0] + rect[2] / 2, rect[1] + rect[3] / 2] for rect in scene.rects])
    assert cover.hides(inside, scene).all()
    assert not cover.hides(inside + (0, scene.rects[:, 3].max()), scene)[2]


@pytest.mark.parametrize("key", sorted(CATALOG))
def test_letter_by_letter_a_formula_is_as_wide_as_it_is_painted(qapp: object, key: str) -> None:
    graph = graph_of([("a_name", key, 0, 0, {})], [])
    card = geometry.build(graph, "a_name")
    for line in (s for s in (card.says, card.formula) if isinstance(s, small_print.SmallPrint)):
        line = small_print.SmallPrint(line.latex, line.names, 1e6, line.size)
        assert small_print.width(line.latex, line.names, line.size) == pytest.approx(line.width, abs=2.0)


def test_all_wires_at_once_run_as_each_alone(qapp: object) -> None:
    from ui.canvas.model import wires

    scene = CanvasScene(xy_plus_z())
    for edge in scene.edges:
        assert np.allclose(scene.wire_points(edge), wires.samples(scene.pieces(edge)))
    backwards = wires.controls(np.array([[100.0, 0.0]]), np.array([[0.0, 50.0]]))
    assert np.allclose(backwards[0], wires.cubics((100.0, 0.0), (0.0, 50.0))[0])


def test_numbers_of_a_training_are_painted_once_and_between_the_frames_of_a_view_that_moves(
    canvas: Canvas, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    canvas.set_playhead(None)
    calls: list[bool] = []
    frames = [False]
    paint, write = painting.paint_carried_numbers, painting.paint_written

    def noted(*shown: Any) -> None:
        calls.append(frames[0])
        paint(*shown)

    def written(*shown: Any) -> bool:
        calls.append(frames[0])
        return write(*shown)

    def frame() -> None:
        canvas.pan_by(2, 0)
        frames[0] = True
        canvas.repaint()
        frames[0] = False

    canvas.gaps = Schedule(canvas)
    canvas.gaps.end()  # the test is the clock
    monkeypatch.setattr(painting, "paint_carried_numbers", noted)
    monkeypatch.setattr(painting, "paint_written", written)
    canvas.set_trace(replace(xy_plus_z_trace(), mode="training"))
    settled(canvas)
    frame()

    def trained(step: int) -> None:
        number = single(-12.0 - step, "float64")
        canvas.set_trace(replace(xy_plus_z_trace(), mode="training", step=step, values={**xy_plus_z_trace().values, ("f", "y"): number}))

    for step in range(1, 5):
        calls.clear()
        before = pixels(canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)) if step == 1 else None
        trained(step)
        if step % 2:
            frame()
        else:
            canvas.repaint()  # that of the numbers, between two of the moving view
        assert calls == [] and canvas.stage.waiting
        for count in (1, 2):
            canvas._prepare()
            assert calls == [False] * count and canvas.stage.waiting == (count == 1)
            frame()
        for _ in range(3):
            frame()
        assert calls == [False, False]
        if before is not None:
            assert not np.array_equal(before, pixels(canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)))
    for step in (5, 6):  # newer numbers between the two parts: the picture is begun again, with one step's numbers in it
        trained(step)
        frame()
        canvas._prepare()
        assert canvas.stage.waiting
    canvas._prepare()
    assert not canvas.stage.waiting
    frame()
    prepared = pixels(canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32))
    canvas.model.live.invalidate()
    assert np.array_equal(prepared, pixels(settled(canvas)))
    canvas.set_trace(xy_plus_z_trace())  # at rest again: in its own frame
    calls.clear()
    frame()
    assert calls[:1] == [True] and not canvas.stage.waiting


def test_the_map_stays_where_it_is_when_the_view_comes_to_rest(canvas: Canvas) -> None:
    """Its picture is painted in the view, and put from where it was kept, on the same pixels at every ratio."""
    canvas.restore_view((1.0, 200.0, -100.0))
    for ratio in (1.0, 1.25, 1.5):
        frames = []
        for _ in range(3):
            frame = QImage(canvas.size() * ratio, QImage.Format.Format_RGB32)
            frame.setDevicePixelRatio(ratio)
            frame.fill(0)
            painter = QPainter(frame)
            prepare(painter)
            canvas._minimap.paint(painter, canvas.model.map, canvas.viewport, canvas.theme)
            painter.end()
            frames.append(pixels(frame).astype(int))
        assert frames[0].any() and np.abs(frames[2] - frames[0]).max() <= 3


def test_a_carried_card_and_the_map_are_put_from_pictures_that_look_as_they_do(canvas: Canvas, monkeypatch: pytest.MonkeyPatch) -> None:
    cards: list[str] = []
    paint = nodes.paint_cards
    monkeypatch.setattr(painting, "paint_cards", lambda *some: (cards.extend(some[2]), paint(*some))[1])
    canvas.restore_view((1.0, 200.0, -100.0))
    settled(canvas)
    assert canvas.model.map.visible()
    live, node = canvas.model.live, "d"
    x, y = canvas.scene.place(node)
    live.lift([node])

    def carried(dx: float) -> np.ndarray:
        live.carry({node: (x + dx, y + 16.0)})
        cards.clear()
        return pixels(canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32))

    carried(8.0)
    for step, painted in ((16.0, [node]), (24.0, []), (32.0, [])):
        picture = carried(step)
        assert cards == painted
    canvas.stage.carried.clear()
    canvas._minimap._panel.clear()
    direct = carried(32.0)
    assert cards == [node] and np.abs(picture.astype(int) - direct).max() <= 3, "but for what is rounded twice where it is transparent"
    canvas.set_trace(replace(xy_plus_z_trace(), values={}))
    assert not np.array_equal(carried(32.0), direct) and cards[-1] == node
    carried(32.0)
    carried(32.5)
    assert cards == [node], "it lies otherwise on the grid of pixels"
    canvas.model.show_activity(True)
    for _ in range(3):
        carried(32.5)
        assert cards[-1:] == [node], "marks of dead units reach further than the picture"
    live.let_go()
