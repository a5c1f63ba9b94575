"""Tables from files and texts, each read once: the cells are kept while the file stays as it is, the samples by `loading`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from engine.data.errors import DataError, Unreadable
from engine.data.how_read import HowRead
from engine.data.recent import Recent
from engine.data.table_samples import TableReader
from engine.data.text_table import Table, reading_table, reading_text
from engine.numerics.job import Steps, share_of
from graph.storage.paths import reason
from graph.text.messages import _
from graph.text.quoting import quoted_path

_TABLES: Recent[Table] = Recent(2)


def planned(values: Mapping[str, Any], how: HowRead) -> Steps:
    """The `TableReader` of a Data node's table, with its columns planned. Raises DataError, in words for the file's owner."""
    path = str(values.get("path") or "")
    table = yield from share_of(_cells(values, path, how), 0, 800)
    reader = TableReader(path or _("the pasted table"), table, how)
    yield from share_of(reader.planning(), 800, 1000)
    return reader


def _cells(values: Mapping[str, Any], path: str, how: HowRead) -> Steps:
    if values.get("dataset") == "pasted":
        table = yield from reading_text(str(values.get("pasted") or ""), how)
        return table
    if not path.strip():
        raise DataError(_("choose a CSV file"))
    try:
        stamp = os.stat(path)
    except (OSError, ValueError) as error:
        raise Unreadable(_("{file}: cannot be read: {error}").format(file=quoted_path(path), error=reason(error))) from None
    key = (path, stamp.st_mtime_ns, stamp.st_size, how.layout)
    table = _TABLES.find(key)
    if table is None:
        table = yield from reading_table(path, how)
        _TABLES.keep(key, table)
    return table
