"""The features of the window: one of each is made when it is furnished."""

from __future__ import annotations

import importlib

from ui.shell.workspace.feature import Feature
from ui.shell.workspace.workspace import Workspace

NAMES = ("explain", "debugger", "unfold", "predict", "lessons", "presenter")


def features(workspace: Workspace) -> dict[str, Feature]:
    """One of each, by name."""
    made: dict[str, Feature] = {}
    for name in NAMES:
        module = importlib.import_module(f"ui.{name}.feature")
        made[name] = getattr(module, name.capitalize())(workspace)
    return made
