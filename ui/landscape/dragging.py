"""The present point of the landscape is moved by hand: the numbers follow it, and everything on the wires with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent

from graph.model.edits import Compound, Edit
from graph.model.graph import GraphError
from graph.text.messages import _
from ui.landscape.moving import Motion, Point
from ui.look.typing import claim_escape
from ui.shell.workspace.typed_number import rounded

if TYPE_CHECKING:
    from engine.learned.surface import Box, Surface
    from ui.maths.axes import Frame
    from ui.maths.plane_view import PlaneView
    from ui.shell.workspace.workspace import Workspace

REACH = 16.0
"""Pixels around the point within which it is taken hold of."""


class PointDrag(QObject):
    """A drag is one step to undo; Esc puts the numbers back. `moved`: the numbers are others, or the drag has ended.

    What was trained or drawn at random becomes part of the document first: after training by a step of its own, so that undo returns to
    the trained values.
    """

    moved = Signal()

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace, self._document = workspace, workspace.document
        self._motion: Motion | None = None
        self.at: Point | None = None
        """Where the point is dragged to, while it is held; None before it is moved."""
        self._set: Point | None = None
        """The point that the document has."""
        self._names, self._width = ("", ""), (1.0, 1.0)
        self._ready = self._brief = False
        """Whether the document holds the numbers, so that they can be set; whether the drag ends once it does."""

    @property
    def held(self) -> bool:
        return self._motion is not None

    def begin(self, surface: Surface, width: Point) -> None:
        """Take hold of the present point of a plane, of which so much is seen in each direction."""
        document = self._workspace.document
        if self.held or self._workspace.kernel is None:
            return
        if not document.takes_numbers:
            self._workspace.say(document.read_only)
            return
        self._document, self._motion = document, Motion(surface.plane, surface.frame, surface.here[:2])
        self._names, self._width, self.at, self._set = surface.names, width, None, surface.here[:2]
        self._ready = self._brief = False
        self._workspace.canvas.model.live.held = True

    def move(self, x: float, y: float) -> None:
        """The point is dragged there, and the numbers follow: at once, or when they are known."""
        self._go((rounded(x, self._width[0]), rounded(y, self._width[1])))

    def step(self, surface: Surface, by: Point, width: Point) -> None:
        """A key moves the point: a drag of one move."""
        self.begin(surface, width)
        x, y = (at + more if more == 0 else rounded(at + more, wide) for at, more, wide in zip(surface.here, by, width, strict=False))
        self._go((x, y))
        self.end(True)

    def _go(self, at: Point) -> None:
        motion, kernel = self._motion, self._workspace.kernel
        if motion is None or kernel is None or at == (self.at or self._set):
            return
        first, self.at = self.at is None, at
        if not first:
            self._follow()
            return
        if kernel.training:
            kernel.pause()
        if motion.needs_values(self._document):
            kernel.present_values(self._values_came)
        else:
            self._open(motion, ())

    def end(self, counts: bool) -> None:
        """The point is let go; where the drag does not `count`, the numbers are as before."""
        if not self.held:
            return
        if counts and not self._ready and self.at is not None:
            self._brief = True  # the values are on their way
            return
        ready = self._ready
        self._let_go()
        if ready and counts:
            self._document.commit()
        elif ready:
            self._document.rollback()
            self._workspace.canvas.value_dragged.emit()
        self.moved.emit()

    def forget(self) -> None:
        """Another document is shown."""
        if self._ready:
            self._document.rollback()
        self._let_go()

    def _values_came(self, edit: Edit) -> None:
        document, motion = self._document, self._motion
        if motion is None or self._ready:
            return
        edits: Sequence[Edit] = edit.edits if isinstance(edit, Compound) else (edit,)
        try:
            if document.trained and edits:
                document.do(Compound(tuple(edits)), _("Keep trained values"))
                document.seal()
                edits = ()
            self._open(motion, motion.touched(edits))
        except GraphError as error:
            self._refuse(str(error))

    def _open(self, motion: Motion, edits: Sequence[Edit]) -> None:
        """Now the numbers can be set; these edits put their present values in the document."""
        document = self._document
        document.begin(_("Move along {first} and {second}").format(first=self._names[0], second=self._names[1]))
        try:
            for edit in edits:
                document.do(edit)
        except GraphError:
            document.rollback()
            raise
        if why := motion.refusal(document.graph):
            document.rollback()
            self._refuse(why)
            return
        motion.begin(document.graph)
        self._ready = True
        self._follow()
        if self._brief:
            self.end(True)

    def _refuse(self, why: str) -> None:
        self._let_go()
        self._workspace.say(why)
        self.moved.emit()

    def _follow(self) -> None:
        motion, at, document = self._motion, self.at, self._document
        if motion is None or not self._ready or at is None or at == self._set:
            return
        self._set = at
        edits = motion.edits(document.graph, at)
        for edit in [Compound(tuple(edits))] if len(edits) > 1 and not document.read_only else edits:
            document.do(edit)
        self._workspace.canvas.value_dragged.emit()
        self.moved.emit()

    def _let_go(self) -> None:
        self._motion, self._ready, self._brief, self.at = None, False, False, None
        self._workspace.canvas.model.live.held = False


class PlaneDrag(QObject):
    """The same with the mouse in a `PlaneView`."""

    def __init__(self, drag: PointDrag, view: PlaneView, surface: Callable[[], Surface | None]) -> None:
        super().__init__(view)
        self._drag, self._view, self._surface = drag, view, surface
        view.taker = self.took
        view.installEventFilter(self)

    def took(self, event: QMouseEvent, frame: Frame) -> bool:
        """Whether this event of the mouse is about the point."""
        kind, surface = event.type(), self._surface()
        if self._drag.held:
            if kind == QEvent.Type.MouseMove:
                x, y = self._view.numbers_at(event.position(), frame)
                self._drag.move(min(max(x, frame.x.low), frame.x.high), min(max(y, frame.y.low), frame.y.high))
            elif kind == QEvent.Type.MouseButtonRelease:
                self._drag.end(True)
            return True
        near = surface is not None and (frame.at(*surface.here[:2]) - event.position()).manhattanLength() <= REACH
        if kind == QEvent.Type.MouseMove and not event.buttons():
            self._view.setCursor(Qt.CursorShape.SizeAllCursor if near else Qt.CursorShape.ArrowCursor)
        if kind == QEvent.Type.MouseButtonPress and near and event.button() == Qt.MouseButton.LeftButton:
            assert surface is not None
            self._drag.begin(surface, widths(self._view.box))
            return self._drag.held
        return False

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Hide:
            self._drag.end(False)
        if not isinstance(event, QKeyEvent):
            return False
        if self._drag.held and claim_escape(event):
            return True
        if event.type() != QEvent.Type.KeyPress:
            return False
        if self._drag.held and event.key() == Qt.Key.Key_Escape:
            self._drag.end(False)
            return True
        return False


def widths(box: Box) -> Point:
    """How much of a plane is seen in each direction."""
    return box[1] - box[0], box[3] - box[2]
