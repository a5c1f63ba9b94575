"""The numbers of a plane set by hand: what the document must hold before, and which edits put others in their place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.learned.surface import Frame, Numbers, Plane
from graph.model.address import Address
from graph.model.edits import Edit, SetParam
from graph.model.edits.values import KEPT
from graph.model.graph import Graph
from graph.model.settings import dims
from graph.storage.document import Document
from graph.text.messages import _
from ui.shell.workspace.typed_number import replaced, typed_value

VALUE = "value"
"""The setting in which a node's typed numbers stand; those kept of its learned tensors are in `KEPT`."""
Point = tuple[float, float]


class Motion:
    """Moves the document's numbers in a plane, beginning at the point `start` of it. The `places` are whole tensors or single entries."""

    def __init__(self, plane: Plane, frame: Frame, start: Point) -> None:
        self.places: Sequence[Address] = (plane.x, plane.y) if isinstance(plane, Numbers) else frame.of
        self._single = isinstance(plane, Numbers)
        self._frame, self._start = frame, start
        self._base: list[Any] = []

    def needs_values(self, document: Document) -> bool:
        """Whether the document does not hold the present numbers yet, because they were trained or drawn at random."""
        graph = document.graph
        learned = [place for place in self.places if graph.spec(place.id).role != "input"]
        return bool(learned) and (document.trained != 0 or any(_standing(graph, place) is None for place in learned))

    def touched(self, edits: Sequence[Edit]) -> list[Edit]:
        """Those of the edits that are about nodes of these numbers."""
        nodes = {place.id for place in self.places}
        return [edit for edit in edits if isinstance(edit, SetParam) and edit.node in nodes]

    def refusal(self, graph: Graph) -> str:
        """Why the numbers cannot be set although the document should hold them; empty where they can."""
        for place in self.places:
            if graph.nodes[place.id].bypassed:
                return _("{name} is bypassed.").format(name=graph.nodes[place.id].name)
            if _standing(graph, place) is None:
                return _("{name} has too many numbers to be set by hand.").format(name=place.at(None).name(graph))
        return ""

    def begin(self, graph: Graph) -> None:
        """From now on the numbers are moved from where they are."""
        self._base = [_standing(graph, place)[1] for place in self.places]  # type: ignore[index]

    def edits(self, graph: Graph, at: Point) -> list[Edit]:
        """An edit for each node that puts its numbers where the point is."""
        if self._single:
            tensors = [(place, at[k], place.index or ()) for k, place in enumerate(self.places)]
        else:
            tensors = [(place, value, ()) for place, value in zip(self.places, self._shifted(at), strict=True)]
        settings: dict[tuple[str, str], Any] = {}
        for place, value, index in tensors:
            key = place.id, _standing(graph, place)[0]  # type: ignore[index]
            if key[1] == VALUE:
                settings[key] = replaced(settings.get(key, graph.setting(*key)), index, value)
            else:
                kept = settings.get(key, graph.nodes[place.id].params[KEPT])
                settings[key] = {**kept, place.port: replaced(kept[place.port], index, value)}
        return [SetParam(node, name, value) for (node, name), value in settings.items()]

    def _shifted(self, at: Point) -> list[Any]:
        """Every tensor, moved from where it was along both directions: what lies beside the plane stays as far from it."""
        frame = self._frame
        by = (at[0] - self._start[0]) * frame.across + (at[1] - self._start[1]) * frame.up
        ends = np.cumsum([int(np.prod(shape)) for shape in frame.shapes])
        return [
            (np.array(base, dtype=float) + part.reshape(shape)).tolist()
            for base, part, shape in zip(self._base, np.split(by, ends[:-1]), frame.shapes, strict=True)
        ]


def _standing(graph: Graph, place: Address) -> tuple[str, Any] | None:
    """The setting that holds the number's tensor, and the tensor there; None where the document does not have it number by number."""
    kept = graph.nodes[place.id].params.get(KEPT)
    if isinstance(kept, dict) and place.port in kept:
        return (KEPT, kept[place.port]) if dims(kept[place.port]) is not None else None
    value = typed_value(graph, place.id)
    return None if dims(value) is None else (VALUE, value)
