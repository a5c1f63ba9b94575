"""What the window holds of `ui.explain`. Loads its widgets when they are first seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.views import TraceView
from graph.document import Document
from ui.feature import Feature
from ui.theme import Theme

if TYPE_CHECKING:
    from ui.explain.card_page import CardPage
    from ui.window import Window


class Later(QWidget):
    """A page's place, filled when it is first seen."""

    def __init__(self, make: Callable[[], QWidget]) -> None:
        super().__init__()
        self._make = make
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


class Explain(Feature):
    """Explanation cards, ledgers, audits: every number can be asked why."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._card = Later(self._make_card)

    def _make_card(self) -> QWidget:
        from ui.explain.card_page import CardPage

        return CardPage(self.window)

    @property
    def card(self) -> CardPage:
        """The page that explains the selection, made now if nobody has looked at it yet."""
        page: CardPage = self._card.fill()
        return page

    def install(self) -> None:
        self.window.inspector.set_explanations(self._card)

    def facts(self) -> Iterable[str]:
        if self.window.document.graph.nodes:
            yield "explainable"

    def set_document(self, document: Document) -> None:
        if self._card.page is not None:
            self.card.forget()

    def set_trace(self, trace: TraceView, stale: bool) -> None: ...

    # rows of the action table

    def why(self) -> None:
        """Explain what is selected; with nothing selected, the objective."""
        from ui.inspector import EXPLAIN

        window = self.window
        trace = window.trace
        if not window.canvas.selection and trace is not None and trace.objective is not None:
            window.go_to((trace.objective[0],), ())
        window.panels.show_inspector(EXPLAIN)
