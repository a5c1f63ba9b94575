"""Which plane the landscape shows: two numbers, or two directions in the space of all trained numbers."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from engine.learned.surface import Curvature, Gradient, Numbers, Path, Plane, Random
from graph.model.address import Address
from graph.text.messages import _
from ui.look.widgets import button, label
from ui.shell.workspace.number_choice import offered_places, show_places
from ui.shell.workspace.workspace import Workspace

KINDS = {
    "numbers": (_("Two numbers"), _("Two weights, or two values of inputs; all other numbers stay as they are")),
    "gradient": (_("−∇f and a random direction"), _("Across, the direction of steepest descent; upwards, a random one orthogonal to it")),
    "curved": (_("−∇f and most curved"), _("Across, the direction of steepest descent; upwards, the eigenvector of the Hessian with the "
                                           "largest eigenvalue, made orthogonal to it")),
    "random": (_("Two random directions"), _("Two orthogonal random directions of length 1")),
    "filters": (_("Two random, filter-normalised"), _("Two random directions in which the part of each filter or neuron is as long as its "
                                                      "weights (Li et al. 2018)")),
    "path": (_("Main directions of the path"), _("The two principal components of this run’s path, through the present numbers")),
    "curvature": (_("Leading eigenvectors"), _("The eigenvectors of the Hessian with the two largest eigenvalues")),
}  # fmt: skip
DRAWN = ("gradient", "random", "filters")
"""Kinds with random directions."""


def plane_list(name: str) -> QComboBox:
    """A list that is as narrow as its column."""
    box = QComboBox()
    box.setAccessibleName(name)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(6)
    return box


class PlaneForm(QWidget):
    """`plane` is what is chosen, None where there are not two numbers. `changed`: it is another one."""

    changed = Signal()

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self.places: list[Address] = []
        self.seed = 0
        self.kind_box, self.x_box, self.y_box = (plane_list(text) for text in (_("Plane"), _("Across"), _("Upwards")))
        for at, (key, (text, tip)) in enumerate(KINDS.items()):
            self.kind_box.addItem(text, key)
            self.kind_box.setItemData(at, tip, Qt.ItemDataRole.ToolTipRole)
        self.again = button(_("Other directions"), tip=_("Draw other random directions"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self._of_numbers: list[QWidget] = []
        for text, box in ((_("Plane"), self.kind_box), (_("Across"), self.x_box), (_("Upwards"), self.y_box)):
            name = label(text, "secondary")
            column.addWidget(name)
            column.addWidget(box)
            if box is not self.kind_box:
                self._of_numbers += [name, box]
        column.addWidget(self.again)
        self.kind_box.activated.connect(lambda _at: self._kind_chosen())
        self.x_box.activated.connect(lambda _at: self._picked(0))
        self.y_box.activated.connect(lambda _at: self._picked(1))
        self.again.clicked.connect(lambda _clicked: self._draw_again())
        self._kind_shown()

    @property
    def kind(self) -> str:
        key: str = self.kind_box.currentData()
        return key

    @property
    def plane(self) -> Plane | None:
        kind = self.kind
        if kind == "numbers":
            return Numbers(*self.places) if len(self.places) == 2 else None
        if kind in ("gradient", "curved"):
            return Gradient(kind == "curved", self.seed)
        if kind in ("random", "filters"):
            return Random(kind == "filters", self.seed)
        return Path() if kind == "path" else Curvature()

    def offer(self) -> None:
        """The numbers that the graph has, in the lists."""
        offered, known = offered_places(self._workspace, self.places, inputs=True)
        self.places = (known + [place for place in offered if place not in known])[:2]
        for box, chosen in zip((self.x_box, self.y_box), (*self.places, None, None), strict=False):
            show_places(box, self._workspace.document.graph, offered, chosen)

    def choose(self, places: Sequence[Address]) -> None:
        """The plane of these two numbers."""
        self.kind_box.setCurrentIndex(self.kind_box.findData("numbers"))
        self._kind_shown()
        if list(places) != self.places:
            self.places = list(places)
            self.changed.emit()

    def choose_kind(self, kind: str) -> None:
        """A plane of this kind."""
        self.kind_box.setCurrentIndex(self.kind_box.findData(kind))
        self._kind_chosen()

    def choose_selected(self) -> None:
        """Two numbers of the nodes that are selected on the canvas: the first of each, or the first two of one."""
        offered, _known = offered_places(self._workspace, (), inputs=True)
        own = [[place for place in offered if place.id == node] for node in self._workspace.canvas.model.selected_nodes()]
        own = [places for places in own if places]
        if len(own) > 1:
            self.choose([own[0][0], own[1][0]])
        elif own and len(own[0]) > 1:
            self.choose(own[0][:2])

    def forget(self) -> None:
        """Another document is shown."""
        self.places = []
        self.kind_box.setCurrentIndex(0)
        self._kind_shown()

    def _picked(self, at: int) -> None:
        """A number was chosen for an axis; where the other one has it, they change places."""
        places = [self.x_box.currentData(), self.y_box.currentData()]
        if places[0] == places[1]:
            other = next((place for place in self.places if place != places[0]), places[0])
            places[1 - at] = other
        self.choose(places)

    def _kind_chosen(self) -> None:
        self._kind_shown()
        self.changed.emit()

    def _kind_shown(self) -> None:
        for widget in self._of_numbers:
            widget.setVisible(self.kind == "numbers")
        self.again.setVisible(self.kind in DRAWN)

    def _draw_again(self) -> None:
        self.seed += 1
        self.changed.emit()
