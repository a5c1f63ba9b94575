"""Saving where it is hard: a file that others write too, a folder that takes no new file, a name at its longest, what is no file."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

import pytest

from graph.model.edits import SetLabel, SetParam
from graph.model.graph import Graph
from graph.storage import writing
from graph.storage.document import Document
from graph.storage.files import FileChanged, FileError, dumps, load, save
from graph.storage.journal import Journal
from graph.storage.paths import file_name
from graph.storage.recovery import recover
from tests.support.catalog import CATALOG, xy_plus_z
from tests.support.crashes import die

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    return tmp_path / "share"


def opened(path: Path) -> Document:
    save(xy_plus_z(), path)
    document = Document.load(path, CATALOG)
    document.do(SetLabel("n1", "mine"))
    return document


def test_two_windows_on_one_file_never_write_over_each_other_unasked(tmp_path: Path) -> None:
    path = tmp_path / "shared.gradwire"
    first = opened(path)
    second = Document.load(path, CATALOG)
    second.do(SetLabel("n1", "theirs"))
    second.save()

    with pytest.raises(FileChanged, match=r"^shared\.gradwire: another program has changed this file"):
        first.save()
    assert first.modified and load(path, CATALOG).nodes["n1"].label == "theirs"

    first.save(replace=True)
    assert load(path, CATALOG).nodes["n1"].label == "mine"
    first.do(SetLabel("n1", "mine again"))
    first.save()  # what was saved here itself is known


def test_a_change_of_equal_length_at_the_same_time_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "git.gradwire"
    document = opened(path)
    before = path.stat()
    other = path.read_bytes().replace(b'"name": "x"', b'"name": "q"')
    assert len(other) == before.st_size and other != path.read_bytes()
    (tmp_path / "new").write_bytes(other)
    os.replace(tmp_path / "new", path)  # as git and sync programs do
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    with pytest.raises(FileChanged):
        document.save()


def test_touching_copying_over_or_deleting_the_file_is_no_change(tmp_path: Path) -> None:
    path = tmp_path / "touched.gradwire"
    document = opened(path)
    os.utime(path, ns=(1, 1))
    document.save()

    document.do(SetLabel("n1", "two"))
    shutil.copy(path, tmp_path / "copy")
    os.replace(tmp_path / "copy", path)  # another inode and another time, the same contents
    document.save()

    document.do(SetLabel("n1", "three"))
    path.unlink()
    document.save()
    assert load(path, CATALOG).nodes["n1"].label == "three"


def test_saving_elsewhere_asks_about_no_change(tmp_path: Path) -> None:
    path = tmp_path / "one.gradwire"
    document = opened(path)
    path.write_text("someone else's")
    document.save(tmp_path / "two.gradwire")
    assert path.read_text() == "someone else's"


@pytest.mark.skipif(os.name != "posix", reason="links need rights elsewhere")
def test_a_link_to_the_file_is_the_same_file(tmp_path: Path) -> None:
    path, link = tmp_path / "real.gradwire", tmp_path / "link.gradwire"
    document = opened(path)
    link.symlink_to(path)
    path.write_text("someone else's")
    with pytest.raises(FileChanged):
        document.save(link)


def test_large_files_are_told_apart_by_their_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_WHOLE", 1000)
    monkeypatch.setattr(writing, "_PART", 200)
    graph = xy_plus_z()
    graph.attachments["tensors/a.safetensors"] = bytes(5000)
    path = tmp_path / "large.gradwire"
    save(graph, path)
    document = Document.load(path, CATALOG)
    document.do(SetLabel("n1", "mine"))
    os.utime(path, ns=(1, 1))
    document.save()
    graph.attachments["tensors/a.safetensors"] = bytes(2500) + b"\1" + bytes(2499)
    save(graph, path)
    document.do(SetLabel("n1", "mine again"))
    with pytest.raises(FileChanged):
        document.save()


def test_a_rescued_document_knows_what_its_file_was(tmp_path: Path) -> None:
    path = tmp_path / "rescued.gradwire"
    document = opened(path)
    journal = Journal(document, tmp_path / "journals")
    document.do(SetLabel("n1", "unsaved"))
    journal.flush()
    die(journal)
    path.write_text("someone else's")

    (recovered,) = recover(tmp_path / "journals", CATALOG)
    with pytest.raises(FileChanged):
        recovered.document().save()
    recovered.release()
    journal._close()


# a folder that takes no new file


def refuse_new_files(monkeypatch: pytest.MonkeyPatch, folder: Path, number: int = errno.EACCES) -> None:
    usual = tempfile.mkstemp

    def refused(*arguments: object, dir: object = None, **more: object) -> tuple[int, str]:
        if Path(str(dir)) == folder:
            raise OSError(number, "refused")
        return usual(*arguments, dir=dir, **more)  # type: ignore[call-overload]

    monkeypatch.setattr(tempfile, "mkstemp", refused)


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.EPERM])
def test_a_writable_file_in_a_read_only_folder_is_saved_in_place(
    tmp_path: Path, data_folder: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:  # fmt: skip
    path = tmp_path / "fixed.gradwire"
    document = opened(path)
    path.write_bytes(path.read_bytes() + b" " * 5000)  # the new contents are shorter
    document = Document.load(path, CATALOG)
    document.do(SetLabel("n1", "in place"))
    inode = path.stat().st_ino
    refuse_new_files(monkeypatch, tmp_path, number)

    document.save()

    assert path.stat().st_ino == inode and path.read_text() == dumps(document.graph) and not document.modified
    assert [*data_folder.rglob("*fixed*")] == []


def test_a_file_renamed_over_by_nobody_is_saved_in_place_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is mounted by itself can be written but not replaced."""
    document = opened(tmp_path / "mounted.gradwire")

    def busy(*_: object) -> NoReturn:
        raise OSError(errno.EBUSY, "busy")

    monkeypatch.setattr(os, "replace", busy)
    document.save()
    assert load(tmp_path / "mounted.gradwire", CATALOG).nodes["n1"].label == "mine"
    assert [p.name for p in tmp_path.iterdir() if p.name.endswith(".saving")] == []


def test_a_full_disk_while_writing_in_place_leaves_the_old_contents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "full.gradwire"
    document = opened(path)
    before = path.read_bytes()
    refuse_new_files(monkeypatch, tmp_path)
    usual, tries = os.fsync, []

    def full(descriptor: int) -> None:
        tries.append(descriptor)
        if len(tries) == 2:  # the backup is on another disk, and going back needs no room
            raise OSError(errno.ENOSPC, "full")
        usual(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FileError, match=r"^full\.gradwire: it cannot be saved: the disk is full\.$"):
        document.save()
    assert path.read_bytes() == before and document.modified


def test_what_an_interrupted_writing_in_place_left_is_said_at_the_next_opening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "killed.gradwire"
    document = opened(path)
    before = path.read_bytes()
    refuse_new_files(monkeypatch, tmp_path)
    usual, tries = os.fsync, []

    class Killed(BaseException):
        pass

    def killed(descriptor: int) -> None:
        tries.append(descriptor)
        if len(tries) == 2:
            os.truncate(path, 100)
            raise Killed
        usual(descriptor)

    monkeypatch.setattr(os, "fsync", killed)
    with pytest.raises(Killed):
        document.save()
    with pytest.raises(FileError, match="The contents from before it was last saved are in ") as said:
        load(path, CATALOG)
    backup = Path(str(said.value).partition(" are in ")[2].rstrip("."))
    if not backup.is_file():
        backup = writing.backup_of(path)
    assert backup.read_bytes() == before and str(backup) in str(said.value)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="needs to give up rights")
def test_a_person_without_rights_to_the_folder_saves_in_place(tmp_path: Path) -> None:
    """The real thing, in a process that is not allowed to write into the folder."""
    shelf = Path(tempfile.mkdtemp(dir="/tmp"))
    try:
        path = shelf / "doc.gradwire"
        save(xy_plus_z(), path)
        path.chmod(0o666)
        shelf.chmod(0o555)
        (tmp_path / "open").mkdir()
        program = (
            "import os, sys, tempfile\n"
            "from graph.storage.document import Document\nfrom graph.model.edits import SetLabel\n"
            "from tests.support.catalog import CATALOG\n"
            "os.environ['XDG_DATA_HOME'] = tempfile.mkdtemp(); os.chmod(os.environ['XDG_DATA_HOME'], 0o777); os.setuid(65534)\n"
            "d = Document.load(sys.argv[1], CATALOG); d.do(SetLabel('n1', 'nobody')); d.save()\n"
        )
        subprocess.run([sys.executable, "-c", program, str(path)], cwd=ROOT, check=True, timeout=60)
        assert load(path, CATALOG).nodes["n1"].label == "nobody"
    finally:
        shelf.chmod(0o755)
        shutil.rmtree(shelf)


# names and kinds


@pytest.mark.parametrize("letter", ["a", "é", "中", "🙂"])
def test_a_name_as_long_as_the_disk_allows_can_be_saved(tmp_path: Path, letter: str) -> None:
    most = (255 - len(".gradwire")) // len(letter.encode())
    path = tmp_path / (letter * most + ".gradwire")
    save(xy_plus_z(), path)
    document = Document.load(path, CATALOG)
    document.do(SetLabel("n1", "b"))
    document.save()
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == [path.name]

    with pytest.raises(FileError, match="its name is too long") as said:
        save(xy_plus_z(), tmp_path / (letter * (most + 1) + "a" * 9 + ".gradwire"))
    assert len(str(said.value)) < 150


@pytest.mark.parametrize("title", ["中" * 300, "a/b\\c:d", "..", "", "Größe θ₁", "con", "x" * 1000, "a\nb", "🙂" * 100])
def test_a_suggested_name_can_be_saved(tmp_path: Path, title: str) -> None:
    for ending, joint in ((".gradwire", "-"), (".py", "_")):
        name = file_name(title, ending, joint)
        assert len(name.encode()) <= 255 and name.endswith(ending) and not set(name) & set('/\\:\n"')
        (tmp_path / name).write_text("")
    if title == "Größe θ₁":
        assert file_name(title, ".py", "_").startswith("größe_θ")


@pytest.mark.skipif(os.name != "posix", reason="pipes and devices are files there")
def test_saving_replaces_no_pipe_device_or_folder(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("/dev/null")
    cases = {"pipe": "this is a pipe, not", "folder": "this is a folder", "link": "this is a device, not"}
    for name, why in cases.items():
        with pytest.raises(FileError, match=f"it cannot be saved: {why}"):
            save(Graph(CATALOG), tmp_path / name)
    assert (tmp_path / "pipe").is_fifo() and (tmp_path / "link").is_symlink() and Path("/dev/null").is_char_device()


def test_an_edit_that_undo_takes_back_after_replacing_is_no_change(tmp_path: Path) -> None:
    path = tmp_path / "undo.gradwire"
    document = opened(path)
    document.save()
    document.do(SetParam("n1", "value", 9.0))
    document.undo()
    assert not document.modified


def test_what_is_no_path_is_refused_in_words(tmp_path: Path) -> None:
    document = opened(tmp_path / "a.gradwire")
    with pytest.raises(FileError, match="this is not a usable path"):
        document.save(tmp_path / "a\0b.gradwire")
    with pytest.raises(FileError, match="this is not a usable path"):
        save(document.graph, f"{tmp_path}/a\0b.gradwire")
    with pytest.raises(FileError, match="there is no such file or folder"):
        document.save(tmp_path / "none" / "b.gradwire")
    assert document.path == tmp_path / "a.gradwire" and document.modified
