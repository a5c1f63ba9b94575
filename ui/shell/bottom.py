"""The bottom panel: one tab for each panel that belongs here, and the run's progress beside the tabs."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from graph.storage.document import Document
from graph.text.messages import _
from ui.engine_link.messages import Progress
from ui.look.theme import Theme
from ui.look.widgets import PartsLabel, button, leave_out, line
from ui.shell.workspace.action_spec import hint
from ui.shell.workspace.panel import Panel, PanelSpec
from ui.shell.workspace.workspace import Workspace

STEP, STEP_LARGE = _("Train one step"), _("1 step")
MARGINS = 30
"""Left and right of the line with the tabs."""
LARGE = 3.0
"""Type so large that the short name is all a small screen has room for."""


class PageStack(QStackedWidget):
    """As wide and as high as the page that is seen needs, not as the largest of all."""

    def __init__(self) -> None:
        super().__init__()
        self.currentChanged.connect(lambda _: self.updateGeometry())

    def minimumSizeHint(self) -> QSize:
        page = self.currentWidget()
        return page.minimumSizeHint() if page is not None else super().minimumSizeHint()

    def heightForWidth(self, width: int) -> int:
        """Pages that are not seen count for nothing here either: nothing below this height could be scrolled to."""
        return self.minimumSizeHint().height()


class Bottom(Panel):
    """Holds the pages, and the line beside their tabs."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self.setObjectName("panel")
        self._specs: list[PanelSpec] = []
        self.status = PartsLabel("strong")
        self.status.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.step = button(STEP, tip=_("One training step"))
        self.step.setAccessibleName(STEP)
        self.reset = button(_("Reset"), tip=_("Return to the initial values"))
        self.tabs, self.pages = QTabBar(), PageStack()
        self.tabs.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.tabs.setElideMode(Qt.TextElideMode.ElideNone)
        self.tabs.setExpanding(False)
        self.tabs.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.tabs, 0, Qt.AlignmentFlag.AlignBottom)
        row.addWidget(self.status, 1)
        for widget in (self.step, self.reset):
            widget.setProperty("kind", "quiet")
            row.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGINS - 12, 4, 12, 0)
        layout.setSpacing(0)
        layout.addLayout(row)
        layout.addWidget(line())
        # Large type may need more width than the window has: then the pages scroll sideways, and the canvas keeps its room.
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(self.pages)
        layout.addWidget(area, 1)
        self._row = row
        self.tabs.currentChanged.connect(self.pages.setCurrentIndex)
        self.step.clicked.connect(lambda: workspace.actions_by_id["train_step"].trigger())
        self.reset.clicked.connect(lambda: workspace.actions_by_id["train_reset"].trigger())

    # its tabs

    def add_page(self, spec: PanelSpec, page: QWidget) -> None:
        at = sum(other.order < spec.order for other in self._specs)
        self._specs.insert(at, spec)
        self.pages.insertWidget(at, page)
        self.tabs.insertTab(at, spec.title)

    def turn_to(self, key: str) -> None:
        self.tabs.setCurrentIndex(self._index(key))

    def current(self) -> str:
        return self._specs[self.tabs.currentIndex()].key

    def retitle(self, key: str, text: str) -> None:
        self.tabs.setTabText(self._index(key), text)

    def _index(self, key: str) -> int:
        return next(at for at, spec in enumerate(self._specs) if spec.key == key)

    def first_stop(self) -> QWidget:
        return self.tabs

    # what it follows

    def set_document(self, document: Document) -> None:
        self.status.set_parts([])

    def set_progress(self, progress: Progress) -> None:
        from ui.training.training import progress_parts

        self.status.set_parts(progress_parts(progress))
        self._fit()

    def _fit(self) -> None:
        """Where room is short, buttons give way that menu and keys have as well: of what the run says a part is read, or nothing."""
        leave_out(self._row, self.width() - MARGINS, (self.reset, self.step))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def actions_changed(self) -> None:
        kernel, actions = self.workspace.kernel, self.workspace.actions_by_id
        self.step.setEnabled(actions["train_step"].isEnabled() and not (kernel is not None and kernel.training))
        self.reset.setEnabled(actions["train_reset"].isEnabled())

    def keys_changed(self) -> None:
        actions = self.workspace.actions_by_id
        self.step.setToolTip(hint(_("One training step"), actions["train_step"]))
        self.reset.setToolTip(hint(_("Return to the initial values"), actions["train_reset"]))

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self.step.setText(STEP if theme.scale < LARGE else STEP_LARGE)
