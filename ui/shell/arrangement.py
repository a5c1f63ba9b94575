"""Which panels are around the canvas in one mode, how large, and which of their tabs are in front: what the user makes of it is kept."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ui.shell.workspace.modes import BY_KEY
from ui.shell.workspace.panel import PanelSpec

DOCKS = ("left", "right", "below")
ALONE = " alone"
"""What the name of a dock's width ends with where the dock is alone at its side."""
LARGE = 4000.0
"""A first height that no window has: the page below the canvas takes what its mode lets it have at most."""


@dataclass(slots=True)
class Arrangement:
    """`sizes` are widths and heights for type at 100 %; of a dock below another one at the side, its share of their height."""

    shown: dict[str, bool]
    sizes: dict[str, float]
    tabs: dict[str, str]

    def copy(self) -> Arrangement:
        return Arrangement(dict(self.shown), dict(self.sizes), dict(self.tabs))


def place_of(mode: str, projector: bool) -> str:
    """The name of an arrangement: a projector has its own, where nothing stands beside the graph."""
    return f"{mode} projector" if projector else mode


def first(place: str, specs: Mapping[str, PanelSpec]) -> Arrangement:
    """As the panels are declared."""
    mode, _, projector = place.partition(" ")
    docks = {key: spec for key, spec in specs.items() if spec.place in DOCKS}
    beside = {key for key, spec in docks.items() if spec.place != "below" and not spec.projected}
    shown = {key: mode in spec.modes and not (projector and key in beside) for key, spec in docks.items()}
    sizes = {key: LARGE if spec.place == "below" and mode in spec.modes else spec.size for key, spec in docks.items()}
    sizes |= {f"{key}{ALONE}": spec.alone for key, spec in docks.items() if spec.alone}
    tabs: dict[str, str] = {spec.place: key for key, spec in specs.items() if spec.place not in DOCKS and mode in spec.modes}
    return Arrangement(shown, sizes, tabs)


def read(text: str, specs: Mapping[str, PanelSpec]) -> dict[str, Arrangement]:
    """All arrangements by name: as remembered, without anything that makes no sense, else as declared."""
    try:
        known: Any = json.loads(text or "{}")
    except ValueError:
        known = {}
    arrangements = {}
    for place in (place_of(mode, projector) for mode in BY_KEY for projector in (False, True)):
        arrangements[place] = arrangement = first(place, specs)
        row = known.get(place) if isinstance(known, dict) else None
        parts = [row.get(part) if isinstance(row, dict) else None for part in ("shown", "sizes", "tabs")]
        shown, sizes, tabs = (part if isinstance(part, dict) else {} for part in parts)
        arrangement.shown |= {key: value for key, value in shown.items() if key in arrangement.shown and isinstance(value, bool)}
        arrangement.sizes |= {key: float(value) for key, value in sizes.items() if key in arrangement.sizes and _sane(value)}
        arrangement.tabs |= {key: value for key, value in tabs.items() if value in specs and specs[value].place == key}
    return arrangements


def write(arrangements: Mapping[str, Arrangement]) -> str:
    rows = {place: asdict(arrangement) for place, arrangement in arrangements.items()}
    for row in rows.values():
        row["sizes"] = {key: round(size, 2) for key, size in row["sizes"].items()}
    return json.dumps(rows)


def _sane(size: object) -> bool:
    return isinstance(size, (int, float)) and not isinstance(size, bool) and math.isfinite(size) and 0 < size < 1e5
