"""Documents as files: what is written comes back, and an old file opens for ever."""

from __future__ import annotations

import io
import json
import os
import stat
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from graph.model.edits import AddItem, AddNode, Connect, GraphError, SetGraphSetting, SetParam
from graph.model.elements import Edge, Frame, Group, Node, Note
from graph.model.graph import Graph
from graph.model.lint import lint
from graph.storage.document import Document
from graph.storage.files import FileError, dumps, load, loads, save
from graph.storage.migrations import migrate
from tests.support.catalog import CATALOG, add, wire, xy_plus_z

GOLDEN = Path(__file__).parents[2] / "data"


def _everything() -> Graph:
    """A graph with one of everything a file can hold."""
    graph = xy_plus_z()
    AddItem(Group("g1", "block")).apply(graph)
    AddItem(Group("g2", "inner", "g1", True, 8.0, 16.5)).apply(graph)
    AddItem(Frame("f1", "Frame", -8.0, 0.0, 400.0, 300.0, "blue", {"later": [1, {"a": None}]})).apply(graph)
    AddItem(Note("t1", 'line one\nline "two" ∂f/∂x')).apply(graph)
    mystery = Node("n20", "layer.from_the_future", "mystery", "label", {"p": {"q": [1, 2.5, "x"]}}, 3.25, -4.0, "g2", True, {"later": 1})
    AddNode(mystery).apply(graph)
    Connect(Edge("e20", ("n1", "y"), ("n20", "in"), 0, ((1.5, 2.0), (3.0, 4.0)), {"later": "kept"})).apply(graph)
    Connect(Edge("e21", ("n2", "y"), ("n20", "in"), 1)).apply(graph)
    joined = add(graph, "math.concatenate", axis=0)
    wire(graph, "n1", joined, "xs")
    wire(graph, "n20", joined, "xs", "out")
    SetParam("n1", "value", [[1.0, -2.5], [1e-300, 4]]).apply(graph)
    SetGraphSetting("objective", {"node": "n5", "port": "y"}).apply(graph)
    SetGraphSetting("plugin", {"kept": True}).apply(graph)
    graph.extra = {"from_the_future": [1, 2, {"three": 3}]}
    return graph


def test_everything_saved_is_loaded_again() -> None:
    graph = _everything()
    loaded = loads(dumps(graph), CATALOG)
    assert loaded == graph
    assert dumps(loaded) == dumps(graph)
    assert lint(loaded) == []


def test_every_node_and_edge_has_its_own_line() -> None:
    graph = _everything()
    lines = dumps(graph).splitlines()
    items: list[Any] = [*graph.nodes.values(), *graph.edges.values()]
    for item in items:
        row = [line for line in lines if line.startswith(f' {{"id": "{item.id}"')]
        assert len(row) == 1
        assert json.loads(row[0].rstrip(",")) == item.to_json()


def test_the_text_does_not_depend_on_the_order_in_which_settings_were_set() -> None:
    texts = []
    for names in (("out_features", "bias"), ("bias", "out_features")):
        graph = Graph(CATALOG)
        node = add(graph, "layer.linear")
        for name in names:
            SetParam(node, name, {"out_features": 3, "bias": False}[name]).apply(graph)
        texts.append(dumps(graph))
    assert texts[0] == texts[1]


def test_the_golden_file_of_version_1_opens_and_is_written_back_unchanged() -> None:
    path = GOLDEN / "version-1.gradwire"
    graph = load(path, CATALOG)
    assert lint(graph) == []
    assert [node.name for node in graph.nodes.values()] == ["x", "w", "linear", "mystery", "loss", "data"]
    assert graph.setting("n3", "out_features") == 3
    assert graph.nodes["n4"].params == {"depth": [1, {"kept": None}]}
    assert dumps(graph) == path.read_text(encoding="utf-8")


def test_former_names_of_types_ports_and_settings_open_under_their_present_names() -> None:
    graph = xy_plus_z()
    add(graph, "layer.linear", "hidden", out_features=5)
    wire(graph, "n5", "n6")
    text = dumps(graph)
    for present, former in (("layer.linear", "layer.dense"), ("out_features", "units"), ('["n6", "x", 0]', '["n6", "input", 0]')):
        text = text.replace(present, former)
    assert text != dumps(graph)
    assert loads(text, CATALOG) == graph


def test_migrations_run_one_after_the_other() -> None:
    steps = {1: lambda c: c | {"nodes": [*c["nodes"], "two"]}, 2: lambda c: c | {"nodes": [*c["nodes"], "three"]}}
    content = {"version": 1, "nodes": []}
    assert migrate(content, steps) == {"version": 3, "nodes": ["two", "three"]}
    assert content == {"version": 1, "nodes": []}


def test_a_newer_file_opens_read_only_and_cannot_be_changed_or_saved(tmp_path: Path) -> None:
    path = tmp_path / "new.gradwire"
    path.write_text(dumps(xy_plus_z()).replace('"version": 1', '"version": 99'), encoding="utf-8")
    document = Document.load(path, CATALOG)
    assert "newer Gradwire" in document.read_only and "99" in document.read_only
    with pytest.raises(GraphError, match="newer"):
        document.do(SetParam("n1", "value", 3.0))
    with pytest.raises(FileError, match="newer"):
        document.save(tmp_path / "copy.gradwire")
    with pytest.raises(FileError, match=r"new\.gradwire: it was written by a newer Gradwire"):
        load(path, CATALOG)


def test_tensors_in_the_archive_are_carried_along_unread(tmp_path: Path) -> None:
    graph = xy_plus_z()
    SetParam("n1", "value", {"tensor": "sha256:00ff"}).apply(graph)
    graph.attachments["tensors/00ff.safetensors"] = bytes(range(256)) * 9
    save(graph, tmp_path / "a.gradwire")
    loaded = load(tmp_path / "a.gradwire", CATALOG)
    assert loaded == graph
    save(loaded, tmp_path / "b.gradwire")
    assert (tmp_path / "a.gradwire").read_bytes() == (tmp_path / "b.gradwire").read_bytes()


@pytest.mark.skipif(os.name != "posix", reason="file modes and links are POSIX")
def test_saving_keeps_the_mode_and_follows_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real.gradwire", tmp_path / "link.gradwire"
    save(Graph(CATALOG), real)
    real.chmod(0o640)
    link.symlink_to(real)
    save(xy_plus_z(), link)
    assert link.is_symlink() and stat.S_IMODE(real.stat().st_mode) == 0o640
    assert load(real, CATALOG) == xy_plus_z()


def test_a_failed_save_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "kept.gradwire"
    save(xy_plus_z(), path)
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    document = Document(Graph(CATALOG), path)
    document.do(AddNode(Node("n1", "math.add", "add")))
    with pytest.raises(FileError, match=r"kept\.gradwire: it cannot be saved: the disk is full"):
        document.save()
    assert document.modified
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["kept.gradwire"]


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX")
def test_a_kill_while_saving_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "killed.gradwire"
    program = (
        "import sys\nfrom graph.storage.files import save\nfrom graph.model.edits import SetGraphSetting\n"
        "from tests.support.catalog import xy_plus_z\n"
        "graph = xy_plus_z()\nprint('ready', flush=True)\nstep = 0\nwhile True:\n    step += 1\n"
        "    SetGraphSetting('title', 'x' * (step % 5000)).apply(graph)\n    save(graph, sys.argv[1])\n"
    )
    for delay in (0.05, 0.11, 0.17):
        process = subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[3])
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
        import time

        time.sleep(delay)
        process.kill()
        process.communicate()
        assert lint(load(path, CATALOG)) == []


def test_an_archive_that_unpacks_to_far_more_than_it_holds_is_refused(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("document.json", dumps(xy_plus_z()))
        archive.writestr("bomb", bytes(200 * 2**20))
    path = tmp_path / "bomb.gradwire"
    path.write_bytes(stream.getvalue())
    with pytest.raises(FileError, match="packed suspiciously tightly"):
        load(path, CATALOG)
