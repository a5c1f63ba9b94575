"""Crash recovery: what was flushed is there after any death, nothing else is touched, and nothing is left after an orderly end."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from graph.grouping.groups import group
from graph.model.edits import Disconnect, Move, Rename, SetItem, SetLabel, SetParam
from graph.model.elements import Node
from graph.model.graph import Graph
from graph.storage.document import Document
from graph.storage.files import dumps, load
from graph.storage.journal import Journal, JournalError
from graph.storage.lock import Lock
from graph.storage.recovery import Recovered, recover
from graph.storage.saved import SavedState
from tests.support.catalog import CATALOG, xy_plus_z
from tests.support.crashes import die
from tests.support.editing_session import steps

ROOT = Path(__file__).parents[3]


def _edited(folder: Path, path: Path | None = None, **more: Any) -> tuple[Document, Journal]:
    document = Document(xy_plus_z(), path)
    journal = Journal(document, folder, **more)
    document.do(SetParam("n1", "value", 7.0))
    journal.flush()
    return document, journal


def _only(folder: Path) -> Recovered:
    (recovered,) = recover(folder, CATALOG)
    return recovered


def test_after_a_crash_the_document_is_offered_as_it_was_with_its_path(tmp_path: Path) -> None:
    document, journal = _edited(tmp_path, tmp_path / "mine.gradwire")
    document.do(Disconnect("e1"))
    document.do(Rename("n2", "w"))
    document.undo()
    document.do(Move((("n1", 5.0, 6.5), ("n2", 1.0, 2.0))))
    journal.flush()
    die(journal)
    recovered = _only(tmp_path)
    assert recovered.graph == document.graph and dumps(recovered.graph) == dumps(document.graph) and recovered.whole
    assert recovered.path == tmp_path / "mine.gradwire" and abs(recovered.time - time.time()) < 60
    rescued = recovered.document()
    assert rescued.modified and rescued.path == recovered.path and not rescued.history.can_undo
    recovered.discard()
    assert list(tmp_path.iterdir()) == []


def test_what_was_not_flushed_is_what_is_lost(tmp_path: Path) -> None:
    document, journal = _edited(tmp_path)
    safe = dumps(document.graph)
    document.do(SetParam("n1", "value", 8.0))
    assert journal.pending
    die(journal)
    assert dumps(_only(tmp_path).graph) == safe


def test_a_session_that_runs_is_not_offered(tmp_path: Path) -> None:
    _, journal = _edited(tmp_path)
    assert recover(tmp_path, CATALOG) == []
    journal.discard()


def test_a_document_closed_in_order_leaves_nothing(tmp_path: Path) -> None:
    document, journal = _edited(tmp_path)
    journal.discard()
    document.do(SetParam("n1", "value", 8.0))
    assert list(tmp_path.iterdir()) == [] and not journal.pending


def test_a_document_that_nobody_edited_is_never_written(tmp_path: Path) -> None:
    document = Document(xy_plus_z())
    journal = Journal(document, tmp_path / "recovery")
    document.do(SetParam("n1", "value", 7.0))
    document.undo()
    journal.flush()
    assert not (tmp_path / "recovery").exists()
    journal.discard()


def test_a_saved_document_needs_no_recovery_until_it_is_edited_again(tmp_path: Path) -> None:
    document, journal = _edited(tmp_path / "recovery")
    document.save(tmp_path / "mine.gradwire")
    journal.flush()
    bytes_saved = (tmp_path / "mine.gradwire").read_bytes()
    copy = _copy(tmp_path)
    assert recover(copy, CATALOG) == [] and list(copy.iterdir()) == []
    document.do(SetParam("n2", "value", 3.0))
    journal.flush()
    recovered = _only(_copy(tmp_path))
    assert recovered.graph == document.graph and recovered.path == tmp_path / "mine.gradwire"
    assert (tmp_path / "mine.gradwire").read_bytes() == bytes_saved
    recovered.release()
    journal.discard()


def _copy(tmp_path: Path) -> Path:
    """The sessions as another process would find them if ours died now."""
    target = tmp_path / f"copy-{len(list(tmp_path.iterdir()))}"
    shutil.copytree(tmp_path / "recovery", target)
    return target


def test_a_rescued_document_is_offered_to_one_process_only_and_again_when_that_leaves_it(tmp_path: Path) -> None:
    _, journal = _edited(tmp_path)
    die(journal)
    first = _only(tmp_path)
    assert recover(tmp_path, CATALOG) == []
    first.release()
    second = _only(tmp_path)
    assert second.graph == first.graph
    second.discard()


def test_a_rescued_document_is_safe_in_its_new_journal_before_the_old_one_goes(tmp_path: Path) -> None:
    _, journal = _edited(tmp_path)
    die(journal)
    recovered = _only(tmp_path)
    document = recovered.document()
    again = Journal(document, tmp_path)
    assert again.pending
    again.flush()
    recovered.discard()
    die(again)
    assert _only(tmp_path).graph == document.graph


def test_a_line_torn_at_any_byte_loses_that_line_and_nothing_before_it(tmp_path: Path) -> None:
    document, journal = _edited(tmp_path)
    texts = [dumps(document.graph)]
    for value in (1.5, 2.5, 3.5):
        document.do(SetLabel("n1", f"ü{value}"))
        document.do(SetParam("n2", "value", value))
        journal.flush()
        texts.append(dumps(document.graph))
    die(journal)
    (place,) = tmp_path.glob("session-*/*.journal")
    data = place.read_bytes()
    ends = [position + 1 for position, byte in enumerate(data) if byte == ord("\n")]
    labels = set()
    for cut in range(ends[0], len(data) + 1):
        place.write_bytes(data[:cut])
        recovered = _only(tmp_path)
        complete = sum(end <= cut for end in ends) - 1  # after the first line: label, value, mark, label, value, mark …
        assert recovered.whole == (cut in ends)
        assert (recovered.graph.nodes["n1"].label, recovered.graph.setting("n2", "value")) == (
            f"ü{(complete + 2) // 3 + 0.5}" if complete else "", (complete + 1) // 3 + 0.5 if complete > 1 else 1.0
        )  # fmt: skip
        labels.add(dumps(recovered.graph))
        recovered.release()
    assert set(texts) <= labels
    place.write_bytes(data)
    _only(tmp_path).discard()


@pytest.mark.parametrize(
    "damage", [b"\0" * 40, b"{]\n", b'{"edit": "Explode"}\n', b'{"edit": "RemoveNode", "id": "n99"}\n', b"[1]\n", b'"a"\n']
)
def test_reading_stops_at_damage_and_says_so(tmp_path: Path, damage: bytes) -> None:
    document, journal = _edited(tmp_path)
    document.do(SetLabel("n1", "kept"))
    journal.flush()
    die(journal)
    (place,) = tmp_path.glob("session-*/*.journal")
    place.write_bytes(place.read_bytes() + damage + b'{"edit": "SetLabel", "node": "n1", "label": "lost"}\n')
    recovered = _only(tmp_path)
    assert recovered.graph.nodes["n1"].label == "kept" and not recovered.whole
    recovered.discard()


def test_a_journal_that_cannot_be_read_is_neither_offered_nor_removed(tmp_path: Path) -> None:
    _, journal = _edited(tmp_path)
    die(journal)
    (place,) = tmp_path.glob("session-*/*.journal")
    place.write_bytes(place.read_bytes().replace(b'{"journal": 1', b'{"journal": 2'))
    assert recover(tmp_path, CATALOG) == [] and place.exists()


def test_a_long_journal_is_made_anew_and_stays_short(tmp_path: Path) -> None:
    document, journal = _edited(tmp_path, long=2000)
    sizes = []
    for step in range(300):
        document.do(SetLabel("n1", f"label {step}"))
        journal.flush()
        (place,) = tmp_path.glob("session-*/*.journal")
        sizes.append(place.stat().st_size)
    whole = len(dumps(document.graph))
    assert max(sizes) < 2000 + 4 * whole
    die(journal)
    assert _only(tmp_path).graph == document.graph


def test_the_ticks_of_a_drag_are_one_line(tmp_path: Path) -> None:
    document, journal = _edited(tmp_path)
    (place,) = tmp_path.glob("session-*/*.journal")
    before = place.stat().st_size
    for tick in range(500):
        document.do(SetParam("n1", "value", tick / 7), merge="slider")
    journal.flush()
    assert place.stat().st_size - before < 300
    die(journal)
    assert _only(tmp_path).graph.setting("n1", "value") == 499 / 7


def test_large_tensors_come_back_too_and_are_written_once(tmp_path: Path) -> None:
    document, journal = _edited(tmp_path)
    document.graph.attachments["tensors/é.safetensors"] = b"\0\n\xff" * 1000
    document.do(SetParam("n1", "value", {"tensor": "sha256:abc"}))
    journal.flush()
    (place,) = tmp_path.glob("session-*/attached/*")
    written = place.stat().st_mtime_ns
    document.do(SetLabel("n1", "a"))
    journal.flush()
    assert place.stat().st_mtime_ns == written
    die(journal)
    recovered = _only(tmp_path)
    assert recovered.graph == document.graph and recovered.graph.attachments == {"tensors/é.safetensors": b"\0\n\xff" * 1000}


def test_half_a_character_is_saved_and_rescued(tmp_path: Path) -> None:
    document, journal = _edited(tmp_path / "recovery")
    document.do(SetLabel("n1", "broken \ud800 emoji"))
    journal.flush()
    document.do(SetLabel("n2", "\udfff"))
    journal.flush()
    die(journal)
    assert _only(tmp_path / "recovery").graph == document.graph
    document.save(tmp_path / "mine.gradwire")
    assert load(tmp_path / "mine.gradwire", CATALOG) == document.graph


class _Dead(BaseException):
    """The process is killed here."""


def _count_down(monkeypatch: pytest.MonkeyPatch, moment: int) -> None:
    """Let the process die at its `moment`-th call of the system that can change the disk."""
    left = [moment]

    def mortal(name: str, real, module):  # type: ignore[no-untyped-def]
        def call(*arguments: object, **more: object) -> object:
            left[0] -= 1
            if left[0] < 0:
                raise _Dead
            return real(*arguments, **more)

        monkeypatch.setattr(module, name, call)

    for name in ("write", "fsync", "replace", "open", "unlink"):
        mortal(name, getattr(os, name), os)


@pytest.mark.parametrize("moment", range(40))
def test_death_at_any_call_of_the_system_loses_nothing_that_was_flushed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: int
) -> None:
    document, journal = _edited(tmp_path, long=300)
    safe, texts = 0, [dumps(document.graph)]
    with monkeypatch.context() as patch:
        _count_down(patch, moment)
        try:
            for step in range(8):
                document.do(SetLabel("n1", f"a rather long label, step {step}"))
                texts.append(dumps(document.graph))
                journal.flush()
                safe = step + 1
        except _Dead:
            pass
    die(journal)
    recovered = _only(tmp_path)
    assert texts.index(dumps(recovered.graph)) >= safe
    recovered.discard()
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_one_sentence_and_the_next_flush_tries_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document, journal = _edited(tmp_path)

    write = os.write

    def full(descriptor: int, data: bytes) -> int:
        """Half of it still finds room."""
        if len(data) < 20:
            raise OSError(28, "No space left on device")
        return write(descriptor, data[: len(data) // 2])

    document.do(SetLabel("n1", "first"))
    with monkeypatch.context() as patch, pytest.raises(JournalError, match="cannot be written: the disk is full"):
        patch.setattr("os.write", full)
        journal.flush()
    assert journal.pending
    document.do(SetLabel("n2", "second"))
    journal.flush()
    assert not journal.pending and len(list(tmp_path.glob("session-*/*.journal"))) == 1
    die(journal)
    assert _only(tmp_path).graph == document.graph


def test_an_edit_after_the_last_save_counts_although_its_mark_was_lost(tmp_path: Path) -> None:
    document, journal = _edited(tmp_path / "recovery")
    document.save(tmp_path / "mine.gradwire")
    journal.flush()
    document.do(SetLabel("n1", "unsaved"))
    journal.flush()
    die(journal)
    (place,) = tmp_path.glob("recovery/session-*/*.journal")
    data = place.read_bytes()
    place.write_bytes(data[: data.rindex(b'{"mark"') + 10])
    recovered = _only(tmp_path / "recovery")
    assert recovered.graph.nodes["n1"].label == "unsaved"
    recovered.discard()


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    document = Document(xy_plus_z())
    journal = Journal(document, tmp_path / "file" / "recovery")
    document.do(SetLabel("n1", "a"))
    with pytest.raises(JournalError):
        journal.flush()
    journal.discard()


def test_recovering_from_no_folder_finds_nothing(tmp_path: Path) -> None:
    assert recover(tmp_path / "never made", CATALOG) == []


def test_without_locks_in_the_file_system_the_process_number_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fcntl = pytest.importorskip("fcntl")

    def none(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", none)
    held = Lock.acquire(tmp_path / "lock")
    assert held is not None and Lock.acquire(tmp_path / "lock") is None
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    (tmp_path / "lock").write_text(str(ended.pid))
    taken = Lock.acquire(tmp_path / "lock")
    assert taken is not None
    taken.release()
    held.release()


def test_the_newest_document_is_offered_first(tmp_path: Path) -> None:
    for moment in (100.0, 300.0, 200.0):
        document = Document(xy_plus_z())
        journal = Journal(document, tmp_path, clock=lambda moment=moment: moment)
        document.do(SetLabel("n1", "a"))
        journal.flush()
        die(journal)
    offered = recover(tmp_path, CATALOG)
    assert [lost.time for lost in offered] == [300.0, 200.0, 100.0]
    for lost in offered:
        lost.release()


def _kill_at_random(tmp_path: Path, seed: int) -> None:
    """Kill −9 an editing process at a random moment; what it reported as flushed must be there, the person's file as it was."""
    draw = random.Random(seed)
    file, folder = tmp_path / f"{seed}.gradwire", tmp_path / f"recovery {seed}"
    file.write_text(dumps(xy_plus_z()), encoding="utf-8")
    before = (file.read_bytes(), file.stat().st_mtime_ns)
    command = [sys.executable, "-m", "tests.support.editing_session", str(file), str(folder), str(seed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as child:
        assert child.stdout is not None
        first = child.stdout.readline()
        time.sleep(draw.random() * 0.4)
        child.kill()
        reports = (first + child.stdout.read()).split(b"\n")[:-1]
    safe = int(reports[-1])
    recovered = _only(folder)
    text = dumps(recovered.graph)
    document = Document.load(file, CATALOG)
    for done, _ in enumerate(steps(document, seed), 1):
        if done >= safe and dumps(document.graph) == text:
            break
        assert done < safe + 2000, "what was recovered is not a state after the last flush"
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before and recovered.path == file
    recovered.discard()
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("seed", range(5))
def test_kill_9_loses_nothing_that_was_flushed_and_touches_no_file(tmp_path: Path, seed: int) -> None:
    _kill_at_random(tmp_path, seed)


@pytest.mark.long
def test_kill_9_two_hundred_times(tmp_path: Path) -> None:
    for seed in range(100, 300):
        _kill_at_random(tmp_path, seed)


def test_edits_of_groups_are_rescued(tmp_path: Path) -> None:
    document, journal = _edited(tmp_path)
    edit, group_id = group(document.graph, ["n1", "n2"])
    document.do(edit)
    document.do(SetItem(replace(document.graph.groups[group_id], name="inputs")))
    journal.flush()
    die(journal)
    assert _only(tmp_path).graph == document.graph


def _state(step: int, packed: bytes = b"") -> SavedState:
    numbers = {"parameters/n1.w": {"dtype": "float64", "shape": [2], "values": [0.1, -2.5]}}
    return SavedState(step, step // 3, 1, "adam", {} if packed else numbers, packed)


@pytest.mark.parametrize("packed", [b"", b"\n\x00any bytes\n{"])
def test_trained_values_come_back_after_a_crash_even_where_nothing_was_edited(tmp_path: Path, packed: bytes) -> None:
    document = Document(xy_plus_z())
    journal = Journal(document, tmp_path)
    for step in (3, 70):
        state = _state(step, packed)
        document.set_trained(state.token)
        journal.keep(state)
        assert journal.pending
        journal.flush()
        assert not journal.pending
    die(journal)

    recovered = _only(tmp_path)
    rescued = recovered.document()

    assert recovered.state == _state(70, packed) == rescued.state and rescued.modified
    recovered.discard()
    assert list(tmp_path.iterdir()) == []


def test_the_trained_values_of_the_file_survive_an_edit_and_a_reset_is_kept_too(tmp_path: Path) -> None:
    document = Document(xy_plus_z(), state=_state(9))
    journal = Journal(document, tmp_path)
    document.do(SetParam("n1", "value", 7.0))
    journal.flush()
    assert (next(tmp_path.glob("session-*")) / "trained").exists()
    document.set_trained(0)
    journal.keep(None)
    journal.flush()
    die(journal)
    recovered = _only(tmp_path)
    assert recovered.state is None
    recovered.discard()


def test_saved_trained_values_leave_nothing_to_recover(tmp_path: Path) -> None:
    document, state = Document(xy_plus_z()), _state(5)
    journal = Journal(document, tmp_path / "j")
    document.set_trained(state.token)
    journal.keep(state)
    journal.flush()
    document.save(tmp_path / "f.gradwire", state)
    assert document.state == state
    journal.flush()
    die(journal)
    assert recover(tmp_path / "j", CATALOG) == []


def test_damaged_trained_values_cost_nothing_but_themselves(tmp_path: Path) -> None:
    document, journal = _edited(tmp_path)
    journal.keep(_state(4))
    journal.flush()
    (next(tmp_path.glob("session-*")) / "trained").write_bytes(b'{"step": "x"}\n')
    die(journal)
    recovered = _only(tmp_path)
    assert recovered.state is None and recovered.graph == document.graph
    recovered.discard()


def test_a_huge_document_is_written_in_portions_and_edits_meanwhile_follow_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graph.storage.journal.AT_ONCE", 4000)
    monkeypatch.setattr("graph.storage.journal.SLICE", 0.0)
    graph = Graph(CATALOG)
    for index in range(2100):
        graph._add_node(Node(f"n{index}", "math.exp", f"a{index}", label='"\\ é 😀'))
    document, sizes = Document(graph), list[int]()
    journal = Journal(document, tmp_path)
    document.do(SetLabel("n1", "before"))
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda descriptor: sizes.append(os.fstat(descriptor).st_size) or fsync(descriptor))
    portions = 0
    for _portion in journal.flushing():
        portions += 1
        if portions == 10:
            document.do(SetLabel("n2", "meanwhile"))
            document.undo()
            document.do(SetLabel("n3", "and more"))
    assert portions > 30 and len(sizes) > 20 and max(b - a for a, b in zip([0, *sizes], sizes, strict=False)) < 20_000
    assert journal.pending and [*journal.flushing()] == [], "edits alone are written at once"
    document.do(SetLabel("n4", "afterwards"))
    journal.flush()
    die(journal)
    recovered = _only(tmp_path)
    assert recovered.whole and recovered.graph == document.graph and recovered.graph.nodes["n3"].label == "and more"
    recovered.discard()


def test_a_writing_that_was_left_begins_again_and_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graph.storage.journal.SLICE", 0.0)
    graph = Graph(CATALOG)
    for index in range(500):
        graph._add_node(Node(f"n{index}", "math.exp", f"a{index}"))
    document = Document(graph)
    journal = Journal(document, tmp_path)
    document.do(SetLabel("n1", "before"))
    left = journal.flushing()
    next(left)
    left.close()
    assert journal.pending
    document.do(SetLabel("n2", "meanwhile"))
    journal.flush()
    assert not journal.pending
    die(journal)
    recovered = _only(tmp_path)
    assert recovered.graph == document.graph
    recovered.discard()


def _large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Document, Journal, Path]:
    """A document of 500 nodes with trained values, opened from its file."""
    monkeypatch.setattr("graph.storage.journal.SLICE", 0.0)
    monkeypatch.setattr("graph.storage.journal.LARGE", 0)
    graph, path = Graph(CATALOG), tmp_path / "large.gradwire"
    for index in range(500):
        graph._add_node(Node(f"n{index}", "math.exp", f"a{index}"))
    Document(graph).save(path, SavedState(7))
    document = Document.load(path, CATALOG)
    return document, Journal(document, tmp_path / "journals"), path


def test_the_first_edits_of_a_huge_document_are_safe_before_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document, journal, path = _large(tmp_path, monkeypatch)
    document.do(SetLabel("n1", "first"))
    writing = journal.flushing()
    next(writing)  # one portion
    writing.close()
    document.do(SetLabel("n2", "second"))
    next(journal.flushing())
    die(journal)
    (recovered,) = recover(tmp_path / "journals", CATALOG)
    assert recovered.graph == document.graph and recovered.whole and recovered.path == path and recovered.identity == document.identity
    assert recovered.state is not None and recovered.state.step == 7 and recovered.graph.nodes["n1"].label == "first"
    recovered.release()

    Document(Graph(CATALOG)).save(path)  # another program: the edits fit no more, and nothing is made of them
    assert recover(tmp_path / "journals", CATALOG) == []
    assert [*tmp_path.glob("journals/session-*/*.journal")], "it stays, should the file come back"


def test_a_whole_journal_takes_the_place_of_the_one_that_refers_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document, journal, path = _large(tmp_path, monkeypatch)
    document.do(SetLabel("n1", "first"))
    portions = journal.flushing()
    next(portions)
    document.do(SetLabel("n2", "meanwhile"))
    for _portion in portions:
        pass
    journal.flush()
    assert len([*tmp_path.glob("journals/session-*/*.journal")]) == 1
    path.unlink()
    die(journal)
    (recovered,) = recover(tmp_path / "journals", CATALOG)
    assert recovered.graph == document.graph
    recovered.discard()


@pytest.mark.parametrize("saved", [True, False])
def test_a_journal_refers_only_to_the_file_that_its_edits_follow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, saved: bool) -> None:
    """Edits that were saved or undone are not among its lines, nor those that the program makes itself, which are no changes."""
    document, journal, _path = _large(tmp_path, monkeypatch)
    if saved:
        document.do(SetLabel("n1", "saved"))
        document.save()
    else:
        document.follow(SetLabel("n1", "by nobody"))
    journal.flush()
    document.do(SetLabel("n2", "afterwards"))
    writing = journal.flushing()
    next(writing)
    if not saved:
        assert not [*tmp_path.glob("journals/session-*/*.journal")], "the file is not the document: the whole is written first"
        for _portion in writing:
            pass
    die(journal)
    (recovered,) = recover(tmp_path / "journals", CATALOG)
    assert recovered.graph == document.graph
    recovered.discard()


@pytest.mark.parametrize("to_the_end", [False, True])
def test_edits_made_while_a_huge_document_is_written_are_safe_before_that_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, to_the_end: bool
) -> None:
    monkeypatch.setattr("graph.storage.journal.EDITS", 0.0)
    document, journal, _path = _large(tmp_path, monkeypatch)
    document.do(SetLabel("n1", "first"))
    portions = journal.flushing()
    next(portions)
    for label in ("one", "two", "three"):
        document.do(SetLabel("n2", label))
        next(portions)
    document.do(SetLabel("n3", "x"))
    document.undo()
    next(portions)
    for _portion in portions if to_the_end else ():
        pass
    assert len([*tmp_path.glob("journals/session-*/000001.journal")]) == to_the_end and not journal._edits
    die(journal)
    (recovered,) = recover(tmp_path / "journals", CATALOG)
    assert recovered.graph == document.graph and recovered.graph.nodes["n2"].label == "three"
    recovered.discard()
