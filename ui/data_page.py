"""What a Data node holds: a picture of the samples and the first rows. Loaded off the window's thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QPointF, QRectF, QRunnable, QSize, Qt, QThreadPool, Signal
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QTableView, QVBoxLayout, QWidget

from graph.document import Document
from ui.array_view import TableModel, quiet_table
from ui.theme import LIGHT, Theme, color, faded, font
from ui.widgets import label

if TYPE_CHECKING:
    from engine.data import DataSet

ROWS = 200
HUES = ("layers", "probes", "activations", "losses", "parameters", "math", "sources")
"""Classes take the categories' hues: none of them is blue or orange, which mean forward and backward."""


class _Loading(QObject):
    done = Signal(object, object, str)


class _Job(QRunnable):
    """Loads one data set; `done(token, DataSet or None, error)` arrives in the window's thread."""

    def __init__(self, token: object, settings: dict[str, Any]) -> None:
        super().__init__()
        self.signals = _Loading()
        self._token, self._settings = token, settings

    def run(self) -> None:
        from engine.data import DataError, load

        found: DataSet | None = None
        error = ""
        try:
            found = load(self._settings)
        except DataError as wrong:
            error = str(wrong)
        except Exception as wrong:  # a data set must never take the window with it
            error = f"The data could not be loaded: {wrong}"
        try:
            self.signals.done.emit(self._token, found, error)
        except RuntimeError:
            return  # the window closed meanwhile


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
        features = data.description.features
        if len(features) > 1 or features == (64,):
            self._images(painter, data)
        else:
            self._points(painter, data)

    def _points(self, painter: QPainter, data: DataSet) -> None:
        import numpy as np

        theme, about = self._theme, data.description
        across = data.x_train[:, 0]
        alone = data.x_train.shape[1] == 1
        up = data.x_train[:, 1] if not alone else data.y_train[:, 0] if not about.classes else np.zeros(len(across))
        second = about.target_names[0] if alone else about.feature_names[1]
        area = QRectF(self.rect()).adjusted(8, 8, -8, -round(22 * theme.scale))
        painter.setPen(color(theme.hairline))
        painter.drawRect(area)
        painter.setFont(font("tiny", theme.scale))
        painter.setPen(color(theme.secondary))
        caption = QRectF(area.left(), area.bottom() + 3, area.width(), 20)
        axes = painter.fontMetrics().elidedText(f"{about.feature_names[0]}  ×  {second}", Qt.TextElideMode.ElideMiddle, round(area.width()))
        painter.drawText(caption, int(Qt.AlignmentFlag.AlignHCenter), axes)
        classes = class_numbers(data)
        shown = slice(0, 2000)
        spots = _placed(across[shown], up[shown], area)
        painter.setPen(Qt.PenStyle.NoPen)
        radius = 2.6 * theme.scale
        for number in np.unique(classes[shown]):
            painter.setBrush(faded(theme.swatch[HUES[int(number) % len(HUES)]], 0.75))
            for x, y in spots[classes[shown] == number]:
                painter.drawEllipse(QPointF(x, y), radius, radius)

    def _images(self, painter: QPainter, data: DataSet) -> None:
        import numpy as np

        theme = self._theme
        pictures = data.x_train.reshape(len(data.x_train), 8, 8) if data.x_train[0].size == 64 else data.x_train[:, 0]
        cell = round(40 * theme.scale)
        across = max(1, self.width() // (cell + 6))
        down = max(1, self.height() // (cell + 6))
        for index in range(min(across * down, len(pictures))):
            picture = pictures[index]
            level = (picture - picture.min()) / max(float(picture.max() - picture.min()), 1e-12)
            grey = np.ascontiguousarray(255 - np.round(level * 255)).astype(np.uint8)
            image = QImage(grey.tobytes(), grey.shape[1], grey.shape[0], grey.shape[1], QImage.Format.Format_Grayscale8)
            place = QRectF(index % across * (cell + 6), index // across * (cell + 6), cell, cell)
            painter.drawImage(place, image)


def _placed(across: Any, up: Any, area: QRectF) -> Any:
    """Coordinates in `area`, a little away from its edges."""
    import numpy as np

    def unit(values: Any) -> Any:
        low, high = float(values.min()), float(values.max())
        return (values - low) / (high - low) if high > low else np.full(len(values), 0.5)

    inner = area.adjusted(8, 8, -8, -8)
    return np.column_stack([inner.left() + unit(across) * inner.width(), inner.bottom() - unit(up) * inner.height()])


def class_numbers(data: DataSet) -> Any:
    """Each training sample's class from 0, whatever the coding; all 0 for a real target."""
    import numpy as np

    y, coding = data.y_train, data.description.coding
    if coding == "index":
        return y
    if coding == "one_hot":
        return y.argmax(1)
    if coding in ("zero_one", "plus_minus"):
        return (y[:, 0] > 0).astype(np.int64)
    return np.zeros(len(y), dtype=np.int64)


class DataPage(QWidget):
    """Follows the document's Data node (the selected one, else the first)."""

    def __init__(self) -> None:
        super().__init__()
        self._document: Document | None = None
        self._theme = LIGHT
        self._token: object = None
        self._wanted: tuple[Any, ...] | None = None
        self._selected: str | None = None
        self._jobs: list[_Job] = []
        self.text = label("", "secondary", wrap=True)
        self.text.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.heading = label("", "strong")
        self.scatter = Scatter()
        self.model = TableModel()
        self.table = QTableView()
        self.table.setModel(self.model)
        quiet_table(self.table)
        self.table.verticalHeader().setDefaultSectionSize(24)
        self.table.horizontalHeader().setDefaultSectionSize(104)
        column = QVBoxLayout()
        column.setSpacing(4)
        column.addWidget(self.heading)
        column.addWidget(self.text)
        column.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 8, 0, 8)
        row.setSpacing(20)
        row.addLayout(column, 2)
        row.addWidget(self.scatter, 3)
        row.addWidget(self.table, 4)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.scatter.show_data(self.scatter._data, theme)

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
        if node is None:
            self._wanted = None
            self._show(None, "", "There is no Data node in this graph. Drag one from the library, under Sources.")
            return
        settings = graph.settings_of(node)
        wanted = (node, document.path, repr(sorted(settings.items())))
        if wanted == self._wanted:
            return
        self._wanted = self._token = wanted
        if settings.get("dataset") == "csv" and document.path is not None and settings.get("path"):
            settings["path"] = str(document.path.parent / str(settings["path"]))
        self.heading.setText(graph.nodes[node].name)
        self.text.setText("Loading …")
        job = _Job(wanted, settings)
        job.setAutoDelete(False)
        job.signals.done.connect(self._arrived)
        self._jobs.append(job)
        QThreadPool.globalInstance().start(job)

    def _arrived(self, token: object, data: DataSet | None, error: str) -> None:
        self._jobs = [job for job in self._jobs if job._token != token]
        if token == self._token:
            self._show(data, self.heading.text(), error)

    def _show(self, data: DataSet | None, heading: str, text: str) -> None:
        import numpy as np

        self.heading.setText(heading)
        self.scatter.setVisible(data is not None)
        self.table.setVisible(data is not None)
        self.scatter.show_data(data, self._theme)
        if data is None:
            self.text.setText(text)
            self.model.show_cells(None)
            return
        about = data.description
        held = f"{about.train_rows:,} for training, {about.test_rows:,} held out for testing"
        kinds = f"classes: {', '.join(about.classes)}" if about.classes else f"target: {', '.join(about.target_names)}"
        coding = about.coding.replace("_", " ")
        self.text.setText(f"{about.rows:,} samples: {held}.\n{_size(about.features)} features · {kinds} · coding: {coding}")
        first = data.x_train[:ROWS].reshape(min(ROWS, len(data.x_train)), -1)
        target = data.y_train[:ROWS].reshape(len(first), -1)
        self.model.show_cells(np.concatenate([first, target.astype(np.float64)], axis=1))
        columns = list(about.feature_names[: first.shape[1]]) if len(about.feature_names) == first.shape[1] else []
        names = [*(columns or [str(i) for i in range(first.shape[1])]), *about.target_names[: target.shape[1]]]
        self.model.show_names(names + ["target"] * (first.shape[1] + target.shape[1] - len(names)))

    def showEvent(self, event: object) -> None:
        super().showEvent(event)  # type: ignore[arg-type]
        self.refresh()


def _size(features: tuple[int, ...]) -> str:
    return " × ".join(str(n) for n in features)
