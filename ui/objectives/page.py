"""The list of objectives: a row for each, with its direction, its steps at a turn, its rate, and the parameters that it moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count as counted
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from graph.formula.latex import display_name
from graph.model.edits import Edit, GraphError, SetGraphSetting
from graph.model.goal import LARGEST_TURN, TURNS, Goal, circled, listed_goals
from graph.model.goal_edits import change_goal, move_goal, remove_goal, take_parameters
from graph.model.graph import MISSING
from graph.model.several_objectives import goals_of, moved, objective_problems, together, trainable
from graph.model.spec import Setting
from graph.text.messages import _
from ui.forms.number_field import NumberField
from ui.look.theme import Theme
from ui.look.widgets import ElidedLabel, button, clear, label, scrolled
from ui.shell.workspace.panel import Panel

if TYPE_CHECKING:
    from graph.model.graph import Graph
    from graph.storage.document import Document
    from ui.shell.workspace.workspace import Workspace

INVITATION = _(
    "This graph has one objective, and all parameters follow it. To train two against each other, select the node of a second objective "
    "and press Add the selected node."
)
STEPS = Setting("steps", "int", 1, 1, LARGEST_TURN, title=_("Steps"))
RATE = Setting("rate", "float", None, 0.0, None, title=_("Learning rate"), exclusive_minimum=True, logarithmic=True, empty=_("the run's"))
HEADS = (_("Objective"), _("Direction"), _("Steps at a turn"), _("Learning rate"), _("Parameters that it moves"))


class ObjectivesPage(Panel):
    """Edits the document's setting `objectives`; everything is one step of undo."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._shown: object = None
        self.turns = QComboBox()
        self.turns.addItem(_("take turns"), "alternating")
        self.turns.addItem(_("step together"), "together")
        self.turns.setAccessibleName(_("How the objectives make their steps"))
        self.turns.activated.connect(self._set_turns)
        self.explained = label("", "secondary", wrap=True)
        self.add = button(_("Add the selected node"), tip=_("The value of the selected node becomes one more objective"))
        self.add.clicked.connect(lambda: self._act("add_objective"))
        self.rows: list[dict[str, Any]] = []
        """The widgets of every row, by name."""
        head = QHBoxLayout()
        head.setSpacing(8)
        self.turns_label = label(_("The objectives"), "strong")
        head.addWidget(self.turns_label)
        head.addWidget(self.turns)
        head.addWidget(self.explained, 1)
        head.addWidget(self.add)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(4, 1)
        self.problems = label("", "notice", wrap=True)
        inner = QWidget()
        inner.setAccessibleName(_("Objectives"))
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 8, 0, 8)
        column.setSpacing(10)
        column.addLayout(head)
        column.addLayout(self._grid)
        column.addWidget(self.problems)
        column.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scrolled(inner))

    def first_stop(self) -> QWidget:
        return self.rows[0]["direction"] if self.rows else self.add

    # what is shown changes

    def install(self) -> None:
        self._show()

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self._shown = None
        self._show()

    def set_document(self, document: Document) -> None:
        self._shown = None
        self._show()

    def document_changed(self) -> None:
        self._show()

    def selection_changed(self) -> None:
        self._offer()

    def actions_changed(self) -> None:
        self._offer()

    def _show(self) -> None:
        document = self.workspace.document
        graph, goals = document.graph, listed_goals(document.graph.settings)
        texts = [_moves_text(graph, goal) for goal in goals]
        problems = [problem.text for problem in objective_problems(graph)]
        names = _row_names(graph, goals)
        shown = (document, goals, names, texts, problems, together(graph), document.read_only)
        if shown == self._shown:
            return
        self._shown = shown
        at = self._focused()
        clear(self._grid)
        self.rows = []
        if goals:
            for place, text in enumerate(HEADS):
                self._grid.addWidget(label(text, "section"), 0, place)
        for number, goal in enumerate(goals):
            self._row(graph, number, goal, names[number], texts[number], len(goals))
        for widget in (self.turns_label, self.turns):
            widget.setVisible(len(goals) > 1)
        self.turns.setCurrentIndex(int(together(graph)))
        self.turns.setEnabled(not document.read_only)
        self.explained.setText(_explained(graph) if goals else INVITATION)
        self.problems.setText("\n".join(problems))
        self.problems.setVisible(bool(problems))
        if at is not None and self.rows:
            self.rows[min(at[0], len(self.rows) - 1)][at[1]].setFocus(Qt.FocusReason.OtherFocusReason)
        self._offer()

    def _focused(self) -> tuple[int, str] | None:
        for number, row in enumerate(self.rows):
            for name, widget in row.items():
                if widget.hasFocus():
                    return number, name
        return None

    def _row(self, graph: Graph, number: int, goal: Goal, name: str, text: str, count: int) -> None:
        row: dict[str, Any] = {}
        said = _("objective {name}").format(name=name)
        row["name"] = button(name, "quiet", tip=_("Select this node"))
        row["name"].clicked.connect(lambda: self.workspace.go_to((goal.node,), ()))
        row["direction"] = direction = QComboBox()
        for title, value in ((_("minimise"), "minimise"), (_("maximise"), "maximise")):
            direction.addItem(title, value)
        direction.setCurrentIndex(int(goal.maximised))
        direction.activated.connect(lambda at: self._change(number, direction=direction.itemData(at)))
        row["steps"] = steps = NumberField(STEPS)
        steps.set_value(goal.steps)
        steps.changed.connect(lambda value: self._change(number, steps=value))
        steps.setEnabled(count > 1 and not together(graph))
        row["rate"] = rate = NumberField(RATE)
        rate.set_value(goal.rate)
        rate.changed.connect(lambda value: self._change(number, rate=value))
        moves = QWidget()
        across = QHBoxLayout(moves)
        across.setContentsMargins(0, 0, 0, 0)
        row["moves"] = ElidedLabel("", "")
        row["moves"].set_full(text)
        across.addWidget(row["moves"], 1)
        for key, title, tip, act in self._buttons(graph, number, goal, count):
            row[key] = button(title, "quiet", tip=tip)
            row[key].setAccessibleName(f"{tip}: {said}")
            row[key].clicked.connect(act)
            across.addWidget(row[key])
        for key, what in (("direction", _("Direction")), ("steps", _("Steps at a turn")), ("rate", _("Learning rate"))):
            row[key].setAccessibleName(f"{what}: {said}")
        writable = not self.workspace.document.read_only
        for key in ("direction", "take", "up", "remove"):
            if key in row and not writable:
                row[key].setEnabled(False)
        for place, widget in enumerate((row["name"], direction, steps, rate, moves)):
            self._grid.addWidget(widget, number + 1, place)
        self.rows.append(row)

    def _buttons(self, graph: Graph, number: int, goal: Goal, count: int) -> list[tuple[str, str, str, Callable[[], object]]]:
        buttons: list[tuple[str, str, str, Callable[[], object]]] = [
            ("show", _("Show"), _("Select the parameters that this objective moves"), lambda: self._select(goal)),
            ("take", _("Take the selection"), _("This objective moves the selected nodes and groups, and no other does"),
             lambda: self._take(number)),
        ]  # fmt: skip
        if number:
            up = move_goal(graph, number, number - 1)
            buttons.append(("up", "↑", _("Move up in the list"), lambda: self._do(up, _("Reorder objectives"))))
        buttons.append(("remove", "✕", _("Remove from the list"), lambda: self._do(remove_goal(graph, number), _("Remove objective"))))
        return buttons

    def _offer(self) -> None:
        """What can be done with the selection."""
        canvas, writable = self.workspace.canvas, not self.workspace.document.read_only
        self.add.setEnabled(writable and len(canvas.selected_nodes()) == 1)
        graph = self.workspace.document.graph
        chosen = any(identity in graph.nodes or identity in graph.groups for identity in canvas.selection)
        for row in self.rows:
            row["take"].setEnabled(writable and chosen)

    # edits

    def _act(self, action: str) -> None:
        self.workspace.actions_by_id[action].trigger()

    def _set_turns(self, at: int) -> None:
        value = self.turns.itemData(at)
        self._do(SetGraphSetting(TURNS, MISSING if value == "alternating" else value), _("Set how objectives make their steps"))

    def _change(self, number: int, **values: Any) -> None:
        self._do(change_goal(self.workspace.document.graph, number, **values), _("Change objective"))

    def _take(self, number: int) -> None:
        graph, canvas = self.workspace.document.graph, self.workspace.canvas
        learned, ids = trainable(graph), canvas.selection
        chosen = [node for node in graph.nodes if node in ids and node in learned] + [group for group in graph.groups if group in ids]
        if not chosen:
            self.workspace.say(_("No parameter that can be trained is selected."))
            return
        self._do(take_parameters(graph, number, chosen), _("Choose the parameters of an objective"))

    def _select(self, goal: Goal) -> None:
        graph = self.workspace.document.graph
        self.workspace.go_to(tuple(node for node in graph.nodes if node in moved(graph, goal) & trainable(graph)), ())

    def _do(self, edit: Edit, text: str) -> None:
        try:
            self.workspace.canvas.do(edit, text)
        except GraphError as wrong:
            self.workspace.say(str(wrong))


def _row_names(graph: Graph, goals: Sequence[Goal]) -> list[str]:
    """`①  f`: what stands in front of each row, with its number on the canvas; an entry that is left out has none."""
    numbers, there = counted(1), goals_of(graph)
    return [f"{circled(next(numbers))}  {display_name(graph.nodes[goal.node].name)}" if goal in there else _("gone") for goal in goals]


def _moves_text(graph: Graph, goal: Goal) -> str:
    """Groups by their names, then nodes."""
    groups = [graph.groups[name].name for name in goal.parameters if name in graph.groups]
    nodes = [display_name(graph.nodes[name].name) for name in goal.parameters if name in graph.nodes]
    return ", ".join([*groups, *nodes]) or _("none")


def _explained(graph: Graph) -> str:
    """How the steps go, in words."""
    goals = goals_of(graph)
    if len(goals) < 2:
        return ""
    if together(graph):
        return _("At each step all gradients are taken at the same point; then every objective updates its own parameters.")
    names = ", ".join(f"{circled(number)} × {goal.steps}" for number, goal in enumerate(goals, 1))
    return _("A step is an update of one objective, on the next mini-batch: {names}, and again.").format(names=names)
