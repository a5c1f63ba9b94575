"""What can be saved can be opened, however many numbers it holds."""

from __future__ import annotations

import random
import zipfile
from pathlib import Path
from typing import Any

import pytest

from engine.nodes.catalog import CATALOG
from graph.model.edits import AddNode, SetParam
from graph.model.elements import Node
from graph.model.graph import Graph
from graph.storage import archive as archive_files
from graph.storage import files, large_values, scan
from graph.storage.document import Document
from graph.storage.files import FileError, dumps, load, loads, save
from graph.storage.journal import Journal
from graph.storage.recovery import recover
from tests.support.crashes import die


def holding(value: object) -> Graph:
    document = Document.new(CATALOG)
    document.do(AddNode(Node("c", "source.constant", "c", params={"value": value})))
    document.do(AddNode(Node("x", "source.input", "x", params={"value": 2.5})))
    return document.graph


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same limits, reached sooner."""
    for module in (scan, large_values):
        monkeypatch.setattr(module, "MAXIMUM_VALUES", 5000)


VALUES: dict[str, list[Any]] = {
    "matrix": [[random.Random(n).uniform(-1e9, 1e9) for _ in range(70)] for n in range(100)],
    "list": [float(n % 1000) for n in range(5002)],  # one comma more than a text may hold
}


@pytest.mark.parametrize("kind", VALUES)
def test_more_numbers_than_a_text_may_hold_are_saved_and_opened(small: None, tmp_path: Path, kind: str) -> None:
    graph = holding(VALUES[kind])
    path = tmp_path / "many.gradwire"

    save(graph, path)
    opened = load(path, CATALOG)

    assert zipfile.is_zipfile(path)
    assert opened.nodes["c"].params["value"] == VALUES[kind] and opened == graph
    assert not opened.attachments, "it would be saved twice"
    save(opened, tmp_path / "again.gradwire")
    assert (tmp_path / "again.gradwire").read_bytes() == path.read_bytes()


def test_the_limit_of_a_text_is_the_same_for_writing_and_reading() -> None:
    """The real one, at which a number more makes the difference."""
    most = "{" + "," * scan.MAXIMUM_VALUES
    for text, too_large, complaint in ((most, False, "is not JSON"), (most + ",", True, "too many values for a document")):
        assert large_values.is_too_large(text) == too_large
        with pytest.raises(scan.ScanError, match=complaint):
            scan.parse(text.encode())


@pytest.mark.long
def test_three_million_numbers_are_saved_and_opened(tmp_path: Path) -> None:
    graph = holding([float(n % 1000) for n in range(3_100_000)])
    save(graph, tmp_path / "many.gradwire")
    assert load(tmp_path / "many.gradwire", CATALOG) == graph


def test_the_numbers_are_a_safetensors_file(small: None, tmp_path: Path) -> None:
    safetensors = pytest.importorskip("safetensors.numpy")
    save(holding([[0.1, -2.0, 3e300]] * 2000), tmp_path / "m.gradwire")
    with zipfile.ZipFile(tmp_path / "m.gradwire") as archive:
        (member,) = [name for name in archive.namelist() if name.startswith("tensors/")]
        read = safetensors.load(archive.read(member))["value"]
    assert read.shape == (2000, 3) and read[-1].tolist() == [0.1, -2.0, 3e300]


def test_few_numbers_stay_in_the_text(tmp_path: Path) -> None:
    save(holding([0.5] * 5000), tmp_path / "few.gradwire")
    assert (tmp_path / "few.gradwire").read_bytes().startswith(b'{"format"')


def test_the_kernel_and_the_journal_take_them_too(small: None, tmp_path: Path) -> None:
    graph = holding([1.0] * 9000)
    assert loads(dumps(graph), CATALOG, own=True) == graph
    with pytest.raises(FileError):
        loads(dumps(graph), CATALOG)
    document = Document(graph)
    journal = Journal(document, tmp_path)
    document.do(SetParam("x", "value", 3.0))
    journal.flush()
    die(journal)
    (recovered,) = recover(tmp_path, CATALOG)
    assert recovered.graph == document.graph
    recovered.release()
    journal._close()


def test_what_could_not_be_opened_again_is_not_saved_and_the_old_file_stays(
    small: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    path = tmp_path / "kept.gradwire"
    save(holding(1.0), path)
    before = path.read_bytes()
    monkeypatch.setattr(files, "MAXIMUM_NUMBERS", 6000)
    with pytest.raises(FileError, match="more than could be read again"):
        save(holding([1.0] * 9000), path)
    monkeypatch.setattr(files, "MAXIMUM_ATTACHED", 100)
    attached = holding(1.0)
    attached.attachments["tensors/a.safetensors"] = bytes(200)
    with pytest.raises(FileError, match="its tensors, runs and embedded files take more than"):
        save(attached, path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("broken", [b"", b"\xff" * 8, b"\x02" + bytes(7) + b"{}", b"\x01" + bytes(7) + b"[" * 70_000])
def test_a_reference_without_its_numbers_opens_and_stays_one(tmp_path: Path, broken: bytes) -> None:
    graph = holding({"tensor": "sha256:" + "0" * 64})
    graph.attachments["tensors/" + "0" * 64 + ".safetensors"] = broken
    save(graph, tmp_path / "r.gradwire")
    assert load(tmp_path / "r.gradwire", CATALOG) == graph


def test_small_bombs_add_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of entries, each of them packed as tightly as one alone may be."""
    monkeypatch.setattr(archive_files, "_ROOM", 2**20)
    path = tmp_path / "bomb.gradwire"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("document.json", dumps(holding(1.0)))
        for n in range(300):
            archive.writestr(f"{n}", bytes(2**14))
    assert path.stat().st_size < 2**18
    with pytest.raises(FileError, match="packed suspiciously tightly"):
        load(path, CATALOG)


@pytest.mark.long
def test_small_bombs_add_up_to_hundreds_of_megabytes(tmp_path: Path) -> None:
    path = tmp_path / "bomb.gradwire"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("document.json", dumps(holding(1.0)))
        for n in range(300):
            archive.writestr(f"{n}", bytes(2**20))
    assert path.stat().st_size < 2**20
    with pytest.raises(FileError, match="packed suspiciously tightly"):
        load(path, CATALOG)


def test_a_table_of_contents_of_any_length_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table of 10 KB with a limit of 8 KB, and one of 300 entries with a limit of 200."""
    path = tmp_path / "entries.gradwire"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("document.json", dumps(holding(1.0)))
        for n in range(300):
            archive.writestr(zipfile.ZipInfo(f"{n:040}"), b"")
    load(path, CATALOG)
    monkeypatch.setattr(archive_files, "MAXIMUM_MEMBERS", 200)
    with pytest.raises(FileError, match="more than can be read"):
        load(path, CATALOG)
    monkeypatch.setattr(archive_files, "_DIRECTORY", 2**13)
    with pytest.raises(FileError, match="the archive is damaged"):
        load(path, CATALOG)
