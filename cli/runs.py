"""`runs`: the runs that a file holds, and two of them side by side."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from cli.common import print_json
from cli.errors import CommandError
from cli.parser import CommandParser
from cli.version import version_text
from engine.nodes.catalog import CATALOG
from engine.training.run_names import with_names
from graph.model.run_record import RunRecord
from graph.storage.files import FileError, Loaded, read
from graph.storage.paths import cleaned
from graph.storage.run_history import (
    comparison,
    differing,
    history_csv,
    history_json,
    history_markdown,
    metric_title,
    name_of,
    overview,
    present,
    renamed,
    setting_text,
    setting_title,
)
from graph.storage.run_json import record_json
from graph.storage.saved_run import SavedRun
from graph.text.messages import _
from graph.text.quoting import quoted, quoted_name
from graph.text.suggest import did_you_mean


def add_runs_arguments(parser: CommandParser) -> None:
    parser.add_argument("file", metavar="FILE", help=_("a .gradwire file that was saved with its runs"))
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help=_("print one JSON object, curves included"))
    form.add_argument("--csv", action="store_true", help=_("print a table with all settings and metrics, one row per run"))
    form.add_argument("--markdown", action="store_true", help=_("print a report"))
    parser.add_argument("--compare", nargs=2, metavar=("A", "B"), help=_("two runs side by side, by number or name"))


def command(options: argparse.Namespace) -> int:
    path = Path(cleaned(options.file))
    try:
        loaded = read(path, CATALOG)
    except FileError as error:
        raise CommandError(str(error)) from None
    if loaded.note:
        print(f"main.py: {loaded.note}", file=sys.stderr)
    runs = present(loaded.runs, loaded.graph.settings)
    settings = with_names(loaded.graph.settings, {run.record.id: run.record for run in runs})
    if options.compare:
        chosen = [_chosen(text, runs, settings) for text in options.compare]
        if options.csv or options.markdown:
            raise CommandError(_("--compare prints a table or, with --json, an object"))
        _compare(chosen[0], chosen[1], settings, options.json)
    elif options.json:
        print_json(history_json(runs, settings))
    elif options.csv:
        print(history_csv(runs, settings), end="")
    elif options.markdown:
        print(history_markdown(runs, settings, _title(loaded, path), version_text()), end="")
    else:
        _list(runs, settings, path)
    return 0


def _title(loaded: Loaded, path: Path) -> str:
    return str(loaded.graph.settings.get("title") or path.stem)


def _chosen(text: str, runs: Sequence[SavedRun], settings: Any) -> RunRecord:
    """The run that a person means by a number or a name. Raises CommandError."""
    names = {name_of(settings, run.record.id): run.record for run in runs}
    numbers = {str(run.record.id): run.record for run in runs}
    found = numbers.get(text) or names.get(text)
    if found is None:
        known = ", ".join(f"{number} ({name_of(settings, record.id)})" for number, record in numbers.items()) or _("none")
        meant = did_you_mean(text, names)
        unknown = _("--compare {run}: there is no such run.{meant} The runs are {known}")
        raise CommandError(unknown.format(run=quoted(text), meant=meant, known=known))
    return found


def _list(runs: Sequence[SavedRun], settings: Any, path: Path) -> None:
    if not runs:
        print(_("{name} holds no runs").format(name=quoted_name(path)))
        return
    differ = differing(run.record for run in runs)
    head, rows = overview(runs, settings, differ)
    _print_table([["#", *head], *([str(run.record.id), *row] for run, row in zip(runs, rows, strict=True))])


def _compare(a: RunRecord, b: RunRecord, settings: Any, as_json: bool) -> None:
    rows = comparison(a, b)
    if as_json:
        table = [{"kind": kind, "name": name, "a": one, "b": two, "differs": one != two} for kind, name, one, two in rows]
        print_json({"a": renamed(record_json(a), a), "b": renamed(record_json(b), b), "comparison": table})
        return
    lines = [["", name_of(settings, a.id), name_of(settings, b.id)]]
    titles = {"setting": _("settings"), "final": _("at the end"), "best": _("best")}
    before = ""
    for kind, name, one, two in rows:
        if kind != before:
            lines += [[""], [titles[kind]]]
            before = kind
        write = setting_text if kind == "setting" else _number
        title = setting_title(name) if kind == "setting" else metric_title(name)
        lines.append([f"{'≠' if one != two else ' '} {title}", *(write(value) if value is not None else "–" for value in (one, two))])
    _print_table(lines)


def _number(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else f"{value:,}"


def _print_table(rows: Iterable[Sequence[str]]) -> None:
    rows = list(rows)
    widths = [max((len(row[at]) for row in rows if len(row) > at), default=0) for at in range(max(map(len, rows)))]
    for row in rows:
        print("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)).rstrip())
