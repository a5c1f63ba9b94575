"""A card that lies on another covers all of it: its numbers, its marks, and the numbers of wires that find no other place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.compile.visible import addresses, visible
from graph.model import edits
from graph.model.problem import Problem
from graph.text.messages import Message
from tests.support.canvas_graphs import LEFT, NONE, graph_of, shown, view_of, xy_plus_z, xy_plus_z_trace
from ui.canvas.model.snapping import Snapping
from ui.canvas.model.stacking import covering, hidden_by_cards, overlaps, under_cards
from ui.canvas.view import Canvas


@pytest.fixture
def canvas(qtbot: QtBot) -> Iterator[Canvas]:
    canvas = shown(qtbot, xy_plus_z())
    canvas.set_trace(xy_plus_z_trace())
    yield canvas


def picture(canvas: Canvas) -> QImage:
    for _ in range(12):
        canvas.repaint()
    return canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)


def pixels(image: QImage) -> np.ndarray:
    bytes_of_image = np.frombuffer(image.constBits(), np.uint8)
    return bytes_of_image.reshape(image.height(), image.bytesPerLine() // 4, 4)[:, : image.width(), :3].astype(int).copy()


def inside(canvas: Canvas, node: str, rim: float = 3.0) -> tuple[slice, slice]:
    """The pixels of a card without its rim."""
    box = canvas.camera.rect_to_view(canvas.scene.rect(node).adjusted(rim, rim, -rim - 8, -rim)).toAlignedRect()
    return np.s_[box.top() : box.bottom(), box.left() : box.right()]


def put(canvas: Canvas, **places: tuple[float, float]) -> None:
    canvas.document.do(edits.Move(tuple((name, *place) for name, place in places.items())))


def alone(canvas: Canvas, node: str) -> np.ndarray:
    """What this card looks like with nothing below it: everything else is far away."""
    before = {n: (canvas.document.graph.nodes[n].x, canvas.document.graph.nodes[n].y) for n in canvas.document.graph.nodes}
    put(canvas, **{n: (4000.0 + 300 * i, 4000.0) for i, n in enumerate(before) if n != node})
    bytes_of_image = pixels(picture(canvas))
    put(canvas, **before)
    return bytes_of_image


@pytest.mark.parametrize("lower", [{"value": -12.5}, {"value": 3.0, "tensor": True}, {"problem": True}, {"objective": True}])
@pytest.mark.parametrize("shift", [(30.0, 22.0), (-36.0, 40.0), (0.0, -48.0)])
def test_nothing_of_a_covered_card_shows_through(qtbot: QtBot, lower: dict[str, object], shift: tuple[float, float]) -> None:
    graph = graph_of(
        [("a", "math.exp", 100, 120, {}), ("b", "math.exp", 100 + shift[0], 120 + shift[1], {}), ("c", "math.exp", 700, 500, {})], [],
    )  # fmt: skip
    canvas = shown(qtbot, graph)
    low = view_of([[1.0, -2.0], [3.0, 4.0]]) if lower.get("tensor") else view_of(lower.get("value", -88.25))
    problems = (Problem("error", Message("something-is-wrong", "Something in this graph"), ("a",)),) if lower.get("problem") else ()
    canvas.set_trace(xy_plus_z_trace(
        objective=("a" if lower.get("objective") else "c", "y"), edge_gradients={}, events=(), problems=problems,
        values={("a", "y"): low, ("b", "y"): view_of(2.0), ("c", "y"): view_of(1.0)}, gradients={(n, "y"): view_of(1.0) for n in "abc"},
    ))  # fmt: skip

    both = pixels(picture(canvas))[inside(canvas, "b")]
    plain = alone(canvas, "b")[inside(canvas, "b")]

    assert np.array_equal(both, plain)
    covers = covering(canvas.scene, canvas.scene.nodes_in(QRectF(0, 0, 900, 700)))
    assert list(covers) == ["a"] and covers["a"] == [canvas.scene.rect("b")]


def test_what_peeps_out_of_a_covered_card_is_still_painted(qtbot: QtBot, canvas: Canvas) -> None:
    put(canvas, f=(320.0 + 90, 80.0 + 20))
    whole = pixels(picture(canvas))
    rect = canvas.camera.rect_to_view(canvas.scene.rect("d")).toAlignedRect()
    peeping = whole[rect.top() + 50 : rect.bottom() - 14, rect.left() + 16 : rect.left() + 84]
    assert (peeping.sum(axis=2) < 200).sum() > 20  # dark strokes of −10.00


@pytest.mark.parametrize("shift", [(40.0, 30.0), (-50.0, -30.0), (6.0, 60.0)])
def test_numbers_of_wires_do_not_cut_the_texts_of_cards(canvas: Canvas, shift: tuple[float, float]) -> None:
    """d and f are so near to each other that the number of the wire between them finds no place."""
    put(canvas, f=(320.0 + shift[0], 80.0 + shift[1]))
    together = pixels(picture(canvas))
    for node in ("f", "z"):
        plain = alone(canvas, node)
        title = inside(canvas, node, rim=8.0)
        assert np.array_equal(together[title], plain[title]), node


def test_labels_are_whole_or_not_there(canvas: Canvas, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a card is dragged over others, no number of its wires is cut by a card, or cuts what a card says."""
    monkeypatch.setattr(Snapping, "to", lambda self, step, reach: QPointF(*step))  # no guide lies on a card
    rect = canvas.scene.rect("d")
    start = canvas.camera.to_view(rect.topLeft() + QPointF(40, 14)).toPoint()
    plain = alone(canvas, "y")[inside(canvas, "y", rim=12.0)]
    QTest.mousePress(canvas, LEFT, NONE, start)
    for step in range(1, 11):
        at = start + QPoint(-16 * step, 14 * step)
        QTest.mouseMove(canvas, at)
        frame = pixels(picture(canvas))
        carried, y = canvas.scene.rect("d").adjusted(-12, -12, 12, 12), canvas.scene.rect("y")
        wires = [QPointF(*at) for edge in canvas.scene.attached("d") for at in canvas.scene.wire_points(edge).tolist()]
        if not carried.intersects(y) and not any(y.adjusted(8, 8, -8, -8).contains(at) for at in wires):
            assert np.array_equal(frame[inside(canvas, "y", rim=12.0)], plain), step
    canvas.cancel_gesture()
    QTest.mouseRelease(canvas, LEFT, NONE, start)


def test_cards_that_are_carried_together_lie_over_each_other_as_ever(canvas: Canvas) -> None:
    """In whatever order they were selected: the number of the upper card was covered by the lower one."""
    live, seen = canvas.model.live, []
    for order in (("d", "f"), ("f", "d")):
        live.lift(order)
        live.carry({"d": (320.0, 200.0), "f": (336.0, 216.0)})
        seen.append(pixels(picture(canvas))[inside(canvas, "f", rim=8.0)])
        live.let_go()
    assert np.array_equal(seen[0], seen[1])


def test_a_number_to_be_found_out_is_seen_wherever_it_is(canvas: Canvas) -> None:
    put(canvas, f=(340.0, 110.0))
    trace = canvas.content.trace
    assert trace is not None
    canvas.set_trace(visible(trace, None, addresses(canvas.document.graph, ["e2"], ()), canvas.document.graph))
    with_mark = pixels(picture(canvas))
    canvas.set_trace(trace)
    assert np.any(with_mark != pixels(picture(canvas)))


@pytest.mark.parametrize("seed", range(4))
def test_overlapping_cards_are_found_as_by_comparing_each_with_each(seed: int) -> None:
    draw = np.random.default_rng(seed)
    rects = np.concatenate([draw.uniform(0, 900, (70, 2)), draw.uniform(20, 160, (70, 2))], axis=1).round()
    rects[3] = rects[11]  # one right on the other

    def meet(a: Sequence[float], b: Sequence[float]) -> bool:
        return a[0] + 1 < b[0] + b[2] and b[0] + 1 < a[0] + a[2] and a[1] + 1 < b[1] + b[3] and b[1] + 1 < a[1] + a[3]

    wanted = {(i, j) for i, j in combinations(range(len(rects)), 2) if meet(rects[i], rects[j])}
    assert {(int(i), int(j)) for i, j in overlaps(rects)} == wanted and (3, 11) in wanted
    assert len(overlaps(np.zeros((0, 4)))) == len(overlaps(rects[:1])) == 0


@pytest.mark.parametrize("seed", range(3))
def test_what_lies_too_far_over_a_card_is_found_as_by_comparing_each_with_each(qtbot: QtBot, seed: int) -> None:
    draw = np.random.default_rng(seed)
    places = draw.uniform(0, 1500, (60, 2)).round()
    canvas = shown(qtbot, graph_of([(f"n{i}", "math.exp", *at, {}) for i, at in enumerate(places.tolist())], []))
    corners = draw.uniform(-50, 1600, (200, 2))
    boxes = np.concatenate([corners, corners + draw.uniform(10, 90, (200, 2))], axis=1)
    wanted = []
    for box in boxes.tolist():
        label = QRectF(box[0], box[1], box[2] - box[0], box[3] - box[1])
        shared = [label.intersected(canvas.scene.rect(n)) for n in canvas.scene.ids]
        wanted.append(any(s.width() * s.height() > 0.25 * label.width() * label.height() for s in shared))
    assert hidden_by_cards(canvas.scene, QRectF(-100, -100, 2000, 2000), boxes).tolist() == wanted
    assert 20 < sum(wanted) < 190


def test_points_under_cards(canvas: Canvas) -> None:
    middle = canvas.scene.rect("d").center()
    covered = under_cards(canvas.scene, np.array([(middle.x(), middle.y()), (-500.0, 0.0), (200.0, 300.0)]))
    assert covered.tolist() == [True, False, False]
