"""Runs that nobody has named are called by what they trained with; a branch by what differs; no two names are equal."""

from __future__ import annotations

from engine.training.run_names import run_names, with_names
from graph.model.run_record import RunRecord, SettingsChange
from graph.model.training_settings import training_defaults

SGD = training_defaults()
ADAM = {**SGD, "optimizer": "adam", "hyper": {"lr": 0.01}}


def named(*records: RunRecord, **settings: object) -> list[str]:
    names = run_names({record.id: record for record in records}, settings)
    return [names[record.id] for record in records]


def test_a_run_is_named_by_optimizer_and_rate_and_equal_ones_by_what_else_differs() -> None:
    small = {**ADAM, "batch_size": 8}
    whole = {**ADAM, "batch_size": None, "epochs": 7}
    runs = [RunRecord(i, training=t, began=i) for i, t in enumerate([SGD, ADAM, ADAM, small, small, whole], 1)]
    assert named(*runs) == [
        "SGD η 0.1", "Adam η 0.01", "Adam η 0.01 (2)", "Adam η 0.01, Batch size 8", "Adam η 0.01, Batch size 8 (2)",
        "Adam η 0.01, Batch size all",
    ]  # fmt: skip
    assert named(*runs[:2]) == ["SGD η 0.1", "Adam η 0.01"]  # earlier names stay when more runs come


def test_a_branch_is_named_by_what_differs_from_its_parent_at_that_step() -> None:
    slower = {**SGD, "hyper": {"lr": 0.01}}
    first = RunRecord(1, last=900, training=SGD, changes=(SettingsChange(500, slower),))
    rate = RunRecord(2, 1, 400, 800, "settings", training=slower)
    other = RunRecord(3, 1, 600, 800, "settings", training={**ADAM, "batch_size": 8})
    hand = RunRecord(4, 1, 40, 80, "values", training=SGD)
    both = RunRecord(5, 1, 1040, 2000, "graph", training={**slower, "weight": 1})
    again = RunRecord(6, 1, 600, 700, "settings", training=slower)  # the parent's own settings after step 500
    names = named(first, rate, other, hand, both, again)
    assert names[1] == "η 0.01 from step 400"
    assert names[2] == "Adam η 0.01, Batch size 8 from step 600"
    assert names[3] == "weights set by hand at step 40"
    assert names[4].startswith("another graph from step 1,040")
    assert names[5] == "again from step 600"


def test_a_given_name_wins_and_is_never_taken_by_another() -> None:
    runs = [RunRecord(1, training=SGD), RunRecord(2, training=SGD)]
    said = {"1": {"name": "SGD η 0.1", "note": "kept"}, "2": {"name": "  "}}
    assert named(*runs, runs=said) == ["SGD η 0.1", "SGD η 0.1 (2)"]
    filled = with_names({"runs": said, "title": "t"}, {record.id: record for record in runs})
    assert filled["runs"]["1"] == {"name": "SGD η 0.1", "note": "kept"} and filled["runs"]["2"]["name"] == "SGD η 0.1 (2)"
