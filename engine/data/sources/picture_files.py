"""Pictures in files of your own: IDX, CIFAR-10, or a folder per class."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from engine.data.declared import DataSetSpec, Source, Values, file_stamp
from engine.data.folder_stamp import folder_stamp

if TYPE_CHECKING:
    from engine.numerics.job import Steps

READING = ("labels_path", "most", "channels", "height", "width")


def _stamp(path: str) -> tuple[int, ...]:
    return folder_stamp(path) if os.path.isdir(path) else file_stamp(path)


def _read(spec: DataSetSpec, values: Values) -> Steps:
    import numpy as np

    from engine.data.pictures.kept import reading_kept
    from engine.data.pictures.values import PARTS, PictureReading
    from engine.data.raw import Raw

    wanted = PictureReading(
        str(values["labels_path"]),
        str(values["channels"]),
        int(values["height"]),
        int(values["width"]),
        int(values["most"]),
        int(values["seed"]),
    )
    path = str(values["pictures_path"])
    pictures = yield from reading_kept(path, (_stamp(path), file_stamp(wanted.labels)), wanted)
    x = pictures.images
    parts = None if pictures.parts is None else np.array(PARTS)[pictures.parts]
    return Raw(
        x, None, pictures.labels, pictures.classes, (), ("class",), notes=pictures.notes, parts=parts,
        picture=(x.shape[2], x.shape[3]), divisor=255.0 if values["pixels"] == "0 to 1" else 1.0,
    )  # fmt: skip


SOURCE = Source(
    (
        DataSetSpec(
            "pictures",
            "Pictures",
            "Your own pictures: MNIST's IDX files, CIFAR-10's binary files, or a folder (or zip archive) with one folder per class.",
            "classes",
            ("pictures_path", *READING, "pixels", "seed", "test_fraction", "coding"),
        ),
    ),
    _read,
    path="pictures_path",
    beside=("labels_path",),
    stamp=_stamp,
)
