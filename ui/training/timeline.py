"""A slider over the steps of the present run: to any step that can be reached exactly, with what a replay was compared with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QSlider, QStyle, QStyleOptionSlider, QWidget

from engine.training.replay import Replay
from graph.model.run_record import RunRecord
from graph.text.messages import _, ngettext
from ui.engine_link.messages import Progress
from ui.look.numbers import count
from ui.look.theme import Theme, color
from ui.look.widgets import PartsLabel, label, set_property

KEYS = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
MARK = 5.0
"""Height of a mark under the groove, in the units of the theme."""


class StepSlider(QSlider):
    """Steps 0 to the newest. Marks: where settings were changed, where other runs branched off, and what cannot be reached."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(_("Step of the run"))
        self._theme: Theme | None = None
        self._changes: Sequence[int] = ()
        self._branches: Sequence[int] = ()
        self._ranges: Sequence[tuple[int, int]] = ()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def show_marks(self, changes: Sequence[int], branches: Sequence[int], ranges: Sequence[tuple[int, int]]) -> None:
        if (changes, branches, ranges) != (self._changes, self._branches, self._ranges):
            self._changes, self._branches, self._ranges = changes, branches, ranges
            self.update()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() in KEYS:
            event.accept()  # they move the slider, and are no shortcuts of the window
            return True
        return super().event(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()  # the wheel scrolls the panel: a step that it left on the way would go unnoticed

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        theme = self._theme
        if theme is None or self.maximum() <= 0:
            return
        painter = QPainter(self)
        high, bottom = MARK * theme.scale, self.height() - 1.0
        for first, last in _gaps(self._ranges, self.maximum()):
            left, right = self._place(first), self._place(last)
            painter.fillRect(QRectF(left, self.height() / 2 - theme.scale, max(right - left, 1.0), 2 * theme.scale), color(theme.panel))
        for steps, hue in ((self._changes, theme.secondary), (self._branches, theme.highlight)):
            for step in steps:
                painter.fillRect(QRectF(self._place(step) - theme.scale, bottom - high, 2 * theme.scale, high), color(hue))

    def _place(self, step: int) -> float:
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        handle = self.style().pixelMetric(QStyle.PixelMetric.PM_SliderLength, option, self)
        return handle / 2 + (self.width() - handle) * step / max(self.maximum(), 1)


class Timeline(QWidget):
    """`asked` carries (step, whether the user let go of the slider there)."""

    asked = Signal(int, bool)

    def __init__(self) -> None:
        super().__init__()
        self.slider = StepSlider()
        self.where = label("", "small")
        self.badge = PartsLabel("small")
        self._told = False
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        row.addWidget(self.slider, 3)
        row.addWidget(self.where)
        row.addWidget(self.badge, 2)
        self.slider.valueChanged.connect(self._moved)
        self.slider.sliderReleased.connect(lambda: self.asked.emit(self.slider.value(), True))
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        self.slider.set_theme(theme)

    def clear(self) -> None:
        """No run is known: there is no step to go to."""
        self.slider.clearFocus()  # else hiding it moves the focus to any neighbour
        self.hide()

    def show_progress(self, progress: Progress, branches: Iterable[RunRecord]) -> None:
        record = progress.record
        last = max(progress.step, record.last if record is not None else 0)
        shown = record is not None and last > 0
        if record is None or not shown:
            self.clear()
            return
        self.show()
        if self.slider.isSliderDown():
            return
        self._told = True
        self.slider.setRange(0, last)
        self.slider.setPageStep(max(1, last // 20))
        self.slider.setValue(progress.step)
        self._told = False
        line = tuple(change.step for change in record.changes) + ((record.start,) if record.parent is not None else ())
        self.slider.show_marks(line, tuple(branch.start for branch in branches), progress.reachable)
        self._say_where(progress.step, last)
        parts, why = replay_texts(progress.replay) if progress.phase != "training" else ([], "")
        self.badge.set_parts(parts)
        self.badge.setToolTip(why)
        set_property(self.badge, "role", "complaint" if progress.replay is not None and progress.replay.identical is False else "small")

    def _say_where(self, step: int, last: int) -> None:
        self.where.setText(_("step {step} of {last}").format(step=count(step), last=count(last)))

    def _moved(self, step: int) -> None:
        self._say_where(step, self.slider.maximum())
        if not self._told:
            self.asked.emit(step, not self.slider.isSliderDown())


def replay_texts(replay: Replay | None) -> tuple[list[tuple[int, str]], str]:
    """How a step was reached again, in parts of which the first goes last, and what that was compared with."""
    if replay is None:
        return [], ""
    if not replay.steps:
        return [(0, _("stored state"))], _("The state of this step was stored and is shown as it was.")
    made = (1, ngettext("replayed {n} step", "replayed {n} steps", replay.steps).format(n=count(replay.steps)))
    losses = ngettext("{n} loss", "{n} losses", replay.losses).format(n=count(replay.losses))
    if replay.differs is not None:
        differs = (0, _("step {step} differs from the stored run").format(step=count(replay.differs)))
        return [made, differs], _("The bits made again differ from those stored. On a GPU the order of a sum can change from run to run.")
    if replay.identical is None:
        return [made], _("Nothing is stored near this step that the replay could be compared with.")
    parts = [made, (0, _("identical to the last bit"))]
    if replay.compared is None:
        return parts, _("{losses} were compared with those stored when the steps were made first.").format(losses=losses)
    return parts, _("{losses}, and every number of the stored state of step {step}, were compared bit by bit.").format(
        losses=losses, step=count(replay.compared)
    )


def _gaps(ranges: Sequence[tuple[int, int]], last: int) -> list[tuple[int, int]]:
    """The steps up to `last` that lie in no range."""
    gaps, begin = [], 0
    for first, end in ranges:
        if first > begin:
            gaps.append((begin, first))
        begin = end + 1
    return [*gaps, (begin, last)] if begin < last else gaps
