"""Forward mode from any seed and reverse mode from any target, as tags on the wires of the canvas, optionally node by node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QVBoxLayout

from engine.compile.views import ArrayView
from engine.explain.forward_mode import Adjoints, Direction, ForwardMode, ReverseMode, Tangents
from engine.explain.question import Question
from graph.model.address import Address
from graph.model.covered import Covered
from graph.text.messages import _
from ui.canvas.model.overlay import Tag
from ui.explain.tool import Tool, chosen_place, top_aligned
from ui.look.numbers import number
from ui.look.widgets import FlowLayout, button, label, scrolled, set_property
from ui.maths.mode_lines import derivative_lines, size_of
from ui.maths.sheet import Sheet, SheetLine
from ui.maths.typesetting import Text, row

if TYPE_CHECKING:
    from ui.shell.workspace.workspace import Workspace

OWNER = "forward_mode"
FORWARD, REVERSE = 0, 1
INVITATION = (
    _("Select a node or wire as the seed: every wire after it shows how fast its value changes with the seed."),
    _("Select the target: every wire before it shows how fast the target changes with the wire's value."),
)
MODES = (
    (_("Forward mode"), "forward", _("From the selected seed: tangents")),
    (_("Reverse mode"), "backward", _("Of the selected target: adjoints")),
)
DIRECTIONS: tuple[tuple[Direction, str, str], ...] = (
    ("entry", _("one entry"), _("Change one entry of the tensor only")),
    ("ones", _("all entries"), _("Change all entries equally")),
    ("gradient", _("along its gradient"), _("Change it along its own gradient, scaled to length 1")),
)


class ModesTool(Tool):
    """Tangents run with the wires, adjoints against them; both stay on the canvas while the tool is seen."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self.answer: Tangents | Adjoints | None = None
        self.seed: Address | None = None
        self.reached: int | None = None
        """The number of nodes stepped through so far; None: all of them."""
        self.modes, self.directions = QButtonGroup(self), QButtonGroup(self)
        self.title, self.hint = label("", "strong", wrap=True), label("", "small", wrap=True)
        self.sheet = Sheet()
        self.back, self.step, self.all = button(_("Step back")), button(_("Step")), button(_("All"), tip=_("Show every wire at once"))
        self._build()

    def _build(self) -> None:
        top, below, steps = FlowLayout(6), QHBoxLayout(), QHBoxLayout()
        for number_, (text, accent, tip) in enumerate(MODES):
            choice = button(text, accent=accent, tip=tip)
            choice.setCheckable(True)
            choice.setChecked(number_ == FORWARD)
            set_property(choice, "active", "true" if number_ == FORWARD else "false")
            self.modes.addButton(choice, number_)
            top.addWidget(choice)
        for number_, (_key, text, tip) in enumerate(DIRECTIONS):
            choice = button(text, "quiet", tip=tip)
            choice.setCheckable(True)
            choice.setChecked(number_ == 0)
            self.directions.addButton(choice, number_)
            top.addWidget(choice)
        for control in (self.back, self.step, self.all):
            steps.addWidget(control)
        steps.addStretch(1)
        below.addWidget(self.title, 1)
        below.addLayout(steps)
        down = QVBoxLayout(self.body)
        down.setContentsMargins(0, 0, 0, 0)
        down.setSpacing(8)
        down.addLayout(top)
        down.addLayout(below)
        down.addWidget(scrolled(top_aligned(self.sheet)), 1)
        down.addWidget(self.hint)
        self.modes.idClicked.connect(self.choose_mode)
        self.directions.idClicked.connect(lambda _: self.refresh())
        self.back.clicked.connect(lambda: self._walk(-1))
        self.step.clicked.connect(lambda: self._walk(1))
        self.all.clicked.connect(lambda: self._walk(0))

    @property
    def mode(self) -> int:
        return self.modes.checkedId()

    def choose_mode(self, mode: int) -> None:
        self.modes.button(mode).setChecked(True)
        for number_ in (FORWARD, REVERSE):
            set_property(self.modes.button(number_), "active", "true" if number_ == mode else "false")
        self.answer, self.reached = None, None
        self.refresh()

    # what is asked

    def refresh(self) -> None:
        why = self.why_not()
        if why:
            self._clear()
            return self.say(why)
        workspace, canvas = self.workspace, self.workspace.canvas
        graph = workspace.document.graph
        nodes = canvas.selected_nodes()
        place = chosen_place(graph, nodes, canvas.selected_edges(), self.meaning.parameter_of(nodes))
        if place is None and self.seed is not None and self._there(self.seed):
            place = self.seed  # nothing else is selected: what was asked for stays
        self.show_body()
        if place is None:
            return self._invite()
        if self.mode == REVERSE and place.kind == "edge":
            place = Address("output", *graph.edges[place.id].source)
        if place.kind == "parameter" and self.mode == REVERSE:
            return self._invite()
        if self.seed is None or (place.kind, place.key) != (self.seed.kind, self.seed.key):
            self.reached = None
        direction = DIRECTIONS[self.directions.checkedId()][0]
        entry = self.meaning.entry_of(place)
        self.seed = place.at(entry if direction == "entry" else None)
        self.ask(ForwardMode(self.seed, direction) if self.mode == FORWARD else ReverseMode(self.seed))

    def _there(self, place: Address) -> bool:
        graph = self.workspace.document.graph
        return place.exists(graph)

    def _invite(self) -> None:
        self._clear()
        self.answer = None
        self.title.setText("")
        self.hint.setText("")
        self.sheet.show_lines([SheetLine(None, INVITATION[self.mode], 14.0, 0.0, "secondary")], [], self.theme)

    def answered(self, question: Question, answer: Any) -> None:
        if isinstance(answer, Tangents | Adjoints):
            self.answer = answer
            self._show()

    def refused(self, question: Question, text: str) -> None:
        self._invite()
        self.sheet.show_lines([SheetLine(None, text, 14.0)], [], self.theme)

    def _walk(self, way: int) -> None:
        """One node on, one back, or (0) all at once."""
        answer = self.answer
        if answer is None:
            return
        count = len(answer.order)
        if way == 0:
            self.reached = None
        else:
            here = self.reached if self.reached is not None else (0 if way > 0 else count)
            self.reached = min(count, max(0, here + way))
        self._show()

    # showing

    def _show(self) -> None:
        answer = self.answer
        if answer is None:
            return
        if not self._there(answer.seed if isinstance(answer, Tangents) else answer.target):
            return self._invite()  # deleted while the answer was under way
        seen = set(answer.order if self.reached is None else answer.order[: self.reached])
        self._tag(answer, seen)
        forward = isinstance(answer, Tangents)
        graph = self.workspace.document.graph
        self.title.setText(
            _("Seed {name}: tangents").format(name=answer.name) if forward else _("Target {name}: adjoints").format(name=answer.name)
        )
        self.hint.setText(self._checked(answer))
        place = answer.seed if isinstance(answer, Tangents) else answer.target
        seed = Text(place.name(graph), sans=True)
        along = next((words for key, words, _ in DIRECTIONS if isinstance(answer, Tangents) and answer.direction == key != "entry"), "")
        direction = [Text(_(", moved by v: {along}").format(along=along), "secondary", sans=True)] if along else []
        lines = [SheetLine(row(Text(_("seed  ") if forward else _("target  "), "secondary", sans=True), seed, *direction), size=15.0)]
        lines += derivative_lines(answer, graph, seen)
        self.sheet.show_lines(lines, [], self.theme)

    def _checked(self, answer: Tangents | Adjoints) -> str:
        if isinstance(answer, Adjoints):
            return (
                _("The target is a tensor: its sum is differentiated.")
                if answer.summed
                else _("value of the target: {number}").format(number=number(answer.value))
            )
        if answer.objective is None or answer.reverse is None or isinstance(answer.objective, Covered):
            return ""
        return _("at the objective {objective}; reverse mode says {reverse}").format(
            objective=number(answer.objective), reverse=number(answer.reverse)
        )

    def _tag(self, answer: Tangents | Adjoints, seen: set[str]) -> None:
        """A tangent is on a wire once its source has been reached, an adjoint once its target has."""
        graph, overlay = self.workspace.document.graph, self.workspace.canvas.overlay
        forward = isinstance(answer, Tangents)
        tags: dict[str, Tag] = {}
        for edge, value in answer.edges.items():
            if edge in graph.edges and isinstance(value, ArrayView):
                end = graph.edges[edge].source[0] if forward else graph.edges[edge].target[0]
                if end in seen and not value.covered:
                    tags[edge] = Tag(("→ " if forward else "← ") + size_of(value), "forward" if forward else "backward")
        overlay.tag(OWNER, tags)
        place = answer.seed if isinstance(answer, Tangents) else answer.target
        node = place.node(graph) if place.exists(graph) else place.id
        overlay.mark(OWNER, {node: "seed" if forward else "target"})

    def _clear(self) -> None:
        overlay = self.workspace.canvas.overlay
        if overlay.tags(OWNER) or overlay.marks(OWNER):
            overlay.tag(OWNER, {})
            overlay.mark(OWNER, {})

    def drop(self) -> None:
        self.answer = None
        self._clear()
        self.title.setText("")
        self.hint.setText("")
        self.sheet.show_lines([], [], self.theme)

    def dress(self) -> None:
        if self.isVisible():  # what it shows on the canvas is there only while the tool is seen
            self._show()

    def forget(self) -> None:
        super().forget()
        self.answer, self.seed, self.reached = None, None, None
        self._clear()

    def hideEvent(self, event: QHideEvent) -> None:
        self._clear()
        super().hideEvent(event)
