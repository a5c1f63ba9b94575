"""A formula's statements, and what its words mean: operators, functions of the node library, constants."""

from __future__ import annotations

import ast
import functools
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graph.formula.functions import RESERVED
from graph.formula.numbers import CONSTANTS, INFINITE
from graph.formula.parser import TRUTH, FormulaParser, Lowered, source
from graph.formula.tokens import FormulaError
from graph.model.elements import valid_name
from graph.model.spec import Catalog, NodeSpec
from graph.text.messages import _

__all__ = ["CONSTANTS", "FormulaError", "Statement", "exponent", "free_names", "functions", "literal", "place", "read"]

MAXIMUM = 10_000
OPERATORS: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("math.add", "+"), ast.Sub: ("math.subtract", "−"), ast.Mult: ("math.multiply", "*"), ast.Div: ("math.divide", "/"),
    ast.Pow: ("math.power", "**"), ast.MatMult: ("math.matmul", "@"),
}  # fmt: skip
NEGATE = "math.negate"
NO_FUNCTIONS = {
    "step": "where(x > 0, 1, 0) is the step at 0, and recurrent(x, h) the recurrent step",
    "heaviside": "where(x > 0, 1, 0) is the step at 0",
    "if": "where(x > 0, a, b) chooses between two values",
}  # fmt: skip
"""Names with another meaning in lectures than in the node library, and what to write."""


@dataclass(frozen=True, slots=True)
class Statement:
    """`name = tree`, or a tree alone with the name "". The places in the tree are those in `text`."""

    name: str
    tree: ast.expr
    text: str


def read(text: str, known: Callable[[str], bool] = lambda name: False) -> list[Statement]:
    """The statements of a formula, separated by `;`. `known` says which names the document has. Raises FormulaError."""
    if len(text) > MAXIMUM:
        raise FormulaError(_("the formula has {count:,} characters; at most {most:,} are read").format(count=len(text), most=MAXIMUM))
    if not text.strip():
        raise FormulaError(_("the formula is empty"))
    if any(unicodedata.category(letter) in ("Cc", "Cs", "Co", "Cn") and not letter.isspace() for letter in text):
        raise FormulaError(_("the formula contains an invalid character"))
    try:
        statements = [Statement(name, tree, text) for name, tree in FormulaParser(text).statements()]
    except (RecursionError, MemoryError):
        raise FormulaError(_("the formula is nested too deeply")) from None
    if not statements:
        raise FormulaError(_("the formula is empty"))
    names: set[str] = set()
    for statement in statements:
        if statement.name in names:
            raise FormulaError(_("{name} is defined twice").format(name=statement.name))
        if statement.name:
            names.add(statement.name)
    for statement in statements:
        for node in ast.walk(statement.tree):
            if isinstance(node, Lowered) and known(other := re.sub(r"(?<=[^\d_])(?=\d+$)", "_", node.id)) and not known(node.id):
                node.id = other
    return statements


def misread(name: str) -> str:
    """Why a name that nothing defines is no input; nothing where it may be one."""
    if name.casefold() in INFINITE:
        return _("{name} is not a number that a graph can compute with").format(name=name)
    if name in ("i", "j"):
        return _(
            "{name} can be the imaginary unit, which Gradwire does not compute with, or a name of your own: give it a value first, "
            "as in {name} = 1; or choose another name"
        ).format(name=name)
    if name[0] == "π" and name[1:2].isalpha():
        return _("{name} would be one name: write π*{factor} for the product").format(name=name, factor=name[1:])
    if name in TRUTH or name == "None":
        return _("{name} is not a number: use it only after = in a setting, as in linear(x, bias=False)").format(name=name)
    if name in RESERVED:
        return _("{name} is a function: write {name}(x)").format(name=name)
    return ""


def exponent(tree: ast.BinOp) -> float | None:
    """A number written as exponent belongs to the power node: as a wired value it would ask for a derivative by the exponent,
    which does not exist for a negative base."""
    right = tree.right.operand if isinstance(tree.right, ast.UnaryOp) and isinstance(tree.right.op, ast.USub) else tree.right
    if not isinstance(tree.op, ast.Pow) or not isinstance(right, ast.Constant):
        return None
    value = literal(tree.right, "")
    return value if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300 else None


@functools.cache
def functions(catalog: Catalog) -> Mapping[str, NodeSpec]:
    """Every word that names a node type with inputs: its default name first, then its key's last part, title and other names."""
    by_word: dict[str, NodeSpec] = {}
    specs = [spec for spec in catalog.values() if any(not port.parameter for port in spec.inputs) and spec.outputs and not spec.rule]
    for words in (
        lambda spec: [spec.default_name],
        lambda spec: [spec.key.rpartition(".")[2]],
        lambda spec: [spec.title.lower().replace(" ", "_").replace("-", "_")],
        lambda spec: spec.aliases,
        lambda spec: [spec.key.replace(".", "_")],
    ):
        for spec in specs:
            for word in words(spec):
                if valid_name(word) and word not in NO_FUNCTIONS:
                    by_word.setdefault(word, spec)
    return by_word


def literal(tree: ast.expr, text: str) -> Any:
    """A literal: a number, a text, true or false, or a list of literals."""
    if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub | ast.UAdd) and isinstance(tree.operand, ast.Constant):
        value = literal(tree.operand, text)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return -value if isinstance(tree.op, ast.USub) else value
    elif isinstance(tree, ast.Constant) and isinstance(tree.value, int | float | str):
        return tree.value
    elif isinstance(tree, ast.List):
        return [literal(entry, text) for entry in tree.elts]
    raise FormulaError(place(tree, text) + _("a number was expected"))


def free_names(tree: ast.expr) -> list[str]:
    """The names in an expression that are not called, in order of appearance, again and again."""
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in called]
    return [node.id for node in sorted(names, key=lambda node: (node.lineno, node.col_offset))]


def place(tree: ast.expr, text: str) -> str:
    """The beginning of an error: the part of the formula it is about."""
    part = source(tree, text)
    return f"{part}: " if part else ""
