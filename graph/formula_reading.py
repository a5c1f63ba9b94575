"""Formulas as text: parsed by Python's own parser against a short list of what is allowed, never evaluated."""

from __future__ import annotations

import ast
import keyword
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from graph.model import valid_name
from graph.spec import Catalog, NodeSpec

MAXIMUM = 10_000
OPERATORS: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("math.add", "+"), ast.Sub: ("math.subtract", "−"), ast.Mult: ("math.multiply", "*"), ast.Div: ("math.divide", "/"),
    ast.Pow: ("math.power", "**"), ast.MatMult: ("math.matmul", "@"),
}  # fmt: skip
NEGATE = "math.negate"
_SPELLINGS = {"^": "**", "−": "-", "–": "-", "·": "*", "×": "*", "÷": "/", "²": "**2", "³": "**3"}


class FormulaError(Exception):
    """A formula that cannot be built, or a graph that cannot be written as one; one line for whoever asked."""


@dataclass(frozen=True, slots=True)
class Statement:
    """`name = tree`, or a tree alone with the name ""."""

    name: str
    tree: ast.expr


def read(text: str) -> list[Statement]:
    """The statements of a formula, separated by `;`. Raises FormulaError."""
    if len(text) > MAXIMUM:
        raise FormulaError(f"the formula has {len(text):,} characters; at most {MAXIMUM:,} are read")
    if not text.strip():
        raise FormulaError("the formula is empty")
    found = [_statement(text, start, end) for start, end in _pieces(text) if text[start:end].strip()]
    if not found:
        raise FormulaError("the formula is empty")
    for index, statement in enumerate(found):
        if any(statement.name == other.name for other in found[:index]) and statement.name:
            raise FormulaError(f"{statement.name} is defined twice")
    return found


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """Where the statements stand: between the `;` outside quotes."""
    start, quote = 0, ""
    for place, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter == ";":
            yield start, place
            start = place + 1
    yield start, len(text)


def _statement(whole: str, start: int, end: int) -> Statement:
    """One statement; columns in errors count from the beginning of the whole text."""
    text = " " * start + whole[start:end]
    head = re.match(r"\s*([A-Za-z_]\w*)\s*=(?!=)", text, re.ASCII)
    body = text[head.end() :] if head else text
    columns, source = [], ""
    for column, letter in enumerate(" " * (len(text) - len(body)) + body):
        spelled = _SPELLINGS.get(letter, " " if letter.isspace() else letter)
        columns += [column + 1] * len(spelled)
        source += spelled
    skipped = len(source) - len(source.lstrip())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Statement(head[1] if head else "", ast.parse(source.lstrip(), mode="eval").body)
    except SyntaxError as problem:
        for word, error in (("digits", "a number has too many digits"), ("null bytes", "the formula holds a character that is no text")):
            if word in problem.msg:
                raise FormulaError(error) from None
        place = (problem.offset or 0) - 1 + skipped
        where = f"column {columns[place]}: " if 0 <= place < len(columns) and "nested" not in problem.msg else ""
        reserved = next((word for word in re.findall(r"[A-Za-z_]\w*", source) if keyword.iskeyword(word)), None)
        hint = f' ("{reserved}" is a reserved word and cannot be a name)' if reserved else ""
        raise FormulaError(f"{where}{problem.msg.splitlines()[0]}{hint}") from None
    except (RecursionError, MemoryError):
        raise FormulaError("the formula is nested too deeply") from None
    except ValueError:
        raise FormulaError("the formula holds a character that is no text") from None


def exponent(tree: ast.BinOp) -> float | None:
    """A number written as exponent belongs to the power node: as a wired value it would ask for a derivative by the exponent,
    which does not exist for a negative base."""
    right = tree.right.operand if isinstance(tree.right, ast.UnaryOp) and isinstance(tree.right.op, ast.USub) else tree.right
    if not isinstance(tree.op, ast.Pow) or not isinstance(right, ast.Constant):
        return None
    value = literal(tree.right)
    return value if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300 else None


def functions(catalog: Catalog) -> dict[str, NodeSpec]:
    """Every word that names a node type with inputs: its default name first, then its key's last part, title and search words."""
    found: dict[str, NodeSpec] = {}
    specs = [spec for spec in catalog.values() if any(not port.parameter for port in spec.inputs) and spec.outputs]
    for words in (
        lambda spec: [spec.default_name],
        lambda spec: [spec.key.rpartition(".")[2]],
        lambda spec: [spec.title.lower().replace(" ", "_").replace("-", "_")],
        lambda spec: spec.search,
        lambda spec: [spec.key.replace(".", "_")],
    ):
        for spec in specs:
            for word in words(spec):
                if valid_name(word):
                    found.setdefault(word, spec)
    return found


def literal(tree: ast.expr) -> Any:
    """A literal: a number, a text, true or false, or a list of literals."""
    if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub | ast.UAdd) and isinstance(tree.operand, ast.Constant):
        value = literal(tree.operand)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return -value if isinstance(tree.op, ast.USub) else value
    elif isinstance(tree, ast.Constant) and isinstance(tree.value, int | float | str):
        return tree.value
    elif isinstance(tree, ast.List | ast.Tuple):
        return [literal(entry) for entry in tree.elts]
    raise FormulaError(f"{place(tree)}a number was expected")


def free_names(tree: ast.expr) -> list[str]:
    """The names in an expression that are not called, in order of appearance, again and again."""
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in called]
    return [node.id for node in sorted(names, key=lambda node: (node.lineno, node.col_offset))]


def place(tree: ast.expr) -> str:
    """The beginning of an error: the part of the formula it is about."""
    try:
        text = ast.unparse(tree)
    except RecursionError:
        return ""
    return f"{text[:40]}{'…' * (len(text) > 40)}: "
