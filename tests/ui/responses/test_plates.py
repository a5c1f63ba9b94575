"""Where the maps of units stand: below their card, clear of each other and of other cards."""

from __future__ import annotations

from itertools import combinations

from PySide6.QtCore import QRectF

from ui.responses.plates import LEAST, plates

VIEW = QRectF(0, 0, 760, 540)


def test_plates_of_a_row_of_cards_keep_clear_of_each_other_and_of_cards_below() -> None:
    cards = {f"n{i}": QRectF(60 + 97 * i, 200, 60, 45) for i in range(5)}
    below = QRectF(60, 420, 60, 60)
    placed = plates(cards, {"n0": 32, "n1": 32, "n2": 8, "n3": 1, "n4": 2}, VIEW, [below])
    boxes = [plate.box for plate in placed]
    assert not any(a.intersects(b) for a, b in combinations([*boxes, below], 2))
    assert all(VIEW.contains(box) for box in boxes)
    for plate, count in zip(placed, (32, 32, 8, 1, 2), strict=True):
        assert len(plate.cells) == count and all(plate.box.contains(cell) for cell in plate.cells)
        assert not any(a.intersects(b) for a, b in combinations(plate.cells, 2))
        assert {(cell.width(), cell.height()) for cell in plate.cells} == {(plate.cells[0].width(), plate.cells[0].width())}
    last = placed[0].cells[31].center()
    assert placed[0].unit_at(last.x(), last.y()) == 31 and placed[0].unit_at(0, 0) is None
    assert max(cell.width() for cell in placed[1].cells) > 20  # 32 maps can be told apart


def test_without_room_maps_are_small_but_there() -> None:
    plate = plates({"n": QRectF(100, 500, 60, 38)}, {"n": 16}, VIEW)[0]
    assert len(plate.cells) == 16 and plate.cells[0].width() >= LEAST
