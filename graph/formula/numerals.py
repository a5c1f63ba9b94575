"""One written number, digits and signs only: `1.5`, `1,5`, `1.234,5`, `1'000`, `1 000 000`, `2e-3`.

Countries disagree on the decimal sign and on the sign between thousands. What has one meaning is read; what has two is refused with both.
"""

from __future__ import annotations

import re
import unicodedata

from graph.text import quoting
from graph.text.messages import _

BLANKS = "\u0020\u00a0\u2007\u2009\u202f"
"""Blanks that stand between thousands: ordinary, no-break, figure, thin and narrow no-break space."""
APOSTROPHES = "'\u2019\u02bc"
MINUS = "\u2212\u2010\u2011\u2012\u2013\u2014\ufe63\uff0d"
"""Signs that people type or paste for a minus."""

NUMERAL = re.compile(rf"(?:\d+(?:[.,_{APOSTROPHES}]\d+|[{BLANKS}]\d{{3}}(?!\d))*[.,]?|[.,]\d+)(?:[eE][+-]?\d+)?")
"""Where a number may begin and end; `numeral` says what it is."""
LONGEST = 400
QUOTED = 40
"""Characters of what was typed that a message repeats."""


class NumberError(Exception):
    """A text that is not one number. The text is for the person who typed it."""


def simplified(text: str) -> str:
    """The text with one kind of minus, plus and digits, whatever keyboard or page they came from; as long as before."""
    return "".join(map(_simple, text))


def _simple(letter: str) -> str:
    if letter.isascii():
        return letter
    if letter in MINUS:
        return "-"
    digit = unicodedata.decimal(letter, None)
    return "+" if letter == "\uff0b" else letter if digit is None else str(digit)


def quoted(text: str) -> str:
    """The beginning of a text in quotation marks, on one line; shorter than elsewhere: it is repeated beside the field it is typed in."""
    return quoting.quoted(text, QUOTED + 2)


def numeral(text: str, decimal: str = "", whole: bool = False) -> int | float:
    """The number that `text` spells. Raises NumberError.

    `decimal` is the decimal sign, `.` or `,`, where something else has shown which one it is. In a `whole` number a point may stand between
    thousands too, so that 1.000 has two meanings. Numbers without decimals are ints.
    """
    body, mark, power = re.split("([eE])", text, maxsplit=1) if re.search("[eE]", text) else (text, "", "")
    if len(body) > LONGEST or len(power) > 6:
        raise NumberError(_("this number has too many digits"))
    readings = _readings(body, decimal, whole and not mark, bool(mark))
    if not readings:
        raise NumberError(_("{entry} is not a number: the signs between its digits do not fit together").format(entry=quoted(text)))
    if len(readings) > 1:
        first, second = (f"{reading}" for reading in readings)
        raise NumberError(
            _("{entry} can mean {first} or {second}: type one of them").format(entry=quoted(text), first=first, second=second)
        )
    (plain,) = readings
    if not mark and "." not in plain:
        return int(plain)
    return float(f"{plain}{mark}{power}")


def readings(text: str) -> tuple[str, ...]:
    """What digits and signs can mean anywhere, in plain spelling: one text, two (`1,000`, `1.000`: `1000` and `1.0`), or none."""
    body, mark, _ = re.split("([eE]|$)", text, maxsplit=1)
    return tuple(_readings(body, "", not mark, bool(mark)))


def _readings(body: str, decimal: str, whole: bool, scientific: bool) -> list[str]:
    digits = re.sub(rf"(?<=\d)([{BLANKS}{APOSTROPHES}_])(?=\d\d\d(?!\d))", "", body)
    grouped = digits != body
    if grouped and not re.fullmatch(rf"\d{{1,3}}([{BLANKS}{APOSTROPHES}_])\d\d\d(?:\1\d\d\d)*(?:[.,]\d*)?", body) and "_" not in body:
        return []
    if re.search(r"[^\d.,]", digits):
        return []
    points, commas = digits.count("."), digits.count(",")
    if not points and not commas:
        return [_plain(digits)]
    if grouped:  # blanks or apostrophes part the thousands: a point or comma is the decimal sign
        return [_decimal(digits)]
    if decimal:
        return _with_decimal(digits, decimal)
    if points and commas:
        last = max(".,", key=digits.rfind)
        return _with_decimal(digits, last) if digits.count(last) == 1 else []
    sign = "." if points else ","
    if points + commas > 1:
        return [_plain(digits.replace(sign, ""))] if _thousands(digits, sign) else []
    as_decimal = _decimal(digits)
    if scientific or not _thousands(digits, sign) or (sign == "." and not whole):
        return [as_decimal]
    return [digits.replace(sign, ""), as_decimal]


def _with_decimal(digits: str, decimal: str) -> list[str]:
    other = "," if decimal == "." else "."
    before, _, after = digits.partition(decimal)
    if decimal in after or other in after or (other in before and not _thousands(before, other)):
        return []
    before = before.replace(other, "")
    return [_decimal(f"{before}.{after}") if decimal in digits else _plain(before)]


def _thousands(digits: str, sign: str) -> bool:
    """Whether the sign separates thousands: after one to three digits that are not 0, then before every three."""
    sign = re.escape(sign)
    return re.fullmatch(rf"[1-9]\d{{0,2}}(?:{sign}\d\d\d)+", digits) is not None


def _plain(digits: str) -> str:
    return digits.lstrip("0") or "0"


def _decimal(digits: str) -> str:
    before, _, after = digits.replace(",", ".").partition(".")
    return f"{_plain(before)}.{after.rstrip('0') or '0'}"
