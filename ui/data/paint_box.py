"""Painting points: the plane, and the classes and tools beside it. Each stroke is one step to undo."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QHBoxLayout, QPushButton, QSizePolicy, QSlider, QVBoxLayout, QWidget

from graph.model.edits import SetParam
from graph.model.graph import GraphError
from graph.text.messages import _
from ui.data.paint_plane import PaintPlane
from ui.data.strokes import CLASSES, SPREADS, Brush, Point, Tool, described, points_of, setting_of
from ui.look.numerals import number
from ui.look.theme import Theme
from ui.look.typing import scroll_past
from ui.look.widgets import FlowLayout, button, clear, label, scrolled
from ui.maths.class_marks import paint_mark
from ui.shell.workspace.workspace import Workspace

WIDTH = 216
"""Pixels of the tools, for type at 100 %."""
ACROSS = 4
"""Buttons of classes beside each other."""


class PaintBox(QWidget):
    """Follows one Data node of painted points."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._node = ""
        self._classes = 0
        self.plane = PaintPlane()
        self.plane.stroked.connect(self._stroked)
        self.plane.brushed.connect(self._show_brush)
        self.plane.said.connect(self._say)
        self._group = QButtonGroup(self)
        self._marks = QGridLayout()
        self._buttons: list[QPushButton] = []
        self._marks.setSpacing(4)
        self.erasing = self._tool("erase", _("Erase"), _("Erase the points that the circle touches (E)"))
        self.moving = self._tool("move", _("Move"), _("Move the points in the circle (M)"))
        self.spread = QSlider(Qt.Orientation.Horizontal)
        scroll_past(self.spread)
        self.spread.setRange(0, len(SPREADS) - 1)
        self.spread.setPageStep(1)
        self.spread.setAccessibleName(_("Spread of the brush"))
        tip = _("Standard deviation of the points around the brush; 0 paints one point where you click ([ and ])")
        self.spread.setToolTip(tip)
        self.spread.valueChanged.connect(lambda at: self._set_brush(self.plane.brush.tool, self.plane.brush.label, SPREADS[at]))
        self._spread_text = label("", "small")
        self._spread_text.setToolTip(tip)
        self.clear_all = button(_("Clear"), "quiet", tip=_("Erase all points; undo brings them back"))
        self.clear_all.clicked.connect(self._clear)
        tools = QWidget()
        column = QVBoxLayout(tools)
        column.setContentsMargins(0, 0, 4, 0)
        column.setSpacing(5)
        column.addLayout(self._marks)
        flow = FlowLayout(4)
        for made in (self.erasing, self.moving, self.clear_all):
            flow.addWidget(made)
        column.addLayout(flow)
        beside = QHBoxLayout()
        beside.setSpacing(6)
        beside.addWidget(self._spread_text)
        beside.addWidget(self.spread)
        column.addLayout(beside)
        column.addStretch(1)
        area = scrolled(tools)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self._column = area
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(area)
        row.addWidget(self.plane, 1)
        self._theme: Theme = workspace.theme
        self._show_brush(self.plane.brush)

    def show_node(self, node: str, theme: Theme) -> None:
        """The points of this Data node, as the document has them."""
        points = points_of(self._settings(node).get("points"))
        other, self._node, self._theme = node != self._node, node, theme
        self.plane.enabled = not self._workspace.document.read_only
        self.plane.show_points(points, theme)
        self.clear_all.setEnabled(bool(points) and self.plane.enabled)
        if other:
            self.plane.show_all()
        self._show_classes(1 + max((point[2] for point in points), default=0))

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.plane.set_theme(theme)
        self._show_classes(0, again=True)
        self._column.setFixedWidth(round(WIDTH * theme.scale))

    def focus(self) -> None:
        """Go on with the keyboard."""
        self.plane.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _settings(self, node: str) -> dict[str, Any]:
        graph = self._workspace.document.graph
        return graph.settings_of(node) if node in graph.nodes else {}

    # what is done

    def _stroked(self, points: list[Point], text: str) -> None:
        document = self._workspace.document
        try:
            if self._node in document.graph.nodes:
                document.do(SetParam(self._node, "points", setting_of(points)), text)
                document.seal()
                self.plane.show_points(points, self._theme)  # a next stroke may come before the change is announced
        except GraphError as refused:
            self._say(str(refused))
            self.plane.show_points(points_of(self._settings(self._node).get("points")), self._theme)

    def _clear(self) -> None:
        self._stroked([], _("Erase all points"))

    def _say(self, text: str) -> None:
        self._workspace.say(text or self._workspace.document.read_only)

    # the brush

    def _tool(self, tool: Tool, text: str, tip: str) -> QPushButton:
        made = button(text, "quiet", tip=tip)
        made.setCheckable(True)
        made.clicked.connect(lambda: self._set_brush(tool, self.plane.brush.label, self.plane.brush.spread))
        self._group.addButton(made)
        return made

    def _set_brush(self, tool: Tool, label_: int, spread: float) -> None:
        self.plane.set_brush(Brush(tool, label_, spread))
        self._show_brush(self.plane.brush)

    def _show_brush(self, brush: Brush) -> None:
        self._show_classes(brush.label + 1)
        for at, made in enumerate(self._buttons):
            made.setChecked(brush.tool == "paint" and at == brush.label)
        self.erasing.setChecked(brush.tool == "erase")
        self.moving.setChecked(brush.tool == "move")
        at = min(range(len(SPREADS)), key=lambda place: abs(SPREADS[place] - brush.spread))
        self.spread.blockSignals(True)
        self.spread.setValue(at)
        self.spread.blockSignals(False)
        self._spread_text.setText(_("Spread {spread}").format(spread=number(brush.spread)))

    def _show_classes(self, least: int, again: bool = False) -> None:
        """Buttons for classes 0 to at least `least` − 1, and one for the next."""
        wanted = min(max(self._classes, least, 2), CLASSES)
        if wanted == self._classes and not again:
            return
        self._classes = wanted
        clear(self._marks)
        self._buttons = []
        for number_ in range(wanted):
            made = button("", "quiet", tip=described("paint", number_) + f" ({number_})")
            made.setAccessibleName(described("paint", number_))
            made.setIcon(_icon(number_, self._theme))
            made.setText(str(number_))
            made.setCheckable(True)
            made.clicked.connect(lambda _on=False, chosen=number_: self._set_brush("paint", chosen, self.plane.brush.spread))
            self._group.addButton(made)
            self._buttons.append(made)
            made.setMaximumWidth(round(50 * self._theme.scale))
            self._marks.addWidget(made, number_ // ACROSS, number_ % ACROSS)
        if wanted < CLASSES:
            more = button("+", "quiet", tip=_("Paint points of another class"))
            more.setAccessibleName(_("Another class"))
            more.clicked.connect(lambda: self._set_brush("paint", wanted, self.plane.brush.spread))
            self._marks.addWidget(more, wanted // ACROSS, wanted % ACROSS)
        brush = self.plane.brush
        if brush.tool == "paint" and brush.label < wanted:
            self._buttons[brush.label].setChecked(True)


def _icon(number_: int, theme: Theme) -> QIcon:
    """The mark of a class in its colour."""
    size, ratio = QSize(14, 14), 2.0
    picture = QPixmap(round(size.width() * ratio), round(size.height() * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    paint_mark(painter, QPointF(size.width() / 2, size.height() / 2), number_, theme, 4.6)
    painter.end()
    return QIcon(picture)
