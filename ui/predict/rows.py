"""The action table's rows of `ui.predict`."""

from __future__ import annotations

from ui.action_spec import ActionSpec

ROWS: tuple[ActionSpec, ...] = ()
