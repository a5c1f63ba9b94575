"""A table from a stranger: nothing in it takes more memory or time than is stated, and messages about it stay short."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from engine.data import DataError, describe, dialect, text_file, text_table
from engine.data.text_table import read_table

POSIX = pytest.mark.skipif(os.name != "posix", reason="pipes and sparse files")


def refusal(path: Path | str) -> str:
    with pytest.raises(DataError) as refused:
        describe({"dataset": "csv", "path": str(path)})
    return str(refused.value)


def in_time(task: object, seconds: float = 20.0) -> None:
    """Whether it ends at all: what is bounded needs a fraction of this, and what is not needs minutes."""
    done = threading.Thread(target=task, daemon=True)  # type: ignore[arg-type]
    done.start()
    done.join(seconds)
    assert not done.is_alive(), "this takes too long"


@POSIX
def test_a_pipe_a_device_and_a_folder_are_refused_before_they_are_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    in_time(lambda: refusal(tmp_path / "pipe.csv"))
    assert "this is a pipe, not a regular file" in refusal(tmp_path / "pipe.csv")
    assert "this is a device, not a regular file" in refusal("/dev/zero")
    assert "this is a folder" in refusal(tmp_path)
    assert "there is no such file" in refusal(tmp_path / "none.csv")


@POSIX
def test_half_a_gigabyte_of_nothing_is_refused_from_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "nul.csv"
    path.touch()
    os.truncate(path, 500 * 2**20)
    in_time(lambda: refusal(path), 10.0)
    assert "is not a text file" in refusal(path)


@pytest.mark.parametrize("separator", [",", " "], ids=["commas", "blanks"])
def test_bytes_lines_columns_and_cells_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, separator: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(("a,b,y\n" + "1,2,3\n" * 99).replace(",", separator))
    for module, name, most, said in (
        (text_file, "MAX_BYTES", 500, "is larger than"), (text_file, "MAX_LINES", 50, "more than 50 lines"),
        (text_table, "MAX_CELLS", 200, "more than 200 cells"), (dialect, "MAX_COLUMNS", 2, "has 3 columns; at most 2"),
    ):  # fmt: skip
        with monkeypatch.context() as patch:
            patch.setattr(module, name, most)
            os.utime(path, ns=(most, most))  # another file: what was said about this one is remembered
            assert said in refusal(path)
    os.utime(path, ns=(1, 1))
    assert describe({"dataset": "csv", "path": str(path)}).rows == 99


def test_twenty_thousand_columns_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_text((",".join(f"c{i}" for i in range(20_000)) + "\n") * 2)
    assert "has 20,000 columns; at most 10,000 can be read" in refusal(path)


MANY = {"x": "x;" * 4999, "none": ";" * 4999, "x_2": "x;" * 2499 + "x_2;" * 2500, "blank": "\n" * 300_000 + "x;y"}


@pytest.mark.parametrize("first", MANY.values(), ids=MANY)
def test_a_first_line_of_many_equal_names_takes_no_time(tmp_path: Path, first: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(first + "\n" + (("1;" * 4999) if "\n" not in first else "1;2") + "\n")
    names: list[list[str]] = []
    in_time(lambda: names.append(read_table(str(path)).names))
    assert len(set(names[0])) == len(names[0]) in (4999, 2)


def test_notes_about_thousands_of_names_are_few(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x;" * 3000 + "\n" + "1;" * 3000 + "\n")
    notes = read_table(str(path)).notes
    assert len(notes) < 10 and any("2,994 more columns were renamed" in note.text for note in notes)


LONG = "n" * 5000 + "\n" + "m" * 100


@pytest.mark.parametrize(
    "text",
    [f'"{LONG}",y\n1,\n', f'"{LONG}","{LONG}"\nword,1\n',
     f'a,y\n"{LONG}",1\n2,3\n', f'a,y\n1,2,"{LONG}"\n', f'a,y\n1,"{LONG}\n', f'"{LONG}'],
    ids=["no target", "text feature", "cell", "columns", "open quote", "open at once"],
)  # fmt: skip
def test_messages_quote_little_and_on_one_line(tmp_path: Path, text: str) -> None:
    folder = tmp_path / ("d" * 200)
    folder.mkdir()
    (folder / "t.csv").write_text(text)
    said = refusal(folder / "t.csv")
    assert "\n" not in said and "n" * 81 not in said and len(said) < 400


def test_a_column_that_is_not_there_is_named_shortly(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(",".join(f'"{"c" * 500}{i}"' for i in range(30)) + "\n" + ",".join("1" * 30) + "\n")
    with pytest.raises(DataError) as refused:
        describe({"dataset": "csv", "path": str(tmp_path / "t.csv"), "target_columns": "z" * 3000})
    assert "c" * 81 not in str(refused.value) and "z" * 81 not in str(refused.value) and len(str(refused.value)) <= 600
