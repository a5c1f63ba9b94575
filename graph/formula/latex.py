r"""Names and formulas as LaTeX: `hidden_1` as it can be typeset, and `@y = @x^2` with what the ports are called."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

_BAR = re.compile(r"\\bar\{\\mathrm\{([\w\\]+)\}\}")
_AT = re.compile(r"@([A-Za-z]\w*)")
_SMALL = (
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi", "pi", "rho",
    "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
)  # fmt: skip
_CAPITAL = ("Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega")
_GREEK = frozenset(_SMALL)
GREEK_NAMES = _GREEK | frozenset(_CAPITAL) | {"ell"}
"""Letters by the names that LaTeX gives them: Greek ones, and the ℓ of a loss."""
_LETTERS = dict(zip("αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΥΦΨΩ", _SMALL + _CAPITAL, strict=True))
_LETTERS["ℓ"] = "ell"
_BY_NAME = {name: letter for letter, name in _LETTERS.items()}


_ACCENTS = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303", "plus": "\u207a"}
_WORDS = frozenset(("chat", "that", "what"))
"""Words that only look like a letter with an accent."""
LOWERED_DIGITS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_ACCENTED = re.compile(r"([^\W\d_]|" + "|".join(sorted(GREEK_NAMES, key=len, reverse=True)) + r")(_plus|_?(?:hat|bar|tilde))((?:_.*|\d*))")
_NUMBERED = re.compile(r"([^\W\d_]|" + "|".join(sorted(GREEK_NAMES, key=len, reverse=True)) + r")(\d+)")


@lru_cache(maxsize=4096)
def latex_name(name: str) -> str:
    """A node's or port's name as LaTeX: `x2` and `x_2` with a lowered 2, `y_hat` with a hat, `m_plus` with a raised +, `hidden` upright,
    `theta` as the letter."""
    stem, accent, below = name_parts(name)
    if not stem:
        return r"\mathrm{" + name.replace("_", r"\_") + "}"
    body = letter_latex(stem)
    body = f"{body}^{{+}}" if accent == "plus" else rf"\{accent}{{{body}}}" if accent else body
    return f"{body}_{{{letter_latex(below)}}}" if below else body


def display_name(name: str) -> str:
    """A name as plain text spells it, for lists, tips and screen readers: ŷ, x₁, δ_h, θ."""
    stem, accent, below = name_parts(name)
    if not stem:
        return name
    letter = unicodedata.normalize("NFC", _symbol(stem) + _ACCENTS[accent]) if accent else _symbol(stem)
    return letter + (below.translate(LOWERED_DIGITS) if below.isdigit() else f"_{_symbol(below)}" if below else "")


@lru_cache(maxsize=4096)
def name_parts(name: str) -> tuple[str, str, str]:
    """A symbol, its accent, and what is lowered beside it; ("hidden", "", "") for one word and ("", "", "") where it is no symbol."""
    if len(name) > 1 and name.isalpha() and name not in GREEK_NAMES and not name.endswith(("hat", "bar", "tilde")):
        return name, "", ""
    accented = _ACCENTED.fullmatch(name) if name not in _WORDS else None
    if accented:
        stem, accent, below = accented[1], accented[2].removeprefix("_"), accented[3].removeprefix("_")
        short = len(below) < 2 or below.isdigit() or (accent == "plus" and below.isalpha())
        return (stem, accent, below) if "_" not in below and short else ("", "", "")
    numbered = _NUMBERED.fullmatch(name)
    if numbered:
        return numbered[1], "", numbered[2]
    stem, _, below = name.partition("_")
    short = len(below) == 1 or below.isdigit() or below in GREEK_NAMES or (len(stem) == 1 and below.isalpha())
    return (stem, "", below) if stem and (not below or short) and not name.endswith("_") else ("", "", "")


def letter_latex(letter: str) -> str:
    """A symbol as LaTeX: a letter, a Greek letter's name as a command, a word upright."""
    if letter in GREEK_NAMES:
        return f"\\{letter}"
    if letter in _LETTERS:
        return f"\\{_LETTERS[letter]}"
    if len(letter) == 2 and letter[0] == "Δ":  # a difference: Δθ
        return rf"\Delta {letter_latex(letter[1])}"
    return letter if len(letter) == 1 or letter.isdigit() else r"\mathrm{" + letter + "}"


def _symbol(word: str) -> str:
    return _BY_NAME.get(word, word)


def named(formula: str, names: Mapping[str, str]) -> str:
    """`formula` with every `@port` replaced by the LaTeX name of what is there; a port without an entry keeps its own name."""
    return filled(formula, {port: latex_name(name) for port, name in names.items()})


def filled(formula: str, texts: Mapping[str, str]) -> str:
    """`formula` with every `@port` replaced by a LaTeX text; a port without an entry by its own name."""

    def replaced(match: re.Match[str]) -> str:
        name = match[1]
        if name in texts:
            return texts[name]
        stem, mark, rest = name.partition("_")
        if mark and stem in texts:
            return texts[stem] + f"_{{{rest}}}"
        return latex_name(name)

    # A bar over a word has to be as wide as the word.
    return _BAR.sub(r"\\overline{\\mathrm{\1}}", _AT.sub(replaced, formula))
