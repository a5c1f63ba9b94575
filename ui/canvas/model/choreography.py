"""One event of a pass as it is seen to happen: numbers travel to a node, wait for each other, are worked with, and the result leaves.

Time (the share of the event that is over) is all that it depends on; where ports and wires are is asked of a `Ground`. No Qt: a test
looks at any moment without a window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from graph.text.messages import _
from ui.canvas.model.arithmetic import Row, Token, sign

Stage = Literal["arrive", "gather", "add", "sum", "operate", "result", "merge", "leave"]
"""`add` lays the contributions at a fan-out side by side, `sum` says what they come to; `operate` lays out the operation, `result` what it
comes to, `merge` draws all of it together in the result."""
Point = tuple[float, float]
FORWARD: tuple[tuple[Stage, float], ...] = (("arrive", 32), ("gather", 10), ("operate", 26), ("result", 16), ("merge", 8), ("leave", 8))
BACKWARD: tuple[tuple[Stage, float], ...] = (("arrive", 8), ("gather", 6), ("operate", 28), ("result", 18), ("merge", 8), ("leave", 32))
ADDED: tuple[tuple[Stage, float], ...] = (("add", 22), ("sum", 16))
FLIGHT = 0.4
"""Share of a stage in which its numbers fly to their places; for the rest of it they can be read."""
GAP = 0.35
"""Between two tokens of a row, in heights of a row."""


class Ground(Protocol):
    """Where things are, in scene units."""

    @property
    def unit(self) -> float:
        """The height of one row."""

    @property
    def middle(self) -> Point:
        """Where the arithmetic is laid out: on the card."""

    @property
    def output(self) -> Point:
        """The port at which the node's result leaves."""

    def way(self, wire: str, share: float) -> Point:
        """A place along a wire, from its source (0) to its target (1)."""

    def length(self, wire: str) -> float:
        """How long a wire is; 0 where it cannot be seen."""

    def width(self, token: Token) -> float: ...

    def height(self, token: Token) -> float: ...


@dataclass(frozen=True, slots=True)
class Chip:
    """A token at a place. `pill`: on its way by itself, with a ground of its own; else a part of a row."""

    token: Token
    x: float
    y: float
    opacity: float = 1.0
    pill: bool = False


@dataclass(frozen=True, slots=True)
class Plate:
    """The ground that rows are laid out on: its middle and its size."""

    x: float
    y: float
    width: float
    height: float
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class Frame:
    stage: Stage
    plate: Plate | None
    chips: tuple[Chip, ...]
    caption: str = ""
    """What the rows are, at the top of the plate."""


@dataclass(frozen=True, slots=True)
class Choreography:
    """`arriving` come along their wires, or appear at the output (the objective's 1); `total` adds them where they are contributions to one
    gradient; `rows` are worked out; `leaving` are the results, each along its wire (a value: to the output)."""

    phase: Literal["forward", "backward"]
    node: str
    arriving: tuple[Token, ...]
    total: Row | None
    rows: tuple[Row, ...]
    leaving: tuple[Token, ...]

    @property
    def stages(self) -> tuple[tuple[Stage, float], ...]:
        """Each stage and its share of the event."""
        stages = list(FORWARD if self.phase == "forward" else BACKWARD)
        if self.total is not None:
            stages[2:2] = ADDED
        if not self.rows:
            stages = [stage for stage in stages if stage[0] not in ("operate", "result")]
        if not self.leaving:
            stages = [stage for stage in stages if stage[0] != "leave"]
        whole = sum(part for _, part in stages)
        return tuple((name, part / whole) for name, part in stages)

    def at(self, share: float) -> tuple[Stage, float]:
        """The stage at this share (0 to 1) of the event, and how much of the stage is over."""
        stages, start = self.stages, 0.0
        for name, part in stages[:-1]:
            if share < start + part:
                return name, (share - start) / part
            start += part
        return stages[-1][0], min(1.0, (share - start) / stages[-1][1])

    def begins(self, stage: Stage) -> float:
        """The share of the event at which a stage begins."""
        start = 0.0
        for name, part in self.stages:
            if name == stage:
                return start
            start += part
        raise KeyError(stage)

    def texts(self, share: float) -> tuple[str, ...]:
        """What can be read at a moment: the numbers on their way, or the rows."""
        stage, _ = self.at(share)
        if stage in ("arrive", "gather"):
            return tuple(token.text for token in self.arriving)
        if stage in ("add", "sum"):
            assert self.total is not None
            return (self.total.text if stage == "sum" else self.total.left,)
        if stage in ("operate", "result"):
            return tuple(row.text if stage == "result" else row.left for row in self.rows)
        return tuple(token.text for token in self.leaving or self._results)

    @property
    def _results(self) -> tuple[Token, ...]:
        return tuple(row.result for row in self.rows) or ((self.total.result,) if self.total is not None else ())

    def fitted(self, widest: float, ground: Ground) -> Choreography:
        """The same with the formula in place of every row that is wider."""
        rows = tuple(row if _width(row, ground) <= widest or not row.short else replace(row, tokens=row.short) for row in self.rows)
        return replace(self, rows=tuple(row for row in rows if _width(row, ground) <= widest))

    @property
    def _settled(self) -> tuple[Row, ...]:
        """The results below each other, as they lie on the card before they leave."""
        return self.rows or tuple(Row((), token) for token in self.leaving)

    # what is drawn

    def frame(self, share: float, ground: Ground, still: bool = False) -> Frame:
        """Everything at a moment. `still`: without travel, each stage as it looks once everything has arrived."""
        stage, done = self.at(share)
        done = 1.0 if still else done
        if stage in ("arrive", "gather"):
            return Frame(stage, None, self._arriving(done if stage == "arrive" else 1.0, ground))
        if stage in ("add", "sum"):
            assert self.total is not None
            return self._laid(stage, (self.total,), done, ground, self._waiting(ground))
        if stage in ("operate", "result"):
            return self._laid(stage, self.rows, done, ground, self._before_rows(ground))
        if stage == "merge":
            return self._merging(done, ground, still)
        return Frame(stage, None, self._leaving(done, ground))

    def _waiting(self, ground: Ground) -> dict[str, Point]:
        """Where the numbers wait that have arrived, by their wires."""
        places: dict[str, Point] = {}
        ends = [(token, self._end(token, ground)) for token in self.arriving]
        ends.sort(key=lambda end: end[1][1])
        bottom = -1e9
        for token, (x, y) in ends:
            high = ground.height(token) + 0.1 * ground.unit
            y = max(y, bottom + high / 2)
            places[token.wire] = (x, y)
            bottom = y + high / 2
        if ends:  # spread about the ports, not below them
            shift = sum(places[token.wire][1] - y for token, (_, y) in ends) / len(ends)
            places = {wire: (x, y - shift) for wire, (x, y) in places.items()}
        return places

    def _end(self, token: Token, ground: Ground) -> Point:
        half = ground.width(token) / 2 + ground.unit * 0.5
        if self.phase == "backward":
            x, y = ground.way(token.wire, 0.0) if ground.length(token.wire) else ground.output
            return x + half, y
        if not ground.length(token.wire):
            return ground.middle
        x, y = ground.way(token.wire, 1.0)
        return x - half, y

    def _arriving(self, done: float, ground: Ground) -> tuple[Chip, ...]:
        places = self._waiting(ground)
        longest = max((ground.length(token.wire) for token in self.arriving), default=0.0)
        chips = []
        for token in self.arriving:
            long, end = ground.length(token.wire), places[token.wire]
            if not long:
                chips.append(Chip(token, *end, opacity=min(1.0, done * 2), pill=True))
                continue
            gone = eased(min(1.0, done * max(1.0, min(2.0, longest / long))))
            start = 0.0 if self.phase == "forward" else 0.5
            place = ground.way(token.wire, gone if self.phase == "forward" else start * (1 - gone))
            last = ground.way(token.wire, 1.0 if self.phase == "forward" else 0.0)
            chips.append(Chip(token, *_between(place, (place[0] + end[0] - last[0], place[1] + end[1] - last[1]), gone**3), pill=True))
        return tuple(chips)

    def _before_rows(self, ground: Ground) -> dict[str, Point]:
        """Where the numbers of the rows come from: their ports, and for the gradient that arrived the output, or the sum on the card."""
        places = self._waiting(ground)
        if self.phase == "backward":
            places[""] = ground.middle if self.total is not None else next(iter(places.values()), ground.output)
        return places

    def _laid(self, stage: Stage, rows: Sequence[Row], done: float, ground: Ground, start: dict[str, Point]) -> Frame:
        first = stage in ("add", "operate")
        flown = eased(min(1.0, done / FLIGHT)) if first else 1.0
        said = 0.0 if first else min(1.0, done / FLIGHT)
        travelled = {token.wire: token for token in self.arriving}
        chips: list[Chip] = []
        for row, places in zip(rows, _layout(rows, ground), strict=True):
            *own, equals, result = places
            for token, place in zip(row.tokens, own, strict=True):
                origin = start.get(token.wire if self.phase == "forward" or stage in ("add", "sum") else "") if token.number else None
                moved = origin is not None and (token.wire or (self.phase == "backward" and token.hue == "gradient"))
                if moved and origin is not None:
                    bare = travelled.get(token.wire, token) if flown < 1.0 else token  # brackets come with the row
                    chips.append(Chip(bare, *_between(origin, place, flown), pill=flown < 1.0))
                else:
                    chips.append(Chip(token, *place, opacity=flown))
            chips.append(Chip(sign("="), *equals, opacity=flown))
            if said:
                chips.append(Chip(row.result, *result, opacity=said))
        return Frame(stage, _plate(rows, ground, flown), tuple(chips), self._caption(stage))

    def _caption(self, stage: Stage) -> str:
        """The rule by which the rows are made, in the words of the explanations."""
        if stage in ("add", "sum"):
            return _("contributions are added")
        return _("upstream × local = downstream") if self.phase == "backward" else ""

    def _merging(self, done: float, ground: Ground, still: bool) -> Frame:
        rows = self.rows or ((self.total,) if self.total is not None else ())
        if self.leaving and not self.rows:  # there was nothing to lay out: the results appear
            appearing = zip(self.leaving, _middles(self._settled, ground), strict=True)
            return Frame("merge", None, tuple(Chip(token, ground.middle[0], y, done, True) for token, y in appearing))
        drawn, slid = eased(min(1.0, 2 * done)), eased(max(0.0, 2 * done - 1))
        chips: list[Chip] = []
        for row, places in zip(rows, _layout(rows, ground), strict=True):
            goal = places[-1]
            if drawn < 1.0:
                chips += [Chip(token, *_between(place, goal, drawn), opacity=(1.0 - drawn) ** 2)
                          for token, place in zip((*row.tokens, sign("=")), places, strict=False)]  # fmt: skip
            chips.append(Chip(row.result, *_between(goal, (ground.middle[0], goal[1]), slid), pill=slid > 0.0))
        return Frame("merge", None if still else _plate(rows, ground, 1.0 - eased(done)), tuple(chips))

    def _leaving(self, done: float, ground: Ground) -> tuple[Chip, ...]:
        gone = eased(done)
        rows = [row.result.wire for row in self._settled]
        heights = _middles(self._settled, ground)
        chips = []
        for token in self.leaving:
            start = (ground.middle[0], heights[rows.index(token.wire)]) if token.wire in rows else ground.middle
            if self.phase == "forward":
                end = (ground.output[0] + ground.width(token) / 2 + ground.unit * 0.4, ground.output[1])
                chips.append(Chip(token, *_between(start, end, gone), pill=True))
            elif ground.length(token.wire):
                port = ground.way(token.wire, 1.0)
                onto = 0.2
                place = _between(start, port, gone / onto) if gone < onto else ground.way(token.wire, 1.0 - (gone - onto) / (1 - onto))
                chips.append(Chip(token, *place, pill=True))
        return tuple(chips)


def eased(share: float) -> float:
    """Slow at both ends."""
    return share * share * (3.0 - 2.0 * share)


def _between(start: Point, end: Point, share: float) -> Point:
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def _height(row: Row, ground: Ground) -> float:
    return max(ground.height(token) for token in (*row.tokens, row.result)) * 1.1


def _middles(rows: Sequence[Row], ground: Ground) -> list[float]:
    """The heights at which rows stand, below each other about the middle."""
    heights = [_height(row, ground) for row in rows]
    top = ground.middle[1] - sum(heights) / 2
    return [top + sum(heights[:index]) + high / 2 for index, high in enumerate(heights)]


def _halves(row: Row, ground: Ground) -> tuple[float, float]:
    """How wide a row is left and right of its sign of equality."""
    gap = GAP * ground.unit
    return sum(ground.width(token) + gap for token in row.tokens), gap + ground.width(row.result)


def _width(row: Row, ground: Ground) -> float:
    return sum(_halves(row, ground)) + ground.width(sign("="))


def _layout(rows: Sequence[Row], ground: Ground) -> list[list[Point]]:
    """The middles of every row's tokens, its sign of equality and its result; the signs of equality stand below each other."""
    if not rows:
        return []
    left, right = (max(sides) for sides in zip(*(_halves(row, ground) for row in rows), strict=True))
    equals, gap = ground.width(sign("=")), GAP * ground.unit
    axis = ground.middle[0] + (left - right) / 2
    places = []
    for row, y in zip(rows, _middles(rows, ground), strict=True):
        x = axis - equals / 2 - _halves(row, ground)[0]
        own: list[Point] = []
        for token in row.tokens:
            own.append((x + ground.width(token) / 2, y))
            x += ground.width(token) + gap
        places.append([*own, (axis, y), (axis + equals / 2 + gap + ground.width(row.result) / 2, y)])
    return places


def _plate(rows: Sequence[Row], ground: Ground, opacity: float) -> Plate | None:
    if not rows:
        return None
    left, right = (max(sides) for sides in zip(*(_halves(row, ground) for row in rows), strict=True))
    high = sum(_height(row, ground) for row in rows)
    return Plate(*ground.middle, left + right + ground.width(sign("=")) + ground.unit, high + 0.35 * ground.unit, opacity)


def extent(scene: Choreography, ground: Ground) -> tuple[float, float]:
    """The largest plate that this event needs, as width and height."""
    plates = [_plate(rows, ground, 1.0) for rows in (scene.rows, (scene.total,) if scene.total is not None else ())]
    sizes = [(plate.width, plate.height) for plate in plates if plate is not None]
    return max((wide for wide, _ in sizes), default=0.0), max((high for _, high in sizes), default=0.0)
