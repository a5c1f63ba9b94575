"""What a picture of the canvas shows and how well it can be read. Nothing here asks where a label was meant to be: texts and wires are
recorded while they are painted, and measured with geometry of this module's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from math import hypot
from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPainterPath

from benchmarks.recorder import Record, Recorder, Written
from graph.model.graph import Graph
from ui.canvas.model.canvas_model import CanvasModel
from ui.canvas.model.geometry import TITLE
from ui.canvas.model.label_room import STUB
from ui.canvas.model.labels import NUMBERS
from ui.canvas.model.number_texts import texts
from ui.canvas.paint import painting
from ui.canvas.paint.frames import paint_frames
from ui.canvas.paint.labels import paint_labels
from ui.canvas.paint.painter import prepare
from ui.canvas.paint.wires import paint_wires

STEPS = 96
"""Points per cubic: at most some pixels apart on any screen."""
FAR = 0.8
"""A label is far from its wire from so many heights of its text on."""
NUMBER = re.compile(r"[Σℓ|∇ ]*[−-]?\d+(\.\d+)?(×10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?")
LEAST_SHARE = 1 / 45
"""Of the window's height: what is smaller cannot be read from the last row."""


@dataclass(frozen=True, slots=True)
class Label:
    """What was painted as a number of one wire on one side, in pixels of the view."""

    wire: str
    side: str
    box: QRectF
    text: str
    height: float
    """Of its font, in pixels."""
    led: bool = False
    """Whether a line leads from the wire to it."""


@dataclass
class Faults:
    """Counts of labels, in one picture or in many."""

    labels: int = 0
    wanted: int = 0
    """Labels that have something to say: those that were painted and those that were left out."""
    on_wire: int = 0
    """On a wire of another output or to another input."""
    on_card: int = 0
    on_title: int = 0
    """On the title of a card or of a frame, or on a note."""
    on_label: int = 0
    under_overlay: int = 0
    """Under the map, or under a widget over the canvas."""
    outside: int = 0
    nearer_other: int = 0
    """Whose nearest wire is another one, without a line from its own."""
    far: int = 0
    led: int = 0
    """Away from the wire, with a line from it."""
    repeated: int = 0
    """Values left out that another wire of the same output shows."""
    distances: list[float] = field(default_factory=list)
    """Pixels from the ink of each label to its own wire."""
    small_texts: int = 0
    """Pictures whose smallest text is smaller than 1/45 of the window's height."""
    pictures: int = 0

    @property
    def hidden(self) -> int:
        """Labels left out."""
        return self.wanted - self.labels - self.repeated

    @property
    def misplaced(self) -> int:
        return self.on_wire + self.on_card + self.on_title + self.on_label + self.under_overlay + self.outside

    def add(self, other: Faults) -> None:
        for entry in fields(self):
            setattr(self, entry.name, getattr(self, entry.name) + getattr(other, entry.name))


@dataclass
class Sight:
    """One graph in one window."""

    name: str
    nodes: int
    scale: float
    smallest: float
    """Height of the smallest font on the canvas, in pixels."""
    smallest_text: str
    number: float
    """Height of the font of the smallest number."""
    share: float
    """Of the window that the canvas has."""
    faults: Faults
    details: list[str]


def measure(model: CanvasModel, name: str = "", window: tuple[float, float] | None = None, over: Sequence[QRectF] = ()) -> Sight:
    """The picture that `model` shows now. `window` is the window's size, the canvas's without one; `over` are rectangles of the
    view that something covers, the map aside."""
    size = model.viewport.size()
    wide, high = window if window is not None else (size.width(), size.height())
    whole = _recorded(model, lambda painter: _paint_all(painter, model))
    labels, wanted = _labels(model)
    faults, details = judge(model, labels, over)
    faults.wanted, faults.repeated = wanted, _repeated(model, labels)
    least = min(whole.texts, key=lambda text: text.height, default=Written("no text", QRectF(), 0.0, ""))
    print_ = {model.theme.secondary.lower(), model.theme.bar_text.lower()}
    numbers = (text.height for text in whole.texts if NUMBER.fullmatch(text.text) and text.hue.lower() not in print_)
    faults.pictures, faults.small_texts = 1, int(least.height < LEAST_SHARE * high - 0.05)
    share = size.width() * size.height() / (wide * high)
    number, nodes = min(numbers, default=0.0), len(model.scene.ids)
    return Sight(name, nodes, model.camera.scale, least.height, least.text, number, share, faults, details)


# what is painted


def _recorded(model: CanvasModel, paint: Any) -> Record:
    device = Recorder(model.viewport.size())
    painter = QPainter(device)
    prepare(painter)
    painter.setWorldTransform(model.camera.transform())
    paint(painter)
    painter.end()
    return device.record


def recorded(model: CanvasModel) -> Record:
    """Everything that is painted of a canvas, each text with its place in the view."""
    return _recorded(model, lambda painter: _paint_all(painter, model))


def _paint_all(painter: QPainter, model: CanvasModel) -> None:
    """The whole scene; every label finds its place."""
    area, scale = model.viewport.seen(), model.camera.scale
    painting.paint_static(painter, model.scene, area, model.theme, scale, dots=False)
    view = painting.InView(model.scene, area)
    while not painting.paint_live(painter, view, model.labels, model.content, model.theme, scale, ahead=area):
        pass


def _labels(model: CanvasModel) -> tuple[list[Label], int]:
    """All labels in the picture, and how many wanted to be in it."""
    content, scene, theme, everywhere = model.content, model.scene, model.theme, QRectF(-1e6, -1e6, 2e6, 2e6)
    labels: list[Label] = []
    wanted = sum(text.kind != "empty" for edge in scene.edges for text in texts(scene.graph.edges[edge], content))
    wanted += 2 * (scene.output_of(content.objective()) is not None)
    if model.camera.scale < NUMBERS:
        return labels, wanted
    stub = [STUB] if scene.output_of(content.objective()) is not None else []
    for edge in [*scene.edges, *stub]:

        def paint(painter: QPainter, edge: str = edge) -> None:
            paint_labels(painter, model.labels, scene, [edge], content, theme, everywhere)

        labels += _sides(edge, _recorded(model, paint), theme.forward)
    return labels, wanted


def _repeated(model: CanvasModel, labels: Sequence[Label]) -> int:
    edges = model.scene.graph.edges
    seen = {label.wire for label in labels if label.side == "value"}
    shown = {edges[wire].source for wire in seen if wire in edges}
    left = [edge for edge in model.scene.edges if edge not in seen and texts(edges[edge], model.content)[0].kind != "empty"]
    return sum(edges[edge].source in shown for edge in left)


def _sides(edge: str, record: Record, forward: str) -> Iterator[Label]:
    """The ink of a wire's labels: what is written in the colour of values, and the rest, with the pictures and brackets drawn for it."""
    hue = forward.lower()
    for side in ("value", "gradient"):
        rows = [row for row, text in enumerate(record.texts) if (text.hue.lower() == hue) == (side == "value")]
        if rows:
            texts_of_side = [record.texts[row] for row in rows]
            box, height = _union([text.box for text in texts_of_side]), texts_of_side[0].height
            for shape, before in record.shapes:
                if before in rows and _gap(shape, box) < height:
                    box = box.united(shape)
            ends = [curve.currentPosition() for curve in record.curves if curve.elementCount() == 2]
            led = any(_gap(box, QRectF(end, end)) < height for end in ends)
            yield Label(edge, side, box, " ".join(text.text for text in texts_of_side), height, led)


def _union(boxes: Sequence[QRectF]) -> QRectF:
    whole = QRectF(boxes[0])
    for box in boxes[1:]:
        whole = whole.united(box)
    return whole


def _wires(model: CanvasModel) -> dict[str, np.ndarray]:
    """Every wire as it is painted: points (n, 2) in pixels of the view."""
    found, scale = {}, max(model.camera.scale, 0.5)
    for edge in model.scene.edges:
        row = model.scene.wire_rows.of([edge])
        record = _recorded(model, lambda painter, row=row: paint_wires(painter, model.scene, row, model.theme, scale))
        points = [point for path in record.curves for point in sampled(path)]
        if points:
            found[edge] = np.array(points)
    return found


def sampled(path: QPainterPath) -> list[tuple[float, float]]:
    """Points along a path: Bernstein's formula for its cubics."""
    points: list[tuple[float, float]] = []
    at, row = (0.0, 0.0), 0
    while row < path.elementCount():
        element = path.elementAt(row)
        if element.isCurveTo():
            corners = [at, *((path.elementAt(row + i).x, path.elementAt(row + i).y) for i in range(3))]
            for step in range(1, STEPS + 1):
                t = step / STEPS
                weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
                points.append(tuple(sum(w * c[axis] for w, c in zip(weights, corners, strict=True)) for axis in (0, 1)))  # type: ignore[arg-type]
            at, row = corners[3], row + 3
            continue
        if element.isLineTo():
            count = max(2, int(hypot(element.x - at[0], element.y - at[1]) / 4))
            points += [(at[0] + (element.x - at[0]) * i / count, at[1] + (element.y - at[1]) * i / count) for i in range(1, count + 1)]
        else:
            points.append((element.x, element.y))
        at, row = (element.x, element.y), row + 1
    return points


# geometry


def _gap(a: QRectF, b: QRectF) -> float:
    """The distance between two rectangles, 0 where they touch."""
    across = max(a.left() - b.right(), b.left() - a.right(), 0.0)
    down = max(a.top() - b.bottom(), b.top() - a.bottom(), 0.0)
    return hypot(across, down)


def _away(points: np.ndarray, box: QRectF) -> float:
    """The distance from a rectangle to a curve of dense points, 0 where it runs through."""
    x, y = points.T
    across = np.maximum(np.maximum(box.left() - x, x - box.right()), 0)
    down = np.maximum(np.maximum(box.top() - y, y - box.bottom()), 0)
    return float(np.hypot(across, down).min())


def _overlap(a: QRectF, b: QRectF) -> bool:
    """Whether two rectangles have more than a line of pixels in common."""
    common = a.intersected(b)
    return common.width() > 1 and common.height() > 1


def judge(model: CanvasModel, labels: Sequence[Label], over: Sequence[QRectF] = ()) -> tuple[Faults, list[str]]:
    """What is wrong with labels at these places, counted, and in words."""
    scene, camera = model.scene, model.camera
    size = model.viewport.size()
    view = QRectF(0, 0, size.width(), size.height())
    wires = _wires(model)
    thick = model.theme.wire_width / model.theme.scale * camera.scale / 2
    cards = [camera.rect_to_view(scene.rect(node)) for node in scene.ids]
    titles = [camera.rect_to_view(QRectF(scene.rect(n).topLeft(), scene.rect(n).bottomRight())) for n in scene.ids]
    for title in titles:
        title.setHeight(min(title.height(), TITLE * camera.scale))
    titles += [*_frame_titles(model), *(camera.rect_to_view(scene.item_rect(note)) for note in scene.graph.notes)]
    covers = [*over, *([model.map.place()] if model.map.visible() else [])]
    faults, details = Faults(labels=len(labels)), []

    def found(fault: str, label: Label, what: str = "") -> None:
        setattr(faults, fault, getattr(faults, fault) + 1)
        details.append(f"{fault}: {label.side} {label.text!r} of {_wire_name(scene.graph, label.wire)} {what}".rstrip())

    for row, label in enumerate(labels):
        box = label.box
        away = {edge: _away(points, box) for edge, points in wires.items()}
        own = away.pop(label.wire) if label.wire in away else _stub_distance(model, label)
        crossed = [edge for edge, gap in away.items() if gap < thick]
        if crossed:
            found("on_wire", label, "on " + ", ".join(_wire_name(scene.graph, e) for e in crossed))
        if any(_overlap(card, box) for card in cards):
            found("on_card", label)
        if any(_overlap(title, box) for title in titles):
            found("on_title", label)
        if any(_overlap(other.box, box) for other in labels[:row] + labels[row + 1 :]):  # type: ignore[operator]
            found("on_label", label)
        if any(_overlap(cover, box) for cover in covers):
            found("under_overlay", label)
        if not view.contains(box):
            found("outside", label)
        faults.led += label.led
        if away and min(away.values()) < own - 0.5 and not crossed and not label.led:
            found("nearer_other", label, "nearer to " + _wire_name(scene.graph, min(away, key=lambda e: away[e])))
        if own > FAR * label.height and not label.led:
            found("far", label, f"{own:.0f} px")
        if not label.led:
            faults.distances.append(own)
    return faults, details


def _stub_distance(model: CanvasModel, label: Label) -> float:
    """From a number of the objective to the line it stands at: level with the output, to the right of it."""
    seen = model.scene.output_of(model.content.objective())
    if seen is None or seen[0] not in model.scene.row:
        return 0.0
    at = model.camera.to_view(QPointF(*model.scene.anchor(*seen, True)))
    return max(label.box.top() - at.y(), at.y() - label.box.bottom(), 0.0)


def _frame_titles(model: CanvasModel) -> list[QRectF]:
    seen = model.viewport.seen()
    return [t.box for t in _recorded(model, lambda p: paint_frames(p, model.scene, seen, model.theme, model.camera.scale)).texts]


def _wire_name(graph: Graph, edge: str) -> str:
    if edge == STUB:
        return "the objective"
    wire = graph.edges[edge]
    return f"{graph.nodes[wire.source[0]].name} → {graph.nodes[wire.target[0]].name}.{wire.target[1]}"
