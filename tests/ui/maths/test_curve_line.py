"""A curve that is stroked in pieces looks as if it were stroked whole, and is one line in a file."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPolygonF
from pytestqt.qtbot import QtBot

from ui.look import pictures
from ui.look.theme import LIGHT
from ui.maths.curve_line import PIECE, curve_line, pieces
from ui.maths.plots import new_plot, pen


def test_pieces_are_all_of_the_line_each_as_long_as_a_piece_or_a_little_longer() -> None:
    x, y = np.arange(600.0), np.where(np.arange(600) % 2 == 0, 0.0, 30.0)
    found, step = pieces(x, y), float(np.hypot(1.0, 30.0))
    assert found[0][0] == 0 and found[-1][1] == 599
    assert all(last == first for (_start, last, _before), (first, _end, _length) in itertools.pairwise(found))
    assert all(abs((last - first) * step - PIECE) <= step for first, last, _before in found[:-1])
    assert [before for _first, _last, before in found] == pytest.approx([first * step for first, _last, _before in found])
    assert pieces(np.array([0.0, 900.0]), np.zeros(2)) == [(0, 1, 0.0)]  # one long stroke is not cut


@pytest.fixture
def plot(qtbot: QtBot) -> Any:
    plot = new_plot("curve")
    qtbot.addWidget(plot)
    plot.setBackground("w")
    for side in ("left", "bottom"):
        plot.hideAxis(side)
    plot.resize(400, 160)
    plot.setRange(xRange=(0, 300), yRange=(0, 1), padding=0)
    plot.show()
    return plot


def ink(image: QImage) -> np.ndarray:
    """How dark each pixel is, from 0 to 1; shape (height, width)."""
    grey = image.convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(grey.constBits(), np.uint8).reshape(grey.height(), grey.bytesPerLine())
    return 1 - rows[:, : grey.width()] / 255.0


@pytest.mark.parametrize("opacity", [1.0, 0.35])
@pytest.mark.parametrize("dashed", [False, True])
@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_it_looks_like_one_stroke(plot: Any, noise: float, dashed: bool, opacity: float) -> None:
    x = np.arange(300.0)
    y = 0.2 + x / 1000 + noise * np.random.default_rng(0).random(300)
    line = curve_line(plot)
    line.setPen(pen("#000000", 1.6, LIGHT, dashed))
    line.setData(x, y)
    line.setOpacity(opacity)
    shown = ink(plot.grab().toImage())

    whole = QImage(plot.size(), QImage.Format.Format_RGB32)
    whole.fill(Qt.GlobalColor.white)
    painter = QPainter(whole)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(pen("#000000", 1.6, LIGHT, dashed))
    box = plot.getViewBox()
    painter.drawPolyline(QPolygonF([QPointF(plot.mapFromScene(box.mapViewToScene(QPointF(a, b)))) for a, b in zip(x, y, strict=True)]))
    painter.end()
    expected = opacity * ink(whole)
    assert shown.sum() == pytest.approx(expected.sum(), rel=0.06) and shown.max() == pytest.approx(expected.max(), abs=0.02)


def test_a_file_gets_one_line(plot: Any) -> None:
    def lines() -> int:
        drawn = pictures.svg(plot.size(), lambda painter: plot.scene().render(painter, QRectF(plot.rect()), plot.scene().sceneRect()))
        return drawn.count(b"<path") + drawn.count(b"<polyline")

    line = curve_line(plot)
    line.setPen(pen("#123456", 1.6, LIGHT))
    without = lines()
    line.setData(np.arange(300.0), np.random.default_rng(0).random(300))
    assert lines() == without + 1
