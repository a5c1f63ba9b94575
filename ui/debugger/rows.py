"""The action table's rows of `ui.debugger`."""

from __future__ import annotations

from ui.action_spec import ActionSpec

ROWS: tuple[ActionSpec, ...] = ()
