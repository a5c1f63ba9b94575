"""One section of an explanation card."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.explain.cards import Section
from graph.text.messages import _
from ui.look.theme import Theme
from ui.look.widgets import FlowLayout, button, label, line
from ui.maths.sheet import Sheet
from ui.maths.writing import CardWriter, section_lines


class SectionView(QWidget):
    """One section: its title, which leads to what it is about, and its lines; of a training step, a button that leads to it."""

    update_wanted = Signal(object)
    """The section of a training step whose update is to be shown."""
    inside_wanted = Signal(object)
    """The section about a learned tensor whose coming update is to be shown as a graph."""

    def __init__(self) -> None:
        super().__init__()
        self._section: Section | None = None
        self.update_button = button(
            _("Show this step"),
            tip=_("Open the debugger at the update that made this change. It goes one training step back; F9 makes the step again"),
        )
        self.update_button.clicked.connect(lambda: self.update_wanted.emit(self._section))
        self.inside_button = button(
            _("Inside of the optimizer"), tip=_("Show the coming update of this number as a wired graph with all its numbers")
        )
        self.inside_button.clicked.connect(lambda: self.inside_wanted.emit(self._section))
        self.title = label("", "strong", wrap=True)
        self.sheet = Sheet()
        self.rule = line()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.rule)
        layout.addSpacing(2)
        layout.addWidget(self.title)
        layout.addWidget(self.sheet)
        buttons = FlowLayout(6)
        buttons.addWidget(self.update_button)
        buttons.addWidget(self.inside_button)
        layout.addLayout(buttons)

    def show_section(self, section: Section, theme: Theme, stale: bool) -> None:
        self._section = section
        self.update_button.setVisible(section.step is not None)
        self.inside_button.setVisible(section.topic == "update" and section.place is not None)
        self.title.setText(section.title)
        writer = CardWriter()
        lines = section_lines(writer, section)
        self.sheet.show_lines(lines, writer.arrays, theme, stale)
