"""The one reader of numbers: what you type into a field, a prediction, an answer, a cell or the command line.

`read_number` understands decimal point and comma, signs between thousands, `1/3`, `½`, `2π`, `sqrt(2)`, `10^-3`, `5 %`, and leaves out a
unit behind the number. `read_tensor` reads lists and matrices of such numbers, `read_rows` what is pasted from a spreadsheet.
"""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from graph.formula.functions import NUMERIC
from graph.formula.numerals import NumberError, numeral, quoted, readings, simplified
from graph.formula.parser import FormulaParser
from graph.formula.tokens import Ambiguous, FormulaError, Incomplete, Token, Unjoined, tokens
from graph.text.messages import _, ngettext

CONSTANTS = {"pi": math.pi, "π": math.pi, "e": math.e}
INFINITE = {"inf": math.inf, "infinity": math.inf, "∞": math.inf, "nan": math.nan}
LONGEST = 300
"""Characters of one number."""

_PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_ABOUT = re.compile(
    r"(?:(?:about|approximately|approx\.?|circa|ca\.?|roughly|nearly|around)\b\.?|[≈~≃≅=]|[^\W\d]\w*\s*[=≈])\s*", re.IGNORECASE
)
_BETWEEN_UNITS = re.compile(r"[\s/·*.]+")
_UNIT = re.compile(r"[^\W\d_]+(?:\^-?\d+|[²³⁻¹]+)?")
_UNIT_APART = re.compile(r"[^\W\d_]+\d?(?:\^-?\d+|[²³⁻¹]+)?")
_MONEY = "€$£¥₹"
_DATE = re.compile(r"\d{4}-\d\d?-\d\d?|\d\d?[-/]\d\d?[-/]\d{4}")
_PERCENT = re.compile(r"(?:percent|per cent|pct\.?|prozent|procent)", re.IGNORECASE)
_SCALES = {
    "k": 10**3, "thousand": 10**3, "tsd": 10**3, "tausend": 10**3, "mio": 10**6, "mln": 10**6, "million": 10**6, "millions": 10**6,
    "bn": 10**9, "billion": 10**9, "mrd": 10**9, "hundred": 100, "dozen": 12, "m": 0, "g": 0, "t": 0, "half": 0, "halves": 0, "third": 0,
    "thirds": 0, "quarter": 0, "quarters": 0, "tenth": 0, "tenths": 0, "hundredth": 0, "hundredths": 0,
}  # fmt: skip
"""Words behind a number that change its value, and by how much where there is one meaning."""
_DEGREES = {"°", "deg", "degree", "degrees", "grad"}


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text says: a `value` (a number, or nested lists of them), or why it has none. `note` says what you might not expect."""

    value: Any = None
    note: str = ""
    refusal: str = ""


def read_number(text: str, whole: bool = False, decimal: str = "", finite: bool = True) -> Reading:
    """One number. `whole`: without decimals. `decimal`: the decimal sign, `.` or `,`, where other numbers have shown it.

    Not `finite`: inf and nan are numbers too.
    """
    stripped = text.strip()
    if not stripped:
        return Reading(refusal=_("type a number"))
    if len(stripped) > LONGEST:
        return Reading(refusal=_("{stripped} is too long for one number").format(stripped=quoted(stripped)))
    try:
        if not whole and decimal != "," and _PLAIN.fullmatch(stripped):
            value, note = _typed(stripped), ""
        else:
            value, note = _read(stripped, whole, decimal)
        return Reading(_checked(value, stripped, whole, finite), note)
    except NumberError as wrong:
        return Reading(refusal=str(wrong))
    except FormulaError as wrong:
        return Reading(
            refusal=str(wrong)
            if isinstance(wrong.__cause__, NumberError)
            else _("{stripped} is not a number").format(stripped=quoted(stripped))
        )
    except RecursionError:
        return Reading(refusal=_("{stripped} is nested too deeply").format(stripped=quoted(stripped)))


def decimal_sign(texts: Iterable[str]) -> str:
    """The decimal sign that these texts prove, `.` or `,`; nothing where they prove none, or both."""
    signs = set()
    for text in texts:
        digits = simplified(text.strip()).lstrip("+-")
        meanings = readings(digits)
        if len(meanings) != 1 or not set(digits) & {".", ","}:
            continue
        sign = max(".,", key=digits.rfind)
        if "." in meanings[0]:
            signs.add(sign)
        else:
            signs.add("," if sign == "." else ".")  # 1.234.567: the point parts thousands
    return signs.pop() if len(signs) == 1 else ""


def _typed(text: str) -> int | float:
    return float(text) if re.search("[.eE]", text) else numeral(text.lstrip("+-")) * (-1 if text[0] == "-" else 1)


def _checked(value: float, text: str, whole: bool, finite: bool) -> int | float:
    if not math.isfinite(value) and finite:
        what = _("not a number") if math.isnan(value) else "infinite" if re.search("inf|∞", text, re.IGNORECASE) else _("too large")
        raise NumberError(_("{entry} is {reading}; a finite number is needed").format(entry=quoted(text), reading=what))
    if value == 0 and isinstance(value, float) and _PLAIN.fullmatch(text) and re.search("[1-9]", re.split("[eE]", text)[0]):
        raise NumberError(_("{entry} is too small: the nearest number there is is 0").format(entry=quoted(text)))
    if not whole or not math.isfinite(value):
        return value
    if value != int(value):
        raise NumberError(_("{entry} is {number:.12g}; a whole number is needed").format(entry=quoted(text), number=value))
    return int(value)


def _read(text: str, whole: bool, decimal: str) -> tuple[int | float, str]:
    notes = []
    if (about := _ABOUT.match(text)) and about.end() < len(text) and about.group().strip("=≈ ").casefold() not in CONSTANTS:
        if about.group().strip() not in "=≈~":
            notes.append(_("{strip} is left out").format(strip=quoted(about.group().strip())))
        text = text[about.end() :]
    if text[0] in _MONEY:
        notes.append(_("{ending} is left out").format(ending=quoted(text[0])))
        text = text[1:].strip()
    signs = tokens(text, decimal, whole, lists=False)
    body, behind = _parted(text, signs)
    if behind:
        text, percent, note = _without_unit(body, behind, text)
        notes.append(note)
        signs = tokens(text, decimal, whole, lists=False)
        value = _value(text, signs)
        return (value / 100 if percent else value), "; ".join(filter(None, notes))
    value = _value(text, signs)
    if any(sign.kind == "%" for sign in signs):
        notes.append(_("{entry} is {number:.12g}").format(entry=" ".join(text.split()), number=value))
    elif any(_grouped(sign) for sign in signs):
        notes.append(_("read as {number:.15g}").format(number=value))
    return value, "; ".join(notes)


def _grouped(sign: Token) -> bool:
    """Whether a number has signs between its thousands."""
    return sign.kind == "number" and len(re.findall(r"[^\d+-]", re.split("[eE]", simplified(sign.text))[0])) > isinstance(sign.value, float)


def _parted(text: str, signs: list[Token]) -> tuple[str, str]:
    """A text up to its number's end, and the words behind it."""
    for index, sign in enumerate(signs):
        if sign.kind in ("°", "‰") or sign.kind in _MONEY:
            return text[: sign.start], text[sign.start :]
        if sign.kind != "name":
            continue
        known = sign.text in CONSTANTS or sign.text.casefold() in INFINITE
        called = sign.text in NUMERIC and signs[index + 1].kind == "("
        if index and sign.text in ("e", "E") and signs[index - 1].kind == "number" and signs[index - 1].end == sign.start:
            raise NumberError(
                _("{entry}: digits are missing after the e, as in 1e-3; the number e is written 2*e").format(entry=quoted(text))
            )
        if not known and not called and index:
            return text[: sign.start], text[sign.start :]
    return text, ""


def _without_unit(body: str, unit: str, whole_text: str) -> tuple[str, bool, str]:
    """The number's text, whether it counts hundredths, and what is left out. Raises NumberError where the word changes the number."""
    glued, unit = not body[-1:].isspace(), unit.strip()
    word = unit.casefold().rstrip(".")
    if _PERCENT.fullmatch(unit):
        return body, True, _("{split} counts hundredths").format(split=" ".join(whole_text.split()))
    if unit == "‰":
        return f"({body})/1000", False, _("{split} counts thousandths").format(split=" ".join(whole_text.split()))
    if word in _DEGREES:
        raise NumberError(_("{whole_text}: angles are in radians; multiply by pi/180").format(whole_text=quoted(whole_text)))
    if (word in _SCALES and (word not in ("m", "g", "t") or (glued and unit.isupper()))) or unit in ("K", "M", "G", "T"):
        factor = _SCALES.get(word, 0)
        reading = read_number(body)
        more = _(", such as {number}").format(number=plain(reading.value * factor)) if factor and reading.value is not None else ""
        raise NumberError(
            _("{whole_text}: {unit} changes the number; type all of its digits{more}").format(
                whole_text=quoted(whole_text), unit=quoted(unit), more=more
            )
        )
    parts = [part for part in _BETWEEN_UNITS.split(unit) if part]  # part by part: one pattern for all would take for ever on some texts
    if unit in _MONEY or (parts and all((_UNIT if glued else _UNIT_APART).fullmatch(part) for part in parts)):
        return body, False, _("{unit} is left out").format(unit=quoted(unit))
    raise NumberError(_("{whole_text} is not a number").format(whole_text=quoted(whole_text)))


def _value(text: str, signs: list[Token]) -> int | float:
    try:
        tree = FormulaParser(text, signs).alone()
        if _DATE.fullmatch(text.strip()):
            raise NumberError(_("{entry} looks like a date, not a number").format(entry=quoted(text)))
    except FormulaError as wrong:
        if ";" in text or isinstance(wrong, Unjoined):
            raise NumberError(_("{entry} is more than one number").format(entry=quoted(text))) from None
        if isinstance(wrong, Ambiguous):
            raise NumberError(str(wrong)) from None
        detail = f": {wrong}" if isinstance(wrong, Incomplete) else ""
        raise NumberError(_("{entry} is not a number{detail}").format(entry=quoted(text), detail=detail)) from None
    try:
        value = _evaluated(tree, text)
    except OverflowError:
        raise NumberError(_("{entry} is too large").format(entry=quoted(text))) from None
    except ZeroDivisionError:
        raise NumberError(_("{entry} divides by 0").format(entry=quoted(text))) from None
    except ValueError:
        raise NumberError(_("{entry} has no real value").format(entry=quoted(text))) from None
    if not isinstance(value, int | float):
        raise NumberError(_("{entry} has no real value").format(entry=quoted(text)))
    return value


def _evaluated(tree: ast.expr, text: str) -> Any:
    if isinstance(tree, ast.Constant) and isinstance(tree.value, int | float) and not isinstance(tree.value, bool):
        return tree.value
    if isinstance(tree, ast.UnaryOp):
        value = _evaluated(tree.operand, text)
        return -value if isinstance(tree.op, ast.USub) else value
    if isinstance(tree, ast.BinOp):
        return _operated(tree.op, _evaluated(tree.left, text), _evaluated(tree.right, text))
    if isinstance(tree, ast.Name):
        known = CONSTANTS.get(tree.id, INFINITE.get(tree.id.casefold()))
        if known is not None:
            return known
        raise NumberError(_("{entry} is not a number").format(entry=quoted(text)))
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id in NUMERIC and len(tree.args) == 1:
        return NUMERIC[tree.func.id](_evaluated(tree.args[0], text))
    raise NumberError(_("{entry} is not a number").format(entry=quoted(text)))


def _operated(sign: ast.operator, left: Any, right: Any) -> Any:
    if isinstance(sign, ast.Add):
        return left + right
    if isinstance(sign, ast.Sub):
        return left - right
    if isinstance(sign, ast.Mult):
        return left * right
    if isinstance(sign, ast.Div):
        return left // right if isinstance(left, int) and isinstance(right, int) and right and left % right == 0 else left / right
    if isinstance(sign, ast.Pow):
        if isinstance(left, int) and isinstance(right, int) and (right < 0 or right * left.bit_length() > 1100):
            return float(left) ** right
        return left**right
    raise ValueError(sign)


# lists and matrices

_BRACKET = re.compile(
    r"(?:(?:np\.|numpy\.|torch\.)?(?:array|tensor|matrix|Matrix)\s*)?\(?\s*(\[.*\])\s*(?:,\s*dtype\s*=\s*[\w.]+\s*)?\)?", re.DOTALL
)
_OPERATORS = re.compile(r"[+*/^·×⋅∗÷-]|\*\*|%|‰")
_MOST = 1_000_000
"""Characters of one tensor."""


def read_tensor(text: str) -> Reading:
    """A number, or a list or matrix of numbers, by what parts them.

    Tabs, blanks and ", " part the numbers of a row; `;` and new lines part rows. A comma between digits is a decimal sign, except in
    brackets: `0,5` is 0.5 and `[0,5]` a list of two.
    """
    typed = text.strip()
    if typed[:1] == "{" or (typed[:1] == "(" and re.search(r",\s", typed)):
        typed = typed.translate(str.maketrans("(){}", "[][]"))
    if len(typed) > _MOST:
        return Reading(refusal=_("this text is too long: {typed:,} characters").format(typed=len(typed)))
    if (bracketed := _BRACKET.fullmatch(typed)) is not None:
        return _bracketed(bracketed[1])
    if typed[:1] == "[":
        return Reading(refusal=_("a bracket [ is not closed yet"))
    reading = read_rows(text)
    rows = reading.value
    if rows is None:
        return reading
    value = rows[0][0] if len(rows) == len(rows[0]) == 1 else rows[0] if len(rows) == 1 else rows
    return Reading(value, reading.note)


def read_rows(text: str) -> Reading:
    """A matrix, as rows of numbers, from what is typed or pasted without brackets."""
    if not text.strip(" \t\r\n,;"):
        return Reading(refusal=_("type a number, or rows of numbers"))
    if len(text) > _MOST:
        return Reading(refusal=_("this text is too long: {count:,} characters").format(count=len(text)))
    lines = [line for line in text.replace("；", ";").replace(";", "\n").splitlines() if line.strip()]
    if (plain_rows := _plain_rows(lines)) is not None:
        return plain_rows
    cells = [_cells(line, "\t" in text) for line in lines]
    proven = decimal_sign(cell for row in cells for cell in row) if sum(map(len, cells)) > 1 else ""
    rows: list[list[float]] = []
    notes: list[str] = []
    for row in cells:
        if len(row) != len(cells[0]):
            text = ngettext("row {row} has {n} number, row 1 has {first}", "row {row} has {n} numbers, row 1 has {first}", len(row))
            return Reading(refusal=text.format(row=len(rows) + 1, n=len(row), first=len(cells[0])))
        row_cells = [_cell(cell, proven, len(row) == 1) for cell in row]
        if wrong := next((reading.refusal for reading in row_cells if reading.refusal), ""):
            return Reading(refusal=wrong)
        notes += [reading.note for reading in row_cells if reading.note]
        rows.append([float(reading.value) for reading in row_cells])
    if len(rows) > 1 and len(rows[0]) == 1 and "," in text and not notes:
        notes.append(_("commas are read as decimal signs"))
    if len(rows) == 1 and len(rows[0]) > 1 and re.search(r"\d \d\d\d(?!\d)", lines[0]) and "\t" not in text:
        notes.append(_("read as {count} numbers").format(count=len(rows[0])))
    return Reading(rows, "; ".join(dict.fromkeys(notes)))


_PLAIN_ROW = re.compile(r"[\d\s.eE+-]+")
_THOUSANDS = re.compile(r"(?<!\S)\d{1,3} \d\d\d(?!\d)")


def _plain_rows(lines: list[str]) -> Reading | None:
    """Rows of numbers as programs write them, of which there may be many; None where anything is in question."""
    if any(not _PLAIN_ROW.fullmatch(line) or _THOUSANDS.search(line) for line in lines):
        return None
    try:
        rows = [[float(cell) for cell in line.split()] for line in lines]
    except ValueError:
        return None
    usual = len({len(row) for row in rows}) == 1 and all(math.isfinite(value) for row in rows for value in row)
    return Reading(rows) if usual and all(map(all, rows)) else None  # a 0 may be a number too small to be one


def read_sizes(text: str) -> Reading:
    """A list of whole numbers such as `8, 3` or `8 × 3`; empty for nothing."""
    parts = [part.strip() for part in re.split(r"[,;×x\s]+", simplified(text).strip("[](){} \t"))]
    if re.search(r"\d,0\d\d(?!\d)", text):
        return Reading(
            refusal=_("{entry} can mean one number or several: leave out the comma, or put a space after it").format(entry=quoted(text))
        )
    sizes = [read_number(part, whole=True) for part in parts if part]
    if wrong := next((reading.refusal for reading in sizes if reading.refusal), ""):
        return Reading(refusal=_("{wrong}; type whole numbers with commas between them, such as 8, 3").format(wrong=wrong))
    return Reading([reading.value for reading in sizes])


def _cells(line: str, tabs: bool) -> list[str]:
    """The numbers of one row, still as text."""
    if tabs:
        return [cell.strip() for cell in line.strip(" ").removesuffix("\t").split("\t")]
    line = line.strip().removesuffix(",").strip()
    if re.search(r",\s", line):
        return [cell.strip() for cell in re.split(r",(?=\s)", line)]
    cells = line.split()
    if any(_is_word(cell) for cell in cells):
        return [line]  # 2 * 3, or 5 epochs
    if len(cells) == 1 and "," in line and not readings(simplified(line).lstrip("+-")) and "(" not in line:
        return [cell.strip() for cell in line.split(",")]  # 1,2,3
    return cells


def _is_word(cell: str) -> bool:
    return (
        _OPERATORS.fullmatch(simplified(cell)) is not None
        or cell[0] in "≈="
        or cell[0].isalpha()
        and (cell.strip("()") not in CONSTANTS and not re.match(r"\w+\(|[√π]", cell) and cell.casefold() not in INFINITE)
    )


def _cell(cell: str, decimal: str, alone: bool) -> Reading:
    if re.fullmatch(r"[+-]?0\d\d", cell) and not alone:
        return Reading(
            refusal=_('"… {cell}" can be the end of a number such as 1 000, or a number of its own: type 1000, or [1, 0]').format(cell=cell)
        )
    if not cell:
        return Reading(refusal=_("a number is missing between two separators"))
    reading = read_number(cell, decimal=decimal)
    if alone and " can mean " in reading.refusal:
        parts = ", ".join(str(int(part)) for part in re.findall(r"\d+", cell))
        return Reading(refusal=_("{refusal}, or [{parts}] for a list").format(refusal=reading.refusal, parts=parts))
    return reading


def _bracketed(text: str) -> Reading:
    """Nested lists; commas, `;` or blanks part the entries."""
    with suppress(ValueError, RecursionError):
        entries = json.loads(text, parse_int=float, parse_constant=_refuse)
        if _is_rectangular(entries):
            return Reading(entries)
    try:
        entries, end = _entries(text, 0)
    except NumberError as wrong:
        return Reading(refusal=str(wrong))
    except RecursionError:
        return Reading(refusal=_("the brackets are nested too deeply"))
    if text[end:].strip():
        return Reading(refusal=_("{strip} follows the last bracket").format(strip=quoted(text[end:].strip())))
    return Reading(entries)


def _refuse(name: str) -> Any:
    raise ValueError(name)


def _is_rectangular(value: Any) -> bool:
    """Whether this is a number other than 0 and infinity, or lists of such of equal length; zeros are looked at more closely."""
    if isinstance(value, list):
        return all(map(_is_rectangular, value)) and len(set(map(_shape, value))) < 2
    return isinstance(value, float) and value != 0 and math.isfinite(value)


def _entries(text: str, start: int) -> tuple[list[Any], int]:
    """The list that opens at `start`, and where it ends."""
    entries: list[Any] = []
    at = begin = start + 1
    while at < len(text):
        letter = text[at]
        if letter == "[":
            if text[begin:at].strip(" \t\r\n,;"):
                raise NumberError(
                    _("in brackets numbers and lists do not mix: {number} is next to a list").format(number=quoted(text[begin:at]))
                )
            inner, at = _entries(text, at)
            entries.append(inner)
            begin = at
        elif letter == "]":
            entries += _listed(text[begin:at], bool(entries))
            if len({_shape(entry) for entry in entries}) > 1:
                raise NumberError(_("the lists in the brackets are not of equal length"))
            return entries, at + 1
        else:
            at += 1
    raise NumberError(_("a bracket [ is not closed yet"))


def _listed(text: str, behind: bool) -> list[Any]:
    """The numbers between two brackets."""
    text = text.strip()
    if behind and not text.strip(",; "):
        return []
    rows = []
    for line in text.split(";"):
        parts = line.removesuffix(",").split(",") if "," in line else _cells(line, "\t" in line) if line.strip() else []
        if any(len(part.split()) > 1 and not any(map(_is_word, part.split())) for part in parts):
            raise NumberError(
                _("{entry} mixes commas and blanks: write a decimal point, and a comma between two numbers").format(entry=quoted(text))
            )
        if not all(part.strip() for part in parts):
            raise NumberError(_("a number is missing between two commas"))
        readings_ = [read_number(part, decimal=".") for part in parts]
        if wrong := next((reading.refusal for reading in readings_ if reading.refusal), ""):
            raise NumberError(wrong)
        rows.append([float(reading.value) for reading in readings_])
    return rows[0] if len(rows) == 1 else rows


def _shape(value: Any) -> tuple[int, ...]:
    return (len(value), *(_shape(value[0]) if value else ())) if isinstance(value, list) else ()


def plain(value: float) -> str:
    """A number as you would type it: 2, 0.1, 1e-8. Reads back exactly."""
    if isinstance(value, int) or (math.isfinite(value) and value == int(value) and abs(value) < 1e15):
        return str(int(value))
    return repr(float(value)).replace("e-0", "e-").replace("e+", "e")
