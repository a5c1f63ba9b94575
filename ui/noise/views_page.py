"""A page with several views, of which one is seen, and a button that lets it fill the window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar

from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from ui.look.theme import Theme
from ui.look.widgets import button
from ui.noise.beside import PictureAndWords, becomes_close, fill_button
from ui.shell.workspace.panel import Panel

if TYPE_CHECKING:
    from PySide6.QtGui import QShowEvent

    from engine.compile.views import TraceView
    from ui.engine_link.messages import Progress
    from ui.shell.workspace.workspace import Workspace

V = TypeVar("V", bound=PictureAndWords)
Named = tuple[str, str, str, V]
"""A view with its key, its title and the tip of the button that shows it."""


class ViewsPage(Panel, Generic[V]):
    """The first view is seen at the beginning; the views that are not seen ask for nothing. `views` are the buttons that choose one."""

    def __init__(self, workspace: Workspace, named: Sequence[Named[V]], controls: Sequence[QWidget] = ()) -> None:
        super().__init__(workspace)
        self._attached = False
        self._by_key: dict[str, V] = {}
        self.views: dict[str, QPushButton] = {}
        self.fill = fill_button()
        self._stack = QStackedWidget()
        group, head = QButtonGroup(self), QHBoxLayout()
        head.setSpacing(4)
        for key, title, tip, view in named:
            choice = self.views[key] = button(title, "quiet", tip=tip)
            choice.setCheckable(True)
            choice.setChecked(not self._by_key)
            choice.clicked.connect(lambda _checked=False, key=key: self.show_view(key))
            group.addButton(choice)
            head.addWidget(choice)
            self._by_key[key] = view
            self._stack.addWidget(view)
        if controls:
            head.addSpacing(12)
        for control in controls:
            head.addWidget(control)
        head.addStretch(1)
        head.addWidget(self.fill)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 8)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(self._stack, 1)
        workspace.visibility.changed.connect(self.ask)

    def ask(self) -> None:
        """Ask for what is seen as it is now."""
        raise NotImplementedError

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
    def seen_view(self) -> V:
        return next(self._by_key[key] for key, choice in self.views.items() if choice.isChecked())

    def show_view(self, key: str) -> None:
        """The view of this key."""
        self.views[key].setChecked(True)
        self._stack.setCurrentWidget(self.seen_view)
        self.ask()

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        for view in self._by_key.values():
            view.set_theme(theme)

    def forget(self, why: str = "") -> None:
        """Nothing is shown; the words say why."""
        for view in self._by_key.values():
            view.forget(why)

    # what changes

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
