"""How messages quote what comes from a file or the user: on one line, and never long.

A name in a stranger's file may be a megabyte, or hold line breaks that make one message look like two.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

LONGEST = 80
"""Characters of a quotation; longer ones end in an ellipsis."""


def one_line(text: str, most: int = LONGEST) -> str:
    """The text without line breaks and control characters, cut to `most` characters."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * most]).split())
    return line if len(line) <= most and len(text) <= 4 * most else f"{line[: most - 1]}…"


def quoted(value: Any, most: int = LONGEST) -> str:
    """A text in quotation marks, for a sentence about it."""
    return f'"{one_line(str(value), most - 2)}"'


def quoted_name(path: Path | str) -> str:
    """A file's name, as messages about it begin."""
    return one_line(Path(path).name or str(path))


def quoted_path(path: Path | str) -> str:
    """A path where the folder matters; its end says more than its beginning."""
    text = one_line(str(path), 10 * LONGEST)
    return text if len(text) <= LONGEST else f"…{text[1 - LONGEST :]}"


def named(value: Any, most: int = LONGEST) -> str:
    """A name in single quotation marks, as messages about tables write it."""
    return f"'{one_line(str(value), most - 2)}'"
