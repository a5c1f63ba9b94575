"""A run's record and curve as JSON, and back: whatever a file holds, either a whole record comes of it or one clause that says why not."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args

from graph.model.run_record import Best, Origin, RunRecord, SettingsChange
from graph.model.settings import finite_json
from graph.model.training_settings import training_refusal
from graph.text.messages import _
from graph.text.quoting import quoted

MOST_POINTS = 200_000
MOST_NAMES = 200
"""Different names of measurements in one curve."""
_SPECIAL = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


class SavedRunError(Exception):
    """Why a saved run cannot be read; a clause without file name and full stop."""


def record_json(record: RunRecord) -> dict[str, Any]:
    """Every field by its name. NaN and infinities are the strings "nan", "inf", "-inf"."""
    return {name: _written(getattr(record, name)) for name in _FIELDS}


def read_record(row: Any) -> RunRecord:
    """The record in a file. A field that is missing has its default, one that is not known is left out. Raises SavedRunError."""
    if not isinstance(row, dict) or "id" not in row:
        raise SavedRunError(_("it is not the record of a run"))
    values = {}
    for name, read in _FIELDS.items():
        if name in row:
            try:
                values[name] = read(row[name])
            except (TypeError, ValueError, KeyError, AttributeError):
                raise SavedRunError(_("its {name} cannot be read").format(name=quoted(name))) from None
    record = RunRecord(**values)
    if record.last < record.start or record.parent == record.id:
        raise SavedRunError(_("its steps or its parent contradict each other"))
    return record


def points_json(points: Sequence[Mapping[str, float]]) -> dict[str, list[Any]]:
    """The curve as columns: a list of equal length for each name, null where nothing was measured."""
    names = dict.fromkeys(name for point in points for name in point)
    return {name: [_written(point[name]) if name in point else None for point in points] for name in names}


def read_points(columns: Any) -> tuple[dict[str, float], ...]:
    """The points in a file, in order of their steps. Raises SavedRunError."""
    if not isinstance(columns, dict) or not all(isinstance(column, list) for column in columns.values()):
        raise SavedRunError(_("its curve is not a table of numbers"))
    lengths = {len(column) for column in columns.values()}
    if len(lengths) > 1 or max(lengths, default=0) > MOST_POINTS or len(columns) > MOST_NAMES:
        raise SavedRunError(_("its curve is not a table of numbers"))
    try:
        names = {name: [None if value is None else _float(value) for value in column] for name, column in columns.items() if name != "step"}
        steps = [_count(value) for value in columns.get("step", [])]
    except (TypeError, ValueError):
        raise SavedRunError(_("its curve is not a table of numbers")) from None
    if len(steps) != max(lengths, default=0) or any(a >= b for a, b in zip(steps, steps[1:], strict=False)):
        raise SavedRunError(_("the steps of its curve are not in order"))
    return tuple(
        {"step": step} | {name: value for name, column in names.items() if (value := column[at]) is not None}
        for at, step in enumerate(steps)
    )


def number_text(value: float) -> float | str:
    """The number, or the word that stands for it where JSON has none."""
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    return value


def _written(value: Any) -> Any:
    if isinstance(value, SettingsChange | Best):
        return {field.name: _written(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {name: _written(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_written(entry) for entry in value]
    return number_text(value)


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 2**63:
        raise ValueError
    return value


def _float(value: Any) -> float:
    if isinstance(value, str):
        return _SPECIAL[value] if value in _SPECIAL else _refused()
    if type(value) not in (int, float):
        raise ValueError
    return float(value)


def _refused() -> float:
    raise ValueError


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 10_000:
        raise ValueError
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _origin(value: Any) -> Any:
    if value not in get_args(Origin):
        raise ValueError
    return value


def _settings(value: Any) -> dict[str, Any]:
    """Training settings as a document may have them."""
    if not isinstance(value, dict) or not finite_json(value) or any(training_refusal(name, entry) for name, entry in value.items()):
        raise ValueError
    return value


def _change(row: Any) -> SettingsChange:
    return SettingsChange(_count(row["step"]), _settings(row["training"]), _origin(row["origin"]))


def _changes(rows: Any) -> tuple[SettingsChange, ...]:
    if not isinstance(rows, list):
        raise ValueError
    changes = tuple(map(_change, rows))
    if any(a.step > b.step for a, b in zip(changes, changes[1:], strict=False)):
        raise ValueError
    return changes


def _by_name(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda rows: {_text(name): read(row) for name, row in rows.items()}


def _optional(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else read(value)


_KINDS: dict[str, Callable[[Any], Any]] = {
    "int": _count, "int | None": _optional(_count), "float": _float, "float | None": _optional(_float), "str": _text, "bool": _flag,
    "Origin": _origin, "Mapping[str, Any]": _settings, "Mapping[str, float]": _by_name(_float), "tuple[SettingsChange, ...]": _changes,
    "Mapping[str, Best]": _by_name(lambda row: Best(_count(row["step"]), _float(row["value"]))),
}  # fmt: skip
_FIELDS = {field.name: _KINDS[str(field.type)] for field in dataclasses.fields(RunRecord)}
"""How each field of a record is read: a new field of one of these kinds is in files by itself."""
