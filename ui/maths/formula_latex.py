"""A typed formula as LaTeX: for the preview under the field, and for the clipboard."""

from __future__ import annotations

import ast
from typing import TypeGuard

from graph.formula.parser import Transposed
from graph.formula.reading import FormulaError, Statement, read
from ui.maths.formula import latex_name

SUM, PRODUCT, SIGN, POWER, ATOM = range(1, 6)
_NAMED = {"sin", "cos", "tan", "exp", "log", "ln", "max", "min", "tanh", "sinh", "cosh", "arctan"}
_SIGNS: dict[type[ast.operator], tuple[str, int]] = {
    ast.Add: (" + ", SUM), ast.Sub: (" - ", SUM), ast.Mult: (r" \cdot ", PRODUCT), ast.MatMult: (r"\,", PRODUCT),
}  # fmt: skip


def latex(text: str) -> str:
    """The formula's statements as LaTeX, one a line (`\\\\` between them). Raises FormulaError."""
    try:
        return " \\\\\n".join(_statement(statement) for statement in read(text))
    except RecursionError:
        raise FormulaError("the formula is nested too deeply") from None


def _statement(statement: Statement) -> str:
    body = _Writer().write(statement.tree)[0]
    return f"{latex_name(statement.name)} = {body}" if statement.name else body


class _Writer:
    """`write` gives a piece of LaTeX and how strongly it binds."""

    def write(self, tree: ast.expr) -> tuple[str, int]:
        if isinstance(tree, ast.Name):
            return latex_name(tree.id), ATOM
        if isinstance(tree, ast.Attribute):
            return f"{self.write(tree.value)[0]}." + r"\mathrm{" + tree.attr.replace("_", r"\_") + "}", ATOM
        if isinstance(tree, ast.UnaryOp):
            return ("-" if isinstance(tree.op, ast.USub) else "+") + self._within(tree.operand, SIGN), SIGN
        if isinstance(tree, ast.BinOp):
            return self._operation(tree)
        if isinstance(tree, Transposed):
            return self._within(tree.args[0], ATOM) + r"^\top", POWER
        if isinstance(tree, ast.Call):
            return self._call(tree), ATOM
        return self._literal(tree), ATOM

    def _within(self, tree: ast.expr, binds: int) -> str:
        text, bound = self.write(tree)
        return text if bound >= binds else f"({text})"

    def _operation(self, tree: ast.BinOp) -> tuple[str, int]:
        if isinstance(tree.op, ast.Div):
            return r"\frac{" + self.write(tree.left)[0] + "}{" + self.write(tree.right)[0] + "}", PRODUCT
        if isinstance(tree.op, ast.Pow) and _is_named(tree.left) and not isinstance(tree.right, ast.UnaryOp):  # sin²(x), not sin(x)²
            head, _, behind = self._call(tree.left).partition("(")
            return f"{head}^{{{self.write(tree.right)[0]}}}({behind}", POWER
        if isinstance(tree.op, ast.Pow):
            return self._within(tree.left, ATOM) + "^{" + self.write(tree.right)[0] + "}", POWER
        sign, binds = _SIGNS.get(type(tree.op), (r" \mathbin{?} ", SUM))
        closer = ATOM if isinstance(tree.right, ast.UnaryOp) else binds + isinstance(tree.op, ast.Sub)
        return self._within(tree.left, binds) + sign + self._within(tree.right, closer), binds

    def _call(self, tree: ast.Call) -> str:
        name = tree.func.id if isinstance(tree.func, ast.Name) else ast.unparse(tree.func)
        arguments = [self.write(argument)[0] for argument in tree.args]
        arguments += [latex_name(word.arg or "") + " = " + self.write(word.value)[0] for word in tree.keywords]
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
        head = "\\" + name if name in _NAMED else r"\mathrm{" + name.replace("_", r"\_") + "}"
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
    return isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id in _NAMED
