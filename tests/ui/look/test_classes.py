"""The colours of classes can be told apart, by everybody and on every theme."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.contrast import contrast
from ui.look.classes import COLOURS, MARKS, class_colour, class_mark, region_colour
from ui.look.theme import THEMES, ContrastPair, Theme

VISION = {
    "all colours": np.eye(3),
    "no red": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    "no green": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
    "no blue": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
}
"""Machado, Oliveira and Fernandes (2009): what people see who lack one kind of cones, for linear RGB."""
_LMS = np.array([[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
                 [0.0883024619, 0.2817188376, 0.6299787005]])  # fmt: skip
_LAB = np.array([[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
                 [0.0259040371, 0.7827717662, -0.8086757660]])  # fmt: skip


def _seen(colours: tuple[str, ...], vision: np.ndarray) -> np.ndarray:
    """Places in Ottosson's OKLab, in which distances are differences that are seen."""
    values = np.array([[int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)] for c in colours])
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    place: np.ndarray = np.cbrt(np.clip(linear @ vision.T, 0, 1) @ _LMS.T) @ _LAB.T
    return place


def _nearest(colours: tuple[str, ...], vision: np.ndarray) -> float:
    places = _seen(colours, vision)
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    return float(apart[np.triu_indices(len(colours), 1)].min())


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)
def test_classes_are_told_apart_from_each_other_and_from_values_and_gradients(theme: Theme) -> None:
    colours = COLOURS[theme.name]
    for vision in VISION.values():
        assert _nearest(colours[:2], vision) > 0.11
        assert _nearest(colours[:4], vision) > 0.065
        assert _nearest(colours, vision) > 0.035
    for other in (theme.forward, theme.backward):
        assert all(_nearest((colour, other), VISION["all colours"]) > 0.075 for colour in colours)
    for ground in (theme.panel, theme.canvas, theme.card):
        assert all(contrast(ContrastPair(colour, ground, "mark", "class")) >= 3.0 for colour in colours)


def test_classes_beyond_the_tenth_differ_by_their_mark() -> None:
    theme = THEMES["light"]
    looks = {(class_colour(theme, number), class_mark(number)) for number in range(50)}
    assert len(looks) == 50 == len(COLOURS["light"]) * len(MARKS)
    assert region_colour(theme, 3, 0.0) == theme.panel
