"""The page of gradient noise: which weights, and three views of how the gradients of samples differ."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QButtonGroup, QComboBox, QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from graph.model.address import Address
from graph.model.trained_numbers import first_numbers, trained_name
from graph.text.messages import _
from ui.look.theme import Theme
from ui.look.widgets import button, label
from ui.noise.beside import becomes_close, fill_button
from ui.noise.samples_view import SamplesView
from ui.noise.scaling_view import ScalingView
from ui.noise.sizes_view import SizesView
from ui.shell.workspace.number_choice import OFFERED, offered_places, show_places
from ui.shell.workspace.panel import Panel

if TYPE_CHECKING:
    from PySide6.QtGui import QShowEvent

    from engine.compile.views import TraceView
    from graph.storage.document import Document
    from ui.engine_link.messages import Progress
    from ui.shell.workspace.workspace import Workspace

HIDDEN = _("A question hides numbers, so the gradients of samples are not shown.")
NONE = _("Nothing in this graph is trained.")
ONE = _("one weight only")


View = SamplesView | SizesView | ScalingView


class NoisePage(Panel):
    """The chosen weights hold for all views; the view that is not seen asks for nothing."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._chosen: list[Address] = []
        self._attached = self._single = False
        """Whether the button knows what to do; whether one weight alone is shown, although there are more."""
        self.samples, self.sizes, self.scaling = SamplesView(workspace), SizesView(workspace), ScalingView(workspace)
        self._by_key: dict[str, View] = {"samples": self.samples, "sizes": self.sizes, "scaling": self.scaling}
        self.views: dict[str, QPushButton] = {}
        self.first, self.second = QComboBox(), QComboBox()
        for box, text in ((self.first, _("weight")), (self.second, _("second weight"))):
            box.setAccessibleName(text)
            box.setToolTip(_("{what}: those of the nodes selected on the canvas come first").format(what=text))
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(14)
        self.fill = fill_button()
        self._stack = QStackedWidget()
        for view in self._by_key.values():
            self._stack.addWidget(view)
        self._lay_out()
        self.first.activated.connect(lambda _i: self._picked(self.first))
        self.second.activated.connect(lambda _i: self._picked(self.second))
        workspace.visibility.changed.connect(self.ask)

    def _lay_out(self) -> None:
        group, head = QButtonGroup(self), QHBoxLayout()
        head.setSpacing(4)
        titles = (
            ("samples", _("Samples"), _("The gradient of each sample, their mean and their spread")),
            ("sizes", _("Batch size"), _("The standard error of a mini-batch’s gradient against its size")),
            ("scaling", _("Batch and η"), _("Runs with larger mini-batches and larger learning rates")),
        )
        for key, title, tip in titles:
            choice = self.views[key] = button(title, "quiet", tip=tip)
            choice.setCheckable(True)
            choice.clicked.connect(lambda _checked=False, key=key: self.show_view(key))
            group.addButton(choice)
            head.addWidget(choice)
        self.views["samples"].setChecked(True)
        head.addSpacing(12)
        self._by = label(_("by"), "secondary")
        self._and = label(_("and"), "secondary")
        for widget in (self._by, self.first, self._and, self.second):
            head.addWidget(widget)
        head.addStretch(1)
        head.addWidget(self.fill)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 8)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(self._stack, 1)

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
        """`samples`, `sizes` or `scaling`."""
        self.views[key].setChecked(True)
        for widget in (self._by, self.first, self._and, self.second):
            widget.setVisible(key != "scaling")
        self._stack.setCurrentWidget(self.seen_view)
        self.ask()

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        for view in self._by_key.values():
            view.set_theme(theme)

    # the weights

    def _offer(self) -> None:
        every, known = offered_places(self.workspace, self._chosen)
        offered = [*(own := self._of_selected()), *(place for place in every if place not in own)]
        self._chosen = (known + [place for place in offered if place not in known])[: 1 if self._single else 2]
        graph = self.workspace.document.graph
        show_places(self.first, graph, offered, self._chosen[0] if self._chosen else None)
        self._show_second(offered)

    def _of_selected(self) -> list[Address]:
        """The trained numbers of the nodes that are selected on the canvas: they come first, so that those of any layer can be chosen."""
        trace, selected = self.workspace.trace, set(self.workspace.canvas.selected_nodes())
        shapes = {key: view.shape for key, view in trace.parameters.items() if key[0] in selected} if trace is not None else {}
        return first_numbers(shapes, OFFERED)

    def _show_second(self, offered: list[Address]) -> None:
        """The same numbers, and the choice to have none."""
        box, graph = self.second, self.workspace.document.graph
        texts = [(ONE, None), *((trained_name(graph, place), place) for place in offered)]
        if [(box.itemText(i), box.itemData(i)) for i in range(box.count())] != texts:
            box.clear()
            for text, place in texts:
                box.addItem(text, place)
        box.setCurrentIndex(1 + offered.index(self._chosen[1]) if len(self._chosen) > 1 else 0)
        box.setEnabled(len(offered) > 1)

    def _picked(self, box: QComboBox) -> None:
        first, second = self.first.currentData(), self.second.currentData()
        self._single = second is None
        if first == second:  # they change places
            other = next((place for place in self._chosen if place != first), None)
            first, second = (first, other) if box is self.first else (other, second)
        self._chosen = [place for place in (first, second) if place is not None]
        self.ask()

    def choose(self, *places: Address) -> None:
        """Show these weights, one or two."""
        self._chosen, self._single = list(places), len(places) == 1
        self.ask()

    # asking

    def ask(self) -> None:
        """Ask for what is seen as it is now."""
        if self.workspace.kernel is None or not self.isVisible():
            return
        if self.workspace.visibility.hides_numbers:
            self._forget(HIDDEN)
            return
        if self.workspace.trace is None:
            return
        self._offer()
        if not self._chosen:
            self._forget(NONE)
            return
        self.seen_view.ask(tuple(self._chosen))

    def _forget(self, why: str) -> None:
        for view in self._by_key.values():
            view.forget(why)

    # what changes

    def set_document(self, document: Document) -> None:
        self._chosen, self._single = [], False
        self.samples.new_document()
        self.sizes.forget()
        self.scaling.forget()
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

    def selection_changed(self) -> None:
        self.ask()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.ask()

    def end(self) -> None:
        for view in self._by_key.values():
            view.stop()
