"""What the window holds of `ui.unfold`. Loads its widgets when they are first used."""

from __future__ import annotations

from ui.feature import Feature


class Unfold(Feature):
    """Opening a layer into elementary nodes, and folding it back."""
