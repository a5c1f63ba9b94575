"""Samples that are pictures, and what a network sees in them: the questions and their answers, without torch.

Pictures are bytes (n, H, W) in grey, 255 the largest number, or (n, H, W, 3) in colour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.data.parts import Part
from engine.explain.question import Question


@dataclass(frozen=True, slots=True)
class SamplePictures(Question):
    """The samples at these places of a part, as pictures. The answer is an array of bytes. Refused where samples are no pictures."""

    answered_by: ClassVar[str] = "engine.learned.picturing:sample_pictures"
    part: Part
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LayerPictures(Question):
    """The filters of the first layer with weights behind the pictures, and its activations for one sample of the pass shown."""

    answered_by: ClassVar[str] = "engine.learned.picturing:layer_pictures"
    sample: int


@dataclass(frozen=True, slots=True)
class FirstLayer:
    """`filters` (n, channels, h, w) are weights. `maps` are the layer's activations for the sample: (n, h, w), or (n,) one number each.

    `layer` and `after` are names of nodes: the layer, and the one whose output `maps` are, its activation function where one follows.
    """

    layer: str
    after: str
    filters: np.ndarray
    maps: np.ndarray
    picture: np.ndarray
    """(H, W) or (H, W, 3) bytes: the sample."""
    sample: int
    """Its row in the batch."""


@dataclass(frozen=True, slots=True)
class PictureGradient(Question):
    """The gradient of the objective with respect to the picture of one sample of the pass shown."""

    answered_by: ClassVar[str] = "engine.learned.picturing:picture_gradient"
    sample: int


@dataclass(frozen=True, slots=True)
class InputGradient:
    """`gradient` (channels, H, W): ∂ objective / ∂ pixel, in the units of the data."""

    objective: str
    gradient: np.ndarray
    picture: np.ndarray
    """(H, W) or (H, W, 3) bytes."""
    sample: int


def strongest(gradient: np.ndarray) -> np.ndarray:
    """(H, W): of each pixel's channels (channels, H, W), the number that is largest in size, with its sign."""
    chosen = np.abs(gradient).argmax(axis=0)
    signed: np.ndarray = np.take_along_axis(gradient, chosen[None], axis=0)[0]
    return signed
