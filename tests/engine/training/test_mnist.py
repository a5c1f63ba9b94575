"""Handwritten digits from files of pictures are learned: from IDX files by an MLP, from folders of PNGs by a small convolutional network.

The graphs name their files relative to themselves, and lie beside them here. In the suite the convolutions go
through the pictures twice, which is enough for 93 %.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from engine.training.run import Run
from graph.model.edits import SetParam, SetTraining
from graph.storage.document import Document
from tests.support.pictures import mnist, write_folders, write_idx

GRAPHS = Path(__file__).parents[2] / "data" / "pictures"


def accuracy(document: Document) -> float:
    """On the fifth that is held out, after training with the document's own settings."""
    run = Run(Model(document.graph)).prepare()
    run.train()
    return float(run.result()["metrics"]["test_accuracy"])


@pytest.fixture
def beside(tmp_path: Path) -> Path:
    for graph in GRAPHS.iterdir():
        shutil.copy(graph, tmp_path)
    return tmp_path


def test_an_mlp_learns_mnist_from_gzipped_idx_files(beside: Path) -> None:
    path = write_idx(beside / "mnist", *mnist(), zipped=True)
    document = Document.load(beside / "mnist-mlp.gradwire", CATALOG)
    document.do(SetParam("n1", "pictures_path", str(path)))
    assert accuracy(document) >= 0.93


@pytest.mark.parametrize(("epochs", "least"), [(2, 0.93), pytest.param(8, 0.965, marks=pytest.mark.long)])
def test_a_convolutional_network_learns_mnist_from_folders_of_pngs(beside: Path, epochs: int, least: float) -> None:
    write_folders(beside / "mnist", *mnist())
    document = Document.load(beside / "mnist-cnn.gradwire", CATALOG)
    document.do(SetTraining("epochs", epochs))
    assert accuracy(document) >= least
