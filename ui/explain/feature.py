"""The part of `ui.explain` that the window holds. Loads its widgets when they are first shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.compile.views import TraceView
from graph.storage.document import Document
from ui.explain.meaning import MEANING
from ui.shell.workspace.feature import Feature
from ui.shell.workspace.services import EXPLANATIONS

if TYPE_CHECKING:
    from engine.explain.audit import AuditRow
    from graph.model.address import Address
    from ui.explain.audit import AuditOverlay
    from ui.explain.card_page import CardPage
    from ui.explain.exact_mode import ExactMode
    from ui.explain.tools_page import ToolsPage
    from ui.shell.workspace.workspace import Workspace


ROOM = 300
"""Height that the bottom panel is given when a tool is asked for and there is less, at the light theme's type size."""


class Explain(Feature):
    """Explanation cards, ledgers, audits: every number can be asked why."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        workspace.services.offer(EXPLANATIONS, self)
        workspace.services.offer(MEANING, self)
        self._audit: AuditOverlay | None = None
        self._exact: ExactMode | None = None
        self._meant: tuple[str, tuple[int, ...]] | None = None

    @property
    def tools(self) -> ToolsPage:
        """The tools at the bottom, created now if they have not been shown yet."""
        from ui.explain.tools_page import ToolsPage

        page = self.workspace.pages.panel("analysis")
        assert isinstance(page, ToolsPage)
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
    def exact(self) -> ExactMode:
        """Fractions in the place of numbers on the canvas."""
        if self._exact is None:
            from ui.explain.exact_mode import ExactMode

            self._exact = ExactMode(self.workspace)
        return self._exact

    @property
    def card(self) -> CardPage:
        """The page that explains the selection, created now if it has not been shown yet."""
        from ui.explain.card_page import CardPage

        page = self.workspace.pages.panel("explain")
        assert isinstance(page, CardPage)
        return page

    def facts(self) -> Iterable[str]:
        if self.workspace.document.graph.nodes:
            yield "explainable"
            if self.workspace.kernel is not None:
                yield "auditable"

    def set_document(self, document: Document) -> None:
        if self._audit is not None:
            self._audit.forget()

    def set_trace(self, trace: TraceView, stale: bool) -> None:
        if self._audit is not None:
            self._audit.follow(trace)
        if self._exact is not None:
            self._exact.follow()

    def document_changed(self) -> None:
        if self._audit is not None:
            self._audit.document_changed()

    def selection_changed(self) -> None:
        if self._meant is not None and self._meant[0] not in self.workspace.canvas.selection:
            self._meant = None

    def _refresh_tools(self) -> None:
        if self.workspace.pages.made("analysis") is not None and self.tools.isVisible():
            self.tools.refresh()

    @property
    def _card(self) -> CardPage | None:
        return self.card if self.workspace.pages.made("explain") is not None else None

    # which number is meant

    def parameter_of(self, nodes: Sequence[str]) -> str:
        """The learned tensor of the one selected node that the card is about; empty where it is about the node itself, or a wire."""
        page = self._card
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
        page, view = self._card, view_at(graph, trace, place)
        chosen = page.chosen_entry(place) if page is not None else None
        if chosen is None and self._meant is not None and self._meant[0] == place.id:
            chosen = self._meant[1]
        if chosen is not None and view is not None and len(chosen) == len(view.shape):
            return tuple(min(i, size - 1) for i, size in zip(chosen, view.shape, strict=True))
        return telling_entry(graph, trace, place)

    # rows of the action table

    def why(self) -> None:
        """Explain what is selected; with nothing selected, the objective."""
        workspace = self.workspace
        trace = workspace.trace
        if not workspace.canvas.selection and trace is not None and trace.objective is not None:
            workspace.go_to((trace.objective[0],), ())
        workspace.pages.show("explain")

    def why_of(self, item: str) -> None:
        """Explain this node or wire."""
        self.workspace.canvas.select([item])
        self.why()

    def toggle_audit(self) -> None:
        """Turn the comparison of numerical and analytical gradients on every wire on or off."""
        self.audit.toggle()

    def toggle_exact(self) -> None:
        """Turn fractions on the canvas on or off."""
        self.exact.turn(not self.exact.on)

    def show_exact(self) -> None:
        self.show_tool("exact")

    def show_paths(self) -> None:
        self.show_tool("paths")

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
        self.tools.show_tool(key)
        self.workspace.pages.show("analysis", room=ROOM)

    def begin(self, tool: str, parameter: str = "", settings: Mapping[str, Any] | None = None) -> None:
        """Show a tool as a lesson does, with its arguments in a lesson's file."""
        from ui.explain.beginning import BEGIN

        BEGIN[tool](self, parameter, settings or {})

    def audited(self) -> bool:
        return self._audit is not None and bool(self._audit.on)

    def turn_audit(self, on: bool) -> None:
        self.audit.turn(on)

    def _show_curve(self, row: AuditRow) -> None:
        self.show_tool("audit")
        self.tools.tool("audit").choose_row(row)  # type: ignore[attr-defined]
