"""`data`: how a table is read, and why, as the import dialog of the window shows it; what pictures and the data of a graph are."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from cli.data_described import of_graph, of_pictures, of_table
from cli.errors import CommandError
from engine.data.files import are_pictures
from engine.data.how_read import DECIMALS, ENCODINGS, SEPARATORS, THOUSANDS
from graph.storage.paths import cleaned
from graph.text.messages import _
from graph.text.quoting import quoted_path

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
    parser.add_argument(
        "file",
        metavar="FILE",
        help=_("a table (.csv, .tsv, .txt, .dat or .xlsx), pictures (a folder, .zip, IDX or CIFAR-10), or a .gradwire file"),
    )
    parser.add_argument("--separator", metavar="S", help=_("the sign between cells: , ; | : tab or blanks"))
    parser.add_argument("--decimal", metavar="S", help=_("the decimal sign: . or ,"))
    parser.add_argument("--thousands", metavar="S", help=_("the sign between thousands: . , ' blank or none"))
    parser.add_argument("--header", metavar="yes|no", help=_("whether the first line names the columns"))
    parser.add_argument("--skip", metavar="N", help=_("lines at the top that are not part of the table"))
    parser.add_argument("--comment", metavar="S", help=_("lines that begin with this sign are skipped"))
    parser.add_argument("--encoding", metavar="E", help=_("utf-8, utf-16 or cp1252"))
    parser.add_argument("--missing", metavar="WORDS", help=_("further words that mean that there is no value, separated by commas"))
    parser.add_argument("--sheet", metavar="NAME", help=_("the sheet of an .xlsx workbook"))
    parser.add_argument("--labels", metavar="FILE", help=_("the labels of an IDX file of pictures, where they are not beside it"))


def command(options: argparse.Namespace) -> int:
    path = cleaned(options.file)
    if path.lower().endswith(".gradwire"):
        _no_options(options, (*OF_TABLES, "labels"))
        return of_graph(path, options.json)
    if are_pictures(path):
        _no_options(options, OF_TABLES)
        return of_pictures({"dataset": "pictures", "pictures_path": path, "labels_path": options.labels or ""}, options.json)
    _no_options(options, ("labels",))
    return of_table(_settings(options), options.json)


OF_TABLES = ("separator", "decimal", "thousands", "header", "skip", "comment", "encoding", "missing", "sheet")


def _no_options(options: argparse.Namespace, names: Sequence[str]) -> None:
    for name in names:
        if getattr(options, name) is not None:
            raise CommandError(_("--{option} does not apply to {file}").format(option=name, file=quoted_path(options.file)))


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
