"""The inspector: tabs that follow what is selected."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from engine.compile.views import TraceView
from graph.storage.document import Document
from graph.text.messages import _
from ui.look.theme import Theme
from ui.look.type_size import for_graph
from ui.look.widgets import scrolled
from ui.shell.workspace.panel import InspectorPage, Panel, PanelSpec
from ui.shell.workspace.workspace import Workspace


class Inspector(Panel):
    """Only the page that is seen is kept up to date; the others catch up when they are."""

    turned = Signal()
    """Another tab is in front."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self.setObjectName("panel")
        self._trace: TraceView | None = None
        self._stale = False
        self._standing = False
        self._read_only = ""
        self._specs: list[PanelSpec] = []
        self._away: set[str] = set()
        """Pages that are on sheets over the canvas."""
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName(_("Inspector"))
        self.tabs.tabBar().setFocusPolicy(Qt.FocusPolicy.TabFocus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 6, 4, 0)
        layout.addWidget(self.tabs)
        self.tabs.currentChanged.connect(lambda _: self.refresh())
        self.tabs.currentChanged.connect(lambda _: self.turned.emit())

    # its tabs

    def add_page(self, spec: PanelSpec, page: QWidget) -> None:
        at = sum(other.order < spec.order for other in self._specs)
        self._specs.insert(at, spec)
        self.tabs.insertTab(at, scrolled(page), spec.title)

    def turn_to(self, key: str) -> None:
        self.tabs.setCurrentIndex(self._index(key))

    def current(self) -> str:
        return self._specs[self.tabs.currentIndex()].key

    def retitle(self, key: str, text: str) -> None:
        self.tabs.setTabText(self._index(key), text)

    def set_away(self, key: str, away: bool) -> None:
        """A page is on a sheet of its own now, or is back; it goes on to follow the selection."""
        (self._away.add if away else self._away.discard)(key)
        self.refresh()

    def _index(self, key: str) -> int:
        return next(at for at, spec in enumerate(self._specs) if spec.key == key)

    def first_stop(self) -> QWidget:
        return self.tabs.tabBar()

    # what it follows

    def install(self) -> None:
        self._standing = True

    def set_document(self, document: Document) -> None:
        self._trace = None
        self.refresh()

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self.refresh()

    def set_seen(self, trace: TraceView | None, stale: bool) -> None:
        self._trace, self._stale = trace, stale
        self.refresh()

    def selection_changed(self) -> None:
        self.refresh()

    def actions_changed(self) -> None:
        """The document may have been locked, or opened again."""
        if self._read_only != self.workspace.document.read_only:
            self._read_only = self.workspace.document.read_only
            self.refresh()

    def refresh(self) -> None:
        """Show the present state of what is selected on the page that is seen, and on those that are on sheets."""
        workspace = self.workspace
        for key in {self.current(), *self._away} if self._standing else ():
            page = workspace.pages.panel(key)
            if isinstance(page, InspectorPage):
                graph, canvas = workspace.document.graph, workspace.canvas
                nodes = [n for n in canvas.selected_nodes() if n in graph.nodes]
                edges = [e for e in canvas.selected_edges() if e in graph.edges]
                theme = for_graph(workspace.theme) if key in self._away else self.theme
                page.follow(workspace.document, nodes, edges, self._trace, theme, self._stale)
