"""Runs in files: what is saved comes back whole, is shared where it is equal, and what is damaged is left out and said."""

from __future__ import annotations

import json
import math
import shutil
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from graph.model.edits import SetGraphSetting, SetParam
from graph.model.graph import Graph
from graph.model.run_record import Best, RunRecord, SettingsChange
from graph.storage.document import Document
from graph.storage.files import FileChanged, dumps, read, save
from graph.storage.journal import Journal
from graph.storage.recovery import recover
from graph.storage.saved import SavedState
from graph.storage.saved_run import SavedLosses, SavedRun
from graph.storage.session import write_file
from tests.support.catalog import CATALOG, xy_plus_z
from tests.support.crashes import die

SGD = {"optimizer": "sgd", "hyper": {"lr": 0.1, "momentum": 0.0}, "steps": 5, "epochs": None, "batch_size": 3, "seed": 7}
SHARED = SavedState(5, 1, 2, "sgd", packed=bytes(range(200)), seed=7)
FIRST = SavedRun(
    RunRecord(
        1, None, 0, 5, "start", "0123456789abcdef", SGD, (SettingsChange(3, {**SGD, "hyper": {"lr": 0.01}}),), 7, math.inf,
        {"train_loss": math.inf, "train_accuracy": 0.75}, {"train_loss": Best(2, 0.1 + 0.2)}, "“stopped” by patience",
        1.25, 1.7e9, threads=2,
    ),
    ({"step": 1, "loss": 1 / 3}, {"step": 2, "loss": 5e-324, "train_accuracy": 0.5}, {"step": 5, "loss": math.inf}),
    SavedLosses(1, 5, 1, struct.pack("<5d", 1 / 3, 5e-324, -0.0, 1e308, math.inf)),
    (SavedState(0, optimizer="sgd", numbers={"parameters/n1.value": {"dtype": "float64", "shape": [], "values": [0.1]}}), SHARED),
)  # fmt: skip
SECOND = SavedRun(
    RunRecord(4, 1, 5, 2**40, "graph", training={"optimizer": "adam", "hyper": {}, "steps": None}),
    losses=SavedLosses(1, 5, 2, struct.pack("<9d", *range(9))), states=(SHARED,), stride=4, document='{"format": "gradwire"}\n',
)  # fmt: skip
RUNS = (FIRST, SECOND)


def graph_with(**settings: object) -> Graph:
    graph = xy_plus_z()
    for name, value in settings.items():
        SetGraphSetting(name, value).apply(graph)
    return graph


@pytest.mark.parametrize("place", ["file", "beside"])
def test_runs_come_back_equal_and_equal_states_are_stored_once(place: str, tmp_path: Path) -> None:
    graph, path = graph_with(save_runs=place), tmp_path / "g.gradwire"
    save(graph, path, SHARED, RUNS)

    loaded = read(path, CATALOG)
    assert (loaded.runs, loaded.note, loaded.graph, loaded.state) == (RUNS, "", graph, SHARED)
    assert math.copysign(1.0, struct.unpack("<5d", loaded.runs[0].losses.values)[2]) == -1.0
    holder = path if place == "file" else tmp_path / "g.runs"
    before = holder.read_bytes()
    with zipfile.ZipFile(holder) as archive:
        assert [archive.read(name) for name in archive.namelist()].count(SHARED.packed) == 1
        assert struct.unpack("<5d", archive.read("runs/1.losses"))[:2] == (1 / 3, 5e-324)
        row = json.loads(archive.read("runs/1.json"))["record"]
        assert (row["threads"], row["seed"], row["loss"], row["best"]) == (2, 7, "inf", {"train_loss": {"step": 2, "value": 0.1 + 0.2}})
    save(loaded.graph, path, loaded.state, loaded.runs)
    assert holder.read_bytes() == before, "the same runs give the same bytes"


def test_a_document_without_runs_and_one_that_leaves_them_out_is_the_file_it_always_was(tmp_path: Path) -> None:
    graph = xy_plus_z()
    save(graph, tmp_path / "a.gradwire", None, ())
    assert (tmp_path / "a.gradwire").read_text(encoding="utf-8") == dumps(graph)
    leaves = graph_with(save_runs="no")
    save(leaves, tmp_path / "b.gradwire", None, RUNS)
    assert (tmp_path / "b.gradwire").read_text(encoding="utf-8") == dumps(leaves)
    assert sorted(place.name for place in tmp_path.iterdir()) == ["a.gradwire", "b.gradwire"]


def _damage(path: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def _later_version(members: dict[str, bytes]) -> None:
    members["runs/index.json"] = members["runs/index.json"].replace(b'"version": 1', b'"version": 2')


@pytest.mark.parametrize(
    ("change", "left", "said"),
    [
        (lambda members: members.pop("runs/index.json"), (), "the list of the runs is missing"),
        (_later_version, (), "written by a newer Gradwire"),
        (lambda members: members.update({"runs/index.json": b"[" * 10_000}), (), "the list of the runs is damaged"),
        (lambda members: members.update({"runs/4.json": b"{}"}), (FIRST,), 'run "4": it is missing or damaged'),
        (lambda members: members.pop("runs/1.losses"), (SECOND,), 'run "1": a part of it is missing or damaged'),
        (lambda members: members.update({"runs/1.losses": bytes(40)}), (SECOND,), 'run "1": a part of it is missing or damaged'),
    ],
)
def test_damaged_runs_are_left_out_and_said_and_the_document_opens(
    change: Callable[[dict[str, bytes]], None], left: tuple[SavedRun, ...], said: str, tmp_path: Path
) -> None:
    path = tmp_path / "g.gradwire"
    save(xy_plus_z(), path, None, RUNS)
    _damage(path, change)
    loaded = read(path, CATALOG)
    assert loaded.graph == xy_plus_z() and loaded.runs == left and said in loaded.note
    assert loaded.note.startswith("g.gradwire: ") and loaded.note.count(". ") == 0


def test_a_byte_that_the_disk_lost_costs_one_run_only(tmp_path: Path) -> None:
    path = tmp_path / "g.gradwire"
    save(xy_plus_z(), path, None, RUNS)
    data = path.read_bytes()
    at = data.index(struct.pack("<d", 1e308))
    path.write_bytes(data[:at] + b"\x00" + data[at + 1 :])
    loaded = read(path, CATALOG)
    assert loaded.runs == (SECOND,) and 'run "1"' in loaded.note


@pytest.mark.parametrize(
    ("field", "value"),
    [("id", -1), ("last", 2.5), ("training", {"batch_size": -3}), ("metrics", {"loss": "many"}), ("best", [1]), ("origin", "magic"),
     ("changes", [{"step": 1}]), ("seed", True), ("stopped", None), ("parent", 1)],
)  # fmt: skip
def test_a_record_with_a_wrong_field_is_refused_in_words(field: str, value: object) -> None:
    from graph.storage.run_json import SavedRunError, read_record, record_json

    assert read_record(json.loads(json.dumps(record_json(FIRST.record)))) == FIRST.record
    with pytest.raises(SavedRunError, match=r"its|record"):
        read_record(record_json(FIRST.record) | {field: value})


def test_runs_beside_are_found_under_both_names_and_what_is_missing_or_of_another_time_is_said(tmp_path: Path) -> None:
    graph, path = graph_with(save_runs="beside"), tmp_path / "g.gradwire"
    save(graph, path, None, RUNS)
    assert path.read_bytes().startswith(b"{"), "the document itself stays text"
    alone, together, away = (tmp_path / name for name in ("alone.gradwire", "together.gradwire", "away/g.gradwire"))
    shutil.copy(path, alone)
    assert read(alone, CATALOG).runs == RUNS, "the document was renamed"
    shutil.copy(path, together)
    shutil.copy(tmp_path / "g.runs", tmp_path / "together.runs")
    assert read(together, CATALOG).runs == RUNS and read(together, CATALOG).note == ""

    away.parent.mkdir()
    shutil.copy(path, away)
    lost = Document.load(away, CATALOG)
    missing = "g.gradwire: its runs are in g.runs, which is not beside it, so the document is open without them."
    assert lost.runs == () and lost.note == missing
    lost.do(SetParam("n1", "value", 3.0))
    lost.save()
    shutil.copy(tmp_path / "g.runs", away.parent)
    assert read(away, CATALOG).runs == RUNS, "a document remembers the runs that were missing"

    save(graph, together, None, (FIRST,))
    shutil.copy(tmp_path / "together.runs", tmp_path / "g.runs")
    older = read(path, CATALOG)
    assert older.runs == (FIRST,) and "g.runs was saved at another time than the document" in older.note
    (tmp_path / "g.runs").write_bytes(b"PK\x03\x04 nothing")
    assert "cannot be read (the archive is damaged)" in read(path, CATALOG).note


def test_other_runs_beside_are_never_replaced_without_a_question(tmp_path: Path) -> None:
    path = tmp_path / "g.gradwire"
    (tmp_path / "g.runs").write_text("runs of somebody else")
    document = Document(graph_with(save_runs="beside"))
    with pytest.raises(FileChanged, match=r"g\.runs"):
        document.save(path, runs=RUNS)
    assert not path.exists()
    document.save(path, runs=RUNS, replace=True)
    document.save(runs=(FIRST,))
    save(document.graph, path, None, RUNS)
    document.identity = None
    with pytest.raises(FileChanged, match="other runs"):
        document.save()
    again = Document.load(path, CATALOG)
    again.save()
    assert again.runs == RUNS


def test_save_as_and_recovery_keep_the_runs(tmp_path: Path) -> None:
    document = Document(graph_with(save_runs="beside"), runs=RUNS)
    document.save(tmp_path / "one.gradwire")
    document.save(tmp_path / "two.gradwire")
    assert read(tmp_path / "two.gradwire", CATALOG).runs == RUNS == document.runs

    opened = Document.load(tmp_path / "two.gradwire", CATALOG)
    journal = Journal(opened, tmp_path / "journals")
    opened.do(SetParam("n1", "value", 3.0))
    journal.flush()
    journal.keep_runs(lambda: (SECOND,))
    journal.flush()
    parts = list((tmp_path / "journals").glob("session-*/runs/*"))
    assert len(parts) == 6, "list, index, record, losses, state and document of one run"
    die(journal)
    (recovered,) = recover(tmp_path / "journals", CATALOG)
    assert recovered.runs == (SECOND,)
    rescued = recovered.document()
    rescued.save(replace=True)
    rescued.save()
    assert read(tmp_path / "two.gradwire", CATALOG).runs == (SECOND,)


def test_the_journal_is_written_a_file_at_a_time_and_what_was_left_in_the_middle_is_written_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    written: list[str] = []

    def listed(place: Path, *parts: bytes) -> None:
        written.append(place.name)
        write_file(place, *parts)

    monkeypatch.setattr("graph.storage.journal.write_file", listed)
    document = Document(graph_with(save_runs="beside"), runs=RUNS)
    document.save(tmp_path / "one.gradwire")
    document.do(SetParam("n1", "value", 3.0))
    journal = Journal(document, tmp_path / "journals")
    journal.keep_runs(lambda: RUNS)
    steps = journal.flushing()
    for count in range(1, 4):
        next(steps)
        assert len(written) <= count
    document.do(SetParam("n1", "value", 4.0))  # between two files
    newest = [SECOND]
    journal.keep_runs(lambda: tuple(newest))
    steps.close()
    assert journal.pending
    written.clear()
    for count, _step in enumerate(journal.flushing(), 1):
        assert len(written) <= count
    assert written[-1] == "list" and not journal.pending
    die(journal)
    (recovered,) = recover(tmp_path / "journals", CATALOG)
    assert recovered.runs == (SECOND,) and recovered.graph.nodes["n1"].params["value"] == 4.0 and recovered.whole


def test_new_runs_are_something_to_save() -> None:
    document = Document(xy_plus_z(), runs=(FIRST,))
    document.set_runs([FIRST.record, RunRecord(9, start=4, last=4)])
    assert not document.modified, "a run without steps of its own is nothing new"
    document.set_runs([FIRST.record, SECOND.record])
    assert document.modified
    document.do(SetGraphSetting("save_runs", "no"))
    document.history.mark_clean()
    assert not document.modified
