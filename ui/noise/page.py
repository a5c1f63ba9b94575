"""The page of gradient noise: which weights, and three views of how the gradients of samples differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QComboBox

from graph.model.address import Address
from graph.model.trained_numbers import first_numbers, trained_name
from graph.text.messages import _
from ui.look.widgets import label
from ui.noise.samples_view import SamplesView
from ui.noise.scaling_view import ScalingView
from ui.noise.sizes_view import SizesView
from ui.noise.views_page import ViewsPage
from ui.shell.workspace.number_choice import OFFERED, offered_places, show_places

if TYPE_CHECKING:
    from graph.storage.document import Document
    from ui.shell.workspace.workspace import Workspace

HIDDEN = _("A question hides numbers, so the gradients of samples are not shown.")
NONE = _("Nothing in this graph is trained.")
ONE = _("one weight only")


class NoisePage(ViewsPage[SamplesView | SizesView | ScalingView]):
    """The views are `samples`, `sizes` and `scaling`. The chosen weights hold for all of them."""

    def __init__(self, workspace: Workspace) -> None:
        self._chosen: list[Address] = []
        self._single = False
        """Whether one weight alone is shown, although there are more."""
        self.samples, self.sizes, self.scaling = SamplesView(workspace), SizesView(workspace), ScalingView(workspace)
        self.first, self.second = QComboBox(), QComboBox()
        for box, text in ((self.first, _("weight")), (self.second, _("second weight"))):
            box.setAccessibleName(text)
            box.setToolTip(_("{what}: those of the nodes selected on the canvas come first").format(what=text))
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(14)
            box.activated.connect(lambda _i, box=box: self._picked(box))
        self._weights = (label(_("by"), "secondary"), self.first, label(_("and"), "secondary"), self.second)
        super().__init__(workspace, (
            ("samples", _("Samples"), _("The gradient of each sample, their mean and their spread"), self.samples),
            ("sizes", _("Batch size"), _("The standard error of a mini-batch’s gradient against its size"), self.sizes),
            ("scaling", _("Batch and η"), _("Runs with larger mini-batches and larger learning rates"), self.scaling),
        ), self._weights)  # fmt: skip

    def show_view(self, key: str) -> None:
        for widget in self._weights:
            widget.setVisible(key != "scaling")
        super().show_view(key)

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
        if self.workspace.kernel is None or not self.isVisible():
            return
        if self.workspace.visibility.hides_numbers:
            self.forget(HIDDEN)
            return
        if self.workspace.trace is None:
            return
        self._offer()
        if not self._chosen:
            self.forget(NONE)
            return
        self.seen_view.ask(tuple(self._chosen))

    def set_document(self, document: Document) -> None:
        self._chosen, self._single = [], False
        self.samples.new_document()
        self.sizes.forget()
        self.scaling.forget()
        self.ask()

    def selection_changed(self) -> None:
        self.ask()
