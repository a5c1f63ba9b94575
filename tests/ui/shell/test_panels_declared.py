"""Every panel that is declared opens by its key, and everything about it follows from its declaration."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication

from ui.shell import registry
from ui.shell.actions import ACTIONS, BY_ID
from ui.shell.window import Window
from ui.shell.workspace.panel import Panel

DOCKS = ("left", "right", "below")


def test_every_declared_panel_opens_by_its_key(window: Window) -> None:
    specs = registry.panel_specs()
    assert {"library", "inspector", "training", "explain", "debugger", "predictions"} <= specs.keys()
    for key in specs:
        window.panels.show(key)
        panel = window.panels.panel(key)
        QApplication.processEvents()
        assert isinstance(panel, Panel) and panel.isVisible() and window.panels.is_shown(key), key
    assert {type(panel) for panel in window.panels.all()} == {registry.load(spec.make) for spec in specs.values()}


def test_tabs_stand_in_the_order_of_their_declarations(window: Window) -> None:
    for key in registry.panel_specs():
        window.panels.panel(key)
    for dock in ("bottom", "inspector"):
        wanted = [spec.title for spec in registry.panel_specs().values() if spec.place == dock]
        tabs = window.panel(dock).tabs
        assert [tabs.tabText(at).rstrip(" 0123456789") for at in range(tabs.count())] == wanted


def test_every_dock_has_a_row_that_shows_and_hides_it(window: Window) -> None:
    for key, spec in registry.panel_specs().items():
        if spec.place in DOCKS:
            row, before = BY_ID[f"panel_{key}"], window.panels.is_shown(key)
            assert (row.text, row.tip, row.shortcuts) == (spec.title, spec.tip, spec.shortcuts)
            assert window.actions_by_id[row.id].isChecked() is before is ("build" in spec.modes and window.panels.wanted(key))
            window.actions_by_id[row.id].trigger()
            assert window.panels.is_shown(key) is not before and window.actions_by_id[row.id].isChecked() is not before
            window.actions_by_id[row.id].trigger()
            assert window.panels.is_shown(key) is before


def test_rows_of_features_and_panels_are_in_the_table_once(window: Window) -> None:
    declared = registry.rows()
    assert {"probe_value", "debugger", "why", "lessons", "present", "open_box", "hide_gradient"} <= {row.id for row in declared}
    assert [row for row in ACTIONS if row in declared] == list(declared)
    assert set(window.features) == set(registry.feature_specs())
