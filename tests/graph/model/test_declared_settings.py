"""Every setting of a document and of a training run, as it is declared: a new declaration is covered without a line here."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any, get_args

import pytest

from graph.model.document_settings import DOCUMENT_SETTINGS, DocumentSetting, decisive, setting_refusal
from graph.model.edits import SetGraphSetting, SetTraining
from graph.model.graph import GraphError
from graph.model.lint import lint
from graph.model.settings import complaint
from graph.model.spec import Setting
from graph.model.training_settings import (
    TRAINING_SETTINGS,
    Effect,
    TrainingSetting,
    conditions,
    effective,
    training_defaults,
    training_refusal,
)
from graph.storage.files import dumps, loads
from tests.support.catalog import CATALOG, Graph, add

each_training = pytest.mark.parametrize("setting", TRAINING_SETTINGS, ids=lambda s: s.name)
each_document = pytest.mark.parametrize("setting", DOCUMENT_SETTINGS, ids=lambda s: s.name)


def other_value(setting: Setting, graph: Graph) -> Any:
    """A value of the setting that is not its default."""
    if setting.kind == "output":
        return {"node": next(iter(graph.nodes)), "port": "y"}
    if setting.name == "objectives":
        return [{"node": next(iter(graph.nodes)), "port": "y", "parameters": [], "direction": "maximise"}]
    number = min((setting.minimum or 0) + 3.5, (setting.maximum or math.inf) - 0.5)
    return {
        "int": int(number), "float": number, "bool": not setting.default, "text": "another", "ints": [4, 7],
        "choice": setting.choices[-1] if setting.choices else "another", "object": {"lr": 0.25}, "json": ["any", 1],
    }[setting.kind]  # fmt: skip


def wrong_values(setting: Setting) -> Iterator[Any]:
    """Values of another kind, and the first ones beyond the range."""
    if setting.kind == "json":
        yield float("nan")
        return
    yield {
        "int": 2.5, "float": "3", "bool": 1, "text": 5, "choice": 5, "ints": [2.5], "object": [1], "output": {"node": "n1"},
    }[setting.kind]  # fmt: skip
    if not setting.optional:
        yield None
    if setting.minimum is not None:
        below = setting.minimum if setting.exclusive_minimum else setting.minimum - 1
        yield [int(below)] if setting.kind == "ints" else int(below)
    if setting.maximum is not None:
        yield int(setting.maximum) + 1
    if setting.kind in ("int", "float"):
        yield from (True, float("inf"))
    if setting.kind == "choice" and setting.choices and not getattr(setting, "offered", False):
        yield "no such choice"


def small_graph() -> Graph:
    graph = Graph(CATALOG)
    add(graph, "source.input", "x")
    return graph


@each_training
def test_a_training_setting_goes_through_a_file_and_is_undone(setting: TrainingSetting) -> None:
    graph = small_graph()
    before, value = dumps(graph), other_value(setting, graph)
    inverse = SetTraining(setting.name, value).apply(graph)
    assert json.loads(dumps(graph))["training"][setting.name] == value
    assert loads(dumps(graph), CATALOG).training == graph.training and not lint(graph)
    inverse.apply(graph)
    assert dumps(graph) == before


@each_document
def test_a_document_setting_goes_through_a_file_and_is_undone(setting: DocumentSetting) -> None:
    graph = small_graph()
    before, value = dumps(graph), other_value(setting, graph)
    inverse = SetGraphSetting(setting.name, value).apply(graph)
    assert json.loads(dumps(graph))["settings"][setting.name] == value
    assert loads(dumps(graph), CATALOG).settings == graph.settings and not lint(graph)
    inverse.apply(graph)
    assert dumps(graph) == before


@each_training
def test_a_training_setting_refuses_what_it_cannot_hold(setting: TrainingSetting) -> None:
    refused = 0
    for value in wrong_values(setting):
        graph = small_graph()
        with pytest.raises(GraphError, match=f'the training setting "{setting.name}"'):
            SetTraining(setting.name, value).apply(graph)
        assert graph.training == training_defaults()
        refused += 1
    assert refused
    assert training_refusal(setting.name, setting.default) is None


@each_document
def test_a_document_setting_refuses_what_it_cannot_hold(setting: DocumentSetting) -> None:
    refused = 0
    for value in wrong_values(setting):
        with pytest.raises(GraphError, match=f'the document\'s "{setting.name}"'):
            SetGraphSetting(setting.name, value).apply(small_graph())
        refused += 1
    assert refused
    assert setting_refusal(setting.name, setting.default) is None


def test_the_file_lists_the_settings_in_the_order_of_their_declaration() -> None:
    graph = small_graph()
    for setting in reversed(TRAINING_SETTINGS):
        SetTraining(setting.name, other_value(setting, graph)).apply(graph)
    SetTraining("a later version's", 1).apply(graph)
    for document_setting in reversed(DOCUMENT_SETTINGS):
        SetGraphSetting(document_setting.name, other_value(document_setting, graph)).apply(graph)
    SetGraphSetting("of a plug-in", 1).apply(graph)
    content = json.loads(dumps(graph))
    assert list(content["training"]) == [*(setting.name for setting in TRAINING_SETTINGS), "a later version's"]
    known = [setting.name for setting in DOCUMENT_SETTINGS if not setting.by_name]
    assert list(content["settings"]) == [*known, *sorted([*(s.name for s in DOCUMENT_SETTINGS if s.by_name), "of a plug-in"])]


@each_training
def test_a_change_is_seen_by_its_effect_alone(setting: TrainingSetting) -> None:
    before = training_defaults()
    after = before | {setting.name: other_value(setting, small_graph())}
    effects: tuple[Effect, ...] = get_args(Effect)
    assert [effect for effect in effects if conditions(before, effect) != conditions(after, effect)] == [setting.effect]


def test_later_steps_are_others_after_a_change_of_optimizer_or_batches_only() -> None:
    before = training_defaults()
    changes: dict[str, Any] = {"epochs": 7, "steps": 7, "seed": 7, "device": "cpu", "optimizer": "adam", "hyper": {}, "batch_size": None}
    same = conditions(before, "update", "batches")
    others = [name for name, value in changes.items() if conditions(before | {name: value}, "update", "batches") != same]
    assert others == ["optimizer", "hyper", "batch_size"]


def test_only_what_changes_the_program_means_compiling_again() -> None:
    graph = small_graph()
    changing = {s.name for s in DOCUMENT_SETTINGS if decisive({s.name: other_value(s, graph)}) != decisive({})}
    assert changing >= {"dtype", "objective", "fault"} and changing.isdisjoint({"title", "description", "demo", "probes", "order"})
    assert {s.name for s in DOCUMENT_SETTINGS if SetGraphSetting(s.name, s.default).kind_in(graph) == "structure"} == changing


def test_of_two_that_exclude_each_other_the_later_one_holds() -> None:
    pairs = [(setting, excluded) for setting in TRAINING_SETTINGS if (excluded := setting.excludes)]
    assert all(other.excludes == setting.name for setting, name in pairs for other in TRAINING_SETTINGS if other.name == name)
    assert effective({"epochs": 3, "steps": 5})["epochs"] is None and effective({"epochs": 3, "steps": 5})["steps"] == 5
    assert effective({"epochs": 3, "steps": None})["epochs"] == 3
    assert effective({})["epochs"] is None, "a document that does not say how long to train has no length"


@pytest.mark.parametrize("setting", [*TRAINING_SETTINGS, *DOCUMENT_SETTINGS], ids=lambda s: s.name)
def test_a_declaration_is_whole(setting: Setting) -> None:
    assert setting.name.isidentifier() and setting.label
    assert complaint(setting, setting.default) is None
    assert len(setting.choice_titles) in (0, len(setting.choices))
    assert setting.help.endswith(".") or not setting.help
