r"""Names and formulas as LaTeX: `hidden_1` as it can be typeset, and `@y = @x^2` with what the ports are called."""

from __future__ import annotations

import re
from collections.abc import Mapping

_BAR = re.compile(r"\\bar\{\\mathrm\{([\w\\]+)\}\}")
_AT = re.compile(r"@([A-Za-z]\w*)")
_SMALL = (
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi", "pi", "rho",
    "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
)  # fmt: skip
_CAPITAL = ("Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega")
_GREEK = frozenset(_SMALL)
GREEK_NAMES = _GREEK | frozenset(_CAPITAL)
"""Letters by the names that LaTeX gives them."""
_LETTERS = dict(zip("αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΥΦΨΩ", _SMALL + _CAPITAL, strict=True))


def latex_name(name: str) -> str:
    """A node's or port's name as LaTeX: `x`, `x_2` with a lowered 2, `hidden` upright, `theta` as the letter."""
    stem, _, rest = name.partition("_")
    if not stem:
        return r"\mathrm{" + name.replace("_", r"\_") + "}"
    body = _letter(stem) if len(stem) == 1 else "\\" + stem if stem in _GREEK else r"\mathrm{" + stem + "}"
    digits = re.fullmatch(r"([^\W\d_])(\d+)", stem)
    if digits and not rest:
        return f"{_letter(digits[1])}_{{{digits[2]}}}"
    if not rest:
        return body
    if len(rest) == 1 or rest.isdigit():
        return f"{body}_{{{_letter(rest)}}}"
    return r"\mathrm{" + name.replace("_", r"\_") + "}"


def _letter(letter: str) -> str:
    return f"\\{_LETTERS[letter]}" if letter in _LETTERS else letter


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
