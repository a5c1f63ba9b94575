"""The tree of runs as rows of text, without a widget: names, what differs, results, small curves, in the order that was chosen."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from engine.data.parts import Part, part_word
from engine.training.run_names import change_texts, ordered, parent_settings, run_names
from engine.training.run_names import optimizer_title as title_of
from graph.model.covered import SIGNS
from graph.model.loss_words import loss_words
from graph.model.run_record import RunRecord
from graph.storage.run_history import is_deleted, said_of
from graph.text.messages import _
from ui.look.numbers import count, number, percent

if TYPE_CHECKING:
    from engine.training.curve import Point

NAME, OPTIMIZER, DIFFERS, STEPS, LOSS, BEST_LOSS, ACCURACY, BEST_ACCURACY, CURVE, ENDED = range(10)
COLUMNS: Final = 10
JUDGES: tuple[Part, ...] = ("validation", "test", "train")
"""The part whose metrics are shown: the first of these that was measured of any run."""
POINTS = 48
"""Points of a small curve at most."""
Curve = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Metrics:
    """The names of the metrics that the columns show, for all runs alike."""

    loss: str = "loss"
    accuracy: str = ""
    penalised: bool = False
    """Whether the loss of a step includes a penalty, of any run."""

    @property
    def headings(self) -> tuple[str, str]:
        """Headings of the two columns, which say the part."""
        loss = loss_words(self.penalised).of_step if self.loss == "loss" else _("Loss, {part}").format(part=_part(self.loss))
        return loss, _("Accuracy, {part}").format(part=_part(self.accuracy)) if self.accuracy else _("Accuracy")


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run as it is shown. `keys` are what the columns are sorted by; `below` are its branches."""

    record: RunRecord
    name: str
    texts: tuple[str, ...]
    keys: tuple[Any, ...] = ()
    place: int = 0
    """Counted in the order in which the runs began: the run's colour follows from it."""
    pinned: bool = False
    shown: bool = False
    present: bool = False
    foreign: bool = False
    """Whether it trained another graph than the present one."""
    note: str = ""
    curve: Curve = ()
    below: tuple[RunRow, ...] = field(default=(), repr=False)

    @property
    def id(self) -> int:
        return self.record.id

    @property
    def spoken(self) -> str:
        """What a screen reader says."""
        marks = [(_("current run"), self.present), (_("pinned"), self.pinned), (_("in the plot"), self.shown)]
        return ", ".join([self.name, *(word for word, holds in marks if holds), *(text for text in self.texts[1:] if text)])


@dataclass(frozen=True, slots=True)
class Seen:
    """What the rows are made of beside the records. `hidden`: a question hides the loss, so that no result may be shown."""

    settings: Mapping[str, Any]
    graph: str = ""
    present: int = 0
    step: int = 0
    hidden: bool = False
    curves: Mapping[int, Sequence[Point]] = field(default_factory=dict)


def metrics_of(records: Sequence[RunRecord]) -> Metrics:
    """Those of the part that judges the runs."""
    known = {name for record in records for name in (*record.metrics, *record.best)}
    loss = next((f"{part}_loss" for part in JUDGES if f"{part}_loss" in known), "loss")
    accuracy = next((f"{part}_accuracy" for part in JUDGES if f"{part}_accuracy" in known), "")
    return Metrics(loss, accuracy, any(record.penalised for record in records))


def run_rows(records: Mapping[int, RunRecord], seen: Seen, column: int = -1, falling: bool = False) -> list[RunRow]:
    """The top rows, each with its branches below it. Of a deleted run, the branches take its place.

    Pinned runs come first; the others in the order in which they began, or sorted by a column.
    """
    names, metrics = run_names(records, seen.settings), metrics_of([*records.values()])
    places = {record.id: place for place, record in enumerate(ordered(records))}
    shared = _shared([record for record in ordered(records) if not is_deleted(seen.settings, record.id)])
    under: dict[int | None, list[RunRow]] = {}
    for record in ordered(records):
        if not is_deleted(seen.settings, record.id):
            under.setdefault(_shown_parent(record, records, seen.settings), []).append(
                _row(record, records, names[record.id], places[record.id], metrics, seen, shared)
            )
    return _grown(under, None, column, falling)


def walk(rows: Sequence[RunRow]) -> list[RunRow]:
    """All rows from top to bottom."""
    return [each for row in rows for each in (row, *walk(row.below))]


def small_curve(points: Sequence[Point]) -> Curve:
    """Steps and losses for a small picture: at most `POINTS`, the newest among them."""
    pairs = [(float(p.step), float(p.loss)) for p in points if p.loss is not None and math.isfinite(p.loss)]
    stride = -(-len(pairs) // POINTS) or 1
    return tuple(pairs[::stride]) + ((pairs[-1],) if pairs and (len(pairs) - 1) % stride else ())


def places_in(curve: Curve, rows: Sequence[RunRow]) -> list[tuple[float, float]]:
    """A small curve on the axes that all rows share, in 0…1 from left to right and upwards; logarithmic where all are positive."""
    curves = [each.curve for each in rows if each.curve]
    steps, values = [x for c in curves for x, _y in c], [y for c in curves for _x, y in c]
    if not values:
        return []
    logarithmic = min(values) > 0
    scale: Callable[[float], float] = math.log if logarithmic else lambda value: value
    low, high, last = scale(min(values)), scale(max(values)), max(max(steps), 1.0)
    return [(x / last, (scale(y) - low) / (high - low) if high > low else 0.5) for x, y in curve]


def _grown(under: Mapping[int | None, Sequence[RunRow]], run: int | None, column: int, falling: bool) -> list[RunRow]:
    rows = [replace(row, below=tuple(_grown(under, row.id, column, falling))) for row in under.get(run, ())]
    if column >= 0:
        known = [row for row in rows if row.keys[column] is not None]
        known.sort(key=lambda row: row.keys[column], reverse=falling)
        rows = known + [row for row in rows if row.keys[column] is None]
    return sorted(rows, key=lambda row: not row.pinned)


def _shown_parent(record: RunRecord, records: Mapping[int, RunRecord], settings: Mapping[str, Any]) -> int | None:
    """The nearest run above that was not deleted."""
    run = record.parent
    while run is not None and run in records and is_deleted(settings, run):
        run = records[run].parent
    return run if run in records else None


def _row(
    record: RunRecord, records: Mapping[int, RunRecord], name: str, place: int, metrics: Metrics, seen: Seen,
    shared: Mapping[str, Any] | None,
) -> RunRow:  # fmt: skip
    said, present = said_of(seen.settings, record.id), record.id == seen.present
    foreign = bool(record.graph and seen.graph and record.graph != seen.graph)
    loss = record.loss if metrics.loss == "loss" else record.metrics.get(metrics.loss)
    accuracy = record.metrics.get(metrics.accuracy)
    best_loss, best_accuracy = record.best.get(metrics.loss), record.best.get(metrics.accuracy)
    numbers = [
        "" if value is None else SIGNS["asked"] if seen.hidden else write(value)
        for value, write in ((loss, number), (accuracy, percent))
    ]  # fmt: skip
    best = [
        "" if value is None else SIGNS["asked"] if seen.hidden
        else _("{value} at {step}").format(value=write(value.value), step=count(value.step))
        for value, write in ((best_loss, number), (best_accuracy, percent))
    ]  # fmt: skip
    texts = (
        name, title_of(record.settings), _differs(record, records, shared, foreign, name),
        _steps(record, seen if present else None), numbers[0], best[0], numbers[1], best[1], "", "" if seen.hidden else record.stopped,
    )  # fmt: skip
    values: tuple[float | None, ...] = (
        loss, best_loss.value if best_loss else None, accuracy, best_accuracy.value if best_accuracy else None,
    )  # fmt: skip
    if seen.hidden:
        values = (None,) * 4
    keys = (name.casefold(), texts[OPTIMIZER], texts[DIFFERS], record.last, *(map(_finite, values)), place, record.stopped)
    return RunRow(
        record, name, texts, keys, place, said.get("pinned") is True, said.get("shown") is True or said.get("pinned") is True, present,
        foreign, str(said.get("note") or ""), () if seen.hidden else small_curve(seen.curves.get(record.id, ())),
    )  # fmt: skip


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _steps(record: RunRecord, present: Seen | None) -> str:
    if present is not None and present.step != record.last:
        return _("at {step} of {last}").format(step=count(present.step), last=count(record.last))
    return count(record.last) if not record.start else _("{first} to {last}").format(first=count(record.start), last=count(record.last))


def _shared(records: Sequence[RunRecord]) -> Mapping[str, Any] | None:
    """The settings of the first run, with which those without a parent are compared."""
    return records[0].training if records else None


def _differs(record: RunRecord, records: Mapping[int, RunRecord], shared: Mapping[str, Any] | None, foreign: bool, name: str) -> str:
    """What differs from the run it branched from; of one without a parent, from the first run of all, where its name does not say that."""
    before = parent_settings(record, records)
    texts = [_("not the current graph")] if foreign else []
    texts += {"values": [_("weights set by hand")], "graph": [_("another graph")], "data": [_("other data")]}.get(record.origin, [])
    compared = shared if before is None else before
    texts += change_texts(compared, record.training, every=True) if compared is not None else []
    settings = record.training
    for change in record.changes:
        changed = change_texts(settings, change.training, every=True)
        if changed:
            texts.append(_("{changes} after step {step}").format(changes=", ".join(changed), step=count(change.step)))
        settings = change.training
    return "" if before is None and texts == [name] else ", ".join(texts)


def _part(metric: str) -> str:
    part = metric.partition("_")[0]
    return part_word(part) if part in JUDGES else part
