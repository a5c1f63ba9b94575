"""All panels and features there are: whatever packages of `ui` declare (`PANELS` and `FEATURE` in their `__init__`)."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from graph.text.messages import _
from ui.look.frame import BOTTOM_HEIGHT
from ui.shell.workspace.action_spec import ActionSpec
from ui.shell.workspace.feature import FeatureSpec
from ui.shell.workspace.panel import PanelSpec

BOTTOM = PanelSpec(
    "bottom", _("Training, data and problems"), "below", "ui.shell.bottom:Bottom", 40, size=BOTTOM_HEIGHT, least=(150, 0.25),
    modes=("debug", "analyse"), tip=_("Show or hide the bottom panel"),
)  # fmt: skip
"""The window's own: a dock for all panels that are tabs below the canvas."""


@cache
def _packages() -> tuple[ModuleType, ...]:
    names = sorted(module.name for module in pkgutil.iter_modules([str(Path(__file__).parents[1])]) if module.ispkg)
    return tuple(importlib.import_module(f"ui.{name}") for name in names)


@cache
def panel_specs() -> dict[str, PanelSpec]:
    """Panels by key, in their order."""
    specs = [spec for package in _packages() for spec in getattr(package, "PANELS", ())]
    return _by_key(sorted([BOTTOM, *specs], key=lambda spec: spec.order))


@cache
def feature_specs() -> dict[str, FeatureSpec]:
    """Features by key, in their order."""
    specs = [package.FEATURE for package in _packages() if hasattr(package, "FEATURE")]
    return _by_key(sorted(specs, key=lambda spec: spec.order))


@cache
def rows() -> tuple[ActionSpec, ...]:
    """The rows that features and panels add to the action table."""
    panels = tuple(row for panel in panel_specs().values() for row in panel.rows)
    return panels + tuple(row for feature in feature_specs().values() for row in feature.rows)


def load(path: str) -> Any:
    """What a declaration names as `module:name`."""
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)


def _by_key(specs: list[Any]) -> dict[str, Any]:
    by_key = {spec.key: spec for spec in specs}
    if len(by_key) < len(specs):
        raise ValueError("two declarations have the same key")
    return by_key
