"""The positions of the numbers on wires: the value above, the gradient below, each fixed for as long as nothing moves.

A label touches its wire where it can, and covers no other wire, card or label; where there is no such place, the less important of
two labels is left out. Places depend on geometry and on the room the texts need, rounded up, so that changing digits do not
make them jump.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ui.canvas.model import geometry, wires
from ui.canvas.model.content import Content
from ui.canvas.model.label_room import ASKED, REPEATED, STUB, WORD, Places, Room, Spot, needed, said_by
from ui.canvas.model.label_search import Box, Choice, Ground, Surroundings, Taken, followed, overlap
from ui.canvas.model.legibility import LEAST as LEAST_TEXT
from ui.canvas.model.legibility import enlarged
from ui.canvas.model.number_texts import WireText, final_texts
from ui.canvas.model.scene import CanvasScene
from ui.look.theme import Theme

NUMBERS = 0.36
"""The scale from which wires carry their numbers, magnified."""
BRACKETS = 0.5
"""The scale from which small tensors are written out on wires."""
WRITTEN = 0.6
"""The scale from which they are on cards, whose numbers are not magnified."""
SIDES = (-1.0, 1.0)
"""Above and below: the value's side and the gradient's."""
MARGIN = 21.0
"""How far the objective's numbers may reach into the margin around a graph that is shown whole, at the usual size of labels."""
_TOGETHER = 14.0
"""What it is worth that a wire's value and gradient stand at the same place along it."""
_CHUNK, _PORTION = 24, 6
"""Wires whose labels find their places together, so that the more important come first; fewer where there are many and no time."""
_BUSY = 250
"""From this many wires on, lines to labels would only be more of a tangle."""
Key = tuple[str, int]
"""A wire and 0 for its value, 1 for its gradient."""


@dataclass
class _Task:
    """A wire whose labels want places."""

    edge: str
    around: Surroundings
    room: tuple[Room, Room]
    said: tuple[WireText, WireText]
    choices: tuple[list[Choice], list[Choice]]


class Labels:
    """Places of the labels, kept until geometry near them changes. `boost` magnifies the texts."""

    def __init__(self) -> None:
        self.places: dict[str, Places] = {}
        self.boost = 1.0
        self.brackets = True
        self.held = False
        """While numbers change by a drag or in training, labels keep their places even when texts outgrow them."""
        self._taken = Taken()
        self._stub: tuple[float, float] | None = None
        """Where the objective's stub began when its numbers were placed."""
        self._version = 0
        """Counts changes of places."""
        self._favoured: tuple[frozenset[str], int] = frozenset(), -1
        self._over: dict[Key, Spot] = {}
        """Labels of favoured wires that had to be left out, shown all the same."""
        self._under: frozenset[Key] = frozenset()
        """Labels that give way to them."""

    def magnify(self, boost: float, brackets: bool) -> None:
        """Texts are drawn this large; `brackets`: small tensors are written out."""
        if (boost, brackets) != (self.boost, self.brackets):
            self.boost, self.brackets = boost, brackets
            self.clear()

    def clear(self) -> None:
        self._version += 1
        self.places.clear()
        self._taken.clear()

    def forget(self, edge_ids: Iterable[str]) -> None:
        for edge_id in self.places.keys() & set(edge_ids) if self.places else ():
            self._drop(edge_id)

    def follow(self, scene: CanvasScene, edge_ids: Iterable[str]) -> None:
        """Keep labels where they are along wires that are being carried; overlaps are resolved when the drag ends."""
        edges = [edge for edge in edge_ids if edge in self.places and edge in scene.edge_row]
        for edge, own in zip(edges, scene.points_of(scene.wire_rows.of(edges)), strict=True):
            known = self.places[edge]
            above, below = (_followed(own, side, spot) for side, spot in zip(SIDES, known.sides, strict=True))
            self.places[edge] = Places(above, below, known.room, known.said)
            for i, spot in enumerate((above, below)):
                self._over.pop((edge, i), None)
                if spot is not None:
                    self._taken.put((edge, i), spot.box)
        self._version += len(edges)

    def hit(self, edge_ids: Iterable[str], x: float, y: float) -> str | None:
        """The wire one of whose numbers is at a place of the scene."""
        for edge in edge_ids:
            if any(left <= x <= right and top <= y <= bottom for left, top, right, bottom in self.boxes([edge])):
                return edge
        return None

    def boxes(self, edge_ids: Iterable[str]) -> list[Box]:
        """What the labels of these wires cover, as left, top, right, bottom."""
        return [spot.box for edge in edge_ids for spot in self.shown(edge) if spot is not None]

    def shown(self, edge: str) -> tuple[Spot | None, Spot | None]:
        """Where the two labels of a wire are to be seen now; None where they are not."""
        known = self.places.get(edge)
        if known is None:
            return None, None
        if not self._over:
            return known.sides
        above, below = (self._over.get((edge, i)) or (spot if (edge, i) not in self._under else None) for i, spot in enumerate(known.sides))
        return above, below

    def favour(self, scene: CanvasScene, content: Content, edges: frozenset[str]) -> tuple[object, ...]:
        """Show all labels of these wires, those that had to be left out too: others give way, and come back afterwards.

        What is shown differently now, to be compared.
        """
        if self._favoured != (edges, self._version):
            self._favoured = edges, self._version
            self._over, under = {}, set[Key]()
            ground = Ground(scene, self._stub, self.boost, content.marking)
            for edge in sorted(edges):
                known = self.places.get(edge)
                if known is None or edge == STUB or None not in known.sides:
                    continue
                task = self._search(ground, edge, said_by(scene, edge, content), content)
                for i, spot in enumerate(known.sides):
                    found = self._despite(task, i, edges) if spot is None else None
                    if found is not None:
                        self._over[edge, i] = found[0]
                        under |= found[1]
            self._under = frozenset(under)
        return tuple(self._over), self._under

    def _despite(self, task: _Task, i: int, edges: frozenset[str]) -> tuple[Spot, set[Key]] | None:
        """The best place for a label among those of other wires, and which of them it covers."""
        best: tuple[float, Spot, set[Key]] | None = None
        for short, attempt in self._attempts(task, i):
            for choice in attempt:
                covered = set(self._taken.over(choice.box))
                clash = any(overlap(choice.box, spot.box) for spot in self._over.values())
                cost = choice.cost + 20.0 * len(covered)
                if not clash and not any(key[0] in edges for key in covered) and (best is None or cost < best[0]):
                    best = cost, _spot_at(choice, short), covered
            if best is not None:
                return best[1], best[2]
        return None

    # finding places

    def prepare(self, scene: CanvasScene, ids: Iterable[str], content: Content, budget_ms: float | None = None) -> bool:
        """Find a place for every wire of `ids` that has none, or whose texts have outgrown it; whether all have one now.

        With a budget the search stops when the time is up: a large graph gets its labels over some frames.
        """
        began = time.perf_counter()
        waiting = self._waiting(scene, ids, content)
        stub = _stub(scene, content)
        if stub != self._stub:
            self._stub = stub
            self._drop(STUB)
        if stub is not None and self._wanting(scene, STUB, content):
            waiting.insert(0, STUB)
        ground = Ground(scene, stub, self.boost, content.marking) if waiting else None
        size = _CHUNK if budget_ms is None or len(waiting) <= _CHUNK else _PORTION
        for start in range(0, len(waiting), size):
            if start and budget_ms is not None and (time.perf_counter() - began) * 1000 > budget_ms:
                return False
            assert ground is not None
            self._place([self._task(ground, edge, content) for edge in waiting[start : start + size]])
        return True

    def _waiting(self, scene: CanvasScene, ids: Iterable[str], content: Content) -> list[str]:
        """Asked before every picture: wires whose labels say what they said are passed over quickly."""
        places, edges, held = self.places, scene.graph.edges, self.held
        waiting = []
        for edge in ids:
            known = places.get(edge)
            if known is not None:
                if held:
                    continue
                above, below = known.said
                now = final_texts(edges[edge], content)
                if now[0] is above and now[1] is below:
                    continue
            if known is None or self._wanting(scene, edge, content):
                waiting.append(edge)
        return waiting

    def _wanting(self, scene: CanvasScene, edge: str, content: Content) -> bool:
        known = self.places.get(edge)
        if known is None:
            return True
        if self.held:
            return False
        said = said_by(scene, edge, content)
        if said[0] is known.said[0] and said[1] is known.said[1]:
            return False
        if not all(has.holds(needs) for has, needs in zip(known.room, needed(edge, said, content, self.boost), strict=True)):
            return True
        self.places[edge] = replace(known, said=said)
        return False

    def _task(self, ground: Ground, edge: str, content: Content) -> _Task:
        self._drop(edge)
        return self._search(ground, edge, said_by(ground.scene, edge, content), content)

    def _search(self, ground: Ground, edge: str, said: tuple[WireText, WireText], content: Content) -> _Task:
        """Every place that the labels of a wire could have if there were no others."""
        scene, room = ground.scene, needed(edge, said, content, self.boost)
        if edge == STUB:
            assert self._stub is not None
            own = _stub_points(self._stub, max(room[0].width, room[1].width))
            ground = Ground(scene, None, self.boost, content.marking, MARGIN * self.boost)
        else:
            own = scene.wire_points(edge)
        around = Surroundings(ground, own, edge, (max(r.width for r in room), max(r.height for r in room)))
        above, below = (around.choices(side, r.width, r.height) for side, r in zip(SIDES, room, strict=True))
        return _Task(edge, around, room, said, (above, below))

    def _place(self, tasks: Sequence[_Task]) -> None:
        """The most important labels first, among them those with the fewest places; what finds none makes others move, or is left out."""
        for task in tasks:
            self.places[task.edge] = Places(None, None, task.room, task.said)
        for task in sorted(tasks, key=lambda t: (min(r.rank for r in t.room), min(len(c) for c in t.choices))):
            if task.room[0].rank < WORD and task.room[1].rank < WORD:
                self._place_pair(task)
        by_edge = {task.edge: task for task in tasks}
        left = [(task.room[i].rank, len(task.choices[i]), task.edge, i) for task in tasks for i in (0, 1)]
        for _, _, edge, i in sorted(left):
            if self._spot((edge, i)) is None:
                self._place_one(by_edge[edge], i, by_edge)

    def _place_pair(self, task: _Task) -> None:
        """Value and gradient at the same share of the wire, unless each has a much better place of its own."""
        above, below = ([c for c in choices if not self._taken.over(c.box)] for choices in task.choices)
        under = {choice.share: choice for choice in reversed(below)}
        pairs = [(over, under[over.share], 0.0) for over in above if over.share in under]
        pairs += [(above[0], below[0], _TOGETHER)] if above and below else []
        free = [(over.cost + mate.cost + more, over, mate) for over, mate, more in pairs if not overlap(over.box, mate.box)]
        if free:
            _, over, mate = min(free, key=lambda row: row[0])
            self._settle(task, 0, over)
            self._settle(task, 1, mate)

    def _place_one(self, task: _Task, i: int, others: dict[str, _Task]) -> None:
        """One label alone: free, or where others can make room; else with less in reserve, at the end of a line, or as a sign."""
        rank, key = task.room[i].rank, (task.edge, i)
        for short, attempt in self._attempts(task, i):
            free = next((choice for choice in attempt if not self._taken.over(choice.box)), None)
            chosen = free or self._cleared(task.room[i].rank, attempt, others)
            if chosen is not None:
                self._settle(task, i, chosen, short)
                return
        if rank == ASKED:
            choice = task.around.forced(SIDES[i], task.room[i].exact, task.room[i].height)
            for other in self._taken.over(choice.box):
                self._set(other, None)
            self._settle(task, i, choice)
        else:
            self._set(key, None)

    def _attempts(self, task: _Task, i: int) -> Iterator[tuple[int, list[Choice]]]:
        """Places to be tried one list after the other, and which shorter form they are for."""
        room, side, choices = task.room[i], SIDES[i], task.choices[i]
        mate = self._spot((task.edge, 1 - i))
        if mate is not None:
            shared = Choice(0.0, mate.box, mate.pick).share
            choices = sorted(choices, key=lambda choice: choice.cost + _TOGETHER * (choice.share != shared))
        yield 0, choices
        if room.exact < room.width:
            yield 0, task.around.choices(side, room.exact, room.height)
        for form, size in enumerate(room.short, 1):
            yield form, task.around.choices(side, *size)
        if room.rank < WORD:
            for form, size in enumerate(((room.exact, room.height), *room.short)):
                yield form, task.around.across(side, *size, mate.box if mate is not None else None)
        if room.rank < REPEATED and task.around.wires <= _BUSY:
            for form, size in enumerate(room.short or ((room.exact, room.height),), min(1, len(room.short))):
                yield form, task.around.led(side, *size)

    def _cleared(self, rank: int, attempt: Sequence[Choice], others: dict[str, _Task]) -> Choice | None:
        """A place from which everything that is there could move elsewhere, or is less important: it is gone from there now."""
        for choice in attempt:
            moves: list[tuple[Key, Choice | None]] = []
            for key in self._taken.over(choice.box):
                owner = others.get(key[0])
                known = self.places[key[0]].room[key[1]]
                elsewhere = next((c for c in owner.choices[key[1]] if self._fits(c.box, key, choice.box, moves)), None) if owner else None
                if elsewhere is None and known.rank <= rank:
                    break
                moves.append((key, elsewhere))
            else:
                for key, elsewhere in moves:
                    self._set(key, None)
                    if elsewhere is not None:
                        self._settle(others[key[0]], key[1], elsewhere)
                return choice
        return None

    def _fits(self, box: Box, key: Key, new: Box, moves: Sequence[tuple[Key, Choice | None]]) -> bool:
        """Whether a box is free once its label has left, and of the label that comes."""
        boxes = [new, *(choice.box for _, choice in moves if choice is not None)]
        gone = [key, *(other for other, _ in moves)]
        return not any(overlap(box, other) for other in boxes) and not self._taken.over(box, gone)

    # keeping them

    def reaches_others(self, key: Key, spot: Spot, width: float) -> bool:
        """Whether a text of this width at the place of a label, which it has outgrown, would lie over another label's place."""
        x, y = spot.middle(width)
        return bool(self._taken.over((x - width / 2, y - spot.height / 2, x + width / 2, y + spot.height / 2), [key]))

    def _spot(self, key: Key) -> Spot | None:
        return self.places[key[0]].sides[key[1]]

    def _settle(self, task: _Task, i: int, choice: Choice, short: int = 0) -> None:
        self._set((task.edge, i), _spot_at(choice, short))

    def _set(self, key: Key, spot: Spot | None) -> None:
        self._version += 1
        known = self.places[key[0]]
        self.places[key[0]] = replace(known, backward=spot) if key[1] else replace(known, forward=spot)
        if spot is None:
            self._taken.drop(key)
        else:
            self._taken.put(key, spot.box)

    def _drop(self, edge: str) -> None:
        if self.places.pop(edge, None) is not None:
            self._version += 1
            for i in (0, 1):
                self._taken.drop((edge, i))


def _spot_at(choice: Choice, short: int) -> Spot:
    left, top, right, bottom = choice.box
    return Spot((left + right) / 2, (top + bottom) / 2, right - left, bottom - top, choice.pick, short, choice.lean, choice.foot)


def _followed(own: np.ndarray, side: float, spot: Spot | None) -> Spot | None:
    if spot is None:
        return None
    (left, top, right, bottom), lean = followed(own, side, spot.width, spot.height, spot.pick)
    return Spot((left + right) / 2, (top + bottom) / 2, spot.width, spot.height, spot.pick, spot.short, lean)


def magnification(scale: float, theme: Theme, least: float = LEAST_TEXT) -> float:
    """How much larger labels are drawn when the graph is small on the screen, so that they have the least size; in few steps."""
    usual = min(round(4 * theme.scale / scale) / 5, 1.4)
    return min(max(1.0, usual, enlarged(15.0, scale, least)), 2.4)


def _stub(scene: CanvasScene, content: Content) -> tuple[float, float] | None:
    """Where the objective's stub begins; None where the objective is not on this level."""
    seen = scene.output_of(content.objective())
    return scene.anchor(*seen, True) if seen is not None and seen[0] in scene.row else None


def _stub_points(start: tuple[float, float], width: float) -> np.ndarray:
    """The stub as points of a wire, as long as its numbers are wide, and around its target."""
    x, y = start
    across = np.linspace(x + 8, x + 8 + max(geometry.STUB, width), wires.SAMPLES)
    target = np.abs(across - x - geometry.STUB) < 9
    down = np.where(target, 7.0 * (-1.0) ** np.arange(wires.SAMPLES), 0.0)
    return np.stack([across, y + down], axis=1)
