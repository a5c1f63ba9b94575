"""Loading as a job: the same numbers as loading at once, with progress in megabytes and rows, and nothing left behind by a cancel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.data import load
from engine.data.answer import FIRST_ROWS, load_data
from engine.data.files import LARGE, large_file
from engine.data.job import load_job
from engine.data.loading import is_read
from engine.numerics.job import JobError, JobReport, finished

ROWS = 90_000


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of more than a megabyte: a, b and their sum."""
    path = tmp_path_factory.mktemp("data") / "large.csv"
    path.write_text("a,b,sum\n" + "".join(f"{i},{i % 7}.5,{i + i % 7}.5\n" for i in range(ROWS)))
    assert path.stat().st_size > LARGE
    return path


def settings(path: Path, **more: object) -> dict[str, object]:
    return {"dataset": "csv", "path": str(path), **more}


def test_the_numbers_are_those_of_loading_at_once_and_progress_only_grows(large: Path) -> None:
    reports: list[JobReport] = []
    steps = load_data(None, load_job([settings(large)], "", 0))
    while True:
        try:
            reports.append(next(steps))
        except StopIteration as end:
            shown = end.value
            break
    done = [report.done for report in reports]
    assert done == sorted(done) and reports[-1].total == 1000 and len(reports) > ROWS // 2000
    texts = " | ".join(report.text for report in reports)
    assert "1 of 1 MB read" in texts and "88,000 of 90,001 lines read" in texts and "numbers of column 2 of 2" in texts

    whole = load(settings(large))
    assert shown.description == whole.description and len(shown.train.x) == FIRST_ROWS
    np.testing.assert_array_equal(shown.train.x, whole.train.x[:FIRST_ROWS])
    np.testing.assert_array_equal(whole.train.x[:, 0] + whole.train.x[:, 1], whole.train.y[:, 0])


def test_a_job_that_was_cancelled_has_read_nothing_and_the_file_can_be_read_again(large: Path, tmp_path: Path) -> None:
    path = tmp_path / "again.csv"
    path.write_bytes(large.read_bytes())
    steps = load_data(None, load_job([settings(path)], ""))
    for _ in range(9):
        next(steps)
    steps.close()
    assert not is_read(settings(path))
    assert finished(load_data(None, load_job([settings(path)], ""))) is None
    assert is_read(settings(path))


def test_what_is_wrong_with_a_file_is_found_once_and_said_of_the_one_that_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "wrong.csv"
    path.write_text("a,b\n1,2\n3\n")
    job = load_job([settings(path), {"dataset": "iris"}], "")
    assert finished(load_data(None, job)) is None
    with pytest.raises(JobError, match="line 3 has 1 of 2 columns"):
        finished(load_data(None, load_job([settings(path)], "", 0)))
    assert is_read(settings(path))
    path.write_text("a,b\n1,2\n3,4\n5,6\n")
    assert finished(load_data(None, load_job([settings(path)], "", 0))).description.rows == 3


def test_only_a_large_file_is_worth_waiting_for_and_a_changed_one_is_another(large: Path, tmp_path: Path) -> None:
    small = tmp_path / "small.csv"
    small.write_text("a,b\n1,2\n")
    assert large_file(settings(small), "") is None
    assert large_file({"dataset": "iris"}, "") is None and large_file({"dataset": "csv", "path": ""}, "") is None
    assert large_file(settings(tmp_path / "none.csv"), "") is None
    known = large_file(settings(large), "")
    assert known is not None and known == large_file({"dataset": "csv", "path": large.name}, str(large.parent))
    assert known != large_file(settings(large, decimal="comma"), "")
    with large.open("a") as file:
        file.write("1,1.5,2.5\n")
    assert known != large_file(settings(large), "")
