"""Geometry of the canvas: hand-computed places."""

from __future__ import annotations

import random
import time

import pytest

from graph.grouping.align import Guide, Rect, Side, Snap, Snapper, align, along_wires, distribute, nearest
from graph.grouping.groups import group, visible_items
from graph.model.graph import Graph
from tests.support.catalog import CATALOG, add, wire, xy_plus_z

RECTS: dict[str, Rect] = {"a": (0, 0, 100, 40), "b": (150, 30, 60, 80), "c": (400, -20, 20, 20)}


@pytest.mark.parametrize(
    ("side", "places"),
    [
        ("left", {"a": (0, 0), "b": (0, 30), "c": (0, -20)}),
        ("right", {"a": (320, 0), "b": (360, 30), "c": (400, -20)}),
        ("top", {"a": (0, -20), "b": (150, -20), "c": (400, -20)}),
        ("bottom", {"a": (0, 70), "b": (150, 30), "c": (400, 90)}),
        ("center", {"a": (160, 0), "b": (180, 30), "c": (200, -20)}),
        ("middle", {"a": (0, 25), "b": (150, 5), "c": (400, 35)}),
    ],
)
def test_things_are_aligned_with_the_outermost(side: Side, places: dict[str, tuple[float, float]]) -> None:
    assert align(RECTS, side) == places and align({}, side) == {}


def test_aligning_twice_changes_nothing_more() -> None:
    for side in ("left", "right", "top", "bottom", "center", "middle"):
        once = align(RECTS, side)
        moved = {name: (*once[name], *RECTS[name][2:]) for name in RECTS}
        assert align(moved, side) == once


def test_distribution_makes_the_gaps_equal_and_keeps_the_ends() -> None:
    # 100 and 400 are the outer sides; 300 − 60 in between leave two gaps of 120
    assert distribute(RECTS, "x") == {"a": (0, 0), "b": (220, 30), "c": (400, -20)}
    # order by centres: c (−10), a (20), b (70); from 0 to 30 there is room for a (40): gaps of −5
    assert distribute(RECTS, "y") == {"c": (400, -20), "a": (0, -5), "b": (150, 30)}
    two = {name: RECTS[name] for name in "ab"}
    assert distribute(two, "x") == {"a": (0, 0), "b": (150, 30)}


def test_a_side_within_reach_is_drawn_to_the_line_and_a_guide_shows_it() -> None:
    snapper = Snapper([(0, 0, 100, 40)])
    # left side 3 from 0; nothing near vertically
    assert snapper.snap((3, 200, 53, 30)) == Snap(-3, 0, (Guide("x", 0, 0, 230),))
    # left side 5 before the right side 100, bottom 4 above the top 0
    assert snapper.snap((95, -34, 51, 30)) == Snap(5, 4, (Guide("x", 100, -30, 40), Guide("y", 0, 0, 151)))
    # centre on centre: both guides of an equal rectangle are one above the other
    assert snapper.snap((2, 300, 100, 40)) == Snap(-2, 0, (Guide("x", 0, 0, 340), Guide("x", 50, 0, 340), Guide("x", 100, 0, 340)))


def test_nothing_is_drawn_from_beyond_reach() -> None:
    snapper = Snapper([(0, 0, 100, 40)])
    assert snapper.snap((200, 300, 33, 31)) == Snap()
    assert snapper.snap((9, 300, 51, 31), reach=4) == Snap()
    assert Snapper([]).snap((0, 0, 1, 1)) == Snap()


def test_the_nearest_line_wins_and_a_straight_wire_comes_before_all() -> None:
    snapper = Snapper([(0, 0, 100, 40), (5, 500, 100, 40)])
    assert snapper.snap((4, 200, 37, 33)).dx == 1
    assert snapper.snap((1, 200, 37, 33)).dx == -1
    assert snapper.snap((300, 42, 10, 10)).dy == -2
    assert snapper.snap((300, 42, 10, 10), straight=(6.5, -20)).dy == 6.5


def test_snapping_agrees_with_trying_every_line() -> None:
    draw = random.Random(1)
    for _ in range(300):
        others = [tuple(float(draw.randrange(-200, 200)) for _ in range(2)) + (float(draw.randrange(1, 80)), 30.0) for _ in range(6)]
        moving = (draw.uniform(-200, 200), draw.uniform(-200, 200), 44.0, 26.0)
        snap = Snapper(others).snap(moving)  # type: ignore[arg-type]
        for size, start, shift, index in ((44.0, moving[0], snap.dx, 0), (26.0, moving[1], snap.dy, 1)):
            lines = [rect[index] + part * rect[index + 2] for rect in others for part in (0, 0.5, 1)]
            shifts = [line - own for line in lines for own in (start, start + size / 2, start + size) if abs(line - own) <= 8]
            assert abs(shift) == pytest.approx(min(map(abs, shifts), default=0.0))
        for guide in snap.guides:
            start, size = (moving[0] + snap.dx, 44.0) if guide.axis == "x" else (moving[1] + snap.dy, 26.0)
            assert min(abs(guide.at - own) for own in (start, start + size / 2, start + size)) < 1e-5


def test_snapping_among_ten_thousand_is_quick() -> None:
    draw = random.Random(2)
    snapper = Snapper([(draw.uniform(0, 1e5), draw.uniform(0, 1e5), 176.0, 96.0) for _ in range(10_000)])
    start = time.process_time()
    for _ in range(1000):
        snapper.snap((draw.uniform(0, 1e5), draw.uniform(0, 1e5), 176.0, 96.0))
    assert time.process_time() - start < 1.0  # seconds of the processor; under 0.1 ms each


def test_arrows_walk_a_grid() -> None:
    grid: dict[str, Rect] = {f"{column}{row}": (column * 250.0, row * 150.0, 176.0, 96.0) for column in range(4) for row in range(4)}
    assert [nearest(grid, "11", *step) for step in ((1, 0), (-1, 0), (0, 1), (0, -1))] == ["21", "01", "12", "10"]
    assert nearest(grid, "30", 1, 0) is None and nearest(grid, "00", 0, -1) is None


def test_straight_ahead_comes_before_nearer_but_aside_and_aside_before_nothing() -> None:
    rects: dict[str, Rect] = {"here": (0, 0, 100, 50), "ahead": (400, 0, 100, 50), "aside": (150, 300, 100, 50)}
    assert nearest(rects, "here", 1, 0) == "ahead"
    del rects["ahead"]
    assert nearest(rects, "here", 1, 0) == "aside"
    rects["far aside"] = (20, 5000, 100, 50)
    assert nearest(rects, "here", 1, 0) == "aside"
    del rects["aside"]
    assert nearest(rects, "here", 1, 0) == "far aside"


def test_what_is_ahead_comes_before_what_is_nearly_beside() -> None:
    rects: dict[str, Rect] = {"here": (0, 0, 100, 50), "ahead": (2000, 0, 100, 50), "beside": (10, 350, 100, 50)}
    assert nearest(rects, "here", 1, 0) == "ahead"


def test_a_tall_card_beside_counts_as_straight_ahead() -> None:
    rects: dict[str, Rect] = {"here": (0, 0, 100, 50), "tall": (300, -900, 100, 1000), "above": (250, -200, 100, 50)}
    assert nearest(rects, "here", 1, 0) == "tall"  # 300 ahead and not aside; the other is 250 ahead and 150 aside


def test_wires_are_followed_in_the_order_of_the_ports() -> None:
    graph = xy_plus_z()
    level = visible_items(graph)
    assert along_wires(level, "n5", False) == ("n4", "n3") and along_wires(level, "n4", True) == ("n5",)
    assert along_wires(level, "n1", False) == () and along_wires(level, "n5", True) == ()


def test_wires_lead_to_cards_and_from_cards_and_not_out_of_the_group_one_is_in() -> None:
    graph = Graph(CATALOG)
    x, sine, total = add(graph, "source.input"), add(graph, "math.sin"), add(graph, "math.add")
    wire(graph, x, sine)
    wire(graph, sine, total, "a")
    wire(graph, x, total, "b")
    edit, group_id = group(graph, [sine])
    edit.apply(graph)
    level = visible_items(graph)
    assert along_wires(level, x, True) == (group_id, total) and along_wires(level, group_id, True) == (total,)
    assert along_wires(level, group_id, False) == (x,) and along_wires(level, total, False) == (group_id, x)
    assert along_wires(visible_items(graph, group_id), sine, True) == ()
