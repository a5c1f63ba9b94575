"""The lessons, by the chapters of the course, each with a picture of its graph, how far the user came in it, and the best score."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QDialog, QFrame, QGridLayout, QLineEdit, QProgressBar, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from graph.lessons.lesson import Lesson, LessonError
from graph.lessons.own_graph import graph_of
from graph.model.graph import Graph
from graph.model.spec import Catalog
from graph.text.messages import _, ngettext
from graph.text.suggest import no_match
from ui.canvas.paint.thumbnail import Thumbnail
from ui.lessons.player import EXAMPLES
from ui.lessons.score import LessonScore
from ui.lessons.shelf import LESSONS, LessonProgress, ShelfEntry, Standing, entries
from ui.look.choice_card import ChoiceCard, found
from ui.look.schedule import Schedule
from ui.look.theme import Theme
from ui.look.widgets import button, label

COLUMNS = 3
PICTURE = 92
PAINT = "lesson thumbnail"
CHAPTERS = {
    1: _("Derivatives and local models"),
    2: _("Computational graphs and backpropagation"),
    3: _("Optimizers"),
    4: _("Landscapes and convergence"),
    5: _("Learning"),
}
OTHER = _("More lessons")
ARROWS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -COLUMNS, Qt.Key.Key_Down: COLUMNS}


class LessonCard(ChoiceCard):
    """One lesson to click on."""

    def __init__(self, entry: ShelfEntry, standing: Standing, graph: Graph | None, theme: Theme) -> None:
        lesson = entry.lesson
        self.progress = progress_text(lesson, standing)
        self.entry, self.chapter = entry, CHAPTERS.get(int(lesson.order), OTHER)
        spoken = f"{lesson.title}. {lesson.summary} {self.progress}"
        super().__init__(entry, spoken, lesson.title, (lesson.summary, *lesson.topics, self.chapter))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 12)
        layout.setSpacing(6)
        key = (str(entry.path), entry.path.stat().st_mtime_ns)
        self.thumbnail = Thumbnail(graph, theme, round(PICTURE * theme.scale), key) if graph is not None else None
        if self.thumbnail is not None:
            layout.addWidget(self.thumbnail)
        words = QVBoxLayout()
        words.setContentsMargins(14, 4, 14, 0)
        words.setSpacing(4)
        words.addWidget(label(lesson.title, "strong", wrap=True))
        summary = label(lesson.summary, "small", wrap=True)
        summary.setAlignment(Qt.AlignmentFlag.AlignTop)
        words.addWidget(summary, 1)
        words.addWidget(label(self.progress, "small", wrap=True))
        words.addWidget(_progress_bar(lesson, standing))
        layout.addLayout(words, 1)


def progress_text(lesson: Lesson, standing: Standing) -> str:
    """How long the lesson is, how far the user came in it, and how well it went."""
    count = len(lesson.steps)
    seen = len([step for step in standing.seen if step < count])
    parts = [ngettext("{count} step", "{count} steps", count).format(count=count), _("about {minutes} min").format(minutes=lesson.minutes)]
    questions = len(LessonScore.of(lesson, {}).answers)
    if standing.best is not None:
        parts.append(_("finished"))
        if questions:
            parts.append(_("best score {right} of {count}").format(right=standing.best, count=questions))
    if seen and not standing.finished:
        parts.append(_("at step {step}").format(step=min(standing.step, count - 1) + 1))
    return " · ".join(parts)


def _progress_bar(lesson: Lesson, standing: Standing) -> QProgressBar:
    count = len(lesson.steps)
    seen = len([step for step in standing.seen if step < count])
    bar = QProgressBar()
    bar.setRange(0, count)
    bar.setValue(count if standing.finished else seen)
    bar.setTextVisible(False)
    bar.setAccessibleName(_("{seen} of {count} steps seen").format(seen=bar.value(), count=count))
    return bar


class LessonGallery(QDialog):
    """Choose a lesson; `chosen` is its path, `browse` is set when you want to open a lesson of your own.

    Typing searches; the arrows go from card to card, Enter opens.
    """

    def __init__(
        self, progress: LessonProgress, theme: Theme, catalog: Catalog, parent: QWidget | None = None, folder: Path = LESSONS
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("Lessons"))
        self.chosen: Path | None = None
        self.browse = False
        self.cards = [LessonCard(entry, progress.of(entry.path), _graph(entry, catalog), theme) for entry in entries(folder)]
        for card in self.cards:
            card.chosen.connect(self._take)
            card.installEventFilter(self)
        self.search = QLineEdit()
        self.search.setPlaceholderText(_("Search lessons"))
        self.search.setAccessibleName(self.search.placeholderText())
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._arrange)
        self.search.installEventFilter(self)
        self.none = label("", "secondary", wrap=True)
        self._headings = {chapter: label(chapter, "section") for chapter in (*CHAPTERS.values(), OTHER)}
        inner = QWidget()
        self._grid = QGridLayout(inner)
        self._grid.setContentsMargins(24, 12, 24, 24)
        self._grid.setSpacing(14)
        for column in range(COLUMNS):
            self._grid.setColumnStretch(column, 1)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(inner)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(self._head())
        layout.addWidget(self._area, 1)
        room = parent.size() - QSize(40, 40) if parent is not None and parent.width() > 400 else QSize(1200, 900)
        self.resize(QSize(round(940 * theme.scale), round(660 * theme.scale)).boundedTo(room))
        self._unpainted = list(self.cards)
        self._work = Schedule(self)
        self._arrange()

    @property
    def found(self) -> list[LessonCard]:
        """The cards that the search leaves, in the order of the curriculum; where it leaves none, those that were probably meant."""
        return found(self.cards, self.search.text())[0]

    def _head(self) -> QGridLayout:
        head = QGridLayout()
        head.setContentsMargins(24, 20, 24, 0)
        head.addWidget(label(_("Lessons"), "heading"), 0, 0)
        head.addWidget(self.search, 0, 1)
        other = button(_("Open a lesson file …"), tip=_("Open a lesson of your own, or one you were given"))
        other.setAutoDefault(False)
        other.clicked.connect(self._browse)
        head.addWidget(other, 0, 2, Qt.AlignmentFlag.AlignRight)
        intro = _("Each lesson opens its own graph; yours waits and comes back with its undo. Nothing in a lesson needs saving.")
        head.addWidget(label(intro, "secondary", wrap=True), 1, 0, 1, 3)
        head.setColumnStretch(1, 1)
        head.setHorizontalSpacing(16)
        return head

    def _arrange(self) -> None:
        """Lay out what the search leaves, under the chapters' headings."""
        grid, (shown, exact) = self._grid, found(self.cards, self.search.text())
        while grid.count():
            grid.takeAt(0)
        for widget in (*self.cards, *self._headings.values(), self.none):
            widget.setVisible(False)
        row = 0
        if not exact:
            self.none.setText(no_match(self.search.text(), shown[0].title if shown else ""))
            grid.addWidget(self.none, row, 0, 1, COLUMNS)
            self.none.setVisible(True)
            row += 1
        for chapter, heading in self._headings.items():
            cards = [card for card in shown if card.chapter == chapter]
            if not cards:
                continue
            grid.addWidget(heading, row, 0, 1, COLUMNS)
            heading.setVisible(True)
            for place, card in enumerate(cards):
                grid.addWidget(card, row + 1 + place // COLUMNS, place % COLUMNS)
                card.setVisible(True)
            row += 1 + (len(cards) + COLUMNS - 1) // COLUMNS
        for other in range(grid.rowCount()):
            grid.setRowStretch(other, 0)
        grid.setRowStretch(max(row, 1), 1)

    def _take(self, entry: ShelfEntry) -> None:
        self.chosen = entry.path
        self.accept()

    def _browse(self) -> None:
        self.browse = True
        self.accept()

    def _paint_one(self) -> None:
        """One picture a turn of the event loop: the gallery is there at once and answers while they appear."""
        while self._unpainted:
            picture = self._unpainted.pop(0).thumbnail
            if picture is not None:
                picture.paint_now()
                break
        if self._unpainted:
            self._work.after_frame(PAINT, self._paint_one)

    def _step(self, card: LessonCard, key: int) -> None:
        """The focus goes to the card beside this one, or from the first row back to the search."""
        found = self.found
        row, column = self._cell(card)
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            place = found.index(card) + ARROWS[Qt.Key(key)]
            wanted = found[place] if 0 <= place < len(found) else None
        else:
            down = key == Qt.Key.Key_Down
            cells = {other: self._cell(other) for other in found}
            rows = [line for line, _column in cells.values() if (line > row if down else line < row)]
            next_row = (min if down else max)(rows, default=None)
            beside = [other for other in found if cells[other][0] == next_row]
            wanted = min(beside, key=lambda other: abs(cells[other][1] - column), default=None)
        if wanted is not None:
            wanted.setFocus(Qt.FocusReason.TabFocusReason)
            self._area.ensureWidgetVisible(wanted, 0, 40)
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Left):
            self.search.setFocus(Qt.FocusReason.TabFocusReason)
            self._area.verticalScrollBar().setValue(0)

    def _cell(self, card: LessonCard) -> tuple[int, int]:
        """Row and column."""
        place: Any = self._grid.getItemPosition(self._grid.indexOf(card))
        return place[0], place[1]

    # Qt

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows go through the cards; letters typed on a card are searched for."""
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        key, found = event.key(), self.found
        if isinstance(watched, LessonCard):
            if key in ARROWS:
                self._step(watched, key)
                return True
            if event.text().strip() and event.text().isprintable() and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                self.search.setFocus(Qt.FocusReason.OtherFocusReason)
                self.search.insert(event.text())
                return True
        elif found and key in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if key == Qt.Key.Key_Down:
                found[0].setFocus(Qt.FocusReason.TabFocusReason)
            elif self.search.text().strip():
                self._take(found[0].entry)
            return True
        return False

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.search.setFocus(Qt.FocusReason.OtherFocusReason)
        self._work.after_frame(PAINT, self._paint_one)

    def hideEvent(self, event: QHideEvent) -> None:
        self._work.drop(PAINT)
        super().hideEvent(event)


def _graph(entry: ShelfEntry, catalog: Catalog) -> Graph | None:
    """The lesson's graph for its picture; None where it cannot be read."""
    try:
        return graph_of(entry.lesson, entry.path, EXAMPLES, catalog)
    except LessonError:
        return None
