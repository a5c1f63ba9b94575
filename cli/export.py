"""`export`: the graph as readable PyTorch."""

from __future__ import annotations

import argparse
from pathlib import Path

from cli.common import CommandError, cannot_write, load_graph, written_path
from cli.trained import open_session
from graph.storage.writing import replace_file


def command(options: argparse.Namespace) -> int:
    from engine.export.export import ExportError, export

    out = written_path(options.out) if options.out is not None else None
    graph = load_graph(options)
    title = str(graph.settings.get("title") or options.formula or Path(options.file).stem)
    try:
        text = export(open_session(graph, options), title)
    except ExportError as error:
        raise CommandError(str(error), 1) from None
    if out is None:
        print(text, end="")
        return 0
    try:
        replace_file(out, text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise cannot_write(out, error) from None
    return 0
