"""The inspector's other pages: numbers, help, and what stands there while nothing is selected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.compile.views import Absent, ArrayView, Gradient, TraceView
from graph.model.address import Address, output, parameter, wire
from graph.model.document_settings import BY_NAME, DOCUMENT_SETTINGS, DocumentSetting
from graph.model.edits import SetGraphSetting
from graph.model.goal import circled
from graph.model.graph import Graph
from graph.model.search import signature
from graph.model.several_objectives import goals_of
from graph.model.spec import NodeSpec
from graph.storage.document import Document
from graph.text.messages import _, ngettext
from ui.forms.forms import ParameterForm
from ui.look.theme import Theme
from ui.look.widgets import clear, label, line
from ui.maths.array_view import ArrayPanel
from ui.maths.formula import FormulaView, named
from ui.shell.workspace.panel import InspectorPage
from ui.shell.workspace.workspace import Workspace

if TYPE_CHECKING:
    import numpy as np


class ValuesPage(InspectorPage):
    """Value and gradient of a node's outputs and parameters, or of a wire."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._shown: tuple[object, ...] = ()
        self.panels: dict[Address, ArrayPanel] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 14, 0, 16)
        self._layout.setSpacing(10)

    def follow(
        self, document: Document, nodes: list[str], edges: list[str], trace: TraceView | None, theme: Theme, stale: bool
    ) -> None:  # fmt: skip
        if len(nodes) == 1:
            self.show_node(document, nodes[0], trace, theme, stale)
        elif not nodes and len(edges) == 1:
            self.show_edge(document, edges[0], trace, theme, stale)
        else:
            self.show_nothing(_("Select one node or one wire to see its value and its gradient."))

    def _rebuild(self, what: tuple[object, ...], rows: list[tuple[str, str, Address]]) -> bool:
        """Rebuild the panels `(title, role, address)` if they differ from those shown; returns whether they did."""
        if what == self._shown and [address for _, _, address in rows] == list(self.panels):
            return False
        self._shown = what
        clear(self._layout)
        self.panels = {}
        for title, role, address in rows:
            if self.panels and role == "value":
                self._layout.addWidget(line())
            panel = ArrayPanel(title, role)
            self.panels[address] = panel
            self._layout.addWidget(panel)
        self._layout.addStretch(1)
        return True

    def show_node(self, document: Document, node: str, trace: TraceView | None, theme: Theme, stale: bool) -> None:
        graph = document.graph
        spec = graph.spec(node)
        several = len(spec.outputs) > 1
        rows: list[tuple[str, str, Address]] = []
        for port in spec.outputs:
            after = f" · {port.name}" if several else ""
            rows += [(_("Value{after}").format(after=after), "value", output(node, port.name)),
                     (_("Gradient{after}").format(after=after), "gradient", output(node, port.name).derivative)]  # fmt: skip
        held = [name for owner, name in (trace.parameters if trace is not None else {}) if owner == node]
        for name in held:
            rows += [(_("Parameter {name}").format(name=name), "value", parameter(node, name)),
                     (_("Gradient of {name}").format(name=name), "gradient", parameter(node, name).derivative)]  # fmt: skip
        self._rebuild((id(document), node), rows)
        for address, panel in self.panels.items():
            panel.show_view(self._view(trace, address, graph), theme, stale, self._fetch(address))

    def show_edge(self, document: Document, edge: str, trace: TraceView | None, theme: Theme, stale: bool) -> None:
        """A wire's value is its producer's; its gradient is this wire's contribution alone."""
        graph = document.graph
        source, title = graph.edges[edge].source, wire(edge).name(graph)
        if self._rebuild((id(document), edge, title), [
            (_("Value"), "value", output(*source)),
            (_("Gradient along this wire"), "gradient", wire(edge).derivative),
        ]):  # fmt: skip
            self._layout.insertWidget(0, label(title, "heading", wrap=True))
        for address, panel in self.panels.items():
            panel.show_view(self._view(trace, address, graph), theme, stale, self._fetch(address))

    def show_nothing(self, text: str) -> None:
        if self._shown != ("", text):
            self._rebuild(("", text), [])
            self._layout.insertWidget(0, label(text, "secondary", wrap=True))

    def _view(self, trace: TraceView | None, address: Address, graph: Graph) -> Gradient | None:
        if trace is None:
            return Absent("not computed") if address.gradient else None
        value = trace.at(address, graph)
        return value if address.gradient or isinstance(value, ArrayView) else None

    def _fetch(self, address: Address) -> Callable[[Callable[[np.ndarray | None], None]], None] | None:
        kernel = self.workspace.kernel
        return (lambda back: kernel.request_array(address, back)) if kernel is not None else None


class HelpPage(InspectorPage):
    """What a node type does: text, formula, derivatives, ports, settings. Made from its declaration."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._shown: tuple[str, str] = ("", "")
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 14, 0, 16)
        self._layout.setSpacing(8)

    def follow(
        self, document: Document, nodes: list[str], edges: list[str], trace: TraceView | None, theme: Theme, stale: bool
    ) -> None:  # fmt: skip
        self.show_spec(document.graph.spec(nodes[0]) if len(nodes) == 1 else None, theme)

    def show_spec(self, spec: NodeSpec | None, theme: Theme) -> None:
        wanted = (spec.key if spec is not None else "", theme.name)
        if wanted == self._shown and spec is not None:
            return
        self._shown = wanted
        clear(self._layout)
        if spec is None:
            self._layout.addWidget(
                label(_("Select a node to read what it does and how its gradients are computed."), "secondary", wrap=True)
            )
            self._layout.addStretch(1)
            return
        self._layout.addWidget(label(spec.title, "heading"))
        self._layout.addWidget(label(signature(spec), "small"))
        self._layout.addWidget(label(_unwrapped(spec.doc), wrap=True))
        if spec.formula:
            self._section(_("Forward"))
            self._formula(named(spec.formula, {}), theme)
        if spec.local_derivatives:
            self._section(_("Backward"))
            for rule in spec.local_derivatives.values():
                self._formula(named(rule, {}), theme)
        described = [(p.name, p.doc) for p in spec.inputs if p.doc] + [(p.name, p.doc or p.shape) for p in spec.parameters]
        self._texts(_("Ports and parameters"), described)
        self._texts(_("Settings"), [(s.label, s.help) for s in spec.settings if s.help])
        self._layout.addStretch(1)

    def _section(self, title: str) -> None:
        self._layout.addSpacing(6)
        self._layout.addWidget(label(title, "section"))

    def _formula(self, latex: str, theme: Theme) -> None:
        view = FormulaView(17.0)
        view.set_formula(latex, theme.text, theme.scale)
        self._layout.addWidget(view)

    def _texts(self, title: str, rows: list[tuple[str, str]]) -> None:
        if not rows:
            return
        self._section(title)
        for name, text in rows:
            self._layout.addWidget(label(name, "strong"))
            if text:
                self._layout.addWidget(label(text, "secondary", wrap=True))


class DocumentPage(QWidget):
    """What is set for the graph as a whole; stands in the inspector while nothing is selected."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._document: Document | None = None
        self.heading = label("", "heading", wrap=True)
        self.description = label("", "secondary", wrap=True)
        self.facts = label("", "small", wrap=True)
        self.objective = label("", "secondary", wrap=True)
        self.form = ParameterForm([_counted(setting) for setting in DOCUMENT_SETTINGS if setting.shown])
        self.form.changed.connect(self._set)
        self.form.settled.connect(lambda: self._document.seal() if self._document is not None else None)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 14, 0, 16)
        layout.setSpacing(8)
        for widget in (self.heading, self.description, self.facts):
            layout.addWidget(widget)
        layout.addSpacing(8)
        layout.addWidget(label(_("Objective"), "section"))
        layout.addWidget(self.objective)
        layout.addSpacing(8)
        layout.addWidget(label(_("Graph"), "section"))
        layout.addWidget(self.form)
        layout.addStretch(1)
        layout.addWidget(label(_("Select a node or a wire to see its numbers."), "small", wrap=True))

    def show_document(self, document: Document, trace: TraceView | None) -> None:
        self._document = document
        graph = document.graph
        title = str(graph.settings.get("title") or (document.path.stem if document.path else _("Untitled")))
        self.heading.setText(title)
        text = str(graph.settings.get("description") or "")
        self.description.setText(text)
        self.description.setVisible(bool(text))
        nodes, wires = len(graph.nodes), len(graph.edges)
        node_count = ngettext("{count:,} node", "{count:,} nodes", nodes).format(count=nodes)
        wire_count = ngettext("{count:,} wire", "{count:,} wires", wires).format(count=wires)
        self.facts.setText(f"{node_count} · {wire_count}")
        self.objective.setText(self._objective(trace))
        data = graph.has(lambda spec: spec.role == "data")
        rows = {name: [row + 1 for row in graph.settings.get(name) or []] for name, setting in BY_NAME.items() if setting.counted_from_one}
        self.form.set_values({**graph.settings, **rows, "has data": data})
        self.form.set_read_only(bool(document.read_only))

    def _objective(self, trace: TraceView | None) -> str:
        graph = self._document.graph if self._document is not None else None
        if trace is None or graph is None:
            return "…"
        if len(goals := goals_of(graph)) > 1:
            titles = [f"{circled(number)} {graph.nodes[goal.node].name}" for number, goal in enumerate(goals, 1)]
            return _("Several objectives: {names}").format(names=", ".join(titles))
        if trace.objective is not None and trace.objective[0] in graph.nodes:
            return _("Objective: {name}").format(name=graph.nodes[trace.objective[0]].name)
        return trace.objective_note or _("There is nothing to differentiate yet.")

    def _set(self, name: str, value: object) -> None:
        if self._document is not None:
            setting = BY_NAME[name]
            wanted = [row - 1 for row in value] or None if setting.counted_from_one and isinstance(value, list) else value
            self._document.do(SetGraphSetting(name, wanted), _("Set {lower}").format(lower=setting.label.lower()), merge=("graph", name))


def _counted(setting: DocumentSetting) -> DocumentSetting:
    """The setting as its field shows it."""
    return replace(setting, minimum=1) if setting.counted_from_one else setting


def _unwrapped(text: str) -> str:
    """A docstring's paragraphs without its line breaks."""
    return "\n".join(" ".join(part.split()) for part in text.split("\n\n"))
