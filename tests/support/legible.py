"""What a step of a lesson names and nobody can read on the screen, from what was painted."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from PySide6.QtCore import QRectF

from benchmarks.sight import recorded
from graph.lessons.lesson import LessonStep
from graph.lessons.lesson_graph import find
from graph.model.address import Address
from ui.shell.window import Window

LINES, FEW, BESIDE = 45, 8, 90
"""The least type is this part of the window's height; tensors of so many entries are written out; pixels from a card to a wire's label."""
_NUMBER = re.compile(r"[−-]?\d+(?:\.\d+)?(?:×10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?")
_RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−", "-0123456789-")


def unreadable(window: Window, step: LessonStep) -> list[str]:
    """Of every node and wire that the step points out or asks about: where it is out of view, where its name is too small, and the
    entries of its value (or question marks) that stand nowhere in sight in type of a 45th of the window's height.

    Of a learned tensor, the value is its own. Of a whole graph only the names have to be read, unless a number is asked; of a layer
    whose weights are asked not its output too.
    """
    model, graph = window.canvas.model, window.document.graph
    record, least = recorded(model), window.height() / LINES - 0.1
    sheets = [QRectF(sheet.place()) for sheet in window.panels.sheets.all()]
    seen = QRectF(window.canvas.rect())
    texts = [t for t in record.texts if t.height >= least and seen.contains(t.box.center()) and not _under(t.box, sheets)]
    numbers = np.array([value for text in texts for value in _numbers(text.text)] or [np.nan])
    marks = [text.box for text in texts if "?" in text.text]
    to_view = model.camera.transform()
    marks += [to_view.mapRect(box) for _identity, tag, box in window.canvas.overlay.placed_tags() if "?" in tag.text]
    learned = {place.id for question in step.ask if question.of and (place := find(graph, question.of)) and place.kind == "parameter"}
    whole = any(action.do == "view" and "fit" not in action.args for action in step.run)
    asked = {question.of for question in step.ask}
    said = []
    for name in dict.fromkeys([*step.highlight, *(question.of for question in step.ask if question.of)]):
        place = find(graph, name)
        if place is None:
            continue
        node = graph.edges[place.id].source[0] if place.kind == "edge" else place.id
        if node not in model.scene.row:
            continue  # in a group that is closed: its card is what is pointed out
        rect = to_view.mapRect(model.scene.rect(node))
        if place.kind != "edge" and (not seen.contains(rect.center()) or _under(rect, sheets)):
            said.append(f"{name}: out of view")
        elif place.kind != "edge" and not any(rect.contains(text.box.center()) for text in texts):
            said.append(f"{name}: its name")
        if place.id not in learned and (name in asked or not whole):
            near = rect.adjusted(-BESIDE, -BESIDE, BESIDE, BESIDE) if name in asked else seen
            said += [f"{name}: {missing}" for missing in _missing(window, place, node, near, numbers, marks)]
    return said


def _missing(window: Window, place: Address, node: str, near: QRectF, numbers: np.ndarray, marks: list[QRectF]) -> Iterator[str]:
    graph, content = window.document.graph, window.canvas.model.content
    spec = graph.spec(node)
    if not spec.outputs:
        return
    port = graph.edges[place.id].source[1] if place.kind == "edge" else spec.outputs[0].name
    view = content.weight(node, place.port) if place.kind == "parameter" else content.node_value(node, port)
    if view is None:
        return
    if view.covered:
        if place.kind != "edge" and not any(near.contains(mark.center()) for mark in marks):
            yield "its question mark"
        return
    if view.data is None or view.data.size > FEW or view.data.ndim > 2:
        return
    for entry in np.asarray(view.data, dtype=np.float64).ravel():
        if np.isfinite(entry) and not _written(entry, numbers):
            yield f"{entry:.4g}"


def _written(entry: float, numbers: np.ndarray) -> bool:
    """As it is rounded: to three digits at least, or as a 0 that is nothing but round-off."""
    return bool((np.abs(numbers - entry) <= max(6e-3 * abs(entry), 5e-4)).any())


def _numbers(text: str) -> Iterator[float]:
    for match in _NUMBER.findall(text):
        number, _, power = match.translate(_RAISED).partition("×10")
        yield float(number) * 10.0 ** int(power or 0)


def _under(box: QRectF, sheets: list[QRectF]) -> bool:
    return any(sheet.contains(box.center()) for sheet in sheets)
