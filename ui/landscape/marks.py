"""What is drawn at the network's place on the landscape: gradient, coming step, a model of the objective, and stationary points."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from engine.learned.surface import Frame as PlaneFrame
from engine.learned.surface import Marks, MarksJob, Numbers, Plane, StationaryJob, StationaryPoint, StationaryPoints, Surface
from engine.numerics.job import Job, JobEnd
from graph.text.messages import _, ngettext
from ui.engine_link.refresh import Refresh
from ui.landscape.models import Model, model_of
from ui.landscape.plane_form import plane_list
from ui.landscape.principal import Principal, paint_principal, principal, principal_words
from ui.look.numbers import count
from ui.look.numerals import number
from ui.look.theme import Theme, color, mixed
from ui.look.widgets import label
from ui.maths.axes import Axis, Frame
from ui.maths.heights import in_view, spaced_levels
from ui.maths.level_lines import level_lines
from ui.maths.plane_marks import paint_arrow, place
from ui.maths.plane_view import Box
from ui.maths.relief_painting import Spot, Trail
from ui.shell.workspace.workspace import Workspace

REST, TRAINING_REST, SEARCH_REST = 0.05, 0.5, 1.0
ARROW = 0.16
"""Length of the gradient's arrow against the plane's smaller side: it shows a direction, and its length is in words."""
REACH = 12.0
"""Pixels, for type at 100 %, within which a stationary point is read with the cursor."""
SIZE = 7.0
SIGNS = {"minimum": "▽", "maximum": "△", "saddle": "✕"}
KINDS = {
    "minimum": _("minimum"), "maximum": _("maximum"), "saddle": _("saddle"),
    "inconclusive": _("inconclusive, as an eigenvalue is 0"), "not stationary": _("not stationary"),
}  # fmt: skip


class MarksForm(QWidget):
    """What is drawn over the plane. `changed`: something else is chosen."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.path_box, self.step_box, self.stationary_box, self.axes_box = (QCheckBox(text) for text in (
            _("Paths of runs"), _("Gradient and next step"), _("Stationary points"), _("Eigenvectors as axes")))  # fmt: skip
        self.path_box.setToolTip(_("The path of this run, and of its branches and rivals"))
        self.step_box.setToolTip(_("The direction of −∇f, and the step that the optimizer makes next"))
        self.stationary_box.setToolTip(_("Look for minima, maxima and saddles of the objective along this plane"))
        self.axes_box.setToolTip(_("The eigenvectors of the Hessian along this plane, as the axes of the level ellipse through this point"))
        self.path_box.setChecked(True)
        self.step_box.setChecked(True)
        self.model_box = plane_list(_("Model at this point"))
        for text, order in ((_("no model"), 0), (_("first-order model"), 1), (_("second-order model"), 2)):
            self.model_box.addItem(text, order)
        self.model_box.setToolTip(_("The level lines of f + gᵀd, or of f + gᵀd + ½ dᵀHd, and where it is within 10 % of the objective"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for box in (self.path_box, self.step_box, self.stationary_box, self.axes_box):
            column.addWidget(box)
            box.toggled.connect(lambda _on: self.changed.emit())
        column.addWidget(label(_("Model at this point"), "secondary"))
        column.addWidget(self.model_box)
        self.model_box.activated.connect(lambda _at: self.changed.emit())

    @property
    def order(self) -> int:
        """Of the model; 0 for none."""
        order: int = self.model_box.currentData()
        return order


class PointMarks:
    """`marks` and `points` are the answers for the plane that is shown, None while there are none; `changed` is called when one comes."""

    def __init__(self, workspace: Workspace, form: MarksForm, changed: Callable[[], None]) -> None:
        self._workspace, self._form, self._changed = workspace, form, changed
        self._marking = Refresh(workspace.work, self._marked, REST, TRAINING_REST)
        self._searching = Refresh(workspace.work, self._searched, SEARCH_REST, SEARCH_REST)
        self.marks: Marks | None = None
        self.points: StationaryPoints | None = None
        self._plane: Plane | None = None
        self._model: tuple[Surface, Marks, int, Model] | None = None

    # asking

    def follow(self, plane: Plane, frame: PlaneFrame | None, box: Box) -> None:
        """Show what is chosen in this plane, and stationary points in this box of it."""
        if plane != self._plane:
            self.forget()
        self._plane = plane
        kernel, document = self._workspace.kernel, self._workspace.document
        if kernel is None:
            return
        now = document.structure, document.revision, kernel.progress.run, frame
        if self._form.step_box.isChecked() or self._form.axes_box.isChecked() or self._form.order:
            self._marking.follow(MarksJob(plane, *now))
        else:
            self._marking.stop()
            self.marks = None
        if self._form.stationary_box.isChecked() and not kernel.training:  # a search takes too long for that
            self._searching.follow(StationaryJob(plane, box, *now))
        else:
            self._searching.stop()
            self.points = None

    def forget(self) -> None:
        self.marks = self.points = self._plane = self._model = None
        self.stop()

    def stop(self) -> None:
        self._marking.stop()
        self._searching.stop()

    def _marked(self, job: Job, end: JobEnd) -> None:
        if isinstance(job, MarksJob) and job.plane == self._plane and not self._workspace.visibility.hides_numbers:
            self.marks = end.answer if end.how == "done" else None
            self._changed()

    def _searched(self, job: Job, end: JobEnd) -> None:
        if isinstance(job, StationaryJob) and job.plane == self._plane and not self._workspace.visibility.hides_numbers:
            self.points = end.answer if end.how == "done" else None
            self._changed()

    # showing

    def model(self, surface: Surface | None) -> Model | None:
        """The model that is chosen, on the grid of a surface of the same numbers."""
        marks, order = self.marks, self._form.order
        if surface is None or marks is None or not order or marks.stamp != surface.stamp:
            return None
        known = self._model
        if known is None or known[0] is not surface or known[1] is not marks or known[2] != order:
            self._model = known = surface, marks, order, model_of(surface, marks, order)
        return known[3]

    def paint(self, painter: QPainter, frame: Frame, theme: Theme, surface: Surface | None) -> None:
        model = self.model(surface)
        if model is not None and surface is not None:
            _paint_model(painter, frame, theme, model, surface)
        marks = self.marks
        axes = self._axes(frame.x.high - frame.x.low)
        if axes is not None:
            paint_principal(painter, frame, theme, axes)
        if marks is not None and self._form.step_box.isChecked():
            (x, y), step = marks.at, marks.step
            end = gradient_end(marks, frame)
            if end is not None:
                paint_arrow(painter, frame, theme, (x, y), end, theme.backward, 2.4)
            if step is not None:
                paint_arrow(painter, frame, theme, (x, y), (x + float(step[0]), y + float(step[1])), theme.highlight, 3.2)
        for point in self.points.points if self.points is not None else ():
            paint_stationary(painter, place(frame, *point.at), point.kind, theme)

    def on_surface(self, theme: Theme, box: Box) -> tuple[list[Trail], list[Spot]]:
        """Arrows and stationary points for a surface over this part of the plane."""
        trails, spots, marks = [], [], self.marks
        if marks is not None and self._form.step_box.isChecked():
            frame, at = Frame(QRectF(0, 0, 1, 1), Axis(box[0], box[1]), Axis(box[2], box[3])), np.array(marks.at)
            end = gradient_end(marks, frame)
            if end is not None:
                trails.append(Trail(np.array([at, end]), theme.backward, width=2.6, arrow=True))
            if marks.step is not None:
                trails.append(Trail(np.array([at, at + marks.step]), theme.highlight, width=3.2, arrow=True))
        if self.points is not None:
            spots = [Spot(*point.at, theme.secondary, SIGNS.get(point.kind, "")) for point in self.points.points]
        return trails, spots

    def _axes(self, wide: float) -> Principal | None:
        """The eigenvectors, where they are chosen; `wide` is the width of what is seen."""
        return principal(self.marks, wide / 2) if self.marks is not None and self._form.axes_box.isChecked() else None

    def read(self, at: QPointF, frame: Frame, theme: Theme) -> str:
        """The stationary point at a place of the screen, in words; empty where none is near."""
        for point in self.points.points if self.points is not None else ():
            spot = frame.at(*point.at)
            if math.hypot(spot.x() - at.x(), spot.y() - at.y()) <= REACH * theme.scale:
                return stationary_words(point)
        return ""

    def words(self, surface: Surface) -> list[str]:
        """Sentences about what is drawn."""
        said, marks = [], self.marks
        if marks is not None and self._form.step_box.isChecked():
            by_two = _("‖∇f‖ = {norm} over these two numbers. The arrow shows the direction of −∇f, not its length.")
            by_all = _("‖∇f‖ = {norm} over all numbers. The arrow shows the direction of −∇f in this plane, not its length.")
            said.append((by_two if isinstance(marks.plane, Numbers) else by_all).format(norm=number(marks.norm)))
            if marks.step is not None:
                length = number(float(np.hypot(*marks.step)))
                text = _("The next step has the length {length} here.") if not marks.leaves else _(
                    "The next step has the length {length} here, and ends {far} from the plane.")  # fmt: skip
                said.append(text.format(length=length, far=number(marks.leaves)))
        axes = self._axes(1.0)
        if axes is not None:
            said.append(principal_words(axes))
        if self.model(surface) is not None:
            said.append(_("Coloured lines: the model. Inside the thick outline around the point it is within 10 % of the objective."))
        if self.points is not None:
            found = self.points.points
            text = ngettext("{n} stationary point along this plane was found. {kinds}.",
                            "{n} stationary points along this plane were found. {kinds}.", len(found))  # fmt: skip
            none = _("No stationary point along this plane was found here.")
            said.append(text.format(n=count(len(found)), kinds=_counted(found)) if found else none)
        return said


def _counted(points: tuple[StationaryPoint, ...]) -> str:
    """`▽ minimum: 1, ✕ saddle: 2`."""
    numbers = {kind: sum(point.kind == kind for point in points) for kind in dict.fromkeys(point.kind for point in points)}
    return ", ".join(f"{SIGNS.get(kind, '○')} {KINDS[kind]}: {count(number)}" for kind, number in numbers.items())


def stationary_words(point: StationaryPoint) -> str:
    """What kind it is, with the eigenvalues as the reason."""
    return _("{kind}: eigenvalues {second} and {first}").format(
        kind=KINDS[point.kind], first=number(point.eigenvalues[0]), second=number(point.eigenvalues[1])
    )


def gradient_end(marks: Marks, frame: Frame) -> tuple[float, float] | None:
    """Where the arrow of −∇f ends: of a fixed length on the screen."""
    area, (du, dv) = frame.area, marks.descent
    wide, high = (frame.x.high - frame.x.low) / area.width(), (frame.y.high - frame.y.low) / area.height()
    pixels = math.hypot(du / wide, dv / high)
    if not math.isfinite(pixels) or pixels == 0:
        return None
    share = ARROW * min(area.width(), area.height()) / pixels
    return marks.at[0] + share * float(du), marks.at[1] + share * float(dv)


def _paint_model(painter: QPainter, frame: Frame, theme: Theme, model: Model, surface: Surface) -> None:
    """Its level lines at the heights of the objective's, and the border of the region where it is near."""
    pen = QPen(color(mixed(theme.backward, theme.panel, 0.3)), 1.1 * theme.scale)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    for pieces in level_lines(model.f, model.xs, model.ys, spaced_levels(surface.f, "areas")):
        painter.drawLines([QLineF(*piece) for piece in in_view(frame, pieces).tolist()])
    (border,) = level_lines(model.excess, model.xs, model.ys, [0.0])
    painter.setPen(QPen(color(theme.panel), 4.4 * theme.scale))
    lines = [QLineF(*piece) for piece in in_view(frame, border).tolist()]
    painter.drawLines(lines)
    painter.setPen(QPen(color(theme.success), 2.4 * theme.scale))
    painter.drawLines(lines)


def paint_stationary(painter: QPainter, at: QPointF, kind: str, theme: Theme) -> None:
    """▽ a minimum, △ a maximum, × a saddle, ○ where the second-order test is inconclusive."""
    size = SIZE * theme.scale
    painter.setBrush(color(theme.panel))
    painter.setPen(QPen(color(theme.text), 2 * theme.scale))
    if kind in ("minimum", "maximum"):
        sign = 1 if kind == "minimum" else -1
        painter.drawPolygon(QPolygonF([at + QPointF(0, sign * size), at + QPointF(-size, -sign * size * 0.8),
                                       at + QPointF(size, -sign * size * 0.8)]))  # fmt: skip
    elif kind == "saddle":
        for ink, width in ((theme.panel, 5.5), (theme.text, 2.4)):
            painter.setPen(QPen(color(ink), width * theme.scale))
            painter.drawLine(at + QPointF(-size, -size), at + QPointF(size, size))
            painter.drawLine(at + QPointF(-size, size), at + QPointF(size, -size))
    else:
        painter.drawEllipse(at, size * 0.7, size * 0.7)
    painter.setBrush(Qt.BrushStyle.NoBrush)
