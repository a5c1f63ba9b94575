"""Generated code of a huge program, run without compiling each of its statements: those that differ in their names alone are compiled once.

Python's compiler takes some ten seconds and gigabytes for the trace of 100,000 nodes, which are of a few types. The statements
are run one after the other, so that every number is the one that the compiled whole would give; a pass takes longer by a tenth.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from types import CodeType
from typing import Any

from engine.compile.codegen import Source

LARGE = 20_000
"""Lines from which on compiling them all takes longer than a second."""
NAME = re.compile(r"(?<![\w.])((?:z_)?[a-z]\d+(?:_\d+)?|(?:z_)?seed|seeds|feeds|parameters|buffers|random|wire|value)\b")
UNPACK, RETURN = re.compile(r"((?:\w+, )*\w+), = (feeds|parameters|buffers)"), re.compile(r"return (?:\((?:\w+, )*\)(?:, |$))+")
Read = Callable[[list[Any]], tuple[Any, ...]]


class Statements:
    """The function that `source` is the text of; called like it."""

    def __init__(self, source: Source) -> None:
        self._names = source.names
        self._places: dict[str, int] = {}
        self._made: dict[Any, tuple[Callable[..., Any], list[int], list[int]]] = {}
        self._arguments = [self._place(name) for name in NAME.findall(source.lines[0])]
        self.nodes: list[str | None] = []
        self._steps: list[tuple[Callable[..., Any], Read, list[int]]] = []
        *body, last = _statements(source)
        for text, node in body:
            self._steps.append(self._step(text))
            self.nodes.append(node)
        self._results = [self._reading(group) for group in re.findall(r"\(([^()]*)\)", last[0])]
        assert RETURN.fullmatch(last[0]), "a trace returns tuples"
        self._values = [source.names.get(name) for name in self._places]
        self._made.clear()

    def __call__(self, *arguments: Any) -> tuple[Any, ...]:
        values = self._values.copy()
        for place, argument in zip(self._arguments, arguments, strict=True):
            values[place] = argument
        for at, (function, read, made) in enumerate(self._steps):  # noqa: B007 - a failure reads it
            results = function(*read(values))
            if len(made) == 1:
                values[made[0]] = results
            else:
                for place, result in zip(made, results, strict=True):
                    values[place] = result
        return tuple(read(values) for read in self._results)

    def _place(self, name: str) -> int:
        return self._places.setdefault(name, len(self._places))

    def _reading(self, names: str) -> Read:
        return _reading([self._place(name) for name in names.split(", ") if name])

    def _step(self, text: str) -> tuple[Callable[..., Any], Read, list[int]]:
        unpacked = UNPACK.fullmatch(text)
        if unpacked is not None:
            made = [self._place(name) for name in unpacked[1].split(", ")]
            return itemgetter(0) if len(made) == 1 else tuple, _reading([self._place(unpacked[2])]), made
        parts = NAME.split(text)
        names = parts[1::2]
        alike = None if len(set(names)) == len(names) else tuple(map(names.index, names))
        key = tuple(parts[::2]), alike
        known = self._made.get(key)
        if known is None:
            known = self._made[key] = self._compiled(parts[::2], alike or tuple(range(len(names))))
        function, given, made = known
        places = [self._place(name) for name in names]
        return function, _reading([places[i] for i in given]), [places[i] for i in made]

    def _compiled(self, between: Sequence[str], alike: Sequence[int]) -> tuple[Callable[..., Any], list[int], list[int]]:
        """The function of a statement whose i-th name is the `alike[i]`-th too; which of its names it is given, and which it makes."""
        text = "".join(part + name for part, name in zip(between, [*(f"x{i}" for i in alike), ""], strict=True))
        tree = ast.parse(text)
        found = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and re.fullmatch(r"x\d+", node.id)]
        whole = isinstance(tree.body[0], ast.Assign)  # else what is made may be what was there before
        made = sorted({int(node.id[1:]) for node in found if isinstance(node.ctx, ast.Store)})
        given = sorted({int(node.id[1:]) for node in found if not whole or isinstance(node.ctx, ast.Load)})
        body = "\n    ".join(text.split("\n"))
        code = f"def run({', '.join(f'x{i}' for i in given)}):\n    {body}\n    return {', '.join(f'x{i}' for i in made)}\n"
        space = dict(self._shared)
        exec(builtins.compile(code, "<gradwire statement>", "exec"), space)
        return space["run"], given, made

    @property
    def _shared(self) -> dict[str, Any]:
        """What statements name beside their own numbers: functions that are the same for all."""
        return {name: value for name, value in self._names.items() if not NAME.fullmatch(name)}


CODE: CodeType = Statements.__call__.__code__


def _reading(places: Sequence[int]) -> Read:
    """What is at these places, as a tuple."""
    if len(places) == 1:
        (place,) = places
        return lambda values: (values[place],)
    return itemgetter(*places) if places else lambda values: ()


def _statements(source: Source) -> Iterator[tuple[str, str | None]]:
    """Each with the lines that belong to it, and its node."""
    block: list[str] = []
    node: str | None = None
    for line, of in zip(source.lines[1:], source.nodes[1:], strict=True):
        line = line[4:]
        if block and not line.startswith((" ", "else:")):
            yield "\n".join(block), node
            block = []
        block.append(line)
        node = of
    yield "\n".join(block), node
