"""The lesson beside the canvas: what the step says and asks, and the way on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from graph.text.messages import _
from ui.lessons import questions
from ui.lessons.dots import Dots
from ui.lessons.experiment_view import ExperimentView
from ui.lessons.figures import Drawn, view_of
from ui.lessons.finish_page import FinishPage
from ui.lessons.questions import ChoiceBox, NumberBox, QuestionBox
from ui.lessons.text import LessonText
from ui.lessons.truth import truth
from ui.look.schedule import Schedule
from ui.look.style import px, style_sheet
from ui.look.theme import Theme, mixed
from ui.look.type_size import for_graph, sized
from ui.look.typing import claim_escape
from ui.look.widgets import ElidedLabel, button, clear, label, line, scrolled

if TYPE_CHECKING:
    from graph.lessons.lesson import Action, Choice
    from ui.lessons.player import LessonScript, Player
    from ui.lessons.score import LessonScore
    from ui.lessons.shelf import ShelfEntry, Standing

WIDE = 1.6
"""Width over height from which text and questions are side by side."""
SHARES = (1.0, 0.92, 0.85, 0.78, 0.72)
"""Of the full size of type: the largest at which the whole step is in view."""
LINES, QUESTION = 45, questions.SMALL
"""No type is smaller than this part of the window's height; the smallest is that of questions."""
OVERLAP, HARDLY = 48, 12
"""Pixels that stay in view when the text is turned on, and how few below the edge do not count."""
READ, SEEN = 5, 7
"""How text and an experiment beside it share the width."""
LARGER = 1.12
SCROLL_MS, SCROLL = 30, "scroll to what was said"
"""Type in the lesson is larger than in other panels: a class reads it."""


class LessonPanel(QWidget):
    """Shows one step at a time; rebuilt for each."""

    next_clicked = Signal()
    back_clicked = Signal()
    return_clicked = Signal()
    close_clicked = Signal()
    notes_clicked = Signal()
    step_chosen = Signal(int)
    answered = Signal(int, str)
    opened = Signal()
    left = Signal()

    def __init__(self, work: Schedule | None = None) -> None:
        super().__init__()
        self._work = work or Schedule(self)
        self.setObjectName("panel")
        self.boxes: list[QuestionBox] = []
        self.figures: list[tuple[Action, Drawn]] = []
        self._chosen: dict[tuple[LessonScript, str, int], Choice] = {}
        """What was chosen first, by title of the step and number of the question: a prediction is compared with what is measured later."""
        self._theme: Theme | None = None
        self._onward = ""
        self._full: Theme | None = None
        """The theme with type of full size; `_theme` is the one that is used."""
        self._seeing: QuestionBox | None = None
        self.lesson_title = ElidedLabel("", "secondary")
        self.notes = button(_("Notes"), "quiet", tip=_("Open the author's notes for the teacher in a separate window"))
        self.close_button = button("✕", "quiet", tip=_("Leave the lesson and return to your own graph"))
        self.close_button.setAccessibleName(_("Leave the lesson"))
        self.title = label("", "heading", wrap=True)
        self.text = LessonText()
        self.waiting = label("", "small", wrap=True)
        self.dots = Dots()
        self.count = label("", "small")
        self.back = button(_("Back"), tip=_("Previous step  (Page Up)"))
        self.next = button(_("Next"), "primary", tip=_("Next step  (Page Down)"))
        self.home = button(
            _("Return to the step"), tip=_("Restore the graph and the view from the start of this step; Undo brings back your changes")
        )
        self.finish = FinishPage()
        self._build()
        for control, signal in (
            (self.notes, self.notes_clicked), (self.close_button, self.close_clicked), (self.back, self.back_clicked),
            (self.next, self.next_clicked), (self.home, self.return_clicked),
        ):  # fmt: skip
            control.clicked.connect(signal)
        self.dots.chosen.connect(self.step_chosen)

    def _build(self) -> None:
        self._top = QHBoxLayout()
        self._top.addWidget(self.lesson_title, 1)
        self._top.addWidget(self.notes)
        self._top.addWidget(self.close_button)
        self._inner = QWidget()
        self._columns = QBoxLayout(QBoxLayout.Direction.TopToBottom, self._inner)
        self._columns.setContentsMargins(0, 4, 14, 12)
        said, self._figures, self._asked = QVBoxLayout(), QVBoxLayout(), QVBoxLayout()
        for widget in (self.title, self.text, self.waiting):
            said.addWidget(widget)
        for column in (said, self._figures, self._asked):
            column.setSpacing(12)
            self._columns.addLayout(column)
        said.addStretch(1)
        self._columns.setSpacing(12)
        self._columns.addStretch(1)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setWidget(self._inner)
        for changed in (self.area.verticalScrollBar().valueChanged, self.area.verticalScrollBar().rangeChanged):
            changed.connect(lambda *_numbers: self._name_next())
        self._end = scrolled(self.finish)
        self._end.hide()
        self._exhibit = QWidget()
        self._exhibits = QVBoxLayout(self._exhibit)
        self._exhibits.setContentsMargins(14, 4, 8, 8)
        self._exhibit.hide()
        self._steps = QWidget()
        self._row = QGridLayout(self._steps)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._rule = line()
        self._layout = QVBoxLayout(self)
        self._layout.setSpacing(8)
        self._layout.addLayout(self._top)
        pages = QHBoxLayout()
        for page, share in ((self.area, READ), (self._exhibit, SEEN), (self._end, READ)):
            pages.addWidget(page, share)
        self._layout.addLayout(pages, 1)
        for part in (self.home, self._rule, self._steps):
            self._layout.addWidget(part)
        self._arrange(wide=False)

    def _arrange(self, wide: bool) -> None:
        """High: text, figures and questions below each other. Wide: beside each other, and the way through the steps in the first line."""
        self._wide = wide
        self._columns.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
        self._columns.setSpacing(28 if wide else 12)
        self._share()
        (self._top if wide else self._layout).removeWidget(self._steps)
        if wide:
            self._top.insertWidget(1, self._steps, 2)
        else:
            self._layout.addWidget(self._steps)
        while self._row.count():
            self._row.takeAt(0)
        places = {self.back: (0, 0), self.dots: (0, 1), self.count: (0, 2) if wide else (1, 1), self.next: (0, 3)}
        for part, (row, place) in places.items():
            self._row.addWidget(part, row, place, Qt.AlignmentFlag.AlignHCenter if part is self.count else Qt.AlignmentFlag(0))
        self._row.setColumnStretch(1, 1)
        self._rule.setVisible(not wide)

    def _share(self) -> None:
        """How the columns share the width: a step without figures has two."""
        beside = any(not isinstance(figure, ExperimentView) for _action, figure in self.figures)
        for place, share in enumerate((3, 4 if beside else 0, 3, 0) if self._wide else (0, 0, 0, 1)):
            self._columns.setStretch(place, share)

    def set_theme(self, theme: Theme) -> None:
        """Apply the theme; the step is shown again after this."""
        theme = for_graph(theme)
        if theme is not self._full:
            self._full = theme
            self._dress(1.0)

    def _dress(self, share: float) -> None:
        """Type of this share of its full size."""
        assert self._full is not None
        own = sized(self._full, LARGER * share * self._full.scale / _base(self._full))
        if own is self._theme:
            return
        self._theme = own
        self.setStyleSheet(style_sheet(own) + looks(own))
        pad = round(18 * own.scale)
        self._layout.setContentsMargins(pad, round(8 * own.scale), round(10 * own.scale), round(10 * own.scale))
        self.setMinimumWidth(round(250 * own.scale))

    def show_step(self, player: Player, standing: Standing, again: bool = False) -> None:
        """The step the player is at, from its top; `again`: with the answers that were given.

        A step that is longer than the sheet is set in smaller type, as far as it can be read from the last row.
        """
        assert self._full is not None
        given, self.boxes = self.boxes if again else [], []
        self._turn(finished=False)  # what is hidden has no size
        least = max(player.workspace.widget.height(), 1) / LINES / QUESTION
        for share in SHARES:
            if share < 1.0 and self._full.scale * LARGER * share < least:
                break
            self._dress(share)
            self._build_step(player, given)
            room = self.area.viewport().size()
            if not self.area.isVisible() or (self._narrow and self._columns.totalHeightForWidth(room.width()) <= room.height()):
                break
        self.area.verticalScrollBar().setValue(0)
        self.say("")
        self.follow(player, standing)

    @property
    def _narrow(self) -> bool:
        """Whether the panel can be as narrow as its sheet, in type of this size."""
        sheet = self.parentWidget()
        return sheet is None or self.minimumWidth() <= sheet.contentsRect().width()

    def _build_step(self, player: Player, given: list[QuestionBox]) -> None:
        theme, step = self._theme, player.step
        assert theme is not None
        self.boxes = []
        self.title.setText(step.title)
        self.text.show_text(step.text, theme)
        self.text.setVisible(bool(step.text))
        clear(self._figures)
        clear(self._exhibits)
        wanted = [action for action in step.run if action.do == "figure"]
        self.figures = [(action, view_of(action, theme, self._predicted(player, action))) for action in wanted]
        for _action, figure in self.figures:
            (self._exhibits if isinstance(figure, ExperimentView) else self._figures).addWidget(figure)
            figure.show()
        if self._figures.count():
            self._figures.addStretch(1)
        self._exhibit.setVisible(bool(self._exhibits.count()))
        self._measure()
        self._share()
        clear(self._asked)
        for number, question in enumerate(step.ask):
            box = questions.box(question, theme, lambda q=question: truth(player.document.graph, player.workspace.visibility.truth, q))  # type: ignore[misc]
            box.answered.connect(lambda outcome, number=number: self.answered.emit(number, outcome))
            if isinstance(box, ChoiceBox):
                box.chose.connect(lambda option, place=(player.script, step.title, number): self._chosen.setdefault(place, option))
            box.opened.connect(self.opened)
            box.left.connect(self.left)
            box.told.connect(lambda box=box: self._see(box))
            self.boxes.append(box)
            if number < len(given):
                box.resume(given[number])
            self._asked.addWidget(box)
            box.show()  # counts in the height of the step at once
        self._asked.addStretch(1)

    def show_finish(self, score: LessonScore, best: int, following: ShelfEntry | None) -> None:
        """The end of the lesson, in place of its last step, whose answers are kept."""
        assert self._theme is not None
        self.finish.show_score(score, best, following, self._theme)
        self._turn(finished=True)
        self._end.verticalScrollBar().setValue(0)
        self.back.setEnabled(True)
        self.count.setText(_("Finished"))
        self._onward = _("Next lesson") if following is not None else _("Leave")
        self._name_next()
        tip = _("Next lesson: {title}  (Page Down)").format(title=following.lesson.title) if following is not None else ""
        self.next.setToolTip(tip or _("Leave the lesson and return to your own graph"))
        self.next.setAccessibleName(tip)

    def _predicted(self, player: Player, action: Action) -> Choice | None:
        """What was chosen in the step that an experiment puts to the test: its last question of that kind."""
        title = action.args.get("predicted", "")
        asked = [place for step in player.lesson.steps if step.title == title for place, one in enumerate(step.ask) if one.kind == "choice"]
        return self._chosen.get((player.script, title, asked[-1])) if asked else None

    def _turn(self, finished: bool) -> None:
        self._end.setVisible(finished)
        self.area.setVisible(not finished)
        self._exhibit.setVisible(not finished and bool(self._exhibits.count()))

    def _see(self, box: QuestionBox) -> None:
        """Bring what was just said into view, once it has its place."""
        self._seeing = box
        self._work.after_frame(SCROLL, self._scrolled, SCROLL_MS)

    def _scrolled(self) -> None:
        box = self._seeing
        if box is not None and box in self.boxes:
            self.area.ensureWidgetVisible(box.field if isinstance(box, NumberBox) else box, 0, 8)
            self.area.ensureWidgetVisible(box.comment if box.comment.isVisible() else box.verdict, 0, 8)

    def follow(self, player: Player, standing: Standing) -> None:
        """What changes without another step: whether one wandered off, how far one came."""
        theme = self._theme
        assert theme is not None
        lesson = player.lesson
        self.lesson_title.set_full(lesson.title)
        self.back.setEnabled(player.index > 0)
        self._onward = _("Finish") if player.last else _("Next")
        self._name_next()
        self.next.setToolTip(_("Score and next lesson  (Page Down)") if player.last else _("Next step  (Page Down)"))
        self.next.setAccessibleName("")
        self.home.setVisible(player.wandered)
        self.dots.show_steps(tuple(step.title for step in lesson.steps), player.index, frozenset(standing.seen), theme)
        self.count.setText(_("Step {number} of {steps}").format(number=player.index + 1, steps=len(lesson.steps)))

    def read_on(self) -> bool:
        """Show what is below the lower edge; whether there was anything. A clicker has no wheel."""
        bar = self.area.verticalScrollBar()
        if not self._more:
            return False
        bar.setValue(min(bar.value() + max(self.area.viewport().height() - OVERLAP, OVERLAP), bar.maximum()))
        return True

    @property
    def _more(self) -> bool:
        bar = self.area.verticalScrollBar()
        return self.area.isVisible() and bar.maximum() - bar.value() > HARDLY

    def _name_next(self) -> None:
        self.next.setText(_("More ▾") if self._more else self._onward)

    def say(self, text: str) -> None:
        """What the step is waiting for."""
        self.waiting.setText(text)
        self.waiting.setVisible(bool(text))

    # Qt

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._measure()

    def _measure(self) -> None:
        """Beside an experiment, text and questions stay below each other."""
        wide = self.width() > WIDE * self.height() and not self._exhibits.count()
        if wide != self._wide:
            self._arrange(wide)

    def hideEvent(self, event: QHideEvent) -> None:
        self._work.drop(SCROLL)
        super().hideEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        return claim_escape(event) or super().event(event)


def _base(theme: Theme) -> float:
    from ui.look.theme import THEMES

    return THEMES[theme.name].scale


def rows(t: Theme) -> str:
    """How steps look in a list."""
    return _("""
QListWidget::item {{ padding: {t}px {t2}px; border-radius: 6px; color: {secondary}; }}
QListWidget::item:selected {{ background: {selection_soft}; color: {text}; }}
""").format(t=px(t, 4), t2=px(t, 6), secondary=t.secondary, selection_soft=t.selection_soft, text=t.text)


def looks(t: Theme) -> str:
    soft = mixed(t.panel, t.success, 0.12)
    return _("""
#question {{ background: {canvas}; border: 1px solid {hairline}; border-radius: 10px; }}
QLabel[role="right"] {{ color: {success}; font-weight: 600; }}
QLabel[role="open"] {{ color: {warning}; font-weight: 600; }}
QLabel[role="wrong"] {{ color: {error}; font-weight: 600; }}
QPushButton[kind="option"] {{ background: {card}; border: 1px solid {card_edge}; border-radius: 8px; padding: 0; }}
QPushButton[kind="option"]:hover {{ border-color: {focus}; background: {hover}; }}
QPushButton[kind="option"]:focus {{ border: 2px solid {focus}; }}
QPushButton[kind="option"][answer="right"] {{ border: 2px solid {success}; background: {soft}; }}
QPushButton[kind="option"][answer="wrong"] {{ border: 2px solid {error}; background: {error_soft}; }}

""").format(
        canvas=t.canvas,
        hairline=t.hairline,
        warning=t.warning,
        error=t.error,
        card=t.card,
        card_edge=t.card_edge,
        focus=t.focus,
        hover=t.hover,
        success=t.success,
        soft=soft,
        error_soft=t.error_soft,
    )
