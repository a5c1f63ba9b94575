"""The inspector: settings and formula, numbers, and help for what is selected."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QTabWidget, QVBoxLayout, QWidget

from engine.compile.views import TraceView
from graph.storage.document import Document
from ui.forms.paths import Paths
from ui.inspector.node_page import NodePage
from ui.inspector.pages import DocumentPage, HelpPage, Request, ValuesPage
from ui.look.theme import LIGHT, Theme
from ui.look.widgets import button, column, label, scrolled

NODE, EXPLAIN, VALUES, HELP = range(4)


class Inspector(QWidget):
    """Follows a selection. Only the page that is seen is kept up to date; the others catch up when they are."""

    repair = Signal(object)
    pin = Signal(str)
    """`value` or `gradient` of the selected wire, for the probes' panel."""

    def __init__(self, request: Request | None = None, paths: Paths | None = None) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._document: Document | None = None
        self._trace: TraceView | None = None
        self._theme = LIGHT
        self._stale = False
        self._guests: dict[int, Any] = {}
        self._nodes: tuple[str, ...] = ()
        self._edges: tuple[str, ...] = ()
        self.node_page, self.values_page, self.help_page = NodePage(paths), ValuesPage(request), HelpPage()
        self.document_page, self.wire_page = DocumentPage(), ValuesPage(request)
        self.several = label("", "secondary", wrap=True)
        self.several.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.several.setContentsMargins(0, 16, 0, 0)
        self.first = QStackedWidget()
        self.wire = self._wire_holder()
        for kind in (self.document_page, self.node_page, self.wire, self.several):
            self.first.addWidget(kind)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName("Inspector")
        self._explanations = column()
        pages: tuple[tuple[QWidget, str], ...] = (
            (self.first, "Node"), (self._explanations, "Explain"), (self.values_page, "Values"), (self.help_page, "Help"),
        )  # fmt: skip
        for page, title in pages:
            self.tabs.addTab(scrolled(page), title)
        self.tabs.tabBar().setFocusPolicy(Qt.FocusPolicy.TabFocus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 6, 4, 0)
        layout.addWidget(self.tabs)
        self.tabs.currentChanged.connect(lambda _: self.refresh())
        self.node_page.repair.connect(self.repair)

    def _wire_holder(self) -> QWidget:
        """A wire's numbers, and what follows them over training."""
        holder, row = QWidget(), QHBoxLayout()
        row.setSpacing(8)
        for show, key in (("value", "F8"), ("gradient", "Shift+F8")):
            made = button(f"Probe {show}", accent="forward" if show == "value" else "backward", tip=f"Follow it over training  ({key})")
            made.clicked.connect(lambda _=False, show=show: self.pin.emit(show))
            row.addWidget(made)
        row.addStretch(1)
        down = QVBoxLayout(holder)
        down.setContentsMargins(0, 0, 0, 16)
        down.addWidget(self.wire_page)
        down.addLayout(row)
        down.addStretch(1)
        return holder

    def add_page(self, page: QWidget, title: str) -> int:
        """One more page; its `follow(document, nodes, edges, trace, theme, stale)` is called while it is seen. Returns its index."""
        index = self.tabs.addTab(scrolled(page), title)
        self._guests[index] = page
        return index

    def set_explanations(self, page: QWidget) -> None:
        """What fills the second tab; followed like an added page."""
        layout = self._explanations.layout()
        assert layout is not None
        layout.addWidget(page)
        self._guests[EXPLAIN] = page

    def set_document(self, document: Document) -> None:
        self._document, self._trace = document, None
        self._nodes = self._edges = ()
        self.refresh()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.refresh()

    def set_trace(self, trace: TraceView | None, stale: bool) -> None:
        """New numbers; `stale` while they belong to an earlier state of the document."""
        self._trace, self._stale = trace, stale
        self.refresh()

    def select(self, nodes: Iterable[str], edges: Iterable[str]) -> None:
        self._nodes, self._edges = tuple(nodes), tuple(edges)
        self.refresh()

    def refresh(self) -> None:
        """Show the present state of what is selected on the page that is seen."""
        document = self._document
        if document is None:
            return
        graph = document.graph
        nodes = [n for n in self._nodes if n in graph.nodes]
        edges = [e for e in self._edges if e in graph.edges]
        node = nodes[0] if len(nodes) == 1 else None
        page = self.tabs.currentIndex()
        if page == NODE:
            self._show_first(document, nodes, edges, node)
        elif page == VALUES:
            if node is not None:
                self.values_page.show_node(document, node, self._trace, self._theme, self._stale)
            elif not nodes and len(edges) == 1:
                self.values_page.show_edge(document, edges[0], self._trace, self._theme, self._stale)
            else:
                self.values_page.show_nothing("Select one node or one wire to see its value and its gradient.")
        elif page == HELP:
            self.help_page.show_spec(graph.spec(node) if node is not None else None, self._theme)
        else:
            guest = self._guests.get(page)
            if guest is not None:
                guest.follow(document, nodes, edges, self._trace, self._theme, self._stale)

    def _show_first(self, document: Document, nodes: list[str], edges: list[str], node: str | None) -> None:
        if node is not None:
            self.node_page.show_node(document, node, self._trace, self._theme, self._stale)
            problems = self._trace.problems if self._trace is not None else ()
            self.node_page.show_problems(tuple(p for p in problems if node in p.nodes[:1]))
            self.first.setCurrentWidget(self.node_page)
        elif len(edges) == 1 and not nodes:
            self.wire_page.show_edge(document, edges[0], self._trace, self._theme, self._stale)
            self.first.setCurrentWidget(self.wire)
        elif nodes or edges:
            self.several.setText(_summary(nodes, edges))
            self.first.setCurrentWidget(self.several)
        else:
            self.document_page.show_document(document, self._trace)
            self.first.setCurrentWidget(self.document_page)


def _summary(nodes: list[str], edges: list[str]) -> str:
    parts = [f"{len(nodes)} nodes"] * (len(nodes) > 0) + [f"{len(edges)} wires"] * (len(edges) > 0)
    return " and ".join(parts) + " are selected."
