"""What the window holds of gradient noise and minima: its rows bring a page to the front, in the bottom panel or as large as the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graph.text.messages import _
from ui.shell.workspace.feature import Feature
from ui.shell.workspace.staged import Staged, fills_at_once

if TYPE_CHECKING:
    from graph.storage.document import Document
    from ui.look.theme import Theme
    from ui.noise.minima_page import MinimaPage
    from ui.noise.page import NoisePage
    from ui.shell.workspace.workspace import Workspace

    Page = NoisePage | MinimaPage

ROOM = 360
"""Height that a panel needs for type at 100 %."""
LARGEST = 1.3
"""Type of a page that fills the window is not larger than this, unless the user wants it so."""


class NoiseFeature(Feature):
    """The keys of its pages are those of the panels, `noise` and `minima`."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._staged: dict[str, Staged] = {}

    def show_noise(self) -> None:
        self._show("noise")

    def show_minima(self) -> None:
        self._show("minima")

    def _show(self, key: str) -> None:
        """In the bottom panel; at once as large as the window on a projector and in a low window, unless a lesson is open."""
        if fills_at_once(self.workspace):
            self.fill(key)
            return
        self.workspace.pages.show(key, room=ROOM)
        page: Page = self.workspace.pages.panel(key)  # type: ignore[assignment]
        page.attach(lambda: self.fill(key), large=False)

    def fill(self, key: str) -> None:
        """Fill the window with a page: another one than that in the bottom panel."""
        if key not in self._staged:
            from ui.noise.minima_page import MinimaPage
            from ui.noise.page import NoisePage

            make, name = (NoisePage, _("Gradient noise")) if key == "noise" else (MinimaPage, _("Sharp and flat minima"))
            self._staged[key] = Staged(self.workspace, name, make, LARGEST)
        staged = self._staged[key]
        staged.enter(lambda page: page.attach(staged.leave, large=True))  # type: ignore[attr-defined]

    def page(self, key: str) -> Page | None:
        """The page that fills the window, or has done so."""
        return self._staged[key].page if key in self._staged else None  # type: ignore[return-value]

    def filled(self, key: str) -> bool:
        """Whether the window is filled with this page."""
        return key in self._staged and self._staged[key].shown

    def escaped(self) -> bool:
        shown = [staged for staged in self._staged.values() if staged.shown]
        for staged in shown:
            staged.leave()
        return bool(shown)

    # pages that fill the window hear what panels hear

    def _pages(self) -> list[Page]:
        return [page for key in self._staged if (page := self.page(key)) is not None]

    def set_theme(self, theme: Theme) -> None:
        for staged in self._staged.values():
            staged.dress()

    def set_document(self, document: Document) -> None:
        self.escaped()
        for page in self._pages():
            page.set_document(document)

    def document_changed(self) -> None:
        for page in self._pages():
            page.document_changed()

    def selection_changed(self) -> None:
        for page in self._pages():
            page.ask()

    def set_seen(self, trace: object, stale: bool) -> None:
        for page in self._pages():
            page.ask()

    def set_progress(self, progress: object) -> None:
        for page in self._pages():
            page.follow_progress()

    def end(self) -> None:
        for page in self._pages():
            page.end()
