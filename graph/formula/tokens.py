r"""A formula cut into signs, numbers and names, in the notation of lectures: `2x₁²`, `½·θ`, `|x|`, `0,5x`, `\frac{x}{2}`."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from graph.formula.functions import COMMANDS
from graph.formula.latex import GREEK_NAMES
from graph.formula.numerals import NUMERAL, NumberError, numeral, simplified
from graph.model.elements import normal_name
from graph.text.messages import _

LONGEST_MESSAGE = 280


class FormulaError(Exception):
    """A formula that cannot be built, or a graph that cannot be written as one; one short line for the person who typed it."""

    def __init__(self, text: str) -> None:
        super().__init__(text if len(text) <= LONGEST_MESSAGE else f"{text[: LONGEST_MESSAGE - 1]}…")


class Ambiguous(FormulaError):
    """Readers disagree on what this means; the text says both readings."""


class Incomplete(FormulaError):
    """Something is missing, or a bracket does not fit."""


class Unjoined(FormulaError):
    """Two values follow each other with nothing between them."""


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is "number", "name", "text", "power" (raised signs), "command", "end", or the sign itself."""

    kind: str
    text: str
    start: int
    end: int
    value: int | float = 0
    latex: bool = False
    """Written with a backslash: a function may then stand before its argument without brackets."""


_SIGNS = {
    "·": "*", "\u0387": "*", "×": "*", "⋅": "*", "∗": "*", "⊙": "*", "∙": "*", "•": "*", "÷": "/", "∕": "/", "⁄": "/", "∶": "/",
    "：": "/", "∥": "‖",
    "⊤": "T", "∞": "inf", "（": "(", "）": ")", "，": ",", "；": ";",
}  # fmt: skip
_PRIMES = "'′″‴’ʼ"
_COMMAND_SIGNS = {
    "cdot": "*", "times": "*", "ast": "*", "odot": "*", "div": "/", "lvert": "|", "rvert": "|", "vert": "|", "mid": "|", "lVert": "‖",
    "rVert": "‖", "Vert": "‖", "|": "‖", "{": "(", "}": ")", "lbrace": "(", "rbrace": ")", "lbrack": "[", "rbrack": "]", "%": "%",
}  # fmt: skip
_SPACE = {
    *",;:!> ", "left", "right", "big", "Big", "bigl", "bigr", "Bigl", "Bigr", "biggl", "biggr", "quad", "qquad", "displaystyle",
    "textstyle", "limits",
}  # fmt: skip
_LETTERS = {
    "mathrm": "", "text": "", "operatorname": "", "mathbf": "", "boldsymbol": "", "bm": "", "mathit": "", "mathsf": "", "vec": "",
    "hat": "_hat", "widehat": "_hat", "bar": "_bar", "overline": "_bar", "tilde": "_tilde",
}  # fmt: skip
_VARIANTS = {f"var{name}": name for name in ("epsilon", "theta", "phi", "rho", "sigma", "kappa", "pi")}
_OTHER = {"infty": "inf", "top": "T", "intercal": "T", "ell": "ell"}
_KEPT = frozenset({"frac", "dfrac", "tfrac", "sqrt"})
_QUOTES = "'\""


def tokens(text: str, decimal: str = "", whole: bool = False, lists: bool = True) -> list[Token]:
    """The signs of a formula, and an "end". Raises FormulaError.

    Between the brackets of a call a comma parts arguments, unless `lists` is False; `decimal` and `whole` are those of `numeral`.
    """
    return _Lexer(text, decimal, whole, lists).run()


class _Lexer:
    def __init__(self, text: str, decimal: str, whole: bool, lists: bool) -> None:
        self._text, self._plain, self._at = text, simplified(text), 0
        self._decimal, self._whole, self._commas_part = decimal, whole, lists
        self._tokens: list[Token] = []
        self._lists: list[bool] = []
        """For each open bracket, whether a comma in it parts arguments."""

    def run(self) -> list[Token]:
        while self._at < len(self._text):
            letter = self._text[self._at]
            if letter.isspace() or letter in "\u200b\u2061\u2062\ufeff":
                self._at += 1
            else:
                self._next(letter)
        self._put("end", "", self._at)
        return self._tokens

    def _put(self, kind: str, text: str, end: int, value: int | float = 0, latex: bool = False) -> None:
        self._tokens.append(Token(kind, text, self._at, end, value, latex))
        self._at = end

    def _next(self, letter: str) -> None:
        if letter == "\\":
            return self._command()
        if (number := NUMERAL.match(self._plain, self._at)) and not self._is_port(letter):
            return self._number(number.group())
        if unicodedata.decomposition(letter).startswith("<fraction>"):
            return self._fraction(letter)
        if _script(letter) == "super":
            return self._raised()
        if letter in _PRIMES and (letter not in _QUOTES or self._touches()):
            return self._put("prime", letter, self._at + 1)
        if letter in _QUOTES:
            return self._quotation(letter)
        if letter.isidentifier():
            return self._name()
        if self._text.startswith("**", self._at):
            return self._put("^", "**", self._at + 2)
        sign = _SIGNS.get(letter, self._plain[self._at])
        if sign in ("T", "inf"):
            return self._put("name", sign, self._at + 1)
        if sign in "([{":
            before = self._tokens[-1] if self._tokens else None
            called = before is not None and before.kind == "name" and sign == "("
            self._lists.append((called or sign == "[") and self._commas_part)
        elif sign in ")]}" and self._lists:
            self._lists.pop()
        self._put(sign, letter, self._at + 1)

    def _touches(self) -> bool:
        """Whether a name or a bracket ends right here."""
        before = self._tokens[-1] if self._tokens else None
        return before is not None and before.end == self._at and before.kind in ("name", ")", "]", "}", "power", "number", "prime")

    def _is_port(self, letter: str) -> bool:
        return letter in ".," and self._touches() and self._tokens[-1].kind != "number"

    def _number(self, spelled: str) -> None:
        if self._lists and self._lists[-1]:  # a comma parts arguments here
            spelled = spelled.split(",")[0]
        spelled = spelled.rstrip(",")
        if not spelled:
            return self._put(self._plain[self._at], self._text[self._at], self._at + 1)
        end = self._at + len(spelled)
        try:
            self._put("number", self._text[self._at : end], end, numeral(spelled, self._decimal, self._whole))
        except NumberError as wrong:
            raise FormulaError(str(wrong)) from wrong

    def _fraction(self, letter: str) -> None:
        above, below = (unicodedata.decomposition(letter)[10:].split(" 2044") + [""])[:2]
        value = _digits(above) / (_digits(below) or 1)
        if below == "":
            raise FormulaError(_("{letter} is not understood here; write the fraction with /").format(letter=letter))
        before = self._tokens[-1] if self._tokens else None
        if before is not None and before.text.isdigit() and before.end == self._at:  # 1½
            self._tokens.pop()
            end, self._at = self._at + 1, before.start
            return self._put("number", self._text[before.start : end], end, before.value + value)
        self._put("number", letter, self._at + 1, value)

    def _raised(self) -> None:
        end, spelled = self._at, ""
        while end < len(self._text) and _script(self._text[end]) == "super":
            spelled += unicodedata.normalize("NFKC", self._text[end])
            end += 1
        self._put("power", simplified(spelled), end)

    def _quotation(self, quote: str) -> None:
        quotation = re.compile(rf"{quote}(?:[^{quote}\\\n]|\\.)*{quote}").match(self._text, self._at)
        if not quotation:
            raise FormulaError(_("the quotation mark at position {position} is not closed").format(position=self._at + 1))
        self._put("text", quotation.group(), quotation.end())

    def _name(self, stem: str = "", end: int = -1) -> None:
        name, end, lowered = stem, self._at if end < 0 else end, ""
        while end < len(self._text):
            letter = self._text[end]
            script = _script(letter)
            if script == "sub":
                lowered = unicodedata.normalize("NFKC", letter)
                name += lowered if lowered.isdecimal() or "_" in name else f"_{lowered}"  # a letter behind it begins another name
            elif script == "super" or lowered or letter in _SIGNS or not f"x{letter}".isidentifier():
                break
            else:
                name += letter
            end += 1
        if name.endswith("_") and (braced := re.compile(r"\{([\w\s,\\]+)\}").match(self._text, end)):  # x_{12}
            name, end = name + re.sub(r"[\s,\\]+", "", braced[1]), braced.end()
        self._put("name", normal_name(name), end, latex=self._text[self._at] == "\\")

    def _command(self) -> None:
        command = re.compile(r"\\([A-Za-z]+|.?)", re.DOTALL).match(self._text, self._at)
        assert command is not None
        word, end = _VARIANTS.get(command[1], command[1]), command.end()
        if word in ("left", "right") and self._text[end : end + 1] == ".":
            self._at = end + 1  # the bracket that is not there
        elif word.isspace() or word in _SPACE:
            self._at = end
        elif word in _COMMAND_SIGNS:
            sign = _COMMAND_SIGNS[word]
            if sign == "(":
                self._lists.append(False)
            elif sign == ")" and self._lists:
                self._lists.pop()
            self._put(sign, command.group(), end)
        elif word in _LETTERS:
            self._lettered(word, end)
        elif word in GREEK_NAMES or word in _OTHER:
            self._name(_OTHER.get(word, word), end)
        elif word in COMMANDS:
            self._name(word, end)
        elif word in _KEPT:
            self._put("command", word, end)
        else:
            raise FormulaError(_("{group} is not understood here").format(group=command.group()) + _instead(word))

    def _lettered(self, word: str, end: int) -> None:
        r"""`\hat{y}`, `\mathrm{loss}`: a name in other letters."""
        letter = re.compile(r"\s*(?:\{\s*\\?(\w+)\s*\}|\\?(\w))").match(self._text, end)
        if not letter:
            raise FormulaError(_("a name is missing after {command}").format(command="\\" + word))
        self._name((letter[1] or letter[2]) + _LETTERS[word], letter.end())


def _digits(codes: str) -> int:
    return int("".join(chr(int(code, 16)) for code in codes.split()) or "0")


def _script(letter: str) -> str:
    """Whether a letter is raised ("super") or lowered ("sub") by itself."""
    if letter.isascii():
        return ""
    mark = unicodedata.decomposition(letter).split(" ")[0]
    return {"<super>": "super", "<sub>": "sub"}.get(mark, "")


def _instead(word: str) -> str:
    if word in ("sum", "prod", "int", "lim", "iint", "oint"):
        return "; sum(x) adds up the entries of x, mean(x) averages them"
    if word in ("partial", "nabla"):
        return _("; Gradwire computes the derivatives of what you write")
    return ""
