"""What can be done with runs, on a real document and a stand-in for the engine: every change is one undoable edit."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engine.nodes.catalog import CATALOG
from engine.training.curve import Point
from graph.formula.to_graph import build
from graph.model.computation import computation_key
from graph.model.edits import SetParam, SetTraining
from graph.model.run_record import RunRecord
from graph.storage.document import Document
from graph.storage.files import dumps
from graph.storage.saved_run import SavedRun
from tests.support.fake_workspace import FakeWorkspace
from ui.runs.feature import RunsFeature
from ui.runs.run_rows import walk


class Engine:
    """Two runs, one branch; notes where it is sent."""

    def __init__(self, document: Document) -> None:
        key, training = computation_key(document.graph), dict(document.graph.training)
        adam = {**training, "optimizer": "adam", "hyper": {"lr": 0.01}}
        self.runs = {
            1: RunRecord(1, last=100, training=training, graph=key, began=1.0, loss=0.5),
            2: RunRecord(2, last=80, training=adam, graph=key, began=2.0),
            3: RunRecord(3, 1, 40, 60, "settings", key, {**training, "hyper": {"lr": 1.0}}, began=3.0),
        }
        self.texts = {key: dumps(document.graph)}
        self.progress = SimpleNamespace(run=2, step=80)
        self.curves: dict[int, list[Point]] = {1: [Point(1, 1.0), Point(100, 0.5)]}
        self.training = False
        self.went: list[Any] = []

    def to_iteration(self, step: int, run: int | None = None, check: bool = True) -> None:
        self.went.append((run, step))

    def start(self) -> None:
        self.went.append("start")

    def document_text(self, key: str) -> str:
        return self.texts.get(key, "")

    def saved_runs(self) -> tuple[SavedRun, ...]:
        return tuple(SavedRun(record) for record in self.runs.values())


@pytest.fixture
def workspace(make_workspace: Callable[..., FakeWorkspace]) -> FakeWorkspace:
    workspace = make_workspace(Document(build("w*x", CATALOG, {"x": 2.0}, {"w": 0.5})))
    workspace.kernel = Engine(workspace.document)  # type: ignore[assignment]
    return workspace


@pytest.fixture
def feature(workspace: FakeWorkspace) -> RunsFeature:
    return RunsFeature(workspace)


def test_restoring_sets_what_a_run_trained_with_in_one_edit_and_goes_there(feature: RunsFeature, workspace: FakeWorkspace) -> None:
    document, engine = workspace.document, workspace.kernel
    before = dict(document.graph.training)
    feature.choose([2])
    feature.go_on()
    assert document.graph.training["optimizer"] == "adam" and document.graph.training["hyper"] == {"lr": 0.01}
    assert engine.went == [(2, 80), "start"]
    document.undo()
    assert document.graph.training == before and not document.history.can_undo


def test_restoring_brings_back_the_graph_that_was_trained_and_keeps_what_is_said_of_runs(
    feature: RunsFeature, workspace: FakeWorkspace
) -> None:
    document = workspace.document
    x = next(node.id for node in document.graph.nodes.values() if node.name == "x")
    first = computation_key(document.graph)
    document.do(SetParam(x, "value", 3.0))
    document.do(SetTraining("seed", 7))
    feature.set_name(1, "the first")
    edited = dumps(document.graph)
    assert computation_key(document.graph) != first and all(row.foreign for row in walk(feature.rows()))
    feature.choose([1])
    assert feature.restore()
    assert computation_key(document.graph) == first and document.graph.nodes[x].params["value"] == 2.0
    assert document.graph.training["seed"] == 0 and feature.name(1) == "the first"
    document.undo()
    assert dumps(document.graph) == edited
    workspace.kernel.texts.clear()
    assert not feature.restore() and dumps(document.graph) == edited
    assert workspace.said[-1] == "The graph that the first trained is no longer known."


def test_names_notes_and_deletion_are_undone_like_every_edit(feature: RunsFeature, workspace: FakeWorkspace) -> None:
    document = workspace.document
    assert [feature.name(run) for run in (1, 2, 3)] == ["SGD η 0.1", "Adam η 0.01", "η 1 from step 40"]
    feature.set_name(3, "  fast ")
    feature.set_note(3, "overshoots")
    feature.choose([3, 2])
    feature.delete()  # the current run, 2, stays
    assert document.graph.settings["runs"] == {"3": {"name": "fast", "note": "overshoots", "deleted": True}}
    assert [row.id for row in walk(feature.rows())] == [1, 2] and "1 run is deleted" in workspace.said[-1]
    for _ in range(3):
        document.undo()
    assert "runs" not in document.graph.settings and [row.id for row in walk(feature.rows())] == [1, 3, 2]
    feature.set_name(3, "η 1 from step 40")  # its default name is none of its own
    assert not document.modified


def test_pinned_and_checked_runs_are_shown_each_in_its_colour(feature: RunsFeature, workspace: FakeWorkspace) -> None:
    changed: list[bool] = []
    feature.changed.connect(lambda: changed.append(True))
    feature.choose([3])
    feature.toggle_pinned()
    feature.document_changed()
    feature.set_shown(1, True)
    feature.document_changed()
    assert feature.shown() == [1, 3] and len(changed) == 2
    assert len({feature.hue(run) for run in (1, 2, 3)} | {workspace.theme.forward, workspace.theme.backward}) == 5
    feature.set_shown(3, False)  # no longer pinned either
    assert feature.shown() == [1]


def test_a_branch_takes_its_settings_and_its_step_and_says_what_comes(feature: RunsFeature, workspace: FakeWorkspace) -> None:
    record = feature.records[1]
    feature.branch_from(record, 30, {**record.settings, "hyper": {"lr": 0.5}, "order_seed": 4})
    assert workspace.document.graph.training["hyper"] == {"lr": 0.5} and workspace.document.graph.training["order_seed"] == 4
    assert workspace.kernel.went == [(1, 30)]
    assert workspace.said[-1] == "Step 30 of SGD η 0.1. Train to begin the branch."


def test_a_fork_is_said_once_with_what_it_branched_from(feature: RunsFeature, workspace: FakeWorkspace) -> None:
    engine: Any = workspace.kernel
    feature.set_progress(engine.progress)  # a document with runs is opened: nothing has branched now
    assert not workspace.said
    engine.runs[4] = RunRecord(4, 3, 50, 51, "values", training=engine.runs[3].training, began=4.0)
    engine.progress = SimpleNamespace(run=4, step=51)
    feature.set_progress(engine.progress)
    feature.set_progress(engine.progress)
    assert workspace.said == ["Branched from step 50 of η 1 from step 40; the earlier future is kept in Runs."]


def test_the_history_is_saved_with_names_and_without_deleted_runs(
    feature: RunsFeature, workspace: FakeWorkspace, tmp_path: Path
) -> None:
    workspace.dialogs.saves = tmp_path / "runs.json"
    feature.choose([3])
    feature.delete()
    feature.save_json()
    saved = json.loads((tmp_path / "runs.json").read_text())
    assert [(run["id"], run["name"]) for run in saved["runs"]] == [(1, "SGD η 0.1"), (2, "Adam η 0.01")]
    feature.save_markdown()
    assert "| Adam η 0.01 |" in (tmp_path / "runs.json").read_text()
