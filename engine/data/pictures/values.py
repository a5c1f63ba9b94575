"""What the readers of pictures return, how they are asked, and the limits that all of them keep to."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np

from engine.data.errors import DataError, DataNote
from graph.text.messages import _

MAXIMUM_BYTES = 2**31
"""Bytes of one file, unpacked."""
MAXIMUM_NUMBERS = 2**28
"""Pixel values of one data set: 2 GB once they are numbers of eight bytes. CIFAR-10 with its 60,000 pictures has 184 million."""
MAXIMUM_FILES = 500_000
MAXIMUM_CLASSES = 1000
PARTS = ("train", "validation", "test")
"""`Pictures.parts` are places in it."""


@dataclass(frozen=True, slots=True)
class PictureReading:
    """How pictures are read; the settings of a Data node. `labels` is the path of an IDX file with labels, empty for the one beside.

    `channels` is one of CHANNELS. `height` and `width` are those wanted, 0 as in the file. Of more than `most` pictures (0: no limit) so
    many are drawn with `seed`.
    """

    labels: str = ""
    channels: str = "as stored"
    height: int = 0
    width: int = 0
    most: int = 0
    seed: int = 0

    def canonical(self) -> PictureReading:
        """Equal for two readings that give the same: the seed matters only where pictures are drawn."""
        return self if self.most else replace(self, seed=0)


@dataclass(frozen=True, slots=True)
class Pictures:
    """`images` (N, C, H, W) of bytes from 0 to 255, `labels` (N,) from 0, their names in `classes`.

    `parts` (N,) are places in PARTS where the files themselves say which pictures train and which test, else None.
    """

    images: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    notes: tuple[DataNote, ...] = ()
    parts: np.ndarray | None = None


def drawn(count: int, reading: PictureReading) -> np.ndarray:
    """The places of the pictures to read, in ascending order."""
    if not 0 < reading.most < count:
        return np.arange(count)
    return np.sort(np.random.default_rng([reading.seed, 0x9C]).permutation(count)[: reading.most])


def drawn_note(count: int, reading: PictureReading) -> list[DataNote]:
    if not 0 < reading.most < count:
        return []
    return [DataNote(_("{most:,} of the {count:,} pictures, drawn with the seed").format(most=reading.most, count=count))]


def refuse_too_many(where: str, count: int, channels: int, height: int, width: int) -> None:
    """Raise DataError where pictures of this size do not fit into memory, and say how many do."""
    each = max(1, channels * height * width)
    if count * each > MAXIMUM_NUMBERS:
        fitting = MAXIMUM_NUMBERS // each
        text = _(
            "{where}: {count:,} pictures of {channels} × {height} × {width} are more than can be held in memory; "
            "read at most {most:,}, or make them smaller"
        )
        offer = ((_("Read {most:,} pictures").format(most=fitting), {"most": fitting}),) if fitting else ()
        raise DataError(text.format(where=where, count=count, channels=channels, height=height, width=width, most=fitting), offer)


def natural(name: str) -> list[tuple[int, int, str]]:
    """A key that sorts 2 before 10."""
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part.casefold()) for part in re.findall(r"\d+|\D+", name)]
