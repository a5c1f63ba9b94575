"""MNIST's format: a file of pictures and a file of labels, each a few sizes followed by bytes, often gzipped.

An IDX file begins with two zeros, a code for the kind of number and the number of axes; then one 4-byte size per axis, most significant
byte first; then the numbers, the last axis fastest.
"""

from __future__ import annotations

import gzip
import io
import math
import re
import struct
import zlib
from collections.abc import Sequence

import numpy as np

from engine.data.errors import DataError
from engine.data.pictures.values import MAXIMUM_BYTES
from graph.text.messages import _

_KINDS = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
GZIP = b"\x1f\x8b"
_NAME = re.compile(r"idx(\d)[-.]ubyte", re.IGNORECASE)


def is_idx(head: bytes) -> bool:
    """Whether a file that begins so is an IDX file: two zeros, a known kind of number, one to eight axes."""
    return len(head) >= 4 and head[:2] == b"\0\0" and head[2] in _KINDS and 1 <= head[3] <= 8


def opened(head: bytes) -> bytes:
    """The first bytes of what a gzipped beginning holds; those of any other file as they are."""
    if head[:2] != GZIP:
        return head
    try:
        return zlib.decompressobj(31).decompress(head, 16)
    except zlib.error:
        return b""


def unpacked(data: bytes, where: str) -> bytes:
    """The bytes of a file that may be gzipped. Raises DataError where it is damaged, cut off or unpacks to too much."""
    if data[:2] != GZIP:
        return data
    again = _("copy or download it once more")
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            whole = file.read(MAXIMUM_BYTES + 1)
    except EOFError:
        raise DataError(_("{file}: the gzipped file ends too early; {again}").format(file=where, again=again)) from None
    except (OSError, zlib.error):
        raise DataError(_("{file}: the gzipped file is damaged; {again}").format(file=where, again=again)) from None
    if len(whole) > MAXIMUM_BYTES:
        raise DataError(_("{file}: unpacked it has more than {gigabytes} GB").format(file=where, gigabytes=MAXIMUM_BYTES >> 30))
    return whole


def array(data: bytes, where: str) -> np.ndarray:
    """The numbers of an IDX file, gzipped or not. Raises DataError, in words for its owner."""
    data = unpacked(data, where)
    if not is_idx(data[:4]):
        raise DataError(
            _("{file}: this is not an IDX file, which begins with two zero bytes, a number type and a number of axes").format(file=where)
        )
    kind, axes = np.dtype(_KINDS[data[2]]), data[3]
    start = 4 + 4 * axes
    if len(data) < start:
        raise DataError(_("{file}: it ends within its header; copy or download it once more").format(file=where))
    sizes = struct.unpack(f">{axes}I", data[4:start])
    wanted, held = math.prod(sizes) * kind.itemsize, len(data) - start
    if held < wanted:
        raise DataError(_cut_off(where, sizes, kind.itemsize, held))
    if held > wanted:
        text = _(
            "{file}: its header announces {sizes} values, but {more:,} more bytes follow, so one of the two is wrong; download it once more"
        )
        raise DataError(text.format(file=where, sizes=_product(sizes), more=held - wanted))
    return np.frombuffer(data, kind, offset=start).reshape(sizes)


def _cut_off(where: str, sizes: Sequence[int], size: int, held: int) -> str:
    each = math.prod(sizes[1:]) * size
    text = _(
        "{file}: it is cut off: its header announces {count:,} entries ({sizes}), and only {whole:,} are there; "
        "copy or download it once more"
    )
    return text.format(file=where, count=sizes[0], sizes=_product(sizes), whole=held // each if each else 0)


def _product(sizes: Sequence[int]) -> str:
    return " × ".join(f"{size:,}" for size in sizes)


def images(data: bytes, where: str) -> np.ndarray:
    """Pictures (N, 1, H, W) of bytes."""
    pixels = array(data, where)
    if pixels.ndim == 1:
        raise DataError(_("{file}: this file holds labels, not pictures; choose the file of the pictures").format(file=where))
    if pixels.ndim != 3:
        raise DataError(
            _("{file}: it has {axes} axes; a file of pictures has three: number, height and width").format(file=where, axes=pixels.ndim)
        )
    if pixels.dtype != np.uint8:
        raise DataError(
            _("{file}: its values are of the type {kind}; pictures in IDX files consist of bytes from 0 to 255").format(
                file=where, kind=pixels.dtype.name
            )
        )
    if 0 in pixels.shape:
        raise DataError(_("{file}: it holds no pictures ({sizes})").format(file=where, sizes=_product(pixels.shape)))
    return pixels[:, None]


def labels(data: bytes, where: str, count: int, of: str) -> np.ndarray:
    """Labels (count,) from 0, for the `count` pictures of the file called `of`."""
    numbers = array(data, where)
    if numbers.ndim != 1 or numbers.dtype.kind == "f":
        raise DataError(
            _("{file}: a file of labels has one whole number per picture, but this one holds {sizes} values").format(
                file=where, sizes=_product(numbers.shape)
            )
        )
    if len(numbers) != count:
        text = _("{file}: it has {labels:,} labels, but {pictures} has {count:,} pictures: the two files do not belong together")
        raise DataError(text.format(file=where, labels=len(numbers), pictures=of, count=count))
    if numbers.min() < 0 or numbers.max() > 9999:
        raise DataError(
            _("{file}: label {place:,} is {label}; labels are whole numbers from 0 up").format(
                file=where,
                place=int(np.argmax((numbers < 0) | (numbers > 9999))) + 1,
                label=int(numbers[(numbers < 0) | (numbers > 9999)][0]),
            )
        )
    return numbers.astype(np.int64)


def partner(name: str) -> list[str]:
    """The names that the file of labels may have beside a file of pictures, gzipped or not; the likeliest first."""
    renamed = re.sub("images", "labels", name, flags=re.IGNORECASE) if re.search("images", name, re.IGNORECASE) else name
    renamed = _NAME.sub(lambda found: found[0].replace(found[1], "1"), renamed)
    plain = renamed.removesuffix(".gz")
    return [other for other in dict.fromkeys((renamed, plain, f"{plain}.gz")) if other != name]
