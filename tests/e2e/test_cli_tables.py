"""From a table to test accuracy on the command line: look at it with `data`, put it into the iris example, `train`."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_wine

from cli.built_in import EXAMPLES
from cli.commands import run_command
from tests.support.pictures import write_folders

GERMAN = ("Alkohol", "Äpfelsäure", "Asche", "Alkalität", "Magnesium", "Phenole", "Flavonoide", "Nichtflavonoide", "Proanthocyane",
          "Farbstärke", "Farbton", "Verdünnung", "Prolin", "Anbaugebiet")  # fmt: skip
"""The columns of the wine table, as a German names them."""


def german_wine() -> bytes:
    """The wine table as a German spreadsheet exports it: semicolons, decimal commas, points between thousands, Windows letters."""
    wine = load_wine()
    lines = [";".join(GERMAN)]
    for row, label in zip(wine.data.tolist(), wine.target.tolist(), strict=True):
        cells = [f"{value:.2f}".replace(".", ",") for value in row[:-1]] + [f"{int(row[-1]):,}".replace(",", ".")]
        lines.append(";".join([*cells, ("Süd", "Nord", "West")[label]]))
    return "\r\n".join(lines).encode("cp1252")


def passengers() -> bytes:
    """A table with a column of words, dates and missing cells: women and children are saved."""
    rng = np.random.default_rng(0)
    lines = ["Name,Boarded,Sex,Age,Fare,Saved"]
    for n in range(240):
        fare, sex, age = rng.normal(30, 9), rng.choice(["male", "female", " Female"]), int(rng.integers(1, 70))
        saved = "yes" if sex != "male" or age < 14 else "no"
        lines.append(f'"No{n}, Mx.",1912-04-{n % 9 + 1:02d},{sex if n % 40 else ""},{age if n % 12 else "?"},{fare:.2f},{saved}')
    return "\n".join(lines).encode()


STORIES: dict[str, tuple[Callable[[], bytes], int, dict[str, Any], float]] = {
    "penguins": (lambda: files("palmerpenguins").joinpath("data/penguins.csv").read_bytes(), 333, {}, 0.97),
    "wine from a German spreadsheet": (german_wine, 178, {}, 0.93),
    "words and missing cells": (passengers, 240, {"Age": {"missing": "median"}, "Sex": {"missing": "category"}}, 0.9),
}


@pytest.mark.parametrize("name", STORIES)
def test_from_a_table_to_test_accuracy(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content, usable, choices, least = STORIES[name]
    (tmp_path / "table.csv").write_bytes(content())
    assert run_command(["data", str(tmp_path / "table.csv"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    target = next(column for column in told["columns"] if column["role"] == "target")
    assert (target["name"], target["kind"] in ("category", "yes/no")) == (
        {"penguins": "species", "words and missing cells": "Saved"}.get(name, "Anbaugebiet"), True
    )  # fmt: skip
    document = json.loads((EXAMPLES / "iris.gradwire").read_text())
    document["nodes"][0]["params"] = {"dataset": "csv", "path": "table.csv", "coding": "index", "columns": choices}
    document["nodes"][4]["params"]["out_features"] = 2 if name.startswith("words") else 3
    (tmp_path / "table.gradwire").write_text(json.dumps(document))
    assert run_command(["train", str(tmp_path / "table.gradwire"), "--json", "--epochs", "25"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["metrics"]["test_accuracy"] >= least, result["metrics"]
    assert usable in (told["rows"], 333)


def test_a_category_enters_an_embedding_by_its_index(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Which of four cities a row names decides its class: a slice of the features, read as an index, finds the city's vector."""
    (tmp_path / "table.csv").write_text("city,x,y\n" + "".join(f"{'abcd'[n % 4]},{n % 7},{'yes' if n % 2 else 'no'}\n" for n in range(120)))
    document = json.loads((EXAMPLES / "iris.gradwire").read_text())
    kinds = [("source.data", {"dataset": "csv", "path": "table.csv", "columns": {"city": {"code": "index"}}}),
             ("math.slice", {"start": 0, "length": 1, "keep_axis": False}), ("math.to_index", {}),
             ("layer.embedding", {"count": 4, "dimension": 2}), ("layer.linear", {"out_features": 2})]  # fmt: skip
    for node, (kind, settings) in zip(document["nodes"], kinds, strict=False):
        node |= {"type": kind, "params": settings}
    (tmp_path / "table.gradwire").write_text(json.dumps(document))
    assert run_command(["train", str(tmp_path / "table.gradwire"), "--json", "--epochs", "20"]) == 0
    assert json.loads(capsys.readouterr().out)["metrics"]["test_accuracy"] == 1.0


def test_pictures_are_described_by_size_classes_and_parts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images = np.random.default_rng(0).integers(0, 255, (24, 5, 8)).astype(np.uint8)
    folder = write_folders(tmp_path / "pets", images, np.array([0] * 12 + [1] * 8 + [2] * 4), {0: "cat", 1: "dog", 2: "owl"})
    assert run_command(["data", str(folder), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["rows"], told["width"], told["height"], told["channels"]) == (24, 8, 5, 1)
    assert told["classes"] == [{"name": "cat", "rows": 12}, {"name": "dog", "rows": 8}, {"name": "owl", "rows": 4}]
    assert sum(told["parts"].values()) == 24 and told["notes"]
    assert run_command(["data", str(folder)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("24 pictures, 8 × 5 pixels, grey, 3 classes") and "cat    12" in said
    assert run_command(["data", str(folder), "--separator", ","]) == 2
    assert "--separator does not apply" in capsys.readouterr().err


def test_the_data_of_a_graph_have_the_names_chosen_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "t.csv").write_text("a,b,kind\n" + "".join(f"{n},{n / 4},{'uv'[n % 2]}\n" for n in range(12)))
    document = json.loads((EXAMPLES / "iris.gradwire").read_text())
    node = next(node for node in document["nodes"] if node["type"] == "source.data")
    columns = {"a": {"role": "feature", "name": "length"}, "b": {"role": "feature"}, "kind": {"role": "target", "name": "leaf"}}
    node["params"] = {"dataset": "csv", "path": "t.csv", "columns": columns}
    (tmp_path / "g.gradwire").write_text(json.dumps(document))
    assert run_command(["data", str(tmp_path / "g.gradwire")]) == 0
    said = capsys.readouterr().out
    assert "length" in said and "Column a is called length here." in said
    assert run_command(["data", str(tmp_path / "g.gradwire"), "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)["data"]
    assert [column["name"] for column in told["columns"]] == ["length", "b", "leaf"]
