"""Where what the optimizer holds stands, and what a cell of a large layer shows."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QRectF

from engine.compile.views import view_of
from ui.weights.plates import Key, Shape, cells, free_foot, index_of, plates

VIEW = QRectF(0, 0, 1000, 700)


def test_a_plate_stands_below_its_card_and_over_it_where_there_is_no_room() -> None:
    cards = {"w": QRectF(100, 100, 120, 70), "layer": QRectF(400, 100, 140, 90), "low": QRectF(700, 560, 140, 120)}
    tensors: dict[str, list[tuple[Key, Shape]]] = {
        "w": [(("w", "value"), ())],
        "layer": [(("layer", "W"), (64, 64)), (("layer", "b"), (64,))],
        "low": [(("low", "W"), (2, 3)), (("low", "b"), (2,))],
    }
    single, layer, low = plates(cards, tensors, VIEW, 16, 1.0)
    assert single.box.top() > cards["w"].bottom() and single.fields[0].written
    assert single.fields[0].at(*_middle(single.fields[0].area)) == (0, 0)
    assert layer.box.top() > cards["layer"].bottom()
    weights, biases = layer.fields
    assert weights.block[0] > 1 and weights.rows * weights.block[0] >= 64 and biases.area.top() >= weights.area.bottom()
    assert low.box.bottom() <= VIEW.bottom() and low.box.intersects(cards["low"]) and low.box.top() > cards["low"].top()
    assert not low.box.intersects(layer.box)


def test_the_strip_lies_beside_a_lesson_above_the_gradients_and_beside_the_map() -> None:
    lesson, gradients, chart = QRectF(14, 14, 300, 680), QRectF(130, 590, 600, 94), QRectF(824, 580, 160, 104)
    assert free_foot(VIEW, [QRectF(14, 14, 300, 200), QRectF(600, 600, 300, 90)], QRectF()) == VIEW
    assert free_foot(VIEW, [lesson], QRectF()) == QRectF(314, 0, 686, 700)
    assert free_foot(VIEW, [gradients], chart) == QRectF(0, 0, 824, 590)
    assert free_foot(VIEW, [lesson], chart) == QRectF(314, 0, 510, 700)
    assert free_foot(VIEW, [QRectF(14, 14, 700, 680)], QRectF(500, 580, 160, 104)) == VIEW  # too wide to lie beside


def _middle(area: QRectF) -> tuple[float, float]:
    return area.center().x(), area.center().y()


def test_a_cell_of_a_large_layer_is_the_mean_over_its_weights() -> None:
    (plate,) = plates({"n": QRectF(0, 0, 100, 60)}, {"n": [(("n", "W"), (60, 50))]}, QRectF(0, 0, 120, 200), 16, 1.0)
    (field,) = plate.fields
    array = np.random.default_rng(1).normal(size=(60, 50))
    array[0, 0] = np.nan
    table = cells(view_of(array), field)
    assert table.shape == (field.rows, field.columns) and np.isnan(table[0, 0])
    rows, columns = field.block
    assert rows > 1 and table[-1, -1] == pytest.approx(array[(field.rows - 1) * rows :, (field.columns - 1) * columns :].mean())
    assert index_of((60, 50), rows, 0) == (rows, 0) and index_of((4, 3, 2), 5, 1) == (1, 2, 1) and index_of((), 0, 0) == ()
