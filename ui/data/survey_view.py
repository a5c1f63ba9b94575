"""A picture of the data before any network sees it: a scatter plot of two columns, histograms, class counts, or images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from engine.learned.table import Survey
from graph.text.messages import _
from ui.data.scatter import ScatterPlot
from ui.data.survey_plots import ClassCounts, Histograms
from ui.look.numbers import count
from ui.look.theme import LIGHT, Theme
from ui.look.typing import scroll_past
from ui.look.widgets import label, scrolled
from ui.maths.heat import bytes_image
from ui.maths.picture_grid import Caption, PictureGrid, scrolling

Look = Literal["scatter", "histograms", "classes", "pictures", "about"]
LOOKS: dict[Look, str] = {
    "scatter": _("Scatter plot"), "histograms": _("Histograms"), "classes": _("Class counts"), "pictures": _("Images"),
    "about": _("About"),
}  # fmt: skip


LARGEST = 96
"""The side of a picture, in pixels for type at 100 %, where there are few."""


class SurveyView(QWidget):
    """`chosen`: a sample was chosen. `narrowed`: an expression for the table's filter. `axes`: other columns were chosen."""

    chosen = Signal(int)
    narrowed = Signal(str)
    axes = Signal(int, int)
    turned = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._theme = LIGHT
        self._narrow = False
        self.survey: Survey | None = None
        self.scatter, self.histograms, self.classes = ScatterPlot(), Histograms(), ClassCounts()
        self.pictures = PictureGrid(_("Pictures of the first training samples"))
        self.pictures.largest, self.pictures.at_once = LARGEST, True
        self.look = _choice(_("What is drawn"))
        self.across, self.up = _choice(_("Column from left to right")), _choice(_("Column from bottom to top"))
        self._against = label("×", "secondary")
        self.stack = QStackedWidget()
        self._pages: dict[str, QWidget] = {
            "scatter": self.scatter, "histograms": scrolled(self.histograms), "classes": scrolled(self.classes),
            "pictures": scrolling(self.pictures),
        }  # fmt: skip
        for page in self._pages.values():
            self.stack.addWidget(page)
        top = QHBoxLayout()
        top.setSpacing(6)
        for widget in (self.look, self.across, self._against, self.up):
            top.addWidget(widget)
        top.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(top)
        column.addWidget(self.stack, 1)
        self.place = QVBoxLayout()
        """For what is said about the data, where the window is narrow."""
        column.addLayout(self.place, 1)
        self.look.currentIndexChanged.connect(lambda at: self._turn())
        for box in (self.across, self.up):
            box.activated.connect(lambda at: self.axes.emit(self.across.currentIndex(), self.up.currentIndex()))
        self.scatter.chosen.connect(self.chosen)
        self.pictures.chosen.connect(self.chosen)
        self.histograms.narrowed.connect(self.narrowed)
        self.classes.narrowed.connect(self.narrowed)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._draw()

    def show_survey(self, survey: Survey | None) -> None:
        before, self.survey = self.survey, survey
        if survey is not None:
            self._offer(survey, before is None or before.of != survey.of)
        self._draw()

    def _offer(self, survey: Survey, other: bool) -> None:
        """The looks that these data have, and their columns. Other data begin with their best look, unless it was chosen before."""
        looks: list[Look] = ["scatter", "histograms", *self._more]
        if survey.description.classes:
            looks.insert(2, "classes")
        if survey.pictures is not None:
            looks.insert(0, "pictures")
        now = self.look.currentData()
        _fill(self.look, [(LOOKS[look], look) for look in looks])
        if now in looks and (not other or "pictures" not in (now, *looks[:1])):
            self.look.setCurrentIndex(looks.index(now))
        columns = [(name, at) for at, name in enumerate(survey.names)]
        for box, at in ((self.across, survey.across), (self.up, survey.up)):
            if box.count() != len(columns) or any(box.itemText(i) != name for name, i in columns):
                _fill(box, columns)
            box.setCurrentIndex(at)
        self._turn()

    def _turn(self) -> None:
        look = self.look.currentData() or "scatter"
        if look in self._pages:
            self.stack.setCurrentWidget(self._pages[look])
        self.stack.setVisible(look in self._pages)
        for widget in (self.across, self._against, self.up):
            widget.setVisible(look == "scatter")
        self.turned.emit()

    @property
    def about(self) -> bool:
        """Whether what is said about the data has the place of the picture."""
        return bool(self.look.currentData() == "about")

    @property
    def _more(self) -> tuple[Look, ...]:
        return ("about",) if self._narrow else ()

    def set_narrow(self, narrow: bool) -> None:
        """Offer what is said about the data in the place of the picture: there is no room beside it."""
        if narrow != self._narrow:
            self._narrow = narrow
            if self.survey is not None:
                self._offer(self.survey, False)

    def _draw(self) -> None:
        for plot in (self.scatter, self.histograms, self.classes):
            plot.show_survey(self.survey, self._theme)
        self._draw_pictures()

    def _draw_pictures(self) -> None:
        pictures = self.survey.pictures if self.survey is not None else None
        if pictures is None:
            self.pictures.show_pictures((), lambda index: None, self._theme)
            return
        said = _("training sample {place}")
        captions = [Caption((), said.format(place=count(place + 1))) for place in range(len(pictures))]
        self.pictures.show_pictures(captions, lambda index: bytes_image(pictures[index]), self._theme, self.pictures.picked)

    def mark(self, batch: frozenset[int], sample: int, aside: tuple[float, float] | None = None) -> None:
        """Mark the samples of the batch that is shown, and the one that was chosen (−1: none)."""
        self.scatter.mark(batch, sample, aside)
        self.pictures.pick(sample if self.survey is not None and sample < self.survey.description.train_rows else -1)


def _choice(name: str) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    box.setToolTip(name)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(7)
    box.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
    box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    scroll_past(box)
    return box


def _fill(box: QComboBox, rows: Sequence[tuple[str, object]]) -> None:
    box.blockSignals(True)
    box.clear()
    for text, value in rows:
        box.addItem(text, value)
    box.blockSignals(False)
