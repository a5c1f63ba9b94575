"""The table of samples and the survey of the data, against NumPy on the arrays themselves."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest
import torch

from engine.data import DataSet, load
from engine.data.parts import PARTS
from engine.explain.context import ExplainContext
from engine.learned.predictions import PredictionsJob
from engine.learned.row_filter import FilterError, chosen
from engine.learned.surveying import bins
from engine.learned.table import Column, RowsJob, Survey, SurveyJob, Table, TableJob
from engine.numerics.job import Job, JobError, finished
from engine.training.model import Model
from graph.model.edits import SetParam
from tests.support.networks import network, tanh_net


@pytest.fixture
def model() -> Model:
    graph = tanh_net()
    SetParam("data", "validation_fraction", 0.2).apply(graph)
    return Model(graph)


def whole(context: ExplainContext, job: Job) -> Any:
    module, name = job.done_by.split(":")
    return finished(getattr(importlib.import_module(module), name)(context, job))


def joined(data: DataSet, which: str) -> np.ndarray:
    return np.concatenate([getattr(data.part(part), which) for part in PARTS])


def test_rows_are_sorted_and_chosen_as_numpy_would(model: Model) -> None:
    data = load(model.graph.settings_of("data"))
    x, y = joined(data, "x"), joined(data, "y")
    context = ExplainContext(model)
    plain: Table = whole(context, TableJob("data"))
    assert [c.name for c in plain.columns] == ["row", "part", "target", "prediction", "probability", "loss", "x1", "x2"]
    assert plain.order.tolist() == list(range(100)) and np.array_equal(plain.rows, joined(data, "rows"))
    x1 = plain.columns[6]
    found: Table = whole(context, TableJob("data", x1, descending=True, where="x2 > 0.25 and target = lower and not test"))
    expected = [i for i in np.argsort(-x[:, 0], kind="stable") if x[i, 1] > 0.25 and y[i] == 1 and i < 75]
    assert found.order.tolist() == expected and found.stamp is None
    some: Table = whole(context, TableJob("data", where="batch and lower", batch=(3, 60, 61)))
    assert some.order.tolist() == [i for i in (3, 60, 61) if y[i] == 1]
    assert found.counts == {"train": 55, "validation": 20, "test": 25}


def test_a_choice_by_predictions_reads_the_test_part_only_on_request(model: Model) -> None:
    context, data = ExplainContext(model), load(model.graph.settings_of("data"))
    parameters = model.state.parameters
    hidden = torch.tanh(torch.tensor(joined(data, "x")) @ parameters["hidden.W"].T + parameters["hidden.b"])
    scores = hidden @ parameters["out.W"].T + parameters["out.b"]
    wrong = np.flatnonzero(scores.argmax(1).numpy() != joined(data, "y"))
    asked: Table = whole(context, TableJob("data", where="wrong"))
    assert asked.order.tolist() == wrong.tolist() and asked.stamp is not None and asked.stamp.step == 0
    assert whole(context, TableJob("data", where="wrong", test=False)).order.tolist() == [i for i in wrong if i < 75]
    by_loss: Table = whole(context, TableJob("data", Column("loss", "loss"), descending=True))
    losses = torch.nn.functional.cross_entropy(scores, torch.tensor(joined(data, "y")), reduction="none").numpy()
    assert by_loss.order.tolist() == np.argsort(-losses, kind="stable").tolist()
    cells = whole(context, RowsJob("data", (99, 0, 60))).cells
    assert cells[:, 5] == pytest.approx(losses[[99, 0, 60]], rel=1e-12)
    assert np.array_equal(cells[:, 6:], joined(data, "x")[[99, 0, 60]]) and cells[:, 1].tolist() == [2, 0, 1]
    assert np.isnan(whole(context, RowsJob("data", (99, 0), test=False)).cells[:, 3]).tolist() == [True, False]
    few = whole(context, PredictionsJob("train", 0, 0, 0, (3, 1)))
    assert np.array_equal(few.rows, data.train.rows[[3, 1]]) and few.loss == pytest.approx(losses[[3, 1]], rel=1e-12)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("sepal length (cm) >= 5,1", lambda x, y: x[:, 0] >= 5.1),
        ("setosa or virginica, petal width (cm)<2", lambda x, y: (y == 0) | ((y == 2) & (x[:, 3] < 2))),
        ("not (species = setosa) and 'petal width (cm)' != 1.5", lambda x, y: (y != 0) & (x[:, 3] != 1.5)),
        ("sepal w > 3", lambda x, y: x[:, 1] > 3),
    ],
)
def test_what_an_expression_chooses(text: str, right: Any) -> None:
    data = load({"dataset": "iris"})
    x, y, about = data.train.x, data.train.y, data.description
    columns = [Column("species", "class"), *(Column(name, "feature") for name in about.feature_names)]
    numbers = {column: y.astype(float) if column.kind == "class" else x[:, columns.index(column) - 1] for column in columns}
    assert np.array_equal(chosen(text, columns, about.classes, numbers.__getitem__), right(x, y))


def test_what_is_wrong_with_an_expression_is_said() -> None:
    columns = [Column("height", "feature"), Column("kind", "class")]
    values = {column: np.zeros(3) for column in columns}.__getitem__
    for text, why in (("heigth > 2", "Did you mean height"), ("height >", "nothing is behind"), ("height > tall", "not a number"),
                      ("kind = c", "it has a, b"), ("(height > 1", "bracket"), ("height > 1 and", "missing"),
                      ("wrong", "no class")):  # fmt: skip
        with pytest.raises(FilterError, match=why.replace("(", r"\(")):
            chosen(text, columns, ["a", "b"], values)


def test_a_survey_counts_as_numpy_does(model: Model) -> None:
    data = load(model.graph.settings_of("data"))
    x, y = joined(data, "x"), joined(data, "y")
    found: Survey = whole(ExplainContext(model), SurveyJob("data"))
    assert found.names == ("x1", "x2") and (found.across, found.up) == (0, 1)
    for at, (name, edges, counts) in enumerate(found.histograms):
        assert name == f"x{at + 1}" and np.array_equal(edges, np.histogram_bin_edges(x[:, at], 24))
        assert all(np.array_equal(counts[label], np.histogram(x[y == label, at], edges)[0]) for label in (0, 1))
    assert found.class_counts.tolist() == [[int((data.part(part).y == label).sum()) for part in PARTS] for label in (0, 1)]
    assert np.array_equal(np.column_stack([found.x, found.y]), x) and np.array_equal(found.classes, y)
    assert bins(np.array([1.0, 3.0, 2.0])).tolist() == [0.5, 1.5, 2.5, 3.5]
    for hard in ([-1.7e308, 1.7e308], [0.1, 0.1 + 1e-17, np.nextafter(0.1, 1)], [1e300, 1e300]):  # no range, or nothing between two edges
        edges = bins(np.array(hard))
        assert (np.diff(edges) > 0).all() and np.histogram(hard, edges)[0].sum() == len(hard)


def test_what_keeps_the_data_from_being_read_is_said() -> None:
    graph = network({"data": ("source.data", {"dataset": "csv", "path": "nowhere.csv"})}, "")
    with pytest.raises(JobError, match="nowhere"):
        whole(ExplainContext(Model(graph)), SurveyJob("data"))
