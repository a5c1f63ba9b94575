"""How a form comes to files without knowing the window: it is given something that can ask for one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol


class Paths(Protocol):
    def choose(self, title: str, filters: str, chosen: Callable[[Path], None]) -> None:
        """Ask for a file; `chosen` is called with it, and not at all if the person chooses none."""

    def choose_folder(self, title: str, chosen: Callable[[Path], None]) -> None:
        """The same for a folder."""

    def resolved(self, text: str) -> str:
        """The path that a typed text means."""
