"""The inspector's page that answers "why this number?": formula, numbers, and where every part of them comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QSpinBox, QVBoxLayout, QWidget

from engine.compile.views import TraceView
from engine.explain.cards import Array, Card, CardOf, Notation, Section
from engine.explain.question import Question, Refusal
from graph.model.address import Address, first_output, parameter, parse, wire
from graph.storage.document import Document
from graph.text.messages import _
from ui.explain.links import follow, point_at, point_at_link
from ui.explain.section_view import SectionView
from ui.look.theme import LIGHT, Theme
from ui.look.typing import scroll_past
from ui.look.widgets import FlowLayout, button, clear, label
from ui.maths.sheet import Sheet
from ui.maths.writing import CardWriter, head_lines
from ui.shell.workspace.panel import InspectorPage
from ui.shell.workspace.services import INSIDE, STEPPING

if TYPE_CHECKING:
    from ui.shell.workspace.workspace import Workspace

STALE_MS, GREY = 150, "grey card"
"""As on the canvas: numbers of an older document are greyed when no answer has come by then."""
NOTATIONS: tuple[tuple[Notation, str, str], ...] = (
    ("leibniz", "∂L/∂x", _("Gradients as derivatives of the objective")),
    ("bar", "x̄", _("Gradients as adjoints, with a bar")),
    ("delta", "δ", _("Gradients of layers as deltas")),
)
INVITATION = _("Select a node or wire to see how its value was computed.")
HINT = _("Point at a number to see where it comes from; click it to go there.")


class CardPage(InspectorPage):
    """Follows the selection while it is seen; asks the engine for a card at every new trace, one question at a time."""

    shown = Signal()
    """A card, or a refusal, is shown."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._document: Document | None = None
        self._trace: TraceView | None = None
        self._theme = LIGHT
        self._focus: Address | None = None
        self._parameter: tuple[str, str] | None = None
        self._sample: int | None = None
        self._entry: tuple[int, ...] | None = None
        self._current: tuple[CardOf, TraceView] | None = None
        """The question that was asked last, and the numbers it was about."""
        self._stale = self._pinned = False
        self.card: Card | None = None
        self.refusal = ""
        self.notation: Notation = _notation(workspace.settings.text("notation", "leibniz"))
        self.sections: list[SectionView] = []
        workspace.visibility.hid.connect(self._hid)
        workspace.canvas.model.samples.changed.connect(self._sample_shown)
        self._build()

    # widgets

    def _build(self) -> None:
        self.title, self.kind = label("", "heading", wrap=True), label("", "small", wrap=True)
        self.head = Sheet()
        self.note = label(INVITATION, "secondary", wrap=True)
        self.hint = label(HINT, "small", wrap=True)
        self.subjects, self._subjects = QWidget(), FlowLayout(4)
        self.subjects.setLayout(self._subjects)
        self._column = QVBoxLayout()
        self._column.setSpacing(14)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 14, 0, 16)
        layout.setSpacing(8)
        below = QHBoxLayout()
        below.addWidget(self.kind, 1)
        below.addWidget(self._switch())
        layout.addWidget(self.title)
        layout.addLayout(below)
        for widget in (self.subjects, self._choosers(), self.note, self.head):
            layout.addWidget(widget)
        layout.addSpacing(4)
        layout.addLayout(self._column)
        layout.addSpacing(8)
        layout.addWidget(self.hint)
        layout.addStretch(1)
        self._connect(self.head)
        self.head.picked.connect(self._pick)
        self._show()

    def _switch(self) -> QWidget:
        """How gradients are written."""
        self.switch = QButtonGroup(self)
        holder, row = QWidget(), QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for number, (key, text, tip) in enumerate(NOTATIONS):
            choice = button(text, "quiet", tip=tip)
            choice.setCheckable(True)
            choice.setChecked(key == self.notation)
            choice.setAccessibleName(_("Notation {notation}").format(notation=text))
            self.switch.addButton(choice, number)
            row.addWidget(choice)
        holder.setLayout(row)
        self.switch.idClicked.connect(lambda number: self.set_notation(NOTATIONS[number][0]))
        return holder

    def _choosers(self) -> QWidget:
        self.samples = QWidget()
        row = QHBoxLayout(self.samples)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self.sample = QSpinBox()
        self.sample.setAccessibleName(_("Sample"))
        scroll_past(self.sample)
        self.sample.setToolTip(_("The sample of the batch that is worked out"))
        self.sample_text = label("", "small")
        row.addWidget(label(_("sample"), "small"))
        row.addWidget(self.sample)
        row.addWidget(self.sample_text)
        row.addStretch(1)
        self.sample.valueChanged.connect(self._choose_sample)
        return self.samples

    def _connect(self, sheet: Sheet) -> None:
        sheet.followed.connect(self.follow_link)
        sheet.hovered.connect(lambda link: point_at_link(self.workspace, link))

    # what is asked

    @property
    def asking(self) -> bool:
        """Whether a card is awaited."""
        return self.workspace.work.asking(self._answered)

    def follow(self, document: Document, nodes: list[str], edges: list[str], trace: TraceView | None, theme: Theme, stale: bool) -> None:
        """Called by the inspector while this page is seen, at every selection and at every trace."""
        if document is not self._document:
            self._document = document
            self.forget()
        self._trace, self._theme = trace, theme
        self._set_focus(self._chosen(nodes, edges))
        self._set_stale(stale)
        self._ask()
        self._show()

    def set_pinned(self, pinned: bool) -> None:
        self._pinned = pinned
        if not pinned:
            self.workspace.canvas.selection_changed.emit()

    def _kept(self) -> Address | None:
        """The number that the card is about already, while it is there."""
        graph, focus = self._document.graph if self._document is not None else None, self._focus
        there = graph is not None and focus is not None and (focus.id in graph.nodes or focus.id in graph.edges)
        return focus if there else None

    def _chosen(self, nodes: list[str], edges: list[str]) -> Address | None:
        kept = self._kept() if self._pinned else None
        if kept is not None:
            return kept
        if len(nodes) == 1:
            if self._parameter is not None and self._parameter[0] == nodes[0]:
                return parameter(*self._parameter)
            return self._node(nodes[0])
        return wire(edges[0]) if len(edges) == 1 and not nodes else None

    def _node(self, node: str) -> Address | None:
        """A node is explained by its first output."""
        graph = self._document.graph if self._document is not None else None
        return first_output(graph, node) if graph is not None and node in graph.nodes else None

    def _set_focus(self, focus: Address | None) -> None:
        if focus == self._focus:
            return
        if focus is None or focus.kind != "parameter":
            self._parameter = None
        self._focus, self._entry = focus, None
        self._current = None

    def question(self) -> CardOf | None:
        """The number this page shows or has asked for."""
        focus = self._focus
        if focus is None:
            return None
        return CardOf(focus, self._row, self._entry, self.notation)

    @property
    def _row(self) -> int | None:
        """The sample that is worked out: the one on the canvas, and one of its own while the canvas shows all of them or their mean."""
        choice = self.workspace.canvas.model.samples.choice
        return choice if isinstance(choice, int) else self._sample

    def _sample_shown(self) -> None:
        """Another sample is shown on the canvas."""
        if self.isVisible():
            self._ask()

    def _ask(self, again: bool = False) -> None:
        question = self.question()
        if question is None or self.workspace.kernel is None or self._trace is None or self._stale_without_answer():
            return
        if again or self._current is None or question != self._current[0] or self._trace is not self._current[1]:
            self._current = question, self._trace
            self.workspace.work.ask(question, self._answered)

    def _stale_without_answer(self) -> bool:
        """Whether newer numbers are on their way: the card waits for them instead of delaying them."""
        document, trace = self._document, self._trace
        return document is not None and trace is not None and trace.structure != document.structure

    def _answered(self, question: Question, answer: Any) -> None:
        wanted = self.question()
        if wanted is None or not isinstance(question, CardOf) or question.address != wanted.address:
            return
        if isinstance(answer, Refusal):
            self.card, self.refusal = None, answer.text
        else:
            self.card, self.refusal = answer, ""
            self._set_stale(self.workspace.stale)
        self._show()
        self.shown.emit()

    def set_document(self, document: Document) -> None:
        self.forget()

    def forget(self) -> None:
        """Another document: clear the page and drop answers under way."""
        self.workspace.work.forget(self._answered)
        self.workspace.work.drop(GREY)
        self.card, self.refusal, self._current, self._stale = None, "", None, False
        self._focus = self._parameter = self._sample = self._entry = None

    # choices

    def set_notation(self, notation: Notation) -> None:
        """How gradients are written from now on, kept in the settings."""
        self.notation = notation
        self.workspace.settings.set("notation", notation)
        for number, (key, _sign, _about) in enumerate(NOTATIONS):
            self.switch.button(number).setChecked(key == notation)
        self._ask()

    @property
    def parameter(self) -> str:
        """The learned tensor that is explained; empty for a node or a wire."""
        return self._focus.port if self._focus is not None and self._focus.kind == "parameter" else ""

    @property
    def subject(self) -> str:
        """The node or wire that is explained, or whose tensor is."""
        return self._focus.id if self._focus is not None else ""

    def chosen_entry(self, place: Address) -> tuple[int, ...] | None:
        """The entry of a node's output that was chosen here; None where none was."""
        card = self.card
        if card is None or card.address != place.whole or place.kind != "output":
            return None
        if self._entry is None and self._row is None:
            return None
        return (*([card.sample or 0] if card.samples else []), *card.entry)

    def choose_parameter(self, name: str) -> None:
        """The card of one of the selected node's learned tensors; an empty name: of the node itself."""
        if self._focus is None or self._focus.kind == "edge":
            return
        self._parameter = (self._focus.id, name) if name else None
        self._set_focus(parameter(self._focus.id, name) if name else self._node(self._focus.id))
        self._ask()
        self._show()

    def _choose_sample(self, number: int) -> None:
        self._choose_row(number - 1)
        self._ask()

    def _choose_row(self, row: int) -> None:
        """A sample of the batch, here and on a canvas that shows a single one."""
        self._sample = row
        shown = self.workspace.canvas.model.samples
        if isinstance(shown.choice, int):
            shown.choose(row)

    def _pick(self, _: int, entry: object) -> None:
        """An entry of the value was clicked: explain that entry."""
        card = self.card
        if card is None or not isinstance(entry, tuple):
            return
        self._entry = tuple(entry[-len(card.shape) :]) if card.shape else ()
        if card.samples > 1 and len(entry) == len(card.shape) + 1:
            self._choose_row(entry[0])
        self._ask()

    def follow_link(self, text: str) -> None:
        address = parse(text)
        if follow(self.workspace, address) and address.kind == "parameter":
            self.choose_parameter(address.port)

    def _show_inside(self, section: Section) -> None:
        """Show the coming update of the number that a section is about as a graph."""
        inside, place = self.workspace.services.find(INSIDE), section.place
        if inside is not None and place is not None:
            inside.open(place.id, place.port, place.index or ())

    def _show_update(self, section: Section) -> None:
        """Lead to the training step that a section is about, at its very number."""
        stepping, place = self.workspace.services.find(STEPPING), section.place
        if stepping is not None and section.step is not None and place is not None:
            stepping.show_update(section.step, place.id, place.port, place.index or ())

    # showing

    def _set_stale(self, stale: bool) -> None:
        if stale and not self._stale:
            if not self.workspace.work.pending(GREY) and self.isVisible():
                self.workspace.work.after_frame(GREY, self._greyed, STALE_MS)
        elif not stale:
            self.workspace.work.drop(GREY)
            self._stale = False

    def _greyed(self) -> None:
        self._stale = self.workspace.stale
        self._show()

    def _hid(self, more: bool) -> None:
        """Other numbers are hidden now: the card may hold hidden numbers or lack visible ones."""
        if more:
            self.card = None
            self._show()
        if self.isVisible():
            self._ask(again=True)

    def _show(self) -> None:
        card, focus = self.card, self._focus
        matches = card is not None and focus is not None and card.address == focus
        self.title.setVisible(matches)
        self.kind.setVisible(matches)
        self.head.setVisible(matches)
        self.hint.setVisible(matches)
        self.note.setVisible(not matches)
        self.subjects.setVisible(matches and self._show_subjects())
        self.samples.setVisible(matches and card is not None and card.samples > 1)
        if not matches or card is None:
            self.note.setText(self._why_nothing())
            for view in self.sections:
                view.hide()
            return
        self.title.setText(card.title)
        self.kind.setText(card.subtitle)
        self._show_samples(card)
        writer = CardWriter()
        self.head.pickable = frozenset({0}) if isinstance(card.value, Array) else frozenset()
        self.head.show_lines(head_lines(writer, card), writer.arrays, self._theme, self._stale)
        self._show_sections(card)

    def _show_sections(self, card: Card) -> None:
        while len(self.sections) < len(card.sections):
            view = SectionView()
            self._connect(view.sheet)
            view.update_wanted.connect(self._show_update)
            view.inside_wanted.connect(self._show_inside)
            self.sections.append(view)
            self._column.addWidget(view)
        for number, view in enumerate(self.sections):
            if number < len(card.sections):
                view.show_section(card.sections[number], self._theme, self._stale)
            view.setVisible(number < len(card.sections))

    def _show_samples(self, card: Card) -> None:
        self.sample.blockSignals(True)
        self.sample.setRange(1, max(1, card.samples))
        if card.sample is not None and not self.sample.hasFocus():
            self.sample.setValue(card.sample + 1)
        self.sample.blockSignals(False)
        self.sample_text.setText(_("of {samples}").format(samples=card.samples))

    def _show_subjects(self) -> bool:
        """Buttons for the node and each of its learned tensors; whether there are any."""
        focus, document = self._focus, self._document
        if focus is None or document is None or focus.kind == "edge" or focus.id not in document.graph.nodes:
            return False
        held = [name for owner, name in (self._trace.parameters if self._trace is not None else {}) if owner == focus.id]
        wanted = [("", document.graph.nodes[focus.id].name), *((name, name) for name in held)]
        if [b.property("subject") for b in self._buttons()] != [f"{focus.id}|{name}|{text}" for name, text in wanted]:
            clear(self._subjects)
            for name, text in wanted:
                choice = button(text, "quiet", tip=_("Explain {name}").format(name=text))
                choice.setProperty("subject", f"{focus.id}|{name}|{text}")
                choice.setCheckable(True)
                choice.clicked.connect(lambda _=False, name=name: self.choose_parameter(name))
                self._subjects.addWidget(choice)
        for choice in self._buttons():
            choice.setChecked(choice.property("subject").split("|")[1] == self.parameter)
        return len(wanted) > 1

    def _buttons(self) -> list[Any]:
        items = [self._subjects.itemAt(i) for i in range(self._subjects.count())]
        return [item.widget() for item in items if item is not None]

    def _why_nothing(self) -> str:
        if self._focus is None:
            return INVITATION
        if self.workspace.kernel is None:
            return _("The engine is not running: nothing is computed, so there is nothing to explain.")
        if self._trace is None:
            return _("The engine is computing the first numbers …")
        return self.refusal or "…"

    # Qt

    def hideEvent(self, event: QHideEvent) -> None:
        self.workspace.work.forget(self._answered)
        self.workspace.work.drop(GREY)
        self._current = None
        point_at(self.workspace, None)
        super().hideEvent(event)


def _notation(text: str) -> Notation:
    return next((key for key, _, _ in NOTATIONS if key == text), "leibniz")
