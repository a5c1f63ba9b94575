"""A feature whose page fills the window: when it is entered, left, and what the page is told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Protocol

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget

from ui.look.afar import unit
from ui.look.style import style_sheet
from ui.look.type_size import for_graph
from ui.shell.workspace.feature import Feature

if TYPE_CHECKING:
    from engine.compile.views import TraceView
    from graph.storage.document import Document
    from ui.engine_link.messages import Progress
    from ui.look.stage import Stage
    from ui.look.theme import Theme
    from ui.shell.workspace.workspace import Workspace


class StagePage(Protocol):
    """What such a page is told. `ask`: something may have changed; `forget`: another document; `end`: it is left."""

    close_button: QPushButton

    def ask(self) -> None: ...
    def forget(self) -> None: ...
    def end(self) -> None: ...
    def first_stop(self) -> QWidget: ...
    def set_theme(self, theme: Theme) -> None: ...


class StageFeature(Feature):
    """Subclasses name the row that shows the page (`action`), and make the page when it is first shown (`make`)."""

    action: ClassVar[str]
    largest: ClassVar[float] = 1.35
    """Type of the page is not larger than this, unless the user wants it so."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._stage: Stage | None = None
        self._made: tuple[StagePage, QWidget] | None = None

    def make(self) -> tuple[StagePage, QWidget, str]:
        """The page, the same as a widget, and what a screen reader calls it."""
        raise NotImplementedError

    def staged(self, stage: Stage) -> None:
        """The page was just made, and is going to lie on this stage."""

    def gone(self) -> None:
        """The page is no longer seen."""

    def entered(self) -> None:
        """The page is shown now, and is asked next."""

    @property
    def shown(self) -> bool:
        return self._stage is not None and self._stage.isVisible()

    def toggle(self) -> None:
        """Show the page, or the graph again."""
        if self.shown:
            self._leave()
        else:
            self._enter()
        self.workspace.actions_by_id[self.action].setChecked(self.shown)

    def _enter(self) -> None:
        from ui.look.stage import Stage

        if self._stage is None or self._made is None:
            page, widget, name = self.make()
            self._stage, self._made = Stage(self.workspace.widget, name), (page, widget)
            self._stage.left.connect(self.escaped)
            page.close_button.clicked.connect(self.escaped)
            self.staged(self._stage)
        page, widget = self._made
        self._stage.put(widget)
        self._dress()
        self.entered()
        page.ask()
        page.first_stop().setFocus(Qt.FocusReason.OtherFocusReason)

    def _leave(self) -> None:
        assert self._stage is not None and self._made is not None
        self._stage.hide()
        self._made[0].end()
        self.gone()
        self.workspace.canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def escaped(self) -> bool:
        if self.shown:
            self.toggle()
            return True
        return False

    def _dress(self) -> None:
        if self._stage is not None and self._made is not None and self.shown:
            theme = for_graph(self.workspace.theme)
            theme = replace(theme, scale=min(unit(self._stage, theme), max(self.largest, theme.scale)))  # it is read from the last row
            self._stage.setStyleSheet(style_sheet(theme))
            self._made[0].set_theme(theme)

    # what changes

    def set_theme(self, theme: Theme) -> None:
        self._dress()

    def set_document(self, document: Document) -> None:
        if self._made is not None:
            self._made[0].forget()
        if self.shown:
            self.toggle()

    def document_changed(self) -> None:
        self._told()

    def set_seen(self, trace: TraceView | None, stale: bool) -> None:
        self._told()

    def set_progress(self, progress: Progress) -> None:
        self._told()

    def _told(self) -> None:
        if self._made is not None and self.shown:
            self._made[0].ask()

    def end(self) -> None:
        if self._made is not None:
            self._made[0].end()
