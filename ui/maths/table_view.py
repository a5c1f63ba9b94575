"""A figure that is a table of formulas: the first paths of a ledger with their sum, or the tangents of forward mode."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.explain.forward_mode import Tangents
from engine.explain.paths import Ledger
from graph.model.graph import Graph
from graph.text.messages import _, ngettext
from ui.look.numbers import count
from ui.look.theme import Theme
from ui.look.widgets import label
from ui.maths.arrays import Plane
from ui.maths.ledger_lines import contribution, path_line, sum_lines
from ui.maths.mode_lines import derivative_lines
from ui.maths.sheet import Sheet, SheetLine
from ui.maths.typesetting import Text

LISTED, OF_MANY = 3, 2
"""Paths that are written out where these are all, and where there are more."""
HIGH = 240
"""Room that is kept for the lines until they are there, for type at 100 %."""


class TableView(QWidget):
    """Empty until `show_answer`."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.sheet, self.said = Sheet(), label("", "small", wrap=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for part in (self.sheet, self.said):
            layout.addWidget(part)
        layout.addStretch(1)
        self.setMinimumHeight(round(HIGH * theme.scale))

    def show_answer(self, answer: Ledger | Tangents, graph: Graph) -> None:
        """Write this in place of what was there."""
        arrays: list[Plane] = []
        lines = _ledger(answer, arrays) if isinstance(answer, Ledger) else derivative_lines(answer, graph, answer.order)
        self.sheet.show_lines(lines, arrays, self._theme)
        self._say(_work(answer) if isinstance(answer, Ledger) else "")
        self.setMinimumHeight(0)

    def say(self, text: str) -> None:
        """Words in place of a table."""
        self.sheet.show_lines([], [], self._theme)
        self._say(text)

    def _say(self, text: str) -> None:
        self.said.setText(text)
        self.said.setVisible(bool(text))


def _ledger(ledger: Ledger, arrays: list[Plane]) -> list[SheetLine]:
    lines = [path_line(path, arrays) for path in ledger.paths[: LISTED if ledger.count <= LISTED else OF_MANY]]
    more = ledger.count - len(lines)
    if more > 0:
        said = ngettext("… and {number} more path", "… and {number} more paths", more)
        lines.append(SheetLine(None, said.format(number=count(more)), 15.0, 0.0, "secondary"))
    if not lines:
        return [SheetLine(None, ledger.note or _("No path leads to the objective."))]
    total = ledger.total
    amount = Text("…", "secondary") if total is None else contribution(total, ledger.total_entry, arrays)
    return [*lines, *sum_lines(ledger, amount, arrays)]


def _work(ledger: Ledger) -> str:
    return _("Multiplications: {paths} path by path, {reverse} in reverse mode").format(
        paths=count(ledger.counts.path_by_path), reverse=count(ledger.counts.reverse)
    )
