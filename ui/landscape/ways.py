"""The paths of runs over the landscape: this run, its branches and rivals, fading with their distance from the plane."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from engine.learned.surface import Box, Numbers, Paths, PathsJob, Plane, RunPath, Surface
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
        self._live: list[tuple[int, float, float, float]] = []
        """Step, place and distance of the network at answers that came while it trained, after the steps of `paths`."""
        self._plane: Plane | None = None
        self._frame: PlaneFrame | None = None

    def follow(self, plane: Plane, frame: PlaneFrame | None) -> None:
        """Show the paths in this plane."""
        if plane != self._plane or frame is not self._frame:
            self.forget()
        self._plane, self._frame = plane, frame
        kernel, document = self._workspace.kernel, self._workspace.document
        if kernel is not None and kernel.training:
            self._refresh.stop()  # making all steps again takes too long for that: see `note`
        elif kernel is not None and kernel.progress.step:
            self._refresh.follow(PathsJob(plane, document.structure, document.revision, kernel.progress.run, frame))

    def note(self, surface: Surface) -> None:
        """The network is here now: while it trains its path goes on with the places that are known."""
        kernel = self._workspace.kernel
        if kernel is None or not kernel.training or surface.plane != self._plane:
            return
        own = self.paths.own if self.paths is not None else None
        last = self._live[-1][0] if self._live else own.steps[-1] if own is not None else -1
        if own is not None and own.run != surface.stamp.run:
            self.paths, self._live, last = None, [], -1
        if surface.stamp.step > last:
            unknown = isinstance(surface.plane, Numbers)  # it goes through the other numbers of each moment
            self._live.append((surface.stamp.step, *surface.here[:2], math.nan if unknown else surface.distance))

    def forget(self) -> None:
        self.paths, self._plane, self._live = None, None, []
        self._refresh.stop()

    def stop(self) -> None:
        self._refresh.stop()

    def _answered(self, job: Job, end: JobEnd) -> None:
        if isinstance(job, PathsJob) and job.plane == self._plane and not self._workspace.visibility.hides_numbers:
            self.paths, self._live = (end.answer if end.how == "done" else None), []
            self._changed()

    # showing

    def paint(self, painter: QPainter, frame: Frame, theme: Theme) -> None:
        """All paths, the present run's over the others."""
        for path, ink in self._others(theme):
            paint_path(painter, frame, theme, path.at, ink, Qt.PenStyle.DashLine, 1.8, near=strength(path, frame))
        own = self.own
        if own is not None:
            paint_path(painter, frame, theme, own.at, theme.text, near=strength(own, frame))

    def trails(self, theme: Theme, box: Box) -> list[Trail]:
        """The same paths for a surface over this part of the plane."""
        frame, own = Frame(QRectF(), Axis(box[0], box[1]), Axis(box[2], box[3])), self.own
        trails = [Trail(path.at, ink, np.array(strength(path, frame)), 1.8) for path, ink in self._others(theme)]
        return trails if own is None else [*trails, Trail(own.at, theme.text, np.array(strength(own, frame)))]

    def _others(self, theme: Theme) -> list[tuple[RunPath, str]]:
        """Other runs with their colours, the newest last."""
        others = self.paths.others if self.paths is not None else ()
        return list(zip(others, hues(theme, len(others), False), strict=True))[::-1]

    @property
    def own(self) -> RunPath | None:
        """The path of the present run as far as it is known."""
        own = self.paths.own if self.paths is not None else None
        if not self._live:
            return own
        live = np.array(self._live, float)
        steps, at, distance = tuple(int(step) for step in live[:, 0]), live[:, 1:3], live[:, 3]
        if own is None:
            return RunPath(0, steps, at, distance, False)
        return RunPath(own.run, (*own.steps, *steps), np.concatenate([own.at, at]), np.concatenate([own.distance, distance]), False)

    def _each(self) -> Iterator[tuple[RunPath, bool]]:
        """All paths, and whether it is that of the present run."""
        own = self.own
        if own is not None:
            yield own, True
        for path in self.paths.others if self.paths is not None else ():
            yield path, False

    def read(self, at: QPointF, frame: Frame, theme: Theme) -> str:
        """The step of a path that is nearest to a place of the screen, in words; empty where none is near."""
        best, words = REACH * theme.scale, ""
        for path, mine in self._each():
            seen = [frame.at(x, y) if math.isfinite(x + y) else QPointF(math.inf, math.inf) for x, y in path.at.tolist()]
            far = [math.hypot(spot.x() - at.x(), spot.y() - at.y()) for spot in seen]
            nearest = int(np.argmin(far))
            if far[nearest] < best:
                best, words = far[nearest], _step_words(path, nearest, mine)
        return words

    def words(self) -> list[str]:
        """Sentences about what is shown."""
        own, said = self.own, []
        if own is not None:
            far = float(own.distance.max())
            if far > 0:  # NaN where a distance is not known yet
                said.append(_("The path of this run fades with its distance from the plane, which is at most {far}.").format(
                    far=number(far)))  # fmt: skip
            if not own.whole:
                said.append(_("Not every step of it is drawn."))
        if self.paths is not None and self.paths.others:
            said.append(_("Dashed: other runs, at the states that are kept of them."))
        return said


def _step_words(path: RunPath, at: int, mine: bool) -> str:
    step = count(path.steps[at])
    said = _("step {step} of this run").format(step=step) if mine else _("step {step} of run {run}").format(step=step, run=path.run)
    return f"{said}, {distance_words(float(path.distance[at]))}"


def distance_words(distance: float) -> str:
    if math.isnan(distance):
        return _("its distance from the plane is shown when training stops")
    return _("{distance} from the plane").format(distance=number(distance)) if distance else _("in the plane")


def strength(path: RunPath, frame: Frame) -> list[float]:
    """How strongly each place of a path is drawn: fully in the plane, half at a distance of half the width that is seen, and
    where the distance is not known."""
    half = max(frame.x.high - frame.x.low, frame.y.high - frame.y.low) / 2
    near: list[float] = np.maximum(FAINTEST, 1 / (1 + np.where(np.isnan(path.distance), 1.0, path.distance / half) ** 2)).tolist()
    return near
