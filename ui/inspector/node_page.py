"""The inspector's first page: what the selected node is, its settings, its formula with names and with numbers."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QBoxLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from engine.compile.views import Absent, ArrayView, TraceView
from graph.model.address import first_output
from graph.model.edits import Rename, SetLabel, SetParam
from graph.model.graph import GraphError
from graph.model.problem import Problem, Repair
from graph.storage.document import Document
from graph.text.messages import _
from ui.forms.forms import ParameterForm
from ui.forms.paths import Paths
from ui.look.marks import paint_swatch
from ui.look.numbers import number
from ui.look.theme import LIGHT, Theme
from ui.look.typing import NameField, commit_typing
from ui.look.widgets import button, clear, label, line
from ui.maths.formula import FormulaView, NumberLine, filled, latex_name, named
from ui.maths.reading import glance, port_names, port_values, scalar

ROLES = {"error": "fault", "warning": "notice", "note": "secondary"}
"""The style of a problem's text by its severity."""
LONGEST = 9
"""Names of more letters would drown a formula: the port's own name stands there then."""


class Swatch(QWidget):
    """A category's square with its glyph."""

    def __init__(self) -> None:
        super().__init__()
        self.category, self.theme = "unknown", LIGHT
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_category(self, category: str, theme: Theme) -> None:
        self.category, self.theme = category, theme
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        side = round(18 * self.theme.scale)
        return QSize(side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_swatch(painter, self.rect(), self.category, self.theme)


class RuleRow(QWidget):
    """A rule, and the number that came of it: beside it where both have room, else below it."""

    def __init__(self, latex: str, theme: Theme) -> None:
        super().__init__()
        self._flow = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._flow.setContentsMargins(0, 2, 0, 2)
        self.formula = FormulaView(15.0)
        self.formula.set_formula(latex, theme.text, theme.scale)
        self._flow.addWidget(self.formula, 1)
        self.number = label("", "rule")
        self.number.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._flow.addWidget(self.number)

    def show_number(self, text: str) -> None:
        if text != self.number.text():
            self.number.setText(text)
            self.number.setVisible(bool(text))
            self._arrange()

    def minimumSizeHint(self) -> QSize:
        return QSize(80, super().minimumSizeHint().height())  # the number goes below before the panel has to be wider

    def _arrange(self) -> None:
        wide = self.number.fontMetrics().horizontalAdvance(self.number.text())
        beside = self.formula.natural_width + 2 * self._flow.spacing() + wide <= self.width()
        way = QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        self.number.setWordWrap(not beside)
        if way != self._flow.direction():
            self._flow.setDirection(way)

    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Resize):  # the formula was typeset, or there is another width
            self._arrange()
        return super().event(event)


class NodePage(QWidget):
    """Shows one node at a time; edits go to the document, repairs are passed on."""

    repair = Signal(object)
    inside_wanted = Signal(str)
    """The update of what this node learns is to be shown as a graph."""

    def __init__(self, paths: Paths | None = None) -> None:
        super().__init__()
        self._paths = paths
        self._document: Document | None = None
        self._node = ""
        self._type = ""
        self._theme = LIGHT
        self._rows: dict[str, RuleRow] = {}
        self._shown_rules: tuple[dict[str, str], Theme] = ({}, LIGHT)
        self._shown_problems: tuple[Problem, ...] = ()
        self.form: ParameterForm | None = None
        self.swatch = Swatch()
        self.kind = label("", "section")
        self.name = NameField()
        self.name.setProperty("role", "name")
        self.name.setAccessibleName(_("Name of the node"))
        self.name.setToolTip(_("The name in formulas, files and exported code"))
        self.title = NameField()
        self.title.setMaxLength(200)
        self.title.setAccessibleName(_("Title of the node"))
        self.title.setToolTip(_("The title shown on the card; if empty, the node's type or name"))
        self.complaint = label("", "complaint", wrap=True)
        self.complaint.hide()
        self.formula, self.numbers = FormulaView(19.0), NumberLine(15.0)
        self.value, self.gradient = label("", "value-word", wrap=True), label("", "gradient-word", wrap=True)
        self.inside = button(_("Inside of the optimizer"), "quiet", tip=_("Show the coming update of this parameter as a wired graph"))
        self.inside.clicked.connect(lambda: self.inside_wanted.emit(self._node))
        self._problems, self._form_place, self._rules = QVBoxLayout(), QVBoxLayout(), QVBoxLayout()
        self._rules_title = label(_("Chain rule"), "section")
        self._build()
        self.name.editingFinished.connect(self._rename)
        self.title.editingFinished.connect(self._retitle)

    def _build(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.swatch)
        head.addWidget(self.kind, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 14, 0, 16)
        layout.setSpacing(8)
        layout.addLayout(head)
        layout.addWidget(self.name)
        layout.addWidget(self.complaint)
        layout.addWidget(self.title)
        layout.addLayout(self._problems)
        layout.addSpacing(2)
        layout.addWidget(self.formula)
        layout.addWidget(self.numbers)
        layout.addWidget(self.value)
        layout.addWidget(self.gradient)
        layout.addSpacing(4)
        layout.addLayout(self._form_place)
        layout.addWidget(self.inside, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addSpacing(8)
        layout.addWidget(self._rules_title)
        layout.addLayout(self._rules)
        layout.addStretch(1)

    def show_node(self, document: Document, node: str, trace: TraceView | None, theme: Theme, stale: bool) -> None:
        """Show this node of this document with the numbers of a trace."""
        graph = document.graph
        if node != self._node:
            self._take_typing()
        changed = document is not self._document or graph.nodes[node].type != self._type or theme is not self._theme
        switched = changed or node != self._node
        if switched:
            self.name.setModified(False)
            self.complaint.hide()
        self._document, self._node, self._type, self._theme = document, node, graph.nodes[node].type, theme
        spec = graph.spec(node)
        self.swatch.set_category(spec.category, theme)
        self.kind.setText(spec.title.upper())
        self.inside.setVisible(bool(spec.parameters) or spec.role == "parameter")
        if not self.name.isModified() and self.complaint.isHidden():
            self.name.setText(graph.nodes[node].name)
        self.name.setReadOnly(bool(document.read_only))
        if switched or not self.title.isModified():
            self.title.setText(graph.nodes[node].label)
        self.title.setPlaceholderText(_("Label on the card"))
        self.title.setReadOnly(bool(document.read_only))
        if changed or self.form is None:
            self._make_form()
        assert self.form is not None
        self.form.set_values(graph.settings_of(node))
        if switched and not changed:
            self.form.forget()
        self.form.set_read_only(bool(document.read_only))
        self._show_formula(trace if not stale else None)
        self._show_glance(trace if not stale else None)

    def _take_typing(self) -> None:
        """What is being typed belongs to the node that was shown until now."""
        focus = QApplication.focusWidget()
        if focus is not None and self.isAncestorOf(focus):
            commit_typing()

    def _make_form(self) -> None:
        assert self._document is not None
        clear(self._form_place)
        self.form = ParameterForm(self._document.graph.spec(self._node).settings, paths=self._paths)
        self.form.changed.connect(self._set)
        self.form.settled.connect(self._document.seal)
        self._form_place.addWidget(self.form)
        self.form.tab_after(self.title)

    def _show_formula(self, trace: TraceView | None) -> None:
        assert self._document is not None
        graph, theme = self._document.graph, self._theme
        spec, settings = graph.spec(self._node), graph.settings_of(self._node)
        formula = spec.formula_for(settings)
        known = {port: latex_name(name) for port, name in self._names().items()}
        typed = {n: _inserted(v) for n, v in settings.items() if isinstance(v, (int, float)) and not isinstance(v, bool)}
        result = scalar(trace.values.get((self._node, spec.outputs[0].name))) if trace is not None and spec.outputs else None
        if spec.role != "op":  # "x = 2" changes with every tick of a slider
            self.formula.set_formula("" if result is not None else filled(formula, known), theme.text, theme.scale)
            shown = "" if result is None else f"{latex_name(graph.nodes[self._node].name)} = {_inserted(result, bare=True)}"
            self.numbers.set_formula(shown, theme.text, theme.scale)
            return self._show_rules(trace)
        self.formula.set_formula(filled(formula, typed | known), theme.text, theme.scale)
        values = port_values(graph, trace, self._node) if trace is not None else None
        with_numbers = ""
        given = typed.keys() | (values or {}).keys()
        needed = [port.name for port in spec.inputs if not port.optional or f"@{port.name}" in formula]
        if values is not None and result is not None and given >= set(needed):
            texts = typed | {port: _inserted(value) for port, value in values.items()}
            texts[spec.outputs[0].name] = _inserted(result, bare=True)
            with_numbers = filled(formula, texts)
        self.numbers.set_formula(with_numbers, theme.secondary, theme.scale)
        self._show_rules(trace)

    def _show_glance(self, trace: TraceView | None) -> None:
        """The first output's value and gradient in a line each; a tensor's by shape, mean and norm. A number above is not said again."""
        assert self._document is not None
        graph = self._document.graph
        address = first_output(graph, self._node)
        value = trace.written(address, graph) if trace is not None else None
        gradient = trace.written(address.derivative, graph) if trace is not None and isinstance(value, ArrayView) else None
        self.value.setText(
            _("value  {number}").format(number=glance(value)) if isinstance(value, ArrayView) and not self.numbers.latex else ""
        )
        self.gradient.setText(_("gradient  {gradient}").format(gradient=glance(gradient)) if gradient is not None else "")
        for line_ in (self.value, self.gradient):
            line_.setVisible(bool(line_.text()))

    def _names(self) -> dict[str, str]:
        """What stands for the ports in formulas: the names on the canvas, but for those too long to be read in one."""
        assert self._document is not None
        return {port: name for port, name in port_names(self._document.graph, self._node).items() if len(name) <= LONGEST}

    def _show_rules(self, trace: TraceView | None) -> None:
        """One line for each input and parameter: its rule, and the number where there is one."""
        assert self._document is not None
        graph, names = self._document.graph, self._names()
        spec = graph.spec(self._node)
        wired = {edge.target[1] for edge in graph.inputs_of(self._node)}
        typed = {port.name for port in spec.inputs if port.optional and not port.parameter and port.name not in wired}
        texts = spec.local_derivatives_for(graph.settings_of(self._node))
        rules = {port: named(rule, names) for port, rule in texts.items() if port not in typed}
        if (rules, self._theme) != self._shown_rules:
            self._shown_rules = (rules, self._theme)
            clear(self._rules)
            self._rows = {port: RuleRow(latex, self._theme) for port, latex in rules.items()}
            for row in self._rows.values():
                self._rules.addWidget(line())
                self._rules.addWidget(row)
        self._rules_title.setVisible(bool(rules))
        edges = {edge.target[1]: edge.id for edge in graph.inputs_of(self._node)}
        for port, row in self._rows.items():
            row.show_number(_rule_number(trace, edges.get(port)))

    def show_problems(self, problems: tuple[Problem, ...]) -> None:
        """The problems of this node, with their repairs."""
        if problems == self._shown_problems:
            return
        self._shown_problems = problems
        clear(self._problems)
        for problem in problems:
            self._problems.addWidget(label(problem.text, ROLES[problem.severity], wrap=True))
            for repair in problem.repairs:
                self._problems.addWidget(self._repair_button(repair))

    def _repair_button(self, repair: Repair) -> QWidget:
        apply = button(repair.title, "repair")
        apply.clicked.connect(lambda _=False, repair=repair: self.repair.emit(repair))
        return apply

    def _set(self, name: str, value: object) -> None:
        document = self._document
        if document is None or self._node not in document.graph.nodes:
            return
        setting = document.graph.spec(self._node).setting(name)
        title = setting.label if setting is not None else name
        try:
            text = f"Set {title.lower()} of {document.graph.nodes[self._node].name}"
            document.do(SetParam(self._node, name, value), text, merge=("setting", self._node, name))
        except GraphError as refused:
            self._complain(str(refused))
        else:
            self._complain("")

    def _rename(self) -> None:
        document = self._document
        if document is None or self._node not in document.graph.nodes:
            return
        wanted = self.name.text().strip()
        self.name.setModified(False)
        if wanted == document.graph.nodes[self._node].name:
            return self._complain("")
        try:
            document.do(Rename(self._node, wanted), f"Rename {document.graph.nodes[self._node].name} to {wanted}")
        except GraphError as refused:
            self._complain(str(refused))
        else:
            self._complain("")

    def _retitle(self) -> None:
        document, wanted = self._document, self.title.text().strip()
        self.title.setModified(False)
        if document is None or self._node not in document.graph.nodes or wanted == document.graph.nodes[self._node].label:
            return
        try:
            document.do(SetLabel(self._node, wanted), _("Title of {name}").format(name=document.graph.nodes[self._node].name))
        except GraphError as refused:
            self._complain(str(refused))

    def _complain(self, text: str) -> None:
        self.complaint.setText(text)
        self.complaint.setVisible(bool(text))


def _rule_number(trace: TraceView | None, edge: str | None) -> str:
    """The gradient that went along this wire: a number, why there is none, or nothing for a tensor."""
    if trace is None or edge is None:
        return ""
    gradient = trace.edge_gradients.get(edge, Absent("not computed" if trace.objective is not None else "no objective"))
    value = scalar(gradient)
    return number(value) if value is not None else gradient.why if isinstance(gradient, Absent) else ""


def _inserted(value: float, bare: bool = False) -> str:
    """A number in a formula, in brackets where a sign would be misread."""
    text = number(value).replace("−", "{-}").replace("∞", r"\infty").replace("NaN", r"\mathrm{NaN}").replace("×10", r"\cdot 10^")
    return f"({text})" if value < 0 and not bare else text
