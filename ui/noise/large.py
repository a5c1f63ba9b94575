"""A page as large as the window, with type that is read from the last row."""

from __future__ import annotations

from dataclasses import replace

from ui.look.afar import unit
from ui.look.style import style_sheet
from ui.look.type_size import for_graph
from ui.shell.workspace.staged import Staged

LARGEST = 1.3
"""Type is not larger than this, unless the user wants it so."""


class Large(Staged):
    def dress(self) -> None:
        if self._stage is not None and self.page is not None and self.shown:
            theme = for_graph(self._workspace.theme)
            theme = replace(theme, scale=min(unit(self._stage, theme), max(LARGEST, theme.scale)))
            self._stage.setStyleSheet(style_sheet(theme))
            self.page.set_theme(theme)
