"""Large tables: read in pieces on all cores, and exactly as the general reader reads them, which reports by line and column."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.data import DataError, bulk, load, loading, plain_parser, raw, text_table
from engine.data.bulk import NumberColumn
from engine.data.how_read import HowRead
from engine.data.parts import PARTS
from engine.data.preview import preview
from engine.data.text_table import reading_table
from engine.numerics.job import finished

ROWS = 400


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file counts as large, and is read in pieces of a kilobyte."""
    monkeypatch.setattr(bulk, "LARGE", 1)
    monkeypatch.setattr(bulk, "PIECE", 2000)
    monkeypatch.setattr(text_table, "SAMPLED", 5)


def numbers(rng: np.random.Generator, ending: str = "\n") -> str:
    """Doubles of all sizes as `repr` writes them, whole numbers and a column from 0 to 4."""
    bits = np.frombuffer(rng.bytes(8 * 3 * ROWS), np.float64)
    values = np.where(np.isfinite(bits), bits, 1.5)
    rows = zip(values.reshape(ROWS, 3).tolist(), rng.integers(0, 5, ROWS).tolist(), strict=True)
    return ending.join(["a,b,c,n", *(",".join([*map(repr, row), str(n)]) for row, n in rows)]) + ending


def test_every_digit_is_as_python_reads_it(tmp_path: Path, small_pieces: None) -> None:
    text = numbers(np.random.default_rng(0))
    (tmp_path / "t.csv").write_text(text)
    table = finished(reading_table(str(tmp_path / "t.csv"), HowRead()))
    assert all(isinstance(column, NumberColumn) for column in table.columns)
    oracle = np.array([list(map(float, line.split(","))) for line in text.splitlines()[1:]])
    np.testing.assert_array_equal(np.stack([column.numbers() for column in table.columns], axis=1), oracle)
    data = load({"dataset": "csv", "path": str(tmp_path / "t.csv"), "test_fraction": 0.25})
    np.testing.assert_array_equal(data.train.x, oracle[data.train.rows, :3])
    np.testing.assert_array_equal(data.test.y[:, 0], oracle[data.test.rows, 3])


BASE = numbers(np.random.default_rng(1))
LINES = BASE.splitlines()
TABLES: dict[str, str | bytes] = {
    "windows line ends": numbers(np.random.default_rng(2), "\r\n"),
    "words": "\n".join(line + f",{'word' if n % 3 else 'another'}" for n, line in enumerate(LINES)),
    "true and false": "\n".join(f"{n % 2 == 0}," + line if n else "t," + line for n, line in enumerate(LINES)),
    "missing late": BASE + "NA,1,2,3\n5,,7,8\n",
    "thousands late": "x;y\n" + "1.204;2\n" * ROWS + "3,5;4\n",
    "only thousands": "x,y\n" + "1.204,2\n2.500,3\n" * ROWS,
    "quotation marks": BASE + '"1.5",2,3,4\n',
    "quoted words": LINES[0] + ',"a, name"\n' + "\n".join(f'{line},"{n % 7}, ""so"" it is"' for n, line in enumerate(LINES[1:])),
    "quoted numbers": "\n".join('"' + line.replace(",", '","') + '"' for line in LINES) + "\n",
    "a quotation mark in a cell": "\n".join(f'{line},{n % 3}"' for n, line in enumerate(LINES)),
    "a quoted line break": BASE.replace("\n", ",w\n") + '1,2,3,4,"two\nlines"\n' * 2,
    "blanks": BASE.replace(",", " , "),
    "blank lines": BASE.replace("\n", "\n\n", 200) + "\n\n",
    "words in cp1252": ("\n".join(line + ",Kuh" for line in LINES) + "\n1,2,3,4,Bär\n" * 2).encode("cp1252"),
    "comments": "# made by hand\n" + BASE + "# the end\n",
    "a counting column": "\n".join(f"{n - 1 if n else ''}," + line for n, line in enumerate(LINES)),
    "codes": BASE + "-999,1,2,3\n",
}
GENERAL = [
    TABLES[name] for name in ("a quoted line break", "blank lines", "a quotation mark in a cell", "thousands late", "only thousands")
]
"""Those that the general reader takes over from the start or after a few pieces, or that are short."""


@pytest.mark.parametrize("text", TABLES.values(), ids=TABLES)
def test_a_large_table_is_read_as_a_small_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | bytes) -> None:
    readings: list[Any] = []
    parsed: list[int] = []
    parse = bulk._parsed
    monkeypatch.setattr(bulk, "_parsed", lambda *arguments: parsed.append(1) or parse(*arguments))
    for name, large in (("general.csv", 2**40), ("large.csv", 1)):
        monkeypatch.setattr(bulk, "LARGE", large)
        monkeypatch.setattr(bulk, "PIECE", 2000)
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        reading = preview({"path": str(path)}).to_json()
        data = load({"dataset": "csv", "path": str(path)})
        for column in reading["columns"]:  # a large table keeps numbers and not their text: 2.0 may be shown as 2
            column["values"] = [float(v) if isinstance(v, int) and not isinstance(v, bool) else v for v in column["values"]]
        notes = [note.replace(name, "t.csv") for note in reading.pop("notes") if "decimal sign" not in note]
        readings.append((reading, notes, data.train.x.tolist(), data.train.y.tolist(), data.description.classes))
    assert readings[0] == readings[1]
    assert len(parsed) > 3 or text in GENERAL


@pytest.mark.parametrize(("wrong", "said"), [
    ("1,2,3\n", "line 402 has 3 of 4 columns"), ("1,2,3,4,5\n", "line 402 has 5 columns"),
    ('1,2,"3\n', "opens in line 402"), ('1,"2"x,3,4\n', "line 402: only a separator"), ('"1,2",3,4\n', "line 402 has 3 of 4 columns"),
    ("1,oops,3,4\n", "line 402, column 'b' has 'oops'"),
    ("1,inf,3,4\n", "line 402, column 'b' has 'inf'"), ("1,1e999,3,4\n", "line 402, column 'b' has '1e999'"),
])  # fmt: skip
def test_what_is_wrong_in_a_large_table_is_named_by_line_and_column(tmp_path: Path, small_pieces: None, wrong: str, said: str) -> None:
    (tmp_path / "t.csv").write_text(BASE + wrong + "1,2,3,4\n")
    with pytest.raises(DataError, match=said):
        load({"dataset": "csv", "path": str(tmp_path / "t.csv")})


def test_a_column_whose_points_turn_out_to_part_thousands_is_read_again(tmp_path: Path, small_pieces: None) -> None:
    (tmp_path / "t.csv").write_text("x;y\n" + "1.204;2,5\n" * ROWS)
    data = load({"dataset": "csv", "path": str(tmp_path / "t.csv"), "test_fraction": 0.0})
    assert set(data.train.x[:, 0]) == {1204.0} and set(data.train.y[:, 0]) == {2.5}


def test_rows_that_are_shorter_later_on_all_find_their_place(tmp_path: Path, small_pieces: None) -> None:
    """More rows than the first piece leads to expect: the numbers move to a larger place while others are being read."""
    rows = [(n + 1 / 3, n * 1e100 / 7) for n in range(200)] + [(n, 2) for n in range(200, 3000)]
    (tmp_path / "t.csv").write_text("a,b\n" + "".join(f"{a!r},{b!r}\n" for a, b in rows))
    table = finished(reading_table(str(tmp_path / "t.csv"), HowRead()))
    np.testing.assert_array_equal(np.stack([column.numbers() for column in table.columns], axis=1), np.array(rows))


def test_a_pandas_without_the_reader_of_one_thread_reads_the_same(tmp_path: Path, small_pieces: None, monkeypatch: Any) -> None:
    text = numbers(np.random.default_rng(3)).replace("\n", ",w\n")
    (tmp_path / "t.csv").write_text(text)
    monkeypatch.setattr(plain_parser.Parser, "_reader", lambda *_: None)
    table = finished(reading_table(str(tmp_path / "t.csv"), HowRead()))
    oracle = np.array([list(map(float, line.split(",")[:4])) for line in text.splitlines()[1:]])
    np.testing.assert_array_equal(np.stack([column.numbers() for column in table.columns[:4]], axis=1), oracle)
    assert set(table.columns[4].cells) == {"w"}


def test_large_parts_are_taken_from_the_source_when_they_are_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "t.csv").write_text(BASE)
    expected = load({"dataset": "csv", "path": str(tmp_path / "t.csv"), "validation_fraction": 0.2})
    monkeypatch.setattr(loading, "LARGE", 0)
    monkeypatch.setattr(raw, "MANY", 1)
    (tmp_path / "u.csv").write_text(BASE)
    data = load({"dataset": "csv", "path": str(tmp_path / "u.csv"), "validation_fraction": 0.2})
    for part in PARTS:
        mine, theirs = data.part(part), expected.part(part)
        np.testing.assert_array_equal(mine.rows, theirs.rows)
        np.testing.assert_array_equal(mine.x, theirs.x)
        np.testing.assert_array_equal(mine.of([3, 1]), theirs.x[[3, 1]])
        np.testing.assert_array_equal(mine.first(5).x, theirs.x[:5])
        np.testing.assert_array_equal(mine.column(2), theirs.x[:, 2])
        with pytest.raises(ValueError, match="read-only"):
            mine.x[0] = 1
        mine.of([0])[0] = 1  # the caller's own
        np.testing.assert_array_equal(mine.x, theirs.x)


@pytest.mark.parametrize("columns", [slice(0, 19), slice(1, 20), slice(0, 20), slice(3, 5), slice(0, 20, 2)])
def test_rows_of_some_columns_of_a_table_are_copied_exactly(columns: slice) -> None:
    table = np.random.default_rng(0).normal(size=(30_000, 20))
    rows = np.random.default_rng(1).permutation(25_000)
    for x in (table[:25_000, columns], table[7:, columns]):
        np.testing.assert_array_equal(raw.gathered(x, rows), x[rows])
