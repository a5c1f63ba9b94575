"""The document: one undo step per gesture, events after the fact, counters, the modified mark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from graph.model.edits import Compound, Disconnect, GraphError, Move, Rename, SetLabel, SetParam
from graph.model.history import MERGE_SECONDS, History
from graph.storage.document import Change, Document
from graph.storage.files import FileError
from tests.support.catalog import CATALOG, xy_plus_z


def _document() -> tuple[Document, list[Change]]:
    document = Document(xy_plus_z())
    changes: list[Any] = []
    document.changed.connect(changes.append)
    return document, changes


def test_the_ticks_of_a_drag_are_one_step() -> None:
    document, changes = _document()
    for tick in range(500):
        document.do(SetParam("n1", "value", float(tick)), "Drag x", merge=("slider", "n1"))
    assert len(changes) == 500
    document.undo()
    assert document.graph == xy_plus_z() and not document.history.can_undo
    document.redo()
    assert document.graph.setting("n1", "value") == 499.0


def test_ticks_that_set_several_things_are_one_step() -> None:
    document, _ = _document()
    for tick in range(2000):
        setting = SetParam("n1" if tick % 3 else "n2", "value", float(tick))
        document.do(Compound((setting, SetLabel("n1", str(tick)))) if tick % 2 else setting, merge="drag")
    document.undo()
    assert document.graph == xy_plus_z()
    document.redo()
    assert document.graph.nodes["n1"].label == "1999" and document.graph.setting("n2", "value") == 1998.0


def test_names_that_change_places_in_a_merged_drag_come_back() -> None:
    document, _ = _document()
    for names in (("p", "q"), ("q2", "p2"), ("y2", "x2")):
        document.do(Compound((Rename("n1", names[0]), Rename("n2", names[1]))), merge="drag")
    document.undo()
    document.redo()
    assert [node.name for node in document.graph.nodes.values()][:2] == ["y2", "x2"]


@pytest.mark.parametrize("interruption", ["another edit", "undo and redo", "seal", "save"])
def test_a_drag_after_an_interruption_is_a_step_of_its_own(interruption: str, tmp_path: Path) -> None:
    document, _ = _document()
    document.do(SetParam("n1", "value", 2.0), merge="drag")
    if interruption == "another edit":
        document.do(SetLabel("n1", "label"))
        document.undo()
    elif interruption == "undo and redo":
        document.undo()
        document.redo()
    elif interruption == "seal":
        document.seal()
    else:
        document.save(tmp_path / "a.gradwire")
    document.do(SetParam("n1", "value", 3.0), merge="drag")
    document.undo()
    assert document.graph.setting("n1", "value") == 2.0


def test_ticks_far_apart_in_time_are_two_steps() -> None:
    now = [0.0]
    graph = xy_plus_z()
    history = History(graph, clock=lambda: now[0])
    for tick in (0.0, MERGE_SECONDS, 2.5 * MERGE_SECONDS):
        now[0] = tick
        history.do(SetParam("n1", "value", tick), merge="spin")
    history.undo()
    assert graph.setting("n1", "value") == MERGE_SECONDS


def test_a_gesture_is_one_step_with_its_text() -> None:
    document, _ = _document()
    with document.gesture("Tidy up"):
        document.do(Move((("n1", 5.0, 5.0),)))
        document.do(SetLabel("n1", "first"))
        assert not document.history.can_undo
    assert document.history.undo_text == "Tidy up"
    document.undo()
    assert document.graph == xy_plus_z()


@pytest.mark.parametrize("how", ["cancel", "exception"])
def test_a_gesture_that_is_given_up_leaves_no_trace(how: str) -> None:
    document, changes = _document()
    try:
        with document.gesture("Connect") as gesture:
            document.do(Disconnect("e1"))
            document.do(SetLabel("n1", "seen"))
            if how == "cancel":
                gesture.cancel()
            else:
                raise KeyError
    except KeyError:
        pass
    assert document.graph == xy_plus_z() and not document.history.can_undo and not document.modified
    assert changes[-1].structure and len(changes) == 3


def test_an_inner_gesture_joins_the_outer() -> None:
    document, _ = _document()
    with document.gesture("outer"):
        document.do(SetLabel("n1", "a"))
        with document.gesture("inner") as inner:
            document.do(SetLabel("n2", "b"))
            inner.cancel()
        with document.gesture("inner"):
            document.do(SetLabel("n3", "c"))
    assert [document.graph.nodes[node].label for node in ("n1", "n2", "n3")] == ["a", "", "c"]
    document.undo()
    assert document.graph == xy_plus_z() and not document.history.can_undo


def test_counters_tell_compiling_from_computing_from_painting() -> None:
    document, changes = _document()
    seen = []
    for edit in (SetLabel("n1", "a"), SetParam("n1", "value", 3.0), Disconnect("e1")):
        document.do(edit)
        seen.append((document.structure, document.revision))
    document.undo()
    seen.append((document.structure, document.revision))
    assert seen == [(0, 0), (0, 1), (1, 2), (2, 3)]
    assert [(change.structure, change.value) for change in changes] == [(False, False), (False, True), (True, True), (True, True)]


def test_listeners_see_a_consistent_document() -> None:
    document = Document(xy_plus_z())
    seen: list[tuple[bool, bool, int]] = []
    document.changed.connect(lambda change: seen.append((document.history.can_undo, document.modified, len(document.graph.edges))))
    document.do(Disconnect("e1"))
    document.undo()
    assert seen == [(True, True, 3), (False, False, 4)]


def test_a_disconnected_listener_is_not_called() -> None:
    document, changes = _document()
    document.changed.disconnect(changes.append)
    document.do(SetLabel("n1", "a"))
    assert changes == []


def test_a_refused_edit_is_no_step_and_no_event() -> None:
    document, changes = _document()
    with pytest.raises(GraphError):
        document.do(Compound((SetLabel("n1", "a"), Disconnect("e77"))))
    assert not document.history.can_undo and changes == [] and document.revision == 0
    document.do(SetLabel("n1", "b"))
    assert len(changes[0].edits) == 1


def test_modified_follows_the_saved_state_through_undo_and_redo(tmp_path: Path) -> None:
    document, _ = _document()
    assert not document.modified
    document.do(SetLabel("n1", "a"))
    document.save(tmp_path / "a.gradwire")
    marks = [document.modified]
    for step in (lambda: document.do(SetLabel("n1", "b")), document.undo, document.undo, document.redo):
        step()
        marks.append(document.modified)
    assert marks == [False, True, False, True, False]
    document.undo()
    document.do(SetLabel("n1", "a"))
    assert document.modified  # the saved state can no longer be reached by undo


def test_a_new_edit_forgets_what_was_undone() -> None:
    document, _ = _document()
    document.do(SetLabel("n1", "a"))
    document.undo()
    document.do(SetLabel("n1", "b"))
    assert not document.history.can_redo
    document.redo()
    assert document.graph.nodes["n1"].label == "b"


def test_saving_without_a_name_says_so() -> None:
    with pytest.raises(FileError, match="no file name"):
        Document.new(CATALOG).save()


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    document, _ = _document()
    document.do(SetParam("n1", "value", 2.5))
    document.save(tmp_path / "a.gradwire")
    loaded = Document.load(tmp_path / "a.gradwire", CATALOG)
    assert loaded.graph == document.graph and loaded.path == tmp_path / "a.gradwire" and not loaded.read_only
