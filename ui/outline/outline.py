"""The outline: the canvas's content as a tree that keys and screen readers can walk. What is selected here is selected there."""

from __future__ import annotations

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, Signal
from PySide6.QtGui import QKeyEvent, Qt
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTreeView, QVBoxLayout, QWidget

from engine.compile.views import TraceView
from graph.model.edits import Move, SetParam, SetVia
from graph.storage.document import Change, Document
from graph.text.messages import _
from ui.look.theme import Theme
from ui.look.widgets import label
from ui.outline.outline_model import GRADIENT, NAME, VALUE, OutlineModel
from ui.shell.workspace.panel import Panel
from ui.shell.workspace.workspace import Workspace

_QUIET = (SetParam, Move, SetVia)
"""Edits that leave every row where it is."""


class _Tree(QTreeView):
    entered_key = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.entered_key.emit()
            return
        super().keyPressEvent(event)


IN_OUTLINE = ("cut", "copy", "duplicate", "delete", "dissolve", "rename")
"""Canvas commands that act on the selection, and so can be given here as well. Letters are left to the tree's search."""


class Outline(Panel):
    """The graph as a tree; its selection is the canvas's, both ways."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self.setObjectName("panel")
        self._document: Document | None = None
        self._trace: TraceView | None = None
        self._stale = False
        self._ids: tuple[str, ...] = ()
        self._open: set[str] = set()
        self._dirty = True
        self._following = False
        self.model = OutlineModel(self)
        self.tree = _Tree()
        self.tree.setModel(self.model)
        self.tree.setFrameShape(QFrame.Shape.NoFrame)
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.tree.setUniformRowHeights(True)
        self.tree.setExpandsOnDoubleClick(False)
        self.tree.setAccessibleName(_("Outline of the graph"))
        self.tree.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        for column in (VALUE, GRADIENT):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 10, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(label(_("Outline"), "section"))
        layout.addWidget(self.tree, 1)
        self.tree.selectionModel().selectionChanged.connect(self._chosen)
        self.tree.expanded.connect(self._opened)
        self.tree.collapsed.connect(self._closed)
        self.tree.doubleClicked.connect(lambda _: self._go())
        self.tree.entered_key.connect(self._go)

    def install(self) -> None:
        for name in IN_OUTLINE:
            self.tree.addAction(self.workspace.actions_by_id[name])

    def first_stop(self) -> QWidget:
        return self.tree

    # what is shown

    def set_document(self, document: Document) -> None:
        if self._document is not None:
            self._document.changed.disconnect(self._changed)
        self._document, self._trace, self._ids = document, None, ()
        self._open.clear()
        document.changed.connect(self._changed)
        self._dirty = True
        self.refresh()

    def set_seen(self, trace: TraceView | None, stale: bool) -> None:
        self._trace, self._stale = trace, stale
        self.refresh()

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        for column, width in ((VALUE, 72), (GRADIENT, 72)):
            self.tree.header().resizeSection(column, round(width * theme.scale))
        self.tree.setIndentation(round(14 * theme.scale))
        self.model.set_theme(theme)

    def document_changed(self) -> None:
        self.refresh()

    def selection_changed(self) -> None:
        self._ids = tuple(self.workspace.canvas.selection)
        if self.isVisible() and not self._dirty:
            self._follow()

    def refresh(self) -> None:
        """Catch up with the document; a hidden outline does so when it is shown."""
        if self._document is None or not self.isVisible():
            return
        if self._dirty:
            self._dirty = False
            self._following = True
            self.model.rebuild(self._document.graph)
            for identity in self._open & self._known():
                self.tree.expand(self.model.index_of(identity))
            self._following = False
            self._follow()
        self.model.show_trace(self._trace, self._stale)

    def _known(self) -> set[str]:
        assert self._document is not None
        graph = self._document.graph
        return {*graph.nodes, *graph.groups}

    def _changed(self, change: Change) -> None:
        if not all(isinstance(edit, _QUIET) for edit in change.edits):
            self._dirty = True

    # selection, both ways

    def _follow(self) -> None:
        chosen = QItemSelection()
        indexes = [index for index in map(self.model.index_of, self._ids) if index.isValid()]
        for index in indexes:
            chosen.select(index, index.siblingAtColumn(GRADIENT))
        self._following = True
        model = self.tree.selectionModel()
        model.select(chosen, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        current = self.model.row_at(self.tree.currentIndex())
        if indexes and (current is None or current.id not in self._ids):
            model.setCurrentIndex(indexes[-1], QItemSelectionModel.SelectionFlag.NoUpdate)
            self.tree.scrollTo(indexes[-1])
        self._following = False

    def _chosen(self) -> None:
        if self._following:
            return
        rows = [self.model.row_at(index) for index in self.tree.selectionModel().selectedRows()]
        self._ids = tuple(dict.fromkeys(row.id for row in rows if row is not None and row.kind not in ("note", "frame")))
        self.workspace.canvas.select(self._ids)

    def _go(self) -> None:
        row = self.model.row_at(self.tree.currentIndex())
        if row is not None:
            self.workspace.go_to((row.id,), (row.id,))

    def _opened(self, index: QModelIndex) -> None:
        row = self.model.row_at(index)
        if row is not None:
            self._open.add(row.id)

    def _closed(self, index: QModelIndex) -> None:
        row = self.model.row_at(index)
        if row is not None and not self._following:
            self._open.discard(row.id)

    # Qt

    def showEvent(self, event: object) -> None:
        super().showEvent(event)  # type: ignore[arg-type]
        self.refresh()
        if not self._dirty:
            self._follow()
