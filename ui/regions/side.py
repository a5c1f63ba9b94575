"""The panel with the picture of what is learned: asks the kernel for it as often as training allows, and shows the newest answer."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from graph.text.messages import _
from ui.engine_link.refresh import Refresh
from ui.look.afar import BASE, ON_STAGE, SMALL, SMALL_PRINT, write_in
from ui.look.theme import Theme
from ui.look.widgets import ElidedLabel, button, label
from ui.shell.workspace.panel import Panel
from ui.shell.workspace.present import outdated
from ui.shell.workspace.services import TEST_PART
from ui.shell.workspace.workspace import Workspace

if TYPE_CHECKING:
    from engine.compile.views import TraceView
    from engine.learned.plane import OnPlane, PlaneJob
    from engine.numerics.job import Job, JobEnd
    from graph.storage.document import Document
    from ui.engine_link.messages import Progress
    from ui.look.stage import Stage
    from ui.regions.chooser import Chooser
    from ui.regions.preview import Preview
    from ui.regions.view import PlaneView

REST = 1 / 30
"""Least time between two pictures, in seconds."""
MOST_COLUMNS = 16
"""Data with more columns than this have no picture until it is asked for: a slice through so many says little."""
MOST_LINES = 5
"""Of words below the picture, in a narrow panel: more would leave too little of the picture."""
HIDDEN = _("The picture is covered while a question hides numbers.")
NOTHING = _("This graph has no picture of what it learns.")


class RegionsPanel(Panel):
    """`wanted`: the graph has a plane, so that the panel is shown by itself. `changed`: another picture is there."""

    changed = Signal()

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self.setObjectName("panel")
        self.view: PlaneView | None = None
        self.chooser: Chooser | None = None
        self._wanted = False
        self._own_theme = self.theme
        """As large as the panel's type: on the stage it is larger."""
        self._document: Document | None = None
        self._looked = (-1, -1)
        """The structure that `wanted` was found for, and whether there was a trace."""
        self._refresh = Refresh(workspace.work, self._answered, REST)
        self._preview: Preview | None = None
        self._updates = Refresh(workspace.work, self._updated, REST)
        self.title = label(_("Learned function"), "strong")
        self.step = ElidedLabel("", "small")
        self.stage = button("⤢", "quiet")
        self.stage.setAccessibleName(_("Fill the window"))
        self.more = button("⋯", "quiet", tip=_("More about this picture"))
        self.more.setAccessibleName(self.more.toolTip())
        self.note = label(NOTHING, "secondary", wrap=True)
        self.note.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.below = label("", "small", wrap=True)
        self.below.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(self.title)
        head.addWidget(self.step, 1)
        head.addWidget(self.stage)
        head.addWidget(self.more)
        self.choices = QVBoxLayout()
        self.choices.setSpacing(2)
        place = QWidget()
        self.stack = QStackedLayout(place)
        self.stack.addWidget(self.note)
        self.body = QWidget()
        """All of it, which the stage takes."""
        self._outer = QVBoxLayout(self)
        self._outer.setContentsMargins(10, 6, 8, 4)
        self._outer.addWidget(self.body)
        column = QVBoxLayout(self.body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(head)
        column.addLayout(self.choices)
        column.addWidget(place, 1)
        column.addWidget(self.below)

    # whether there is something to see

    @property
    def wanted(self) -> bool:
        return self._wanted

    def _look(self, trace: TraceView | None) -> None:
        """Find out whether this graph has a plane: few features, and a loss."""
        document = self.workspace.document
        key = document.structure, trace.structure if trace is not None else -1
        if self._looked == key and self._document is document:
            return
        self._looked, self._document = key, document
        graph, wanted = document.graph, False
        if trace is not None and trace.structure == document.structure:
            data = graph.having(lambda spec: spec.role == "data")
            dims = [trace.shapes[node, "x"][0] for node in data if (node, "x") in trace.shapes]
            lossy = graph.has(lambda spec: spec.category == "losses")
            wanted = lossy and bool(dims) and trace.objective is not None and all(0 < math.prod(d) <= MOST_COLUMNS for d in dims)
        if wanted != self._wanted:
            self._wanted = wanted
            self.want_changed.emit()

    # Follower

    def install(self) -> None:
        samples = self.workspace.canvas.model.samples
        samples.pointed_out.connect(self.ask)
        if (tests := self.workspace.services.find(TEST_PART)) is not None:
            tests.changed.connect(self.ask)
        self.workspace.visibility.changed.connect(self._uncover)

    def set_document(self, document: Document) -> None:
        self._looked = (-1, -1)
        self._refresh.stop()
        if self.view is not None:
            self.view.spans = None
        if self.chooser is not None:
            self.chooser.clear()
        self._say(NOTHING)
        self._look(None)

    def set_seen(self, trace: TraceView | None, stale: bool) -> None:
        self._look(trace)
        self.ask()

    def set_progress(self, progress: Progress) -> None:
        self._age()
        self.ask()

    def document_changed(self) -> None:
        self._age()
        self.ask()

    def _age(self) -> None:
        """The picture is paler while it is of other numbers than the present ones."""
        view = self.view
        if view is not None and view.seen is not None and view.stale != outdated(self.workspace, view.seen.stamp):
            view.stale = not view.stale
            view.update()

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        if self.body.parentWidget() is self:
            self._own_theme = theme
        self._dress()

    def end(self) -> None:
        self._refresh.stop()
        self._updates.stop()

    def _dress(self) -> None:
        if self._preview is not None:
            self._preview.theme = self.theme
        if self.view is not None:
            from ui.regions.view import type_unit

            panel = self.body.parentWidget() is self
            enlarged = type_unit(self.view, self.theme, SMALL_PRINT if panel else ON_STAGE)
            self.view.set_look(self.theme, enlarged)
            words = self.theme.scale if panel else enlarged  # in the panel there is no room for larger ones
            for line, size in ((self.title, BASE), (self.step, SMALL), (self.below, SMALL)):
                write_in(line, size * words)
        self._write_below("")

    def _make_room(self, text: str = "") -> None:
        """Two lines below the picture, so that what is read does not move it; more where the chosen sample's words need them."""
        below = self.below
        below.ensurePolished()
        line, margins = below.fontMetrics().lineSpacing(), below.contentsMargins()
        wide = below.width() - margins.left() - margins.right()
        high = below.fontMetrics().boundingRect(0, 0, max(wide, 1), 10**6, Qt.TextFlag.TextWordWrap, text).height() if text else 0
        below.setFixedHeight(min(max(-(-high // line), 2), MOST_LINES) * line + 2)

    # asking

    @property
    def seen(self) -> OnPlane | None:
        return self.view.seen if self.view is not None else None

    @property
    def picture(self) -> PlaneView | None:
        return self.view

    def another_picture(self) -> PlaneView:
        """A picture for another panel; this one has the legend."""
        from ui.regions.view import PlaneView

        view = PlaneView()
        view.legend = False
        view.set_look(self.theme, self.theme.scale)
        return view

    @property
    def covered(self) -> bool:
        """Whether the picture could give away what a question hides."""
        return self.workspace.visibility.hides_values

    def ask(self) -> None:
        """Ask for the picture as it is now."""
        if self.workspace.kernel is None or not self._in_sight():
            return
        if self.covered:
            self._cover()
        else:
            self._refresh.follow(self._job())

    def _in_sight(self) -> bool:
        return self.isVisible() or self.body.isVisible()

    def _job(self) -> PlaneJob:
        from engine.learned.plane import Plane, PlaneJob

        document, kernel = self.workspace.document, self.workspace.kernel
        assert kernel is not None
        axes = self.chooser.axes(self._points(), self.view.spans if self.view is not None else None) if self.chooser is not None else ()
        points = self._points()
        spot = self.workspace.canvas.model.samples.spot
        output = self.chooser.output if self.chooser is not None else 0
        return PlaneJob(
            Plane(axes, spot, "", points), document.structure, document.revision, kernel.progress.run, output, self._tests, spot
        )

    @property
    def _tests(self) -> bool:
        """Whether the test part was asked for where a validation part judges the run."""
        tests = self.workspace.services.find(TEST_PART)
        return tests is not None and tests.allowed

    def _points(self) -> tuple[int, int]:
        from ui.regions.resolution import points

        view, kernel = self.view, self.workspace.kernel
        frame = view.frame if view is not None else None
        return points(self.seen, frame.area if frame is not None else None, kernel is not None and kernel.training)

    def _answered(self, job: Job, end: JobEnd) -> None:
        kernel = self.workspace.kernel
        if self.covered or kernel is None:
            return
        if end.how == "failed":
            self._say(end.text)
        elif end.how == "done":
            seen: OnPlane = end.answer
            if seen.stamp.structure == self.workspace.document.structure:
                self._show(seen)
            if kernel.training or math.prod(self._points()) > math.prod(len(axis.at) for axis in seen.axes):
                self.ask()  # what it cost says which resolution can be had

    def _show(self, seen: OnPlane) -> None:
        view = self.view or self._make()
        self.stack.setCurrentIndex(1)
        view.show_plane(seen, outdated(self.workspace, seen.stamp))
        assert self.chooser is not None
        self.chooser.follow(seen)
        self.step.set_full(_("step {step:,}").format(step=seen.stamp.step) if seen.stamp.step else _("before training"))
        self._write_below("")
        self.changed.emit()
        self._ask_update()

    # one update from the sample that was pointed out

    def _ask_update(self) -> None:
        """Ask how one step from this sample alone would move what is shown; not while something trains."""
        from engine.learned.plane import Axis, Plane
        from engine.learned.plane.one_update import OneUpdateJob

        kernel, seen = self.workspace.kernel, self.seen
        hidden = self.workspace.visibility.hides_numbers  # the step would give gradients away
        if kernel is None or kernel.training or seen is None or seen.spot is None or hidden:
            if self._preview is not None and self._preview.update is not None:
                self._preview.update = None
                self._write_below("")
            self._updates.stop()
            return
        spot = seen.spot.spot
        if self._preview is not None and self._preview.of(seen) is not None:
            return
        axes = tuple(Axis(axis.column, len(axis.at), (axis.low, axis.high)) for axis in seen.axes)
        stamp = seen.stamp
        self._updates.ask(OneUpdateJob(Plane(axes, seen.held, seen.node), spot, stamp.structure, stamp.revision, stamp.run, seen.output))

    def _updated(self, _job: Job, end: JobEnd) -> None:
        if end.how == "done" and self.view is not None and not self.covered:
            assert self._preview is not None  # it comes with the view
            self._preview.update = end.answer
            self.view.update()
            self._write_below("")

    def _point_at(self, x: float, y: float) -> None:
        """Let a place of the plane be the sample: all else, and its target, are those of the sample that holds the other columns, or
        of the nearest one."""
        from ui.regions.reading import nearest_sample

        seen = self.seen
        if seen is None:
            return
        base = seen.held or nearest_sample(seen, x, y)
        if base is not None:
            place = zip(seen.axes, (x, y), strict=False)
            free = tuple((seen.node, axis.column, float(value)) for axis, value in place)
            self.workspace.canvas.model.samples.point_out(replace(base, free=free))

    def _say(self, text: str) -> None:
        """Words in the picture's place. What was shown before is of another graph, or covered."""
        if self.view is not None:
            self.view.show_plane(None)
        self.note.setText(text)
        self.stack.setCurrentIndex(0)
        self.step.set_full("")
        self.below.setText("")
        self.changed.emit()

    def _cover(self) -> None:
        self._refresh.stop()
        self._say(HIDDEN)

    def _uncover(self) -> None:
        if self.covered:
            self._cover()
        elif self.note.text() == HIDDEN:
            self._say(NOTHING)
            self.ask()
        else:
            self._ask_update()

    def _write_below(self, read: str) -> None:
        """The place that is read, else the sample that was pointed out, else which sample holds the other columns."""
        seen = self.seen
        if seen is None:
            self._make_room()
            return
        from ui.regions.reading import held_text, sample_row, sample_text

        text = tip = held_text(seen)
        if seen.spot is not None:
            text, tip = sample_text(seen, seen.spot, seen.spot.loss), sample_row(seen, seen.spot)
            if self._preview is not None and (told := self._preview.told(seen)):
                text, tip = f"{text}\n{told}", f"{text}\n{told}\n\n{tip}"
        self._make_room(text)
        self.below.setText(read or text)
        self.below.setToolTip(read or tip or text)

    # the stage

    def take_out(self, stage: Stage) -> None:
        """Let the stage show the content."""
        stage.put(self.body)
        self.ask()

    def take_back(self) -> None:
        """The content is in the panel again."""
        self._outer.addWidget(self.body)
        self.body.show()
        self.set_theme(self._own_theme)

    # parts

    def _make(self) -> PlaneView:
        from ui.regions.chooser import Chooser
        from ui.regions.preview import Preview
        from ui.regions.view import PlaneView

        view = self.view = PlaneView()
        self.chooser = Chooser()
        self.choices.addWidget(self.chooser)
        self.stack.addWidget(view)
        self._dress()
        self.chooser.chosen.connect(self._other_columns)
        self.chooser.held.connect(self._hold)
        view.moved.connect(self._moved)
        view.resized.connect(lambda: self.workspace.work.after_event("plane's type", self._dress))
        view.clicked.connect(self._point_at)
        self._preview = Preview(self.theme)
        view.overlays.append(self._preview.paint)
        view.sample_chosen.connect(self.workspace.canvas.model.samples.point_out)
        view.read.connect(self._write_below)
        return view

    def _moved(self) -> None:
        self.workspace.work.after_frame("plane moved", self.ask)
        self.workspace.refresh_actions()

    def _other_columns(self) -> None:
        if self.view is not None:
            self.view.spans = None
        self.ask()

    def _hold(self, way: int) -> None:
        """Hold the other columns at the next sample, or the one before."""
        samples, seen = self.workspace.canvas.model.samples, self.seen
        if seen is not None and seen.held is not None:
            samples.point_out((samples.spot or seen.held).moved(way))

    def first_stop(self) -> QWidget:
        return self.view if self.view is not None and self.view.isVisible() else self.stage

    def take_focus(self, what: str) -> None:
        if self.view is not None:
            self.view.setFocus(Qt.FocusReason.OtherFocusReason)

    # Qt

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._dress()
        self.ask()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if not self._in_sight():
            self._refresh.stop()
