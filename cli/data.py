"""`data`: how a table is read, and why: what the import dialog of the window shows, as text."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from cli.common import print_json
from cli.errors import CommandError
from engine.data.how_read import DECIMALS, ENCODINGS, SEPARATORS, THOUSANDS
from graph.storage.paths import cleaned
from graph.text.messages import _, ngettext
from graph.text.quoting import one_line

SIGNS = {
    "--separator": {**{sign: word for word, sign in SEPARATORS.items()}, **{word: word for word in SEPARATORS},
                    "\\t": "tab", "space": "blanks", "blank": "blanks", "pipe": "bar"},
    "--decimal": {**{sign: word for word, sign in DECIMALS.items()}, **{word: word for word in DECIMALS}},
    "--thousands": {**{sign: word for word, sign in THOUSANDS.items()}, **{word: word for word in THOUSANDS}, "\u00a0": "blank",
                    "\u202f": "blank", "space": "blank", "\u2019": "apostrophe"},
    "--encoding": {**{word: word for word in ENCODINGS}, "utf8": "utf-8", "utf16": "utf-16", "utf-8-sig": "utf-8", "windows-1252": "cp1252",
                   "ansi": "cp1252", "latin-1": "cp1252", "latin1": "cp1252", "iso-8859-1": "cp1252"},
    "--header": {"yes": "names", "no": "data"},
}  # fmt: skip
"""What can be typed for an option, and the setting's word for it."""


def add_data_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help=_("a table: .csv, .tsv, .txt, .dat or .xlsx"))
    parser.add_argument("--separator", metavar="S", help=_("the sign between cells: , ; | : tab or blanks"))
    parser.add_argument("--decimal", metavar="S", help=_("the decimal sign: . or ,"))
    parser.add_argument("--thousands", metavar="S", help=_("the sign between thousands: . , ' blank or none"))
    parser.add_argument("--header", metavar="yes|no", help=_("whether the first line names the columns"))
    parser.add_argument("--skip", metavar="N", help=_("lines at the top that are not part of the table"))
    parser.add_argument("--comment", metavar="S", help=_("lines that begin with this sign are skipped"))
    parser.add_argument("--encoding", metavar="E", help=_("utf-8, utf-16 or cp1252"))
    parser.add_argument("--missing", metavar="WORDS", help=_("further words that mean that there is no value, separated by commas"))
    parser.add_argument("--sheet", metavar="NAME", help=_("the sheet of an .xlsx workbook"))


def command(options: argparse.Namespace) -> int:
    from engine.data.errors import DataError
    from engine.data.preview import preview

    settings = _settings(options)
    try:
        reading = preview(settings)
    except DataError as error:
        raise CommandError(str(error)) from None
    if options.json:
        print_json(reading.to_json())
    else:
        print("\n".join(_lines(reading)))
    if reading.unreadable:
        sys.stdout.flush()
        raise CommandError(reading.problem)
    return 0


def _settings(options: argparse.Namespace) -> dict[str, Any]:
    """The settings of a Data node that the options stand for. Raises CommandError."""
    settings: dict[str, Any] = {"dataset": "csv", "path": cleaned(options.file)}
    for option, words in SIGNS.items():
        typed = getattr(options, option.strip("-"))
        if typed is None:
            continue
        word = words.get(typed) or words.get(typed.lower())
        if word is None and typed.lower() != "auto":
            allowed = ", ".join(dict.fromkeys(words.values())) if option != "--header" else "yes, no"
            raise CommandError(_("{option} {typed}: this is none of {allowed}").format(option=option, typed=typed, allowed=allowed))
        settings[option.strip("-")] = word or "auto"
    if options.skip is not None:
        if not options.skip.isdigit():
            raise CommandError(_("--skip {typed}: a whole number from 0 up is needed").format(typed=options.skip))
        settings["skip_rows"] = int(options.skip)
    for option, setting in (("comment", "comment"), ("missing", "missing_words"), ("sheet", "sheet")):
        if getattr(options, option) is not None:
            settings[setting] = getattr(options, option)
    return settings


def _lines(reading: Any) -> list[str]:
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
    widths = [max(min(len(row[at]), 30) for row in table) for at in range(4)]
    for row in table:
        cells = (f"{cell[:29] + '…' if len(cell) > 30 else cell:<{width}}" for cell, width in zip(row, widths, strict=False))
        lines.append(f"{'  '.join(cells)}  {row[4][:60]}".rstrip())
    lines += ["", *(_line("?" if finding.doubtful else "·", finding.evidence) for finding in reading.findings)]
    lines += [_line("!" if note.warning else "·", note.text) for note in reading.notes]
    if reading.problem and not reading.unreadable:
        lines.append(_line("!", reading.problem))
    return lines


def _line(mark: str, text: str) -> str:
    return f"{mark} {text[0].upper()}{text[1:]}" + ("" if text.endswith((".", "?")) else ".")
