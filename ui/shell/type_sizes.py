"""How large type is: a factor for the whole window, and one for each panel on top of it, both kept in the settings."""

from __future__ import annotations

from ui.look.type_size import LEAST, MOST, stepped
from ui.shell.workspace.settings import UserSettings


class TypeSizes:
    """The factors that are set, by panel; the empty name is the window."""

    def __init__(self, settings: UserSettings) -> None:
        self._settings = settings

    def of(self, panel: str = "") -> float:
        return min(max(self._settings.real(_key(panel), 1.0), LEAST), MOST)

    def total(self, panel: str) -> float:
        """What a panel's type is multiplied by, the window's factor included."""
        return min(max(self.of() * self.of(panel), LEAST), MOST)

    def set(self, factor: float, panel: str = "") -> None:
        self._settings.set(_key(panel), min(max(factor, LEAST), MOST))

    def step(self, way: int, panel: str = "") -> float:
        """One rung up or down; a panel's rungs are those of what one sees. The new total."""
        if not panel:
            self.set(stepped(self.of(), way))
            return self.of()
        self.set(stepped(self.total(panel), way) / self.of(), panel)
        return self.total(panel)


def _key(panel: str) -> str:
    return f"type_{panel}" if panel else "type"
