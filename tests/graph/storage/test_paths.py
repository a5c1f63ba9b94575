"""Paths as people write them, and tables beside a document, which stay the same tables wherever the document goes."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.data import DataError, describe
from engine.nodes.catalog import CATALOG
from graph.lessons import lesson
from graph.model.edits import AddNode, SetParam
from graph.model.elements import Node
from graph.storage.clipboard import copy_text, paste
from graph.storage.document import Document
from graph.storage.files import FileError, dumps, load, save
from graph.storage.journal import Journal
from graph.storage.paths import NotRegular, absolute, cleaned, is_absolute, open_regular, stored
from graph.storage.recovery import recover
from tests.support.crashes import die
from ui.lessons.shelf import entries
from ui.shell.gallery import examples


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("/data/a.csv", "/data/a.csv"), ("  /data/a.csv\n", "/data/a.csv"), ('"C:\\data\\my data.csv"', "C:\\data\\my data.csv"),
        ("'/home/u/my data.csv'", "/home/u/my data.csv"), ("“a b.csv”", "a b.csv"), ("file:///home/u/my%20data.csv", "/home/u/my data.csv"),
        ("file://localhost/x.csv", "/x.csv"), ("file:/x.csv", "/x.csv"), ('"file:///a%20b.csv"', "/a b.csv"),
        ("file:///C:/data/a%20b.csv", "C:/data/a b.csv"), ("file://server/share/a.csv", "//server/share/a.csv"),
        ("FILE:///x%C3%A9.csv", "/xé.csv"), ("file:///a#1?b.csv", "/a#1?b.csv"), ("file:///100%25.csv", "/100%.csv"),
        ("100%20.csv", "100%20.csv"), ('a"b.csv', 'a"b.csv'), ('"', '"'), ("", ""), ("data file.csv", "data file.csv"),
        ("http://x.org/a.csv", "http://x.org/a.csv"), ("file://[x/a.csv", "file://[x/a.csv"),
    ],
)  # fmt: skip
def test_quotation_marks_and_addresses_around_a_path_are_taken_off(typed: str, meant: str) -> None:
    assert cleaned(typed) == meant


@pytest.mark.skipif(os.name != "posix", reason="written with slashes")
@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("/u/course/data.csv", "data.csv"), ("/u/course/sub/data.csv", "sub/data.csv"), ("/u/other/data.csv", "/u/other/data.csv"),
        ("/u/course/../other/data.csv", "../other/data.csv"), ("/u/course-2/data.csv", "/u/course-2/data.csv"),
        ("~/data.csv", "~/data.csv"),
        ("data.csv", "data.csv"), ("", ""), ("C:\\x\\data.csv", "C:\\x\\data.csv"), ('"/u/course/a b.csv"', "a b.csv"),
    ],
)  # fmt: skip
def test_a_document_writes_what_is_beside_or_below_it_relatively(path: str, written: str) -> None:
    assert stored(path, "/u/course") == written
    if not is_absolute(path) or written == path:
        return
    assert os.path.normpath(absolute(written, "/u/course")) == os.path.normpath(cleaned(path))


def with_table(path: Path | str) -> Document:
    document = Document.new(CATALOG)
    document.do(AddNode(Node("n1", "source.data", "data", params={"dataset": "csv", "path": str(path)})))
    return document


def meant(document: Document) -> Path:
    return Path(os.path.normpath(os.path.join(document.graph.folder, document.graph.nodes["n1"].params["path"])))


@pytest.fixture
def course(tmp_path: Path) -> Path:
    (tmp_path / "course" / "data").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "course" / "data" / "t.csv").write_text("a,b\n1,2\n")
    return tmp_path / "course"


def test_a_folder_that_is_moved_as_a_whole_still_works(course: Path, tmp_path: Path) -> None:
    with_table(course / "data" / "t.csv").save(course / "doc.gradwire")
    assert '"path": "data/t.csv"' in (course / "doc.gradwire").read_text()

    course.rename(tmp_path / "moved")

    assert meant(Document.load(tmp_path / "moved" / "doc.gradwire", CATALOG)) == tmp_path / "moved" / "data" / "t.csv"


def test_save_as_undo_and_redo_keep_pointing_to_the_same_table(course: Path, tmp_path: Path) -> None:
    table, other = course / "data" / "t.csv", tmp_path / "elsewhere" / "o.csv"
    document = with_table(table)
    document.save(course / "doc.gradwire")
    document.do(SetParam("n1", "path", str(other)))
    document.save(tmp_path / "elsewhere" / "doc.gradwire")
    assert '"path": "o.csv"' in document.path.read_text()

    document.undo()
    assert meant(document) == table
    document.save()
    assert meant(Document.load(document.path, CATALOG)) == table  # type: ignore[arg-type]
    assert f'"path": "{table}"' in document.path.read_text()
    document.redo()
    assert meant(document) == other


def test_a_path_that_was_given_relative_stays_relative(course: Path, tmp_path: Path) -> None:
    (course / "doc.gradwire").write_text(dumps(with_table("../elsewhere/o.csv").graph))
    document = Document.load(course / "doc.gradwire", CATALOG)
    assert meant(document) == tmp_path / "elsewhere" / "o.csv"
    document.save()
    assert '"path": "../elsewhere/o.csv"' in (course / "doc.gradwire").read_text()
    document.save(course / "data" / "deeper.gradwire")
    assert '"path": "../../elsewhere/o.csv"' in (course / "data" / "deeper.gradwire").read_text()
    assert meant(Document.load(course / "data" / "deeper.gradwire", CATALOG)) == tmp_path / "elsewhere" / "o.csv"


def test_a_node_pasted_into_a_document_elsewhere_reads_the_same_table(course: Path, tmp_path: Path) -> None:
    with_table(course / "data" / "t.csv").save(course / "doc.gradwire")
    text = copy_text(load(course / "doc.gradwire", CATALOG), ["n1"])
    target = Document.new(CATALOG)
    target.save(tmp_path / "elsewhere" / "doc.gradwire")
    target.do(paste(target.graph, text)[0])
    (node,) = target.graph.nodes.values()
    assert node.params["path"] == str(course / "data" / "t.csv")


@pytest.mark.skipif(os.name != "posix", reason="links need rights elsewhere")
def test_a_linked_document_means_what_is_beside_the_real_one(course: Path, tmp_path: Path) -> None:
    with_table(course / "data" / "t.csv").save(course / "doc.gradwire")
    link = tmp_path / "elsewhere" / "link.gradwire"
    link.symlink_to(course / "doc.gradwire")
    document = Document.load(link, CATALOG)
    assert meant(document) == course / "data" / "t.csv"
    document.save()
    assert link.is_symlink() and '"path": "data/t.csv"' in (course / "doc.gradwire").read_text()


@pytest.mark.skipif(os.name != "posix", reason="links need rights elsewhere")
def test_a_table_chosen_through_a_linked_folder_is_relative_too(course: Path, tmp_path: Path) -> None:
    (tmp_path / "short").symlink_to(course)
    with_table(tmp_path / "short" / "data" / "t.csv").save(tmp_path / "short" / "doc.gradwire")
    assert '"path": "data/t.csv"' in (course / "doc.gradwire").read_text()


def test_a_copy_saved_from_the_command_line_points_to_the_same_table(course: Path, tmp_path: Path) -> None:
    with_table(course / "data" / "t.csv").save(course / "doc.gradwire")
    save(load(course / "doc.gradwire", CATALOG), tmp_path / "elsewhere" / "copy.gradwire")
    assert load(tmp_path / "elsewhere" / "copy.gradwire", CATALOG).nodes["n1"].params["path"] == str(course / "data" / "t.csv")


def test_an_unknown_node_keeps_its_path_untouched(course: Path) -> None:
    text = dumps(with_table("t.csv").graph).replace("source.data", "plugin.reader")
    (course / "doc.gradwire").write_text(text)
    assert load(course / "doc.gradwire", CATALOG).nodes["n1"].params["path"] == "t.csv"


@pytest.mark.skipif(os.name != "posix", reason="pipes and devices are files there")
def test_nothing_but_a_regular_file_is_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", "/dev/zero", "/dev/full", tmp_path):
        with pytest.raises(NotRegular):
            open_regular(path)
    with pytest.raises(FileNotFoundError):
        open_regular(tmp_path / "missing\0x")


@pytest.mark.skipif(os.name != "posix", reason="pipes and devices are files there")
@pytest.mark.parametrize(
    "name", ["document", "lesson", "shelf", "gallery", "journal", "attached", "trained", "table"]
)  # fmt: skip
def test_no_reader_waits_for_a_pipe(tmp_path: Path, name: str) -> None:
    """In a thread, since a reader that opens a pipe waits for ever."""
    done = threading.Thread(target=lambda: READERS[name](tmp_path), daemon=True)
    done.start()
    done.join(60)
    assert not done.is_alive(), f"{name} waits"


def _pipe(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(path)
    return path


def test_a_rescued_document_means_the_tables_beside_its_file(course: Path, tmp_path: Path) -> None:
    with_table("data/t.csv").save(course / "doc.gradwire")
    document = Document.load(course / "doc.gradwire", CATALOG)
    journal = Journal(document, tmp_path / "journals")
    document.do(SetParam("n1", "path", "data/u.csv"))  # as a lesson may have it
    journal.flush()
    die(journal)
    (recovered,) = recover(tmp_path / "journals", CATALOG)
    assert meant(recovered.document()) == course / "data" / "u.csv"
    recovered.release()


def _journal(folder: Path, member: str) -> None:
    document = with_table("t.csv")
    journal = Journal(document, folder)
    document.do(SetParam("n1", "path", "u.csv"))
    journal.flush()
    assert journal._session is not None
    _pipe(journal._session.folder / member)
    die(journal)
    for recovered in recover(folder, CATALOG):
        recovered.release()


def _refused(load: Callable[[], object], error: type[Exception]) -> None:
    with pytest.raises(error, match="this is a pipe, not a regular file"):
        load()


READERS: dict[str, Callable[[Path], object]] = {
    "document": lambda folder: _refused(lambda: load(_pipe(folder / "p.gradwire"), CATALOG), FileError),
    "lesson": lambda folder: _refused(lambda: lesson.load(_pipe(folder / "p.gwlesson")), lesson.LessonError),
    "shelf": lambda folder: _pipe(folder / "p.gwlesson") and lesson.shelf(folder),
    "gallery": lambda folder: [_pipe(folder / "p.gwlesson"), _pipe(folder / "p.gradwire"), entries(folder), examples(CATALOG, folder)],
    "journal": lambda folder: _journal(folder, "999999.journal"),
    "attached": lambda folder: _journal(folder, "attached/0000"),
    "trained": lambda folder: _journal(folder, "trained"),
    "table": lambda folder: _refused(lambda: describe({"dataset": "csv", "path": str(_pipe(folder / "t.csv"))}), DataError),
}  # fmt: skip
