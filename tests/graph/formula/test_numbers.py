"""The one reader of numbers. What is right is written down by hand, or is Python's own arithmetic."""

from __future__ import annotations

import math
import random
import time
from pathlib import Path
from typing import Any

import pytest

from graph.formula.numbers import Reading, decimal_sign, plain, read_number, read_rows, read_tensor

CASES = Path(__file__).parents[2] / "data" / "cases" / "typed_values.txt"
PATIENCE = 60
"""Seconds of the processor: a thousand times what is needed on a quiet machine, and far less than a wrong way of reading takes."""
BOTH = "can mean 1000 or 1.0"

TENSORS: dict[str, Any] = {
    "0,5": 0.5, "1,5": 1.5, "-0,25": -0.25, "1,5; 2,5": [[1.5], [2.5]], "1,5<TAB>2,5": [1.5, 2.5], "0,5 0,25": [0.5, 0.25],
    "1.234,5": 1234.5, "1,000": BOTH, "1 000": "can be the end of a number such as 1 000", "[0,5]": [0, 5],
    "1,5<TAB>2,5<NL>3,5<TAB>4,5": [[1.5, 2.5], [3.5, 4.5]], "1,234.5<TAB>2 ...": [1234.5, 2],
}  # fmt: skip
WHOLE: dict[str, Any] = {"1,000": BOTH, "10,000": "can mean 10000 or 10.0", "1.000": BOTH, "1'000": 1000, "1 000": 1000}
REALS: dict[str, Any] = {
    "0,05": 0.05, "1,000": BOTH, "1/3": 1 / 3, "pi": math.pi, "2*3": 6, "10^-3": 1e-3, "0.1%": 0.001, "sqrt(2)": math.sqrt(2),
}  # fmt: skip


def _agrees(reading: Reading, expected: Any) -> None:
    if isinstance(expected, str):
        assert reading.value is None and expected in reading.refusal, reading
    else:
        assert reading.value == expected and not reading.refusal, reading


def _sections() -> dict[str, list[str]]:
    """The first column of the cases, by the comment above it."""
    sections: dict[str, list[str]] = {}
    for line in CASES.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            rows = sections.setdefault(line, [])
        elif line.strip():
            rows.append(line.split("  ")[0].strip())
    return sections


def test_every_case_is_in_a_table() -> None:
    tables = {"Value field": TENSORS, "cells of a matrix": TENSORS, "whole numbers": WHOLE, "reals": REALS}
    known = {word: {key for row in table for key in (row, *row.split(" / "))} for word, table in tables.items()}
    for title, rows in _sections().items():
        for word, table in known.items():
            if word in title:
                typed = [part.strip() for row in rows for part in row.replace(" / ", ", ").split(", ") if row != "1,5; 2,5"]
                assert [part for part in typed if part not in table] == [], title


@pytest.mark.parametrize(("text", "expected"), TENSORS.items())
def test_tensors_of_the_cases(text: str, expected: Any) -> None:
    _agrees(read_tensor(text.replace("<TAB>", "\t").replace("<NL>", "\n").removesuffix(" ...")), expected)


@pytest.mark.parametrize(("text", "expected"), WHOLE.items())
def test_whole_numbers_of_the_cases(text: str, expected: Any) -> None:
    reading = read_number(text, whole=True)
    _agrees(reading, expected)
    assert type(reading.value) in (int, type(None))


@pytest.mark.parametrize(("text", "expected"), REALS.items())
def test_reals_of_the_cases(text: str, expected: Any) -> None:
    _agrees(read_number(text), expected)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("−3.5", -3.5), ("–2", -2), ("+5", 5), ("--5", 5), (".5", 0.5), ("5.", 5), (",5", 0.5), ("0,500", 0.5), ("1234,567", 1234.567),
        ("1,234.5", 1234.5), ("1.234,5", 1234.5), ("1,234,567", 1234567), ("1.234.567,25", 1234567.25), ("1\u00a0234,5", 1234.5),
        ("1\u202f234\u202f567", 1234567), ("1’000", 1000), ("10 000 000", 10**7), ("1_000", 1000), ("1,234E+03", 1234), ("1.5e−3", 0.0015),
        ("1.5×10^3", 1500), ("1.5·10⁻³", 1.5 * 10**-3), ("10⁻³", 1e-3), ("2**10", 1024), ("-2^2", -4), ("2^3^2", 512), ("2^-1", 0.5),
        ("½", 0.5), ("1½", 1.5), ("¾", 0.75), ("⅓", 1 / 3), ("-1/3", -1 / 3), ("3/8", 0.375), ("2*(-5)", -10), ("2π", 2 * math.pi),
        ("π/2", math.pi / 2), ("-e", -math.e), ("e^2", math.e**2), ("√2", math.sqrt(2)), ("sqrt(2,25)", 1.5), ("(1,5)", 1.5),
        ("|−3|", 3), ("ln(2)", math.log(2)), ("log2(8)", 3), ("\\frac{1}{3}", 1 / 3), ("= 1/3", 1 / 3), ("≈ 8", 8), ("5 %", 0.05),
        ("5 percent", 0.05), ("3‰", 0.003), ("12 %", 0.12), ("٣", 3), ("１２", 12), ("2^62+1", 2**62 + 1),
        ("4611686018427387905", 2**62 + 1),
    ],
)  # fmt: skip
def test_one_number(text: str, value: float) -> None:
    reading = read_number(text)
    assert reading.refusal == "" and reading.value == pytest.approx(value, rel=1e-15)
    assert type(reading.value) is float or reading.value == value


@pytest.mark.parametrize(
    ("text", "value", "note"),
    [
        ("5 epochs", 5, '"epochs" is left out'), ("0,05 m/s", 0.05, '"m/s" is left out'), ("9.81 m/s²", 9.81, "left out"),
        ("5 €", 5, "left out"), ("$5", 5, "left out"), ("about 8", 8, '"about" is left out'), ("loss = 3", 3, '"loss =" is left out'),
        ("5kg", 5, '"kg" is left out'), ("1.234.567", 1234567, "read as 1234567"), ("1 000", 1000, "read as 1000"),
        ("5 %", 0.05, "5 % is 0.05"), ("0,5", 0.5, ""), ("1.5e-3", 0.0015, ""), ("-7", -7, ""),
    ],
)  # fmt: skip
def test_what_might_surprise_is_said(text: str, value: float, note: str) -> None:
    reading = read_number(text)
    assert reading.value == value and note in reading.note and bool(reading.note) == bool(note)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "type a number"), ("abc", "not a number"), ("3 4", "more than one number"), ("1;2", "more than one number"),
        ("1.5.2", "do not fit"),
        ("1,23,456", "do not fit"), ("12,345", "can mean 12345 or 12.345"), ("250,000", "can mean 250000 or 250.0"),
        ("0x10", "not a number"),
        ("1e", "digits are missing after the e"), ("5k", "such as 5000"), ("3 million", "such as 3000000"), ("5M", "changes the number"),
        ("1 half", "changes the number"), ("90°", "radians"), ("90 deg", "radians"), ("inf", "infinite"), ("-∞", "infinite"),
        ("nan", "not a number"),
        ("1/0", "divides by 0"), ("sqrt(-1)", "no real value"), ("(-8)^(1/3)", "no real value"), ("9**9**9", "too large"),
        ("1e999", "too large"),
        ("1e-400", "too small"), ("2020-01-01", "date"), ("12/25/2020", "date"), ("5!", "not a number"), ("5'", "not a number"),
        ("(5", "not closed"), ("5-", "still missing"), ("1/2π", "can mean"), ("9" * 500, "too long"), ("x\ny", "not a number"),
        ("i", "not a number"), ("True", "not a number"), ("'5'", "not a number"), ("[5]", "not a number"), ("f(5)", "not a number"),
    ],
)  # fmt: skip
def test_what_is_no_number_is_said_in_words(text: str, words: str) -> None:
    reading = read_number(text)
    assert reading.value is None and words in reading.refusal and len(reading.refusal) < 200 and "\n" not in reading.refusal


def test_a_whole_number_is_never_cut() -> None:
    assert read_number("2,5", whole=True).refusal == '"2,5" is 2.5; a whole number is needed'
    assert read_number("1.234", whole=True).refusal == '"1.234" can mean 1234 or 1.234: type one of them'
    assert read_number("5e3", whole=True).value == 5000 and read_number("2*64", whole=True).value == 128


def test_infinities_are_numbers_where_they_may_be() -> None:
    assert read_number("-inf", finite=False).value == -math.inf and math.isnan(read_number("NaN", finite=False).value)


@pytest.mark.parametrize(("sign", "value"), [(".", 1204), (",", 1.204)])
def test_a_proven_decimal_sign_decides(sign: str, value: float) -> None:
    assert read_number("1,204", decimal=sign).value == value
    assert read_number("1.204", decimal=sign).value == (1.204 if sign == "." else 1204)


def test_other_numbers_prove_the_decimal_sign() -> None:
    assert decimal_sign(["1.204", "3,5"]) == "," and decimal_sign(["1,204", "3.5"]) == "."
    assert decimal_sign(["1.234.567"]) == "," and decimal_sign(["1.234,5"]) == ","
    assert decimal_sign(["1.204", "7"]) == "" and decimal_sign(["1,5", "1.5"]) == "" and decimal_sign(["abc", ""]) == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 2; 3 4", [[1, 2], [3, 4]]), ("1 2\n3 4", [[1, 2], [3, 4]]), ("1, 2, 3", [1, 2, 3]), ("1,2,3", [1, 2, 3]),
        ("1.5,2.5", [1.5, 2.5]),
        ("1,5, 2,5", [1.5, 2.5]), ("[1 2 3]", [1, 2, 3]), ("[[1. 2.]\n [3. 4.]]", [[1, 2], [3, 4]]),
        ("[[1, 2], [3, 4]]", [[1, 2], [3, 4]]),
        ("tensor([1., 2.])", [1, 2]), ("(1, 2)", [1, 2]), ("{1,2}", [1, 2]), ("[1,5; 2,5]", [[1, 5], [2, 5]]), ("1 -2", [1, -2]),
        ("1 - 2", -1), ("−1 −2", [-1, -2]), ("1/3 ½", [1 / 3, 0.5]), ("[1/3, π]", [1 / 3, math.pi]), ("sqrt(2) 3", [math.sqrt(2), 3]),
        ("1,234\t2,5", [1.234, 2.5]), ("1.204\t2,5", [1204, 2.5]), ("1 200", [1, 200]), ("5 %", 0.05), ("2 * 3", 6),
        ("1;2;3", [[1], [2], [3]]),
        ("[[[1],[2]],[[3],[4]]]", [[[1], [2]], [[3], [4]]]), ("1\t2\t", [1, 2]),
        ("1,000", "or [1, 0] for a list"), ("[0,5 0,25]", "mixes commas and blanks"), ("1 2\n3", "row 2 has 1 number, row 1 has 2"),
        ("[1,2", "not closed"), ("[1,2]]", "follows the last bracket"), ("[1,[2]]", "do not mix"), ("[[1,2],[3]]", "not of equal length"),
        ("a b", "not a number"), ("[1, nan]", "finite"), ("[1,,2]", "missing"), ("1,,2", "missing"), ("", "type a number"),
        ("[" * 5000, "not"),
    ],
)  # fmt: skip
def test_lists_and_matrices(text: str, expected: Any) -> None:
    _agrees(read_tensor(text), expected)


def test_how_a_list_was_read_is_said_where_it_might_surprise() -> None:
    assert read_tensor("1,2\n3,4").note == "commas are read as decimal signs"
    assert read_tensor("1 200").note == "read as 2 numbers"
    assert read_tensor("1 2").note == "" and read_rows("1,5").value == [[1.5]]


def test_what_is_written_is_read_again() -> None:
    draw = random.Random(1)
    for _ in range(300):
        value = draw.choice([draw.gauss(0, 1), draw.gauss(0, 1) * 10.0 ** draw.randrange(-300, 300), float(draw.randrange(10**15))])
        assert read_number(plain(value)).value == value
        german = plain(value).replace(".", ",")
        if len(german.partition(",")[2].partition("e")[0]) != 3:
            assert read_number(german).value == value


def test_any_text_is_a_number_or_a_sentence() -> None:
    draw = random.Random(2)
    pieces = ["1", "23", "000", *",. '-−eEπ()[]%/^x½²\t\n;|\\"]
    for _ in range(3000):
        text = "".join(draw.choices(pieces, k=draw.randrange(1, 9)))
        for reading in (read_number(text), read_number(text, whole=True), read_tensor(text)):
            assert (reading.value is None) == bool(reading.refusal), text
            assert "\n" not in reading.refusal and len(reading.refusal) < 250


@pytest.mark.parametrize(
    "text", ["5 " + "a" * 290 + "!", "5" + "a" * 40 + "1", "5 " + "m/s" * 90 + "#", "5 " + "m^2" * 90 + "_", "a" * 299, "1 " * 140 + "x"]
)
def test_no_text_takes_long(text: str) -> None:
    """A pattern that tries every way to cut a word needs years for these, where a good one needs a hundredth of a second."""
    start = time.process_time()
    assert read_number(text).refusal and read_tensor(text).refusal
    assert time.process_time() - start < PATIENCE


def test_many_numbers_are_read_at_once() -> None:
    start = time.process_time()
    assert read_tensor("1 2 3\n" * 20_000).value[-1] == [1, 2, 3]
    assert len(read_tensor("[" + "1.5," * 50_000 + "1]").value) == 50_001
    assert time.process_time() - start < PATIENCE
    assert "too long" in read_tensor("1 " * 600_000).refusal
