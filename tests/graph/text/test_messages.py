"""Texts and their catalogue: what is translated can be translated, and no code is lost or given twice."""

from __future__ import annotations

import ast
import functools
import gettext
import os
import pickle
import string
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from graph.text.messages import Message, PseudoTranslations

ROOT = Path(__file__).parents[3]
FLOORS = ("graph", "engine", "ui", "cli")
TRANSLATORS = ("_", "ngettext", "pgettext")


@functools.cache
def calls_by_name() -> dict[str, list[tuple[Path, ast.Call]]]:
    """The calls of functions in all of the code, which is read once."""
    found: dict[str, list[tuple[Path, ast.Call]]] = {}
    for floor in FLOORS:
        for path in sorted((ROOT / floor).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in (*TRANSLATORS, "Message"):
                    found.setdefault(node.func.id, []).append((path, node))
    return found


def calls(*names: str) -> Iterator[tuple[Path, ast.Call]]:
    for name in names:
        yield from calls_by_name().get(name, ())


def places(text: str) -> set[str]:
    return {name.split(".")[0].split("[")[0] for _, name, _, _ in string.Formatter().parse(text) if name}


def test_what_is_translated_is_a_literal() -> None:
    """Anything else could not be found when the catalogue is collected."""
    wrong = []
    for path, call in calls(*TRANSLATORS):
        texts = call.args[:2] if call.func.id == "ngettext" else call.args[-1:]  # type: ignore[attr-defined]
        if path.name != "messages.py" and not all(isinstance(text, ast.Constant) and isinstance(text.value, str) for text in texts):
            wrong.append(f"{path.relative_to(ROOT)}:{call.lineno}")
    assert not wrong


def test_every_place_of_a_message_is_filled_and_every_code_has_one_text() -> None:
    texts: dict[str, str] = {}
    number = 0
    for path, call in calls("Message"):
        code, text = (part.value if isinstance(part, ast.Constant) else None for part in call.args)
        if not isinstance(code, str):
            continue  # made from another message, whose code it keeps
        where = f"{path.relative_to(ROOT)}:{call.lineno}"
        assert isinstance(text, str), where
        if all(keyword.arg for keyword in call.keywords):
            assert places(text) <= {keyword.arg for keyword in call.keywords}, where
        assert texts.setdefault(code, text) == text, f"{where}: {code} has another text elsewhere"
        number += 1
    assert number > 90


def test_the_translating_name_is_never_given_to_something_else_in_a_function_that_translates() -> None:
    """`for _ in …` beside `_("…")` would make the second one fail."""
    wrong = []
    for floor in FLOORS:
        for path in sorted((ROOT / floor).rglob("*.py")):
            text = path.read_text("utf-8")
            if "_(" not in text:
                continue
            for function in (n for n in ast.walk(ast.parse(text)) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))):
                inner = [n for n in ast.walk(function) if isinstance(n, ast.Name) and n.id == "_"]
                bound = [n for n in inner if isinstance(n.ctx, ast.Store)]
                bound_in = {id(n) for c in ast.walk(function) if isinstance(c, ast.comprehension) for n in ast.walk(c.target)}
                parameters = [a for a in (*function.args.args, *function.args.kwonlyargs, function.args.vararg) if a and a.arg == "_"]
                called = any(isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == "_" for n in ast.walk(function))
                if called and (parameters or any(id(n) not in bound_in for n in bound)):
                    wrong.append(f"{path.relative_to(ROOT)}:{function.lineno}")
    assert not wrong


def test_a_message_is_its_code_and_values_not_its_words() -> None:
    one, two = Message("small", "{n} is small", n=1), Message("small", "{n} is small", n=2)
    assert one == Message("small", "another wording of {n}", n=1) and one != two and len({one, two}) == 2
    assert str(one) == "1 is small" and pickle.loads(pickle.dumps(one)) == one


def test_the_pseudo_locale_brackets_and_lengthens() -> None:
    pseudo = PseudoTranslations()
    assert pseudo.gettext("Save as {name}") == "⟦Save as {name}····⟧"
    assert pseudo.ngettext("{n} step", "{n} steps", 1).startswith("⟦{n} step·") and pseudo.ngettext("{n} step", "{n} steps", 3).startswith(
        "⟦{n} steps·"
    )
    assert pseudo.gettext("") == ""


@pytest.mark.parametrize(
    "language, text", [("xx", "nichts ist mit seinem Eingang a verbunden"), ("", "nothing is connected to its input a")]
)
def test_a_catalogue_in_the_readers_language_is_used(language: str, text: str, tmp_path: Path) -> None:
    """The catalogue is written here byte by byte, as the manual of GNU gettext describes it."""
    folder = tmp_path / "xx" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    entries = sorted({
        b"": b"Content-Type: text/plain; charset=UTF-8\n",
        b"nothing is connected to its input {port}": b"nichts ist mit seinem Eingang {port} verbunden",
    }.items())  # fmt: skip
    keys, values, start = b"", b"", 28 + 16 * len(entries)
    where = []
    for key, value in entries:
        where.append((len(key), len(keys), len(value), len(values)))
        keys, values = keys + key + b"\0", values + value + b"\0"
    table = b"".join(struct.pack("<II", n, start + at) for n, at, _, _ in where)
    table += b"".join(struct.pack("<II", n, start + len(keys) + at) for _, _, n, at in where)
    (folder / "gradwire.mo").write_bytes(
        struct.pack("<7I", 0x950412DE, 0, len(entries), 28, 28 + 8 * len(entries), 0, 0) + table + keys + values
    )
    assert gettext.translation("gradwire", tmp_path, ["xx"]).gettext("nothing is connected to its input {port}").startswith("nichts")
    program = (
        "import graph.text.messages as m; import pathlib, importlib, sys\n"
        "from graph.model.structure import missing_input; print(missing_input('a'))"
    )
    environment = {**os.environ, "LANGUAGE": language, "GRADWIRE_CATALOGUES": str(tmp_path)}
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, env=environment, timeout=60, check=True)
    assert run.stdout.strip() == text


def test_the_template_for_translators_holds_marked_and_declared_texts() -> None:
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        import catalogue
    finally:
        sys.path.remove(str(ROOT / "docs"))
    template = catalogue.collected()
    texts = {entry.id for entry in template}
    assert "nothing is connected to its input {port}" in texts and ("{n} argument", "{n} arguments") in texts
    assert {"Multiply", "Squared error", "Learned scale and shift"} <= texts  # a title of a node type, another one, a setting's label
    assert len(texts) > 800
