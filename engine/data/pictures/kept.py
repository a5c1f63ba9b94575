"""The last pictures that were read: another split or coding of the same does not read them again."""

from __future__ import annotations

from collections.abc import Hashable

from engine.data.errors import DataError
from engine.data.pictures.reader import reading_pictures
from engine.data.pictures.values import PictureReading, Pictures
from engine.data.recent import Recent
from engine.numerics.job import Steps

_READ: Recent[Pictures] = Recent(2)


def reading_kept(path: str, stamp: Hashable, reading: PictureReading) -> Steps:
    """As `reading_pictures`; what lies at `path` is the same as long as `stamp` is."""
    key = path, stamp, reading.canonical()
    pictures = _READ.find(key)
    if pictures is None:
        try:
            pictures = yield from reading_pictures(path, reading)
        except DataError as error:
            _READ.keep(key, error)
            raise
        _READ.keep(key, pictures)
    return pictures
