"""The inspector has a field for every document setting that is shown, and it edits the document."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from engine.nodes.catalog import CATALOG
from graph.formula.to_graph import build
from graph.model.document_settings import DOCUMENT_SETTINGS, DocumentSetting
from graph.storage.document import Document
from tests.support.fields import enter
from ui.inspector.pages import DocumentPage

SHOWN = [setting for setting in DOCUMENT_SETTINGS if setting.shown]


@pytest.fixture
def page(qtbot: QtBot) -> Iterator[DocumentPage]:
    page = DocumentPage()
    qtbot.addWidget(page)
    page.show_document(Document.new(CATALOG), None)
    page.show()
    yield page


@pytest.mark.parametrize("setting", SHOWN, ids=lambda s: s.name)
def test_a_field_edits_its_setting_and_undo_brings_it_back(page: DocumentPage, qtbot: QtBot, setting: DocumentSetting) -> None:
    document = page._document
    assert document is not None
    before = dict(document.graph.settings)
    field = page.form.editors[setting.name]
    field.show()  # what applies only to graphs with data has a field here too
    value = enter(qtbot, field, setting, {"ints": "3, 4", "text": "seventeen"}.get(setting.kind, str(int(setting.minimum or 0) + 2)))
    stored = [number - 1 for number in value] if setting.counted_from_one else value
    assert document.graph.settings[setting.name] == stored != before.get(setting.name)
    document.undo()
    assert document.graph.settings == before


def test_settings_without_a_field_have_one_nowhere(page: DocumentPage) -> None:
    assert set(page.form.editors) == {setting.name for setting in SHOWN}
    assert len(SHOWN) < len(DOCUMENT_SETTINGS)


def test_nodes_and_wires_are_counted(page: DocumentPage) -> None:
    assert page.facts.text() == "0 nodes · 0 wires"
    page.show_document(Document(build("exp(x)", CATALOG, {"x": 1.0})), None)
    assert page.facts.text() == "2 nodes · 1 wire"
