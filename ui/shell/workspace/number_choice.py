"""The numbers that panels can be about, in lists to choose from: of trained tensors, and of Inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from graph.model.address import Address, output
from graph.model.trained_numbers import first_numbers, number_name

if TYPE_CHECKING:
    from PySide6.QtWidgets import QComboBox

    from graph.model.graph import Graph
    from ui.shell.workspace.workspace import Workspace

OFFERED = 200
"""Weights that can be chosen from a list; any other one by clicking it on the canvas."""


def offered_places(workspace: Workspace, chosen: Sequence[Address], inputs: bool = False) -> tuple[list[Address], list[Address]]:
    """The trained numbers to choose from, with `inputs` also those of Inputs, and those of `chosen` that the graph still has, which are
    among them."""
    trace, graph = workspace.trace, workspace.document.graph
    if trace is None:
        return [], []
    shapes = {key: view.shape for key, view in trace.parameters.items() if key[0] in graph.nodes}
    offered = first_numbers(shapes, OFFERED)
    if inputs:
        values = {k: view.shape for k, view in trace.values.items() if k[0] in graph.nodes and graph.spec(k[0]).role == "input"}
        offered += [output(*place.key, place.index) for place in first_numbers(values, OFFERED)]
        shapes |= values
    kept = [place for place in chosen if place.key in shapes and _inside(place.index or (), shapes[place.key])]
    return offered + [place for place in kept if place not in offered], kept


def show_places(box: QComboBox, graph: Graph, places: Sequence[Address], chosen: Address | None) -> None:
    """Offer these in a list."""
    texts = [(number_name(graph, place), place) for place in places]
    if [(box.itemText(i), box.itemData(i)) for i in range(box.count())] != texts:
        box.clear()
        for text, place in texts:
            box.addItem(text, place)
    if chosen is not None:
        box.setCurrentIndex(list(places).index(chosen))
    box.setEnabled(len(places) > 1)


def _inside(index: Sequence[int], shape: Sequence[int]) -> bool:
    return len(index) == len(shape) and all(i < size for i, size in zip(index, shape, strict=True))
