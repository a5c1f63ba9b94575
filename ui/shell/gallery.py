"""The examples, each with a thumbnail painted from the graph itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QDialog, QFrame, QGridLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from graph.model.graph import Graph
from graph.model.spec import Catalog
from graph.storage.files import FileError, load
from graph.text.messages import _
from graph.text.suggest import no_match
from ui.canvas.paint.thumbnail import Thumbnail
from ui.look.choice_card import ChoiceCard, found
from ui.look.schedule import Schedule
from ui.look.theme import Theme
from ui.look.widgets import label

EXAMPLES = Path(__file__).resolve().parents[2] / "resources" / "examples"
FIRST = "xy-plus-z"
PAINT = "thumbnail"
COLUMNS = 3


@dataclass(frozen=True, slots=True)
class Example:
    """One example: its file and its graph."""

    path: Path
    graph: Graph

    @property
    def title(self) -> str:
        return str(self.graph.settings.get("title") or self.path.stem.replace("-", " "))

    @property
    def description(self) -> str:
        return str(self.graph.settings.get("description") or "")


def example_path(name: str) -> Path:
    """Where the example of that name lies."""
    return EXAMPLES / f"{name}.gradwire"


def examples(catalog: Catalog, folder: Path = EXAMPLES) -> list[Example]:
    """All examples that can be read, in the order they give themselves (`order` among their settings), then by name."""
    graphs: list[Example] = []
    for path in sorted(folder.glob("*.gradwire")):
        try:
            graphs.append(Example(path, load(path, catalog)))
        except FileError:
            continue
    return sorted(graphs, key=lambda e: (_order(e.graph), e.path.stem))


def _order(graph: Graph) -> float:
    value = graph.settings.get("order", 99)
    return float(value) if isinstance(value, (int, float)) else 99.0


class ExampleCard(ChoiceCard):
    """One example to click on."""

    def __init__(self, example: Example, theme: Theme) -> None:
        super().__init__(example, f"{example.title}. {example.description}", example.title, (example.path.stem, example.description))
        self.example = example
        self.thumbnail = Thumbnail(example.graph, theme)
        text = label(example.description, "small", wrap=True)
        text.setAlignment(Qt.AlignmentFlag.AlignTop)
        text.setMinimumHeight(round(48 * theme.scale))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 12)
        layout.setSpacing(4)
        layout.addWidget(self.thumbnail)
        words = QVBoxLayout()
        words.setContentsMargins(14, 6, 14, 0)
        words.setSpacing(2)
        words.addWidget(label(example.title, "strong"))
        words.addWidget(text)
        layout.addLayout(words)


class Gallery(QDialog):
    """Choose an example; `chosen` is its path, None when closed without one."""

    def __init__(self, catalog: Catalog, theme: Theme, parent: QWidget | None = None, folder: Path = EXAMPLES) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("Examples"))
        self.chosen: Path | None = None
        self.cards = [ExampleCard(example, theme) for example in examples(catalog, folder)]
        inner = QWidget()
        grid = QGridLayout(inner)
        grid.setContentsMargins(24, 20, 24, 24)
        grid.setSpacing(16)
        self._grid = grid
        grid.addWidget(label(_("Examples"), "heading"), 0, 0)
        self.search = QLineEdit()
        self.search.setPlaceholderText(_("Search examples"))
        self.search.setAccessibleName(self.search.placeholderText())
        self.search.setClearButtonEnabled(True)
        grid.addWidget(self.search, 0, 1, 1, COLUMNS - 1)
        intro = _("Each example opens as a copy. You can change anything; the example itself stays the same.")
        grid.addWidget(label(intro, "secondary"), 1, 0, 1, COLUMNS)
        self.none = label("", "secondary", wrap=True)
        grid.addWidget(self.none, 2, 0, 1, COLUMNS)
        for card in self.cards:
            card.chosen.connect(self._take)
        for column in range(COLUMNS):
            grid.setColumnStretch(column, 1)
        grid.setRowStretch(3 + len(self.cards) // COLUMNS + 1, 1)
        self.search.textChanged.connect(self._arrange)
        self.search.returnPressed.connect(self._take_first)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inner)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(area)
        self.resize(QSize(round(900 * theme.scale), round(640 * theme.scale)).boundedTo(_room(parent)))
        self._unpainted = list(self.cards)
        self._work = Schedule(self)
        self._arrange("")

    def _arrange(self, typed: str) -> None:
        """Lay out what the search leaves."""
        shown, exact = found(self.cards, typed)
        self.none.setText("" if exact else no_match(typed, shown[0].title if shown else ""))
        self.none.setVisible(not exact)
        for card in self.cards:
            self._grid.removeWidget(card)
            card.setVisible(card in shown)
        for index, card in enumerate(shown):
            self._grid.addWidget(card, 3 + index // COLUMNS, index % COLUMNS)

    def _take_first(self) -> None:
        """Enter: what was looked for, or probably meant."""
        shown, _exact = found(self.cards, self.search.text())
        if shown and self.search.text().strip():
            self._take(shown[0].example)

    def _paint_one(self) -> None:
        """One thumbnail a turn of the event loop: the gallery is there at once and answers while they appear."""
        if self._unpainted:
            self._unpainted.pop(0).thumbnail.paint_now()
            self._work.after_frame(PAINT, self._paint_one)

    def _take(self, example: Example) -> None:
        self.chosen = example.path
        self.accept()

    def showEvent(self, event: object) -> None:
        super().showEvent(event)  # type: ignore[arg-type]
        self.search.setFocus(Qt.FocusReason.OtherFocusReason)
        self._work.after_frame(PAINT, self._paint_one)

    def hideEvent(self, event: object) -> None:
        self._work.drop(PAINT)
        super().hideEvent(event)  # type: ignore[arg-type]


def _room(parent: QWidget | None) -> QSize:
    return parent.size() - QSize(40, 40) if parent is not None and parent.width() > 400 else QSize(1200, 900)
