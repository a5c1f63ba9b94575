"""A step's questions: a number to type, an answer to choose, something to write down or to discuss."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QPlainTextEdit, QPushButton, QVBoxLayout

from engine.explain.misconceptions import Expected
from engine.explain.misconceptions.match import WORDS, Judgement, hints_of, judge, judge_choice
from engine.explain.misconceptions.stages import general_slips, staged
from graph.lessons.lesson import LessonQuestion
from graph.text.messages import _
from ui.lessons.text import LessonText
from ui.look.theme import Theme, color, font
from ui.look.typing import claim_escape
from ui.look.widgets import button, label, set_property

SMALL = 15.0
SIGNS = {"right": "✓", "open": "!", "wrong": "✕"}
"""Before what is said of an answer; `open` is one that is not wrong, but not enough either."""


class _AnswerField(QLineEdit):
    """A field whose keys belong to it; Esc gives the focus back."""

    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        return claim_escape(event) or super().event(event)


class QuestionBox(QFrame):
    """One question. `answered` carries the outcome (`score.Outcome`) so far; `opened`, that its number may be seen from now on."""

    answered = Signal(str)
    opened = Signal()
    told = Signal()
    """Something was said about an answer: it should be seen."""
    left = Signal()

    def __init__(self, question: LessonQuestion, theme: Theme, truth: Callable[[], float | None]) -> None:
        super().__init__()
        self.question, self._theme, self._truth = question, theme, truth
        self.done = False
        self.about: float | None = None
        """The number of the canvas that the answer was judged by."""
        self._tried = self._hinted = False
        self._said, self._commented = ("", ""), ""
        self.setObjectName("question")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._layout = QVBoxLayout(self)
        pad = round(12 * theme.scale)
        self._layout.setContentsMargins(pad, pad, pad, pad)
        self._layout.setSpacing(round(8 * theme.scale))
        self._layout.addWidget(self._text(question.text))
        self.verdict = label("", "strong", wrap=True)
        self.comment = LessonText(SMALL)
        self._place = QVBoxLayout()
        self._place.setSpacing(round(6 * theme.scale))
        self._layout.addLayout(self._place)
        self._fill()
        self._layout.addWidget(self.verdict)
        self._layout.addWidget(self.comment)
        self.hint = button(_("Hint"), "quiet", tip=_("Show where to begin"))
        self.reveal = button(_("Show the answer"), "quiet", tip=_("Show the answer, and the number on the canvas"))
        row = QHBoxLayout()
        row.addWidget(self.hint)
        row.addWidget(self.reveal)
        row.addStretch(1)
        self._layout.addLayout(row)
        self.hint.clicked.connect(self._show_hint)
        self.reveal.clicked.connect(self.give_up)
        self.verdict.hide()
        self.comment.hide()
        self._offer()

    def _text(self, text: str) -> LessonText:
        view = LessonText(SMALL)
        view.show_text(text, self._theme)
        return view

    def _fill(self) -> None:
        """Where the answer goes."""

    def resume(self, other: QuestionBox) -> None:
        """Continue where a box of the same question was left, with its answer: another theme rebuilds the step."""
        self.done, self.about, self._tried, self._hinted = other.done, other.about, other._tried, other._hinted
        if not other.verdict.isHidden():
            self._show_verdict(*other._said)
        self._commented = other._commented
        self.comment.show_text(self._commented, self._theme)
        self.comment.setVisible(bool(self._commented))
        self._offer()

    def _offer(self) -> None:
        """Which of the buttons make sense now."""
        self.hint.setVisible(bool(self.question.hint) and not self.done)
        self.reveal.setVisible(self._tried and not self.done and bool(self.question.answer or self.question.of))

    def _judge(self, right: bool, comment: str = "") -> None:
        """Say how an answer was; only the first one can be right at the first try."""
        self.done = self.done or right
        outcome = "missed" if not right else "later" if self._tried or self._hinted else "first"
        self._say(WORDS["right" if right else "wrong"], "right" if right else "wrong")
        self._comment(comment or (self.question.answer if right else ""))
        self._tried = True
        self.answered.emit(outcome)
        if right:
            self.opened.emit()
        self._offer()

    def _say(self, words: str, role: Literal["right", "open", "wrong"]) -> None:
        self._show_verdict(f"{SIGNS[role]}  {words}", role)
        self.told.emit()

    def _show_verdict(self, words: str, role: str) -> None:
        self._said = words, role
        self.verdict.setText(words)
        set_property(self.verdict, "role", role)
        self.verdict.show()

    def _comment(self, text: str) -> None:
        self._commented = text
        self.comment.show_text(text, self._theme)
        self.comment.setVisible(bool(text))
        self.told.emit()

    def review(self, now: float | None, as_meant: bool) -> bool:
        """The canvas has the number `now` for this question: a verdict about another number goes. Whether the question is open again.

        While someone tries other numbers, what was answered stays found, and its verdict returns with its number; only where the
        graph is the step's own (`as_meant`) the question is asked again.
        """
        if now is None or self.about is None:
            return False
        same = abs(now - self.about) <= 1e-9 * max(abs(now), abs(self.about))
        if same or (self.done and not as_meant):
            self.verdict.setVisible(same and bool(self._said[0]))
            self.comment.setVisible(same and bool(self._commented))
            return False
        self.reopen()
        return True

    def reopen(self) -> None:
        """Ask again: whatever was said about an answer was about another number."""
        self.done, self.about, self._said, self._commented = False, None, ("", ""), ""
        self.verdict.hide()
        self.comment.hide()
        self._offer()

    def _show_hint(self) -> None:
        self._hinted = True
        self._comment(self.question.hint)

    def give_up(self) -> None:
        """Show what is right; it does not count as answered right."""
        if not self.done:
            self.answered.emit("missed")
        self.done = True
        self._said = "", ""
        truth = self._truth()
        self.verdict.setVisible(False)
        self._comment(self.question.answer or (f"${truth:.6g}$" if truth is not None else ""))
        self.opened.emit()
        self._offer()


class NumberBox(QuestionBox):
    """A number to type. `asks`, where set, judges in its place, reports by `judged` and returns whether it can."""

    asks: Callable[[str], bool] | None = None
    _wrong = 0
    """How many answers were wrong: the stage of the hints."""

    def _fill(self) -> None:
        self.field = _AnswerField()
        self.field.setPlaceholderText(_("Your number"))
        self.field.setAccessibleName(self.question.text)
        self.check = button(_("Check"), "primary", tip=_("Check your answer (Enter)"))
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.field, 1)
        row.addWidget(self.check)
        self._place.addLayout(row)
        self.check.clicked.connect(self.try_it)
        self.field.returnPressed.connect(self.try_it)
        self.field.left.connect(self.left)

    def resume(self, other: QuestionBox) -> None:
        super().resume(other)
        if isinstance(other, NumberBox):
            self.field.setText(other.field.text())
            self._wrong = other._wrong
        self._settle()
        self.field.deselect()

    def try_it(self) -> None:
        """Hold what is typed against the right number."""
        if self.done or not self.field.text().strip() or (self.asks is not None and self.asks(self.field.text())):
            return
        truth = self._truth()
        if truth is None:
            self._say(_("The number is not known yet: the engine is still computing."), "open")
        else:
            self.about = truth if self.question.of and self.question.expected is None else None
            judgement = judge(Expected(None, truth, general_slips(truth)), self.field.text(), self.question)
            self.judged(judgement, hints_of(judgement))

    def judged(self, judgement: Judgement, hints: Sequence[str], text: str = "") -> None:
        """An answer was judged: here or where it was typed."""
        if text:
            self.field.setText(text)
        if judgement.verdict in ("unreadable", "coarse"):
            self._say(" ".join(hints), "open")
            self._comment("")
        else:
            self._wrong += not judgement.right
            said = staged(hints, self._wrong, self.question.hint)
            self._judge(judgement.right, comment="" if judgement.right else "\n\n".join(said))
        self._settle()

    def reopen(self) -> None:
        super().reopen()
        self._settle()
        self.field.deselect()

    def _settle(self) -> None:
        self.field.setReadOnly(self.done)
        self.check.setEnabled(not self.done)
        self.field.selectAll()

    def give_up(self) -> None:
        super().give_up()
        self.field.setReadOnly(True)
        self.check.setEnabled(False)


class ChoiceBox(QuestionBox):
    """Answers to choose from; each says why or why not. `chose` carries the `Choice` that was made."""

    chose = Signal(object)

    def _fill(self) -> None:
        self.options: list[TextButton] = []
        for option in self.question.options:
            choice = TextButton(option.text, self._theme)
            choice.clicked.connect(lambda _=False, choice=choice: self.choose(self.options.index(choice)))
            self.options.append(choice)
            self._place.addWidget(choice)

    def resume(self, other: QuestionBox) -> None:
        super().resume(other)
        if isinstance(other, ChoiceBox):
            for mine, theirs in zip(self.options, other.options, strict=True):
                mine.mark(theirs.answer)

    def choose(self, index: int) -> None:
        if self.done:
            return
        option = self.question.options[index]
        for other, choice in zip(self.question.options, self.options, strict=True):
            if other is option:
                choice.mark("right" if option.right else "wrong")
        self.chose.emit(option)
        judgement = judge_choice(option)
        self._judge(judgement.right, comment=option.feedback)

    def give_up(self) -> None:
        for option, choice in zip(self.question.options, self.options, strict=True):
            if option.right:
                choice.mark("right")
        super().give_up()

    def _offer(self) -> None:
        super()._offer()
        self.reveal.setVisible(self._tried and not self.done)


class TextButton(QPushButton):
    """A button as wide as there is room, whose text may be several lines with formulas."""

    def __init__(self, text: str, theme: Theme) -> None:
        super().__init__()
        self.setProperty("kind", "option")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(text)
        self.body = LessonText(SMALL)
        self.body.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.body.show_text(text, theme)
        layout = QVBoxLayout(self)
        pad = round(8 * theme.scale)
        self._theme, self._side = theme, round(20 * theme.scale)
        layout.setContentsMargins(pad + 4, pad, pad + 4 + self._side, pad)
        layout.addWidget(self.body, 0, Qt.AlignmentFlag.AlignVCenter)
        policy = self.sizePolicy()
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    @property
    def answer(self) -> str:
        """`right` or `wrong` once it was chosen or revealed."""
        return str(self.property("answer") or "")

    def mark(self, answer: str) -> None:
        """Say whether it is right, by colour and by a sign at its end."""
        set_property(self, "answer", answer or None)
        self.setAccessibleDescription({"right": _("right"), "wrong": _("wrong")}.get(answer, ""))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.answer in ("right", "wrong"):
            painter = QPainter(self)
            painter.setFont(font("strong", 1.2 * self._theme.scale))
            painter.setPen(color(self._theme.success if self.answer == "right" else self._theme.error))
            place = QRect(self.width() - self._side - 8, 0, self._side, self.height())
            painter.drawText(place, int(Qt.AlignmentFlag.AlignCenter), SIGNS[self.answer])
            painter.end()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        layout = self.layout()
        assert layout is not None
        margins = layout.contentsMargins()
        inner = self.body.heightForWidth(max(60, width - margins.left() - margins.right()))
        return inner + margins.top() + margins.bottom()

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        hint.setHeight(self.heightForWidth(self.width() if self.width() > 80 else 300))
        return hint

    def minimumSizeHint(self) -> QSize:
        hint = self.sizeHint()
        hint.setWidth(80)
        return hint


class DiscussBox(QuestionBox):
    """Something to write down, or to talk about: nothing is right or wrong, and a good answer can be looked at."""

    def _fill(self) -> None:
        self.field = QPlainTextEdit()
        self.field.setPlaceholderText(_("Write it down, or talk about it"))
        self.field.setAccessibleName(self.question.text)
        self.field.setTabChangesFocus(True)
        self.field.setFixedHeight(round(64 * self._theme.scale))
        self._place.addWidget(self.field)

    def resume(self, other: QuestionBox) -> None:
        super().resume(other)
        if isinstance(other, DiscussBox):
            self.field.setPlainText(other.field.toPlainText())

    def _offer(self) -> None:
        super()._offer()
        self.reveal.setText(_("Compare with an answer"))
        self.reveal.setVisible(not self.done and bool(self.question.answer))


def box(question: LessonQuestion, theme: Theme, truth: Callable[[], float | None]) -> QuestionBox:
    """The box for a kind of question."""
    kinds: dict[str, type[QuestionBox]] = {"choice": ChoiceBox, "text": DiscussBox}
    return kinds.get(question.kind, NumberBox)(question, theme, truth)
