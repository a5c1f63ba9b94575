"""How large a card is and where its ports are: from the spec, the node's settings and the font's metrics. No theme, no trace.

Sizes do not depend on computed values, so nothing moves when the first numbers arrive, and they are the same in every theme:
the projector's larger type is a larger scale of the same drawing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF

from graph.model.elements import Edge, Node
from graph.model.graph import Graph
from graph.model.spec import Category, NodeSpec
from ui.canvas.model import small_print
from ui.canvas.model.small_print import SmallPrint
from ui.look import theme as themes
from ui.maths import formula_text

TITLE = 28.0
PITCH = 24.0
FOLDED_PITCH = 12.0
PAD = 12.0
FORMULA_ROW = 24.0
FORMULA_SIZE = 14.0
SUM = 16.0
"""Height of the line with the sum of the gradients, where several wires leave an output; it is taken from the value's area."""
ROWS_OF_MANY = 3
"""Rows that are kept for a port that takes any number of wires; with more, the card grows."""
RADIUS = 9.0
PORT = 5.5
STUB = 56.0
"""Length of the short wire that carries the objective's value."""

Body = Literal["number", "slider", "tiles", "folded"]


@dataclass(frozen=True, slots=True)
class PortSpot:
    """A port's place, relative to the card's top left corner. `free` is the open slot of a port that takes many wires."""

    port: str
    slot: int
    output: bool
    x: float
    y: float
    text: str = ""
    minor: bool = False
    free: bool = False


@dataclass(frozen=True, slots=True)
class NodeCard:
    """Everything about one node's drawing that stays while numbers change. Rectangles are relative to the top left corner."""

    title: str
    category: Category
    width: float
    height: float
    formula: formula_text.TextLine | SmallPrint
    body: Body
    area: QRectF
    slider: QRectF | None
    inputs: tuple[PortSpot, ...]
    outputs: tuple[PortSpot, ...]
    frozen: bool
    fan_out: bool = False
    """Whether several wires leave, so that the sum of their gradients has a line of its own."""
    weight: str = ""
    """The parameter whose thumbnail is shown beside the value's."""
    bypassed: bool = False

    def spot(self, port: str, output: bool, slot: int = 0) -> PortSpot | None:
        """The place of a port; of a slot that is not there, its last one."""
        last = None
        for spot in self.outputs if output else self.inputs:
            if spot.port == port:
                if spot.slot == slot:
                    return spot
                last = spot
        return last

    def hook(self, port: str, output: bool, slot: int = 0) -> tuple[float, float]:
        """Where a wire hangs, from the top left corner: at its port, in the middle of the side where there is none."""
        spot = self.spot(port, output, slot)
        return (spot.x, spot.y) if spot is not None else (self.width if output else 0.0, self.height / 2)


@lru_cache(maxsize=1)
def _metrics() -> dict[str, QFontMetricsF]:
    themes.load_fonts()
    return {role: QFontMetricsF(themes.font(role)) for role in ("title", "value", "tiny", "small", "wire")}


@lru_cache(maxsize=8192)
def text_width(role: str, text: str) -> float:
    return _metrics()[role].horizontalAdvance(text)


@lru_cache(maxsize=512)
def _letter(role: str, letter: str) -> float:
    return _metrics()[role].horizontalAdvance(letter)


_ALIKE = str.maketrans("123456789", "000000000")


def number_width(role: str, text: str) -> float:
    """The width of a number: tabular figures have no kerning and are all as wide as a zero."""
    return _pattern_width(role, text.translate(_ALIKE))


@lru_cache(maxsize=4096)
def _pattern_width(role: str, pattern: str) -> float:
    return sum(_letter(role, letter) for letter in pattern)


@lru_cache(maxsize=8192)
def elided(role: str, text: str, width: float) -> str:
    return _metrics()[role].elidedText(text, Qt.TextElideMode.ElideRight, width)


def title_of(node: Node, spec: NodeSpec) -> str:
    """A node's label; else what it is: an operation by its type, a source or parameter by its name."""
    if node.label:
        return node.label
    if spec.category == "unknown":
        return node.type
    return node.name if spec.role in ("input", "constant", "parameter") else spec.title


@dataclass(frozen=True, slots=True)
class _Kind:
    """What all cards of one type share that have the same settings and the same inputs wired; `spec` is kept so that its id is its own."""

    spec: NodeSpec
    values: Mapping[str, str]
    inputs: tuple[tuple[str, int, bool, bool], ...]
    outputs: tuple[str, ...]
    body: Body
    weight: str
    fan_out: bool
    labelled: bool
    latex: str
    rows: int
    """As many inputs as there is room for before any is wired, so that the card keeps its size when one is."""
    sizes: dict[float, tuple[Any, ...]] = field(default_factory=dict)
    """What depends on the width too."""


_KINDS: dict[tuple[Any, ...], _Kind] = {}
_SOURCES = ("input", "constant", "parameter")


def build(graph: Graph, node_id: str, into: Sequence[Edge] | None = None) -> NodeCard:
    """The card of one node; `into` are its incoming wires, where the caller knows them already."""
    node = graph.nodes[node_id]
    spec = graph.spec(node)
    into = graph.inputs_of(node_id) if into is None else into
    wired = tuple([(edge.target[1], edge.slot) for edge in into])
    kind = _kind(spec, node.params, wired, graph.fan_out(node_id) > 1)
    title, category = title_of(node, spec), "unknown" if node.bypassed else spec.category  # grey when it does nothing
    if node.collapsed:
        return _folded(title, category, kind, bool(node.params.get("frozen")))
    formula: formula_text.TextLine | SmallPrint
    latex = kind.latex and not node.bypassed
    if latex:
        names = _filled(kind, node.name, into, graph)
        wide = small_print.width(kind.latex, names, FORMULA_SIZE)
    else:
        pieces = subtitle(graph, node_id)
        wide = formula_text.line(pieces, 1e6, FORMULA_SIZE).width
    width = _width(title, wide, kind)
    if latex:
        formula = SmallPrint(kind.latex, names, width - 2 * PAD, FORMULA_SIZE)
    else:
        formula = formula_text.line(pieces, width - 2 * PAD, FORMULA_SIZE)
    height, area, slider, inputs, outputs = kind.sizes.get(width) or kind.sizes.setdefault(width, _sized(kind, width))
    frozen = bool(node.params.get("frozen"))
    title = elided("title", title, width - PAD - 30 - (18 if frozen else 0))
    return NodeCard(
        title, category, width, height, formula, kind.body, area, slider, inputs, outputs, frozen, kind.fan_out,
        kind.weight, node.bypassed,
    )  # fmt: skip


def _folded(title: str, category: Category, kind: _Kind, frozen: bool) -> NodeCard:
    """A card of which only the title is seen, with its ports close together at its sides."""
    width = 8 * round(min(max(text_width("title", title) + PAD + 34, 72.0), 192.0) / 8 + 0.49)
    height = max(32.0, 8 * round((FOLDED_PITCH * max(len(kind.inputs), len(kind.outputs)) + 8) / 8 + 0.49))

    def spots(rows: list[tuple[str, int, bool, bool]], output: bool) -> tuple[PortSpot, ...]:
        first = height / 2 - FOLDED_PITCH * (len(rows) - 1) / 2
        x = width if output else 0.0
        return tuple(PortSpot(p, slot, output, x, first + FOLDED_PITCH * i, "", m, f) for i, (p, slot, m, f) in enumerate(rows))

    title = elided("title", title, width - PAD - 30 - (18 if frozen else 0))
    nothing = formula_text.line((), 1.0, FORMULA_SIZE)
    ports = spots(list(kind.inputs), False), spots([(n, 0, False, False) for n in kind.outputs], True)
    return NodeCard(title, category, width, height, nothing, "folded", QRectF(), None, *ports, frozen)


def _kind(spec: NodeSpec, params: Mapping[str, Any], wired: tuple[tuple[str, int], ...], fan_out: bool) -> _Kind:
    """From the cache, where the settings can be compared."""
    settings: tuple[Any, ...]
    if spec.role in _SOURCES:
        settings = tuple([(name, type(value)) for name, value in params.items()])
    else:
        settings = tuple([(name, type(value), value) for name, value in params.items()])
    key = (id(spec), settings, wired, fan_out)
    try:
        kind = _KINDS.get(key)
    except TypeError:
        return _made_kind(spec, params, wired, fan_out)
    if kind is None:
        if len(_KINDS) > 2000:
            _KINDS.clear()
        kind = _KINDS[key] = _made_kind(spec, params, wired, fan_out)
    return kind


def _made_kind(spec: NodeSpec, params: Mapping[str, Any], wired: tuple[tuple[str, int], ...], fan_out: bool) -> _Kind:
    settings = spec.defaults() | dict(params)
    weight = spec.parameters[0].name if spec.category == "layers" and spec.parameters else ""
    latex = "" if spec.role in (*_SOURCES, "data") else spec.formula_for(settings)
    return _Kind(
        spec, {port.name: port.name for port in spec.inputs} | _written(settings), tuple(_rows(spec, wired)),
        tuple(port.name for port in spec.outputs), _body(spec, settings), weight, fan_out, _labelled(spec), latex,
        sum(ROWS_OF_MANY if port.many else 1 for port in spec.inputs),
    )  # fmt: skip


def _sized(kind: _Kind, width: float) -> tuple[Any, ...]:
    """Height, the value's area, the slider, and the ports' places."""
    content, slider, area_height = _content(kind.body, bool(kind.weight))
    rows = max(len(kind.inputs), len(kind.outputs), kind.rows)
    height = max(TITLE + content, TITLE + rows * PITCH + 16)
    if kind.labelled:
        height = max(height, TITLE + FORMULA_ROW + rows * PITCH + 12)
    height = 8 * round(height / 8 + 0.49)
    outputs = list(kind.outputs)
    area = _area(width, height, slider, area_height, kind.labelled, list(kind.inputs), outputs)
    return (
        height, area, QRectF(PAD + 2, height - 20, width - 2 * PAD - 4, 12) if slider else None,
        _spots(list(kind.inputs), False, 0.0, height, kind.labelled),
        _spots([(n, 0, False, False) for n in outputs], True, width, height, kind.labelled),
    )  # fmt: skip


def _rows(spec: NodeSpec, ends: Iterable[tuple[str, int]]) -> Iterator[tuple[str, int, bool, bool]]:
    """Input rows: port, slot, minor, free. A parameter's input shows only while something is wired to it."""
    wired: dict[str, list[int]] = {}
    for port_name, slot in ends:
        wired.setdefault(port_name, []).append(slot)
    for port in spec.inputs:
        slots = wired.get(port.name, [])
        if port.many:
            for slot in sorted(slots):
                yield port.name, slot, False, False
            yield port.name, max(slots, default=-1) + 1, False, True
        elif not port.parameter or slots:
            yield port.name, 0, port.parameter or port.optional, False


def _body(spec: NodeSpec, settings: dict[str, Any]) -> Body:
    value = settings.get("value")
    if spec.role == "input" and isinstance(value, int | float):
        return "slider"
    if spec.category in ("layers", "parameters") or spec.role == "data" or isinstance(value, list):
        return "tiles"
    return "number"


def _content(body: Body, weight: bool) -> tuple[float, bool, float]:
    """Height below the title, whether there is a slider, height of the value's area."""
    if body == "slider":
        return FORMULA_ROW + 60.0, True, 36.0
    if weight:
        return FORMULA_ROW + 68.0, False, 60.0
    return FORMULA_ROW + 52.0, False, 44.0


def _labelled(spec: NodeSpec) -> bool:
    """Whether ports carry their names: where position alone does not tell them apart."""
    telling = [p for p in spec.inputs if not p.parameter]
    return len(spec.outputs) > 1 or (len(telling) > 1 and spec.category not in ("math",))


def _width(title: str, formula: float, kind: _Kind) -> float:
    wanted = max(text_width("title", title) + PAD + 34, formula + 2 * PAD + 2, 160.0 if kind.weight else 128.0)
    if len(kind.outputs) > 1 or (kind.inputs and len({row[0] for row in kind.inputs}) > 1 and kind.body == "tiles"):
        wanted = max(wanted, 144.0)
    return 8 * round(min(wanted, 192.0) / 8 + 0.49)


def _area(width: float, height: float, slider: bool, tall: float, labelled: bool, inputs: list[Any], outputs: list[str]) -> QRectF:
    """The rectangle of the value: below the formula, right of the names of the inputs, left of those of the outputs."""
    left = right = PAD
    if labelled:
        left = PAD + max((text_width("tiny", row[0]) + 6 for row in inputs), default=0.0)
        right = PAD + (max(text_width("tiny", name) + 6 for name in outputs) if len(outputs) > 1 else 0.0)
    bottom = height - (22 if slider else 8)
    top = max(TITLE + FORMULA_ROW, bottom - tall) if not labelled else TITLE + FORMULA_ROW
    return QRectF(left, top, width - left - right, bottom - top)


def _spots(rows: list[tuple[str, int, bool, bool]], output: bool, x: float, height: float, labelled: bool) -> tuple[PortSpot, ...]:
    top = TITLE + (FORMULA_ROW if labelled else 0)
    middle = (top + height) / 2 - (0 if labelled else 4)
    first = middle - PITCH * (len(rows) - 1) / 2
    return tuple(
        PortSpot(port, slot, output, x, first + PITCH * i, port if labelled and (not output or len(rows) > 1) else "", minor, free)
        for i, (port, slot, minor, free) in enumerate(rows)
    )


def subtitle(graph: Graph, node_id: str) -> tuple[formula_text.TextRun, ...]:
    """The small print: the formula with the names of this node, its settings and what is wired to it; or what a source is."""
    spec = graph.spec(node_id)
    if graph.nodes[node_id].bypassed:
        return (formula_text.TextRun(formula_text.italic("bypassed"), 0),)
    if spec.role in ("input", "constant", "parameter"):
        return (formula_text.TextRun(formula_text.italic(spec.role), 0),)
    if spec.role == "data":
        return (formula_text.TextRun(formula_text.italic(str(graph.setting(node_id, "dataset")).replace("_", " ")), 0),)
    return formula_text.runs(spec.formula_for(graph.settings_of(node_id)), tuple(names_of(graph, node_id).items()))


def names_of(graph: Graph, node_id: str) -> dict[str, str]:
    """What `@name` in this node's formulas stands for: the producers' names, its own for its output, its settings' values."""
    spec, into = graph.spec(node_id), graph.inputs_of(node_id)
    wired = tuple((edge.target[1], edge.slot) for edge in into)
    return dict(_filled(_kind(spec, graph.nodes[node_id].params, wired, False), graph.nodes[node_id].name, into, graph))


def _written(settings: Mapping[str, Any]) -> dict[str, str]:
    """Settings as they are written in a formula."""
    return {
        setting: f"{value:g}" if isinstance(value, float) else str(value)
        for setting, value in settings.items()
        if isinstance(value, str | int | float) and not isinstance(value, bool)
    }


def _filled(kind: _Kind, name: str, into: Sequence[Edge], graph: Graph) -> tuple[tuple[str, str], ...]:
    names = dict(kind.values)
    if kind.outputs:
        names[kind.outputs[0]] = name
    nodes, seen = graph.nodes, set()
    for edge in into:
        source, port = edge.source
        giver, taken = nodes[source], edge.target[1]
        given = giver.name
        if len(graph.spec(giver).outputs) > 1:
            given = port
        names[taken] = f"{names[taken]}, {given}" if taken in seen else given
        seen.add(taken)
    return tuple(names.items())


def bounds(card: NodeCard, x: float, y: float) -> QRectF:
    return QRectF(x, y, card.width, card.height)


def sizes(graph: Graph) -> dict[str, tuple[float, float]]:
    """Every node's width and height, for the automatic layout."""
    cards = ((node_id, build(graph, node_id)) for node_id in graph.nodes)
    return {node_id: (card.width, card.height) for node_id, card in cards}
