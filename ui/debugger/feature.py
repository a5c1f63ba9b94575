"""What the window holds of `ui.debugger`. Loads its widgets when they are first used."""

from __future__ import annotations

from ui.feature import Feature


class Debugger(Feature):
    """Stepping through passes and iterations, with breakpoints."""
