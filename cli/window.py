"""`main.py [FILE]`: open the window, or say in one line why that is impossible here."""

from __future__ import annotations

import sys
from pathlib import Path

from cli.guard import complaint_about_display


def open_window(arguments: list[str]) -> int:
    """Exit code of the application; 2 for a wrong call or where no window can open."""
    if len(arguments) > 1 or (arguments and arguments[0].startswith("-")):
        wrong = arguments[1] if len(arguments) > 1 else arguments[0]
        print(f"main.py: cannot use {wrong!r}; call  main.py [FILE]  for the window, or  main.py --help", file=sys.stderr)
        return 2
    if complaint := complaint_about_display():
        print(complaint, file=sys.stderr)
        return 2
    try:
        from ui.app import run
    except ImportError as error:
        print(f"The window cannot start: {error}. run, train, check, render, export and examples work without it.", file=sys.stderr)
        return 2
    from cli.common import example_path

    path = None
    if arguments:
        path = example_path(arguments[0]) or Path(arguments[0])
    return run(path)
