"""What a Data node holds: a picture of the samples and the first rows. The engine loads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QTableView, QVBoxLayout, QWidget

from engine.data.files import large_file
from engine.data.job import load_job
from engine.numerics.job import JobEnd, JobReport
from graph.storage.document import Document
from graph.text.messages import _
from ui.data.file_box import FileBox
from ui.data.paint_box import PaintBox
from ui.data.reading import READING
from ui.look.numbers import number, whole
from ui.look.theme import LIGHT, MARKS, Theme, color, faded, font
from ui.look.widgets import label, scrolled
from ui.maths.array_view import TableModel, quiet_table
from ui.shell.workspace.panel import Panel
from ui.shell.workspace.workspace import Workspace

if TYPE_CHECKING:
    from engine.data import DataSet
    from ui.engine_link.work import JobHandle

ROWS = 200
WIDE = 1000
"""Pixels from which the table has room beside the plane for painting."""
UNEQUAL = 4.0
"""Two features are drawn to the same scale unless one spreads this many times as far as the other."""
HUES = ("layers", "probes", "activations", "losses", "parameters", "math", "sources")
"""Classes take the categories' hues: none of them is blue or orange, which mean forward and backward."""


class Scatter(QWidget):
    """The first two features (or one feature and the target), or the first images."""

    def __init__(self) -> None:
        super().__init__()
        self._data: DataSet | None = None
        self._theme = LIGHT
        self.setMinimumSize(160, 100)

    def show_data(self, data: DataSet | None, theme: Theme) -> None:
        self._data, self._theme = data, theme
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(260, 180)

    def paintEvent(self, event: QPaintEvent) -> None:
        data = self._data
        if data is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if pictures(data) is not None:
            self._images(painter, data)
        else:
            self._points(painter, data)

    def _points(self, painter: QPainter, data: DataSet) -> None:
        import numpy as np

        theme, about = self._theme, data.description
        across = data.train.x[:, 0]
        alone = data.train.x.shape[1] == 1
        up = data.train.x[:, 1] if not alone else data.train.y[:, 0] if not about.classes else np.zeros(len(across))
        second = about.target_names[0] if alone else about.feature_names[1]
        area = QRectF(self.rect()).adjusted(8, 8, -8, -round(22 * theme.scale))
        painter.setPen(color(theme.hairline))
        painter.drawRect(area)
        painter.setFont(font("tiny", theme.scale))
        painter.setPen(color(theme.secondary))
        caption = QRectF(area.left(), area.bottom() + 3, area.width(), 20)
        shown = slice(0, 2000)
        same = not alone and same_scale(across[shown], up[shown])
        text = f"{about.feature_names[0]}  ×  {second}" + ("" if same or alone else _(", each on its own scale"))
        axes = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, round(area.width()))
        painter.drawText(caption, int(Qt.AlignmentFlag.AlignHCenter), axes)
        classes = class_numbers(data)
        spots = placed(across[shown], up[shown], area, same)
        painter.setPen(Qt.PenStyle.NoPen)
        radius = 2.6 * theme.scale
        for kind in np.unique(classes[shown]):
            painter.setBrush(faded(theme.swatch[HUES[int(kind) % len(HUES)]], 0.75))
            for x, y in spots[classes[shown] == kind]:
                painter.drawEllipse(QPointF(x, y), radius, radius)

    def _images(self, painter: QPainter, data: DataSet) -> None:
        import numpy as np

        theme = self._theme
        shown = pictures(data)
        cell = round(40 * theme.scale)
        across = max(1, self.width() // (cell + 6))
        down = max(1, self.height() // (cell + 6))
        for index in range(min(across * down, len(shown))):
            picture = shown[index]
            level = (picture - picture.min()) / max(float(picture.max() - picture.min()), 1e-12)
            grey = np.ascontiguousarray(255 - np.round(level * 255)).astype(np.uint8)
            image = QImage(grey.tobytes(), grey.shape[1], grey.shape[0], grey.shape[1], QImage.Format.Format_Grayscale8)
            place = QRectF(index % across * (cell + 6), index // across * (cell + 6), cell, cell)
            painter.drawImage(place, image)


def pictures(data: DataSet) -> Any:
    """The training samples as pictures, where they are known to be some; a row of 64 numbers is none by itself."""
    about, x = data.description, data.train.x
    if len(about.features) == 3:
        return x[:, 0]
    if len(about.features) == 2:
        return x
    return x.reshape(len(x), *about.picture) if about.picture is not None else None


def same_scale(across: Any, up: Any) -> bool:
    """Whether two features can be drawn to one scale, so that a circle is a circle."""
    wide, high = float(across.max() - across.min()), float(up.max() - up.min())
    return max(wide, high) <= UNEQUAL * min(wide, high)


def placed(across: Any, up: Any, area: QRectF, same: bool) -> Any:
    """Coordinates in `area`, a little away from its edges; with one length for a unit in both directions where `same`."""
    import numpy as np

    inner = area.adjusted(8, 8, -8, -8)
    middles = [(float(values.min()) + float(values.max())) / 2 for values in (across, up)]
    spans = [float(values.max() - values.min()) or 1.0 for values in (across, up)]
    scales = [inner.width() / spans[0], inner.height() / spans[1]]
    if same:
        scales = [min(scales)] * 2
    centre = inner.center()
    return np.column_stack([centre.x() + (across - middles[0]) * scales[0], centre.y() - (up - middles[1]) * scales[1]])


def class_numbers(data: DataSet) -> Any:
    """Each training sample's class from 0, whatever the coding; all 0 for a real target."""
    import numpy as np

    y, coding = data.train.y, data.description.coding
    if coding == "index":
        return y
    if coding == "one_hot":
        return y.argmax(1)
    if coding in ("zero_one", "plus_minus"):
        return (y[:, 0] > 0).astype(np.int64)
    return np.zeros(len(y), dtype=np.int64)


class SampleModel(TableModel):
    """Samples a row: whole numbers without decimals, classes by their names, and the sample's number in the training part."""

    def __init__(self) -> None:
        super().__init__()
        self._whole: list[bool] = []
        self._words: list[str] = []

    def show_samples(self, data: DataSet | None) -> None:
        """The first rows of the training part."""
        import numpy as np

        if data is None:
            self._words = []
            return self.show_cells(None)
        about = data.description
        x = data.train.x[:ROWS].reshape(min(ROWS, len(data.train.x)), -1)
        y = data.train.y[:ROWS].reshape(len(x), -1).astype(np.float64)
        self._words = [about.classes[at] for at in data.train.y[:ROWS]] if about.coding == "index" else []
        rows = data.train.rows[:ROWS, None].astype(np.float64) + 1
        cells = np.concatenate([rows, x, y], axis=1)
        self._whole = [bool((column == np.round(column)).all()) for column in cells.T]
        self.show_cells(cells)
        features = list(about.feature_names) if len(about.feature_names) == x.shape[1] else [f"x{i + 1}" for i in range(x.shape[1])]
        targets = about.target_names if len(about.target_names) == y.shape[1] else about.classes if len(about.classes) == y.shape[1] else ()
        self.show_names(["row", *features, *(targets or [_("target {number}").format(number=i + 1) for i in range(y.shape[1])])])

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole) and self._cells is not None:
            column = index.column()
            value = float(self._cells[index.row(), column])
            if self._words and column == self.columnCount() - 1:
                name = self._words[index.row()]
                return (
                    name
                    if role == Qt.ItemDataRole.DisplayRole or name == whole(value)
                    else _("{name}: class {number}").format(name=name, number=whole(value))
                )
            if role == Qt.ItemDataRole.DisplayRole:
                return whole(value) if self._whole[column] and abs(value) < 1e15 else number(value)
        return super().data(index, role)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Vertical:
            return str(section + 1) if role == Qt.ItemDataRole.DisplayRole else None
        if section == 0 and role == Qt.ItemDataRole.ToolTipRole:
            return _("The sample's row in the data set")
        return super().headerData(section, orientation, role)


class DataPage(Panel):
    """Follows the document's Data node (the selected one, else the first)."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._document: Document | None = None
        self._reading = workspace.services.get(READING)
        self._wanted: tuple[Any, ...] | None = None
        self._selected: str | None = None
        self._job: JobHandle | None = None
        self._reading.changed.connect(self._read)
        self.text = label("", "secondary", wrap=True)
        self.text.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.heading = label("", "strong")
        self.scatter = Scatter()
        self.painting = PaintBox(workspace)
        self.painting.hide()
        self.files = FileBox(workspace)
        self.files.hide()
        self.model = SampleModel()
        self.shown = label("", "small", wrap=True)
        self.table = QTableView()
        self.table.setModel(self.model)
        quiet_table(self.table)
        self.table.verticalHeader().setDefaultSectionSize(24)
        self.table.horizontalHeader().setDefaultSectionSize(104)
        words = QWidget()
        column = QVBoxLayout(words)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.heading)
        column.addWidget(self.text)
        column.addWidget(self.files)
        column.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 8, 0, 8)
        row.setSpacing(20)
        row.addWidget(scrolled(words), 2)
        row.addWidget(self.scatter, 3)
        row.addWidget(self.painting, 5)
        self._table = QWidget()
        beside = QVBoxLayout(self._table)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.setSpacing(4)
        beside.addWidget(self.shown)
        beside.addWidget(self.table, 1)
        row.addWidget(self._table, 4)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        """While points are painted in a narrow panel, the plane has the table's place."""
        self._table.setVisible(not self.painting.isVisibleTo(self) or self.width() > WIDE * self.theme.scale)

    def hasHeightForWidth(self) -> bool:
        """Its lines of text may wrap, but what is under them gives way: else the page would be cut off at the window's end."""
        return False

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self.scatter.show_data(self.scatter._data, theme)
        self.painting.set_theme(theme)

    def set_document(self, document: Document) -> None:
        self.show_document(document)

    def document_changed(self) -> None:
        nodes = self.workspace.canvas.selected_nodes()
        self.show_document(self.workspace.document, nodes[0] if len(nodes) == 1 else None)

    def selection_changed(self) -> None:
        self.document_changed()

    def show_document(self, document: Document, selected: str | None = None) -> None:
        """Load what is not shown yet. Does nothing while the page is hidden."""
        self._document, self._selected = document, selected
        if self.isVisible():
            self.refresh()

    def refresh(self) -> None:
        document = self._document
        if document is None:
            return
        graph = document.graph
        nodes = [n for n in graph.nodes if graph.spec(n).role == "data"]
        node = self._selected if self._selected in nodes else (nodes[0] if nodes else None)
        self.painting.setVisible(node is not None and graph.setting(node, "dataset") == "points")
        if node is not None and self.painting.isVisibleTo(self):
            self.painting.show_node(node, self.theme)
            self.scatter.hide()
        self._make_room()
        self.files.show_settings(graph.settings_of(node) if node is not None else {}, document.folder)
        if node is None:
            self._wanted = None
            self._show(None, "", _("There is no Data node in this graph. Drag one from the library, under Sources."))
            return
        settings = [graph.settings_of(node_id) for node_id in nodes]
        wanted = (node, document.path, repr([sorted(values.items()) for values in settings]))
        if wanted == self._wanted:
            return
        if self._reading.holding and self._large(settings, document.folder):  # it is read first, where that can be cancelled
            if self._wanted is None:
                self._show(None, graph.nodes[node].name, _("The data have not been read yet."))
            return
        self._wanted = wanted
        self.heading.setText(graph.nodes[node].name)
        self.text.setText(_("Loading …"))
        if self._job is not None:
            self._job.leave()
        self._job = self.workspace.work.job(load_job(settings, document.folder, nodes.index(node)), self._progressed, self._loaded)

    def _large(self, nodes: Sequence[Mapping[str, Any]], folder: str) -> bool:
        return any(large_file(settings, folder) is not None for settings in nodes)

    def _read(self) -> None:
        if self.isVisible():
            self.refresh()

    def _progressed(self, report: JobReport, _parts: object) -> None:
        self.text.setText(report.text or _("Loading …"))

    def _loaded(self, end: JobEnd) -> None:
        from engine.data import DataSet

        if end.how in ("cancelled", "outdated"):
            self._wanted = None
        self._show(end.answer if isinstance(end.answer, DataSet) else None, self.heading.text(), end.text)

    def _show(self, data: DataSet | None, heading: str, text: str) -> None:
        self.heading.setText(heading)
        for widget in (self.scatter, self.table, self.shown):
            widget.setVisible(data is not None and not (widget is self.scatter and self.painting.isVisibleTo(self)))
        self.scatter.show_data(data, self.theme)
        self.model.show_samples(data)
        if data is None:
            self.text.setText(text)
            return
        about = data.description
        held = _("{train_rows:,} for training, {test_rows:,} held out for testing").format(
            train_rows=about.train_rows, test_rows=about.test_rows
        )
        kinds = (
            _("classes: {classes}").format(classes=", ".join(about.classes))
            if about.classes
            else _("target: {target_names}").format(target_names=", ".join(about.target_names))
        )
        coding = about.coding.replace("_", " ")
        lines = [
            _("{rows:,} samples: {held}.").format(rows=about.rows, held=held),
            _("{features} features · {kinds} · coding: {coding}").format(features=_size(about.features), kinds=kinds, coding=coding),
        ]
        self.text.setText("\n".join([*lines, *(f"{MARKS['warning' if note.warning else 'note']}  {note.text}" for note in about.notes)]))
        count = _("{train_rows:,} training samples").format(train_rows=about.train_rows)
        first = (
            _("The first {ROWS} of {count}").format(ROWS=ROWS, count=count)
            if about.train_rows > ROWS
            else _("All {count}").format(count=count)
        )
        self.shown.setText(_("{first}, in training order; row: its row in the data set").format(first=first))

    def showEvent(self, event: object) -> None:
        super().showEvent(event)  # type: ignore[arg-type]
        self.refresh()


def _size(features: tuple[int, ...]) -> str:
    return " × ".join(str(n) for n in features)
