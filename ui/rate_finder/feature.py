"""What the window holds of the learning-rate finder: its action brings the panel to the front and starts the sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ui.shell.workspace.feature import Feature

if TYPE_CHECKING:
    from ui.rate_finder.page import RatePage

ROOM = 260
"""Height that the plot and its words need for type at 100 %."""


class RateFinder(Feature):
    """`find` runs the sweep and shows it."""

    def find(self) -> None:
        self.workspace.pages.show("rate_finder", room=ROOM)
        page: RatePage = self.workspace.pages.panel("rate_finder")  # type: ignore[assignment]
        page.begin()
