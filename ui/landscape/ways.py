"""The paths of runs over the landscape: this run, its branches and rivals, fading with their distance from the plane."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from engine.learned.surface import Box, Paths, PathsJob, Plane, RunPath
from engine.learned.surface import Frame as PlaneFrame
from engine.numerics.job import Job, JobEnd
from graph.text.messages import _
from ui.engine_link.refresh import Refresh
from ui.look.numbers import count
from ui.look.numerals import number
from ui.look.theme import Theme
from ui.maths.axes import Axis, Frame, hues
from ui.maths.plane_marks import paint_path
from ui.maths.relief_painting import Trail
from ui.shell.workspace.workspace import Workspace

REST, TRAINING_REST = 0.2, 1.0
FAINTEST = 0.15
"""How strongly a place that is far from the plane is still drawn."""
REACH = 14.0
"""Pixels, for type at 100 %, within which a step of a path is read with the cursor."""


class Ways:
    """`paths` is the answer for `plane`, None while there is none; `changed` is called when it comes."""

    def __init__(self, workspace: Workspace, changed: Callable[[], None]) -> None:
        self._workspace, self._changed = workspace, changed
        self._refresh = Refresh(workspace.work, self._answered, REST, TRAINING_REST)
        self.paths: Paths | None = None
        self._plane: Plane | None = None

    def follow(self, plane: Plane, frame: PlaneFrame | None) -> None:
        """Show the paths in this plane."""
        if plane != self._plane:
            self.forget()
        self._plane = plane
        kernel, document = self._workspace.kernel, self._workspace.document
        if kernel is not None and kernel.progress.step:
            self._refresh.follow(PathsJob(plane, document.structure, document.revision, kernel.progress.run, frame))

    def forget(self) -> None:
        self.paths, self._plane = None, None
        self._refresh.stop()

    def stop(self) -> None:
        self._refresh.stop()

    def _answered(self, job: Job, end: JobEnd) -> None:
        if isinstance(job, PathsJob) and job.plane == self._plane and not self._workspace.visibility.hides_numbers:
            self.paths = end.answer if end.how == "done" else None
            self._changed()

    # showing

    def paint(self, painter: QPainter, frame: Frame, theme: Theme) -> None:
        """All paths, the present run's over the others."""
        paths = self.paths
        if paths is None:
            return
        inks = hues(theme, len(paths.others), False)
        for path, ink in zip(reversed(paths.others), inks, strict=True):
            paint_path(painter, frame, theme, path.at, ink, Qt.PenStyle.DashLine, 1.8, near=strength(path, frame))
        if paths.own is not None:
            paint_path(painter, frame, theme, paths.own.at, theme.text, near=strength(paths.own, frame))

    def trails(self, theme: Theme, box: Box) -> list[Trail]:
        """The same paths for a surface over this part of the plane."""
        paths, frame = self.paths, Frame(QRectF(), Axis(box[0], box[1]), Axis(box[2], box[3]))
        if paths is None:
            return []
        inks = hues(theme, len(paths.others), False)
        trails = [Trail(path.at, ink, np.array(strength(path, frame)), 1.8) for path, ink in zip(paths.others, inks, strict=True)][::-1]
        if paths.own is not None:
            trails.append(Trail(paths.own.at, theme.text, np.array(strength(paths.own, frame))))
        return trails

    def _each(self) -> Iterator[RunPath]:
        if self.paths is not None:
            yield from (path for path in (self.paths.own, *self.paths.others) if path is not None)

    def read(self, at: QPointF, frame: Frame, theme: Theme) -> str:
        """The step of a path that is nearest to a place of the screen, in words; empty where none is near."""
        best, words = REACH * theme.scale, ""
        for path in self._each():
            seen = [frame.at(x, y) if math.isfinite(x + y) else QPointF(math.inf, math.inf) for x, y in path.at.tolist()]
            far = [math.hypot(spot.x() - at.x(), spot.y() - at.y()) for spot in seen]
            nearest = int(np.argmin(far))
            if far[nearest] < best:
                best, words = far[nearest], self._step_words(path, nearest)
        return words

    def _step_words(self, path: RunPath, at: int) -> str:
        step = count(path.steps[at])
        mine = self.paths is not None and path is self.paths.own
        said = _("step {step} of this run").format(step=step) if mine else _("step {step} of run {run}").format(step=step, run=path.run)
        return f"{said}, {distance_words(float(path.distance[at]))}"

    def words(self) -> list[str]:
        """Sentences about what is shown."""
        paths, said = self.paths, []
        if paths is None:
            return []
        if paths.own is not None:
            far = float(np.nanmax(paths.own.distance))
            if far > 0:
                said.append(_("The path of this run fades with its distance from the plane, which is at most {far}.").format(
                    far=number(far)))  # fmt: skip
            if not paths.own.whole:
                said.append(_("Not every step of it is drawn."))
        if paths.others:
            said.append(_("Dashed: other runs, at the states that are kept of them."))
        return said


def distance_words(distance: float) -> str:
    return _("{distance} from the plane").format(distance=number(distance)) if distance else _("in the plane")


def strength(path: RunPath, frame: Frame) -> list[float]:
    """How strongly each place of a path is drawn: fully in the plane, half at a distance of half the width that is seen."""
    half = max(frame.x.high - frame.x.low, frame.y.high - frame.y.low) / 2
    near: list[float] = np.maximum(FAINTEST, 1 / (1 + (path.distance / half) ** 2)).tolist()
    return near
