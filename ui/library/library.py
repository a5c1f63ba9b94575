"""The node library: every type under its category, searchable, to be dragged onto the canvas or placed by a double click."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QModelIndex, QPersistentModelIndex, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QDrag, QKeyEvent, QPainter, QPixmap, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from graph.model.search import offered, search, signature, words
from graph.model.spec import CATEGORIES, NodeSpec
from graph.text.messages import _
from graph.text.suggest import nearest, no_match
from ui.look.marks import paint_swatch
from ui.look.theme import Theme, color, font
from ui.look.widgets import label
from ui.shell.workspace.panel import Panel

if TYPE_CHECKING:
    from ui.canvas.view import Canvas
    from ui.shell.workspace.workspace import Workspace

MIME = "application/x-gradwire-node"
KEY = Qt.ItemDataRole.UserRole + 1
CATEGORY = Qt.ItemDataRole.UserRole + 2


HEADINGS: dict[str, str] = {
    "sources": _("sources"), "parameters": _("parameters"), "math": _("math"), "layers": _("layers"),
    "activations": _("activations"), "losses": _("losses"), "probes": _("probes"),
}  # fmt: skip
"""What the categories are called."""


class RowPainter(QStyledItemDelegate):
    """A heading in small capitals, or a row: swatch with the category's glyph, and the title."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        theme, rect = self.theme, QRect(option.rect)
        scale = theme.scale
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not index.data(KEY):
            face = font("tiny", scale)
            face.setWeight(face.Weight.DemiBold)
            painter.setFont(face)
            painter.setPen(color(theme.secondary))
            painter.drawText(rect.adjusted(2, 0, 0, -round(4 * scale)), int(Qt.AlignmentFlag.AlignBottom), str(index.data()).upper())
            painter.restore()
            return
        state = option.state
        chosen, over = bool(state & QStyle.StateFlag.State_Selected), bool(state & QStyle.StateFlag.State_MouseOver)
        if chosen or over:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color(theme.selection_soft if chosen else theme.hover))
            painter.drawRoundedRect(rect.adjusted(0, 1, 0, -1), 6, 6)
        category = str(index.data(CATEGORY))
        mark = QRect(rect.left() + round(8 * scale), rect.top(), round(16 * scale), rect.height())
        paint_swatch(painter, mark, category, theme)
        painter.setFont(font("base", scale))
        painter.setPen(color(theme.text))
        room = rect.adjusted(round(33 * scale), 0, -4, 0)
        text = painter.fontMetrics().elidedText(str(index.data()), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter), text)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        row, heading = 27, 34 if index.row() else 22
        return QSize(80, round((row if index.data(KEY) else heading) * self.theme.scale))


class _List(QListView):
    """Starts drags by itself: the picture under the cursor is a small card."""

    placed = Signal(str)

    def __init__(self, painter: RowPainter) -> None:
        super().__init__()
        self._row_painter = painter
        self.setItemDelegate(painter)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setDragEnabled(True)
        self.setAccessibleName(_("Node library"))
        self.doubleClicked.connect(self._place)

    def _place(self, index: QModelIndex) -> None:
        if index.data(KEY):
            self.placed.emit(str(index.data(KEY)))

    def startDrag(self, actions: Qt.DropAction) -> None:
        index = self.currentIndex()
        if not index.data(KEY):
            return
        drag = QDrag(self)
        drag.setMimeData(mime_data(str(index.data(KEY))))
        picture = self._picture(str(index.data()), str(index.data(CATEGORY)))
        drag.setPixmap(picture)
        drag.setHotSpot(QPoint(round(picture.deviceIndependentSize().width() / 2), 12))
        drag.exec(Qt.DropAction.CopyAction)

    def _picture(self, title: str, category: str) -> QPixmap:
        theme = self._row_painter.theme
        face = font("title", theme.scale)
        width = self.fontMetrics().horizontalAdvance(title) + round(36 * theme.scale)
        ratio = self.devicePixelRatioF()
        picture = QPixmap(round(width * ratio), round(28 * theme.scale * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color(theme.bar.get(category, theme.wire)))
        area = QRect(0, 0, width, round(28 * theme.scale))
        painter.drawRoundedRect(area, 8, 8)
        painter.setFont(face)
        painter.setPen(color(theme.bar_text))
        painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter), title)
        painter.end()
        return picture

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._place(self.currentIndex())
            return
        super().keyPressEvent(event)


def mime_data(key: str) -> QMimeData:
    """A node type on its way to a canvas."""
    data = QMimeData()
    data.setData(MIME, key.encode())
    return data


class Library(Panel):
    """All node types, to be dragged onto the canvas or placed near its middle."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self.setObjectName("panel")
        self._offered: list[NodeSpec] = offered(workspace.document.graph)
        self.query = QLineEdit()
        self.query.setPlaceholderText(_("Search nodes"))
        self.query.setClearButtonEnabled(False)
        self.query.setAccessibleName(_("Search the node library"))
        self.query.setToolTip(_("On the canvas, Tab adds a node beside the selected one"))
        self._painter = RowPainter(workspace.theme, self)
        self.list = _List(self._painter)
        self.model = QStandardItemModel(self)
        self.list.setModel(self.model)
        self.nothing = label("", "small", wrap=True)
        self._found = False
        """Whether what is typed matches a type, and not only nearly."""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 12, 4, 0)
        layout.setSpacing(4)
        top = QVBoxLayout()
        top.setContentsMargins(0, 0, 10, 0)
        top.addWidget(self.query)
        layout.addLayout(top)
        layout.addWidget(self.nothing)
        layout.addWidget(self.list, 1)
        self.query.textChanged.connect(self._fill)
        self.query.returnPressed.connect(self._place_first)
        self.list.placed.connect(self.place)
        self._fill("")

    def first_stop(self) -> QWidget:
        return self.query

    def place(self, key: str) -> None:
        """A node of this type near the middle of the canvas."""
        canvas = self.workspace.canvas
        canvas.add_node(key, free_place(canvas))
        self.workspace.settings.used(key)
        canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def document_changed(self) -> None:
        """The graph of an update rule offers types of its own."""
        now = offered(self.workspace.document.graph)
        if now != self._offered:
            self._offered = now
            self._fill(self.query.text())

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self._painter.theme = theme
        self.list.doItemsLayout()  # rows are as high as their type

    def keys(self) -> list[str]:
        """The types listed now, in order."""
        listed = (self.model.index(row, 0).data(KEY) for row in range(self.model.rowCount()))
        return [str(key) for key in listed if key]

    def _fill(self, text: str) -> None:
        self.model.clear()
        if text.strip():
            self._fill_found(text)
        else:
            for category in CATEGORIES:
                members = [spec for spec in self._offered if spec.category == category]
                if members:
                    heading = QStandardItem(HEADINGS[category])
                    heading.setFlags(Qt.ItemFlag.NoItemFlags)
                    self.model.appendRow(heading)
                    for spec in members:
                        self.model.appendRow(_row(spec))
        self.nothing.setVisible(bool(text.strip()) and not self._found)
        if text.strip() and self.model.rowCount():
            self.list.setCurrentIndex(self.model.index(0, 0))

    def _fill_found(self, text: str) -> None:
        """What matches; where nothing does, what was probably meant, and a line that says so."""
        specs, recent = self._offered, self.workspace.settings.recent_types
        hits = search(specs, text, recent)
        self._found = bool(hits)
        if not hits:
            near = nearest(text, words(specs))
            hits = search(specs, near, recent) if near else []
            self.nothing.setText(no_match(text, hits[0].spec.title if hits else ""))
        for hit in hits:
            self.model.appendRow(_row(hit.spec))

    def _place_first(self) -> None:
        keys = self.keys()
        if keys and self.query.text().strip():
            self.place(keys[0])


def free_place(canvas: Canvas) -> QPointF:
    """Near the middle of the view, below and to the right of what is there already."""
    at = canvas.seen().center()
    cards = [canvas.scene.rect(item) for item in canvas.scene.ids]
    for _round in range(40):
        wanted = QRectF(at.x() - 64, at.y() - 14, 176, 112)
        if not any(card.intersects(wanted) for card in cards):
            break
        at += QPointF(32, 48)
    return at


def _row(spec: NodeSpec) -> QStandardItem:
    item = QStandardItem(spec.title)
    item.setData(spec.key, KEY)
    item.setData(spec.category, CATEGORY)
    first = spec.doc.partition("\n")[0]
    item.setToolTip(f"{first}\n{signature(spec)}".strip())
    item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled)
    return item
