"""How large type can be, and a theme at such a size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ui.look.theme import THEMES, Theme

LADDER = (0.75, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0)
"""The type sizes that View offers."""
LEAST, MOST = LADDER[0], LADDER[-1]

_made: dict[tuple[str, float], Theme] = {}


def sized(theme: Theme, factor: float) -> Theme:
    """A theme with its type and wires at a factor; the same object for the same wish."""
    factor = min(max(factor, LEAST), MOST)
    if not theme.frames:
        return frameless(sized(THEMES[theme.name], factor))
    if factor == 1.0:
        return THEMES[theme.name]
    key = (theme.name, round(factor, 3))
    if key not in _made:
        base = THEMES[theme.name]
        _made[key] = replace(base, scale=base.scale * factor, wire_width=base.wire_width * factor)
    return _made[key]


def frameless(theme: Theme) -> Theme:
    """A theme that frames nothing that has the keyboard focus, for a class that looks on; the same object for the same theme."""
    if not theme.frames:
        return theme
    key = (f"{theme.name} {theme.graph} frameless", round(theme.scale, 3))
    if key not in _made:
        _made[key] = replace(theme, frames=False, focus=theme.field_edge)
    return _made[key]


def for_graph(theme: Theme) -> Theme:
    """A theme for the graph itself, and for cards and lessons over it: on a projector their type is larger than that of bars and panels."""
    if theme.graph == 1.0:
        return theme
    if not theme.frames:
        return frameless(for_graph(sized(THEMES[theme.name], theme.scale / THEMES[theme.name].scale)))
    key = (f"{theme.name} graph", round(theme.scale, 3))
    if key not in _made:
        _made[key] = replace(theme, scale=theme.scale * theme.graph, graph=1.0)
    return _made[key]


def smaller(theme: Theme) -> Iterator[Theme]:
    """A theme, then the same with smaller and smaller type: for a bar that must fit into a width."""
    yield theme
    for share in (0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3):
        yield sized(theme, share * theme.scale / THEMES[theme.name].scale)


def stepped(factor: float, way: int) -> float:
    """The next size up (`way` 1) or down (-1) the ladder."""
    further = [rung for rung in LADDER if (rung - factor) * way > 1e-6]
    return (min(further) if way > 0 else max(further)) if further else factor
