"""The page of curvature fills the window: when it is entered, left, and what it is told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from graph.text.messages import _
from ui.look.afar import unit
from ui.look.style import style_sheet
from ui.look.type_size import for_graph
from ui.shell.workspace.feature import Feature

if TYPE_CHECKING:
    from engine.compile.views import TraceView
    from graph.storage.document import Document
    from ui.curvature.page import CurvaturePage
    from ui.engine_link.messages import Progress
    from ui.look.stage import Stage
    from ui.look.theme import Theme
    from ui.shell.workspace.workspace import Workspace

LARGEST = 1.35
"""Type of the page is not larger than this, unless the user wants it so."""


class CurvatureFeature(Feature):
    """`page` is made when it is first shown."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._stage: Stage | None = None
        self.page: CurvaturePage | None = None

    @property
    def shown(self) -> bool:
        return self._stage is not None and self._stage.isVisible()

    def toggle(self) -> None:
        """Show the Hessian, or the graph again."""
        if self.shown:
            self._leave()
        else:
            self._enter()
        self.workspace.actions_by_id["hessian"].setChecked(self.shown)

    def _enter(self) -> None:
        from ui.curvature.page import CurvaturePage
        from ui.look.stage import Stage

        if self._stage is None or self.page is None:
            self._stage, self.page = Stage(self.workspace.widget, _("Hessian of the objective")), CurvaturePage(self.workspace)
            self._stage.left.connect(self.escaped)
            self.page.close_button.clicked.connect(self.escaped)
        self._stage.put(self.page)
        self._dress()
        self.page.ask()
        self.page.first_stop().setFocus(Qt.FocusReason.OtherFocusReason)

    def _leave(self) -> None:
        assert self._stage is not None and self.page is not None
        self._stage.hide()
        self.page.end()
        self.workspace.canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def escaped(self) -> bool:
        if self.shown:
            self.toggle()
            return True
        return False

    def _dress(self) -> None:
        if self._stage is not None and self.page is not None and self.shown:
            theme = for_graph(self.workspace.theme)
            theme = replace(theme, scale=min(unit(self._stage, theme), max(LARGEST, theme.scale)))  # it is read from the last row
            self._stage.setStyleSheet(style_sheet(theme))
            self.page.set_theme(theme)

    # what changes

    def set_theme(self, theme: Theme) -> None:
        self._dress()

    def set_document(self, document: Document) -> None:
        if self.page is not None:
            self.page.forget()
        if self.shown:
            self.toggle()

    def document_changed(self) -> None:
        self._told()

    def set_seen(self, trace: TraceView | None, stale: bool) -> None:
        self._told()

    def set_progress(self, progress: Progress) -> None:
        self._told()

    def _told(self) -> None:
        if self.page is not None and self.shown:
            self.page.ask()

    def end(self) -> None:
        if self.page is not None:
            self.page.end()
