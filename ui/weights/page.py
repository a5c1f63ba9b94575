"""The panel of steps: the path of the run over the objective of two weights, each step as a sum, and what the optimizer held over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QSlider, QVBoxLayout, QWidget

from engine.learned.surface import Numbers, Surface, SurfaceJob, box_around
from engine.learned.track import Rows, Track, TrackJob
from graph.model.address import Address
from graph.text.messages import _
from ui.engine_link.refresh import Refresh
from ui.look.numbers import count, number
from ui.look.theme import Theme
from ui.look.widgets import button, label, scrolled
from ui.maths.plots import dress, legend, new_plot, pen
from ui.shell.workspace.number_choice import offered_places, show_places
from ui.shell.workspace.panel import Panel
from ui.shell.workspace.present import outdated
from ui.weights.steps_plane import StepsPlane

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent, QShowEvent

    from engine.compile.views import TraceView
    from engine.numerics.job import Job, JobEnd
    from graph.storage.document import Document
    from ui.engine_link.messages import Progress
    from ui.shell.workspace.workspace import Workspace
    from ui.weights.staged import Chosen

FRAME_MS, LENGTH = 33, 45
"""Milliseconds between two pictures of the animated step, and how many there are."""
TRAINING_REST = 1.0
Over = Literal["theta", "gradient", "velocity", "squares", "rate", "momentum"]
HIDDEN = _("A question hides numbers, so the steps are not shown.")
ONE = _("There is one trained number only: the objective over two of them needs another one.")
NONE = _("Nothing in this graph is trained.")


class StepsPage(Panel):
    """What is replayed is said to be of which step. `step` is the index of the step that is shown, among those of the track."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self.track: Track | None = None
        self.surface: Surface | None = None
        self.step = 0
        self._at_end = True
        self._share = 1.0
        self._why = ""
        self._feature: Chosen | None = None
        self._places: list[Address] = []
        self._tracking = Refresh(workspace.work, self._tracked, 0.2, TRAINING_REST)
        self._surfacing = Refresh(workspace.work, self._surfaced, 0.2, TRAINING_REST)
        self._box: tuple[float, float, float, float] | None = None
        self.plane = StepsPlane(_("The objective over two weights, with the path of the run"))
        self.time: Any = new_plot(_("What the optimizer held over the steps"))
        self.words = label("", "strong", wrap=True)
        self.fill = button(_("Fill the window"), tip=_("Show this as large as the window; Esc goes back"))
        self.key = label("", "small", wrap=True)
        self.key.setTextFormat(Qt.TextFormat.RichText)
        self.sum = label("", "", wrap=True)
        self.first, self.second, self.over = QComboBox(), QComboBox(), QComboBox()
        for box, text in ((self.first, _("weight across")), (self.second, _("weight upwards")), (self.over, _("shown over the steps"))):
            box.setAccessibleName(text)
            box.setToolTip(text)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(6)
        for key, text in _over().items():
            self.over.addItem(text, key)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName(_("step that is shown"))
        self.play = button(_("Animate"), tip=_("Draw the parts of the step one after the other, then their sum"))
        self.near = button(_("Zoom in"), tip=_("Show the objective around the step, or around the whole path"))
        self.near.setCheckable(True)
        self._lay_out()
        self.first.activated.connect(self._picked)
        self.second.activated.connect(self._picked)
        self.over.activated.connect(lambda _i: self._draw_time())
        self.slider.valueChanged.connect(self._slid)
        self.play.clicked.connect(lambda _c: self.animate())
        self.near.clicked.connect(lambda _c: self._zoomed())
        workspace.visibility.changed.connect(self.ask)

    def _lay_out(self) -> None:
        side = QWidget()
        grid = QGridLayout(side)
        grid.setContentsMargins(0, 0, 4, 0)
        grid.setVerticalSpacing(6)
        grid.addWidget(self.words, 0, 0, 1, 2)
        grid.addWidget(self.slider, 1, 0, 1, 2)
        grid.addWidget(self.play, 2, 0)
        grid.addWidget(self.near, 2, 1)
        grid.addWidget(self.sum, 3, 0, 1, 2)
        grid.addWidget(self.key, 4, 0, 1, 2)
        for row, (text, box) in enumerate(((_("Across"), self.first), (_("Upwards"), self.second), (_("Over the steps"), self.over)), 5):
            grid.addWidget(label(text, "secondary"), row, 0)
            grid.addWidget(box, row, 1)
        grid.addWidget(self.fill, 8, 0, 1, 2)
        grid.setRowStretch(9, 1)
        self._side = scrolled(side)
        plots = QHBoxLayout()
        plots.addWidget(self.plane, 5)
        plots.addWidget(self.time, 3)
        row_layout = QHBoxLayout()
        row_layout.setSpacing(16)
        row_layout.addLayout(plots, 1)
        row_layout.addWidget(self._side)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 8)
        column.addLayout(row_layout, 1)

    def first_stop(self) -> QWidget:
        return self.first

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self._side.setFixedWidth(round(330 * theme.scale))
        self._draw()

    def attach(self, feature: Chosen, large: bool = False) -> None:
        """Follow what is chosen on the canvas."""
        if self._feature is None:
            self._feature = feature
            feature.attached(self, "steps", large)
            feature.chosen_changed.connect(self._chosen_on_canvas)
        self._chosen_on_canvas()
        self.ask()

    # the numbers

    def _offer(self) -> None:
        """The trained numbers that the graph has, in the lists."""
        offered, known = offered_places(self.workspace, self._places)
        self._places = (known + [place for place in offered if place not in known])[:2]
        for box, chosen in zip((self.first, self.second), (*self._places, None, None), strict=False):
            show_places(box, self.workspace.document.graph, offered, chosen)

    @property
    def _plane(self) -> Numbers | None:
        return Numbers(*self._places) if len(self._places) == 2 else None

    def _picked(self, _index: int) -> None:
        self._choose([self.first.currentData(), self.second.currentData()], self.sender() is self.second)

    def _choose(self, places: list[Address], second: bool = False) -> None:
        """Two that are equal change places with the one that was there before."""
        if len(places) == 2 and places[0] == places[1]:
            other = [place for place in self._places if place != places[0]][:1]
            places = [*other, places[0]] if second else [places[0], *other]
        if places != self._places:
            self._places, self.track, self.surface = places, None, None
            self.ask()

    def _chosen_on_canvas(self) -> None:
        feature = self._feature
        if feature is None:
            return
        if feature.chosen:
            self._choose([*feature.chosen, *(place for place in self._places if place not in feature.chosen)][:2])
        if feature.shown != "values":
            self.over.setCurrentIndex(max(self.over.findData(feature.shown), 0))
            self._draw_time()

    # asking

    def ask(self) -> None:
        """Ask for the track and the surface as they are now, while the panel is seen."""
        kernel = self.workspace.kernel
        if kernel is None or not self.isVisible():
            return
        if self.workspace.visibility.hides_numbers:
            self._forget(HIDDEN)
            return
        self._offer()
        if not self._places:
            self._forget(NONE)
            return
        document = self.workspace.document
        self._tracking.follow(
            TrackJob(tuple(self._places), structure=document.structure, revision=document.revision, run=kernel.progress.run)
        )

    def _ask_surface(self) -> None:
        kernel, document = self.workspace.kernel, self.workspace.document
        if kernel is None or self._plane is None or self.workspace.visibility.hides_numbers:
            self._draw()
            return
        box, track = None, self.track
        if track is not None:
            theta = track.theta[self.step : self.step + 2] if self.near.isChecked() else track.theta
            box = box_around(theta, 1.2 if self.near.isChecked() else 0.35)
        self._surfacing.follow(
            SurfaceJob(self._plane, box, structure=document.structure, revision=document.revision, run=kernel.progress.run)
        )

    def _tracked(self, job: Job, end: JobEnd) -> None:
        if self.workspace.visibility.hides_numbers or not isinstance(job, TrackJob) or job.places != tuple(self._places):
            return
        if end.how == "done":
            self.track = end.answer
            self.slider.blockSignals(True)
            self.slider.setRange(0, max(len(end.answer.losses) - 1, 0))
            self.step = self.slider.maximum() if self._at_end else min(self.step, self.slider.maximum())
            self.slider.setValue(self.step)
            self.slider.blockSignals(False)
            self._why = ""
        elif end.how == "failed":
            self.track, self._why = None, end.text
        self._draw()
        self._ask_surface()

    def _surfaced(self, job: Job, end: JobEnd) -> None:
        if self.workspace.visibility.hides_numbers or not isinstance(job, SurfaceJob) or job.plane != self._plane:
            return
        if end.how == "done":
            self.surface = end.answer
        elif end.how == "failed":
            self.surface, self._why = None, end.text
        self._draw()

    def _forget(self, why: str) -> None:
        self._tracking.stop()
        self._surfacing.stop()
        self.track = self.surface = None
        self._why = why
        self._draw()

    # the step

    def _slid(self, value: int) -> None:
        self.step, self._at_end, self._share = value, value == self.slider.maximum(), 1.0
        if self.near.isChecked():
            self._ask_surface()
        self._draw()

    def _zoomed(self) -> None:
        self.near.setText(_("Whole path") if self.near.isChecked() else _("Zoom in"))
        self._ask_surface()

    def animate(self) -> None:
        """Draw the step part by part."""
        if self.track is not None:
            self._share = 0.0
            self._next_frame()

    def _next_frame(self) -> None:
        self._share = min(1.0, self._share + 1 / LENGTH)
        self._draw_step()
        if self._share < 1:
            self.workspace.work.after_frame(self._next_frame, self._next_frame, FRAME_MS)

    # what is shown

    @property
    def _stale(self) -> bool:
        stamps = [each.stamp for each in (self.track, self.surface) if each is not None]
        return any(outdated(self.workspace, stamp) for stamp in stamps)

    def _draw(self) -> None:
        track, surface, theme = self.track, self.surface, self.theme
        seen = surface is not None and surface.plane == self._plane
        self.plane.setVisible(seen)
        if seen and surface is not None:
            path = track.theta if track is not None and len(track.places) == 2 else None
            self.plane.show_path(surface, path, self.step + 1, theme, self._stale)
        for widget in (self.play, self.near, self.slider):
            widget.setEnabled(track is not None and len(self._places) == 2)
        self._say()
        self._draw_step()
        self._draw_time()

    def _say(self) -> None:
        track = self.track
        if track is None:
            self.words.setText(self._why or (ONE if len(self._places) == 1 else ""))
            self.sum.setText("")
            self.key.setText("")
            return
        said = _("Step {step} of {last}, {optimizer}").format(
            step=count(track.first + self.step + 1), last=count(track.first + len(track.losses)), optimizer=track.optimizer
        )
        if self._stale:
            said = _("{said}. The network has changed since.").format(said=said)
        self.words.setText(said)
        lines = [f"{name}: {text}" for name, text in zip(track.names, self._sums(track), strict=True)]
        more = [_("Read from the run, made again step by step on a copy.")]
        if not track.from_start:
            more.append(_("It begins at step {step}.").format(step=count(track.first)))
        if self.surface is not None and self.surface.rows:
            more.append(_("The lines are the objective over all {count} training samples; other weights as they are now.").format(
                count=count(self.surface.rows)))  # fmt: skip
        self.sum.setText("\n".join([*lines, *more, *([track.why] if track.why else [])]))
        theme = self.theme
        marks = [("➜", theme.highlight, _("the step"))]
        gradient, carried, rest = (np.nan_to_num(part).any() for part in track.parts(self.step))
        if carried or rest:
            marks = [("➜", theme.backward, _("gradient part −αH⁻¹g"))] if gradient else []
            marks += [("➜", theme.forward, _("momentum part"))] if carried else []
            marks += [("➜", theme.secondary, _("what else the step has"))] if rest else []
            marks.append(("➜", theme.highlight, _("their sum, the step")))
        if np.isfinite(track.ahead[self.step]).all():
            marks.append(("◯", theme.highlight, _("look-ahead point")))
        self.key.setText(legend(*marks))

    def _sums(self, track: Track) -> list[str]:
        """`gradient −0.1 + momentum 0.05 = step −0.05` for each number."""
        gradient, carried, rest = track.parts(self.step)
        move = track.theta[self.step + 1] - track.theta[self.step]
        texts = []
        for i in range(len(track.names)):
            if not np.isfinite(gradient[i]):
                texts.append(_("moved by {move}").format(move=number(float(move[i]))))
                continue
            named = [(_("gradient {number}"), gradient), (_("momentum {number}"), carried), (_("rest {number}"), rest)]
            added = " + ".join(text.format(number=number(float(part[i]))) for text, part in named if part is gradient or part[i])
            texts.append(_("{parts} = step {step}").format(parts=added, step=number(float(move[i]))))
        return texts

    def _draw_step(self) -> None:
        """The arrows of the step: as far as the animation has come."""
        track, surface, theme = self.track, self.surface, self.theme
        if track is None or surface is None or len(track.places) < 2 or self.plane.isHidden():
            return
        gradient, carried, rest = (np.nan_to_num(part) for part in track.parts(self.step))
        move = track.theta[self.step + 1] - track.theta[self.step]
        shares = np.clip(self._share * 3 - np.arange(3), 0.0, 1.0)
        parts = [(theme.backward, gradient, shares[0]), (theme.forward, carried, shares[1]), (theme.secondary, rest, shares[1]),
                 (theme.highlight, move, shares[2])]  # fmt: skip
        at, ahead = track.theta[self.step], track.ahead[self.step]
        self.plane.show_step(
            (float(at[0]), float(at[1])), [(hue, (float(part[0] * share), float(part[1] * share))) for hue, part, share in parts],
            (float(ahead[0]), float(ahead[1])) if np.isfinite(ahead).all() else None,
        )  # fmt: skip

    def _draw_time(self) -> None:
        plot, theme, track = self.time, self.theme, self.track
        plot.clear()
        over: Over = self.over.currentData()
        dress(plot, theme, left=_over()[over], bottom=_("step"), size=12)
        if track is None:
            return
        rows = _rows(track, over)
        if not np.isfinite(rows).any():
            plot.setTitle(_("{optimizer} has none").format(optimizer=track.optimizer), color=theme.secondary)
            return
        first = track.first + (0 if over == "theta" else 1)
        steps = np.arange(first, first + len(rows))
        for i, hue in zip(range(rows.shape[1]), (theme.forward, theme.backward), strict=False):
            plot.plot(steps, rows[:, i], pen=pen(hue, 2.0, theme), connect="finite", name=track.names[i])
        marks = [("━", hue, name) for hue, name in zip((theme.forward, theme.backward), track.names, strict=False)]
        plot.setTitle(legend(*marks), size=f"{round(12 * theme.scale)}px")
        import pyqtgraph

        plot.addItem(pyqtgraph.InfiniteLine(first + self.step, angle=90, pen=pen(theme.highlight, 1.4, theme, dashed=True)))

    # what changes

    def set_document(self, document: Document) -> None:
        self._places, self._at_end = [], True
        self._forget("")
        self.ask()

    def document_changed(self) -> None:
        self.ask()
        self._say()

    def set_seen(self, trace: TraceView | None, stale: bool) -> None:
        self.ask()

    def set_progress(self, progress: Progress) -> None:
        self.ask()
        self._say()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.ask()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.workspace.work.after_frame(self._draw_step, self._draw_step, 50)

    def end(self) -> None:
        self._tracking.stop()
        self._surfacing.stop()


def _over() -> dict[Over, str]:
    """What can be drawn over the steps."""
    return {
        "theta": _("weight"), "gradient": _("gradient"), "velocity": _("velocity"), "squares": _("accumulated squares"),
        "rate": _("effective rate αH⁻¹"), "momentum": _("effective momentum βH⁻¹H₋₁"),
    }  # fmt: skip


def _rows(track: Track, over: Over) -> Rows:
    if over == "theta":
        return track.theta
    if over == "gradient":
        return track.gradient
    return track.of(over)
