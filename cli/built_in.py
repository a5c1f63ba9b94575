"""The graphs and lessons that come with Gradwire. Loads next to nothing, so that the window can ask before it is on the screen."""

from __future__ import annotations

import os
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent.parent / "resources" / "examples"
LESSONS = EXAMPLES.parent / "lessons"


def example_path(name: str) -> Path | None:
    """The file of a built-in graph, or None. A file of that name in the current folder goes first."""
    path = EXAMPLES / f"{name}.gradwire"
    return path if os.path.isfile(path) and not os.path.exists(name) else None


def example_names() -> list[str]:
    return sorted(path.stem for path in EXAMPLES.glob("*.gradwire"))
