"""Teaching tools as parts of the window: each is notified of changes, and owns its panels.

A feature is a package of `ui` that declares itself in its `__init__`: `FEATURE = FeatureSpec(…)`. The window makes one of each; a
feature imports its widgets when they are first used, because every start would otherwise pay for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from ui.shell.workspace.action_spec import ActionSpec
from ui.shell.workspace.follower import Follower

if TYPE_CHECKING:
    from ui.shell.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """Declares a feature. `make` is its class as `module:name`; `order` is the place of its rows in the menus, and of its hooks."""

    key: str
    make: str
    order: int
    rows: tuple[ActionSpec, ...] = ()


class Feature(Follower, QObject):
    """Base of all features. It knows the workspace alone."""

    def __init__(self, workspace: Workspace) -> None:
        QObject.__init__(self, workspace.widget)
        self.workspace = workspace

    def escaped(self) -> bool:
        """Esc was pressed and nothing else took it; whether this ends something."""
        return False

    def may_close(self) -> bool:
        """Whether what it does or holds for the document may be let go of; asks where something would be lost."""
        return True

    def facts(self) -> Iterable[str]:
        """What rows of the action table may ask for with `has`."""
        return ()
