"""What the window holds of gradient noise: its rows bring a page to the front, in the bottom panel or as large as the window."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from graph.text.messages import _
from ui.look.afar import unit
from ui.look.stage import Stage
from ui.look.style import style_sheet
from ui.look.type_size import for_graph
from ui.shell.workspace.feature import Feature
from ui.shell.workspace.services import LESSONS

if TYPE_CHECKING:
    from graph.storage.document import Document
    from ui.look.theme import Theme
    from ui.noise.page import NoisePage
    from ui.shell.workspace.workspace import Workspace

ROOM = 360
"""Height that the panel needs for type at 100 %."""
LARGEST = 1.3
"""Type of a page that fills the window is not larger than this, unless the user wants it so."""


class NoiseFeature(Feature):
    """`large` is the page that fills the window, once it was made: another one than that in the bottom panel."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self.large: NoisePage | None = None
        self._stage: Stage | None = None

    @property
    def filled(self) -> bool:
        return self._stage is not None and self._stage.isVisible()

    def show_noise(self) -> None:
        """In the bottom panel; at once as large as the window on a projector, unless a lesson is open."""
        lessons = self.workspace.services.find(LESSONS)
        if self.workspace.theme.name == "projector" and (lessons is None or lessons.step is None):
            self.fill()
            return
        self.workspace.pages.show("noise", room=ROOM)
        page: NoisePage = self.workspace.pages.panel("noise")  # type: ignore[assignment]
        page.attach(self.fill, large=False)

    def fill(self) -> None:
        """Fill the window with the page."""
        from ui.noise.page import NoisePage

        if self._stage is None or self.large is None:
            self._stage, self.large = Stage(self.workspace.widget, _("Gradient noise")), NoisePage(self.workspace)
            self._stage.left.connect(self.leave)
            self.large.attach(self.leave, large=True)
        self._stage.put(self.large)
        self._dress()
        self.large.first_stop().setFocus(Qt.FocusReason.OtherFocusReason)

    def leave(self) -> None:
        if self._stage is not None and self.filled:
            self._stage.hide()
            self.workspace.canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def escaped(self) -> bool:
        if self.filled:
            self.leave()
            return True
        return False

    def _dress(self) -> None:
        if self._stage is not None and self.large is not None and self.filled:
            theme = for_graph(self.workspace.theme)
            theme = replace(theme, scale=min(unit(self._stage, theme), max(LARGEST, theme.scale)))
            self._stage.setStyleSheet(style_sheet(theme))
            self.large.set_theme(theme)

    # the page that fills the window hears what panels hear

    def set_theme(self, theme: Theme) -> None:
        self._dress()

    def set_document(self, document: Document) -> None:
        self.leave()
        if self.large is not None:
            self.large.set_document(document)

    def document_changed(self) -> None:
        if self.large is not None:
            self.large.document_changed()

    def set_seen(self, trace: object, stale: bool) -> None:
        if self.large is not None:
            self.large.ask()

    def set_progress(self, progress: object) -> None:
        if self.large is not None:
            self.large.ask()

    def end(self) -> None:
        if self.large is not None:
            self.large.end()
