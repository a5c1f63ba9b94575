"""The inspector's first page: the selected node, the selected wire, or the graph while nothing is selected."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from engine.compile.views import TraceView
from graph.storage.document import Document
from graph.text.messages import _
from ui.inspector.node_page import NodePage
from ui.inspector.pages import DocumentPage, ValuesPage
from ui.look.theme import Theme
from ui.look.widgets import button, label
from ui.shell.workspace.mending import mend
from ui.shell.workspace.panel import InspectorPage
from ui.shell.workspace.services import INSIDE, PROBES
from ui.shell.workspace.workspace import Workspace


class SelectionPage(InspectorPage):
    """One of four pages, by what is selected."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self.node_page = NodePage(workspace.files)
        self.document_page, self.wire_page = DocumentPage(), ValuesPage(workspace)
        self.several = label("", "secondary", wrap=True)
        self.several.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.several.setContentsMargins(0, 16, 0, 0)
        self.wire = self._wire_holder()
        self.pages = QStackedWidget()
        for kind in (self.document_page, self.node_page, self.wire, self.several):
            self.pages.addWidget(kind)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.pages)
        self.node_page.repair.connect(lambda repair: mend(workspace, repair))
        self.node_page.inside_wanted.connect(lambda node: workspace.services.get(INSIDE).open(node, "", ()))

    def _wire_holder(self) -> QWidget:
        """A wire's numbers, and what follows them over training."""
        holder, row = QWidget(), QHBoxLayout()
        row.setSpacing(8)
        for show, key in (("value", "F8"), ("gradient", "Shift+F8")):
            pin = button(
                _("Probe {show}").format(show=show),
                accent="forward" if show == "value" else "backward",
                tip=_("Track it during training  ({key})").format(key=key),
            )
            pin.clicked.connect(lambda _=False, show=show: self._pin(show))
            row.addWidget(pin)
        row.addStretch(1)
        down = QVBoxLayout(holder)
        down.setContentsMargins(0, 0, 0, 16)
        down.addWidget(self.wire_page)
        down.addLayout(row)
        down.addStretch(1)
        return holder

    def _pin(self, show: str) -> None:
        probes = self.workspace.services.get(PROBES)
        if show == "value":
            probes.pin_value()
        else:
            probes.pin_gradient()

    def take_focus(self, what: str) -> None:
        """`name`: the node's name, ready to be typed over; `value`: its value, or the name where its value is computed."""
        self.node_page.name.setFocus(Qt.FocusReason.OtherFocusReason)
        form = self.node_page.form
        field = form.editors.get("value") if what == "value" and form is not None else None
        if field is not None and field.isEnabled():
            field.setFocus(Qt.FocusReason.TabFocusReason)  # as Tab does it: the text is selected

    def follow(
        self, document: Document, nodes: list[str], edges: list[str], trace: TraceView | None, theme: Theme, stale: bool
    ) -> None:  # fmt: skip
        if len(nodes) == 1:
            self.node_page.show_node(document, nodes[0], trace, theme, stale)
            problems = trace.problems if trace is not None else ()
            self.node_page.show_problems(tuple(p for p in problems if nodes[0] in p.nodes[:1]))
            self.pages.setCurrentWidget(self.node_page)
        elif len(edges) == 1 and not nodes:
            self.wire_page.show_edge(document, edges[0], trace, theme, stale)
            self.pages.setCurrentWidget(self.wire)
        elif nodes or edges:
            self.several.setText(_summary(nodes, edges))
            self.pages.setCurrentWidget(self.several)
        else:
            self.document_page.show_document(document, trace)
            self.pages.setCurrentWidget(self.document_page)


def _summary(nodes: list[str], edges: list[str]) -> str:
    parts = [_("{nodes} nodes").format(nodes=len(nodes))] * (len(nodes) > 0) + [_("{edges} wires").format(edges=len(edges))] * (
        len(edges) > 0
    )
    return " and ".join(parts) + _(" are selected.")
