"""Tables, pictures and the data of a graph, described as text or as JSON."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.common import print_json
from cli.errors import CommandError
from engine.data.errors import DataError
from engine.data.specs import DATA_SETS
from engine.nodes.catalog import CATALOG
from graph.storage.files import FileError, read
from graph.text.messages import _, ngettext
from graph.text.quoting import one_line, quoted_path

if TYPE_CHECKING:
    from engine.data.parts import Part
    from engine.data.table_reading import TableReading

Settings = Mapping[str, Any]


def of_table(settings: Settings, json: bool) -> int:
    """How a table is read. Raises CommandError where it cannot be, or where a cell is not what its column is."""
    from engine.data.preview import preview

    try:
        reading = preview(settings)
    except DataError as error:
        raise CommandError(str(error)) from None
    if json:
        print_json(reading.to_json())
    else:
        print("\n".join(_table_lines(reading)))
    if reading.unreadable:
        sys.stdout.flush()
        raise CommandError(reading.problem)
    return 0


def of_pictures(settings: Settings, json: bool) -> int:
    """How many pictures there are, of which size and classes. Raises CommandError."""
    try:
        found = _pictures(settings, "")
    except DataError as error:
        raise CommandError(str(error)) from None
    if json:
        print_json(found)
    else:
        print("\n".join(_picture_lines(found)))
    return 0


def of_graph(path: str, json: bool) -> int:
    """What the Data nodes of a graph read. Raises CommandError."""
    try:
        graph = read(Path(path), CATALOG).graph
    except FileError as error:
        raise CommandError(str(error)) from None
    nodes = [node for node in graph.nodes.values() if node.type == "source.data"]
    if not nodes:
        raise CommandError(_("{file}: the graph has no Data node").format(file=quoted_path(path)))
    told, lines, problems = [], list[str](), list[str]()
    for node in nodes:
        settings = graph.settings_of(node.id)
        lines += [*([""] if lines else []), f"{node.name}: {DATA_SETS[settings['dataset']].title}"]
        try:
            entry, said = _of_node(settings, graph.folder)
        except DataError as error:
            problems.append(f"{node.name}: {error}")
            continue
        told.append({"node": node.name, "dataset": settings["dataset"], **entry})
        lines += said
    if json:
        print_json({"data": told})
    else:
        print("\n".join(lines))
    if problems:
        sys.stdout.flush()
        raise CommandError("\n".join(problems))
    return 0


def _of_node(settings: Settings, folder: str) -> tuple[dict[str, Any], list[str]]:
    """What one Data node reads, as JSON and as text. Raises DataError."""
    from engine.data import describe
    from engine.data.preview import preview

    if settings["dataset"] in ("csv", "pasted"):
        reading = preview(settings, folder, proposed=False)
        if reading.unreadable:
            raise DataError(reading.problem)
        return reading.to_json(), _table_lines(reading)
    if settings["dataset"] == "pictures":
        found = _pictures(settings, folder)
        return found, _picture_lines(found)
    about = describe(settings, folder)
    rows = ngettext("{n:,} sample", "{n:,} samples", about.rows).format(n=about.rows)
    features = _("features: {names}").format(names=", ".join(about.feature_names[:20]) + (" …" if len(about.feature_names) > 20 else ""))
    target = _("target: {names}").format(names=", ".join(about.classes or about.target_names))
    entry = {
        "rows": about.rows, "features": list(about.feature_names), "targets": list(about.target_names), "classes": list(about.classes),
        "parts": about.part_rows, "notes": [note.text for note in about.notes],
    }  # fmt: skip
    lines = [rows, *([features] if about.feature_names else []), target, _parts(about.part_rows)]
    return entry, [*lines, *(_line("!" if note.warning else "·", note.text) for note in about.notes)]


def _table_lines(reading: TableReading) -> list[str]:
    """The reading for a person: the layout, a line per column, and what is doubtful."""
    rows = ngettext("{n:,} row", "{n:,} rows", reading.rows).format(n=reading.rows)
    columns = ngettext("{n:,} column", "{n:,} columns", len(reading.columns)).format(n=len(reading.columns))
    fewer = reading.usable != reading.rows and not reading.problem
    usable = _(", {usable:,} rows can be used").format(usable=reading.usable) if fewer else ""
    lines = [f"{rows}, {columns}{usable}", ""]
    table = [(_("column"), _("kind"), _("role"), _("missing"), _("first values"))]
    for column in reading.columns:
        values = ", ".join("–" if value is None else one_line(str(value), 30) for value in column.values[:5])
        table.append((column.title, column.kind, column.role, str(column.missing or ""), values))
    lines += _in_columns(table)
    renamed = [_("column {name} is called {title} here").format(name=c.name, title=c.title) for c in reading.columns if c.title != c.name]
    lines += ["", *(_line("?" if finding.doubtful else "·", finding.evidence) for finding in reading.findings)]
    lines += [_line("·", text) for text in renamed]
    lines += [_line("!" if note.warning else "·", note.text) for note in reading.notes]
    if reading.problem and not reading.unreadable:
        lines.append(_line("!", reading.problem))
    return lines


def _pictures(settings: Settings, folder: str) -> dict[str, Any]:
    """Rows, size, classes with their rows, parts and notes of pictures. Raises DataError."""
    import numpy as np

    from engine.data import load

    data = load({**settings, "coding": "index"}, folder)
    about = data.description
    rows = np.sum([np.bincount(data.part(part).y, minlength=len(about.classes)) for part in about.part_rows], axis=0)
    channels, high, wide = about.features
    return {
        "rows": about.rows, "height": high, "width": wide, "channels": channels,
        "classes": [{"name": name, "rows": int(count)} for name, count in zip(about.classes, rows, strict=True)],
        "parts": about.part_rows, "notes": [note.text for note in about.notes],
    }  # fmt: skip


def _picture_lines(found: Mapping[str, Any]) -> list[str]:
    count = ngettext("{n:,} picture", "{n:,} pictures", found["rows"]).format(n=found["rows"])
    size = _("{width} × {height} pixels").format(width=found["width"], height=found["height"])
    classes = ngettext("{n:,} class", "{n:,} classes", len(found["classes"])).format(n=len(found["classes"]))
    grey = _("grey") if found["channels"] == 1 else _("in colour")
    table = [(_("class"), _("pictures")), *((entry["name"], f"{entry['rows']:,}") for entry in found["classes"])]
    return [
        f"{count}, {size}, {grey}, {classes}", "", *_in_columns(table), "", _parts(found["parts"]),
        *(_line("·", text) for text in found["notes"]),
    ]  # fmt: skip


def _parts(rows: Mapping[Part, int]) -> str:
    words = _("training {train:,}, validation {validation:,}, test {test:,}")
    parts = words.format(train=rows["train"], validation=rows["validation"], test=rows["test"])
    return _line("·", _("parts: {parts}").format(parts=parts))


def _in_columns(table: Sequence[tuple[str, ...]]) -> list[str]:
    """Rows of texts below each other; the last column may be as long as it is."""
    last = len(table[0]) - 1
    widths = [max(min(len(row[at]), 30) for row in table) for at in range(last)]
    lines = []
    for row in table:
        cells = (f"{cell[:29] + '…' if len(cell) > 30 else cell:<{width}}" for cell, width in zip(row, widths, strict=False))
        lines.append(f"{'  '.join(cells)}  {row[last][:60]}".rstrip())
    return lines


def _line(mark: str, text: str) -> str:
    return f"{mark} {text[0].upper()}{text[1:]}" + ("" if text.endswith((".", "?")) else ".")
