"""What the window holds of `ui.predict`. Loads its widgets when they are first used."""

from __future__ import annotations

from ui.feature import Feature


class Predict(Feature):
    """Hidden numbers to be predicted, and planted faults to be found."""
