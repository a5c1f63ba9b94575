"""The button that says by which numbers the objective is differentiated, and its menu to choose them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from PySide6.QtWidgets import QMenu, QPushButton

from graph.model.address import Address, output
from graph.model.graph import Graph
from graph.model.trained_numbers import first_numbers, number_name
from graph.text.messages import _
from ui.look.widgets import button
from ui.shell.workspace.workspace import Workspace

ENTRIES, TENSORS, NAMED = 64, 60, 3
"""Entries of a tensor and tensors that are offered; so many names are written on the button."""
Shapes = Mapping[tuple[str, str], Sequence[int]]


class NumbersMenu:
    """`button` goes into a layout. `of` are the addresses chosen, () for everything trainable."""

    def __init__(self, workspace: Workspace, picked: Callable[[], None]) -> None:
        self._workspace, self._picked = workspace, picked
        self.of: tuple[Address, ...] = ()
        self.button: QPushButton = button("", tip=_("Numbers to differentiate by"))
        self.button.setAccessibleName(_("Numbers to differentiate by"))
        self.menu = QMenu(self.button)
        self.menu.aboutToShow.connect(self.fill)
        self.button.setMenu(self.menu)

    # What there is

    def follow(self) -> None:
        """Leave out what is gone, and write on the button what is chosen."""
        learned, inputs = self._shapes()
        shapes = {**learned, **inputs}
        kept = tuple(place for place in self.of if place.key in shapes)
        if shapes or not self.of:
            self.of = kept
        names = [number_name(self._graph, place) for place in self.of]
        if not names:
            text = _("All trainable numbers") if learned or not inputs else _("All inputs")
        else:
            text = ", ".join(names[:NAMED]) + (" …" if len(names) > NAMED else "")
        self.button.setText(text)

    @property
    def _graph(self) -> Graph:
        return self._workspace.document.graph

    def _shapes(self) -> tuple[Shapes, Shapes]:
        """Of learned tensors, and of the values of inputs."""
        trace, graph = self._workspace.trace, self._graph
        if trace is None:
            return {}, {}
        learned = {key: view.shape for key, view in trace.parameters.items() if key[0] in graph.nodes}
        inputs = {key: view.shape for key, view in trace.values.items() if key[0] in graph.nodes and graph.spec(key[0]).role == "input"}
        return learned, inputs

    # The menu

    def fill(self) -> None:
        menu = self.menu
        menu.clear()
        learned, inputs = self._shapes()
        self._row(menu, _("All trainable numbers") if learned or not inputs else _("All inputs"), not self.of, ())
        selected = self.selected()
        if selected:
            self._row(menu, _("Selected on the canvas"), self.of == selected, selected)
        menu.addSeparator()
        for key, shape in list(learned.items())[:TENSORS]:
            self._tensor(menu, Address("parameter", *key), key, shape)
        for key, shape in list(inputs.items())[:TENSORS]:
            self._tensor(menu, output(*key), key, shape)

    def selected(self) -> tuple[Address, ...]:
        """The learned tensors and inputs of the nodes that are selected on the canvas."""
        learned, inputs = self._shapes()
        nodes = self._workspace.canvas.model.selection
        places = [Address("parameter", *key) for key in learned if key[0] in nodes]
        return tuple(places + [output(*key) for key in inputs if key[0] in nodes])

    def _tensor(self, menu: QMenu, whole: Address, key: tuple[str, str], shape: Sequence[int]) -> None:
        name = number_name(self._graph, whole)
        if not shape:
            self._toggle(menu, name, whole)
            return
        inner = menu.addMenu(name)
        self._toggle(inner, _("All of {name}").format(name=name), whole)
        inner.addSeparator()
        for place in first_numbers({key: shape}, ENTRIES):
            self._toggle(inner, number_name(self._graph, place), whole.at(place.index))

    def _row(self, menu: QMenu, text: str, checked: bool, of: tuple[Address, ...]) -> None:
        action = menu.addAction(text.replace("&", "&&"))
        action.setCheckable(True)
        action.setChecked(checked)
        action.triggered.connect(partial(self._take, of))

    def _toggle(self, menu: QMenu, text: str, place: Address) -> None:
        there = place in self.of
        others = tuple(each for each in self.of if each.whole != place.whole or (each.index is not None and place.index is not None))
        self._row(menu, text, there, tuple(each for each in others if each != place) if there else (*others, place))

    def _take(self, of: tuple[Address, ...], _checked: bool = False) -> None:
        self.of = of
        self.follow()
        self._picked()
