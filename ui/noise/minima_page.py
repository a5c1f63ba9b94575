"""The page of sharp and flat minima: where the runs end, and why sharpness alone says little."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from graph.text.messages import _
from ui.look.theme import Theme
from ui.look.widgets import button
from ui.noise.beside import becomes_close, fill_button
from ui.noise.ends_view import EndsView
from ui.noise.rescale_view import RescaleView
from ui.shell.workspace.panel import Panel

if TYPE_CHECKING:
    from PySide6.QtGui import QShowEvent

    from engine.compile.views import TraceView
    from graph.storage.document import Document
    from ui.engine_link.messages import Progress
    from ui.shell.workspace.workspace import Workspace

HIDDEN = _("A question hides numbers, so the minima are not shown.")
View = EndsView | RescaleView


class MinimaPage(Panel):
    """The view that is not seen asks for nothing."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._attached = False
        self.ends, self.rescaling = EndsView(workspace), RescaleView(workspace)
        self._by_key: dict[str, View] = {"ends": self.ends, "rescaling": self.rescaling}
        self.views: dict[str, QPushButton] = {}
        self.fill = fill_button()
        self._stack = QStackedWidget()
        for view in self._by_key.values():
            self._stack.addWidget(view)
        group, head = QButtonGroup(self), QHBoxLayout()
        head.setSpacing(4)
        titles = (
            ("ends", _("Where the runs end"), _("λmax and trace at the end of each run, and the line between two ends")),
            ("rescaling", _("Rescaling"), _("The same function with another sharpness")),
        )
        for key, title, tip in titles:
            choice = self.views[key] = button(title, "quiet", tip=tip)
            choice.setCheckable(True)
            choice.clicked.connect(lambda _checked=False, key=key: self.show_view(key))
            group.addButton(choice)
            head.addWidget(choice)
        self.views["ends"].setChecked(True)
        head.addStretch(1)
        head.addWidget(self.fill)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 8)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(self._stack, 1)
        workspace.visibility.changed.connect(self.ask)

    def attach(self, fill: Callable[[], None], large: bool) -> None:
        """`fill` is called by the button that fills the window, or leaves it."""
        if not self._attached:
            self._attached = True
            self.fill.clicked.connect(lambda _c: fill())
        if large:
            becomes_close(self.fill)
        self.ask()

    def first_stop(self) -> QWidget:
        return self.seen_view.first_stop()

    @property
    def seen_view(self) -> View:
        return next(self._by_key[key] for key, choice in self.views.items() if choice.isChecked())

    def show_view(self, key: str) -> None:
        """`ends` or `rescaling`."""
        self.views[key].setChecked(True)
        self._stack.setCurrentWidget(self.seen_view)
        self.ask()

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        for view in self._by_key.values():
            view.set_theme(theme)

    def ask(self) -> None:
        """Ask for what is seen as it is now."""
        if not self.isVisible():
            return
        if self.workspace.visibility.hides_numbers:
            for view in self._by_key.values():
                view.forget(HIDDEN)
        else:
            self.seen_view.ask()

    # what changes

    def set_document(self, document: Document) -> None:
        for view in self._by_key.values():
            view.forget()
        self.ask()

    def document_changed(self) -> None:
        self.ask()
        self.seen_view.draw()

    def set_seen(self, trace: TraceView | None, stale: bool) -> None:
        self.ask()

    def set_progress(self, progress: Progress) -> None:
        self.follow_progress()

    def follow_progress(self) -> None:
        """Steps were made, or the run is another one."""
        self.ask()
        self.seen_view.draw()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.ask()

    def end(self) -> None:
        for view in self._by_key.values():
            view.stop()
