"""Kinds of files that a graph can be written as: one file each, in a package of such files, found there and listed nowhere else.

A format declares itself as FORMAT without loading what it writes with (torch, Qt), so that dialogs and the command line can list all of
them. Programs are in `engine.export.formats`, pictures, which need Qt, in `ui.shell.picture_formats`.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from graph.text.listing import alternatives
from graph.text.messages import _
from graph.text.quoting import quoted_name

if TYPE_CHECKING:
    from engine.training.model import Model

Source = TypeVar("Source")


@dataclass(frozen=True, slots=True)
class Written:
    """A file's content, and what there is to say about it, often nothing."""

    data: bytes
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Format(Generic[Source]):
    """One kind of file. `ending` begins with a dot; `filter` is its line in a file dialog; the lowest `order` is offered first; `text` is
    whether a person can read it.

    `write` makes the file's content from a `Source`. It raises ExportError where that has no such form.
    """

    title: str
    ending: str
    filter: str
    write: Callable[[Source], Written]
    order: int = 50
    text: bool = True


@dataclass(frozen=True, slots=True)
class Trained:
    """What a program is written from: a graph with its values as they are now, and its title."""

    model: Model
    title: str = ""


class ExportError(Exception):
    """The graph cannot be written in this form; the text says why."""


def formats_in(package: str) -> tuple[Format[Source], ...]:
    """The FORMAT of every module of a package, in their order."""
    return _declared_in(package)


@cache
def _declared_in(package: str) -> tuple[Any, ...]:
    """Looks through the folder once: a second command of the same process may run where it cannot be read."""
    names = [module.name for module in pkgutil.iter_modules(import_module(package).__path__)]
    formats = [import_module(f"{package}.{name}").FORMAT for name in names]
    return tuple(sorted(formats, key=lambda entry: (entry.order, entry.title)))


def format_of(path: Path, formats: Sequence[Format[Source]]) -> Format[Source] | None:
    """The format that a file's name asks for by its ending."""
    return next((entry for entry in formats if entry.ending == path.suffix.lower()), None)


def refuse_ending(path: Path, formats: Sequence[Format[Source]], what: str) -> None:
    """Raise ValueError where the name of `what` does not say which format is meant."""
    if format_of(path, formats) is None:
        endings = alternatives([entry.ending for entry in formats])
        raise ValueError(_("{name}: {what}'s name ends in {endings}").format(name=quoted_name(path), what=what, endings=endings))


def filters(formats: Sequence[Format[Source]]) -> str:
    """The lines of a file dialog, as Qt takes them."""
    return ";;".join(f"{entry.filter} (*{entry.ending})" for entry in formats)


def metavar(formats: Sequence[Format[Source]]) -> str:
    """How the help of a command writes a file of these formats: `F.png|svg|pdf`."""
    return "F." + "|".join(entry.ending[1:] for entry in formats)
