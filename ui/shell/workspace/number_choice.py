"""The trained numbers that the panels of weights can be about, in lists to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from graph.model.address import Address
from graph.model.trained_numbers import first_numbers, trained_name

if TYPE_CHECKING:
    from PySide6.QtWidgets import QComboBox

    from graph.model.graph import Graph
    from ui.shell.workspace.workspace import Workspace

OFFERED = 200
"""Weights that can be chosen from a list; any other one by clicking it on the canvas."""


def offered_places(workspace: Workspace, chosen: Sequence[Address]) -> tuple[list[Address], list[Address]]:
    """The trained numbers to choose from, and those of `chosen` that the graph still has, which are among them."""
    trace, graph = workspace.trace, workspace.document.graph
    shapes = {key: view.shape for key, view in trace.parameters.items() if key[0] in graph.nodes} if trace is not None else {}
    kept = [place for place in chosen if place.key in shapes and _inside(place.index or (), shapes[place.key])]
    offered = first_numbers(shapes, OFFERED)
    return offered + [place for place in kept if place not in offered], kept


def show_places(box: QComboBox, graph: Graph, places: Sequence[Address], chosen: Address | None) -> None:
    """Offer these in a list."""
    texts = [(trained_name(graph, place), place) for place in places]
    if [(box.itemText(i), box.itemData(i)) for i in range(box.count())] != texts:
        box.clear()
        for text, place in texts:
            box.addItem(text, place)
    if chosen is not None:
        box.setCurrentIndex(list(places).index(chosen))
    box.setEnabled(len(places) > 1)


def _inside(index: Sequence[int], shape: Sequence[int]) -> bool:
    return len(index) == len(shape) and all(i < size for i, size in zip(index, shape, strict=True))
