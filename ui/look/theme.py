"""The three looks: every colour, every type size, and which colour may be used on which.

Painters and style sheets take colours from a `Theme` only; `pairs` lists what stands on what, so that a test can hold
every pair to its contrast.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from PySide6.QtGui import QColor, QFont, QFontDatabase

FONTS = Path(__file__).resolve().parents[2] / "resources" / "fonts"
Kind = Literal["text", "mark"]
Role = Literal["tiny", "small", "base", "strong", "wire", "title", "value", "heading", "formula", "mono"]


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours are `#RRGGBB`. `bar` and `swatch` are keyed by category; `heat` runs from negative over zero to positive.

    `scale` multiplies every type size, `wire_width` is a wire's thickness at rest in pixels. `graph` is how much larger than panels and
    bars the graph is, and what is read from afar with it (`type_size.for_graph`).
    """

    name: str
    title: str
    dark: bool
    canvas: str
    dots: str
    panel: str
    hairline: str
    card: str
    card_edge: str
    text: str
    secondary: str
    wire: str
    forward: str
    backward: str
    on_accent: str
    bar: Mapping[str, str]
    swatch: Mapping[str, str]
    heat: tuple[str, str, str]
    bar_text: str
    field: str
    field_edge: str
    hover: str
    pressed: str
    forward_hover: str
    backward_hover: str
    warning: str
    error: str
    success: str
    warning_soft: str
    error_soft: str
    highlight: str
    selection: str
    selection_soft: str
    focus: str
    stale: str
    shadow: str
    scale: float = 1.0
    wire_width: float = 2.0
    graph: float = 1.0
    frames: bool = True
    """Whether what has the keyboard focus is framed. Where nothing is, `focus` is the colour of a field's edge."""


_BARS = {
    "sources": "#66727F", "parameters": "#0B7D5A", "math": "#5457D0", "layers": "#8746BF",
    "activations": "#9A6100", "losses": "#BE2158", "probes": "#0C7489", "unknown": "#5B6570",
    "groups": "#34506B",
}  # fmt: skip
_DARK_SWATCHES = {
    "sources": "#8491A0", "parameters": "#2BA37C", "math": "#7F82F0", "layers": "#B07BE6",
    "activations": "#C98A1B", "losses": "#E8608F", "probes": "#2FA3BC", "unknown": "#8491A0",
    "groups": "#7FA6C9",
}  # fmt: skip
_PROJECTOR_BARS = {
    "sources": "#4A545F", "parameters": "#06573F", "math": "#3538A8", "layers": "#65299A",
    "activations": "#6E4500", "losses": "#8F1240", "probes": "#07525F", "unknown": "#3A424B",
    "groups": "#1C3348",
}  # fmt: skip

LIGHT = Theme(
    name="light", title="Light", dark=False, canvas="#FAFAF7", dots="#DEDBD2", panel="#FFFFFF", hairline="#E3E0D8",
    card="#FFFFFF", card_edge="#D5D1C7", text="#1B1F24", secondary="#5B6570", wire="#808A95",
    forward="#1663A6", backward="#B54708", on_accent="#FFFFFF", bar=_BARS, swatch=_BARS,
    heat=("#762A83", "#F7F7F4", "#1B7837"), bar_text="#FFFFFF", field="#F3F2ED", field_edge="#E3E0D8",
    hover="#F0EEE8", pressed="#E6E3DA", forward_hover="#0F528C", backward_hover="#983A05",
    warning="#7A5B00", error="#B3202E", success="#14774A", warning_soft="#FBF3D9", error_soft="#FBE9EA",
    highlight="#6D28D9", selection="#6D28D9", selection_soft="#E4EEF7", focus="#6D28D9", stale="#606A75", shadow="#1B1F24",
)  # fmt: skip
DARK = Theme(
    name="dark", title="Dark", dark=True, canvas="#14171B", dots="#262B31", panel="#1B1F24", hairline="#2B3138",
    card="#22272E", card_edge="#39414A", text="#E9ECEF", secondary="#9AA5B1", wire="#7A8693",
    forward="#6CB6FF", backward="#FF9457", on_accent="#14171B", bar=_BARS, swatch=_DARK_SWATCHES,
    heat=("#C2A5CF", "#22272E", "#7FBF7B"), bar_text="#FFFFFF", field="#14171B", field_edge="#2F363E",
    hover="#262C33", pressed="#2F363E", forward_hover="#8CC6FF", backward_hover="#FFAB7C",
    warning="#E3C04A", error="#FF8087", success="#37B37E", warning_soft="#322C17", error_soft="#3A2225",
    highlight="#C4A1FF", selection="#C4A1FF", selection_soft="#1F3245", focus="#C4A1FF", stale="#8A95A1", shadow="#000000",
)  # fmt: skip
PROJECTOR = Theme(
    name="projector", title="Projector", dark=False, canvas="#FFFFFF", dots="#FFFFFF", panel="#FFFFFF", hairline="#5B6570",
    card="#FFFFFF", card_edge="#3A424B", text="#000000", secondary="#3A424B", wire="#5B6570",
    forward="#0050C8", backward="#A03400", on_accent="#FFFFFF", bar=_PROJECTOR_BARS, swatch=_PROJECTOR_BARS,
    heat=("#5A1668", "#FFFFFF", "#0B5A23"), bar_text="#FFFFFF", field="#FFFFFF", field_edge="#5B6570",
    hover="#ECEFF2", pressed="#DDE2E7", forward_hover="#003C99", backward_hover="#7A2800",
    warning="#5A4300", error="#8C0F1C", success="#0B5F38", warning_soft="#FFF8E0", error_soft="#FDF0F1",
    highlight="#6A00D0", selection="#6A00D0", selection_soft="#E3ECFA", focus="#6A00D0", stale="#454D56", shadow="#000000",
    wire_width=3.5, graph=1.3,
)  # fmt: skip

THEMES: dict[str, Theme] = {theme.name: theme for theme in (LIGHT, DARK, PROJECTOR)}

_GLYPHS = {
    "sources": "→", "parameters": "θ", "math": "±", "layers": "≡", "activations": "∿", "losses": "▽", "probes": "◎",
    "unknown": "?", "groups": "▣",
}  # fmt: skip


def glyph(category: str) -> str:
    """One character per category: hue alone does not carry it."""
    return _GLYPHS.get(category, "?")


@cache
def color(value: str) -> QColor:
    """The `QColor` of `#RRGGBB`. One object per value: never modify it."""
    return QColor(value)


def faded(value: str, alpha: float) -> QColor:
    """`value` at an opacity of 0 to 1, a fresh object."""
    color = QColor(value)
    color.setAlphaF(alpha)
    return color


def mixed(first: str, second: str, share: float) -> str:
    """`#RRGGBB` between two colours; `share` 0 is the first, 1 the second."""
    a, b = color(first), color(second)
    parts = ((a.red(), b.red()), (a.green(), b.green()), (a.blue(), b.blue()))
    return "#" + "".join(f"{round(x + (y - x) * share):02X}" for x, y in parts)


_loaded = False


def load_fonts() -> None:
    """Register the bundled Inter, and STIX from the formula library. Needs a `QGuiApplication`; later calls do nothing."""
    global _loaded
    if _loaded:
        return
    _loaded = True
    for path in sorted(FONTS.glob("*.otf")):
        QFontDatabase.addApplicationFont(str(path))
    package = importlib.util.find_spec("ziamath")  # located, not imported: the import alone costs a tenth of a second
    for folder in (package.submodule_search_locations or ()) if package else ():
        QFontDatabase.addApplicationFont(str(Path(folder) / "fonts" / "STIXTwoMath-Regular.ttf"))


FAMILY = "Inter"
MATHS = "STIX Two Math"
_ROLES: dict[str, tuple[float, QFont.Weight]] = {
    "tiny": (11, QFont.Weight.Medium),
    "small": (12, QFont.Weight.Normal),
    "base": (13, QFont.Weight.Normal),
    "strong": (13, QFont.Weight.DemiBold),
    "wire": (15, QFont.Weight.DemiBold),
    "title": (13, QFont.Weight.DemiBold),
    "value": (20, QFont.Weight.DemiBold),
    "heading": (20, QFont.Weight.DemiBold),
    "formula": (13, QFont.Weight.Normal),
    "mono": (13, QFont.Weight.Normal),
}


def font(role: Role, scale: float = 1.0) -> QFont:
    """The font of a role, with tabular figures; `scale` is the theme's, or the canvas's level of detail."""
    return QFont(_font(role, round(scale, 3)))


@cache
def _font(role: str, scale: float) -> QFont:
    size, weight = _ROLES[role]
    font = QFont(MATHS if role == "formula" else FAMILY)
    font.setStyleHint(QFont.StyleHint.Serif if role == "formula" else QFont.StyleHint.SansSerif)
    font.setPixelSize(max(1, round(size * scale)))
    font.setWeight(weight)
    font.setFeature(QFont.Tag("tnum"), 1)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    if role == "formula":
        font.setItalic(True)
    return font


MARKS = {"error": "✕", "warning": "!", "note": "i"}
"""Severity of a problem by glyph; the colour says it once more."""


def shade(theme: Theme, severity: str) -> str:
    """The colour of a problem's mark."""
    return {"error": theme.error, "warning": theme.warning}.get(severity, theme.secondary)


@dataclass(frozen=True, slots=True)
class ContrastPair:
    """`foreground` on `background` (both `#RRGGBB`), `what` in words for a failing test."""

    foreground: str
    background: str
    kind: Kind
    what: str


def required(theme: Theme, kind: Kind) -> float:
    """The contrast ratio (WCAG 2) a pair of that kind must reach."""
    if kind == "mark":
        return 3.0
    return 7.0 if theme.name == "projector" else 4.5


_TEXTS = (
    ("text", "panel card canvas field hover pressed selection_soft warning_soft error_soft"),
    ("secondary", "panel card canvas field hover pressed selection_soft"),
    ("forward", "panel card canvas field"),
    ("backward", "panel card canvas field"),
    ("stale", "panel card canvas"),
    ("highlight", "panel card canvas"),
    ("success", "panel card canvas"),
    ("warning", "panel card canvas field warning_soft"),
    ("error", "panel card canvas field error_soft"),
    ("on_accent", "forward backward forward_hover backward_hover selection"),
    ("canvas", "warning error secondary"),
    ("card", "error selection"),
)
_MARKS = (
    ("wire", "canvas card panel"),
    ("highlight", "canvas card panel"),
    ("selection", "canvas card panel"),
    ("focus", "canvas card panel field"),
    ("success", "panel field"),
    ("forward", "canvas card panel field selection_soft"),
    ("backward", "canvas card panel"),
)


ORNAMENT = frozenset({"dots", "hairline", "card_edge", "shadow", "field_edge"})
"""Colours without meaning: what they divide is separated by space as well."""
VEIL = {"light": 0.95, "dark": 0.95, "projector": 1.0}
"""Opacity of the canvas's colour under a label on a wire. A projector's bright colours need all of the contrast there is."""
FRAME_TINT = {True: 0.10, False: 0.06}
"""Opacity of a frame's hue over the canvas, on dark and on light."""


def pairs(theme: Theme) -> list[ContrastPair]:
    """Every foreground that may stand on a background; of what is translucent, as it looks on what is under it."""
    listed: list[ContrastPair] = []
    kinds: tuple[tuple[Kind, tuple[tuple[str, str], ...]], ...] = (("text", _TEXTS), ("mark", _MARKS))
    for kind, table in kinds:
        for name, grounds in table:
            for ground in grounds.split():
                listed.append(ContrastPair(getattr(theme, name), getattr(theme, ground), kind, f"{name} on {ground}"))
    for name in ("forward", "backward", "stale", "error", "secondary"):
        for wire in ("wire", "forward", "backward", "text"):
            veiled = mixed(getattr(theme, wire), theme.canvas, VEIL[theme.name])
            listed.append(ContrastPair(getattr(theme, name), veiled, "text", f"{name} on the veil over {wire}"))
    for hue in theme.swatch.values():
        tint = mixed(theme.canvas, hue, FRAME_TINT[theme.dark])
        listed.append(ContrastPair(theme.secondary, tint, "text", "a frame's title on its tint"))
        listed.append(ContrastPair(theme.wire, tint, "mark", "a wire on a frame's tint"))
    for category, bar in theme.bar.items():
        listed.append(ContrastPair(theme.bar_text, bar, "text", f"title on the {category} bar"))
        for ground in ("panel", "card", "canvas"):
            listed.append(ContrastPair(theme.swatch[category], getattr(theme, ground), "mark", f"{category} swatch on {ground}"))
    for category in ("math", "activations", "layers"):
        listed.append(ContrastPair(theme.swatch[category], theme.panel, "text", f"{category} in a plot's legend"))
    for end in (0, 2):
        listed.append(ContrastPair(theme.heat[end], theme.heat[1], "mark", "a heat map's end on its middle"))
    return listed
