"""Files inside a document: their bytes travel in its archive, and a stranger's document cannot name any other file by them."""

from __future__ import annotations

import os
import shutil
import zipfile
from pathlib import Path

import pytest

from engine.data import load
from engine.data.embed import embed_files
from engine.data.embedding import EmbedFiles
from engine.nodes.catalog import CATALOG
from engine.numerics.job import JobError, finished
from graph.model.edits import AddNode, SetParam
from graph.model.elements import Node
from graph.model.graph import Graph
from graph.storage import embedded, files
from graph.storage.document import Document
from graph.storage.files import FileError
from tests.support.pictures import mnist, write_folders, write_idx


@pytest.fixture(autouse=True)
def computer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user of its own, whose data folder is empty."""
    move_to(tmp_path / "this computer", monkeypatch)


def move_to(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "data_folder", lambda: folder)


def document(**params: str) -> Document:
    graph = Graph(CATALOG)
    AddNode(Node("d", "source.data", "data", params={"dataset": "csv", **params})).apply(graph)
    return Document(graph)


def embed(owner: Document, **paths: str) -> None:
    for name, path in finished(embed_files(None, EmbedFiles(tuple(paths.items()), owner.folder))).items():
        owner.do(SetParam("d", name, path))


def table(folder: Path) -> Path:
    path = folder / "längen in cm.csv"
    path.write_text("a,b,label\n1,2,x\n3,4,y\n5,6,x\n7,8,y\n")
    return path


def test_an_embedded_table_travels_to_another_computer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = table(tmp_path)
    owner = document(path=str(path))
    before = load(owner.graph.settings_of("d"), owner.folder)
    embed(owner, path=str(path))
    owner.save(tmp_path / "mine.gradwire")
    path.unlink()
    shutil.rmtree(tmp_path / "this computer")
    move_to(tmp_path / "another computer", monkeypatch)
    shutil.move(tmp_path / "mine.gradwire", tmp_path / "moved.gradwire")
    read = Document.load(tmp_path / "moved.gradwire", CATALOG)
    after = load(read.graph.settings_of("d"), read.folder)
    assert (after.train.x == before.train.x).all() and after.description.classes == ("x", "y")
    assert not read.graph.attachments, "the bytes are not held twice"
    read.save(tmp_path / "again.gradwire")
    assert (tmp_path / "again.gradwire").read_bytes() == (tmp_path / "moved.gradwire").read_bytes()
    read.do(SetParam("d", "path", ""))
    read.save(tmp_path / "without.gradwire")
    assert (tmp_path / "without.gradwire").read_text().startswith("{"), "what no node names is not saved"
    read.undo()
    read.save(tmp_path / "again.gradwire")
    assert (tmp_path / "again.gradwire").read_bytes() == (tmp_path / "moved.gradwire").read_bytes()


def test_pictures_are_embedded_with_their_labels_and_folders_as_archives(tmp_path: Path) -> None:
    images, labels = (part[::100] for part in mnist())
    for setting, place in (("idx", write_idx(tmp_path / "idx", images, labels)), ("png", write_folders(tmp_path / "png", images, labels))):
        owner = document(dataset="pictures", pictures_path=str(place))
        before = load(owner.graph.settings_of("d"))
        embed(owner, pictures_path=str(place))
        settings = owner.graph.settings_of("d")
        assert embedded.is_embedded(settings["pictures_path"]) and embedded.is_embedded(settings["labels_path"]) == (setting == "idx")
        shutil.rmtree(tmp_path / setting)
        after = load(settings)
        assert (before.train.x == after.train.x).all() and (before.train.y == after.train.y).all()
        owner.save(tmp_path / "pictures.gradwire")
        assert load(Document.load(tmp_path / "pictures.gradwire", CATALOG).graph.settings_of("d")).description == after.description


def test_how_much_is_embedded_is_known_before(tmp_path: Path) -> None:
    path = table(tmp_path)
    assert finished(embed_files(None, EmbedFiles((("path", path.name),), str(tmp_path), measure=True))) == path.stat().st_size
    with pytest.raises(JobError, match="there is no such file"):
        finished(embed_files(None, EmbedFiles((("path", "nothing.csv"),), str(tmp_path))))


@pytest.mark.parametrize("path", [
    "embedded:../../secret.csv", "embedded:" + "0" * 32 + "/../../secret.csv", "embedded:" + "0" * 32 + "/..", "embedded:/etc/passwd",
    "embedded:", "embedded:" + "0" * 32 + "/a\\b",
])  # fmt: skip
def test_an_embedded_path_leads_nowhere_else(tmp_path: Path, path: str) -> None:
    (tmp_path / "secret.csv").write_text("a,b\n1,2\n")
    place = Path(os.path.abspath(embedded.located(path)))
    assert tmp_path / "this computer" / "gradwire" / "embedded" in place.parents and not place.exists()


def test_bytes_that_are_not_those_of_their_name_are_not_taken(tmp_path: Path) -> None:
    owner = document(path=str(table(tmp_path)))
    embed(owner, path=str(table(tmp_path)))
    path = owner.graph.setting("d", "path")
    owner.save(tmp_path / "mine.gradwire")
    shutil.rmtree(tmp_path / "this computer")
    with zipfile.ZipFile(tmp_path / "mine.gradwire") as archive, zipfile.ZipFile(tmp_path / "forged.gradwire", "w") as forged:
        for entry in archive.infolist():
            data = archive.read(entry)
            forged.writestr(entry.filename, data if entry.filename == "document.json" else data.replace(b"1,2", b"9,9"))
    files.read(tmp_path / "forged.gradwire", CATALOG)
    assert embedded.size_of(path) is None, "another document that names the file must not read these"


def test_a_document_that_has_lost_a_file_is_not_saved_as_if_it_were_whole(tmp_path: Path) -> None:
    owner = document(path=str(table(tmp_path)))
    embed(owner, path=str(table(tmp_path)))
    shutil.rmtree(tmp_path / "this computer")
    with pytest.raises(FileError, match=r"embedded file längen in cm\.csv is missing; choose the file again"):
        owner.save(tmp_path / "mine.gradwire")


def test_every_path_is_relative_where_its_file_is_beside_or_below_and_follows_a_save_elsewhere(tmp_path: Path) -> None:
    """Folders too, and the labels of pictures; two documents in different folders name the same file differently."""
    images, labels = (part[::500] for part in mnist())
    place = write_idx(tmp_path / "work" / "mnist", images, labels)
    beside = place.with_name("train-labels-idx1-ubyte")
    owner = document(dataset="pictures", pictures_path=str(place), labels_path=str(beside))
    owner.save(tmp_path / "work" / "near.gradwire")
    assert '"mnist/train-images-idx3-ubyte"' in (text := (tmp_path / "work" / "near.gradwire").read_text()) and str(tmp_path) not in text
    owner.do(SetParam("d", "pictures_path", str(place.parent)))
    owner.do(SetParam("d", "labels_path", ""))
    (tmp_path / "other").mkdir()
    owner.save(tmp_path / "other" / "far.gradwire")
    assert f'"{place.parent}"' in (tmp_path / "other" / "far.gradwire").read_text()
    owner.save(tmp_path / "work" / "mnist" / "inside.gradwire")
    assert '"pictures_path": "."' in (tmp_path / "work" / "mnist" / "inside.gradwire").read_text()
    (tmp_path / "work").rename(tmp_path / "moved")
    for name in ("near.gradwire", "mnist/inside.gradwire"):
        read = Document.load(tmp_path / "moved" / name, CATALOG)
        assert load(read.graph.settings_of("d"), read.folder).description.rows == 10
