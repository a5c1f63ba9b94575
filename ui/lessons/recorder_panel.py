"""Beside the canvas while a lesson is recorded: its steps, and what is written to each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLineEdit, QListWidget, QPlainTextEdit, QScrollArea, QVBoxLayout, QWidget

from graph.lessons.lesson import LessonQuestion
from graph.model.difference import difference
from graph.text.messages import _, ngettext
from ui.lessons.panel import looks, rows
from ui.lessons.question_form import KINDS, QuestionForm, blank
from ui.look.style import px, style_sheet
from ui.look.theme import Theme
from ui.look.typing import scroll_past
from ui.look.widgets import FlowLayout, button, clear, label, line

if TYPE_CHECKING:
    from ui.lessons.recorder import Recorder

SHOWN = 6
"""So many steps are seen at once."""
NOTHING = _("Set up the graph for the start of the lesson, select what to highlight, and press New step.")


class RecorderPanel(QWidget):
    """Writes into the recorder's steps at every key."""

    save_clicked = Signal()
    play_clicked = Signal()
    close_clicked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._theme: Theme | None = None
        self._recorder: Recorder | None = None
        self._filling = False
        self.forms: list[QuestionForm] = []
        self.save = button(_("Save"), tip=_("Save the lesson, and its graph beside it"))
        self.play = button(_("Play"), tip=_("Save the lesson and play it as a class sees it"))
        self.close_button = button("✕", "quiet", tip=_("End the recording"))
        self.close_button.setAccessibleName(_("End the recording"))
        self.title = _line(_("Title of the lesson"))
        self.summary = _line(_("Summary in one sentence"))
        self.steps = QListWidget()
        self.steps.setAccessibleName(_("Steps of the lesson"))
        self.new = button(
            _("New step"), "primary", tip=_("Record the canvas as it is: graph, selection, view, playhead, training, hidden numbers")
        )
        self.retake = button(_("Record again"), tip=_("Record the canvas as it is for this step; your text stays"))
        self.up, self.down = button("↑", tip=_("Move this step up")), button("↓", tip=_("Move this step down"))
        self.remove = button(_("Delete"), tip=_("Delete this step"))
        self.step_title = _line(_("Title of the step"))
        self.text = _field(_("What the step says: Markdown, formulas between $ and $"), 128)
        self.shows = label("", "small", wrap=True)
        self.notes = _field(_("Notes for the teacher"), 74)
        self.kind = QComboBox()
        scroll_past(self.kind)
        self.kind.setAccessibleName(_("Add a question"))
        self._build()
        self._connect()

    def _build(self) -> None:
        top, steps = QHBoxLayout(), FlowLayout(6)
        top.addWidget(label(_("Recording a lesson"), "strong"), 1)
        for control in (self.save, self.play, self.close_button):
            top.addWidget(control)
        for control in (self.new, self.retake, self.up, self.down, self.remove):
            steps.addWidget(control)
        self.kind.addItem(_("Add a question …"))
        for kind in ("number", "choice", "text"):
            self.kind.addItem(KINDS[kind], kind)
        self._step = QWidget()
        inner = QVBoxLayout(self._step)
        inner.setContentsMargins(0, 8, 14, 12)
        inner.setSpacing(8)
        self._asked = QVBoxLayout()
        self._asked.setSpacing(8)
        inner.addWidget(self.step_title)
        inner.addWidget(self.text)
        inner.addWidget(self.shows)
        inner.addLayout(self._asked)
        inner.addWidget(self.kind)
        inner.addWidget(self.notes)
        inner.addStretch(1)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidget(self._step)
        self.nothing = label(NOTHING, "secondary", wrap=True)
        self._layout = QVBoxLayout(self)
        self._layout.setSpacing(8)
        self._layout.addLayout(top)
        self._layout.addWidget(self.title)
        self._layout.addWidget(self.summary)
        self._layout.addWidget(self.steps)
        self._layout.addWidget(self.nothing)
        self._layout.addLayout(steps)
        self._layout.addWidget(line())
        self._layout.addWidget(self.area, 1)
        self._rest = QWidget()
        self._layout.addWidget(self._rest, 1)

    def _connect(self) -> None:
        self.save.clicked.connect(self.save_clicked)
        self.play.clicked.connect(self.play_clicked)
        self.close_button.clicked.connect(self.close_clicked)
        self.new.clicked.connect(lambda: self._recorder.add() if self._recorder else None)
        self.retake.clicked.connect(lambda: self._recorder.retake() if self._recorder else None)
        self.up.clicked.connect(lambda: self._recorder.move(-1) if self._recorder else None)
        self.down.clicked.connect(lambda: self._recorder.move(1) if self._recorder else None)
        self.remove.clicked.connect(lambda: self._recorder.remove() if self._recorder else None)
        self.steps.currentRowChanged.connect(self._looked)
        self.title.textEdited.connect(lambda text: self._lesson("title", text))
        self.summary.textEdited.connect(lambda text: self._lesson("summary", text))
        self.step_title.textEdited.connect(self._titled)
        self.text.textChanged.connect(lambda: self._written(text=self.text.toPlainText()))
        self.notes.textChanged.connect(lambda: self._written(notes=self.notes.toPlainText()))
        self.kind.activated.connect(self._add_question)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.setStyleSheet(style_sheet(theme) + looks(theme) + rows(theme))
        pad = px(theme, 14)
        self._layout.setContentsMargins(pad, px(theme, 8), pad, px(theme, 8))
        self.setMinimumWidth(px(theme, 300))

    def follow(self, recorder: Recorder) -> None:
        """Show the steps, and what is written to the one that is looked at."""
        assert self._theme is not None
        self._filling, self._recorder = True, recorder
        recording, take = recorder.recording, recorder.take
        self.title.setText(recording.title)
        self.summary.setText(recording.summary)
        self.steps.clear()
        self.steps.addItems([f"{number}. {take.step.title}" for number, take in enumerate(recording.takes, 1)])
        self.steps.setCurrentRow(recorder.index)
        self.steps.setVisible(bool(recording.takes))
        self.nothing.setVisible(not recording.takes)
        self.area.setVisible(take is not None)
        self._rest.setVisible(take is None)
        row = self.steps.sizeHintForRow(0) if recording.takes else 0
        self.steps.setFixedHeight(row * min(len(recording.takes), SHOWN) + 6)
        for widget in (self.retake, self.up, self.down, self.remove):
            widget.setVisible(take is not None)
        for widget in (self.save, self.play):
            widget.setEnabled(bool(recording.takes))
        self.up.setEnabled(recorder.index > 0)
        self.down.setEnabled(recorder.index < len(recording.takes) - 1)
        if take is not None:
            self.step_title.setText(take.step.title)
            self.text.setPlainText(take.step.text)
            self.notes.setPlainText(take.step.notes)
            self.shows.setText(summary(recorder))
            self._fill_questions(take.step.ask)
        self._filling = False

    def _fill_questions(self, questions: tuple[LessonQuestion, ...]) -> None:
        assert self._theme is not None
        clear(self._asked)
        self.forms = []
        for question in questions:
            form = QuestionForm(question, self._theme)
            form.changed.connect(lambda _: self._questions_changed())
            form.removed.connect(lambda form=form: self._remove_question(form))
            self.forms.append(form)
            self._asked.addWidget(form)

    # what is done

    def _looked(self, row: int) -> None:
        if not self._filling and self._recorder is not None and row >= 0:
            self._recorder.look(row)

    def _lesson(self, name: str, text: str) -> None:
        if self._recorder is not None:
            setattr(self._recorder.recording, name, text)

    def _titled(self, text: str) -> None:
        self._written(title=text)
        item = self.steps.currentItem()
        if item is not None and self._recorder is not None:
            item.setText(f"{self._recorder.index + 1}. {text}")

    def _written(self, **fields: object) -> None:
        if not self._filling and self._recorder is not None:
            self._recorder.write(**fields)

    def _add_question(self, row: int) -> None:
        kind, recorder = self.kind.itemData(row), self._recorder
        self.kind.setCurrentIndex(0)
        if kind is not None and recorder is not None and recorder.take is not None:
            recorder.write(ask=(*recorder.take.step.ask, blank(kind)))
            self._fill_questions(recorder.take.step.ask)
            self.forms[-1].text.setFocus(Qt.FocusReason.OtherFocusReason)

    def _remove_question(self, form: QuestionForm) -> None:
        if self._recorder is not None:
            left = tuple(other.question for other in self.forms if other is not form)
            self._recorder.write(ask=left)
            self._fill_questions(left)

    def _questions_changed(self) -> None:
        self._written(ask=tuple(form.question for form in self.forms))


def summary(recorder: Recorder) -> str:
    """What the step does besides its words, for the person who took it."""
    take, takes = recorder.take, recorder.recording.takes
    if take is None:
        return ""
    changes = len(difference(takes[recorder.index - 1].state, take.state).edits) if recorder.index else 0
    step = take.step
    parts = [ngettext("{number} change to the graph", "{number} changes to the graph", changes).format(number=changes)] if changes else []
    parts += [_("highlights {highlight}").format(highlight=", ".join(step.highlight))] if step.highlight else []
    hidden = len(step.hide_values) + len(step.hide_gradients)
    parts += [ngettext("hides {number} number", "hides {number} numbers", hidden).format(number=hidden)] if hidden else []
    for action in step.run:
        if action.do == "train":
            parts.append(_("trains {number:,} steps").format(number=action.args["steps"]))
        elif action.do == "to":
            parts.append(
                _("moves playback ({phase}) to {target}").format(
                    phase=action.args["phase"], target=action.args.get("node", action.args.get("wire"))
                )
            )
        elif action.do == "view":
            parts.append(_("shows part of the graph") if action.args.get("fit") else _("shows the whole graph"))
        else:
            parts.append(action.do.replace("_", " "))
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _line(what: str) -> QLineEdit:
    line = QLineEdit()
    line.setPlaceholderText(what)
    line.setAccessibleName(what)
    return line


def _field(what: str, height: int) -> QPlainTextEdit:
    field = QPlainTextEdit()
    field.setPlaceholderText(what)
    field.setAccessibleName(what)
    field.setTabChangesFocus(True)
    field.setFixedHeight(height)
    return field
