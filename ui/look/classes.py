"""The colours and marks of classes: the same in regions, scatter plots, confusion matrices and tables.

Distinct from the blue of values and the orange of gradients, and from each other also for people who see fewer colours; so that colour
is never all there is, every class has a mark of its own shape too.
"""

from __future__ import annotations

from typing import Literal

from ui.look.theme import Theme, mixed

Mark = Literal["circle", "square", "triangle", "diamond", "star"]
MARKS: tuple[Mark, ...] = ("circle", "square", "triangle", "diamond", "star")
"""Of class 0, 1, …; after the last one the first again."""

COLOURS: dict[str, tuple[str, ...]] = {
    "light": (
        "#0C6457", "#E2499F", "#93851E", "#262B4D", "#57701A", "#8F7FED", "#6A3D12", "#9B3DA0", "#4D8560", "#45403C",
    ),
    "dark": (
        "#4FE3D0", "#D2568F", "#C9B52B", "#8E93BD", "#C8F067", "#F0808F", "#F5D0A8", "#E17AEA", "#3E9A66", "#5A7B25",
    ),
    "projector": (
        "#0A5A4B", "#DE3C9C", "#8F8120", "#262A4C", "#56701A", "#4E1420", "#7A4416", "#84458B", "#6C8F73", "#394047",
    ),
}  # fmt: skip
"""By theme, for class 0, 1, …: the fewer classes there are, the further apart they are."""
FULL = 0.62
"""Opacity of a class's colour in a region where the network is certain."""


def class_colour(theme: Theme, number: int) -> str:
    """`#RRGGBB` of class `number`, counted from 0; after the tenth the first again."""
    colours = COLOURS[theme.name]
    return colours[number % len(colours)]


def class_mark(number: int) -> Mark:
    """The shape of the points of class `number`. The eleventh class has the colour of the first and another shape."""
    return MARKS[(number + number // len(COLOURS["light"])) % len(MARKS)]


def region_colour(theme: Theme, number: int, confidence: float = 1.0) -> str:
    """`#RRGGBB` of a region on the panel: the colour of its class, the paler the less certain it is (0: as likely as any other class)."""
    return mixed(theme.panel, class_colour(theme, number), FULL * confidence)
