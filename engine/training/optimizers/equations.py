r"""The equations of an optimizer: formulas in the app's own language, of which LaTeX, numbers, code and the step itself are derived.

`m = β₁*m + (1 - β₁)*g` gives a name a new value, for each number of a parameter by itself. Names are `θ` (the parameter), `gradient`,
`g` (the gradient, until an equation changes it), `t` (the step, from 1), the symbols of settings, what the optimizer remembers, and
names of the equations before. An equation whose condition does not hold is left out.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from graph.formula.latex import latex_name
from graph.formula.reading import read
from graph.formula.to_latex import tree_latex

THETA, GRADIENT, USED, STEP = "θ", "gradient", "g", "t"
_LETTERS = {GRADIENT: r"\nabla_\theta L", "ε": r"\varepsilon"}
WHOLE_TENSOR = ("norm", "orthogonal")
"""Functions that look at all numbers of a tensor."""
_ACCENTS = ("hat", "bar", "tilde")


@dataclass(frozen=True, slots=True)
class Equation:
    """`text` is a formula `name = …`; `when` a condition on settings and on what is remembered (see `graph.model.spec.holds`).

    `remark` is shown behind it; one that is not `shown` only keeps count of something.
    """

    text: str
    when: str = ""
    remark: str = ""
    shown: bool = True

    @property
    def name(self) -> str:
        """What gets a new value."""
        return _parsed(self.text)[0]

    @property
    def tree(self) -> ast.expr:
        """The right side, as `graph.formula` reads it."""
        return _parsed(self.text)[1]

    @property
    def names(self) -> frozenset[str]:
        """All names on the right side that are no functions."""
        return names_in(self.tree)

    @property
    def sign(self) -> str:
        """`←` where the old value is part of the new one."""
        return r"\leftarrow" if self.name in self.names else "="

    def latex(self, letters: Mapping[str, str]) -> str:
        """The whole equation. `letters` are the names that are written in a way of their own."""
        remark = r" \quad (\mathrm{" + self.remark.replace(" ", r" \; ") + "})" if self.remark else ""
        right = tree_latex(self.tree, lambda name, _: letter(name, letters), r"\,")
        return f"{letter(self.name, letters)} {self.sign} {right}{remark}"

    def filled(self, leaf: Callable[[str, bool], str], letters: Mapping[str, str]) -> str:
        """The right side with a text of `leaf` in the place of every name (see `tree_latex`). A function of a whole tensor stays as it
        is written: `leaf` gets its LaTeX for a name."""
        return tree_latex(_Whole(letters).visit(copy.deepcopy(self.tree)) if self.of_whole_tensors else self.tree, leaf)

    @property
    def of_whole_tensors(self) -> bool:
        """Whether some function in it looks at more than one number of a tensor."""
        return any(_is_whole(node) for node in ast.walk(self.tree))


class _Whole(ast.NodeTransformer):
    """Puts a name, which is LaTeX, in the place of every function of a whole tensor."""

    def __init__(self, letters: Mapping[str, str]) -> None:
        self._letters = letters

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if not _is_whole(node):
            return self.generic_visit(node)
        return ast.Name(tree_latex(node, lambda name, _: letter(name, self._letters), r"\,"))


def _is_whole(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in WHOLE_TENSOR


def letter(name: str, letters: Mapping[str, str]) -> str:
    r"""A name of an equation as LaTeX: `m_hat` is `\hat m`."""
    if (own := letters.get(name) or _LETTERS.get(name)) is not None:
        return own
    stem, _, accent = name.rpartition("_")
    return rf"\{accent} {latex_name(stem)}" if stem and accent in _ACCENTS else latex_name(name)


@cache
def name_of(symbol: str) -> str:
    """A symbol such as `β₁` as the formula reader names it."""
    tree = _read(symbol)[1]
    assert isinstance(tree, ast.Name), symbol
    return tree.id


def names_in(tree: ast.expr) -> frozenset[str]:
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in called)


def _read(text: str) -> tuple[str, ast.expr]:
    (statement,) = read(text)
    return statement.name, statement.tree


_parsed = lru_cache(maxsize=None)(_read)
