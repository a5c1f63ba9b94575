"""What the window holds of `ui.presenter`. Loads its widgets when they are first used."""

from __future__ import annotations

from ui.feature import Feature


class Presenter(Feature):
    """Presenter mode: full screen, pen, spotlight, clicker."""
