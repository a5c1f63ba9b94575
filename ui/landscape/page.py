"""The page of the landscape: which plane it shows on the left, the plane itself on the right."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QBoxLayout, QCheckBox, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from engine.learned.surface import POINTS, Numbers, Plane, Surface, SurfaceJob
from engine.learned.surface import Frame as PlaneFrame
from engine.numerics.job import Job, JobEnd
from graph.text.messages import _
from ui.engine_link.refresh import Refresh
from ui.landscape.dragging import PlaneDrag, PointDrag, widths
from ui.landscape.marks import MarksForm, PointMarks
from ui.landscape.plane_form import PlaneForm, plane_list
from ui.landscape.solid import KEYS as TURNING_KEYS
from ui.landscape.solid import POINTS as SOLID_POINTS
from ui.landscape.solid import Solid
from ui.landscape.ways import Ways
from ui.landscape.words import plane_words
from ui.look.afar import unit
from ui.look.numerals import number
from ui.look.theme import LIGHT, Theme
from ui.look.widgets import button, label, scrolled
from ui.maths.axes import Frame
from ui.maths.heights import Spacing
from ui.maths.plane_marks import paint_dot, place
from ui.maths.plane_view import Box, PlaneView
from ui.maths.relief_view import ReliefView
from ui.shell.workspace.present import outdated
from ui.shell.workspace.workspace import Workspace

REST, TRAINING_REST, POINT_REST = 0.05, 0.25, 0.1
"""Least time between two evaluations of the plane, in seconds; the same while something trains, and for the point alone."""
FEWER, SETTLED = 31, 250
"""Points along each axis while the numbers change: newer is better than finer, and beside training the plane may take a twentieth of the
time. When no number has been edited for so many milliseconds, the fine plane is asked for."""
LEFT, LEFT_SHARE = 300, 0.36
"""Width of the left side, for type at 100 %, and its greatest share of the page."""
KEY_STEP, HERE = 0.02, 2
"""Share of the plane that a key moves the point; points along each axis where only the objective at the point is asked for."""
HIDDEN = _("Numbers are hidden until they are predicted, so the landscape is not shown either.")
FEW = _("The objective needs two numbers that can be changed: weights, or values of inputs.")
KEYS = _("Drag the dot to set the numbers, the plane to look around; turn the wheel to zoom. Arrow keys read the next point, with Ctrl "
         "they set the numbers, with Shift they move the plane.")  # fmt: skip
SPACINGS: dict[Spacing, tuple[str, str]] = {
    "areas": (_("by area"), _("Between two lines lies about the same area, so that every part of the plane has some")),
    "even": (_("linear"), _("The heights of the lines are evenly spaced")),
    "log": (_("logarithmic"), _("The heights of the lines are evenly spaced on a logarithmic scale, linear around 0")),
}


class LandscapePage(QWidget):
    """`surface` is the answer that is shown. `plane_view` paints it; other views of the same answer are pages of `body`, and are told by
    `_draw`."""

    drawn = Signal()

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self.workspace, self.theme = workspace, LIGHT
        self.surface: Surface | None = None
        self.planes = PlaneForm(workspace)
        self._frame: PlaneFrame | None = None
        """The plane that was found for directions, through the numbers of that moment; None: find it."""
        self._found: Surface | None = None
        """The answer with which it was found."""
        self._structure = 0
        self._box: Box | None = None
        """What is looked at; None: around the present numbers."""
        self._explored = False
        """Whether the user moved or zoomed, so that the plane does not follow the network."""
        self._refresh = Refresh(workspace.work, self._surfaced, REST, TRAINING_REST)
        self._nearby = Refresh(workspace.work, self._surfaced, 0.0, 0.0)
        """The objective at the point while it is dragged."""
        self._live = Refresh(workspace.work, self._located, REST, POINT_REST)
        """The objective at the point while something trains: it is a small part of the plane's work, so it comes more often."""
        self._located_at: Surface | None = None
        """The newest answer about the point alone."""
        self._asked: int | None = None
        """The document's revision when the plane was asked for last."""
        self.plane_view = PlaneView(_("The objective over a plane, as level lines"))
        self.ways = Ways(workspace, self._draw)
        self.shown = MarksForm()
        self.marks = PointMarks(workspace, self.shown, self._draw)
        self.plane_view.layers = [self._paint_ways, self._paint_marks, self._paint_here]
        self.solid = Solid()
        self.drag = PointDrag(workspace)
        self._plane_drag = PlaneDrag(self.drag, self.plane_view, lambda: self.surface)
        self.spacing_box = plane_list(_("Level lines"))
        for key, (text, tip) in SPACINGS.items():
            self.spacing_box.addItem(text, key)
            self.spacing_box.setItemData(self.spacing_box.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.equal_box = QCheckBox(_("Equal scales"))
        self.equal_box.setToolTip(_("A unit is equally long along both axes, so that −∇f is at right angles to the level lines"))
        self.home_button = button(_("Around the present numbers"), tip=_("Show the plane around the present numbers  (0)"))
        self.beside = button(_("Beside the graph"), tip=_("Let the graph be seen too: its numbers follow the dot"))
        self.beside.setCheckable(True)
        self.more = button(_("Save …"), tip=_("Save or copy what the landscape shows"))
        self.close_button = button("✕", "quiet", tip=_("Close  (Esc)"))
        self.close_button.setAccessibleName(_("Close the landscape"))
        self.words, self.readout = label("", wrap=True), label("", "strong", wrap=True)
        self.keys = label(KEYS, "small", wrap=True)
        self.why = label("", "secondary", wrap=True)
        self.why.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        side = QWidget()
        self.form = QVBoxLayout(side)
        self.form.setContentsMargins(0, 2, 4, 4)
        self.form.setSpacing(6)
        self.form.addWidget(label(_("Landscape"), "heading"))
        self.form.addWidget(self.planes)
        self.form.addWidget(label(_("Level lines"), "secondary"))
        self.form.addWidget(self.spacing_box)
        self.form.addWidget(self.equal_box)
        self.form.addWidget(self.shown)
        self.form.addWidget(self.home_button)
        self.form.addStretch(1)
        self.form.addWidget(self.keys)
        self._side = scrolled(side)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        for turn in (self.beside, self.more, self.solid.switch, self.close_button):
            buttons.addWidget(turn, 0, Qt.AlignmentFlag.AlignTop)
        self.head = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self.head.addWidget(self.readout, 1)
        self.head.addLayout(buttons)
        self.body = QStackedWidget()
        self.body.addWidget(self.plane_view)
        self.body.addWidget(self.solid.view)
        self.body.addWidget(self.why)
        right = QVBoxLayout()
        right.addLayout(self.head)
        right.addWidget(self.body, 1)
        right.addWidget(self.words)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        row.addWidget(self._side)
        row.addLayout(right, 1)

    def _connect(self) -> None:
        self.planes.changed.connect(self._chosen)
        self.shown.changed.connect(self._shown_changed)
        self.spacing_box.activated.connect(lambda _at: self._spaced())
        self.home_button.clicked.connect(lambda _clicked: self.go_home())
        self.equal_box.toggled.connect(self._scaled)
        self.plane_view.resized.connect(lambda: self._scaled(True, whole_box=False))
        self.plane_view.home.connect(self.go_home)
        self.plane_view.moved.connect(self._moved)
        self.plane_view.read.connect(self._say)
        self.solid.changed.connect(self._turned)
        self.solid.view.home.connect(self.go_home)
        self.solid.view.zoomed.connect(self.plane_view.zoom)
        self.drag.moved.connect(self.ask)
        self.solid.view.began.connect(self._held)
        self.solid.view.dragged.connect(self.drag.move)
        self.solid.view.ended.connect(self.drag.end)
        self.solid.view.stepped.connect(self._stepped)
        self.plane_view.stepped.connect(self._stepped)
        self.workspace.visibility.changed.connect(self.ask)

    def _held(self) -> None:
        """The point of the surface is taken hold of."""
        if self.surface is not None:
            self.drag.begin(self.surface, widths(self.plane_view.box))

    def _stepped(self, across: int, up: int) -> None:
        """A key moves the point."""
        if self.surface is not None:
            wide, high = widths(self.plane_view.box)
            self.drag.step(self.surface, (across * wide * KEY_STEP, up * high * KEY_STEP), (wide, high))

    @property
    def picture_view(self) -> PlaneView | ReliefView:
        """What shows the plane now."""
        return self.solid.view if self.solid.on else self.plane_view

    def show_side(self, shown: bool) -> None:
        """Show or hide what is chosen on the left; without it there is less room, and the buttons stand over the read-out."""
        self._side.setVisible(shown)
        self.head.setDirection(QBoxLayout.Direction.LeftToRight if shown else QBoxLayout.Direction.BottomToTop)

    def first_stop(self) -> QWidget:
        return self.picture_view

    def _turned(self) -> None:
        """From level lines to the surface, or back."""
        self.keys.setText(TURNING_KEYS if self.solid.on else KEYS)
        self._draw()
        self.ask()
        self.first_stop().setFocus(Qt.FocusReason.OtherFocusReason)

    def set_theme(self, theme: Theme) -> None:
        self.theme = self.plane_view.theme = theme
        self._side.setFixedWidth(min(round(LEFT * unit(self, theme)), round(LEFT_SHARE * self.window().width())))
        self._draw()

    # which plane

    @property
    def plane(self) -> Plane | None:
        """What is chosen; None where there are not two numbers."""
        return self.planes.plane

    def choose_selected(self) -> None:
        """Show two numbers of the nodes that are selected on the canvas."""
        self.planes.choose_selected()

    def _chosen(self) -> None:
        """Another plane is shown."""
        self.surface = None
        self.ways.forget()
        self.marks.forget()
        self._refresh.stop()
        self._nearby.stop()
        self._live.stop()
        self.go_home()

    def _shown_changed(self) -> None:
        """Something else is drawn over the plane."""
        if not self.shown.path_box.isChecked():
            self.ways.forget()
        self.ask()
        self._draw()

    # asking

    def ask(self) -> None:
        """Ask for the plane as it is now, while the page is seen."""
        kernel, document = self.workspace.kernel, self.workspace.document
        if kernel is None or not self.isVisible():
            return
        if self.workspace.visibility.hides_numbers:
            self._nothing(HIDDEN)
            return
        self.planes.offer()
        plane = self.plane
        if plane is None:
            self._nothing(FEW if self.workspace.trace is not None else "")
            return
        if self.surface is None and self.why.text() in (FEW, HIDDEN):  # that was before, and the answer takes its time
            self.why.setText("")
            self._draw()
        if document.structure != self._structure:
            self._structure, self._frame, self._found = document.structure, None, None
        near = self.drag.held and self.surface is not None
        points = HERE if near else FEWER if kernel.training or self._changing() else SOLID_POINTS if self.solid.on else POINTS
        (self._nearby if near else self._refresh).follow(
            SurfaceJob(plane, self._box, points, document.structure, document.revision, kernel.progress.run, self._frame)
        )
        self._ask_point(near)
        self._ask_marks()
        self._say()

    def _changing(self) -> bool:
        """Whether a number was edited a moment ago, so that the next edit may follow, as where a slider moves."""
        work, revision, before = self.workspace.work, self.workspace.document.revision, self._asked
        self._asked = revision
        if self.surface is not None and before not in (None, revision):
            work.drop(self)
            work.after_frame(self, self.ask, SETTLED)
        return work.pending(self)

    def _ask_point(self, near: bool) -> None:
        """While something trains, ask where the network is in the plane that is known."""
        kernel, document, plane = self.workspace.kernel, self.workspace.document, self.plane
        if kernel is None or plane is None or not kernel.training or near or self.surface is None:
            self._live.stop()
            self._located_at = None
        elif isinstance(plane, Numbers) or self._frame is not None:
            self._live.follow(SurfaceJob(plane, self._box, HERE, document.structure, document.revision, kernel.progress.run, self._frame))

    def _located(self, job: Job, end: JobEnd) -> None:
        """The network's place came, without a new plane: heights stay, and say themselves of which step they are."""
        known, kernel = self.surface, self.workspace.kernel
        if not isinstance(job, SurfaceJob) or end.how != "done" or known is None or kernel is None or not kernel.training:
            return
        if job.plane != self.plane or job.frame is not self._frame or self.workspace.visibility.hides_numbers:
            return
        self._located_at = end.answer
        self.surface = self._newest(known)
        self.ways.note(end.answer)
        self._follow(self.surface)
        self._draw()

    def _newest(self, surface: Surface) -> Surface:
        """The plane with the place that came after it, if there is a later one of the same training."""
        at, mine = self._located_at, surface.stamp
        if at is None or (at.plane, at.stamp.structure, at.stamp.revision, at.stamp.run) != (
            surface.plane, mine.structure, mine.revision, mine.run) or at.stamp.step < mine.step:  # fmt: skip
            return surface
        return replace(surface, here=at.here, distance=at.distance)

    def _ask_marks(self) -> None:
        """Ask for what is drawn over the plane, once the plane is known."""
        plane = self.plane
        if plane is None or not (isinstance(plane, Numbers) or self._frame is not None) or self._box is None:
            return
        if self.shown.path_box.isChecked():
            self.ways.follow(plane, self._frame)
        self.marks.follow(plane, self._frame, self._box)

    def _surfaced(self, job: Job, end: JobEnd) -> None:
        if self.workspace.visibility.hides_numbers or not isinstance(job, SurfaceJob) or job.plane != self.plane:
            return
        if end.how == "failed":
            self._nothing(end.text)
            return
        if end.how != "done":
            return
        surface: Surface = end.answer
        if job.frame is not self._frame:
            return  # of directions that are no longer shown
        if job.points == HERE:
            if not self.drag.held:
                return
            surface = self._elsewhere(surface)
        self.surface = surface
        if not isinstance(job.plane, Numbers) and self._frame is None:
            self._frame, self._found = surface.frame, surface
        if self._box is None:
            self._box = surface.box
            self.plane_view.names = surface.names
            self.plane_view.show_box(surface.box)
            self._scaled(True)
        self.ways.note(surface)
        self.surface = surface = self._newest(surface)
        self._follow(surface)
        self._draw()
        self._ask_point(self.drag.held)
        self._ask_marks()

    def _elsewhere(self, surface: Surface) -> Surface:
        """The plane that is shown, with the present point of a new answer: while only the point moves in it, its heights stay."""
        return surface if self.surface is None else replace(self.surface, here=surface.here, stamp=surface.stamp, distance=surface.distance)

    def _follow(self, surface: Surface) -> None:
        """Where the network has left the plane, show it around the network, unless the user chose where to look."""
        x, y, _f = surface.here
        low_x, high_x, low_y, high_y = self._box or surface.box
        if not self._explored and not (low_x <= x <= high_x and low_y <= y <= high_y):
            self.go_home()

    def go_home(self) -> None:
        """Look at the plane around the present numbers, and through them."""
        self._box, self._explored, self._frame, self._found, self._located_at = None, False, None, None, None
        self.ask()

    def _moved(self) -> None:
        self._box, self._explored = self.plane_view.box, True
        self.ask()

    def _scaled(self, on: bool, whole_box: bool = True) -> None:
        """Equal scales are chosen, or the plane has another size; off: look around the present numbers again."""
        if not on:
            self.go_home()
        elif self.equal_box.isChecked() and self._box is not None:
            self._box = self.plane_view.equal_scales(self._box, whole_box)
            self.plane_view.show_box(self._box)
            self.ask()

    def _spaced(self) -> None:
        self.plane_view.spacing = self.spacing_box.currentData()
        self._draw()

    def forget(self) -> None:
        """Another document is shown."""
        self.drag.forget()
        self.planes.forget()
        self._box, self._explored, self._frame, self._found = None, False, None, None
        self._nothing("")

    def _nothing(self, why: str) -> None:
        self._refresh.stop()
        self._nearby.stop()
        self._live.stop()
        self.ways.forget()
        self.marks.forget()
        self.surface = None
        self.why.setText(why)
        self._draw()

    # showing

    def _draw(self) -> None:
        surface, view = self.surface, self.plane_view
        self.body.setCurrentWidget(self.why if surface is None and self.why.text() else self.first_stop())
        view.heights = surface
        if surface is not None:
            self.why.setText("")
            view.names = surface.names
            view.faint = self._outdated(surface)
        view.update()
        arrows, points = self.marks.on_surface(self.theme, view.box)
        trails = [*self.ways.trails(self.theme, view.box), *arrows]
        self.solid.show_surface(surface, view.spacing, view.faint, trails, points, self.theme)
        self._say()
        self.drawn.emit()

    def _say(self) -> None:
        surface = self.surface
        reading = None if self.solid.on or self.drag.held else self.plane_view.reading
        if surface is None:
            self.readout.setText("")
            self.words.setText("")
            return
        point, what = (reading, _("At the cross")) if reading is not None else (surface.here, _("Now"))
        text = _("{where}: {x} = {a}, {y} = {b}, objective {f}").format(
            where=what, x=self._short(0), a=number(point[0]), y=self._short(1), b=number(point[1]), f=number(point[2])
        )
        near = self._read_marks() if reading is not None else ""
        self.readout.setText(f"{text}; {near}" if near else text)
        self.plane_view.faint = self._outdated(surface)
        self.words.setText(" ".join(self._sentences(surface)))

    def _short(self, axis: int) -> str:
        """What the read-out calls the number along an axis."""
        if self.surface is not None and isinstance(self.surface.plane, Numbers):
            return self.surface.names[axis]
        return _("across") if axis == 0 else _("upwards")

    def _read_marks(self) -> str:
        """The stationary point or the step of a path at the cursor."""
        frame, reading = self.plane_view.frame, self.plane_view.reading
        if frame is None or reading is None:
            return ""
        at = frame.at(reading[0], reading[1])
        return self.marks.read(at, frame, self.theme) or self.ways.read(at, frame, self.theme)

    def _outdated(self, surface: Surface) -> bool:
        """Whether the heights are those of numbers that have changed since: not where only the point moves in the plane."""
        return not self.drag.held and outdated(self.workspace, surface.stamp)

    def _sentences(self, surface: Surface) -> list[str]:
        """What is shown, in words."""
        lines = [*plane_words(surface, self._found), *self.marks.words(surface), *self.ways.words()]
        return [*lines, _("The network has changed since.")] if self._outdated(surface) else lines

    def _paint_ways(self, painter: QPainter, frame: Frame, theme: Theme) -> None:
        self.ways.paint(painter, frame, theme)

    def _paint_marks(self, painter: QPainter, frame: Frame, theme: Theme) -> None:
        self.marks.paint(painter, frame, theme, self.surface)

    def _paint_here(self, painter: QPainter, frame: Frame, theme: Theme) -> None:
        """Where the network is now."""
        if self.surface is None:
            return
        x, y, _f = self.surface.here
        if self.drag.at is not None:
            paint_dot(painter, place(frame, *self.drag.at), theme.panel, theme.highlight, 7, theme)
        at: QPointF = place(frame, x, y)
        paint_dot(painter, at, theme.highlight, theme.panel, 7, theme)

    def end(self) -> None:
        """The page is left: nothing is asked any more."""
        self._refresh.stop()
        self._nearby.stop()
        self._live.stop()
        self.ways.stop()
        self.marks.stop()
