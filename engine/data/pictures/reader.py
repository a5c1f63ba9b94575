"""Recognises what kind of pictures lies at a path, by what the files contain, and reads them a piece at a time."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
from PIL import Image

from engine.data.errors import DataError, DataNote
from engine.data.pictures import cifar, class_folders, idx
from engine.data.pictures.image_files import SUFFIXES, resized
from engine.data.pictures.trees import Folder, Tree, tree_at
from engine.data.pictures.values import PictureReading, Pictures, drawn, drawn_note, refuse_too_many
from engine.numerics.job import JobReport, Steps
from graph.storage.paths import open_regular, reason
from graph.text.messages import _, ngettext
from graph.text.quoting import named, quoted_name, quoted_path

ZIP = b"PK\x03\x04"
_HEAD = 1024


def reading_pictures(path: str, reading: PictureReading) -> Steps:
    """Returns `Pictures`. Raises DataError, one sentence that says which file, what is wrong with it and what to do."""
    if not path.strip():
        raise DataError(_("choose a file or folder with pictures"))
    if os.path.isdir(path):
        pictures = yield from _tree(tree_at(path), reading)
        return pictures
    head = _head(path)
    if head[:4] == ZIP:
        pictures = yield from _tree(tree_at(path), reading)
        return pictures
    folder, name = os.path.split(path)
    if idx.is_idx(idx.opened(head)):
        pictures = yield from _finished(_idx_file(_Beside(folder), name, reading), reading, quoted_path(path))
    elif name.lower().endswith(".bin"):
        pictures = yield from _finished(_cifar(_Beside(folder), [name]), reading, quoted_path(path))
    else:
        raise DataError(_unknown(path, head))
    return pictures


def _head(path: str) -> bytes:
    try:
        with open_regular(path) as file:
            return file.read(_HEAD)
    except OSError as error:
        raise DataError(_("{file}: cannot be read: {error}").format(file=quoted_path(path), error=reason(error))) from None


def _unknown(path: str, head: bytes) -> str:
    """What a file that holds no set of pictures probably is, and what to choose instead."""
    where, lower = quoted_path(path), path.lower()
    if not head:
        return _("{file}: it is empty; copy or download it once more").format(file=where)
    if lower.endswith(SUFFIXES):
        return _("{file}: this is one picture; choose the folder that has one folder per class in it").format(file=where)
    if lower.endswith((".tar", ".tgz", ".tar.gz", ".7z", ".rar")) or head[257:262] == b"ustar":
        return _("{file}: this archive cannot be read; unpack it and choose the folder, or make a zip archive of it").format(file=where)
    if head[:1] == b"\x80" and head[1:2] in b"\2\3\4\5":
        return _("{file}: this is a pickle, which could run programs and is never opened; of CIFAR-10, download the binary version").format(
            file=where
        )
    return _(
        "{file}: its beginning is that of no IDX file, zip archive or CIFAR-10 batch (.bin); choose such a file, or a folder of pictures"
    ).format(file=where)


def _tree(tree: Tree, reading: PictureReading) -> Steps:
    """What a folder or an archive holds: IDX files, CIFAR-10 batches, or a folder per class."""
    found = [name for name in tree.files if _is_idx_pictures(name)]
    if found:
        pictures = yield from _finished(_idx_files(tree, found, reading), reading, tree.where)
        return pictures
    batches = [name for name in tree.files if cifar.BATCH.fullmatch(name.split("/")[-1])]
    if batches:
        pictures = yield from _finished(_cifar(tree, sorted(batches)), reading, tree.where)
        return pictures
    pictures = yield from class_folders.read(tree, reading)
    return pictures


def _is_idx_pictures(name: str) -> bool:
    lower = name.lower()
    return "idx3" in lower and "ubyte" in lower


def _idx_files(tree: Tree, names: list[str], reading: PictureReading) -> Steps:
    """One file of pictures, or MNIST's two: that for training first."""
    plain = {name.lower().removesuffix(".gz"): name for name in sorted(names, reverse=True)}  # of a file and its gzipped self, one
    roles = [
        (0 if "train" in key.split("/")[-1] else 2 if "t10k" in key or "test" in key.split("/")[-1] else -1, name)
        for key, name in plain.items()
    ]
    roles.sort()
    if len(roles) == 1:
        pictures = yield from _idx_file(tree, roles[0][1], reading)
        return pictures
    if [role for role, _name in roles] != [0, 2]:
        listed = ", ".join(named(name) for _role, name in roles[:4])
        raise DataError(
            _("{folder}: it holds several IDX files with pictures ({names}); choose one of them").format(folder=tree.where, names=listed)
        )
    read = []
    for _role, name in roles:
        read.append((yield from _idx_file(tree, name, replace(reading, labels=""))))
    train, test = read
    if train.images.shape[1:] != test.images.shape[1:]:
        raise DataError(
            _("{folder}: the pictures for training and for testing have different sizes; choose one of the two files").format(
                folder=tree.where
            )
        )
    images, labels = np.concatenate([train.images, test.images]), np.concatenate([train.labels, test.labels])
    count = 1 + int(labels.max())
    parts = np.repeat(np.array([0, 2], dtype=np.int8), [len(train.labels), len(test.labels)])
    text = _("{train:,} pictures of {one} and {test:,} of {other}").format(
        train=len(train.labels), one=named(roles[0][1]), test=len(test.labels), other=named(roles[1][1])
    )
    return Pictures(images, labels, tuple(map(str, range(count))), (DataNote(text),), parts)


def _idx_file(tree: Tree, name: str, reading: PictureReading) -> Steps:
    where = _where(tree, name)
    yield JobReport(0, 0, _("reading {file}").format(file=quoted_name(name)))
    images = idx.images(tree.read(name), where)
    high, wide = images.shape[2:]
    refuse_too_many(where, min(len(images), reading.most or len(images)), 1, reading.height or high, reading.width or wide)
    yield JobReport(0, 0, _("reading the labels"))
    beside, data = _labels(tree, name, reading)
    labels = idx.labels(data, beside, len(images), quoted_name(name))
    text = _("IDX file of {count:,} pictures with {high} × {wide} pixels; labels from {labels}").format(
        count=len(images), high=high, wide=wide, labels=quoted_name(beside.split(": ")[-1])
    )
    return Pictures(images, labels, tuple(map(str, range(1 + int(labels.max())))), (DataNote(text),))


def _labels(tree: Tree, name: str, reading: PictureReading) -> tuple[str, bytes]:
    """How the file of labels is called, and its bytes."""
    if reading.labels:
        folder, own = os.path.split(reading.labels)
        return quoted_path(reading.labels), _Beside(folder).read(own)
    folder, slash, own = name.rpartition("/")
    names = [f"{folder}{slash}{other}" for other in idx.partner(own)]
    present = {file.lower(): file for file in tree.files}
    for other in names:
        if other.lower() in present:
            return _where(tree, present[other.lower()]), tree.read(present[other.lower()])
    wanted = names[0] if names else _("a file of labels")
    text = _("{file}: the labels are missing: there is no file {wanted} beside it; copy it there, or choose the file of labels")
    raise DataError(text.format(file=_where(tree, name), wanted=named(wanted)))


def _where(tree: Tree, name: str) -> str:
    return quoted_path(os.path.join(tree.path, name)) if isinstance(tree, Folder) else f"{tree.where}: {quoted_path(name)}"


def _cifar(tree: Tree, names: list[str]) -> Steps:
    images, labels, parts = [], [], []
    for at, name in enumerate(names):
        yield JobReport(at, len(names), _("reading {file}").format(file=quoted_name(name)))
        pixels, numbers = cifar.records(tree.read(name), _where(tree, name))
        images.append(pixels)
        labels.append(numbers)
        parts.append(np.full(len(numbers), 2 if name.lower().endswith("test_batch.bin") else 0, dtype=np.int8))
    folder = names[0].rpartition("/")
    meta = f"{folder[0]}{folder[1]}{cifar.NAMES}"
    classes = cifar.class_names(tree.read(meta)) if meta in tree.files else cifar.CLASSES
    count = sum(map(len, labels))
    text = ngettext("CIFAR-10 file with {count:,} pictures", "{files} CIFAR-10 files with {count:,} pictures", len(names))
    where_from = _("class names from {file}").format(file=cifar.NAMES) if meta in tree.files else _("the published class names")
    note = DataNote(f"{text.format(files=len(names), count=count)}; {where_from}")
    part = np.concatenate(parts)
    mixed = len(set(part.tolist())) > 1
    return Pictures(np.concatenate(images), np.concatenate(labels), classes, (note,), part if mixed else None)


def _finished(steps: Steps, reading: PictureReading, where: str) -> Steps:
    """Pictures of one size and kind: the chosen ones, resized as chosen."""
    pictures: Pictures = yield from steps
    count = len(pictures.images)
    places = drawn(count, reading)
    images = pictures.images[places] if len(places) < count else pictures.images
    high, wide = _wanted_size(images.shape[2], images.shape[3], reading)
    grey = reading.channels == "grey" or (reading.channels == "as stored" and images.shape[1] == 1)
    refuse_too_many(where, len(images), 1 if grey else 3, high, wide)
    if (high, wide) != images.shape[2:] or grey != (images.shape[1] == 1):
        changed = np.empty((len(images), 1 if grey else 3, high, wide), dtype=np.uint8)
        for at, image in enumerate(images):
            if at % 500 == 0:
                yield JobReport(at, len(images), _("picture {done:,} of {total:,}").format(done=at + 1, total=len(images)))
            picture = Image.fromarray(image[0] if len(image) == 1 else np.ascontiguousarray(image.transpose(1, 2, 0)))
            changed[at] = resized(picture.convert("L" if grey else "RGB"), (high, wide))
        images = changed
    parts = pictures.parts[places] if pictures.parts is not None else None
    return Pictures(images, pictures.labels[places], pictures.classes, (*pictures.notes, *drawn_note(count, reading)), parts)


def _wanted_size(high: int, wide: int, reading: PictureReading) -> tuple[int, int]:
    """Where only one of the two is set, the other follows."""
    if reading.height and reading.width:
        return reading.height, reading.width
    if reading.height:
        return reading.height, max(1, round(wide * reading.height / high))
    return (max(1, round(high * reading.width / wide)), reading.width) if reading.width else (high, wide)


class _Beside(Folder):
    """The folder of a file that was chosen, for the files beside it: only this folder, not those in it."""

    def __init__(self, path: str) -> None:
        self.where, self.path = quoted_path(path), path
        self.files = self._names(path or ".")

    @staticmethod
    def _names(path: str) -> list[str]:
        try:
            return [name for name in os.listdir(path)]
        except OSError:
            return []
