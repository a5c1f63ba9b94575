"""The parser of the command line: argparse, with one line in our own words where something is wrong."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from graph.text.messages import _
from graph.text.quoting import quoted
from graph.text.suggest import did_you_mean

_SENTENCES: tuple[tuple[str, str], ...] = (
    (r"argument (?P<a>\S+)(?: \S+)?: expected (?:one|at least one) argument", _("{a} needs a value after it")),
    (r"argument (?P<a>\S+): not allowed with argument (?P<b>\S+)", _("{a} and {b} cannot be used together")),
    (r"argument (?P<a>\S+): ignored explicit argument .*", _("{a} takes no value")),
    (r"the following arguments are required: (?P<a>.+)", _("{a} is missing")),
    (r"argument (?P<a>[^:\s]+)(?:/\S+)?: (?P<b>.+)", "{a}: {b}"),
)
"""argparse's sentences and ours. Its own choices are never used: `choice` refuses in words."""


class CommandParser(argparse.ArgumentParser):
    """Raises SystemExit(2) after one line on standard error."""

    def __init__(self, **more: Any) -> None:
        # An abbreviation that works today would mean something else once there are more options.
        super().__init__(**{"formatter_class": argparse.RawDescriptionHelpFormatter, "allow_abbrev": False, **more})

    def error(self, message: str) -> NoReturn:
        """One line instead of argparse's usage block."""
        for pattern, sentence in _SENTENCES:
            match = re.fullmatch(pattern, message, re.DOTALL)
            if match is not None:
                message = sentence.format(**match.groupdict())
                break
        self.exit(2, f"{self.prog}: {message}\n")

    def options(self) -> list[str]:
        """Every `--option`, as the help lists them."""
        return re.findall(r"--[a-z][a-z-]*", self.format_help())

    def unknown(self, arguments: Sequence[str]) -> NoReturn:
        """Refuse the first argument that is unknown, with the option that was probably meant."""
        option = next((argument for argument in arguments if argument.startswith("-")), None)
        if option is None:
            self.error(_("{argument} is one argument too many; a command works on one FILE").format(argument=arguments[0]))
        name = option.partition("=")[0]
        self.error(
            _("there is no option {name}.{suggestion} {program} --help lists the options").format(
                name=name, suggestion=did_you_mean(name, self.options()), program=self.prog
            )
        )


def choice(*known: str) -> Callable[[str], str]:
    """The type of an argument that is one of these words."""

    def read(text: str) -> str:
        if text in known:
            return text
        raise argparse.ArgumentTypeError(
            _("there is no {name}.{suggestion} Choose from {known}").format(
                name=quoted(text), suggestion=did_you_mean(text, known), known=", ".join(known)
            )
        )

    return read
