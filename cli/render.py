"""`render`: a picture of the graph, PNG, SVG or PDF. Needs Qt but no display."""

from __future__ import annotations

import argparse
import os
import sys

from cli.common import cannot_write, load_graph, written_path
from cli.errors import CommandError
from cli.trained import open_model
from graph.text.messages import _


def command(options: argparse.Namespace) -> int:
    path = written_path(options.out)
    os.environ["QT_QPA_PLATFORM"] = "offscreen"  # a picture needs no display, and must not open one
    try:
        from PySide6.QtGui import QGuiApplication

        from ui.shell.picture_file import refuse_unknown_ending, write_picture
    except ImportError as error:
        raise CommandError(_("the picture could not be rendered: {error}").format(error=error), 1) from None
    try:
        refuse_unknown_ending(path)
    except ValueError as error:
        raise CommandError(str(error)) from None
    graph = load_graph(options)
    trace = open_model(graph, options).trace_view() if options.values else None
    application = QGuiApplication.instance() or QGuiApplication(["gradwire"])
    try:
        said = write_picture(path, graph, trace, options.theme, options.scale)
    except OSError as error:
        raise cannot_write(path, error) from None
    del application
    if said:
        print(f"main.py: {said}", file=sys.stderr)
    return 0
