"""Lessons as files: what is written is read again, what is broken is refused in one sentence, names lead to what is on the canvas."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.lessons.lesson import (
    Action,
    Choice,
    Lesson,
    LessonError,
    LessonQuestion,
    LessonStep,
    dumps,
    graph_path,
    load,
    loads,
    save,
    shelf,
)
from graph.lessons.lesson_graph import check, graph_at, ids, item_name, resolve
from graph.model.address import output, parameter
from graph.model.graph import Graph
from tests.support.catalog import CATALOG, add, wire, xy_plus_z

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=30)
NAME = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
NAMES = st.lists(NAME, max_size=3).map(tuple)
NUMBER = st.floats(-1e290, 1e290)
EXTRA = st.dictionaries(NAME.map("x-{}".format) | st.just("colour"), TEXT | st.integers(), max_size=2)
ACTIONS = st.one_of(
    st.builds(lambda phase: Action("play", {"phase": phase}), st.sampled_from(["forward", "backward"])),
    st.builds(lambda phase, name: Action("to", {"phase": phase, "node": name}), st.sampled_from(["forward", "backward"]), NAME),
    st.builds(lambda name, value: Action("set", {"node": name, "value": value}), NAME, NUMBER | st.lists(NUMBER, max_size=3)),
    st.builds(lambda steps: Action("train", {"steps": steps}), st.integers(1, 1000)),
    st.builds(lambda names: Action("select", {"items": list(names)}), NAMES),
    st.builds(lambda of, index: Action("picture", {"of": of, "index": index, "epsilon": 0.1}), NAME, st.lists(st.integers(0, 9))),
    st.sampled_from([Action("show_all"), Action("reset"), Action("view"), Action("audit", {"on": True}), Action("sweep", {"why": "kept"})]),
    st.just(Action("edit", {"edits": [{"edit": "SetParam", "node": "x", "name": "value", "value": 3.0}]})),
)
CHOICES = st.lists(st.builds(Choice, TEXT, st.booleans(), TEXT, EXTRA), min_size=1, max_size=3).map(
    lambda options: (*options, Choice("the right one", True))
)
INDEX = st.lists(st.integers(0, 5), max_size=3).map(tuple)
QUANTITY = st.sampled_from(["value", "gradient"])
TOLERANCE = st.none() | st.floats(0, 1e6)
QUESTIONS = st.one_of(
    st.builds(LessonQuestion, st.just("predict"), TEXT, NAME, QUANTITY, INDEX, st.none() | NUMBER, TOLERANCE, answer=TEXT, extra=EXTRA),
    st.builds(LessonQuestion, st.just("number"), TEXT, expected=NUMBER, tolerance=TOLERANCE, hint=TEXT, extra=EXTRA),
    st.builds(LessonQuestion, st.just("choice"), TEXT, options=CHOICES, answer=TEXT, extra=EXTRA),
    st.builds(LessonQuestion, st.just("text"), TEXT, answer=TEXT),
)
STEPS = st.builds(
    LessonStep, TEXT, TEXT, NAMES, st.booleans(), NAMES, NAMES, st.lists(ACTIONS, max_size=3).map(tuple),
    st.lists(QUESTIONS, max_size=2).map(tuple), TEXT, EXTRA,
)  # fmt: skip
LESSONS = st.builds(
    Lesson, TEXT, st.sampled_from(["xy-plus-z", "a b.gradwire", "sub/graph.gradwire"]), TEXT, NAMES,
    st.lists(STEPS, min_size=1, max_size=3).map(tuple), EXTRA, st.floats(-1e6, 1e6),
)  # fmt: skip


def a_lesson(**changes: Any) -> dict[str, Any]:
    """The JSON of a small lesson on x·y + z, with the first step changed."""
    step = {
        "title": "Forward", "text": ["one", "two"], "highlight": ["multiply", "x -> multiply.a"], "hide": {"values": ["f"]},
        "run": [{"do": "set", "node": "x", "value": 2.0}, {"do": "play", "phase": "forward"}],
        "ask": [{"kind": "predict", "text": "f?", "of": "f"}],
    }  # fmt: skip
    return {"format": "gradwire-lesson", "version": 1, "title": "t", "graph": "xy-plus-z", "steps": [step | changes]}


def refusal(**changes: Any) -> str:
    """The sentence with which the changed lesson is refused, by its form or by the graph."""
    with pytest.raises(LessonError) as refused:
        check(loads(json.dumps(a_lesson(**changes)), "a.gwlesson"), xy_plus_z(), "a.gwlesson", actions={"train"})
    return str(refused.value)


def assert_is_one_line(text: str) -> None:
    assert text.startswith("a.gwlesson: ") and "\n" not in text and len(text) < 410 and "Traceback" not in text


@given(LESSONS)
def test_what_is_written_is_read_again(lesson: Lesson) -> None:
    text = dumps(lesson)
    assert loads(text) == lesson
    assert dumps(loads(text)) == text


def test_texts_of_several_lines_stand_as_lines_in_the_file() -> None:
    text = dumps(Lesson("t", "g", steps=(LessonStep("s", "one\n\ntwo"),)))
    assert json.loads(text)["steps"][0]["text"] == ["one", "", "two"]


def test_a_saved_lesson_is_loaded_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    lesson = loads(json.dumps(a_lesson()))
    save(lesson, tmp_path / "a.gwlesson")
    save(lesson, tmp_path / "a.gwlesson")
    assert load(tmp_path / "a.gwlesson") == lesson
    assert [path.name for path in tmp_path.iterdir()] == ["a.gwlesson"]


def test_a_lesson_that_cannot_be_saved_says_so(tmp_path: Path) -> None:
    with pytest.raises(LessonError, match="cannot be saved"):
        save(loads(json.dumps(a_lesson())), tmp_path / "nowhere" / "a.gwlesson")


@settings(max_examples=300)
@given(st.integers(0, 2**32), LESSONS)
def test_a_corrupted_file_is_refused_or_read_but_never_more(seed: int, lesson: Lesson) -> None:
    rng = random.Random(seed)
    data = bytearray(dumps(lesson).encode())
    for _ in range(rng.randint(1, 4)):
        place = rng.randrange(len(data))
        match rng.randrange(3):
            case 0:
                data[place] = rng.randrange(256)
            case 1:
                del data[place : place + rng.randint(1, 20)]
                data = data or bytearray(b"{")
            case 2:
                data[place:place] = rng.choice([b"{", b"[", b"null", b'"', b"\\", b"-1e999", b"true,"])
    try:
        check(loads(bytes(data), "a.gwlesson"), xy_plus_z(), "a.gwlesson")
    except LessonError as refused:
        assert_is_one_line(str(refused))


@settings(max_examples=300)
@given(st.integers(0, 2**32))
def test_any_value_in_any_place_is_refused_or_read_but_never_more(seed: int) -> None:
    rng = random.Random(seed)
    content: Any = a_lesson(ask=[{"kind": "choice", "text": "?", "options": [{"text": "a"}, {"text": "b", "right": True}], "index": []}])
    places: list[tuple[Any, Any]] = []

    def walk(value: Any) -> None:
        for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
            places.append((value, key))
            walk(value[key])

    walk(content)
    owner, key = rng.choice(places)
    owner[key] = rng.choice([None, True, -1, 1.5, "", "x", "x -> y", [], [1], {}, {"a": []}, [["a"]], 10**30, "a" * 5000, {"edit": 1}])
    try:
        check(loads(json.dumps(content), "a.gwlesson"), xy_plus_z(), "a.gwlesson")
    except LessonError as refused:
        assert_is_one_line(str(refused))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"highlight": ["q"]}, 'step 1 "Forward", "highlight": there is no "q" on the canvas: its nodes are x, y, z, multiply, f'),
        ({"highlight": ["x -> f.a"]}, 'there is no wire "x -> f.a"'),
        ({"highlight": ["x -> q"]}, 'there is no node "q" for the wire'),
        ({"highlight": ["x.W"]}, "x has neither an output nor a parameter called"),
        ({"hide": {"value": ["x"]}}, 'only "values" and "gradients" can be hidden, not "value"'),
        ({"hide": {"values": "x"}}, '"values" is not a list'),
        ({"run": [{"do": "jump"}]}, 'action 1: there is no action "jump"'),
        ({"run": [{"do": "train", "steps": 0}]}, '"steps" of "train" is a whole number from 1'),
        ({"run": [{"do": "play"}]}, '"play" needs "phase"'),
        ({"run": [{"do": "to", "phase": "forward"}]}, '"to" needs either a "node" or a "wire"'),
        ({"run": [{"do": "set", "node": "w", "value": 1}]}, 'action 1 ("set"): there is no node "w"'),
        ({"run": [{"do": "set", "node": "x", "value": "one"}]}, '"value" is a number'),
        ({"run": [{"do": "set", "node": "x", "setting": "size", "value": 1}]}, 'x has no setting "size"'),
        ({"run": [{"do": "edit", "edits": [{"edit": "Explode"}]}]}, "edit 1 is wrong: there is no edit called"),
        ({"run": [{"do": "edit", "edits": [{"edit": "RemoveNode", "id": "x"}]}]}, "x still has wires"),
        ({"run": [{"do": "action", "id": "explode"}]}, 'the window has no action "explode"'),
        ({"ask": [{"kind": "riddle", "text": "?"}]}, 'there is no kind "riddle"'),
        ({"ask": [{"kind": "predict", "text": "?"}]}, '"of" does not say which number'),
        ({"ask": [{"kind": "number", "text": "?"}]}, 'neither "expected" nor "of"'),
        ({"ask": [{"kind": "choice", "text": "?", "options": [{"text": "a"}, {"text": "b"}]}]}, "and one that is right"),
        ({"ask": [{"kind": "number", "text": "?", "expected": 1, "tolerance": -1}]}, '"tolerance" is below 0'),
        ({"ask": [{"kind": "predict", "text": "?", "of": "w"}]}, 'question 1: there is no "w"'),
        ({"text": 3}, '"text" is neither a text nor a list of lines but the number 3'),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_step(changes: dict[str, Any], said: str) -> None:
    text = refusal(**changes)
    assert text.startswith("a.gwlesson: step 1") and said in text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": "gradwire"}, "this is not a lesson"), ({"version": 2}, "written by a newer Gradwire"),
        ({"version": 0}, "not a whole number"), ({"graph": "../secret"}, "neither a file beside the lesson"),
        ({"graph": "/etc/passwd"}, "neither a file beside"),
        ({"graph": ""}, "neither a file beside"), ({"steps": []}, "it has no steps"), ({"title": None}, '"title" is not a text'),
        ({"order": "last"}, '"order" is not a number'),
    ],
)  # fmt: skip
def test_a_file_that_is_no_lesson_says_why(change: dict[str, Any], said: str) -> None:
    with pytest.raises(LessonError) as refused:
        loads(json.dumps(a_lesson() | change), "a.gwlesson")
    assert said in str(refused.value)


def test_missing_files_folders_and_other_bytes_are_refused(tmp_path: Path) -> None:
    (tmp_path / "zip.gwlesson").write_bytes(b"PK\x03\x04 and so on")
    for path, said in ((tmp_path / "none.gwlesson", "no such file"), (tmp_path, "a folder"), (tmp_path / "zip.gwlesson", "not a lesson")):
        with pytest.raises(LessonError, match=said):
            load(path)


def test_edits_hold_for_all_later_steps_and_for_no_earlier_one() -> None:
    steps = [{"title": str(value), "run": [{"do": "set", "node": "x", "value": value}]} for value in (1.0, 2.0)] + [{"title": "last"}]
    lesson, graph = loads(json.dumps(a_lesson() | {"steps": steps})), xy_plus_z()
    x = resolve(graph, "x").id
    assert [graph_at(graph, lesson, step).setting(x, "value") for step in range(3)] == [1.0, 2.0, 2.0]
    assert graph == xy_plus_z(), "the lesson's graph itself stays as it was"


def test_edits_of_a_lesson_may_name_nodes_and_wires() -> None:
    edits = [
        {"edit": "Disconnect", "id": "z -> f.b"},
        {"edit": "AddNode", "node": {"id": "n9", "type": "math.exp", "name": "grown"}},
        {"edit": "Connect", "edge": {"id": "e9", "from": ["z", "y"], "to": ["grown", "x", 0]}},
        {"edit": "Connect", "edge": {"id": "e10", "from": ["grown", "y"], "to": ["f", "b", 0]}},
        {"edit": "Rename", "node": "multiply", "name": "d"},
    ]
    lesson = loads(json.dumps(a_lesson(run=[{"do": "edit", "edits": edits}], highlight=["d", "grown -> f.b"])))
    graph = xy_plus_z()
    check(lesson, graph)
    later = graph_at(graph, lesson, 0)
    assert ids(later, lesson.steps[0].highlight) == ((resolve(later, "d").id,), ("e10",))
    assert later.named("multiply") is None


def test_every_wire_has_a_name_that_leads_back_to_it() -> None:
    graph = Graph(CATALOG)
    data, join, loss = add(graph, "source.data"), add(graph, "math.concatenate", "join"), add(graph, "loss.squared_error", "loss")
    wires = [wire(graph, data, join, "xs", "x"), wire(graph, data, join, "xs", "x"), wire(graph, join, loss, "prediction")]
    wires.append(wire(graph, data, loss, "target", "target"))
    assert [resolve(graph, item_name(graph, edge)).id for edge in wires] == wires
    with pytest.raises(LessonError, match="may be several wires"):
        resolve(graph, "data -> join")


def test_parameters_and_outputs_are_named_with_a_dot() -> None:
    graph = Graph(CATALOG)
    add(graph, "layer.linear", "hidden"), add(graph, "source.data")
    assert resolve(graph, "hidden.W") == parameter(resolve(graph, "hidden").id, "W")
    assert resolve(graph, "data.target") == output(resolve(graph, "data").id, "target")


def test_the_graph_is_beside_the_lesson_or_among_the_examples(tmp_path: Path) -> None:
    examples = tmp_path / "examples"
    examples.mkdir()
    (examples / "xy-plus-z.gradwire").touch()
    lesson = loads(json.dumps(a_lesson()))
    assert graph_path(lesson, tmp_path / "a.gwlesson", examples) == examples / "xy-plus-z.gradwire"
    (tmp_path / "xy-plus-z.gradwire").touch()
    assert graph_path(lesson, tmp_path / "a.gwlesson", examples) == tmp_path / "xy-plus-z.gradwire"
    with pytest.raises(LessonError, match="neither beside it nor the name of an example"):
        graph_path(loads(json.dumps(a_lesson() | {"graph": "other"})), tmp_path / "a.gwlesson", examples)


@pytest.mark.parametrize("name", ["g" * 5000, "/", ".", "..", "a\0b", "a\nb"])
def test_a_graph_whose_name_is_no_file_is_refused_in_words(tmp_path: Path, name: str) -> None:
    lesson = replace(loads(json.dumps(a_lesson())), graph=name)
    with pytest.raises(LessonError, match="neither beside it nor the name of an example") as said:
        graph_path(lesson, tmp_path / "a.gwlesson", tmp_path)
    assert len(str(said.value)) < 200 and "\n" not in str(said.value)


def test_the_shelf_is_in_order_and_leaves_out_what_it_cannot_read(tmp_path: Path) -> None:
    for name, order in (("b", 1), ("a", 2), ("c", 1)):
        save(loads(json.dumps(a_lesson() | {"order": order})), tmp_path / f"{name}.gwlesson")
    (tmp_path / "broken.gwlesson").write_text("{")
    assert [path.stem for path, _ in shelf(tmp_path)] == ["b", "c", "a"]


def test_the_shelf_reads_a_lesson_again_when_its_file_has_changed_and_only_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "ab":
        save(loads(json.dumps(a_lesson())), tmp_path / f"{name}.gwlesson")
    shelf(tmp_path)
    read: list[Path] = []
    monkeypatch.setattr("graph.lessons.lesson.load", lambda path: [read.append(path), load(path)][1])
    shelf(tmp_path)
    assert not read

    save(loads(json.dumps(a_lesson() | {"title": "Changed"})), tmp_path / "b.gwlesson")
    (tmp_path / "c.gwlesson").write_text("{")
    assert {path.stem: lesson.title for path, lesson in shelf(tmp_path)} == {"a": a_lesson()["title"], "b": "Changed"}
    assert {path.stem for path in read} == {"b", "c"}
    (tmp_path / "a.gwlesson").unlink()
    assert [path.stem for path, _ in shelf(tmp_path)] == ["b"]
