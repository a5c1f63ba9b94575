"""Lessons: a JSON file (ending `.gwlesson`) with its graph inside or beside it. Its steps say what to show, light and hide, run and ask.

Things on the canvas are named as on the command line: a node "d", one output "data.target", a parameter "hidden.W", a wire "x -> d.a".
Whatever a step does to the *document* (`DOCUMENT` actions) holds for the steps after it; nothing else does. A step begins with the document
at that step, untrained values and all numbers shown, and then does its `run` in order: so any step can be opened from anywhere.

Text is Markdown with formulas between dollar signs; in the file a text of several lines is a list of lines. Unknown keys are kept.
`graph.lessons.lesson_graph` holds a lesson against its graph.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final

from graph.lessons.lesson_actions import action_complaint
from graph.model.elements import Reader, described, number
from graph.storage.files import FileError, write_whole
from graph.storage.paths import open_regular, reason
from graph.storage.scan import MAXIMUM_BYTES, NotADocument, ScanError, parse
from graph.storage.writing import FileIdentity, identity_of_bytes
from graph.text.messages import _
from graph.text.quoting import quoted, quoted_name, quoted_path

FORMAT: Final = "gradwire-lesson"
VERSION: Final = 1
ENDING: Final = ".gwlesson"
KINDS: Final = ("predict", "number", "choice", "text")
QUANTITIES: Final = ("value", "gradient", "curvature", "paths", "multiplications")
MEASURED: Final = QUANTITIES[2:]
"""What tools find out about an item; a question of the kind `number` that asks for it keeps them from telling."""
SHARE: Final = 0.005
"""An answer may be off by this share of the truth where a question has no tolerance of its own."""
ABOUT: Final = 0.1
"""What an answer calls "about" right is not farther from the truth than this share: other numbers may follow that word."""
WORDS_A_MINUTE, LOOKING, ANSWERING = 120.0, 0.4, 0.6
"""Of reading, and minutes spent on each step and on each question."""
_COUNTED: Final = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_WORDS: Final = {word: float(count) for count, word in enumerate(_COUNTED, 1)}
_ABOUT: Final = re.compile(r"\babout\s+([^.;:,]*(?:[.,]\d[^.;:,]*)*)", re.IGNORECASE)
_FIGURE: Final = re.compile(rf"\d+(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?|\b(?:{'|'.join(_COUNTED)})\b", re.IGNORECASE)


class LessonError(Exception):
    """A lesson that cannot be read, or does not fit its graph; one sentence that names the file, the step and what is wrong."""

    def __init__(self, text: str) -> None:
        line = " ".join(text.split())  # what it quotes comes from a file, and may be long
        super().__init__(line if len(line) <= 400 else f"{line[:400]} …")


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a step runs: `do` is a key of `lesson_actions.ACTIONS`, `args` the rest of its object."""

    do: str
    args: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {"do": self.do} | dict(self.args)


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer of a choice question, and the feedback for choosing it."""

    text: str
    right: bool = False
    feedback: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        row: dict[str, Any] = {"text": _lines(self.text)} | ({"right": True} if self.right else {})
        return row | ({"feedback": _lines(self.feedback)} if self.feedback else {}) | dict(self.extra)


def allowance(truth: float, tolerance: float | None = None) -> float:
    """How far an answer may be from the truth."""
    return tolerance if tolerance is not None else max(SHARE * abs(truth), 1e-9)


def _figures(text: str) -> list[float]:
    """The numbers in a text, words up to ten included."""
    return [_WORDS[word.lower()] if word.lower() in _WORDS else float(word.replace(",", "")) for word in _FIGURE.findall(text)]


@dataclass(frozen=True, slots=True)
class LessonQuestion:
    """What a step asks.

    * `predict`: type the number on the canvas; `of` an item, its `quantity`, and for tensors `index`, the place in it (none: every place).
    * `number`: type a number; the right one is `expected`, or else the one on the canvas that `of`, `quantity` and `index` name. Tools
      do not show a `quantity` that is not a number on the canvas (MEASURED) until the question is answered.
    * `choice`: take one of `options`. * `text`: write or discuss; `answer` is what a good answer says.

    `answer` is shown after the first try, `hint` on request. `tolerance` is absolute; None allows half a per cent. What answers are right
    is decided by `engine.explain.misconceptions.match`.
    """

    kind: str
    text: str
    of: str = ""
    quantity: str = "value"
    index: tuple[int, ...] = ()
    expected: float | None = None
    tolerance: float | None = None
    options: tuple[Choice, ...] = ()
    answer: str = ""
    hint: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    def approximations(self, truth: float) -> tuple[float, ...]:
        """The numbers that the answer calls "about" right: "8.35 times: about k/2 = 8" accepts 8."""
        numbers = [number for text in _ABOUT.findall(self.answer) for number in _figures(text)[-1:]]
        return tuple(candidate for candidate in numbers if abs(candidate - truth) <= ABOUT * abs(truth))

    def to_json(self) -> dict[str, Any]:
        row: dict[str, Any] = {"kind": self.kind, "text": _lines(self.text)}
        if self.of:
            row |= {"of": self.of, "quantity": self.quantity} | ({"index": list(self.index)} if self.index else {})
        row |= {key: _plain(value) for key, value in (("expected", self.expected), ("tolerance", self.tolerance)) if value is not None}
        if self.options:
            row["options"] = [option.to_json() for option in self.options]
        row |= {key: _lines(value) for key, value in (("answer", self.answer), ("hint", self.hint)) if value}
        return row | dict(self.extra)


@dataclass(frozen=True, slots=True)
class LessonStep:
    """`highlight` rings items (`dim` veils all others); `hide_values` and `hide_gradients` cover numbers of nodes and wires with a "?"."""

    title: str
    text: str = ""
    highlight: tuple[str, ...] = ()
    dim: bool = False
    hide_values: tuple[str, ...] = ()
    hide_gradients: tuple[str, ...] = ()
    run: tuple[Action, ...] = ()
    ask: tuple[LessonQuestion, ...] = ()
    notes: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        hide = {key: list(names) for key, names in (("values", self.hide_values), ("gradients", self.hide_gradients)) if names}
        rows: dict[str, Any] = {
            "text": _lines(self.text), "highlight": list(self.highlight), "dim": self.dim, "hide": hide,
            "run": [action.to_json() for action in self.run], "ask": [question.to_json() for question in self.ask],
            "notes": _lines(self.notes),
        }  # fmt: skip
        return {"title": self.title} | {key: value for key, value in rows.items() if value} | dict(self.extra)


@dataclass(frozen=True, slots=True)
class Lesson:
    """`graph` is a file beside the lesson, or the name of an example; empty where the graph is `inside`, as the text of a document.

    `topics` are the rows of the course it belongs to, `order` is its place on the shelf: lessons are listed by it, then by name.
    """

    title: str
    graph: str
    summary: str = ""
    topics: tuple[str, ...] = ()
    steps: tuple[LessonStep, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    order: float = 99.0
    inside: str = ""

    @property
    def minutes(self) -> int:
        """About how long the lesson takes: reading, looking at each step, and answering."""
        texts = [step.text for step in self.steps] + [question.text for step in self.steps for question in step.ask]
        words, asked = sum(len(text.split()) for text in texts), sum(len(step.ask) for step in self.steps)
        return max(1, round(words / WORDS_A_MINUTE + LOOKING * len(self.steps) + ANSWERING * asked))


def shelf(folder: Path) -> list[tuple[Path, Lesson]]:
    """The lessons of a folder in their order; those that cannot be read are left out."""
    lessons = []
    for path in folder.glob(f"*{ENDING}"):
        with contextlib.suppress(LessonError, OSError):
            state = path.stat()
            lessons.append((path, _unchanged(path, (state.st_mtime_ns, state.st_size, state.st_ino))))
    return sorted(lessons, key=lambda entry: (entry[1].order, entry[0].name))


@functools.lru_cache(maxsize=256)
def _unchanged(path: Path, state: tuple[int, int, int]) -> Lesson:
    """The lesson in a file, read once for as long as the file stays as it is: the shelf is looked at at every lesson's end."""
    return load(path)


def load(path: Path | str) -> Lesson:
    """The lesson in a file. Raises LessonError."""
    name = quoted_name(path)
    try:
        with open_regular(path) as file:
            data = file.read(MAXIMUM_BYTES + 1)
    except FileNotFoundError:
        raise LessonError(_("{path}: there is no such file.").format(path=quoted_path(path))) from None
    except OSError as problem:
        raise LessonError(f"{name}: {reason(problem)}.") from None
    return loads(data, name)


def loads(text: str | bytes, origin: str = "the lesson") -> Lesson:
    """The lesson in a text. Raises LessonError, whose text begins with `origin`."""
    data = text.encode("utf-8", "backslashreplace") if isinstance(text, str) else text
    try:
        return _read(parse(data))
    except NotADocument:
        raise LessonError(_("{file}: this is not a lesson: it does not begin with {brace}.").format(file=origin, brace="{")) from None
    except (ScanError, ValueError) as problem:
        raise LessonError(f"{origin}: {problem}.") from None


def dumps(lesson: Lesson) -> str:
    """The file's text: the same lesson always gives the same text, one action or question a line."""
    parts = [f'"format": {_json(FORMAT)}', f'"version": {VERSION}', f'"title": {_json(lesson.title)}',
             f'"graph": {lesson.inside.strip() or _json(lesson.graph)}',
             f'"summary": {_json(_lines(lesson.summary))}', f'"topics": {_json(list(lesson.topics))}',
             f'"order": {number(lesson.order)!r}']  # fmt: skip
    parts.append(_rows("steps", (_step_text(step) for step in lesson.steps), ""))
    parts.extend(f"{_json(key)}: {_json(value)}" for key, value in lesson.extra.items())
    return "{" + ",\n".join(parts) + "}\n"


def save(lesson: Lesson, path: Path | str) -> FileIdentity:
    """Write a file so that at every moment either the old or the new one is whole. Raises LessonError."""
    data = dumps(lesson).encode("utf-8", "backslashreplace")
    try:
        write_whole(Path(path), data)
    except FileError as problem:
        raise LessonError(str(problem)) from None
    return identity_of_bytes(path, data)


def graph_path(lesson: Lesson, lesson_path: Path | str, examples: Path) -> Path:
    """Where the lesson's graph is: beside the lesson, else among the examples. Raises LessonError."""
    name = lesson.graph
    beside = os.path.join(Path(lesson_path).parent, name)
    example = os.path.join(examples, name if name.endswith(".gradwire") else f"{name}.gradwire")
    for place in (beside, f"{beside}.gradwire", example):
        if os.path.isfile(place):  # says no to a name that no disk allows, where Path.is_file raises
            return Path(place)
    raise LessonError(
        _("{name}: its graph {graph} is neither beside it nor the name of an example.").format(
            name=Path(lesson_path).name, graph=quoted(lesson.graph)
        )
    )


def _read(content: Any) -> Lesson:
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(_('this is not a lesson: its "format" is not "{FORMAT}"').format(FORMAT=FORMAT))
    version = content.get("version")
    if type(version) is not int or version < 1:
        raise ValueError(_('"version" is not a whole number from 1 up'))
    if version > VERSION:
        raise ValueError(
            _("it was written by a newer Gradwire (lesson version {version}, this one reads up to {VERSION})").format(
                version=version, VERSION=VERSION
            )
        )
    read = _Reader(_("the lesson"), {key: value for key, value in content.items() if key not in ("format", "version")})
    inside = content.get("graph") if isinstance(content.get("graph"), dict) else None
    title, graph, summary = read.text("title"), read.text("graph") if inside is None else "", read.lines("summary")
    topics, order = read.texts("topics"), read.position("order", 99.0)
    place = PurePosixPath(graph)
    if inside is None and (not graph or place.is_absolute() or ".." in place.parts or any(mark in graph for mark in "\\:\0")):
        raise ValueError(_('"graph" is neither a file beside the lesson nor the name of an example'))
    steps = tuple(_step(place, row) for place, row in enumerate(read.list("steps"), 1))
    if not steps:
        raise ValueError(_("it has no steps"))
    rest = {key: value for key, value in read.rest().items() if key != "graph"}
    return Lesson(title, graph, summary, topics, steps, rest, order, _json(inside) if inside is not None else "")


def _step(number: int, row: Any) -> LessonStep:
    read = _Reader(_("step {number}").format(number=number), row)
    title = read.text("title")
    read.what = what = _("step {number} {title}").format(number=number, title=quoted(title))
    hide = _Reader(_('{what}, "hide"').format(what=what), read.mapping("hide"))
    hidden = hide.texts("values"), hide.texts("gradients")
    if unknown := hide.rest():
        raise ValueError(
            _('{what}: only "values" and "gradients" can be hidden, not {name}').format(what=hide.what, name=quoted(next(iter(unknown))))
        )
    run = tuple(
        _action(_("{what}, action {place}").format(what=what, place=place), action) for place, action in enumerate(read.list("run", []), 1)
    )
    ask = tuple(
        _question(_("{what}, question {place}").format(what=what, place=place), ask) for place, ask in enumerate(read.list("ask", []), 1)
    )
    text, highlight, dim = read.lines("text"), read.texts("highlight"), read.flag("dim")
    return LessonStep(title, text, highlight, dim, *hidden, run, ask, read.lines("notes"), read.rest())


def _action(what: str, row: Any) -> Action:
    read = _Reader(what, row)
    do, args = read.text("do"), read.rest()
    if wrong := action_complaint(do, args):
        raise ValueError(f"{what}: {wrong}")
    return Action(do, args)


def _question(what: str, row: Any) -> LessonQuestion:
    read = _Reader(what, row)
    kind, text = read.text("kind"), read.lines("text")
    if kind not in KINDS:
        raise ValueError(
            _("{what}: there is no kind {kind}; the kinds are {KINDS}").format(what=what, kind=quoted(kind), KINDS=", ".join(KINDS))
        )
    of, quantity, index = read.text("of", ""), read.text("quantity", "value"), read.list("index", [])
    if quantity not in QUANTITIES:
        raise ValueError(
            _('{what}: "quantity" is {quantities} or {last}, not {quantity}').format(
                what=what, quantities=", ".join(QUANTITIES[:-1]), last=QUANTITIES[-1], quantity=quoted(quantity)
            )
        )
    if not all(type(place) is int and place >= 0 for place in index):
        raise ValueError(_('{what}: "index" is not a list of whole numbers from 0 up').format(what=what))
    options = tuple(
        _choice(_("{what}, option {place}").format(what=what, place=place), row) for place, row in enumerate(read.list("options", []), 1)
    )
    question = LessonQuestion(kind, text, of, quantity, tuple(index), read.finite("expected"), read.finite("tolerance"), options,
                     read.lines("answer"), read.lines("hint"), read.rest())  # fmt: skip
    if wrong := _incomplete(question):
        raise ValueError(f"{what}: {wrong}")
    return question


def _incomplete(question: LessonQuestion) -> str | None:
    """What a question of its kind lacks."""
    if question.kind == "predict" and not question.of:
        return _('"of" does not say which number of the canvas is to be predicted')
    if question.kind == "number" and not question.of and question.expected is None:
        return _('neither "expected" nor "of" says which number is right')
    if question.quantity in MEASURED and (question.kind != "number" or question.expected is None):
        return _('{quantity} is asked for by a question of the kind "number" that says what is "expected"').format(
            quantity=quoted(question.quantity)
        )
    if question.kind == "choice" and (len(question.options) < 2 or not any(option.right for option in question.options)):
        return _("a choice needs at least two options, and one that is right")
    if not question.of and (question.index or question.quantity != "value"):
        return _('"quantity" and "index" have no meaning without "of"')
    if question.kind != "choice" and question.options:
        return _("a question of the kind {kind} has no options").format(kind=quoted(question.kind))
    return _('"tolerance" is below 0') if question.tolerance is not None and question.tolerance < 0 else None


def _choice(what: str, row: Any) -> Choice:
    read = _Reader(what, row)
    return Choice(read.lines("text", ...), read.flag("right"), read.lines("feedback"), read.rest())


class _Reader(Reader):
    """A Reader that says which step it is in, and takes texts of several lines."""

    def __init__(self, what: str, row: Any) -> None:
        super().__init__(what, row)
        self.what = what

    def lines(self, key: str, default: Any = "") -> str:
        value = self._take(key, default)
        if isinstance(value, list) and value and all(isinstance(line, str) for line in value):
            return "\n".join(value)
        if not isinstance(value, str):
            raise ValueError(
                _('{what}: "{key}" is neither a text nor a list of lines but {found}').format(
                    what=self.what, key=key, found=described(value)
                )
            )
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.list(key, [])
        if not all(isinstance(name, str) and name for name in value):
            raise ValueError(_('{what}: "{key}" is not a list of names').format(what=self.what, key=key))
        return tuple(value)

    def finite(self, key: str) -> float | None:
        value = self._take(key, None)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= 1e300):
            raise ValueError(
                _('{what}: "{key}" is not a finite number but {found}').format(what=self.what, key=key, found=described(value))
            )
        return None if value is None else float(value)


def _plain(value: float) -> float | int:
    """Whole numbers without a decimal point, unless that takes many digits."""
    return number(value) if abs(value) < 1e15 else float(value)


def _lines(text: str) -> str | list[str]:
    return text.split("\n") if "\n" in text else text


def _step_text(step: LessonStep) -> str:
    rows = []
    for key, value in step.to_json().items():
        rows.append(_rows(key, map(_json, value), "  ") if key in ("run", "ask") else f"{_json(key)}: {_json(value)}")
    return "{" + ",\n  ".join(rows) + "}"


def _rows(key: str, rows: Iterable[str], indent: str) -> str:
    lines = f",\n{indent} ".join(rows)
    return f"{_json(key)}: [\n{indent} {lines}\n{indent}]" if lines else f"{_json(key)}: []"


_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


def _json(value: Any) -> str:
    return _ENCODER.encode(value)
