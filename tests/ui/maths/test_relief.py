"""A surface in parallel projection: what lies where, what hides what, how it is turned, and how it is written as LaTeX."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from ui.look.theme import THEMES, color
from ui.maths.height_axis import HeightAxis
from ui.maths.level_lines import chains, level_lines
from ui.maths.pgfplots import pgfplots, pgfplots_flat, tex_name
from ui.maths.relief import FLOOR, STANDING, TOP, Eye, Relief
from ui.maths.relief_painting import Spot, Stand, Trail, paint_ground, paint_marks
from ui.maths.relief_view import ReliefView

GRID = np.linspace(-2, 2, 21)
X, Y = np.meshgrid(GRID, GRID)


def relief(f: Any, **more: Any) -> Relief:
    return Relief(GRID, GRID, np.asarray(f, float), ("w1", "hidden.W[0, 1]", "f"), **more)


def test_the_projection_is_the_one_of_pgfplots() -> None:
    """By hand: straight from above x runs right and y up; at the horizon heights are true and depth is lost."""
    one = np.array(1.0)
    assert Eye(0, 90).seen(one, one, one) == pytest.approx((1, 1))
    assert Eye(90, 90).seen(one, 0 * one, 0 * one) == pytest.approx((0, -1))
    across, up = Eye(30, 30).seen(one, 0 * one, one)
    assert (across, up) == pytest.approx((np.cos(np.pi / 6), -0.5 * np.sin(np.pi / 6) + np.cos(np.pi / 6)))
    assert Eye(170, 30).turned(20, -100) == Eye(-170, 5)
    a, b, c, d, e = Eye(30, 30).affine(1.0)
    assert Eye(30, 30).seen(0.3 * one, -0.7 * one, one) == pytest.approx((0.3 * a - 0.7 * b, 0.3 * c - 0.7 * d + e))


def test_cells_come_from_the_farthest_to_the_nearest_without_those_that_have_a_hole() -> None:
    f = X + Y
    f[10, 10] = np.nan
    surface = relief(f)
    order = surface.order(Eye(0, 30)).tolist()
    assert len(order) == 400 - 4 and [cell // 20 for cell in order] == sorted((cell // 20 for cell in order), reverse=True)
    assert {9 * 20 + 9, 9 * 20 + 10, 10 * 20 + 9, 10 * 20 + 10}.isdisjoint(order)
    assert [cell % 20 for cell in surface.order(Eye(90, 30)).tolist()] == sorted(cell % 20 for cell in order)


def test_a_ridge_hides_what_lies_behind_it_and_the_mouse_finds_what_is_in_front() -> None:
    surface = relief(np.where(np.abs(Y) < 0.3, 1.0, 0.0))
    x, y = np.zeros(2), np.array([-0.6, 0.6])  # before and behind the ridge, in the box
    z = surface.height(x, y)
    assert surface.visible(x, y, z, Eye(0, 20)).tolist() == [True, False]
    assert surface.visible(x, y, z, Eye(180, 20)).tolist() == [False, True]
    assert surface.visible(x, y, z, Eye(0, 85)).all()
    bowl = relief(X**2 + Y**2)
    for place in ((-0.7, 0.4), (1.5, -1.5), (0.0, 0.0)):
        at = [np.array(v) for v in bowl.at(np.array(place[0]), np.array(place[1]))]
        across, up = STANDING.seen(at[0], at[1], bowl.height(at[0], at[1]))
        assert bowl.under(float(across), float(up), STANDING) == pytest.approx(place, abs=1e-6)
    assert bowl.under(5.0, 5.0, STANDING) is None
    assert np.isnan(bowl.height(np.array(1.2), np.array(0.0)))


def test_heights_are_logarithmic_where_most_of_the_surface_would_lie_flat() -> None:
    steep = 10.0 ** (3 * X)  # 1e-6 to 1e6
    axis = HeightAxis.of(steep)
    assert axis.scale.kind == "log" and axis.share(np.array([1e-6, 1.0, 1e6])) == pytest.approx([0, 0.5, 1])
    assert [text for _at, text in axis.ticks(20)][:2] == ["1×10⁻⁶", "1×10⁻⁵"]
    zero = HeightAxis.of(np.where(X < -1, 0.0, steep))
    assert zero.scale.kind == "symlog" and zero.share(np.array([0.0, 1e6])) == pytest.approx([0, 1])
    shares = [at for at, _text in zero.ticks()]
    assert shares == sorted(shares) and shares[0] >= 0 and shares[-1] <= 1
    plain = HeightAxis.of(np.array([1.0, 2.0, 3.0, np.nan, np.inf]))
    assert (plain.low, plain.high, plain.scale.kind) == (1.0, 3.0, "linear")
    assert np.isnan(plain.share(np.array([np.nan, np.inf]))).all()
    huge = HeightAxis.of(np.array([-1.7e308, 0.0, 1.7e308]), "linear")
    assert huge.share(np.array([-1.7e308, 0.0, 1.7e308])) == pytest.approx([0, 0.5, 1])
    flat = HeightAxis.of(np.full((3, 3), 4.0))
    assert flat.low < 4 < flat.high and HeightAxis.of(np.full((2, 2), np.nan)).ticks()


def test_pieces_of_level_lines_become_closed_and_open_lines() -> None:
    ring, row = level_lines(X**2 + Y**2, GRID, GRID, [1.0]), level_lines(X, GRID, GRID, [0.5])
    (closed,), (open_,) = chains(ring[0]), chains(row[0])
    assert closed[0] == pytest.approx(closed[-1]) and len(closed) > 60
    assert np.hypot(*np.diff(closed, axis=0).T).sum() == pytest.approx(2 * np.pi, rel=1e-2)
    assert sorted((open_[0][1], open_[-1][1])) == pytest.approx([-2.0, 2.0]) and chains(np.empty((0, 4))) == []


@pytest.mark.parametrize("theme", THEMES)
def test_surface_point_and_holes_are_painted_in_every_theme(theme: str, qapp: Any) -> None:
    look, image = THEMES[theme], QImage(500, 400, QImage.Format.Format_RGB32)
    f = X**2 + Y**2
    f[:4, :4] = np.inf
    surface, whole, painter = relief(f), QRectF(0, 0, 500, 400), QPainter(image)
    stand = paint_ground(painter, whole, surface, STANDING, look)
    spot = Spot(0.0, 1.0, look.highlight, "1")
    paint_marks(painter, whole, stand, surface, look, [Trail(np.array([[1.0, 1.0], [0.0, 1.0]]), look.text)], [spot])
    painter.end()
    x, y = (float(v) for v in surface.at(np.array(0.0), np.array(1.0)))
    at = stand.place(x, y, TOP * float(surface.axis.share(np.array(1.0))))
    assert image.pixelColor(at.toPoint()) == color(look.highlight)
    hole = image.pixelColor(stand.place(-0.95, -0.95, FLOOR).toPoint())
    assert hole.red() - hole.green() > 40
    assert image.pixelColor(stand.place(0.9, -0.3, float(surface.height(np.array(0.9), np.array(-0.3)))).toPoint()) != color(look.panel)


def test_everything_is_painted_where_nothing_can_be_drawn(qapp: Any) -> None:
    image = QImage(300, 200, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    for f in (np.full((21, 21), np.nan), np.full((21, 21), 3.0), np.where(X > 0, 1e308, -1e308)):
        for eye in (Eye(0, 90), Eye(90, 5), STANDING):
            stand = paint_ground(painter, QRectF(0, 0, 300, 200), relief(f), eye, THEMES["light"], stale=True, fine=False)
            trail = Trail(np.array([[0.0, 0.0], [np.nan, 1.0], [9.0, 1.0], [1e300, 0.0]]), "#000000", np.array([1, 0.5, 0.2, 0.1]))
            paint_marks(painter, QRectF(0, 0, 300, 200), stand, relief(f), THEMES["light"], [trail], [Spot(0, 0, "#000000", "f")])
    painter.end()
    assert isinstance(stand, Stand)


def test_mouse_and_keys_turn_it_and_the_point_is_dragged(qtbot: QtBot) -> None:
    view = ReliefView("surface")
    view.relief, view.point = relief(X**2 + Y**2), Spot(0.4, 0.6, "#6D28D9")
    view.resize(600, 420)
    qtbot.addWidget(view)
    view.show()
    QTest.keyClick(view, Qt.Key.Key_Right)
    QTest.keyClick(view, Qt.Key.Key_Up)
    assert view.eye == Eye(20.0, 35.0)
    QTest.keyClick(view, Qt.Key.Key_Home)
    assert view.eye == STANDING
    at = view.place()
    assert at is not None
    corner = QPoint(15, 15)
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=corner)
    QTest.mouseMove(view, corner + QPoint(50, 0))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=corner + QPoint(50, 0))
    assert view.eye.azimuth == pytest.approx(5.0) and view.eye.elevation == 30.0
    view.look_from(STANDING)
    places: list[tuple[float, float]] = []
    ends: list[bool] = []
    view.dragged.connect(lambda x, y: places.append((x, y)))
    view.ended.connect(ends.append)
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=at.toPoint())
    QTest.mouseMove(view, at.toPoint() + QPoint(40, 0))
    assert view.eye == STANDING and len(places) == 1 and places[0][0] > 0.5
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert ends == [False]
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=at.toPoint())
    assert ends == [False]
    with qtbot.waitSignal(view.stepped) as steps:
        QTest.keyClick(view, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
    assert steps.args == [-1, 0] and view.eye == STANDING


def well_formed(text: str) -> bool:
    """Whether braces and environments are closed in the order in which they were opened."""
    opened: list[str] = []
    for begun, ended, brace in re.findall(r"\\begin\{(\w+)\}|\\end\{(\w+)\}|(?<!\\)([{}])", text):
        if begun or brace == "{":
            opened.append(begun or brace)
        elif not opened or opened.pop() != (ended or "{"):
            return False
    return not opened and text.isascii()


@pytest.mark.parametrize(("spacing", "below", "scale"), [("even", 0.0, "ztick={"), ("log", 0.0, "zmode=log"), ("log", 5.0, "zticklabels")])
def test_the_latex_document_has_every_number_and_is_well_formed(spacing: Any, below: float, scale: str) -> None:
    f = 10.0 ** (X + Y) - below
    f[0, 0] = np.nan
    trails, spots = [Trail(np.array([[0.0, 0.0], [1.0, 0.5]]), "#1B1F24")], [Spot(1.0, 0.5, "#6D28D9", "50 %")]
    text = pgfplots(relief(f, spacing=spacing), Eye(25, 30), trails, spots, "a")
    assert well_formed(text) and not well_formed(text.replace("\\end{axis}", "")) and not well_formed(text + "{")
    rows = re.search(r"\\pgfplotstableread\{\nx y f place rank\n(.*?)\n\}\\surface", text, re.DOTALL)
    assert rows is not None
    table = np.array([[float(cell) for cell in row.split()] for row in rows[1].splitlines()])
    assert table.shape == (441, 5) and np.array_equal(table[:, 2], f.reshape(-1), equal_nan=True)
    assert np.array_equal(table[:, 0], X.reshape(-1)) and np.array_equal(table[:, 1], Y.reshape(-1))
    assert scale in text and r"50 \%" in text and "mesh/rows=21" in text and text.count(r"\addplot3[surf") == 1
    assert r"xlabel={$w_{1}$}" in text and tex_name("hidden.W[0, 1]") == r"$\mathrm{hidden}.W_{0, 1}$"
    assert tex_name("−∇f, w₁ & λ") == r"$-$$\nabla$f, w$_1$ \& $\lambda$"
    flat = pgfplots_flat(relief(f, spacing=spacing), trails, spots)
    assert well_formed(flat) and "addplot3" not in flat and flat.count("node[pos=0.5") == len(relief(f, spacing=spacing).levels)
