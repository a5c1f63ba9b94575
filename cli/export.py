"""`export`: the graph as readable PyTorch."""

from __future__ import annotations

import argparse
from pathlib import Path

from cli.common import CommandError, load_graph
from cli.trained import open_session


def command(options: argparse.Namespace) -> int:
    from engine.export import ExportError, export

    graph = load_graph(options)
    title = str(graph.settings.get("title") or options.formula or Path(options.file).stem)
    try:
        text = export(open_session(graph, options), title)
    except ExportError as error:
        raise CommandError(str(error), 1) from None
    if options.out is None:
        print(text, end="")
        return 0
    try:
        Path(options.out).write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"cannot write {options.out}: {error.strerror}") from None
    return 0
