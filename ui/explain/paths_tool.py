"""The path ledger: every path from a value to the objective, its product, and their sum, which is the gradient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QHideEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from engine.compile.views import ArrayView
from engine.explain.paths import Counts, Ledger, PartialSum, Path, PathLedger, PathSum
from engine.explain.question import Question
from graph.model.address import Address
from graph.model.covered import Covered
from graph.text.messages import _, ngettext
from ui.explain.tool import Tool, chosen_place, top_aligned
from ui.look.numbers import count
from ui.look.theme import LIGHT, Theme, color, font
from ui.look.widgets import button, label, scrolled
from ui.maths.arrays import Plane
from ui.maths.ledger_lines import contribution, path_line, sum_lines
from ui.maths.sheet import Sheet, SheetLine
from ui.maths.typesetting import Expr, Text

if TYPE_CHECKING:
    from ui.shell.workspace.workspace import Workspace

OWNER = "paths"
LISTED = 60
"""Paths per page: they are rewritten while a slider is dragged."""
INVITATION = _("Select a node or a wire to see all paths from its value to the objective.")
MODES = (("path_by_path", _("path by path")), ("forward", _("forward mode")), ("reverse", _("reverse mode")))


class Counters(QWidget):
    """Multiplications of the three ways, as bars of one scale."""

    def __init__(self) -> None:
        super().__init__()
        self._theme = LIGHT
        self._rows: list[tuple[str, float]] = []
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_counts(self, rows: list[tuple[str, float]], theme: Theme) -> None:
        self._rows, self._theme = rows, theme
        self.setAccessibleName(
            "; ".join(_("{name}: {count} multiplications").format(name=name, count=count(value)) for name, value in rows)
        )
        self.setFixedSize(self.sizeHint())
        self.update()

    def sizeHint(self) -> QSize:
        scale = self._theme.scale
        return QSize(round(230 * scale), round(3 * 30 * scale))

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = self._theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        scale, most = theme.scale, max((value for _, value in self._rows if not isinstance(value, Covered)), default=0) or 1
        for at, (name, value) in enumerate(self._rows):
            top, wide = at * 30 * scale, 226 * scale
            words = QRectF(0, top, wide, 18 * scale)
            painter.setFont(font("small", scale))
            painter.setPen(color(theme.secondary))
            painter.drawText(words, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), name)
            painter.setFont(font("strong", scale))
            painter.setPen(color(theme.text))
            painter.drawText(words, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), count(value))
            if isinstance(value, Covered):
                continue
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color(theme.field))
            painter.drawRoundedRect(QRectF(0, top + 19 * scale, wide, 5 * scale), 3, 3)
            painter.setBrush(color(theme.backward if name == "reverse mode" else theme.swatch["math"]))
            painter.drawRoundedRect(QRectF(0, top + 19 * scale, max(4.0, wide * value / most), 5 * scale), 3, 3)


class PathsTool(Tool):
    """Paths as lines that light up on the canvas; a click keeps one lit."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self.ledger: Ledger | None = None
        self.summed: ArrayView | None = None
        """The sum over all paths, when it had to be asked for in parts."""
        self._place: Address | None = None
        self._start = 0
        self._adding: Any = None
        self.kept: int | None = None
        self.title = label("", "strong", wrap=True)
        self.sheet, self.sum = Sheet(), Sheet()
        self.more, self.back = button(_("Next paths"), "quiet"), button(_("Previous paths"), "quiet")
        self.counters, self.explained = Counters(), label("", "small", wrap=True)
        self.scope = QButtonGroup(self)
        self._build()

    def _build(self) -> None:
        self._side = QWidget()
        left, right, head, which = QVBoxLayout(), QVBoxLayout(self._side), QHBoxLayout(), QHBoxLayout()
        right.setContentsMargins(0, 0, 0, 0)
        head.addWidget(self.title, 1)
        for turn, way in ((self.back, -1), (self.more, 1)):
            turn.clicked.connect(lambda _=False, way=way: self._turn(way))
            head.addWidget(turn)
        left.addLayout(head)
        left.addWidget(scrolled(top_aligned(self.sheet)), 1)
        left.addWidget(self.sum)
        which.addWidget(label(_("Multiplications"), "section"))
        which.addStretch(1)
        for at, (text, tip) in enumerate(
            ((_("This value"), _("For this value's gradient alone")), (_("All"), _("For every input and weight")))
        ):
            choice = button(text, "quiet", tip=tip)
            choice.setCheckable(True)
            choice.setChecked(at == 0)
            self.scope.addButton(choice, at)
            which.addWidget(choice)
        right.setSpacing(4)
        right.addLayout(which)
        right.addWidget(self.counters)
        right.addWidget(self.explained)
        right.addStretch(1)
        row_ = QHBoxLayout(self.body)
        row_.setContentsMargins(0, 0, 0, 0)
        row_.setSpacing(24)
        row_.addLayout(left, 1)
        row_.addWidget(self._side)
        self.scope.idClicked.connect(lambda _: self._count())
        self.sheet.hovered.connect(self._light)
        self.sheet.followed.connect(self._keep)

    # what is asked

    def refresh(self) -> None:
        why = self.why_not()
        if why:
            return self.say(why)
        workspace, canvas = self.workspace, self.workspace.canvas
        nodes = canvas.selected_nodes()
        place = chosen_place(workspace.document.graph, nodes, canvas.selected_edges(), self.meaning.parameter_of(nodes))
        if place is None:
            self._place, self.ledger = None, None
            self._light("")
            return self.say(INVITATION)
        if self._place is None or place.whole != self._place.whole:
            self._start, self.kept = 0, None
            self._light("")
        self._place = place
        chosen = place.at(self.meaning.entry_of(place))
        self.ask(PathLedger(chosen, self._start, LISTED))

    def _turn(self, way: int) -> None:
        if self.ledger is not None:
            step = max(len(self.ledger.paths), 1)
            self._start = max(0, self._start + way * step) if way < 0 else self.ledger.next or 0
            self.refresh()

    def answered(self, question: Question, answer: Any) -> None:
        if isinstance(answer, Ledger):
            self.ledger, self.summed, self._adding = answer, answer.total, None
            if answer.total is None and answer.summable:
                self.ask(PathSum(answer.place))
            self.show_body()
            self._show()
        elif isinstance(answer, PartialSum) and isinstance(question, PathSum):
            self._add(question, answer)

    def _add(self, question: PathSum, part: PartialSum) -> None:
        if part.total.covered:
            self.summed = part.total
            return self._show_sum()
        if part.total.data is not None:
            self._adding = part.total.data if self._adding is None else self._adding + part.total.data
        if part.next is not None:
            self.sum.show_lines(
                [SheetLine(None, _("adding up: {next} of {count} paths …").format(next=count(part.next), count=count(part.count)))],
                [],
                self.theme,
            )
            self.ask(PathSum(question.place, part.next))
        elif self._adding is not None:
            self.summed = _as_view(self._adding, part.total)
            self._show_sum()

    # showing

    def _show(self) -> None:
        ledger = self.ledger
        if ledger is None:
            return
        name = ledger.place.name(self.workspace.document.graph)
        self.title.setText(_title(ledger, name))
        self.back.setVisible(ledger.start > 0)
        self.more.setVisible(ledger.next is not None)
        arrays: list[Plane] = []
        lines = [path_line(path, arrays) for path in ledger.paths]
        lines = lines or [SheetLine(None, ledger.note or _("No path leads to the objective."))]
        self.sheet.show_lines(lines, arrays, self.theme)
        self._show_sum()
        self._count()

    def _show_sum(self) -> None:
        ledger, theme = self.ledger, self.theme
        if ledger is None or not ledger.paths:
            return self.sum.show_lines([], [], theme)
        arrays: list[Plane] = []
        total = self.summed
        if total is None:
            missing = _("too many to add up") if not ledger.summable else "…"
            amount: Expr = Text(missing, "secondary", sans=True)
        else:
            amount = contribution(total, ledger.total_entry if ledger.total is not None else None, arrays)
        lines = sum_lines(ledger, amount, arrays)
        self.sum.show_lines(lines, arrays, theme)

    def _count(self) -> None:
        if self.ledger is not None:
            everything = self.scope.checkedId() == 1
            self.counters.show_counts(_counted(self.ledger.counts, everything), self.theme)
            counts = self.ledger.counts
            sweeps = counts.all_sweeps if everything else counts.sweeps
            said = ngettext("Forward mode: {number} sweep. Reverse mode: one.", "Forward mode: {number} sweeps. Reverse mode: one.", sweeps)
            self.explained.setText(said.format(number=count(sweeps)))

    def drop(self) -> None:
        self.ledger, self.summed, self._adding = None, None, None

    def dress(self) -> None:
        self._show()

    def forget(self) -> None:
        super().forget()
        self.ledger, self._place, self.kept, self._start = None, None, None, 0

    # lighting paths

    def _path(self, link: str) -> Path | None:
        wanted = link.partition("|")[2]
        paths = self.ledger.paths if self.ledger is not None else ()
        return next((path for path in paths if str(path.number) == wanted), None)

    def _light(self, link: str) -> None:
        path = self._path(link) if link else self._path(f"path|{self.kept}") if self.kept is not None else None
        overlay = self.workspace.canvas.overlay
        nodes, edges = (path.nodes, path.edges) if path is not None else ((), ())
        if overlay.highlighted(OWNER) != (frozenset(nodes), frozenset(edges)):
            overlay.highlight(OWNER, nodes, edges, dim=path is not None)

    def _keep(self, link: str) -> None:
        """A click keeps a path lit; another one on it lets it go."""
        path = self._path(link)
        if path is not None:
            self.kept = None if self.kept == path.number else path.number
            self._light(link if self.kept is not None else "")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._side.setVisible(self.width() > 560 * self.theme.scale)  # the paths come first where there is little room

    def hideEvent(self, event: QHideEvent) -> None:
        self.kept = None
        self._light("")
        super().hideEvent(event)


def _title(ledger: Ledger, name: str) -> str:
    many = "no path" if not ledger.count else _("one path") if ledger.count == 1 else _("{count} paths").format(count=count(ledger.count))
    listed = (
        _(", {first} to {last}").format(first=count(ledger.start + 1), last=count(ledger.start + len(ledger.paths)))
        if len(ledger.paths) < ledger.count
        else ""
    )
    return f"{name} → {ledger.objective}: {many}{listed}"


def _counted(counts: Counts, everything: bool) -> list[tuple[str, float]]:
    return [(words, getattr(counts, f"all_{name}" if everything else name)) for name, words in MODES]


def _as_view(array: Any, like: ArrayView) -> ArrayView:
    import numpy as np

    return ArrayView(like.shape, like.dtype, np.asarray(array).reshape(like.shape))
