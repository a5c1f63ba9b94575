"""A folder with one folder per class, each full of pictures; the folders' names are the names of the classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.data.errors import DataError, DataNote, Offer
from engine.data.pictures.image_files import MAXIMUM_BYTES, SUFFIXES, Kind, kind_of, pixels
from engine.data.pictures.trees import Tree
from engine.data.pictures.values import (
    MAXIMUM_CLASSES,
    PARTS,
    PictureReading,
    Pictures,
    drawn,
    drawn_note,
    natural,
    refuse_too_many,
)
from engine.numerics.job import JobReport, Steps
from graph.text.messages import _, ngettext
from graph.text.quoting import named, one_line, quoted_path

AT_ONCE = 50
"""Pictures between two points where reading can be left: some milliseconds' work."""
_PART_NAMES = {
    "train": 0, "training": 0, "val": 1, "valid": 1, "validation": 1, "dev": 1, "test": 2, "testing": 2,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    label: str
    part: int


def read(tree: Tree, reading: PictureReading) -> Steps:
    """A piece at a time; returns `Pictures` in the order of classes and names, 2 before 10. Raises DataError."""
    files, notes = _by_class(tree)
    classes = sorted({file.label for file in files}, key=natural)
    if len(classes) > MAXIMUM_CLASSES:
        raise DataError(
            _("{folder}: it has {count:,} folders with pictures, and at most {most:,} classes can be read").format(
                folder=tree.where, count=len(classes), most=MAXIMUM_CLASSES
            )
        )
    files.sort(key=lambda file: (file.part, natural(file.label), natural(file.name)))
    taken = [files[place] for place in drawn(len(files), reading)]
    notes += drawn_note(len(files), reading)
    kinds: list[Kind] = []
    for at, file in enumerate(taken):
        if at % AT_ONCE == 0:
            yield JobReport(at, 3 * len(taken), _("size of picture {done:,} of {total:,}").format(done=at + 1, total=len(taken)))
        kinds.append(kind_of(tree.read(file.name, MAXIMUM_BYTES), _where(tree, file)))
    size = _size(tree, taken, kinds, reading)
    grey = _is_grey(kinds, reading, notes)
    refuse_too_many(tree.where, len(taken), 1 if grey else 3, *size)
    if any(kind.deep for kind in kinds):
        notes.append(DataNote(_("pixels of 16 bits were read with 8")))
    images = np.empty((len(taken), 1 if grey else 3, *size), dtype=np.uint8)
    for at, file in enumerate(taken):
        if at % AT_ONCE == 0:
            text = _("picture {done:,} of {total:,}").format(done=at + 1, total=len(taken))
            yield JobReport(len(taken) + 2 * at, 3 * len(taken), text)
        images[at] = pixels(tree.read(file.name, MAXIMUM_BYTES), _where(tree, file), grey, size)
    numbers = {label: number for number, label in enumerate(classes)}
    labels = np.array([numbers[file.label] for file in taken], dtype=np.int64)
    parts = np.array([file.part for file in taken], dtype=np.int8)
    notes.insert(0, DataNote(_summary(classes)))
    return Pictures(images, labels, tuple(map(one_line, classes)), tuple(notes), parts if (parts >= 0).all() else None)


def _where(tree: Tree, file: _File) -> str:
    return f"{tree.where}: {quoted_path(file.name)}"


def _summary(classes: Sequence[str]) -> str:
    text = ngettext("one folder with pictures, {names}", "{count:,} folders with pictures, one per class: {names}", len(classes))
    return text.format(count=len(classes), names=", ".join(map(named, classes[:6])) + (" …" if len(classes) > 6 else ""))


def _by_class(tree: Tree) -> tuple[list[_File], list[DataNote]]:
    """The pictures with their class, and what was left aside. Folders around everything are passed over."""
    names = [name for name in tree.files if name.lower().endswith(SUFFIXES)]
    others = len(tree.files) - len(names)
    before = _common(names)
    files: list[_File] = []
    loose = 0
    tops = {name[len(before) :].split("/")[0].lower() for name in names if name[len(before) :].count("/") >= 1}
    has_parts = len(tops) > 1 and all(top in _PART_NAMES for top in tops) and any(name[len(before) :].count("/") > 1 for name in names)
    for name in names:
        inside = name[len(before) :].split("/")
        part = _PART_NAMES[inside.pop(0).lower()] if has_parts and len(inside) > 1 else -1
        if len(inside) > 1:
            files.append(_File(name, inside[0], part))
        else:
            loose += 1
    if not files:
        raise DataError(_no_classes(tree, loose))
    notes = []
    if has_parts:
        held = Counter(PARTS[file.part] for file in files)
        text = ", ".join(f"{PARTS[part]} {held[PARTS[part]]:,}" for part in range(3) if held[PARTS[part]])
        notes.append(DataNote(_("the outer folders say which part a picture belongs to: {parts}").format(parts=text)))
    if loose:
        text = ngettext(
            "{count:,} picture outside the classes' folders is left out",
            "{count:,} pictures outside the classes' folders are left out",
            loose,
        )
        notes.append(DataNote(text.format(count=loose), warning=True))
    if others:
        text = ngettext("{count:,} file that is no picture is left out", "{count:,} files that are no pictures are left out", others)
        notes.append(DataNote(text.format(count=others)))
    if len({file.label for file in files}) == 1:
        notes.append(DataNote(_("all pictures are in one folder, so there is one class only and nothing to learn"), warning=True))
    return files, notes


def _common(names: Sequence[str]) -> str:
    """The folders around all pictures that hold nothing but one folder."""
    before = ""
    while names:
        inside = {name[len(before) :].split("/", 1)[0] for name in names}
        deep = all(name[len(before) :].count("/") >= 2 for name in names)
        if len(inside) != 1 or not deep:
            break
        before += inside.pop() + "/"
    return before


def _no_classes(tree: Tree, loose: int) -> str:
    if loose:
        return _("{folder}: the pictures are not in folders; put those of each class into a folder named after the class").format(
            folder=tree.where
        )
    kinds = ", ".join(suffix.removeprefix(".") for suffix in SUFFIXES)
    return _("{folder}: it holds no pictures ({kinds}), and no IDX or CIFAR-10 files").format(folder=tree.where, kinds=kinds)


def _size(tree: Tree, files: Sequence[_File], kinds: Sequence[Kind], reading: PictureReading) -> tuple[int, int]:
    """Height and width of all. Raises DataError where the pictures differ and no size is set."""
    if reading.height and reading.width:
        return reading.height, reading.width
    sizes = Counter(kind.size for kind in kinds)
    (size, often), *more = sizes.most_common()
    if more and not (reading.height or reading.width):
        at = next(place for place, kind in enumerate(kinds) if kind.size != size)
        other = kinds[at].size
        text = _(
            "{folder}: the pictures have different sizes: {often:,} have {high} × {wide} pixels, but {name} has {high2} × {wide2}; "
            "set one size for all"
        )
        words = text.format(
            folder=tree.where, often=often, high=size[0], wide=size[1], name=quoted_path(files[at].name), high2=other[0], wide2=other[1]
        )
        raise DataError(words, _offers(size))
    high, wide = size
    if reading.height:
        return reading.height, max(1, round(wide * reading.height / high))
    return (max(1, round(high * reading.width / wide)), reading.width) if reading.width else size


def _offers(size: tuple[int, int]) -> tuple[Offer, ...]:
    sizes = dict.fromkeys([size, (32, 32)] if max(size) > 32 else [size])
    return tuple((_("Make all {high} × {wide}").format(high=high, wide=wide), {"height": high, "width": wide}) for high, wide in sizes)


def _is_grey(kinds: Sequence[Kind], reading: PictureReading, notes: list[DataNote]) -> bool:
    if reading.channels != "as stored":
        return reading.channels == "grey"
    coloured = sum(not kind.grey for kind in kinds)
    if 0 < coloured < len(kinds):
        text = _("{coloured:,} pictures have colours and {grey:,} are grey; all are read with three channels")
        notes.append(DataNote(text.format(coloured=coloured, grey=len(kinds) - coloured), ((_("Read all as grey"), {"channels": "grey"}),)))
    return not coloured
