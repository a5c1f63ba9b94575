"""One picture file as bytes (C, H, W), by Pillow: PNG, JPEG, BMP, GIF, TIFF, WebP, PGM. Sizes are checked before anything is unpacked."""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps

from engine.data.errors import DataError
from graph.text.messages import _

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".pgm", ".ppm")
_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
MAXIMUM_BYTES = 64 * 2**20
MAXIMUM_PIXELS = 64 * 2**20
_ORIENTATION = 0x0112
"""How the camera was held, in a picture's metadata: from 5 up, height and width are exchanged."""
_GREY = ("1", "L", "LA", "I", "I;16", "I;16B", "I;16L", "F")
_DAMAGED = (
    OSError, SyntaxError, ValueError, IndexError, TypeError, EOFError, KeyError, AttributeError, OverflowError, MemoryError,
    ZeroDivisionError, NotImplementedError, struct.error,
)  # fmt: skip
"""What Pillow raises for broken files, by experience and its issues."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a picture file says at its beginning: height and width as seen (turned as the camera noted), and whether it is grey.

    `deep` says whether its values have more than eight bits.
    """

    size: tuple[int, int]
    grey: bool
    deep: bool


def kind_of(data: bytes, where: str) -> Kind:
    """Raises DataError where the file is no picture, or one too large to unpack."""
    with _complaints(where):
        image = _opened(data)
        turned = image.getexif().get(_ORIENTATION, 1) >= 5
        size = (image.width, image.height) if turned else (image.height, image.width)
        return Kind(size, image.mode in _GREY, image.mode.startswith(("I", "F")))


def pixels(data: bytes, where: str, grey: bool, size: tuple[int, int]) -> np.ndarray:
    """Bytes (C, H, W) with one channel or three, shrunk or enlarged to `size`; transparent pixels over white. Raises DataError."""
    with _complaints(where):
        image = _opened(data)
        image.load()
        image = ImageOps.exif_transpose(image)
        if image.mode.startswith(("I", "F")):
            image = _eight_bits(image)
        if image.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in image.info:
            over = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", over.size, (255, 255, 255, 255)), over).convert("RGB")
        return resized(image.convert("L" if grey else "RGB"), size)


@contextmanager
def _complaints(where: str) -> Iterator[None]:
    """Whatever Pillow raises for a broken file becomes a sentence."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about metadata, and about sizes that are checked here
            yield
    except Image.DecompressionBombError:
        text = _("{file}: the picture has more than {most:,} pixels; make it smaller, or remove it")
        raise DataError(text.format(file=where, most=MAXIMUM_PIXELS)) from None
    except _DAMAGED:
        raise DataError(_("{file}: the picture is damaged or cut off; copy it once more, or remove it").format(file=where)) from None


def _opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data), formats=_FORMATS)
    if image.width * image.height > MAXIMUM_PIXELS:
        raise Image.DecompressionBombError
    return image


def resized(image: Image.Image, size: tuple[int, int]) -> np.ndarray:
    """Bytes (C, H, W); each new pixel is the mean of the old ones that it covers, or between the old ones where it is smaller."""
    if (image.height, image.width) != size:
        shrinks = image.height >= size[0] and image.width >= size[1]
        image = image.resize((size[1], size[0]), Image.Resampling.BOX if shrinks else Image.Resampling.BILINEAR)
    array = np.asarray(image)
    return array[None] if array.ndim == 2 else array.transpose(2, 0, 1)


def _eight_bits(image: Image.Image) -> Image.Image:
    """16 bits as 8, rounded; what is beyond 16 bits is clipped."""
    values = np.asarray(image).astype(np.float64)
    return Image.fromarray(np.rint(np.clip(values, 0, 65535) / 257).astype(np.uint8))
