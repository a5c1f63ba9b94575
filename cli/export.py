"""`export`: the graph as readable PyTorch."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from cli.common import cannot_write, load_graph, written_path
from cli.errors import CommandError
from cli.trained import open_model
from engine.export.registry import ExportError, Format, Trained, format_of, formats_in
from graph.storage.writing import replace_file

PROGRAMS: Final[tuple[Format[Trained], ...]] = formats_in("engine.export.formats")


def command(options: argparse.Namespace) -> int:
    out = written_path(options.out) if options.out is not None else None
    form = (format_of(out, PROGRAMS) if out is not None else None) or PROGRAMS[0]  # any name will do for the first
    graph = load_graph(options)
    title = str(graph.settings.get("title") or options.formula or Path(options.file).stem)
    try:
        data = form.write(Trained(open_model(graph, options), title)).data
    except ExportError as error:
        raise CommandError(str(error), 1) from None
    if out is None:
        print(data.decode("utf-8"), end="")
        return 0
    try:
        replace_file(out, data)
    except OSError as error:
        raise cannot_write(out, error) from None
    return 0
