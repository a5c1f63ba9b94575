"""Data sets: sizes as described, seeded, split with classes in proportion, and complaints that name line and column."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import datasets

from engine.data import DataError, describe, load, measured
from engine.data.specs import DATA_SETS, SOURCE_OF
from engine.data.split import Shares, split
from engine.nodes.sources import Data

BUILT_IN = [key for key, spec in DATA_SETS.items() if not SOURCE_OF[key].path]
CLASSIFIED = [key for key, spec in DATA_SETS.items() if spec.target == "classes" and key in BUILT_IN]
MEASURED = [key for key, spec in DATA_SETS.items() if spec.rows]


def csv(folder: Path, text: str | bytes, **settings: Any) -> dict[str, Any]:
    path = folder / "table.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return {"dataset": "csv", "path": str(path), **settings}


def test_the_data_node_offers_exactly_the_declared_sets() -> None:
    setting = Data.spec.setting("dataset")
    assert setting is not None
    assert set(setting.choices) == set(DATA_SETS)


@pytest.mark.parametrize("key", BUILT_IN)
def test_numbers_have_the_described_shapes(key: str) -> None:
    about, data = describe({"dataset": key}), load({"dataset": key})
    assert data.description == about
    assert data.train.x.shape == (about.train_rows, *about.features)
    assert data.test.x.shape == (about.test_rows, *about.features)
    assert data.train.y.shape == (about.train_rows, *about.target)
    assert data.test.y.shape == (about.test_rows, *about.target)
    assert data.train.x.dtype == np.float64
    assert data.train.y.dtype == (np.int64 if about.target_dtype == "index" else np.float64)
    assert len(about.feature_names) == np.prod(about.features)


@pytest.mark.parametrize("key", MEASURED)
def test_measured_sets_are_scikit_learns_unchanged(key: str) -> None:
    published = getattr(datasets, f"load_{key}")(**({"scaled": False} if key == "diabetes" else {}))  # nothing rescaled unseen
    data = load({"dataset": key, "coding": "real"})
    rows = np.concatenate([data.train.x, data.test.x])
    targets = np.concatenate([data.train.y, data.test.y])[:, 0]
    assert sorted(map(tuple, np.column_stack([rows, targets]))) == sorted(map(tuple, np.column_stack([published.data, published.target])))
    names = data.description.feature_names
    assert list(names) == list(published.feature_names)
    if DATA_SETS[key].classes:
        assert list(DATA_SETS[key].classes) == [str(name) for name in published.target_names]


@pytest.mark.parametrize("key", CLASSIFIED)
def test_every_class_keeps_its_share_in_both_parts(key: str) -> None:
    data = load({"dataset": key, "coding": "index", "test_fraction": 0.25})
    everything = np.concatenate([data.train.y, data.test.y])
    for label in range(len(data.description.classes)):
        expected = 0.25 * (everything == label).sum()
        assert abs((data.test.y == label).sum() - expected) < 1


@pytest.mark.parametrize("key", BUILT_IN)
def test_the_same_seed_gives_the_same_split_and_another_seed_another(key: str) -> None:
    load.__globals__["_load"].cache_clear()
    first = load({"dataset": key, "seed": 3}).train.x
    load.__globals__["_load"].cache_clear()
    assert np.array_equal(first, load({"dataset": key, "seed": 3}).train.x)
    if key != "table":
        assert not np.array_equal(first, load({"dataset": key, "seed": 4}).train.x)


def test_half_and_nothing_held_out() -> None:
    half = load({"dataset": "iris", "test_fraction": 0.5}).description
    assert (half.train_rows, half.test_rows) == (75, 75)
    assert load({"dataset": "iris", "test_fraction": 0.0}).description.test_rows == 0


def test_noiseless_circles_have_radius_one_and_a_half() -> None:
    data = load({"dataset": "circles", "noise": 0.0, "test_fraction": 0.0})
    radius = np.hypot(*data.train.x.T)
    assert np.allclose(radius, np.where(data.train.y == 0, 1.0, 0.5))


def test_noiseless_moons_are_scikit_learns() -> None:
    x, y = datasets.make_moons(100, shuffle=False, noise=None)
    data = load({"dataset": "moons", "samples": 100, "noise": 0.0, "test_fraction": 0.0})
    ours = np.column_stack([data.train.x, data.train.y])
    assert np.allclose(ours[np.lexsort(ours.T.round(9))], (t := np.column_stack([x, y]))[np.lexsort(t.T.round(9))])


def test_xor_is_one_where_signs_differ() -> None:
    data = load({"dataset": "xor", "noise": 0.1})
    assert np.array_equal(data.train.y == 1, data.train.x[:, 0] * data.train.x[:, 1] < 0)


def test_noiseless_plane_and_sine_are_their_formulas() -> None:
    plane = load({"dataset": "plane", "noise": 0.0})
    assert np.allclose(plane.train.y[:, 0], 1 + 2 * plane.train.x[:, 0] - 3 * plane.train.x[:, 1])
    sine = load({"dataset": "sine", "noise": 0.0})
    assert np.allclose(sine.train.y, np.sin(sine.train.x))


def test_noiseless_spiral_arms_are_the_same_arm_turned() -> None:
    data = load({"dataset": "spiral", "classes": 3, "samples": 300, "noise": 0.0, "test_fraction": 0.0})
    arms = [data.train.x[data.train.y == label] for label in range(3)]
    arms = [arm[np.argsort(np.hypot(*arm.T))] for arm in arms]
    radius, third = np.hypot(*arms[0].T), 2 * np.pi / 3
    assert np.allclose(radius, np.linspace(0.05, 1.0, 100))
    assert np.allclose(arms[0], radius[:, None] * np.stack([np.cos(3 * np.pi * radius), np.sin(3 * np.pi * radius)], axis=1))
    turn = np.array([[np.cos(third), np.sin(third)], [-np.sin(third), np.cos(third)]])
    assert np.allclose(arms[1], arms[0] @ turn) and np.allclose(arms[2], arms[1] @ turn)


def test_noise_on_the_spiral_is_a_tenth_as_its_help_says() -> None:
    settings = {"dataset": "spiral", "samples": 20_000, "test_fraction": 0.0}
    clean, noisy = (load({**settings, "noise": noise}).train.x for noise in (0.0, 0.5))
    assert (noisy - clean).std() == pytest.approx(0.05, rel=0.02)
    setting = Data.spec.setting("noise")
    assert setting is not None and "on the spiral" in setting.help and "a tenth" in setting.help


def test_noiseless_blobs_sit_evenly_on_a_circle_of_radius_two() -> None:
    data = load({"dataset": "blobs", "classes": 4, "noise": 0.0})
    angle = np.pi / 2 * data.train.y
    assert np.allclose(data.train.x, 2 * np.stack([np.cos(angle), np.sin(angle)], axis=1), atol=1e-15)


def test_the_largest_remainder_decides_which_class_gives_a_sample_more() -> None:
    """A quarter of 7 + 3 samples is round(2.5) = 2: 1.4 and 0.6 of the two classes, so one of each."""
    test = split(np.array([0] * 7 + [1] * 3), 10, Shares(0.25), np.random.default_rng(0))["test"]
    assert sorted((test >= 7).tolist()) == [False, True]


def test_one_sample_is_always_left_for_training() -> None:
    assert load({"dataset": "moons", "samples": 4, "test_fraction": 0.9}).description.train_rows == 1


def test_noise_is_the_standard_deviation() -> None:
    data = load({"dataset": "sine", "noise": 0.3, "samples": 20_000, "test_fraction": 0.0})
    assert (data.train.y - np.sin(data.train.x)).std() == pytest.approx(0.3, rel=0.02)


def test_images_are_the_same_pixels() -> None:
    flat, image = load({"dataset": "digits"}), load({"dataset": "digits", "image": True})
    assert image.train.x.shape == (1348, 1, 8, 8)
    assert np.array_equal(image.train.x.reshape(-1, 64), flat.train.x)


@pytest.mark.parametrize(("coding", "row"), [("zero_one", [0.0, 1.0]), ("plus_minus", [-1.0, 1.0]), ("real", [0.0, 1.0])])
def test_two_classes_as_one_column(coding: str, row: list[float]) -> None:
    y = load({"dataset": "moons", "coding": coding}).train.y
    assert y.shape == (150, 1)
    assert np.unique(y).tolist() == row


def test_one_hot_has_one_one_a_row() -> None:
    index, one_hot = load({"dataset": "iris", "coding": "index"}).train.y, load({"dataset": "iris", "coding": "one_hot"}).train.y
    assert np.array_equal(one_hot.argmax(1), index)
    assert (one_hot.sum(1) == 1).all()


@pytest.mark.parametrize(("settings", "part"), [
    ({"dataset": "iris", "coding": "plus_minus"}, "needs exactly two classes"),
    ({"dataset": "sine", "coding": "index"}, "has a real target"),
    ({"dataset": "mnist"}, "no data set called 'mnist'"),
    ({"dataset": "csv", "path": ""}, "choose a CSV file"),
    ({"dataset": "csv", "path": "/nowhere/a.csv"}, "cannot be read"),
    ({"dataset": "csv", "path": "a\0b"}, "cannot be read"),
    ({"dataset": "table", "targets": [[[0]], [[1]], [[1]], [[0]]]}, "too many axes"),
    ({"dataset": "table", "features": [[1, 2], [3]]}, "rows of equal length"),
    ({"dataset": "table", "features": [1, 2, 3]}, "3 rows of features and 4 targets"),
    ({"dataset": "table", "coding": "index", "targets": [0, 1, 0.5, 1]}, "whole numbers"),
])  # fmt: skip
def test_what_does_not_exist_is_said_in_words(settings: dict[str, Any], part: str) -> None:
    with pytest.raises(DataError, match=part):
        describe(settings)


def test_a_typed_table_keeps_its_order_and_trains_with_all_of_it() -> None:
    data = load({"dataset": "table", "features": [[1, 2], [3, 4], [5, 6]], "targets": [1, 0, 2], "coding": "index"})
    assert data.train.x.tolist() == [[1, 2], [3, 4], [5, 6]]
    assert data.train.y.tolist() == [1, 0, 2]
    assert data.description.classes == ("0", "1", "2")
    assert data.description.test_rows == 0


def test_csv_takes_the_last_column_as_target(tmp_path: Path) -> None:
    data = load(csv(tmp_path, "a,b,y\n1,2,3\n4,5,6\n7,8,9\n", test_fraction=0.0))
    assert data.description.feature_names == ("a", "b")
    assert data.description.target_names == ("y",)
    assert sorted(np.column_stack([data.train.x, data.train.y]).tolist()) == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]


def test_csv_column_roles_are_the_persons(tmp_path: Path) -> None:
    about = describe(csv(tmp_path, "id,a,b,y\nk,1,2,3\nl,4,5,6\n", feature_columns="b", target_columns="y, a"))
    assert (about.feature_names, about.target_names, about.target) == (("b",), ("y", "a"), (2,))


def test_csv_words_are_classes(tmp_path: Path) -> None:
    data = load(csv(tmp_path, "a,kind\n1,dog\n2,cat\n3,dog\n", test_fraction=0.0))
    assert data.description.classes == ("cat", "dog")
    assert sorted(zip(data.train.x[:, 0].tolist(), data.train.y.tolist(), strict=True)) == [(1, 1), (2, 0), (3, 1)]


def test_csv_words_among_a_few_numbers_are_classes_too(tmp_path: Path) -> None:
    assert describe(csv(tmp_path, "a,kind\n1,7\n2,cat\n3,dog\n")).classes == ("7", "cat", "dog")


def test_csv_with_semicolons_and_decimal_commas(tmp_path: Path) -> None:
    data = load(csv(tmp_path, "\ufeffgröße;y\n1,5;2\n2,5;3\n", test_fraction=0.0))
    assert data.description.feature_names == ("größe",)
    assert sorted(data.train.x[:, 0].tolist()) == [1.5, 2.5]


@pytest.mark.parametrize(("text", "names"), [
    ('"a, first","b",y\n"1","2",3\n4,5,6\n', ("a, first", "b")),
    ('"x;1;2;3",y\n1,2\n3,4\n', ("x;1;2;3",)),
    ("a,y,\n1,2,\n3,4,\n", ("a",)),
    (",a,y\n5,1,2\n1,3,4\n", ("column 1", "a")),
    ("a,y\r1,2\r3,4\r", ("a",)),
    ("a\tb\ty\n1\t2\t3\n", ("a", "b")),
    ("a , y\n 1 , 2 \n3,4\n\n\n", ("a",)),
])  # fmt: skip
def test_quotes_separators_and_empty_columns_of_a_csv(tmp_path: Path, text: str, names: tuple[str, ...]) -> None:
    assert load(csv(tmp_path, text)).description.feature_names == names


def test_a_column_name_with_a_comma_is_chosen_in_quotation_marks(tmp_path: Path) -> None:
    settings = csv(tmp_path, '"a, first",b,y\n1,2,3\n4,5,6\n')
    assert describe(settings | {"feature_columns": '"a, first"'}).feature_names == ("a, first",)
    with pytest.raises(DataError, match='its columns are "a, first", b, y'):
        describe(settings | {"feature_columns": "a, first"})


def test_an_edited_csv_is_read_again(tmp_path: Path) -> None:
    settings = csv(tmp_path, "a,y\n1,2\n3,4\n")
    assert describe(settings).rows == 2
    assert describe(csv(tmp_path, "a,y\n1,2\n3,4\n5,6\n")).rows == 3


@pytest.mark.parametrize(("text", "part"), [
    ("", "is empty"),
    ("a,y\n", "no rows"),
    ("a,y\n1,2\n3,4,5\n", "line 3 has 3 columns; the first line has 2"),
    ("a,y\n1,2\noops,4\n", "line 3, column 'a' has 'oops'; a feature must be a number"),
    ("a,y\n1,2\n3\n", "line 3 has 1 of 2 columns"),
    ("a,y\n1,2\n2,3\n3,x\n", "line 4, column 'y' has 'x', and a target must be a finite number"),
    ("a,y\n1,inf\n2,3\n", "line 2, column 'y' has 'inf'"),
    ("y\n1\n2\n", "no column is left for the features"),
    ("a,y\n" + "".join(f"{i},n{i}\n" for i in range(120)), "'y' is different in every row"),
    ("a,y\n" + "".join(f"{i},n{i % 110}\n" for i in range(120)), "'y' has 110 different values, too many to be classes"),
    (b"a,y\n1,2\n\xff\xfe,3\n", "line 3, column 'a' has 'ÿþ'; a feature must be a number"),
    ("a,y\n1,2,3\n3,4\n", "line 2 has 3 columns; the first line has 2"),
    ("a,y\n1,2,9\n3,4,9\n", "line 2 has 3 columns; the first line has 2"),
    (b"a,y\n1,\x81\n2,3\n", "neither UTF-8 nor Windows-1252"),
    (b"a,y\n1,2\n" + bytes(100), "is not a text file"),
    ('a,y\n1,2\n"3,4\n', "a quotation mark opens in line 3 and is never closed"),
    ("a,y\n,2\nNA,3\n", "column 'a' has no value in any row"),
    ("a,b,y\n1,,2\n,3,3\n", "every row lacks a value in some column"),
])  # fmt: skip
def test_a_broken_csv_names_line_and_column(tmp_path: Path, text: str | bytes, part: str) -> None:
    with pytest.raises(DataError, match=part):
        load(csv(tmp_path, text))


def test_a_missing_column_is_named_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no column 'z'; its columns are a, y"):
        describe(csv(tmp_path, "a,y\n1,2\n", target_columns="z"))


def test_a_column_cannot_be_feature_and_target(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="column 'a' is both a feature and a target"):
        describe(csv(tmp_path, "a,y\n1,2\n", feature_columns="a", target_columns="a"))


def test_describing_imports_neither_torch_nor_scikit_learn() -> None:
    code = (
        "import sys; import engine.data.specs; assert 'numpy' not in sys.modules;"
        "from engine.data import describe; describe({'dataset': 'digits'});"
        "assert not {'torch', 'sklearn', 'pandas'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_relative_path_begins_at_the_documents_folder(tmp_path: Path) -> None:
    csv(tmp_path, "a,y\n1,2\n3,4\n")
    assert describe({"dataset": "csv", "path": "table.csv"}, str(tmp_path)).rows == 2
    with pytest.raises(DataError, match=r"table\.csv: cannot be read"):
        describe({"dataset": "csv", "path": "table.csv"})


@pytest.mark.parametrize("key", MEASURED)
def test_reading_scikit_learns_files_equals_its_loaders(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read = measured.measured(key)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    loaded = measured.measured(key)
    assert all(np.array_equal(a, b) for a, b in zip(read, loaded, strict=True))
