"""What the network predicted on the plane at both moments, side by side: the same grid, samples and colours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from graph.text.messages import _
from ui.engine_link.refresh import Refresh
from ui.look.theme import LIGHT, Theme
from ui.look.widgets import ElidedLabel, label
from ui.shell.workspace.services import PLANE

if TYPE_CHECKING:
    from engine.learned.comparison import Moment
    from engine.learned.comparison.planes import ComparePlanes, OnPlanes
    from engine.numerics.job import Job, JobEnd
    from ui.shell.workspace.workspace import Workspace

POINTS = (80, 80)
"""Of the grid, along each axis."""
WAITING = _("The engine computes both pictures …")


class TwoPlanes(QWidget):
    """Empty until `ask`; nothing is asked while it is not seen."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._theme = LIGHT
        self.seen: OnPlanes | None = None
        self._moments: tuple[Moment, Moment] | None = None
        self._refresh = Refresh(workspace.work, self._answered)
        self.titles = ElidedLabel("", "small"), ElidedLabel("", "small")
        self.views: list[Any] = []
        self.note = label("", "secondary", wrap=True)
        self.note.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self.note)
        self._board = QWidget()
        self._stack.addWidget(self._board)
        self._row = QHBoxLayout(self._board)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(12)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for view in self.views:
            view.set_look(theme, theme.scale)

    def ask(self, moments: tuple[Moment, Moment] | None, names: tuple[str, str]) -> None:
        """Show both moments; None: nothing is compared."""
        for title, name in zip(self.titles, names, strict=True):
            title.set_full(name)
        if moments != self._moments:
            self._moments, self.seen = moments, None
            self._say(WAITING)
        if moments is None:
            self._refresh.stop()
        elif self.isVisible():
            self._refresh.follow(self._job(moments))

    def _job(self, moments: tuple[Moment, Moment]) -> ComparePlanes:
        """On the plane of the picture of the learned function, where there is one."""
        from engine.learned.comparison.planes import ComparePlanes
        from engine.learned.plane import Axis, Plane

        document, service = self._workspace.document, self._workspace.services.find(PLANE)
        shown, plane, output = service.seen if service is not None else None, Plane(points=POINTS), 0
        if shown is not None and shown.stamp.structure == document.structure:
            points = POINTS if len(shown.axes) == 2 else (4 * POINTS[0],)
            axes = tuple(Axis(axis.column, n, (axis.low, axis.high)) for axis, n in zip(shown.axes, points, strict=True))
            plane, output = Plane(axes, shown.held, shown.node, POINTS), shown.output
        return ComparePlanes(plane, *moments, document.structure, document.revision, output)

    def _answered(self, job: Job, end: JobEnd) -> None:
        service = self._workspace.services.find(PLANE)
        if self._moments is None or self._workspace.visibility.hides_numbers or service is None:
            return
        if end.how == "done":
            self.seen = end.answer
            self._make()
            for view, plane in zip(self.views, (end.answer.first, end.answer.second), strict=True):
                view.show_plane(plane)
            self._stack.setCurrentWidget(self._board)
        elif end.how == "failed":
            self._say(end.text)

    def _make(self) -> None:
        service = self._workspace.services.get(PLANE)
        if self.views:
            return
        for title in self.titles:
            view: Any = service.another_picture()
            view.set_look(self._theme, self._theme.scale)
            view.sample_chosen.connect(self._workspace.canvas.model.samples.point_out)
            column = QVBoxLayout()
            column.setSpacing(2)
            column.addWidget(title)
            column.addWidget(view, 1)
            self._row.addLayout(column, 1)
            self.views.append(view)

    def _say(self, text: str) -> None:
        self.note.setText(text)
        self._stack.setCurrentWidget(self.note)

    def stop(self) -> None:
        self._refresh.stop()
