"""A page of the bottom panel once more, as large as the window, until Esc."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from ui.look.afar import unit
from ui.look.stage import Stage
from ui.look.style import style_sheet
from ui.look.type_size import for_graph
from ui.shell.workspace.services import LESSONS

if TYPE_CHECKING:
    from ui.shell.workspace.panel import Panel
    from ui.shell.workspace.workspace import Workspace

LOW = 800
"""In a window that is less high, for type at 100 %, a picture below the canvas is too small to read."""


def fills_at_once(workspace: Workspace) -> bool:
    """Whether a page with a picture fills the window as soon as it is asked for: on a projector and in a low window, unless a lesson is
    open beside the canvas."""
    lessons, theme = workspace.services.find(LESSONS), workspace.theme
    low = workspace.widget.height() < LOW * theme.scale
    return (low or theme.name == "projector") and (lessons is None or lessons.step is None)


class Staged:
    """`page` is made when it is first shown here; it is another one than that in the bottom panel, and shows the same.

    `largest`: in a high window its type grows up to this size, so that it is read from the last row.
    """

    def __init__(self, workspace: Workspace, name: str, make: Callable[[Workspace], Panel], largest: float = 0.0) -> None:
        self._workspace, self._name, self._make, self._largest = workspace, name, make, largest
        self._stage: Stage | None = None
        self.page: Panel | None = None

    @property
    def shown(self) -> bool:
        return self._stage is not None and self._stage.isVisible()

    def enter(self, prepare: Callable[[Panel], None]) -> None:
        """Fill the window; `prepare` is called with a page that was just made."""
        if self._stage is None or self.page is None:
            self._stage, self.page = Stage(self._workspace.widget, self._name), self._make(self._workspace)
            self._stage.left.connect(self.leave)
            prepare(self.page)
        self._stage.put(self.page)
        self.dress()
        self.page.first_stop().setFocus(Qt.FocusReason.OtherFocusReason)

    def leave(self) -> None:
        if self._stage is not None and self.shown:
            self._stage.hide()
            self._workspace.canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def dress(self) -> None:
        """Colours, and type as large as on the canvas: it is read from afar."""
        if self._stage is not None and self.page is not None and self.shown:
            theme = for_graph(self._workspace.theme)
            theme = replace(theme, scale=min(unit(self._stage, theme), max(self._largest, theme.scale)))
            self._stage.setStyleSheet(style_sheet(theme))
            self.page.set_theme(theme)
