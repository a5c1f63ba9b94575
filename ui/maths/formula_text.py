"""Formulas in small print: LaTeX as the node types write it, reduced to one line of Unicode runs.

A card has room for one line and is repainted often; the full typeset formula stands in the inspector. Variables use the
mathematical italic letters that STIX draws properly, instead of a slanted upright.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QPointF
from PySide6.QtGui import QFont, QFontMetricsF, QPainter

from graph.formula.functions import COMMANDS
from graph.formula.latex import GREEK_NAMES, letter_latex, name_parts
from ui.look import theme as themes

_SYMBOLS = {
    "cdot": "·", "times": "×", "odot": "⊙", "top": "⊤", "sum": "∑", "prod": "∏", "partial": "∂", "infty": "∞", "le": "≤", "leq": "≤",
    "ge": "≥", "geq": "≥", "lt": "<", "gt": ">", "ne": "≠", "neq": "≠", "in": "∈", "to": "→", "mid": "|", "lVert": "‖", "rVert": "‖",
    "Vert": "‖", "|": "‖", "pm": "±", "approx": "≈", "sim": "∼", "ldots": "…", "dots": "…", "cdots": "⋯", "nabla": "∇", "ast": "∗",
    "star": "⋆", "circ": "∘", "oplus": "⊕", "div": "÷", "lfloor": "⌊", "rfloor": "⌋", "langle": "⟨", "rangle": "⟩", "ell": "ℓ",
    "lvert": "|", "rvert": "|", "colon": ":", "prime": "′", "{": "{", "}": "}", "%": "%", "_": "_", "Phi": "Φ", "Sigma": "Σ", "Theta": "Θ",
    "Delta": "Δ", "Omega": "Ω", "Pi": "Π", "Lambda": "Λ", "Gamma": "Γ", "setminus": "∖", "land": "∧", "cup": "∪", "propto": "∝",
    "leftarrow": "←",
}  # fmt: skip
_GREEK = dict(zip(
    [
        "alpha", "beta", "gamma", "delta", "varepsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi", "omicron",
        "pi", "rho", "varsigma", "sigma", "tau", "upsilon", "varphi", "chi", "psi", "omega",
    ],
    range(0x1D6FC, 0x1D6FC + 25),
    strict=True,
)) | {"epsilon": 0x1D716, "phi": 0x1D711}  # fmt: skip
_OPERATORS = {"det", "arg", "lim", "sup", "inf", "deg"}
_SPACES = {",", ";", ":", "!", "quad", "qquad", " "}
_STRUCTURE = {"left", "right", "big", "Big", "bigl", "bigr", "Bigl", "Bigr", "displaystyle", "textstyle", "limits", "nolimits"}
_GROUPED = {"mathrm", "text", "operatorname", "mathbf", "mathit", "boldsymbol", "mathbb", "mathcal", "textrm", "mathsf"}
_ACCENTS = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303", "vec": "\u20d7", "dot": "\u0307", "overline": "\u0304"}
_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|@[A-Za-z]\w*|[A-Za-z]|[0-9.]+|\s+|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class TextRun:
    """A piece of text; `level` 1 is raised, −1 lowered, 0 on the line."""

    text: str
    level: int


@lru_cache(maxsize=4096)
def runs(latex: str, names: tuple[tuple[str, str], ...] = ()) -> tuple[TextRun, ...]:
    """`latex` with `@name` replaced from `names`, as runs on one line."""
    reader = _LatexReader(latex, dict(names))
    reader.sequence(0, None)
    merged: list[TextRun] = []
    for run in reader.made:
        if merged and merged[-1].level == run.level:
            merged[-1] = TextRun(merged[-1].text + run.text, run.level)
        else:
            merged.append(run)
    return tuple(merged)


def plain(latex: str, names: tuple[tuple[str, str], ...] = ()) -> str:
    """The same as one string, for tool tips and tests."""
    return "".join(run.text for run in runs(latex, names))


@lru_cache(maxsize=4096)
def name_runs(name: str) -> tuple[TextRun, ...]:
    """A name as it is typeset: symbols in italics, a lowered index, accents, words upright; what is no name, in italics as it is."""
    stem, accent, below = name_parts(name) if name.isidentifier() else ("", "", "")
    if not stem:
        return (TextRun(name if name.isidentifier() else italic(name), 0),)
    lowered = (TextRun(_symbol(below), -1),) if below else ()
    if accent == "plus":
        return (TextRun(_symbol(stem), 0), TextRun("+", 1), *lowered)
    return (TextRun(_symbol(stem) + (_ACCENTS[accent] if accent else ""), 0), *lowered)


@lru_cache(maxsize=4096)
def _symbol(word: str) -> str:
    """One letter in italics, a Greek one by its name; digits and words as they are."""
    if len(word) > 1 and word not in GREEK_NAMES:
        return word
    return "".join(run.text for run in runs(letter_latex(word)))


def italic(text: str) -> str:
    """Letters as mathematical italics; everything else as it is."""
    letters = []
    for letter in text:
        if letter == "h":
            letters.append("\u210e")
        elif "a" <= letter <= "z":
            letters.append(chr(0x1D44E + ord(letter) - ord("a")))
        elif "A" <= letter <= "Z":
            letters.append(chr(0x1D434 + ord(letter) - ord("A")))
        else:
            letters.append(letter)
    return "".join(letters)


class _LatexReader:
    def __init__(self, latex: str, names: Mapping[str, str]) -> None:
        self.tokens = [t for t in _TOKEN.findall(latex) if not t.isspace()]
        self.position = 0
        self.names = names
        self.made: list[TextRun] = []

    def sequence(self, level: int, stop: str | None) -> None:
        while self.position < len(self.tokens):
            if self.tokens[self.position] == stop:
                self.position += 1
                return
            self.one(level)

    def one(self, level: int) -> None:
        token = self.tokens[self.position]
        self.position += 1
        if token == "{":
            self.sequence(level, "}")
        elif token in ("^", "_"):
            if self.position < len(self.tokens):
                self.one(1 if token == "^" else -1)
        elif token.startswith("\\"):
            self.command(token[1:], level)
        elif token.startswith("@"):
            self.name(token[1:], level)
        elif token[0].isalpha():
            self.put(italic(token), level)
        elif token in "=+<>":
            self.put(f" {token} " if level == 0 else token, level)
        elif token == "-":
            binary = level == 0 and self.made and self.made[-1].text[-1:] not in "(=+·, ["
            self.put(" − " if binary else "−", level)
        else:
            self.put(", " if token == "," else "" if token in "&~}" else token, level)

    def name(self, name: str, level: int) -> None:
        """`@x_i` is a name of that spelling when there is one, otherwise x with a subscript."""
        stem, mark, rest = name.partition("_")
        if name in self.names or not mark or not rest:
            self.put_name(self.names.get(name, name), level)
            return
        self.put_name(self.names.get(stem, stem), level)
        self.put(italic(rest), -1)

    def put_name(self, name: str, level: int) -> None:
        for count, part in enumerate(name.split(", ")):
            for run in (TextRun(", ", 0),) * bool(count) + name_runs(part):
                self.put(run.text, run.level or level)

    def command(self, word: str, level: int) -> None:
        if word in ("frac", "tfrac", "dfrac"):
            self.fraction(level)
        elif word == "sqrt":
            self.put("√", level)
            self.bracketed(level)
        elif word in _ACCENTS:
            start = len(self.made)
            self.one(level)
            if len(self.made) > start:
                self.put(_ACCENTS[word], level)
        elif word in _GROUPED:
            self.upright(level)
        elif word in _GREEK:
            self.put(chr(_GREEK[word]), level)
        elif word in COMMANDS or word in _OPERATORS:
            follows = self.tokens[self.position] if self.position < len(self.tokens) else ""
            self.put(word + (" " if follows[:1].isalnum() or follows[:1] in ("@", "\\") else ""), level)
        elif word in _SYMBOLS:
            symbol = _SYMBOLS[word]
            self.put(f" {symbol} " if symbol in "·×⊙≤≥≠∈→≈∼±" and level == 0 else symbol, level)
        elif word in ("begin", "end"):
            self.upright(level, silent=True)
        elif word in _SPACES or word in _STRUCTURE:
            self.put("\u2009" if word in ("quad", "qquad", ",", ";", " ") else "", level)
        elif word == "\\":
            self.put("; ", level)

    def fraction(self, level: int) -> None:
        self.bracketed(level)
        self.put("/", level)
        self.bracketed(level)

    def bracketed(self, level: int) -> None:
        """The next group, in parentheses when it holds more than one symbol."""
        start = len(self.made)
        if self.position < len(self.tokens):
            self.one(level)
        inside = self.made[start:]
        text = "".join(run.text for run in inside)
        if any(sign in text for sign in "+−·/ ") and not (text.startswith("(") and text.endswith(")") and text.count("(") == 1):
            self.made[start:] = [TextRun("(", level), *inside, TextRun(")", level)]

    def upright(self, level: int, silent: bool = False) -> None:
        if self.position >= len(self.tokens) or self.tokens[self.position] != "{":
            return
        self.position += 1
        while self.position < len(self.tokens) and self.tokens[self.position] != "}":
            token = self.tokens[self.position]
            if not silent:
                self.put(self.names.get(token[1:], token[1:]) if token.startswith("@") else token.lstrip("\\"), level)
            self.position += 1
        self.position += 1
        if not silent:
            self.put("\u2009", level)

    def put(self, text: str, level: int) -> None:
        if text:
            self.made.append(TextRun(text, level))


@lru_cache(maxsize=64)
def _fonts(size: float) -> tuple[tuple[QFont, QFontMetricsF], tuple[QFont, QFontMetricsF]]:
    themes.load_fonts()
    line, small = themes.font("formula"), themes.font("formula")
    for font, pixels in ((line, size), (small, size * 0.72)):
        font.setItalic(False)
        font.setPixelSize(round(pixels))
    return (line, QFontMetricsF(line)), (small, QFontMetricsF(small))


@lru_cache(maxsize=4096)
def advance(letter: str, level: int, size: float) -> float:
    """How far one letter moves the pen, on the line or off it."""
    base, small = _fonts(size)
    return (base if level == 0 else small)[1].horizontalAdvance(letter)


@dataclass(frozen=True, slots=True)
class TextLine:
    """A formula measured and cut to a width, ready to be painted at a baseline."""

    pieces: tuple[tuple[float, TextRun], ...]
    width: float

    def paint(self, painter: QPainter, x: float, baseline: float, size: float = 14) -> None:
        """The painter's pen is the colour."""
        line, small = _fonts(size)
        for offset, run in self.pieces:
            painter.setFont(line[0] if run.level == 0 else small[0])
            lift = {0: 0.0, 1: -0.36 * size, -1: 0.18 * size}[run.level]
            painter.drawText(QPointF(x + offset, baseline + lift), run.text)


@lru_cache(maxsize=4096)
def line(pieces: tuple[TextRun, ...], limit: float, size: float = 14) -> TextLine:
    """`pieces` on one line of at most `limit` pixels; what does not fit ends in an ellipsis."""
    base, small = _fonts(size)
    x, placed = 0.0, []
    for run in pieces:
        metrics = base[1] if run.level == 0 else small[1]
        width = metrics.horizontalAdvance(run.text)
        if x + width > limit:
            dots = metrics.horizontalAdvance("…")
            text = run.text
            while text and x + metrics.horizontalAdvance(text) + dots > limit:
                text = text[:-1]
                if text and 0xD800 <= ord(text[-1]) <= 0xDBFF:
                    text = text[:-1]
            placed.append((x, TextRun(text + "…", run.level)))
            return TextLine(tuple(placed), limit)
        placed.append((x, run))
        x += width
    return TextLine(tuple(placed), x)
