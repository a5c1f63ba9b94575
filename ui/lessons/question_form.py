"""Writing a question of a lesson."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from engine.explain.misconceptions.match import readings
from graph.lessons.lesson import Choice, LessonQuestion
from graph.text.messages import _
from ui.look.style import px
from ui.look.theme import Theme
from ui.look.widgets import button, label

KINDS = {"predict": _("Prediction on the canvas"), "number": _("A number"), "choice": _("A choice"), "text": _("To discuss")}


def blank(kind: str) -> LessonQuestion:
    """A question to be filled in."""
    options = (Choice("the right answer", right=True), Choice("another answer")) if kind == "choice" else ()
    return LessonQuestion(kind, "", expected=0.0 if kind == "number" else None, options=options)


class QuestionForm(QFrame):
    """One question; `changed` carries it whenever something is typed."""

    changed = Signal(object)
    removed = Signal()

    def __init__(self, question: LessonQuestion, theme: Theme) -> None:
        super().__init__()
        self._question = question
        self.setObjectName("question")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        about = (
            _("{kind}: {quantity} of {node}").format(kind=KINDS[question.kind], quantity=question.quantity, node=question.of)
            if question.of
            else KINDS[question.kind]
        )
        self.remove = button(_("Remove"), "quiet", tip=_("Delete this question"))
        self.text = self._line(question.text, _("What is asked?"))
        self.expected = self._line("" if question.expected is None else f"{question.expected:g}", _("The right number"))
        self.options = QPlainTextEdit("\n".join(("* " if option.right else "") + option.text for option in question.options))
        self.options.setPlaceholderText(_("One answer per line; put a * before the right one"))
        self.options.setAccessibleName(_("Answers, one per line, with a star before the right one"))
        self.options.setTabChangesFocus(True)
        self.options.setFixedHeight(px(theme, 84))
        self.answer, self.hint = self._line(question.answer, _("A good answer")), self._line(question.hint, _("A hint"))
        top = QHBoxLayout()
        top.addWidget(label(about, "small", wrap=True), 1)
        top.addWidget(self.remove)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 12)
        layout.addLayout(top)
        wanted: list[QWidget] = [self.text]
        wanted += [self.expected] if question.kind == "number" and not question.of else []
        wanted += [self.options] if question.kind == "choice" else []
        wanted += [self.answer] if question.kind != "choice" else []
        for widget in (*wanted, self.hint):
            layout.addWidget(widget)
        for spare in (self.expected, self.options, self.answer):
            if spare not in wanted:
                spare.setParent(self)
                spare.hide()
        self.remove.clicked.connect(self.removed)
        for line in (self.text, self.expected, self.answer, self.hint):
            line.textEdited.connect(lambda _: self._tell())
        self.options.textChanged.connect(self._tell)

    def _line(self, text: str, what: str) -> QLineEdit:
        line = QLineEdit(text)
        line.setPlaceholderText(what)
        line.setAccessibleName(what)
        return line

    def _tell(self) -> None:
        self.changed.emit(self.question)

    @property
    def question(self) -> LessonQuestion:
        """What the form says; texts that were of several lines and not touched stay so."""
        was = self._question
        numbers = readings(self.expected.text()) if was.expected is not None else ()
        expected = numbers[0].value if numbers else None
        options = was.options
        if was.kind == "choice":
            known = {option.text: option for option in was.options}
            options = tuple(self._option(line, known) for line in self.options.toPlainText().splitlines() if line.strip(" *"))
        return replace(
            was, text=_kept(was.text, self.text.text()), expected=expected, options=options,
            answer=_kept(was.answer, self.answer.text()), hint=_kept(was.hint, self.hint.text()),
        )  # fmt: skip

    def _option(self, line: str, known: dict[str, Choice]) -> Choice:
        text = line.strip().removeprefix("*").strip()
        return replace(known.get(text, Choice(text)), text=text, right=line.strip().startswith("*"))


def _kept(before: str, now: str) -> str:
    """A line cannot show several: where it shows the old text joined, the old text is meant."""
    return before if " ".join(before.split("\n")) == now or before.replace("\n", "\u2028") == now else now
