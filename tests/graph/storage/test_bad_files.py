"""A bad file: one clear sentence that names it, within two seconds, and the file stays as it was."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graph.storage.document import Document
from graph.storage.files import FileError, dumps, load, loads
from tests.graph.storage.test_files import GOLDEN
from tests.support.catalog import CATALOG, xy_plus_z

GOOD = dumps(xy_plus_z())


def _refused(path: Path) -> str:
    """The error of loading a file, checked for what every such error promises."""
    data = path.read_bytes() if path.stat().st_size < 10**7 else None
    start = time.process_time()
    with pytest.raises(FileError) as caught:
        load(path, CATALOG)
    assert time.process_time() - start < 2
    text = str(caught.value)
    assert text.startswith(path.name + ": ") and text.endswith(".") and "\n" not in text and len(text) < 300
    assert "Traceback" not in text and "Error" not in text
    assert data is None or path.read_bytes() == data
    with pytest.raises(FileError):
        Document.load(path, CATALOG)
    return text


def _file(folder: Path, content: str | bytes) -> Path:
    path = folder / "bad.gradwire"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


Change = Callable[[dict[str, Any]], object]


def _changed(change: Change) -> str:
    content = json.loads(GOOD)
    change(content)
    return json.dumps(content)


RAW: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", "the file is empty"),
    "only spaces": (" \n\t ", "the file is empty"),
    "not JSON": ("Dear diary,", "does not begin with {"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(100), "line 1 holds a byte that is not UTF-8"),
    "a JSON list": ("[1, 2]", "does not begin with {"),
    "a slip": (GOOD.replace('"edges": [', '"edges": {['), "line 11, column 11 is not JSON"),
    "a missing comma": (GOOD.replace('"version": 1,', '"version": 1'), "line 3"),
    "invalid UTF-8": (GOOD.encode().replace(b'"f"', b'"\xff"'), "line 9 holds a byte that is not UTF-8 text"),
    "UTF-16": (GOOD.encode("utf-16"), "not UTF-8"),
    "NaN as a position": (GOOD.replace('"x": 0', '"x": NaN', 1), "NaN"),
    "infinity as a position": (GOOD.replace('"x": 0', '"x": 1e999', 1), 'node "n1": "x" is not a position on the canvas'),
    "a number of 10,000 digits": (GOOD.replace('"x": 0', f'"x": {"9" * 10_000}', 1), "too many digits"),
    "a number of 400 digits": (GOOD.replace('"x": 0', f'"x": {"9" * 400}', 1), 'node "n1": "x" is not a position'),
    "a key twice": (GOOD.replace('"name": "x"', '"name": "x", "name": "q"'), 'the key "name" appears twice in one object in "n1"'),
    "one key of many twice": ('{"a": 1, ' + ", ".join(f'"k{i}": 1' for i in range(200_000)) + ', "k7": 2}', 'the key "k7" appears twice'),
    "brackets nested 10,000 deep": ('{"format": ' + "[" * 10_000 + "]" * 10_000 + "}", "nested more than 64 deep"),
    "a lone surrogate as name": (GOOD.replace('"name": "x"', '"name": "\\ud800"'), 'node "n1"'),
    "an archive that is none": (b"PK\x03\x04" + bytes(500), "the archive is damaged"),
}

CHANGES: dict[str, tuple[Change, str]] = {
    "wrong format": (lambda c: c.update(format="blender"), 'its "format" is not "gradwire"'),
    "no format": (lambda c: c.pop("format"), 'its "format" is not "gradwire"'),
    "no version": (lambda c: c.pop("version"), '"version" is not a whole number'),
    "version true": (lambda c: c.update(version=True), '"version" is not a whole number'),
    "nodes not a list": (lambda c: c.update(nodes={}), '"nodes" is not a list'),
    "a node that is a number": (lambda c: c["nodes"].append(3), "node: a JSON object was expected, not the number 3"),
    "a node without type": (lambda c: c["nodes"][1].pop("type"), 'node "n2": "type" is missing'),
    "a node without id": (lambda c: c["nodes"][1].pop("id"), 'a node without id: "id" is missing'),
    "a name with spaces": (lambda c: c["nodes"][1].update(name="a b"), 'node "n2": the name "a b"'),
    "a node id twice": (lambda c: c["nodes"][1].update(id="n1"), 'node "n1": the id "n1" is used twice'),
    "an edge id twice": (lambda c: c["edges"][1].update(id="e1"), 'edge "e1": the id "e1" is used twice'),
    "an edge with a node's id": (lambda c: c["edges"][1].update(id="n1"), 'the id "n1" is used twice'),
    "a name twice": (lambda c: c["nodes"][1].update(name="x"), 'node "n2": there is already a node called "x"'),
    "an edge to nowhere": (lambda c: c["edges"][0].update(to=["n77", "a", 0]), 'edge "e1": "to" names a node that does not exist, "n77"'),
    "an edge from nowhere": (lambda c: c["edges"][0].update({"from": ["n77", "y"]}), 'edge "e1": "from" names a node that does not exist'),
    "an edge without ends": (lambda c: c["edges"][0].pop("from"), 'edge "e1": "from" is missing'),
    "an edge with a bad end": (lambda c: c["edges"][0].update(to="n4"), 'edge "e1": "to" is not a list'),
    "a missing input": (lambda c: c["edges"][0].update(to=["n4", "q", 0]), 'edge "e1": multiply has no input "q"; its inputs are a, b'),
    "a missing output": (lambda c: c["edges"][0].update({"from": ["n1", "q"]}), 'edge "e1": x has no output "q"'),
    "an input on a source": (lambda c: c["edges"][0].update(to=["n2", "x", 0]), "it has no inputs at all"),
    "two edges into one input": (lambda c: c["edges"][1].update(to=["n4", "a", 0]), 'edge "e2": multiply.a already has a wire'),
    "a slot on a single input": (lambda c: c["edges"][1].update(to=["n4", "a", 1]), 'edge "e2": multiply.a takes one wire'),
    "a negative slot": (lambda c: c["edges"][1].update(to=["n4", "a", -1]), 'edge "e2": "to" is not'),
    "a cycle": (lambda c: c["edges"][0].update({"from": ["n5", "y"]}), "the edges form a cycle through or before multiply, f"),
    "a wire to itself": (lambda c: c["edges"][0].update({"from": ["n4", "y"]}), "the edges form a cycle through or before multiply"),
    "text as position": (lambda c: c["nodes"][0].update(x="left"), 'node "n1": "x" is not a number but the text "left"'),
    "true as position": (lambda c: c["nodes"][0].update(x=True), 'node "n1": "x" is not a number but true'),
    "a far position": (lambda c: c["nodes"][0].update(x=1e300), 'node "n1": "x" is not a position'),
    "a bend that is no point": (lambda c: c["edges"][0].update(via=[[1]]), 'edge "e1": "via"'),
    "a group that is missing": (lambda c: c["nodes"][0].update(group="g9"), 'node "n1": there is no group "g9"'),
    "groups in a circle": (
        lambda c: c.update(groups=[{"id": "g1", "name": "a", "parent": "g2"}, {"id": "g2", "name": "b", "parent": "g1"}]),
        "would lie inside itself",
    ),
    "a shape of 10^18 elements": (
        lambda c: c["nodes"].append({"id": "n9", "type": "parameter.parameter", "name": "w", "params": {"shape": [10**9, 10**9]}}),
        'node "n9": "shape" needs 1 × 10^18 numbers; at most 2³¹ are possible',
    ),
    "a text for a number": (
        lambda c: c["nodes"].append({"id": "n9", "type": "layer.linear", "name": "h", "params": {"out_features": "8"}}),
        'node "n9": "out_features" is a whole number, not the text "8"',
    ),
    "ragged rows": (lambda c: c["nodes"][0].update(params={"value": [[1, 2], [3]]}), 'node "n1": "value" is a number or nested lists'),
    "an objective on nothing": (lambda c: c["settings"].update(objective={"node": "n9", "port": "y"}), "to a node that does not exist"),
    "an objective without port": (lambda c: c["settings"].update(objective={"node": "n5"}), '"objective" is a node and a port'),
    "an unknown dtype": (lambda c: c["settings"].update(dtype="int8"), '"dtype" is float64 or float32, not "int8"'),
    "half an epoch": (lambda c: c["training"].update(epochs=0.5), 'the training setting "epochs" is a whole number from 1 up'),
}  # fmt: skip


@pytest.mark.parametrize("name", RAW)
def test_bytes_that_are_no_document_are_refused(name: str, tmp_path: Path) -> None:
    content, expected = RAW[name]
    assert expected in _refused(_file(tmp_path, content))


@pytest.mark.parametrize("name", CHANGES)
def test_a_document_that_is_not_well_formed_is_refused(name: str, tmp_path: Path) -> None:
    change, expected = CHANGES[name]
    assert expected in _refused(_file(tmp_path, _changed(change)))


def test_a_file_truncated_at_any_byte_is_refused(tmp_path: Path) -> None:
    data = (GOLDEN / "version-1.gradwire").read_bytes().rstrip()
    for length in range(len(data)):
        with pytest.raises(FileError) as caught:
            loads(data[:length], CATALOG, "cut.gradwire")
        assert "\n" not in str(caught.value)
    assert "it ends in the middle, in line 9" in _refused(_file(tmp_path, GOOD[: GOOD.index('"n5"') + 2]))


def test_any_damaged_byte_is_either_harmless_or_refused() -> None:
    data, draw = (GOLDEN / "version-1.gradwire").read_bytes(), random.Random(0)
    for _ in range(2000):
        damaged = bytearray(data)
        for _ in range(draw.randrange(1, 4)):
            damaged[draw.randrange(len(data))] = draw.randrange(256)
        try:
            graph = loads(bytes(damaged), CATALOG)
        except FileError as problem:
            assert "\n" not in str(problem)
        else:
            assert loads(dumps(graph), CATALOG) == graph


@pytest.mark.parametrize("unit", ["[", '{"a":', "[[],", '"[", [', '{"format": "gradwire", "nodes": ['])
def test_200_megabytes_of_nested_brackets_are_refused_quickly_and_with_little_memory(unit: str, tmp_path: Path) -> None:
    path = tmp_path / "nested.gradwire"
    with open(path, "wb") as file:
        for _ in range(200):
            file.write((unit * (2**20 // len(unit) + 1)).encode()[: 2**20])
    program = (
        "import sys, time, resource\nfrom graph.storage.files import FileError, load\nfrom tests.support.catalog import CATALOG\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\nstart = time.process_time()\n"
        "try:\n    load(sys.argv[1], CATALOG)\nexcept FileError as problem:\n    print(problem)\n"
        "print(time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    run = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, cwd=Path(__file__).parents[3])
    error, figures = run.stdout.splitlines()
    seconds, kilobytes = map(float, figures.split())
    assert error.startswith("nested.gradwire: ") and not run.stderr
    assert seconds < 2 and kilobytes < 200_000


@pytest.mark.parametrize("unit", ["[],", "1,", '"a",', '{"a":1},', "[[[[[[[[1]]]]]]]],"])
def test_a_file_of_the_largest_size_with_the_most_values_takes_under_two_seconds(unit: str, tmp_path: Path) -> None:
    text = '{"format": "gradwire", "version": 1, "junk": [' + unit * (63 * 2**20 // len(unit)) + "1]}"
    assert "too many values" in _refused(_file(tmp_path, text))


def test_the_most_values_that_are_read_take_under_two_seconds() -> None:
    start = time.process_time()
    graph = loads(GOOD.rstrip()[:-1] + ', "junk": [' + "0.5," * 2_900_000 + "1]}", CATALOG)
    assert len(graph.extra["junk"]) == 2_900_001
    assert time.process_time() - start < 2


def test_a_missing_file_and_a_folder_are_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="there is no such file"):
        load(tmp_path / "none.gradwire", CATALOG)
    with pytest.raises(FileError, match="folder"):
        load(tmp_path, CATALOG)


HUGE = "q" * 5000 + "\n" + "r" * 100
PLACES: dict[str, Change] = {
    "a node's id": lambda c: c["nodes"][0].update(id=HUGE * 2), "a node's name": lambda c: c["nodes"][0].update(name=HUGE),
    "a type": lambda c: c["nodes"][0].update(type=3, id="q" * 190), "a group": lambda c: c["nodes"][0].update(group=HUGE),
    "an id twice": lambda c: c["nodes"].extend([dict(c["nodes"][0], id="q" * 199)] * 2),
    "an end": lambda c: c["edges"][0].update(to=[HUGE, "a", 0]),
    "a port": lambda c: c["edges"][0].update(to=["n4", HUGE, 0]), "a text as position": lambda c: c["nodes"][0].update(x=HUGE),
    "a setting": lambda c: c["nodes"][0]["params"].update({"value": HUGE}),
    "a dtype": lambda c: c["settings"].update(dtype=HUGE),
    "an objective": lambda c: c["settings"].update(objective={"node": HUGE, "port": "y"}),
    "a training setting": lambda c: c["training"].update(optimizer=[HUGE]),
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_messages_quote_at_most_eighty_characters_and_no_line_break(place: str, tmp_path: Path) -> None:
    path = tmp_path / ("f" * 200 + ".gradwire")
    path.write_text(_changed(PLACES[place]))
    with pytest.raises(FileError) as caught:
        load(path, CATALOG)
    text = str(caught.value)
    assert "q" * 80 not in text and "f" * 80 not in text and "\n" not in text and len(text) < 400


def test_a_key_that_stands_twice_is_quoted_shortly(tmp_path: Path) -> None:
    key = json.dumps(HUGE)
    with pytest.raises(FileError) as caught:
        loads("{" + f'"format": "gradwire", {key}: 1, {key}: 2' + "}", CATALOG)
    assert "q" * 80 not in str(caught.value) and "\n" not in str(caught.value)
