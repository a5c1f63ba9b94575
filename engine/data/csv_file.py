"""A person's CSV: read, with roles for its columns, and complaints that name line and column."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from engine.data.errors import DataError

_SEPARATORS = (",", ";", "\t")


@dataclass(frozen=True, slots=True)
class Columns:
    """Numbers by role. `labels` is the one target column as text, when it is not numbers."""

    feature_names: tuple[str, ...]
    target_names: tuple[str, ...]
    x: np.ndarray
    y: np.ndarray | None
    labels: np.ndarray | None


def read(path: str, feature_columns: str, target_columns: str) -> Columns:
    """Raises DataError, in words for the file's owner."""
    if not path.strip():
        raise DataError("choose a CSV file")
    file = Path(path).expanduser()
    try:
        stamp = file.stat()
    except (OSError, ValueError) as error:
        raise DataError(f"{file}: cannot be read ({getattr(error, 'strerror', None) or error})") from None
    return _read(str(file), stamp.st_mtime_ns, stamp.st_size, feature_columns, target_columns)


@lru_cache(maxsize=4)
def _read(path: str, modified: int, size: int, feature_columns: str, target_columns: str) -> Columns:
    table, separator = _table(path)
    names = list(table.columns)
    targets = _chosen(target_columns, names, path) or names[-1:]
    features = _chosen(feature_columns, names, path) or [name for name in names if name not in targets]
    if not features:
        raise DataError(f"{path}: no column is left for the features")
    if both := [name for name in features if name in targets]:
        raise DataError(f"{path}: column {both[0]!r} is both a feature and a target")
    comma = separator == ";"
    columns = {name: table[name] for name in [*features, *targets]}
    x = np.stack([_numbers(columns[name], name, path, comma, "feature") for name in features], axis=1)
    labels = _labels(columns[targets[0]], comma) if len(targets) == 1 else None
    if labels is not None:
        _refuse_empty(columns[targets[0]], targets[0], path)
        return Columns(tuple(features), tuple(targets), x, None, labels)
    y = np.stack([_numbers(columns[name], name, path, comma, "target") for name in targets], axis=1)
    return Columns(tuple(features), tuple(targets), x, y, None)


def _table(path: str) -> tuple[Any, str]:
    """All cells below the first line as text, under the names in it; and what separates them."""
    import pandas as pd

    try:
        with open(path, encoding="utf-8-sig") as stream:
            first = stream.readline()
        separator = max(_SEPARATORS, key=re.sub(r'"[^"]*"', "", first).count)
        cells = pd.read_csv(path, sep=separator, header=None, dtype=str, keep_default_na=False, na_filter=False, skip_blank_lines=False,
                            skipinitialspace=True, encoding="utf-8-sig", index_col=False)  # fmt: skip
    except UnicodeDecodeError:
        raise DataError(f"{path}: is not UTF-8 text; save it as CSV in UTF-8") from None
    except pd.errors.EmptyDataError:
        raise DataError(f"{path}: is empty; the first line should name the columns") from None
    except pd.errors.ParserError as error:
        raise DataError(f"{path}: {_in_words(str(error))}") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from None
    cells = cells.fillna("").apply(lambda column: column.str.strip())
    while len(cells) and not cells.iloc[-1].any():
        cells = cells.iloc[:-1]
    if len(cells) < 2:
        raise DataError(f"{path}: has no rows below the line with the column names")
    cells = cells.loc[:, cells.any()]  # separators at the end of every line make an empty column
    table = cells.iloc[1:].reset_index(drop=True)
    table.columns = _names(list(cells.iloc[0]), path)
    return table, separator


def _names(names: list[str], path: str) -> list[str]:
    """The column names in the first line; a column without one is called by its place."""
    if all(map(_is_number, names)):
        raise DataError(f"{path}: the first line should name the columns, but it holds numbers only")
    names = [name or f"column {place}" for place, name in enumerate(names, 1)]
    for name in names:
        if names.count(name) > 1:
            raise DataError(f"{path}: the first line names {names.count(name)} columns {name!r}; give every column a name of its own")
    return names


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True


def _in_words(text: str) -> str:
    if found := re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", text):
        return f"line {found[2]} has {found[3]} columns; the first line names {found[1]}"
    if found := re.search(r"EOF inside string starting at row (\d+)", text):
        return f"a quotation mark opens in line {int(found[1]) + 1} and is never closed"
    return "cannot be read as CSV (" + text.replace("Error tokenizing data. C error: ", "").strip() + ")"


def _chosen(text: str, names: list[str], path: str) -> list[str]:
    """The columns a person named; a name that contains a comma stands in quotation marks."""
    rows = csv.reader(text.splitlines(), skipinitialspace=True)
    chosen = [part.strip() for row in rows for part in row if part.strip()]
    for name in chosen:
        if name not in names:
            known = ", ".join(f'"{known}"' if "," in known else known for known in names[:12])
            raise DataError(f"{path}: has no column {name!r}; its columns are {known}{' …' if len(names) > 12 else ''}")
    return list(dict.fromkeys(chosen))


def _refuse_empty(column: Any, name: str, path: str) -> None:
    empty = np.flatnonzero(column == "")
    if len(empty):
        raise DataError(f"{path}: line {empty[0] + 2}, column {name!r} is empty")


def _converted(column: Any, comma: bool) -> Any:
    import pandas as pd

    return pd.to_numeric(column.str.replace(",", ".", regex=False) if comma else column, errors="coerce")


def _numbers(column: Any, name: str, path: str, comma: bool, role: str) -> np.ndarray:
    _refuse_empty(column, name, path)
    numbers: np.ndarray = _converted(column, comma).to_numpy(dtype=np.float64)
    bad = np.flatnonzero(~np.isfinite(numbers))
    if len(bad):
        raise DataError(f"{path}: line {bad[0] + 2}, column {name!r} has {column.iloc[bad[0]]!r}, and a {role} must be a finite number")
    return numbers


def _labels(column: Any, comma: bool) -> np.ndarray | None:
    """The column as text, when most of it is not numbers; a few words among numbers are mistakes, not classes."""
    numbers = _converted(column, comma)
    if numbers.notna().mean() > 0.5:
        return None
    return np.array(column, dtype=str)
