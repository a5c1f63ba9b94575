"""How a command fails."""

from __future__ import annotations


class CommandError(Exception):
    """One line for standard error. `code` 2: the call or the file is wrong; 1: the run failed."""

    def __init__(self, text: str, code: int = 2) -> None:
        super().__init__(text)
        self.code = code
