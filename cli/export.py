"""`export`: the graph as readable PyTorch."""

from __future__ import annotations

import argparse
from pathlib import Path

from cli.common import CommandError, load_graph


def command(options: argparse.Namespace) -> int:
    from engine.export import ExportError, export
    from engine.session import Session

    graph = load_graph(options)
    title = str(graph.settings.get("title") or options.formula or Path(options.file).stem)
    try:
        text = export(Session(graph), title)
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
