"""What the tools of the Analysis panel share: which number is meant, one question at a time, and nothing while unseen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QStackedLayout, QVBoxLayout, QWidget

from engine.compile.views import ArrayView, TraceView
from engine.explain.question import Question, Refusal
from graph.model.address import Address, output, parameter, wire
from graph.model.graph import Graph
from graph.text.messages import _
from ui.explain.meaning import MEANING
from ui.look.theme import LIGHT, Theme
from ui.look.widgets import label

if TYPE_CHECKING:
    from ui.shell.workspace.workspace import Workspace


OLD = _("The numbers have changed since this was computed. The engine has not answered yet.")
OLD_MS = 150
REST_MS = 100
"""A tool asks for more than a card does."""


class Tool(QWidget):
    """One of the panel's pages. `refresh` is called while it is seen, whenever selection, document or numbers have changed."""

    follows_trace = True
    """Whether new numbers alone are a reason to ask again."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self.workspace = workspace
        self.meaning = workspace.services.get(MEANING)
        self.theme = LIGHT
        self.note = label("", "secondary", wrap=True)
        self.note.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.body = QWidget()
        self.old = label(OLD, "complaint", wrap=True)
        self.old.hide()
        pages = QWidget()
        self._stack = QStackedLayout(pages)
        self._stack.addWidget(self.note)
        self._stack.addWidget(self.body)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.old)
        column.addWidget(pages, 1)
        workspace.visibility.hid.connect(self._hid)

    def age(self) -> None:
        """Numbers that are not those there are now are marked, unless the next ones come at once."""
        if not (self.follows_trace and self.workspace.stale):
            self.old.hide()
        elif not self.old.isVisibleTo(self):
            self.workspace.work.after_frame(self.age, self._mark, OLD_MS)

    def _mark(self) -> None:
        self.old.setVisible(self.follows_trace and self.workspace.stale and self.showing)

    # for the tools

    def ask(self, question: Question, rest: int = REST_MS) -> None:
        """Put a question whose answer comes to `answered` or `refused`; of several that wait only the newest is put."""
        self.workspace.work.ask(question, self._came, rest)

    @property
    def asking(self) -> bool:
        """Whether an answer is awaited."""
        return self.workspace.work.asking(self._came)

    def refresh(self) -> None:
        """Read the selection and request what to show."""

    def answered(self, question: Question, answer: Any) -> None:
        """An answer that is no refusal."""

    def refused(self, question: Question, text: str) -> None:
        self.say(text)

    def drop(self) -> None:
        """Drop the answer that was shown: it is out of date, or may hold hidden numbers."""

    def dress(self) -> None:
        """The theme has changed."""

    def forget(self) -> None:
        """Another document."""
        self.workspace.work.forget(self._came)

    def say(self, text: str) -> None:
        """Words instead of the tool."""
        self.note.setText(text)
        self._stack.setCurrentWidget(self.note)

    def show_body(self) -> None:
        self._stack.setCurrentWidget(self.body)

    @property
    def showing(self) -> bool:
        """Whether the tool itself is on show, not words instead."""
        return self._stack.currentWidget() is self.body

    def why_not(self) -> str:
        """Why nothing can be asked now; empty when something can."""
        workspace = self.workspace
        if not workspace.document.graph.nodes:
            return _("The canvas is empty.")
        if workspace.kernel is None:
            return _("The engine is not running: nothing is computed, so there is nothing to explain.")
        if workspace.trace is None:
            return _("The engine is computing the first numbers …")
        return ""

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.dress()

    def _hid(self, more: bool) -> None:
        if self.isVisible():
            self.refresh()

    def _came(self, question: Question, answer: Any) -> None:
        if isinstance(answer, Refusal):
            self.drop()
            self.refused(question, answer.text)
        else:
            self.answered(question, answer)

    # Qt

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        self.workspace.work.forget(self._came)
        super().hideEvent(event)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 100)  # what a tool shows gives way; the panel is no wider for it


def top_aligned(page: QWidget) -> QWidget:
    """A page that begins at the top, however much room there is below it."""
    holder = QWidget()
    down = QVBoxLayout(holder)
    down.setContentsMargins(0, 0, 0, 0)
    down.addWidget(page)
    down.addStretch(1)
    return holder


def chosen_place(graph: Graph, nodes: Sequence[str], edges: Sequence[str], parameter_name: str = "") -> Address | None:
    """The number that is meant by a selection: a node's first output, one of its learned tensors, or a wire."""
    if len(nodes) == 1 and nodes[0] in graph.nodes:
        spec = graph.spec(nodes[0])
        if parameter_name:
            return parameter(nodes[0], parameter_name)
        return output(nodes[0], spec.outputs[0].name) if spec.outputs else None
    return wire(edges[0]) if len(edges) == 1 and not nodes and edges[0] in graph.edges else None


def view_at(graph: Graph, trace: TraceView | None, address: Address) -> ArrayView | None:
    """The tensor at an address, where there is one."""
    value = trace.at(address.whole, graph) if trace is not None else None
    return value if isinstance(value, ArrayView) else None


def telling_entry(graph: Graph, trace: TraceView | None, place: Address) -> tuple[int, ...] | None:
    """The entry of a tensor with the largest gradient.

    None for single numbers, and where not all of the gradient is known here: the engine then chooses.
    """
    import numpy as np

    view = view_at(graph, trace, place)
    if view is None or not view.shape:
        return None
    gradient = view_at(graph, trace, place.derivative)
    if gradient is None or not view.shape or 0 in view.shape:
        return tuple(0 for _ in view.shape)
    if gradient.data is None:
        return None
    sizes = np.abs(np.nan_to_num(gradient.data, nan=0.0))
    return tuple(int(i) for i in np.unravel_index(int(sizes.argmax()), gradient.shape))
