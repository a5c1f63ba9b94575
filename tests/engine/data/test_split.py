"""Training, validation and test parts, against scikit-learn's shares."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.model_selection import train_test_split

from engine.data import DataError, describe, load
from engine.data.parts import PARTS, Part
from engine.data.split import Shares, split


@pytest.mark.parametrize("counts", [(50, 30, 20), (97, 3), (41, 40, 19, 11)])
def test_every_class_keeps_the_share_that_scikit_learn_gives_it(counts: tuple[int, ...]) -> None:
    """scikit-learn breaks ties by chance: its counts of a class and ours differ by one at most, and agree where there is no tie."""
    labels = np.repeat(np.arange(len(counts)), counts)
    parts = split(labels, len(labels), Shares(0.25, 0.2), np.random.default_rng(3))
    everything = np.concatenate([parts[part] for part in PARTS])
    assert sorted(everything.tolist()) == list(range(len(labels)))
    rest, test = train_test_split(np.arange(len(labels)), test_size=len(parts["test"]), stratify=labels, random_state=0)
    train, validation = train_test_split(rest, test_size=len(parts["validation"]), stratify=labels[rest], random_state=0)
    theirs_of: dict[Part, np.ndarray] = {"test": test, "validation": validation, "train": train}
    for part, theirs in theirs_of.items():
        ours = np.bincount(labels[parts[part]], minlength=len(counts))
        assert np.abs(ours - np.bincount(labels[theirs], minlength=len(counts))).max() <= 1
    assert (len(parts["test"]), len(parts["validation"])) == (round(len(labels) * 0.25), round(len(labels) * 0.2))


def test_without_strata_a_class_may_get_another_share() -> None:
    labels = np.repeat([0, 1], 50)
    parts = split(labels, 100, Shares(0.2, stratified=False), np.random.default_rng(0))
    assert parts["test"].tolist() == np.random.default_rng(0).permutation(100)[:20].tolist()


def test_a_validation_part_leaves_the_test_part_as_it_was() -> None:
    without, beside = (load({"dataset": "iris", "validation_fraction": share}) for share in (0.0, 0.2))
    assert np.array_equal(without.test.rows, beside.test.rows)
    assert (len(beside.validation), beside.description.validation_rows) == (30, 30)
    assert set(beside.validation.rows.tolist()) < set(without.train.rows.tolist())
    assert describe({"dataset": "moons", "validation_fraction": 0.25}).part_rows == {"train": 100, "validation": 50, "test": 50}


def test_shares_that_leave_nothing_to_train_on_are_refused() -> None:
    with pytest.raises(DataError, match="leave no sample to train on"):
        load({"dataset": "moons", "test_fraction": 0.5, "validation_fraction": 0.5})


def test_a_class_too_rare_for_every_part_is_named(tmp_path: Path) -> None:
    rows = [f"{i},{'a' if i % 2 else 'b'}" for i in range(18)] + ["18,rare", "19,rare"]
    (tmp_path / "t.csv").write_text("x,kind\n" + "\n".join(rows) + "\n")
    about = load({"dataset": "csv", "path": "t.csv", "validation_fraction": 0.2}, str(tmp_path)).description
    notes = [note.text for note in about.notes if "too few rows" in note.text]
    assert len(notes) == 1 and "'rare'" in notes[0]


def test_the_parts_that_a_source_names_are_kept() -> None:
    """What it does not name is drawn from its training rows; a row without a part is left out."""
    given = np.array(["train"] * 12 + ["test"] * 5 + [""] * 3)
    parts = split(None, 20, Shares(0.9, 0.25), np.random.default_rng(0), given=given)
    assert sorted(parts["test"].tolist()) == list(range(12, 17))
    assert len(parts["validation"]) == 3 and len(parts["train"]) == 9
    assert sorted(np.concatenate([parts["train"], parts["validation"]]).tolist()) == list(range(12))
