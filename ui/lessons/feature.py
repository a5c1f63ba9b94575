"""What the window holds of `ui.lessons`. Loads its widgets when they are first used."""

from __future__ import annotations

from ui.feature import Feature


class Lessons(Feature):
    """Lessons: playing, recording, speaker notes."""
