"""The panel of a comparison: the two moments, the curves of both, and tables of settings, results and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

from graph.text.messages import _
from ui.compare.choice import settings_of
from ui.compare.curves import NAMES, TwoCurves, line_of
from ui.compare.numbers import Row, metric_rows, number_rows, setting_rows
from ui.compare.regions import TwoPlanes
from ui.compare.side import SideBox
from ui.look.theme import Theme
from ui.look.widgets import button, label, scrolled
from ui.maths.array_view import row_table
from ui.shell.workspace.panel import Panel
from ui.shell.workspace.services import COMPARISON, RUNS

if TYPE_CHECKING:
    from graph.storage.document import Document
    from ui.compare.feature import CompareFeature
    from ui.engine_link.messages import Progress
    from ui.shell.workspace.workspace import Workspace

EMPTY = _("Choose Compare runs (Shift+C): every number on the canvas then shows its difference, B − A.")
WIDE = 1000
"""From this width on, in pixels for type at 100 %, the curves stand beside the tables."""
LOOKS = {"curves": _("Curves"), "numbers": _("Numbers"), "results": _("Results"), "settings": _("Settings"), "regions": _("Regions")}
TIPS = (
    _("The number at A; of a tensor its norm ‖A‖"),
    _("The number at B; of a tensor its norm ‖B‖"),
    _("The difference; of a tensor its largest entry"),
    _("The norm of the difference against ‖A‖"),
)
BADGES = {
    "": "",
    "numbers": _("✓ The same learned numbers, to the last bit"),
    "state": _("✓ Identical to the last bit, optimizer included"),
}
"""By which bits of the two states are the same."""


class ComparePage(Panel):
    """It shows what the feature holds. Esc ends the comparison."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        feature: CompareFeature = workspace.services.get(COMPARISON)  # type: ignore[assignment]
        self.feature = feature
        self.sides = (SideBox(NAMES[0]), SideBox(NAMES[1]))
        self.swap = button(_("Swap"), "quiet", tip=_("Swap A and B"))
        self.canvas = button(_("On the canvas"), "quiet", tip=_("Show B − A in the place of every number on the canvas"))
        self.canvas.setCheckable(True)
        self.finish = button(_("End"), "quiet", tip=_("End the comparison  (Esc)"))
        self.begin = button(_("Compare"), tip=_("Compare runs  (Shift+C)"))
        self.badge = label("", "strong", wrap=True)
        self.words = label(EMPTY, "secondary", wrap=True)
        self.curves = TwoCurves()
        self.tables = {
            "numbers": row_table([_("Number"), *NAMES, _("B − A"), _("relative")], _("Numbers, those that changed most first")),
            "results": row_table([_("Result"), *NAMES, _("B − A")], _("Results of both")),
            "settings": row_table([_("Setting"), *NAMES, ""], _("Settings of both")),
        }
        self.regions = TwoPlanes(workspace)
        for table in self.tables.values():
            if (head := table.horizontalHeaderItem(0)) is not None:
                head.setTextAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for column, tip in enumerate(TIPS, 1):
            if (head := self.tables["numbers"].horizontalHeaderItem(column)) is not None:
                head.setToolTip(tip)
        self._items: list[str] = []
        self._shown: tuple[object, ...] = ()
        self._look = "curves"
        self._build()
        for box, which in zip(self.sides, (0, 1), strict=True):
            box.chosen.connect(lambda choice, which=which: self._chose(which, choice))
        self.swap.clicked.connect(feature.swap)
        self.canvas.clicked.connect(feature.toggle_canvas)
        self.finish.clicked.connect(feature.close)
        self.begin.clicked.connect(feature.compare_runs)
        self.tables["numbers"].itemSelectionChanged.connect(self._select)
        feature.changed.connect(self._show)

    def _build(self) -> None:
        side = QWidget()
        down = QVBoxLayout(side)
        down.setContentsMargins(0, 0, 0, 0)
        down.setSpacing(6)
        for part in (self.words, *self.sides, self.badge):
            down.addWidget(part)
        buttons = QHBoxLayout()
        buttons.setSpacing(4)
        for control in (self.begin, self.canvas, self.swap, self.finish):
            buttons.addWidget(control)
        buttons.addStretch(1)
        down.addLayout(buttons)
        down.addStretch(1)
        self._side = scrolled(side)
        self.segments = {key: button(title, "segment") for key, title in LOOKS.items()}
        heads = QHBoxLayout()
        heads.setSpacing(2)
        for key, segment in self.segments.items():
            segment.setCheckable(True)
            segment.clicked.connect(lambda _on=False, key=key: self.look(key))
            heads.addWidget(segment)
        heads.addStretch(1)
        self.stack = QStackedWidget()
        for page in self.tables.values():
            self.stack.addWidget(page)
        self.board = QWidget()
        right = QVBoxLayout(self.board)
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(4)
        right.addLayout(heads)
        right.addWidget(self.stack, 1)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 8, 0, 8)
        self._row.setSpacing(20)
        self._row.addWidget(self._side)
        self._row.addWidget(self.board, 3)
        self.stack.addWidget(self.curves)
        self.stack.addWidget(self.regions)

    def first_stop(self) -> QWidget:
        return self.sides[0].run if self.feature.comparing else self.begin

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self._side.setFixedWidth(round(290 * theme.scale))
        self._shown = ()
        self.regions.set_theme(theme)
        self._arrange()
        self._show()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """The curves beside the tables where there is room, else as one of them."""
        wide = self.width() >= WIDE * self.theme.scale
        self.segments["curves"].setVisible(not wide)
        if wide and self.stack.indexOf(self.curves) >= 0:
            self.stack.removeWidget(self.curves)
            self._row.insertWidget(1, self.curves, 2)
            self.curves.show()
        elif not wide and self.stack.indexOf(self.curves) < 0:
            self._row.removeWidget(self.curves)
            self.stack.addWidget(self.curves)
        self.look(self._look)

    def look(self, key: str) -> None:
        """Show one of the tables, or the curves."""
        self._look = key
        if key == "curves" and self.stack.indexOf(self.curves) < 0:
            key = "numbers"
        for name, segment in self.segments.items():
            segment.setChecked(name == key)
        pages: dict[str, QWidget] = {**self.tables, "curves": self.curves, "regions": self.regions}
        self.stack.setCurrentWidget(pages[key])
        self._ask_regions()

    def _ask_regions(self) -> None:
        """They are computed while they are seen."""
        answer = self.feature.answer
        if answer is None or self.stack.currentWidget() is not self.regions:
            self.regions.ask(None, ("", ""))
            return
        names = tuple(f"{side}   {self.feature.name(moment)}" for side, moment in zip(NAMES, (answer.first, answer.second), strict=True))
        self.regions.ask((answer.first, answer.second), (names[0], names[1]))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._ask_regions()

    def end(self) -> None:
        self.regions.stop()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.feature.comparing:
            self.feature.close()
            return
        super().keyPressEvent(event)

    # what the feature holds

    def set_document(self, document: Document) -> None:
        self._shown = ()
        self._show()

    def set_progress(self, progress: Progress) -> None:
        self._show_sides()

    def _chose(self, which: int, choice: object) -> None:
        both = [self.feature.first, self.feature.second]
        both[which] = choice  # type: ignore[call-overload]
        if both[0] is not None and both[1] is not None:
            self.feature.choose(both[0], both[1])

    def _show(self) -> None:
        feature = self.feature
        on, moments = feature.comparing, feature.moments()
        self.words.setText(feature.reason if on else EMPTY)
        self.words.setVisible(bool(self.words.text()))
        for part in (*self.sides, self.canvas, self.swap, self.finish):
            part.setVisible(on)
        self.begin.setVisible(not on)
        self.begin.setEnabled(bool(feature.records))
        self.canvas.setChecked(feature.on_canvas)
        self._show_sides()
        answer = feature.answer
        self.badge.setText(BADGES[answer.identical] if answer is not None else "")
        self.badge.setVisible(bool(self.badge.text()))
        self.board.setVisible(answer is not None)
        self.curves.setVisible(answer is not None)
        self._ask_regions()
        if answer is None or moments is None:
            self._shown = ()
            return
        hues = self.hues()
        shown = (id(answer), hues, feature.run_name(answer.first.run), feature.run_name(answer.second.run))
        if shown != self._shown:
            self._shown = shown
            self._fill()

    def hues(self) -> tuple[str, str]:
        """The colours of A and B: those of their runs where these have different ones."""
        answer, runs = self.feature.answer, self.workspace.services.find(RUNS)
        if answer is not None and runs is not None and runs.hue(answer.first.run) != runs.hue(answer.second.run):
            return runs.hue(answer.first.run), runs.hue(answer.second.run)
        return self.theme.secondary, self.theme.highlight

    def _show_sides(self) -> None:
        feature, kernel = self.feature, self.workspace.kernel
        if kernel is None or not feature.comparing:
            return
        names = {run: feature.run_name(run) for run in feature.records}
        lasts = {run: record.last for run, record in feature.records.items()}
        for box, choice, hue in zip(self.sides, (feature.first, feature.second), self.hues(), strict=True):
            if choice is not None:
                box.show_choice(choice, choice.moment(feature.records, kernel.progress), names, lasts, hue)

    def _fill(self) -> None:
        answer, kernel, graph = self.feature.answer, self.workspace.kernel, self.workspace.document.graph
        assert answer is not None and kernel is not None
        numbers = number_rows(answer, graph)
        self._items = [row.item for row in numbers]
        _fill(self.tables["numbers"], numbers)
        _fill(self.tables["results"], metric_rows(answer))
        records = self.feature.records
        _fill(self.tables["settings"], setting_rows(settings_of(records, answer.first), settings_of(records, answer.second)))
        moments, hues = (answer.first, answer.second), self.hues()
        lines = {}
        for moment, hue in zip(moments, hues, strict=True):
            losses = kernel.losses.get(moment.run)
            if losses is not None and losses.steps:
                lines[moment.run] = line_of(losses), hue
        self.curves.show_runs(lines, moments, hues, self.theme, any(records[run].penalised for run in lines if run in records))

    def _select(self) -> None:
        row = self.tables["numbers"].currentRow()
        if 0 <= row < len(self._items) and self.tables["numbers"].selectedItems():
            node, model = self._items[row], self.workspace.canvas.model
            model.reveal(node)
            model.select([node])


def _fill(table: QTableWidget, rows: Sequence[Row]) -> None:
    """Rows that differ are bold and marked, so that weight of type is not their only sign."""
    table.blockSignals(True)
    table.clearSelection()
    table.setRowCount(len(rows))
    for at, row in enumerate(rows):
        for column, text in enumerate((f"{'≠' if row.differs else '='}  {row.name}", *row.texts)):
            item = QTableWidgetItem(text)
            item.setToolTip(text)
            if column:
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            letters = QFont(table.font())
            letters.setBold(row.differs and column == 0)
            item.setFont(letters)
            table.setItem(at, column, item)
    table.blockSignals(False)
