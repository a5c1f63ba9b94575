"""What the window holds of `ui.explain`. Loads its widgets when they are first used."""

from __future__ import annotations

from ui.feature import Feature


class Explain(Feature):
    """Explanation cards, ledgers, audits: every number can be asked why."""
