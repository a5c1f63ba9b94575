"""The tree of runs as rows: branches below what they branched from, what differs, results of one part, order, deletion."""

from __future__ import annotations

from typing import Any

from engine.training.curve import Point
from graph.model.run_record import Best, RunRecord, SettingsChange
from graph.model.training_settings import training_defaults
from ui.runs.run_rows import (
    ACCURACY,
    BEST_LOSS,
    DIFFERS,
    ENDED,
    LOSS,
    NAME,
    OPTIMIZER,
    STEPS,
    Seen,
    metrics_of,
    places_in,
    run_rows,
    small_curve,
    walk,
)

SGD = training_defaults()
ADAM = {**SGD, "optimizer": "adam", "hyper": {"lr": 0.01}}
FAST = {**SGD, "hyper": {"lr": 1.0}}


def run(id: int, parent: int | None = None, start: int = 0, last: int = 100, **more: Any) -> RunRecord:
    fields: dict[str, Any] = {"training": SGD, "began": float(id), "graph": "a"} | more
    return RunRecord(id, parent, start, last, **fields)


RUNS = [
    run(1, loss=0.25, metrics={"validation_loss": 0.5, "validation_accuracy": 0.75, "train_accuracy": 1.0},
        best={"validation_loss": Best(40, 0.25)}, changes=(SettingsChange(60, FAST),)),
    run(2, training={**ADAM, "epochs": 7}, loss=0.125, metrics={"validation_loss": 0.125}, stopped="Finished after 100 steps."),
    run(3, 1, 1040, 1200, training=FAST, origin="settings", loss=0.5),
    run(4, 3, 1100, 1300, origin="values", graph="b", training=FAST),
]  # fmt: skip


def rows(settings: Any = None, column: int = -1, falling: bool = False, **seen: Any) -> list[Any]:
    return run_rows({record.id: record for record in RUNS}, Seen(settings or {}, "a", **seen), column, falling)


def shape(rows: Any) -> list[Any]:
    return [(row.id, shape(row.below)) if row.below else row.id for row in rows]


def test_branches_lie_below_their_parents_and_say_what_differs() -> None:
    top = rows()
    assert shape(top) == [(1, [(3, [4])]), 2]
    first, branch, hand, adam = walk(top)
    assert (first.texts[NAME], first.texts[OPTIMIZER], first.texts[DIFFERS]) == ("SGD η 0.1", "SGD", "η 1 after step 60")
    assert adam.texts[DIFFERS] == "Adam η 0.01, Epochs 7" and adam.texts[ENDED] == "Finished after 100 steps."
    assert branch.texts[STEPS] == "1,040 to 1,200" and branch.texts[DIFFERS] == ""  # the parent trained with this rate by then
    assert hand.foreign and hand.texts[DIFFERS] == "not the current graph, weights set by hand"


def test_results_are_of_one_part_which_the_heading_says() -> None:
    metrics = metrics_of(RUNS)
    assert metrics.headings == ("Loss, validation", "Accuracy, validation")
    assert metrics_of([run(1, loss=1.0)]).headings == ("Loss of the step", "Accuracy")
    first, branch, *_others = walk(rows())
    assert (first.texts[LOSS], first.texts[BEST_LOSS], first.texts[ACCURACY]) == ("0.5", "0.25 at 40", "75.0%")
    assert branch.texts[LOSS] == "" and branch.texts[ACCURACY] == ""  # its loss of a step is none of the validation part


def test_nothing_of_a_hidden_loss_is_shown_nor_follows_from_the_order() -> None:
    points = {1: [Point(1, 0.5), Point(2, 0.25)]}
    shown = walk(rows(hidden=True, curves=points, column=LOSS))
    assert [row.texts[LOSS] for row in shown] == ["?", "", "", "?"] and not any(row.curve or row.texts[ENDED] for row in shown)
    assert shape(rows(hidden=True, column=LOSS, falling=True)) == shape(rows())
    assert walk(rows(curves=points))[0].curve == ((1.0, 0.5), (2.0, 0.25))


def test_sorted_by_a_column_with_pinned_runs_first_and_what_has_no_number_last() -> None:
    assert shape(rows(column=LOSS)) == [2, (1, [(3, [4])])]
    assert shape(rows(column=LOSS, falling=True)) == [(1, [(3, [4])]), 2]
    assert shape(rows({"runs": {"2": {"pinned": True}}})) == [2, (1, [(3, [4])])]
    assert [row.shown for row in walk(rows({"runs": {"2": {"pinned": True}, "3": {"shown": True}}}))] == [True, False, True, False]


def test_the_branches_of_a_deleted_run_move_up() -> None:
    assert shape(rows({"runs": {"3": {"deleted": True}}})) == [(1, [4]), 2]
    assert shape(rows({"runs": {"1": {"deleted": True}, "3": {"deleted": True}}})) == [2, 4]


def test_the_current_run_says_its_step() -> None:
    row = next(row for row in walk(rows(present=3, step=1100)) if row.present)
    assert row.id == 3 and row.texts[STEPS] == "at 1,100 of 1,200" and row.spoken.startswith("η 1 from step") is False
    assert "current run" in row.spoken


def test_small_curves_keep_the_newest_point_and_share_their_axes() -> None:
    curve = small_curve([Point(step, 1 / step) for step in range(1, 1001)] + [Point(1001), Point(1002, float("nan"))])
    assert len(curve) <= 49 and curve[0] == (1.0, 1.0) and curve[-1] == (1000.0, 0.001)
    first, second = walk(rows(curves={1: [Point(50, 1.0), Point(100, 0.01)], 2: [Point(100, 0.1)]}))[0], None
    everything = walk(rows(curves={1: [Point(50, 1.0), Point(100, 0.01)], 2: [Point(100, 0.1)]}))
    second = next(row for row in everything if row.id == 2)
    assert places_in(first.curve, everything) == [(0.5, 1.0), (1.0, 0.0)] and places_in(second.curve, everything) == [(1.0, 0.5)]
