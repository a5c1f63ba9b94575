"""A formula, or the tree of one, as LaTeX: for the preview under the field, the clipboard, and equations that are declared as formulas."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TypeGuard

from graph.formula.functions import COMMANDS
from graph.formula.latex import latex_name
from graph.formula.parser import Transposed
from graph.formula.reading import FormulaError, Statement, read
from graph.text.messages import _

SUM, PRODUCT, SIGN, POWER, ATOM = range(1, 6)
_SIGNS: dict[type[ast.operator], tuple[str, int]] = {
    ast.Add: (" + ", SUM), ast.Sub: (" - ", SUM), ast.Mult: (r" \cdot ", PRODUCT), ast.MatMult: (r"\,", PRODUCT),
}  # fmt: skip


def latex(text: str) -> str:
    """The formula's statements as LaTeX, one a line (`\\\\` between them). Raises FormulaError."""
    try:
        return " \\\\\n".join(_statement(statement) for statement in read(text))
    except RecursionError:
        raise FormulaError(_("the formula is nested too deeply")) from None


def tree_latex(tree: ast.expr, leaf: Callable[[str, bool], str] | None = None, times: str = r" \cdot ") -> str:
    """The LaTeX of one expression. `leaf` writes a name (as LaTeX names are, without it); its second argument says whether the name
    stands behind a sign or under a power, where a negative number needs brackets. `times` stands between two factors; before digits
    it is always a dot."""
    return _Writer(leaf, times).write(tree)


def _statement(statement: Statement) -> str:
    body = tree_latex(statement.tree)
    return f"{latex_name(statement.name)} = {body}" if statement.name else body


def _binds(tree: ast.expr) -> int:
    """How strongly the LaTeX of an expression holds together."""
    if isinstance(tree, ast.UnaryOp):
        return SIGN
    if isinstance(tree, ast.BinOp):
        return POWER if isinstance(tree.op, ast.Pow) else _SIGNS[type(tree.op)][1] if type(tree.op) in _SIGNS else PRODUCT
    return POWER if isinstance(tree, Transposed) else ATOM


class _Writer:
    """`write` gives the LaTeX of a tree. `first`: it stands at the beginning of what surrounds it."""

    def __init__(self, leaf: Callable[[str, bool], str] | None = None, times: str = r" \cdot ") -> None:
        self._leaf, self._times = leaf, times

    def write(self, tree: ast.expr, first: bool = True) -> str:
        if isinstance(tree, ast.Name):
            return latex_name(tree.id) if self._leaf is None else self._leaf(tree.id, not first)
        if isinstance(tree, ast.Attribute):
            return f"{self.write(tree.value)}." + r"\mathrm{" + tree.attr.replace("_", r"\_") + "}"
        if isinstance(tree, ast.UnaryOp):
            return ("-" if isinstance(tree.op, ast.USub) else "+") + self._within(tree.operand, SIGN, False)
        if isinstance(tree, ast.BinOp):
            return self._operation(tree, first)
        if isinstance(tree, Transposed):
            return self._within(tree.args[0], ATOM, False) + r"^\top"
        return self._call(tree) if isinstance(tree, ast.Call) else self._literal(tree)

    def _within(self, tree: ast.expr, binds: int, first: bool) -> str:
        return self.write(tree, first) if _binds(tree) >= binds else f"({self.write(tree)})"

    def _operation(self, tree: ast.BinOp, first: bool) -> str:
        if isinstance(tree.op, ast.Div):
            return r"\frac{" + self.write(tree.left) + "}{" + self.write(tree.right) + "}"
        if isinstance(tree.op, ast.Pow) and _is_named(tree.left) and not isinstance(tree.right, ast.UnaryOp):  # sin²(x), not sin(x)²
            head, _, behind = self._call(tree.left).partition("(")
            return f"{head}^{{{self.write(tree.right)}}}({behind}"
        if isinstance(tree.op, ast.Pow):
            return self._within(tree.left, ATOM, False) + "^{" + self.write(tree.right) + "}"
        sign, binds = _SIGNS.get(type(tree.op), (r" \mathbin{?} ", PRODUCT))
        closer = ATOM if isinstance(tree.right, ast.UnaryOp) else binds + isinstance(tree.op, ast.Sub)
        left, right = self._within(tree.left, binds, first), self._within(tree.right, closer, False)
        if isinstance(tree.op, ast.Mult):
            sign = r" \cdot " if right[:1].isdigit() else self._times
        return left + sign + right

    def _call(self, tree: ast.Call) -> str:
        name = tree.func.id if isinstance(tree.func, ast.Name) else ast.unparse(tree.func)
        arguments = [self.write(argument) for argument in tree.args]
        arguments += [latex_name(word.arg or "") + " = " + self.write(word.value) for word in tree.keywords]
        if name == "sqrt" and len(arguments) == 1:
            return r"\sqrt{" + arguments[0] + "}"
        if name == "abs" and len(arguments) == 1:
            return "|" + arguments[0] + "|"
        if name == "where" and len(arguments) == 3:
            return rf"({arguments[1]} \;\mathrm{{if}}\; {arguments[0]} > 0, \;\mathrm{{else}}\; {arguments[2]})"
        if name == "norm" and len(arguments) == 1:
            return r"\|" + arguments[0] + r"\|"
        if name in ("log2", "log10"):
            return rf"\log_{{{name[3:]}}}({', '.join(arguments)})"
        if name in ("σ", "Σ"):
            return f"{latex_name(name)}({', '.join(arguments)})"
        head = "\\" + name if name in COMMANDS else r"\mathrm{" + name.replace("_", r"\_") + "}"
        return f"{head}({', '.join(arguments)})"

    def _literal(self, tree: ast.expr) -> str:
        if isinstance(tree, ast.Constant) and isinstance(tree.value, int | float) and not isinstance(tree.value, bool):
            mantissa, exponent, power = repr(tree.value).partition("e")
            return mantissa if not exponent else rf"{mantissa} \cdot 10^{{{int(power)}}}"
        for letter in "\\{}_^#$%&~":  # a setting's text or list: shown as typed, and never read as commands
            if letter in (text := ast.unparse(tree)):
                return r"\ldots"
        return r"\mathrm{" + text + "}" if isinstance(tree, ast.Constant) else text


def _is_named(tree: ast.expr) -> TypeGuard[ast.Call]:
    """Whether this calls a function that LaTeX sets upright by its name."""
    return isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id in COMMANDS
