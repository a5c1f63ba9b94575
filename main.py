"""Gradwire: wire a computational graph, watch values and gradients run through it, train it.

Only the standard library is imported here: the engine's process imports this file again when it starts.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ui.shell.window import Window


def main(arguments: list[str], opened: Callable[[Window], None] | None = None) -> int:
    """The window (`[FILE]`), or one of the commands that work without one. Returns the exit code.

    `opened` is called with the window once it is shown, so that scripts can measure or drive it.
    """
    from cli.guard import COMMANDS, WITH_QT, complaint_about_installation

    command = bool(arguments) and (arguments[0] in COMMANDS or arguments[0] in ("-h", "--help", "--version"))
    if complaint := complaint_about_installation(paints=not command or arguments[0] in WITH_QT):
        print(complaint, file=sys.stderr)
        return 2
    if command:
        from cli.commands import run_command

        return run_command(arguments)
    from cli.window import open_window

    return open_window(arguments, opened)


if __name__ == "__main__":
    from multiprocessing import freeze_support

    freeze_support()
    sys.exit(main(sys.argv[1:]))
