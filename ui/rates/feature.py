"""What the window holds of the rates of convergence: the page in the bottom panel, and the same as large as the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graph.text.messages import _
from ui.shell.workspace.feature import Feature
from ui.shell.workspace.staged import Staged, fills_at_once

if TYPE_CHECKING:
    from engine.compile.views import TraceView
    from graph.storage.document import Document
    from ui.engine_link.messages import Progress
    from ui.look.theme import Theme
    from ui.rates.page import RatesPage
    from ui.shell.workspace.workspace import Workspace

LARGEST = 1.35
"""Of the type of the page that fills the window."""
ROOM = 340
"""Height that the page needs for type at 100 %."""


class RatesFeature(Feature):
    """`show` brings the page to the front, and asks for what it shows."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._staged: Staged | None = None

    def show(self) -> None:
        """In the bottom panel; at once as large as the window on a projector and in a low window, unless a lesson is open."""
        if fills_at_once(self.workspace):
            self.fill()
            return
        self.workspace.pages.show("rates", room=ROOM)
        page: RatesPage = self.workspace.pages.panel("rates")  # type: ignore[assignment]
        page.attach(self.fill)

    def fill(self) -> None:
        """Fill the window with the page."""
        from ui.rates.page import RatesPage

        if self._staged is None:
            self._staged = Staged(self.workspace, _("Rates of convergence"), RatesPage, LARGEST)
        staged = self._staged
        staged.enter(lambda page: page.attach(staged.leave, large=True))  # type: ignore[attr-defined]
        if isinstance(staged.page, RatesPage):
            staged.page.ask()

    @property
    def page(self) -> RatesPage | None:
        """The page that fills the window, or has done so."""
        return self._staged.page if self._staged is not None else None  # type: ignore[return-value]

    def escaped(self) -> bool:
        shown = self._staged is not None and self._staged.shown
        if self._staged is not None and shown:
            self._staged.leave()
        return shown

    # what changes

    def set_document(self, document: Document) -> None:
        self.escaped()
        if self.page is not None:
            self.page.set_document(document)

    def document_changed(self) -> None:
        if self.page is not None:
            self.page.document_changed()

    def set_seen(self, trace: TraceView | None, stale: bool) -> None:
        if self.page is not None:
            self.page.set_seen(trace, stale)

    def set_progress(self, progress: Progress) -> None:
        if self.page is not None:
            self.page.set_progress(progress)

    def set_theme(self, theme: Theme) -> None:
        if self._staged is not None:
            self._staged.dress()

    def end(self) -> None:
        if self.page is not None:
            self.page.end()
