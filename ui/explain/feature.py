"""What the window holds of `ui.explain`. Loads its widgets when they are first seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.compile.views import TraceView
from graph.storage.document import Document
from ui.look.theme import Theme
from ui.shell.workspace.feature import Feature

if TYPE_CHECKING:
    from engine.explain.audit import AuditRow
    from graph.model.address import Address
    from ui.explain.audit import AuditOverlay
    from ui.explain.card_page import CardPage
    from ui.explain.tools_page import ToolsPage
    from ui.shell.workspace.workspace import Workspace


ROOM = 300
"""Height that the bottom panel is given when a tool is asked for and there is less, at the light theme's type size."""


class Later(QWidget):
    """A page's place, filled when it is first seen."""

    def __init__(self, make: Callable[[], QWidget], fills: bool = False) -> None:
        """`fills`: the page takes the height there is, whatever the texts in it would like."""
        super().__init__()
        self._make, self._fills = make, fills
        self.page: Any = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)

    def fill(self) -> Any:
        if self.page is None:
            self.page = self._make()
            layout = self.layout()
            assert layout is not None
            layout.addWidget(self.page)
        return self.page

    def follow(self, *state: Any) -> None:
        """Called by the inspector, only while this is seen."""
        self.fill().follow(*state)

    def set_theme(self, theme: Theme) -> None:
        if self.page is not None:
            self.page.set_theme(theme)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.fill()

    def hasHeightForWidth(self) -> bool:
        return not self._fills and super().hasHeightForWidth()


class Explain(Feature):
    """Explanation cards, ledgers, audits: every number can be asked why."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._card = Later(self._make_card)
        self._tools = Later(self._make_tools, fills=True)
        self._tab = -1
        self._audit: AuditOverlay | None = None
        self._meant: tuple[str, tuple[int, ...]] | None = None

    def _make_card(self) -> QWidget:
        from ui.explain.card_page import CardPage

        return CardPage(self.workspace)

    def _make_tools(self) -> QWidget:
        from ui.explain.tools_page import ToolsPage

        made = ToolsPage(self.workspace)
        made.set_theme(self.workspace.theme)
        made.show_tool(self.workspace.settings.text("explain_tool", "paths"))
        return made

    @property
    def tools(self) -> ToolsPage:
        page: ToolsPage = self._tools.fill()
        return page

    @property
    def audit(self) -> AuditOverlay:
        """Tags on the wires that say how far both gradients are apart."""
        if self._audit is None:
            from ui.explain.audit import AuditOverlay

            self._audit = AuditOverlay(self.workspace)
            self._audit.chosen.connect(self._show_curve)
        return self._audit

    @property
    def card(self) -> CardPage:
        """The page that explains the selection, made now if nobody has looked at it yet."""
        page: CardPage = self._card.fill()
        return page

    def install(self) -> None:
        self.workspace.inspector.set_explanations(self._card)
        self._tab = self.workspace.bottom.add_page(self._tools, "Analysis")

    def facts(self) -> Iterable[str]:
        if self.workspace.document.graph.nodes:
            yield "explainable"
            if self.workspace.kernel is not None:
                yield "auditable"

    def set_document(self, document: Document) -> None:
        if self._card.page is not None:
            self.card.forget()
        if self._audit is not None:
            self._audit.forget()
        if self._tools.page is not None:
            self.tools.forget()

    def set_trace(self, trace: TraceView, stale: bool) -> None:
        if self._audit is not None:
            self._audit.follow(trace)
        self._refresh_tools(traced=True)

    def document_changed(self) -> None:
        if self._audit is not None:
            self._audit.document_changed()
        self._refresh_tools()

    def selection_changed(self) -> None:
        if self._meant is not None and self._meant[0] not in self.workspace.canvas.selection:
            self._meant = None
        self._refresh_tools()

    def _refresh_tools(self, traced: bool = False) -> None:
        if self._tools.page is not None and self._tools.isVisible():
            self.tools.refresh(traced)

    def parameter_of(self, nodes: Sequence[str]) -> str:
        """The learned tensor of the one selected node that the card is about; empty where it is about the node itself, or a wire."""
        page = self._card.page
        return page.parameter if page is not None and len(nodes) == 1 and page.subject == nodes[0] else ""

    def mean(self, subject: str, entry: tuple[int, ...] | None) -> None:
        """Let the panel work with this entry of a selected node's or wire's tensor, until something else is selected."""
        self._meant = (subject, entry) if entry is not None else None
        self._refresh_tools()

    def entry_of(self, place: Address) -> tuple[int, ...] | None:
        """Which number of a tensor the panel works with: the one chosen on the card, else the one meant, else the one with the largest
        gradient."""
        from ui.explain.tool import telling_entry, view_at

        graph, trace = self.workspace.document.graph, self.workspace.trace
        page, view = self._card.page, view_at(graph, trace, place)
        chosen = page.chosen_entry(place) if page is not None else None
        if chosen is None and self._meant is not None and self._meant[0] == place.id:
            chosen = self._meant[1]
        if chosen is not None and view is not None and len(chosen) == len(view.shape):
            return tuple(min(i, size - 1) for i, size in zip(chosen, view.shape, strict=True))
        return telling_entry(graph, trace, place)

    # rows of the action table

    def why(self) -> None:
        """Explain what is selected; with nothing selected, the objective."""
        from ui.inspector.inspector import EXPLAIN

        workspace = self.workspace
        trace = workspace.trace
        if not workspace.canvas.selection and trace is not None and trace.objective is not None:
            workspace.go_to((trace.objective[0],), ())
        workspace.panels.show_inspector(EXPLAIN)

    def why_of(self, item: str) -> None:
        """Explain this node or wire."""
        self.workspace.canvas.select([item])
        self.why()

    def toggle_audit(self) -> None:
        """Numerical against analytical gradient on every wire, or no longer."""
        self.audit.toggle()

    def show_paths(self) -> None:
        self.show_tool("paths")

    def show_audit(self) -> None:
        self.show_tool("audit")

    def show_picture(self) -> None:
        self.show_tool("picture")

    def show_symbolic(self) -> None:
        self.show_tool("symbolic")

    def show_modes(self) -> None:
        self.show_tool("modes")

    def show_cost(self) -> None:
        self.show_tool("cost")

    def show_tool(self, key: str) -> None:
        """One of the tools at the bottom."""
        workspace = self.workspace
        self.tools.show_tool(key)
        workspace.panels.show_bottom(self._tab)
        wanted = min(round(ROOM * workspace.theme.scale), round(0.45 * workspace.height()))
        dock = workspace.bottom_dock
        if dock.height() < wanted:
            workspace.resizeDocks([dock], [wanted], Qt.Orientation.Vertical)

    def _show_curve(self, row: AuditRow) -> None:
        self.show_tool("audit")
        self.tools.tool("audit").choose_row(row)  # type: ignore[attr-defined]
