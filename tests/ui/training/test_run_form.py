"""The training page has a field for every declared setting of a run, and it edits the document."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtWidgets import QLabel, QLineEdit
from pytestqt.qtbot import QtBot

from engine.nodes.catalog import CATALOG
from graph.model.edits import SetTraining
from graph.model.training_settings import TRAINING_SETTINGS, TrainingSetting
from graph.storage.document import Document
from tests.support.fake_workspace import FakeWorkspace
from tests.support.fields import enter
from ui.forms.forms import ParameterForm
from ui.look.theme import LIGHT
from ui.training.training import TrainingPage

SHOWN = [setting for setting in TRAINING_SETTINGS if setting.form]


@pytest.fixture
def page(qtbot: QtBot, make_workspace: Callable[..., FakeWorkspace]) -> Iterator[TrainingPage]:
    page = TrainingPage(make_workspace())
    qtbot.addWidget(page)
    page.set_theme(LIGHT)
    document = Document.new(CATALOG)
    document.do(SetTraining("hyper", {"lr": 0.1, "weight_decay": 0.1}), "decay")  # without it, that of biases is not asked
    document.seal()
    page.set_document(document)
    page.show()
    yield page


def form_of(page: TrainingPage, setting: TrainingSetting) -> ParameterForm:
    """The form with the setting's field, opened."""
    if setting.form in page.sections:
        page.sections[setting.form].open()
        return page.sections[setting.form].form
    if setting.form != "optimizer":
        return page.run_form
    return page.optimizer.biases if setting.name == "decay_biases" else page.optimizer.form


def test_only_an_optimizer_s_own_settings_have_another_form() -> None:
    assert {setting.kind for setting in TRAINING_SETTINGS if setting not in SHOWN} == {"object"}


@pytest.mark.parametrize("setting", SHOWN, ids=lambda s: s.name)
def test_a_field_edits_its_setting_and_undo_brings_it_back(page: TrainingPage, qtbot: QtBot, setting: TrainingSetting) -> None:
    document = page._document
    assert document is not None
    before = dict(document.graph.training)
    field = form_of(page, setting).editors[setting.name]
    value = enter(qtbot, field, setting, str(int(min((setting.minimum or 0) + 7, setting.maximum or 7))))
    assert document.graph.training[setting.name] == value != before.get(setting.name, setting.default)
    if setting.excludes:
        assert document.graph.training[setting.excludes] is None
    document.undo()
    page.refresh()
    assert document.graph.training == before
    if setting.empty:
        assert isinstance(line := field.findChild(QLineEdit), QLineEdit) and line.placeholderText() == setting.empty


@pytest.mark.parametrize("setting", [s for s in SHOWN if s.kind in ("int", "float") and s.minimum is not None], ids=lambda s: s.name)
def test_a_field_refuses_what_is_out_of_range(page: TrainingPage, qtbot: QtBot, setting: TrainingSetting) -> None:
    document = page._document
    assert document is not None and setting.minimum is not None
    before = dict(document.graph.training)
    form, wrong = form_of(page, setting), int(setting.minimum) - (not setting.exclusive_minimum)
    enter(qtbot, form.editors[setting.name], setting, str(wrong))
    assert document.graph.training == before
    said = [label.text() for label in form.findChildren(QLabel) if label.isVisibleTo(page)]
    how = "greater than" if setting.exclusive_minimum else "at least"
    assert f'"{setting.name}" must be {how} {setting.minimum:g}, not {wrong:g}' in said


def test_of_two_lengths_the_one_that_holds_is_shown(page: TrainingPage) -> None:
    document = page._document
    assert document is not None
    document.do(SetTraining("steps", 40))
    page.refresh()
    shown = {name: page.run_form.editors[name].findChild(QLineEdit).text() for name in ("epochs", "steps")}
    assert shown == {"epochs": "", "steps": "40"}
