"""`main.py [FILE]`: open the window, or say in one line why that is impossible here."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cli.built_in import example_names, example_path
from cli.guard import COMMANDS, INSTALL, WITH_QT, complaint_about_display
from graph.storage.paths import cleaned
from graph.text.listing import listed
from graph.text.messages import _

if TYPE_CHECKING:
    from ui.shell.window import Window


def open_window(arguments: list[str], opened: Callable[[Window], None] | None = None) -> int:
    """Exit code of the application; 2 for a wrong call or where no window can open. `opened` is called with the window once it is shown."""
    if len(arguments) > 1 or (arguments and arguments[0].startswith("-")):
        print(f"main.py: {_wrong_call(arguments)}", file=sys.stderr)
        return 2
    if complaint := complaint_about_display():
        print(complaint, file=sys.stderr)
        return 2
    try:
        import PySide6.QtWidgets  # noqa: F401 - where a library of the system is missing, this fails and says which

        from ui.shell.app import run
    except ImportError as error:
        print(
            _("The window cannot start: {error}. {commands} work without it. Set everything up with:  {INSTALL}").format(
                error=error, commands=listed(name for name in COMMANDS if name not in WITH_QT), INSTALL=INSTALL
            ),
            file=sys.stderr,
        )
        return 2
    path = None
    if arguments:
        name = cleaned(arguments[0])
        path = example_path(name) or Path(name)
        if meant := _mistyped(name, path):
            print(f"main.py: {meant}", file=sys.stderr)
            return 2
    return run(path, opened)


def _mistyped(name: str, path: Path) -> str:
    """What is said of a word that is no file but nearly a command or an example; empty for everything else."""
    from graph.text.suggest import did_you_mean

    meant = did_you_mean(name, (*COMMANDS, *example_names())) if not path.suffix and not os.path.exists(path) else ""
    return _("there is no command, file or example called {name}.{suggestion}").format(name=name, suggestion=meant) if meant else ""


def _wrong_call(arguments: list[str]) -> str:
    """What is wrong with a call that is neither a command nor one FILE."""
    from graph.text.suggest import did_you_mean

    call = _("Call  main.py [FILE]  for the window, or  main.py --help  for the commands")
    option = next((argument for argument in arguments if argument.startswith("-")), None)
    if arguments[0] is option:
        return _("there is no option {option}.{option2} {call}").format(
            option=option, option2=did_you_mean(option, ("--help", "--version")), call=call
        )
    opens = example_path(arguments[0]) is not None or os.path.exists(arguments[0])
    if not opens and (meant := did_you_mean(arguments[0], COMMANDS)):
        return _("there is no command {command}.{suggestion} {usage}").format(command=arguments[0], suggestion=meant, usage=call)
    return _("the window opens one FILE and takes no options; {argument} is one argument too many. {usage}").format(
        argument=option or arguments[1], usage=call
    )
