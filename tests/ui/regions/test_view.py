"""The picture of a plane: its colours are those of the predictions; it is read, zoomed and clicked by mouse and by keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.compile.spot import Spot
from engine.compile.views import Stamp
from engine.learned.plane import OnPlane, Points, Shown, SpotSeen
from ui.look.classes import FULL, class_colour
from ui.look.numbers import probability
from ui.look.theme import THEMES, mixed
from ui.regions.export import image, svg
from ui.regions.field import bounds, field, finer
from ui.regions.painting import within
from ui.regions.reading import sample_text
from ui.regions.view import PlaneView

AT = np.linspace(-1.0, 1.0, 21)
AXES = (Shown(0, "x₁", AT), Shown(2, "x₃", AT))
POINTS = Points(
    ("train", "test"), (2, 5), np.array([0, 0, 1]), np.array([0, 1, 4]), np.array([[-0.5, -0.5], [0.5, 0.5], [0.5, -0.5]]),
    np.array([0, 1, 0]), np.array([0, 0, 0]), np.array([True, False, True]),
)  # fmt: skip
STAMP = Stamp(1, 1, 1, 40)
CLASSES = np.where(AT[:, None] + 0 * AT > 0, 1, 0).astype(np.int16)
"""Class 1 above, class 0 below."""
SURE = np.where(np.abs(AT[:, None]) + 0 * AT > 0.4, 1.0, 0.5)


def regions() -> OnPlane:
    return OnPlane(STAMP, "data", ("x₁", "x₂", "x₃"), AXES, None, "classes", ("no", "yes"), (), 0, "class", POINTS, CLASSES, SURE)


def heat() -> OnPlane:
    none = replace(POINTS, right=np.zeros(0, dtype=bool), true=np.array([1.0, 2.0, 3.0]), predicted=np.array([1.5, 2.0, 2.0]))
    values = AT[:, None] * 2.0 + 0 * AT
    return OnPlane(STAMP, "data", ("x₁", "x₂", "x₃"), AXES, None, "numbers", (), ("y",), 0, "y", none, values=values)


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[PlaneView]:
    view = PlaneView()
    qtbot.addWidget(view)
    view.resize(420, 380)
    view.show()
    view.show_plane(regions())
    QApplication.processEvents()
    yield view


def mouse(view: PlaneView, kind: QEvent.Type, at: QPointF, held: bool = False) -> None:
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    cause = none if kind == QEvent.Type.MouseMove else left
    event = QMouseEvent(kind, at, view.mapToGlobal(at), cause, left if held else none, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(view, event)


def click(view: PlaneView, at: QPointF) -> None:
    mouse(view, QEvent.Type.MouseButtonPress, at, held=True)
    mouse(view, QEvent.Type.MouseButtonRelease, at)


def test_a_class_has_its_colour_and_fades_where_it_is_uncertain() -> None:
    theme = THEMES["light"]
    shown = field(regions(), theme)
    times = 9
    assert shown is not None and (shown.width(), shown.height()) == (21 * times, 21 * times)
    assert shown.pixelColor(3 * times, 0).name().upper() == mixed(theme.panel, class_colour(theme, 1), FULL)  # above is the larger value
    assert shown.pixelColor(3 * times, 21 * times - 1).name().upper() == mixed(theme.panel, class_colour(theme, 0), FULL)
    pale = shown.pixelColor(3 * times, 9 * times)
    assert min(pale.red(), pale.green(), pale.blue()) > 235
    broken = regions()
    assert broken.predicted is not None
    broken = replace(broken, predicted=np.where(np.arange(21) == 5, -1, broken.predicted).astype(np.int16))
    lost = field(broken, theme)
    assert lost is not None and lost.pixelColor(5, 3) == QColor(theme.error)


def test_a_coarse_grid_is_drawn_finer_with_its_own_numbers_at_its_points_and_a_sharp_boundary_between() -> None:
    x, y = np.meshgrid(np.arange(33.0), np.arange(33.0))
    logit = 4.0 * (0.6 * (x - 16.2) + 0.8 * (y - 14.9))
    predicted, probability = (logit > 0).astype(np.int16), 1 / (1 + np.exp(-np.abs(logit)))
    classes, share = finer(predicted, probability)
    assert classes.shape == (33 * 5, 33 * 5)
    assert np.array_equal(classes[2::5, 2::5], predicted) and np.allclose(share[2::5, 2::5], probability, atol=1e-12)
    fine = (np.arange(33 * 5) + 0.5) / 5 - 0.5
    line = 0.6 * (fine[None, :] - 16.2) + 0.8 * (fine[:, None] - 14.9)
    inside = (np.abs(line) < 4) & (np.abs(line) > 1e-6)
    inner = inside & (fine[None, :] > 0) & (fine[None, :] < 32) & (fine[:, None] > 0) & (fine[:, None] < 32)
    assert np.array_equal(classes[inner], (line[inner] > 0).astype(int))
    three = np.where(x < 10, 0, np.where(y < 16, 1, 2)).astype(np.int16)
    assert set(np.unique(finer(three, np.full(three.shape, 0.8))[0])) == {0, 1, 2}
    lost = np.where(x == 5, -1, three).astype(np.int16)
    assert finer(lost, probability)[0] is lost


def test_numbers_are_a_heat_map_around_zero() -> None:
    theme, seen = THEMES["dark"], heat()
    assert seen.values is not None and bounds(seen.values) == (-2.0, 2.0)
    shown = field(seen, theme)
    assert shown is not None
    assert [shown.pixelColor(0, y).name().upper() for y in (20, 0)] == [theme.heat[0], theme.heat[2]]


def test_a_click_chooses_the_sample_there_and_keys_do_the_same(view: PlaneView, qtbot: QtBot) -> None:
    chosen: list[Spot] = []
    places: list[tuple[float, float]] = []
    view.sample_chosen.connect(chosen.append)
    view.clicked.connect(lambda x, y: places.append((x, y)))
    frame = view.frame
    assert frame is not None
    click(view, frame.at(0.5, -0.5) + QPointF(2, 1))
    assert chosen == [Spot("test", 4, 5)]
    click(view, frame.at(0.0, 0.0))
    assert len(chosen) == 1 == len(places) and places[0] == pytest.approx((0.0, 0.0), abs=1e-9)
    qtbot.keyClick(view, Qt.Key.Key_N)
    assert chosen[-1] == Spot("train", 0, 2)
    for key in [Qt.Key.Key_Right] * 5 + [Qt.Key.Key_Up] * 5:
        qtbot.keyClick(view, key)
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert chosen[-1] == Spot("train", 1, 2)


def test_the_place_under_the_mouse_is_read_as_it_was_computed(view: PlaneView) -> None:
    said: list[str] = []
    view.read.connect(said.append)
    frame = view.frame
    assert frame is not None
    mouse(view, QEvent.Type.MouseMove, frame.at(0.31, 0.58))
    assert said[-1] == "x₁ = 0.3   x₃ = 0.6   →   yes, probability 100%"
    mouse(view, QEvent.Type.MouseMove, QPointF(1, 1))
    assert said[-1] == ""


def test_the_wheel_zooms_around_the_mouse_a_drag_pans_and_zero_shows_all(view: PlaneView, qtbot: QtBot) -> None:
    frame = view.frame
    assert frame is not None
    at = frame.at(0.5, 0.5)
    wheel = QWheelEvent(at, view.mapToGlobal(at), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
                        Qt.ScrollPhase.NoScrollPhase, False)  # fmt: skip
    QApplication.sendEvent(view, wheel)
    nearer = view.frame
    assert nearer is not None and nearer.x[1] - nearer.x[0] == pytest.approx(1.6)
    assert nearer.x == pytest.approx((-0.7, 0.9))  # 0.5 still is at three quarters of the width
    mouse(view, QEvent.Type.MouseButtonPress, at, held=True)
    mouse(view, QEvent.Type.MouseMove, at + QPointF(40, 0), held=True)
    mouse(view, QEvent.Type.MouseButtonRelease, at + QPointF(40, 0))
    moved = view.frame
    assert moved is not None and moved.x[0] < nearer.x[0] and moved.y == pytest.approx(nearer.y)
    qtbot.keyClick(view, Qt.Key.Key_0)
    assert view.spans is None


def test_pictures_are_saved_with_all_that_is_seen(view: PlaneView) -> None:
    text = svg(view).decode()
    assert "x₁" in text and "wrong" in text and "<image" in text and "Regions over" in text
    picture = image(view)
    assert isinstance(picture, QImage) and picture.width() == 2 * view.width()


def test_a_sample_is_told_in_one_line() -> None:
    spot = SpotSeen(Spot("train", 1, 2), (0.5, 7.0, 0.5), (0.5, 0.5), 1.0, 0.0, (0.75, 0.25), 1.386)
    assert sample_text(regions(), spot, spot.loss) == "training sample 2 of 2 · true class yes · predicted no (75.0%): wrong · loss 1.386"
    assert [probability(share) for share in (1.0, 0.99999999, 0.5, 1e-9)] == ["100%", "99.999999%", "50.0%", "0.0000001%"]


def test_a_number_at_the_edge_is_not_cut() -> None:
    rect = QRectF(0, 0, 100, 50)
    assert [within(rect, x, 0, 30, 10).left() for x in (50, 98, 3)] == [35, 70, 0]


def test_numbers_that_are_not_finite_have_no_place_and_break_nothing(view: PlaneView) -> None:
    at = POINTS.at.copy()
    at[1] = np.nan
    line = np.where(np.arange(21) == 4, np.inf, AT)
    true, predicted = np.array([np.nan, 0.5, 0.1]), np.array([0.0, 0.2, np.inf])
    numbers = replace(POINTS, at=at[:, :1], true=true, predicted=predicted, right=np.zeros(0, bool))
    curve = replace(heat(), axes=AXES[:1], values=line, points=numbers)
    for seen in (replace(regions(), points=replace(POINTS, at=at)), curve):
        view.show_plane(seen)
        view.grab()
        frame = view.frame
        assert frame is not None and np.isfinite([*frame.x, *frame.y]).all()
        assert view.sample_at(QPointF(0, 0)) is None
