"""CIFAR-10's binary version: records of one label and 3 × 32 × 32 bytes, 10,000 of them in a file."""

from __future__ import annotations

import re

import numpy as np

from engine.data.errors import DataError
from graph.text.messages import _
from graph.text.quoting import one_line

SHAPE = (3, 32, 32)
RECORD = 1 + 3 * 32 * 32
FINE = RECORD + 1
"""A record of CIFAR-100, which has two labels."""
NAMES = "batches.meta.txt"
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
BATCH = re.compile(r"(data_batch_\d+|test_batch)\.bin", re.IGNORECASE)


def records(data: bytes, where: str) -> tuple[np.ndarray, np.ndarray]:
    """Pictures (N, 3, 32, 32) of bytes, and labels (N,). Raises DataError."""
    if not data:
        raise DataError(_("{file}: it is empty; copy or download it once more").format(file=where))
    whole, rest = divmod(len(data), RECORD)
    if rest:
        if len(data) % FINE == 0:
            raise DataError(_("{file}: this looks like CIFAR-100, whose pictures have two labels; CIFAR-10 can be read").format(file=where))
        text = _(
            "{file}: it is cut off, or is not a CIFAR-10 file: after {whole:,} whole pictures of 3,073 bytes, {rest:,} bytes remain; "
            "copy or download it once more"
        )
        raise DataError(text.format(file=where, whole=whole, rest=rest))
    rows = np.frombuffer(data, np.uint8).reshape(-1, RECORD)
    labels = rows[:, 0].astype(np.int64)
    if labels.max() > 9:
        place = int(np.argmax(labels > 9))
        text = _(
            "{file}: picture {place:,} has the label {label}, but CIFAR-10 has the labels 0 to 9; the file is damaged or of another kind"
        )
        raise DataError(text.format(file=where, place=place + 1, label=labels[place]))
    return rows[:, 1:].reshape(-1, *SHAPE), labels


def class_names(data: bytes) -> tuple[str, ...]:
    """The ten names in `batches.meta.txt`; the published ones where it says anything else."""
    names = tuple(one_line(line) for line in data[:4096].decode("utf-8", "replace").splitlines() if line.strip())
    return names if len(set(names)) == len(CLASSES) == len(names) else CLASSES
