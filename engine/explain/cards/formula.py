r"""A declared formula with what stands for its names: `@y = \bar{@a} \cdot \frac{1}{@b}` with symbols, with numbers, with arrays.

Numbers at the top level of the text become pieces of their own; those inside a fraction, a root or an exponent stay inside their LaTeX.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from engine.explain.cards import Array, Number, Piece, Tex

Part = Number | Array | Tex
TRANSPOSED = "__transposed"
"""What follows a name that is transposed, when it is looked up."""
Index = tuple[int, ...]
Lookup = Callable[[str, bool, Index], Part | None]
"""(name in the formula, whether its gradient is meant, entry) → what to write there; None where nothing can be."""

Letter = Callable[[Index], Part]
MOST_TERMS = 6
"""A written-out sum has at most so many terms; of a longer one the first three and the last are written."""

_NAME = re.compile(r"\\bar\{@(?P<bar>\w+)\}|\{@(?P<braced>\w+)\}(?=[_^])|@(?P<bare>\w+)")
_TRANSPOSED = re.compile(r"(\\bar\{@|\{@|@)(\w+?)(\})?\^\\top")
_LETTERS = r"alpha|beta|delta|lambda|mu|epsilon|hat|sigma(?!\()"
_UNKNOWN = re.compile(rf"(?<![\\A-Za-z])(?![eH])[A-Za-z](?![A-Za-z])|(?<!_)\\({_LETTERS})(?![A-Za-z])")
_WORDS = re.compile(r"\\mathrm\{[^{}]*\}|_\{[^{}]*\}|\\[a-z]+\{|@\d+")
_INDEX = re.compile(r"_(\{[ijkcn,\\\s]*\}|[ijkcn](?![A-Za-z]))")
_OF_PARTS = re.compile(r"\\star|\\ast|window|_\{@|\\ldots|\\hat|reshape|vec|delta")
_SUM = re.compile(r"\\sum(_\{[^{}]*\})?\s*")
_SPACE_BEFORE = re.compile(r"(\\[,;]|\s)+$")
_TOKEN = re.compile(r"@(\d+)")
_DEFINITIONS = re.compile(r",\s*\\quad")
_OPERAND_BEFORE = re.compile(r"(\d|[\])}]|(?<![\\A-Za-z])[A-Za-z]|\\(alpha|beta|lambda|delta|epsilon|pi|mu))((\\[,;]|\s)*)$")
_FACTORS = "frac|sqrt|sigma|ln|log|mathrm|Phi|varphi|alpha|beta|lambda|pi|tanh"
_OPERAND_AFTER = re.compile(rf"((\\[,;]|\s)*)(\d|[(\[]|@|[A-Za-z](?![A-Za-z])|\\({_FACTORS}))")
_CONDITIONS = (r"\mathrm{if}", r"\mathrm{else}")
_WORD_BEFORE = re.compile(r"\\mathrm\{[^{}]*\}((\\[,;]|\s)*)$")


class Unknown(Exception):
    """Something in a formula has no number."""


def main_part(text: str) -> str:
    """A formula without the definitions that follow it: `y = v \\cdot x` of `y = v \\cdot x, \\quad v = …`."""
    return _DEFINITIONS.split(text)[0]


def sides(text: str) -> tuple[str, str]:
    """Left and right of the first equals sign."""
    left, _, right = main_part(text).partition(" = ")
    return left, right


def with_symbols(text: str, value: Callable[[str], Part], gradient: Callable[[str, str], Part]) -> tuple[Piece, ...]:
    """The formula with symbols. `gradient(name, index)` also gets the index that stands below the name in the text."""
    parts: list[Part] = []
    written: list[str] = []
    at = 0
    for match in _NAME.finditer(text):
        written.append(text[at : match.start()])
        at = match.end()
        if match["bar"]:
            index = _INDEX.match(text, at)
            at = index.end() if index else at
            parts.append(gradient(match["bar"], index[1].strip("{}") if index else ""))
        else:
            parts.append(value(match["braced"] or match["bare"]))
        written.append(f"@{len(parts) - 1} " if text[at : at + 1].isalnum() else f"@{len(parts) - 1}")
    written.append(text[at:])
    return pieces("".join(written), parts)


def with_values(
    text: str, lookup: Lookup, index: Index = (), terms: Sequence[Index] | None = None, letters: Mapping[str, Letter] | None = None
) -> tuple[Piece, ...]:
    r"""The formula with numbers, for the entry `index`. `terms` are the entries a `\sum` runs over; `letters` stand for `\alpha`, `n` …

    Raises Unknown where something in it has no number, or a sum no terms.
    """
    filler = _Filler(lookup, terms, letters or {})
    template = filler.fill(text, index)
    if unknown := _UNKNOWN.search(_WORDS.sub(" ", template)):
        raise Unknown(unknown[0])
    return pieces(_multiplied(template.replace(r"\odot", r"\cdot")), filler.parts)


def with_arrays(text: str, lookup: Lookup) -> tuple[Piece, ...]:
    r"""The formula with whole arrays; sums stay signs. A transposed name is looked up with `TRANSPOSED` behind it. Raises Unknown."""
    if _OF_PARTS.search(text):
        raise Unknown(text)
    filler = _Filler(lookup, None, {})
    plain = _TRANSPOSED.sub(_marked, text)
    template = _SUM.sub(lambda _: r"\sum ", filler.names(plain))
    return pieces(template, filler.parts)


def _marked(match: re.Match[str]) -> str:
    name = f"@{match[2]}{TRANSPOSED}"
    return rf"\bar{{{name}}}" if match[1].startswith("\\") else name


class _Filler:
    def __init__(self, lookup: Lookup, terms: Sequence[Index] | None, letters: Mapping[str, Letter]) -> None:
        self.lookup, self.terms, self.letters = lookup, terms, letters
        self.parts: list[Part] = []

    def fill(self, text: str, index: Index) -> str:
        total = _SUM.search(text)
        if total is None:
            return self.names(text, index)
        if self.terms is None:
            raise Unknown(text)
        end = _group_end(text, total.end())
        head, body, tail = text[: total.start()], text[total.end() : end], text[end:]
        before = self.names(head, index)
        terms = [self.fill(body, term) if term is not None else r"\cdots" for term in shortened(self.terms)]
        inside = " + ".join(terms)
        bare = not head.strip() or head.rstrip()[-1] in "=({"
        return f"{before}{inside if bare or len(terms) == 1 else f'({inside})'}{self.fill(tail, index)}"

    def names(self, text: str, index: Index = ()) -> str:
        written: list[str] = []
        at = 0
        for match in _NAME.finditer(text):
            written.append(self._letters(text[at : match.start()], index))
            gradient = match["bar"] is not None
            at = match.end()
            if below := _INDEX.match(text, at):
                at = below.end()
            part = self.lookup(match["bar"] or match["braced"] or match["bare"], gradient, index)
            if part is None:
                raise Unknown(text)
            written.append(self._token(part, text[at : at + 1]))
        written.append(self._letters(text[at:], index))
        return "".join(written)

    def _token(self, part: Part, follows: str) -> str:
        self.parts.append(part)
        return f"@{len(self.parts) - 1}" + (" " if follows.isalnum() else "")

    def _letters(self, text: str, index: Index) -> str:
        for letter, part in self.letters.items():
            start = "" if letter.startswith("\\") else r"(?<![\\A-Za-z])"
            written, at = "", 0
            for match in re.finditer(rf"(?<!_){start}{re.escape(letter)}(?![A-Za-z])(?!\()", text):
                written += text[at : match.start()] + self._token(part(index), text[match.end() : match.end() + 1])
                at = match.end()
            text = written + text[at:]
        return text


def shortened(terms: Sequence[Index]) -> list[Index | None]:
    """The terms that are written; None stands for those left out."""
    return list(terms) if len(terms) <= MOST_TERMS else [*terms[:3], None, terms[-1]]


def _group_end(text: str, start: int) -> int:
    """Where the brackets or braces that `start` is inside of close."""
    depth = 0
    for at in range(start, len(text)):
        if text[at] in "{([":
            depth += 1
        elif text[at] in "})]":
            depth -= 1
            if depth < 0:
                return at
    return len(text)


def _multiplied(template: str) -> str:
    """A sign of multiplication where a number stands beside a factor: 2 3 would read 23."""
    written = ""
    at = 0
    for match in _TOKEN.finditer(template):
        written += template[at : match.start()]
        if (before := _OPERAND_BEFORE.search(written)) and not _WORD_BEFORE.search(written):
            written = written[: before.start(3)] + r" \cdot "
        written += match[0]
        at = match.end()
        after = _OPERAND_AFTER.match(template, at)
        if after and not template.startswith(_CONDITIONS, after.start(3)):
            written += r" \cdot "
            at = after.start(3)
    return written + template[at:]


def pieces(template: str, parts: Sequence[Part]) -> tuple[Piece, ...]:
    """A template with `@0`, `@1` … for parts, as pieces: what stands at its top level by itself, the rest inside LaTeX."""
    result: list[Piece] = []
    run = ""
    inside: list[Number | Array] = []
    at = depth = 0

    def flush() -> None:
        nonlocal run, inside
        if run.strip():
            result.append(Tex(run.strip(), tuple(inside)))
        run, inside = "", []

    while at < len(template):
        token = _TOKEN.match(template, at)
        if token is None:
            escaped = template[at] == "\\" and template[at + 1 : at + 2] in ("{", "}")
            depth += 0 if escaped else (template[at] == "{") - (template[at] == "}")
            run += template[at : at + 2] if escaped else template[at]
            at += 2 if escaped else 1
            continue
        before, after = template[: token.start()].rstrip(), template[token.end() : token.end() + 1]
        part = _bracketed(parts[int(token[1])], before, after)
        if depth == 0 and after not in ("^", "_") and before[-1:] not in ("^", "_"):
            flush()
            result.append(part)
        elif isinstance(part, Tex):
            run += _inlined(part, after)
        else:
            run += f"@{len(inside)}"
            inside.append(part)
        at = token.end()
    flush()
    return tuple(result)


def _bracketed(part: Part, before: str, after: str) -> Part:
    if not isinstance(part, Number):
        return part
    before = _SPACE_BEFORE.sub("", before)
    free = not before or before[-1] in "=([{,|<>"
    return replace(part, bracket=after == "^" or not free)


def _inlined(part: Tex, after: str) -> str:
    if part.parts:
        raise Unknown(part.text)
    fraction = after in ("^", "_") and part.text.startswith((r"\frac", r"\left"))
    return rf"\left({part.text}\right)" if fraction else f"{{{part.text}}}"
