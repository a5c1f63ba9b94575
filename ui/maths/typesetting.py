"""Mathematics as boxes that can be painted at once, change many times a second, and lead somewhere when clicked.

The typesetter takes milliseconds a formula, too long for numbers that follow a slider; here a formula is read once into an
expression, laid out in microseconds (`ui.maths.layout`), and its pieces carry a colour's role and a link.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from graph.formula.functions import COMMANDS
from graph.formula.latex import latex_name
from ui.look.numbers import MINUS
from ui.maths.formula_text import italic

Ink = Literal["text", "secondary", "forward", "backward", "stale", "error"]


@dataclass(frozen=True, slots=True)
class Text:
    """Letters as they are set; `link` is what a click on them leads to, `tip` what a hover says."""

    text: str
    ink: Ink | None = None
    link: str = ""
    tip: str = ""
    glue: Literal["", "relation", "binary", "comma"] = ""
    sans: bool = False
    """A word of the sentence around the formula, in the window's own type."""


@dataclass(frozen=True, slots=True)
class Picture:
    """Room for an array, `wide` by `high` in ems; `index` is its number among the sheet's arrays, `caption` stands under it."""

    index: int
    wide: float
    high: float
    caption: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Cross:
    """column · row = product: the column at the left, the row on top, the matrix where they meet. Symbols stand at the factors."""

    column: Picture
    row: Picture
    product: Picture
    names: tuple[Expr, Expr, Expr]


@dataclass(frozen=True, slots=True)
class Row:
    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Fraction:
    above: Expr
    below: Expr


@dataclass(frozen=True, slots=True)
class Script:
    base: Expr
    above: Expr | None = None
    below: Expr | None = None
    stacked: bool = False
    """Below and above the base itself instead of beside it, as at a sum."""


@dataclass(frozen=True, slots=True)
class Root:
    body: Expr


@dataclass(frozen=True, slots=True)
class Over:
    """A bar or a hat over something."""

    body: Expr
    mark: Literal["bar", "hat"] = "bar"


@dataclass(frozen=True, slots=True)
class Fence:
    """Delimiters as tall as what they enclose; an empty one is not drawn."""

    left: str
    body: Expr
    right: str


@dataclass(frozen=True, slots=True)
class Tinted:
    """Everything within takes this ink, link and tip, where it has none of its own."""

    body: Expr
    ink: Ink | None = None
    link: str = ""
    tip: str = ""


@dataclass(frozen=True, slots=True)
class Space:
    em: float


Expr = Text | Picture | Cross | Row | Fraction | Script | Root | Over | Fence | Tinted | Space


def row(*items: Expr) -> Row:
    return Row(tuple(items))


def relation(sign: str = "=") -> Text:
    return Text(sign, glue="relation")


def operator(sign: str) -> Text:
    return Text(sign, glue="binary")


def bracketed(body: Expr) -> Row:
    return row(Text("("), body, Text(")"))


# --- reading ------------------------------------------------------------------------------------------------------------

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|@\w+|[A-Za-z]|[0-9.]+|\s+|.", re.DOTALL)
_GREEK = {
    "alpha": "𝛼", "beta": "𝛽", "gamma": "𝛾", "delta": "𝛿", "epsilon": "𝜖", "varepsilon": "𝜀", "zeta": "𝜁", "eta": "𝜂", "theta": "𝜃",
    "iota": "𝜄", "kappa": "𝜅", "lambda": "𝜆", "mu": "𝜇", "nu": "𝜈", "xi": "𝜉", "pi": "𝜋", "rho": "𝜌", "sigma": "𝜎", "tau": "𝜏",
    "upsilon": "𝜐", "phi": "𝜙", "varphi": "𝜑", "chi": "𝜒", "psi": "𝜓", "omega": "𝜔", "Gamma": "Γ", "Delta": "Δ",
    "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ", "Upsilon": "Υ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω",
}  # fmt: skip
_SIGNS = {
    "partial": "∂", "top": "⊤", "infty": "∞", "ldots": "…", "cdots": "⋯", "nabla": "∇", "ell": "ℓ", "prime": "′", "{": "{", "}": "}",
    "%": "%", "_": "_", "|": "‖", "lVert": "‖", "rVert": "‖", "Vert": "‖", "lvert": "|", "rvert": "|", "mid": "|", "langle": "⟨",
    "rangle": "⟩",
}  # fmt: skip
_BINARY = {"cdot": "·", "times": "×", "odot": "⊙", "ast": "∗", "star": "⋆", "circ": "∘", "pm": "±", "div": "÷"}
_RELATIONS = {
    "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "ne": "≠", "neq": "≠", "in": "∈", "to": "→", "leftarrow": "←", "approx": "≈", "sim": "∼",
}  # fmt: skip
_BIG = {"sum": "∑", "prod": "∏"}
_SPACES = {",": 0.17, ";": 0.28, ":": 0.22, "!": 0.0, " ": 0.25, "quad": 1.0, "qquad": 2.0}
_UPRIGHT = {"mathrm", "text", "operatorname", "mathbf", "textrm", "mathsf"}
_SKIP = {"displaystyle", "textstyle", "limits", "big", "Big", "bigl", "bigr"}


def name_expr(name: str) -> Expr:
    """A node's name as a symbol: `x`, `W_1` and `h2` with a lowered part, `y_hat` with a hat, `theta` as the letter, words upright."""
    latex = latex_name(name) if name.isidentifier() else ""
    return read(latex) if latex and not latex.startswith(r"\mathrm") else Text(name)


@lru_cache(maxsize=2048)
def read(latex: str, pieces: tuple[tuple[str, Expr], ...] = ()) -> Expr:
    """LaTeX as the node types write it; `@port` becomes its piece, or the port's own name."""
    return _ExpressionReader(latex, dict(pieces)).sequence(None)


def formula(latex: str, pieces: Mapping[str, Expr]) -> Expr:
    return read(latex, tuple(pieces.items()))


class _ExpressionReader:
    def __init__(self, latex: str, pieces: Mapping[str, Expr]) -> None:
        self.tokens = [t for t in _TOKEN.findall(latex) if not t.isspace()]
        self.at = 0
        self.pieces = pieces

    def sequence(self, stop: str | None) -> Expr:
        """Everything up to `stop`."""
        items: list[Expr] = []
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            self.at += 1
            if token == stop:
                break
            if token in "^_" and len(token) == 1:
                self.script(items, token)
            else:
                item = self.one(token, items)
                if item is not None:
                    items.append(item)
        return items[0] if len(items) == 1 else Row(tuple(items))

    def group(self) -> Expr:
        """The next group or symbol."""
        if self.at >= len(self.tokens):
            return Row(())
        token = self.tokens[self.at]
        self.at += 1
        if token == "{":
            return self.sequence("}")
        return self.one(token, []) or Row(())

    def script(self, items: list[Expr], sign: str) -> None:
        body = self.group()
        base = items.pop() if items else Row(())
        inner = base if isinstance(base, Script) else None
        if inner is not None and (inner.above if sign == "^" else inner.below) is None:
            above, below = (body, inner.below) if sign == "^" else (inner.above, body)
            items.append(Script(inner.base, above, below, inner.stacked))
            return
        big = isinstance(base, Text) and base.text in ("∑", "∏", "max", "min")
        items.append(Script(base, body if sign == "^" else None, body if sign == "_" else None, big))

    def one(self, token: str, before: list[Expr]) -> Expr | None:
        if token == "{":
            return self.sequence("}")
        if token.startswith("\\"):
            return self.command(token[1:])
        if token.startswith("@"):
            return self.port(token[1:])
        if token in "=<>":
            return Text(token, glue="relation")
        if token in "+-":
            sign = MINUS if token == "-" else "+"
            last = before[-1] if before else None
            unary = last is None or (isinstance(last, Text) and (last.glue != "" or last.text[-1:] in "([|"))
            return Text(sign) if unary else Text(sign, glue="binary")
        if token == ",":
            return Text(",", glue="comma")
        if token in "&~":
            return None
        return Text(italic(token) if token.isalpha() else token)

    def port(self, name: str) -> Expr:
        """`@x_i` is a name of that spelling when there is one, otherwise x with a subscript."""
        stem, mark, rest = name.partition("_")
        if name in self.pieces or not mark or not rest or stem not in self.pieces:
            return self.pieces.get(name, None) or name_expr(name)
        return Script(self.pieces[stem], below=Text(italic(rest)))

    def command(self, word: str) -> Expr | None:
        if word in ("frac", "tfrac", "dfrac"):
            above = self.group()
            return Fraction(above, self.group())
        if word == "sqrt":
            return Root(self.group())
        if word == "left":
            left = self.delimiter()
            body = self.sequence("\\right")
            return Fence(left, body, self.delimiter())
        if word in ("bar", "overline", "hat", "tilde"):
            return Over(self.group(), "hat" if word == "hat" else "bar")
        if word in _UPRIGHT:
            return self.upright()
        if word in COMMANDS:
            follows = self.tokens[self.at] if self.at < len(self.tokens) else ""
            spaced = follows[:1].isalnum() or follows[:1] in ("@", "\\")
            return row(Text(word), Space(0.17)) if spaced else Text(word)
        if word in _SPACES:
            return Space(_SPACES[word])
        if word in _SKIP:
            return None
        return self.symbol(word)

    def delimiter(self) -> str:
        """The token after `\\left` or `\\right`; a dot stands for none."""
        token = self.tokens[self.at] if self.at < len(self.tokens) else "."
        self.at += 1
        return "" if token == "." else _SIGNS.get(token[1:], token[1:]) if token.startswith("\\") else token

    def symbol(self, word: str) -> Expr:
        if word in _BINARY:
            return Text(_BINARY[word], glue="binary")
        if word in _RELATIONS:
            return Text(_RELATIONS[word], glue="relation")
        if word in _BIG:
            return Text(_BIG[word])
        return Text(_GREEK.get(word) or _SIGNS.get(word) or word)

    def upright(self) -> Expr:
        text, depth = "", 0
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            self.at += 1
            if token == "{":
                depth += 1
            elif token == "}":
                depth -= 1
            else:
                text += " " if token in ("\\ ", "\\,", "\\;") else token.lstrip("\\@")
            if depth <= 0:
                break
        return Text(text)


def plain(expr: Expr) -> str:
    """The same in one line of text, for screen readers and tests."""
    if isinstance(expr, Text):
        text = "".join(_spoken(letter) for letter in expr.text)
        return f" {text} " if expr.glue in ("relation", "binary") else text + (" " if expr.glue == "comma" else "")
    if isinstance(expr, Row):
        return "".join(plain(item) for item in expr.items)
    if isinstance(expr, Fraction):
        return f"{_grouped(expr.above)}/{_grouped(expr.below)}"
    if isinstance(expr, Script) and expr.stacked and isinstance(expr.above, Text) and expr.above.sans:
        return f"{expr.above.text} {plain(expr.base)}"
    if isinstance(expr, Script):
        raised = f"^{_grouped(expr.above)}" if expr.above is not None else ""
        return plain(expr.base) + (f"_{_grouped(expr.below)}" if expr.below is not None else "") + raised
    if isinstance(expr, Root):
        return f"√({plain(expr.body)})"
    if isinstance(expr, Over):
        return plain(expr.body) + ("\u0304" if expr.mark == "bar" else "\u0302")
    if isinstance(expr, Tinted):
        return plain(expr.body)
    if isinstance(expr, Fence):
        return expr.left + plain(expr.body) + expr.right
    if isinstance(expr, Picture):
        return f"[{expr.caption}]"
    if isinstance(expr, Cross):
        return f"{plain(expr.names[0])} {plain(expr.names[1])} = {plain(expr.names[2])} {plain(expr.product)}"
    return " " if expr.em >= 1 else ""


def _spoken(letter: str) -> str:
    """A letter of the mathematical alphabets as the one of the ordinary alphabet, which can be read out and searched for."""
    return unicodedata.normalize("NFKC", letter) if 0x1D400 <= ord(letter) <= 0x1D7FF or letter == "\u210e" else letter


def _grouped(expr: Expr) -> str:
    text = plain(expr)
    return f"({text})" if any(sign in text for sign in " +/·") else text
