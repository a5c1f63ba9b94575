"""How large type is: a factor for the whole window, and one for each panel on top of it, both kept in the settings."""

from __future__ import annotations

from dataclasses import replace

from ui.look.theme import THEMES, Theme
from ui.shell.action_spec import LADDER
from ui.shell.settings import Session

LEAST, MOST = LADDER[0], LADDER[-1]

_made: dict[tuple[str, float], Theme] = {}


def sized(theme: Theme, factor: float) -> Theme:
    """A theme with its type and wires at a factor; the same object for the same wish."""
    factor = min(max(factor, LEAST), MOST)
    if factor == 1.0:
        return THEMES[theme.name]
    key = (theme.name, round(factor, 3))
    if key not in _made:
        base = THEMES[theme.name]
        _made[key] = replace(base, scale=base.scale * factor, wire_width=base.wire_width * factor)
    return _made[key]


def stepped(factor: float, way: int) -> float:
    """The next size up (`way` 1) or down (-1) the ladder."""
    further = [rung for rung in LADDER if (rung - factor) * way > 1e-6]
    return (min(further) if way > 0 else max(further)) if further else factor


class TypeSizes:
    """The factors that are set, by panel; the empty name is the window."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def of(self, panel: str = "") -> float:
        return min(max(self._session.real(_key(panel), 1.0), LEAST), MOST)

    def total(self, panel: str) -> float:
        """What a panel's type is multiplied by, the window's factor included."""
        return min(max(self.of() * self.of(panel), LEAST), MOST)

    def set(self, factor: float, panel: str = "") -> None:
        self._session.set(_key(panel), min(max(factor, LEAST), MOST))

    def step(self, way: int, panel: str = "") -> float:
        """One rung up or down; a panel's rungs are those of what one sees. The new total."""
        if not panel:
            self.set(stepped(self.of(), way))
            return self.of()
        self.set(stepped(self.total(panel), way) / self.of(), panel)
        return self.total(panel)


def _key(panel: str) -> str:
    return f"type_{panel}" if panel else "type"
