"""The pseudo-locale: whatever a person can see comes through the catalogue, and has room for a text that is 40 % longer.

`tests/support/pseudo_walk.py` opens every panel, tool, dialog, menu, action and lesson in a program of its own, because texts are
translated at import. What it need not have translated is listed here, with the reason.
"""

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
VOWELS, ACCENTS = frozenset("aeiouyAEIOUY"), frozenset("áéíóúýÁÉÍÓÚÝ")
WORD = re.compile(r"[A-Za-zÀ-ÿ]{3,}")
DOUBLE = re.compile(r"⟦⟦[^⟦⟧]*⟧[· ]+⟧")
MARKUP = re.compile(r"<[^>]*>|&\w+;|\\[a-z]+|\(?\*\.\w+\)?|\w+\.gradwire")

PROPER = frozenset(["Gradwire", "Python", "CPU", "CUDA", "Adam", "NaN", "Keras", "PyTorch", "torch", "optim"])
"""Names of programs, of what they call things, of devices and numbers."""
KEYS = frozenset(["Shift", "Alt", "Del", "Backspace", "Tab", "Home", "PgUp", "Return", "Enter", "Right", "Left", "Add"])
"""Keys, as the system writes them; `Add` is what the walk itself calls its edits."""
CONDITIONS = frozenset(["value", "gradient", "loss", "step", "is"])
"""The words that conditions of breakpoints are typed with: the file format has them, so they are no prose."""
TYPED = frozenset(["log", "schedule", "cosine"])
"""The words that a range of a sweep's values and a competitor of a race are typed with: the command line has them too."""
DATA = frozenset(["setosa", "versicolor", "virginica", "sepal", "petal", "length", "width", "species"])
"""Classes and columns of the iris data."""
FORMULA = frozenset(
    ["upstream", "local", "downstream", "logsoftmax", "onehot", "diag", "max", "class", "low", "high", "condition", "int", "loss", "std"]
)
"""Names inside formulas (`upstream · local = downstream` are written under its braces), of ports, and of types of numbers."""
QT = frozenset(["Scroll"])
"""Accessible names that Qt gives to parts of its own widgets."""
EXEMPT = PROPER | KEYS | CONDITIONS | TYPED | DATA | FORMULA | QT


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return _walk(tmp_path_factory.mktemp("home"))


def _walk(home: Path, *arguments: str, patience: float = 240) -> dict[str, Any]:
    environment = {**os.environ, "LANGUAGE": "en_XA", "QT_QPA_PLATFORM": "offscreen", "HOME": str(home)}
    program = [sys.executable, "-m", "tests.support.pseudo_walk", str(home), *arguments]
    run = subprocess.run(program, capture_output=True, text=True, cwd=ROOT, env=environment, timeout=patience, check=True)
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def untranslated(seen: dict[str, Any]) -> list[str]:
    """Words without an accent that are no name, no formula and no document's text, each with its place."""
    names = {word for name in seen["names"] for word in WORD.findall(name)} | EXEMPT
    known = _without(tuple(sorted(seen["documents"], key=len, reverse=True)))
    found = []
    for text, where in seen["texts"].items():
        words = [] if text in seen["documents"] else WORD.findall(MARKUP.sub(" ", known(text)))
        plain = [word for word in words if VOWELS & set(word) and not ACCENTS & set(word) and word not in names]
        plain = [word for word in plain if word.lower() not in {name.lower() for name in names} and not _joined(word, names)]
        plain = [word for word in plain if f"{word}…" not in text or not any(name.startswith(word) for name in names)]  # a name cut short
        if plain:
            found.append(f"{where}: {plain} in {text[:120]!r}")
    return found


def _without(documents: tuple[str, ...]) -> Callable[[str], str]:
    """What lessons and examples say is theirs, not the window's."""
    return lambda text: functools.reduce(lambda rest, part: rest.replace(part, " ") if len(part) > 3 else rest, documents, text)


def _joined(word: str, names: frozenset[str] | set[str]) -> bool:
    """A product of names, as formulas are written out: `Wstandardized`."""
    return any(word != name and (word.startswith(name) or word.endswith(name)) and len(name) > 4 for name in names if len(name) < len(word))


def test_the_walk_opened_what_there_is(seen: dict[str, Any]) -> None:
    """Else nothing would be tested; the texts of panels, tools, dialogs and lessons are there, with brackets."""
    opened = " ".join(seen["opened"])
    for part in ("panel library", "panel training", "panel debugger", "tool paths", "dialog shortcuts", "palette", "feature present",
                 "feature record_lesson", "lesson activations.gwlesson", "engine dead", "action probe_value", "1366×768"):  # fmt: skip
        assert part in opened, part
    bracketed = [text for text in seen["texts"] if "⟦" in text]
    assert len(bracketed) > 1000 and "⟦Sávé·⟧" in seen["texts"]


def test_every_word_comes_through_the_catalogue(seen: dict[str, Any]) -> None:
    found = untranslated(seen)
    assert not found, "\n".join(found)


def test_nothing_is_translated_twice(seen: dict[str, Any]) -> None:
    assert not [text for text in seen["texts"] if DOUBLE.search(text)]


def test_nothing_is_clipped(seen: dict[str, Any]) -> None:
    """At 1280×720 and 1366×768; what shortens itself, breaks into lines or can be scrolled to is not."""
    assert not seen["clipped"], "\n".join(f"{where}: {why}" for why, where in seen["clipped"].items())


def test_a_word_that_goes_round_the_catalogue_is_found() -> None:
    """Beside the brackets, inside those of another text, and cut off."""
    names = {"names": ["hidden"], "documents": ["The end"]}
    fine = {"⟦Sávé·⟧": "", "hidden": "", "The end": "", "⟦Títlé óf hidden····⟧  (Ctrl+S)": ""}
    wrong = {"Save": "", "⟦Óné phase báck····⟧": "", "⟦Sávé·⟧ graph": "", "not com…": ""}
    assert not untranslated({"texts": fine, **names}) and len(untranslated({"texts": wrong, **names})) == len(wrong)


@pytest.mark.long
def test_every_step_of_every_lesson(tmp_path: Path) -> None:
    seen = _walk(tmp_path, "every", patience=900)
    assert not untranslated(seen) and not [text for text in seen["texts"] if DOUBLE.search(text)] and not seen["clipped"]
