"""How large a card is and where its ports are: from the spec, the node's settings and the font's metrics. No theme, no trace.

Sizes do not depend on computed values, so nothing moves when the first numbers arrive, and they are the same in every theme:
the projector's larger type is a larger scale of the same drawing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from PySide6.QtCore import QRectF

from graph.formula.latex import display_name
from graph.model.elements import Edge, Node
from graph.model.graph import Graph
from graph.model.spec import Category, NodeSpec
from graph.text.messages import _
from ui.canvas.model import card_body, small_print, titles
from ui.canvas.model.card_body import Insides, NumberPlace, Shapes
from ui.canvas.model.small_print import SmallPrint
from ui.canvas.model.text_metrics import text_width
from ui.canvas.model.titles import Title, Words

TITLE = 32.0
PITCH = 24.0
FOLDED_PITCH = 12.0
PAD = 12.0
FORMULA_ROW = 24.0
FORMULA_SIZE = 14.0
PORT_NAME = 11.0
SUM = 16.0
"""Height of the line with the sum of the gradients, where several wires leave an output; it is taken from the value's area."""
ROWS_OF_MANY = 3
"""Rows that are kept for a port that takes any number of wires; with more, the card grows."""
RADIUS = 9.0
SIGN = 3
"""A label of so few letters is the sign of an operation."""
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

    title: Title
    category: Category
    width: float
    height: float
    says: SmallPrint | Words
    """The operation, in the title bar."""
    formula: SmallPrint | Words
    """What stands in a row of its own below the bar: a formula too long for it, or the label."""
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
    places: tuple[NumberPlace, ...] = ()
    """Where tensors are written out, from the card's top left corner; without any, the value has the whole area."""
    hooks: ClassVar[Mapping[tuple[str, bool, int], tuple[float, float]]] = {}
    """Only an outline has its places ready; a card is asked for each."""

    @property
    def result(self) -> QRectF | None:
        """Where the value stands below what was made on the way to it; None where it has the area."""
        return next((place.area for place in self.places if place.kind == "result"), None)

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


@dataclass(frozen=True, slots=True)
class Outline:
    """What is to know of a card before anyone has come near it; cards that are alike but for their texts share one."""

    category: Category
    width: float
    height: float
    hooks: Mapping[tuple[str, bool, int], tuple[float, float]]
    """The places of ports from the top left corner, by port, whether it is an output, and slot."""

    def hook(self, port: str, output: bool, slot: int = 0) -> tuple[float, float] | None:
        """Where a wire hangs; None where that is not said."""
        return self.hooks.get((port, output, slot))


def operation(graph: Graph, node: Node) -> str:
    """What a node does or is, in words: small print where its formula is too long for the title bar."""
    spec = graph.spec(node)
    if node.bypassed:
        return _("bypassed")
    if spec.role == "data":
        return str(graph.setting(node.id, "dataset")).replace("_", " ")
    return node.type if spec.category == "unknown" else _said(spec)


def _said(spec: NodeSpec) -> str:
    """The operation in words, as it is for all nodes of a type."""
    return _SOURCES[spec.role] if spec.role in _SOURCES and not spec.rule else spec.title


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
    """The right side of the formula: short where that fits the title bar, else whole, for a row of its own."""
    wide: float
    """The width that the formula gets: with the ports' names in it, and a little for longer ones."""
    row: bool
    """Whether the formula has a row of its own. It depends on the type alone, so that a card does not grow when it is wired."""
    rows: int
    """As many inputs as there is room for before any is wired, so that the card keeps its size when one is."""
    insides: Insides = card_body.NOTHING
    sizes: dict[tuple[float, bool], tuple[Any, ...]] = field(default_factory=dict)
    """What depends on the width too, and on whether there is a row below the title bar."""
    outlines: dict[tuple[float, bool], Outline] = field(default_factory=dict)
    """By the width of the name, and whether it says what the operation is called."""


_KINDS: dict[tuple[Any, ...], _Kind] = {}
_SOURCES = {"input": _("input"), "constant": _("constant"), "parameter": _("parameter")}
_BESIDE = 96.0
"""The widest small print that stands in the title bar, its names as short as those of ports."""
_LONGER = 20.0
"""Room for names that are longer than those of ports."""
_APART = 10.0
"""Between the name and the small print."""
_SNUG, _EDGE = 112.0, 8.0
"""A card with tensors grows for its small print up to this width; what there is at least beside the tensors."""


def build(graph: Graph, node_id: str, into: Sequence[Edge] | None = None, shapes: Shapes = card_body.UNKNOWN) -> NodeCard:
    """The card of one node; `into` are its incoming wires, where the caller knows them already, and `shapes` what the engine inferred."""
    node = graph.nodes[node_id]
    spec = graph.spec(node)
    into = graph.inputs_of(node_id) if into is None else into
    wired = tuple([(edge.target[1], edge.slot) for edge in into])
    kind = _kind(spec, node.params, wired, graph.fan_out(node_id) > 1, shapes.of(node_id, spec.outputs[0].name) if spec.outputs else None)
    category = "unknown" if node.bypassed else spec.category  # grey when it does nothing
    frozen = bool(node.params.get("frozen"))
    if node.collapsed:
        return _folded(node, category, kind, frozen)
    latex = kind.latex if not node.bypassed else ""
    row = bool(node.label) or kind.row
    title, says, formula = _texts(graph, node, kind, latex, into)
    beside, below = (kind.wide if isinstance(saying, SmallPrint) else saying.width for saying in (says, formula))
    width = _width(title.width, max(title.width + (beside + _APART if beside else 18.0), below), kind)
    room = width - 2 * PAD - (18 if frozen else 0)
    if title.width > room:
        title = titles.title(node.name, display_name(node.name), room)
    says, formula = _cut(says, room - title.width - _APART), _cut(formula, width - 2 * PAD)
    sized = kind.sizes.get((width, row)) or kind.sizes.setdefault((width, row), _sized(kind, width, row))
    height, area, slider, inputs, outputs, places = sized
    return NodeCard(
        title, category, width, height, says, formula, kind.body, area, slider, inputs, outputs, frozen, kind.fan_out,
        kind.weight, node.bypassed, places,
    )  # fmt: skip


def outline(graph: Graph, node: Node, into: Sequence[Edge], shapes: Shapes) -> Outline | None:
    """The outline of a node's card, which `build` would give the same; None where only the whole card tells."""
    spec = graph.spec(node)
    if node.collapsed or node.label or node.bypassed or spec.category == "unknown" or spec.role == "data":
        return None
    wired = tuple([(edge.target[1], edge.slot) for edge in into])
    kind = _kind(spec, node.params, wired, graph.fan_out(node.id) > 1, shapes.of(node.id, spec.outputs[0].name) if spec.outputs else None)
    key = titles.width_of(node.name), _says(node.name, _said(spec))
    return kind.outlines.get(key) or kind.outlines.setdefault(key, _outlined(kind, *key))


def outlines(graph: Graph, node_ids: Sequence[str], shapes: Shapes) -> list[Outline | None]:
    """The outline of each: nodes of one type without settings whose wires hang alike are looked up together while no shape is known."""
    found: list[Outline | None] = []
    alike: dict[tuple[Any, ...], tuple[_Kind, str] | None] = {}
    known = bool(shapes.outputs or shapes.parameters or shapes.inner)
    for node in graph.nodes_of(node_ids):
        name = node.name
        if known or node.params or node.collapsed or node.label or node.bypassed:
            found.append(outline(graph, node, graph.inputs_of(node.id), shapes))
            continue
        which = (node.type, tuple(graph.wired(node.id)), graph.fan_out(node.id) > 1)
        if which not in alike:
            alike[which] = _plain_kind(graph, node)
        plain = alike[which]
        if plain is None:
            found.append(None)
            continue
        kind, said = plain
        key = titles.width_of(name), len(name) == len(said) and _says(name, said)
        found.append(kind.outlines.get(key) or kind.outlines.setdefault(key, _outlined(kind, *key)))
    return found


def _plain_kind(graph: Graph, node: Node) -> tuple[_Kind, str] | None:
    """What a node without settings and known shapes is, and what it says it does; None where only the whole card tells."""
    spec = graph.spec(node)
    if spec.category == "unknown" or spec.role == "data":
        return None
    wired = tuple([(edge.target[1], edge.slot) for edge in graph.inputs_of(node.id)])
    shape = card_body.UNKNOWN.of(node.id, spec.outputs[0].name) if spec.outputs else None
    return _kind(spec, node.params, wired, graph.fan_out(node.id) > 1, shape), _said(spec)


def _outlined(kind: _Kind, name: float, same: bool) -> Outline:
    said = 0.0 if same else titles.words(_said(kind.spec), 1e6).width
    beside, below = (said, kind.wide if kind.row else 0.0) if kind.row or not kind.latex else (kind.wide, 0.0)
    width = _width(name, max(name + (beside + _APART if beside else 18.0), below), kind)
    height, _area, _slider, inputs, outputs, _places = kind.sizes.get((width, kind.row)) or kind.sizes.setdefault(
        (width, kind.row), _sized(kind, width, kind.row)
    )
    hooks = {(spot.port, spot.output, spot.slot): (spot.x, spot.y) for spot in (*inputs, *outputs)}
    return Outline(kind.spec.category, width, height, hooks)


Saying = SmallPrint | Words


def _texts(graph: Graph, node: Node, kind: _Kind, latex: str, into: Sequence[Edge]) -> tuple[Title, Saying, Saying]:
    """The name, what stands beside it, and what stands in the row below, each as wide as it wants to be."""
    title = titles.title(node.name, display_name(node.name), 1e6)
    label = titles.words(node.label, 1e6)
    if not latex:
        return title, _told(node, operation(graph, node)), label
    print_ = SmallPrint(latex, _filled(kind, node.name, into, graph), 1e6, FORMULA_SIZE if kind.row else titles.SAYS)
    if not kind.row:
        return title, print_, label
    return title, label if node.label else _told(node, operation(graph, node)), print_


def _told(node: Node, text: str) -> Words:
    """The operation's title, unless the name says the same."""
    return titles.NOTHING if _says(node.name, text) else titles.words(text, 1e6)


def _says(name: str, text: str) -> bool:
    return len(name) == len(text) and name.replace("_", " ").casefold() == text.casefold()


def _cut(saying: Saying, room: float) -> Saying:
    """What fits; nothing where that would be a letter or two."""
    if room < 28:
        return titles.NOTHING
    if isinstance(saying, Words):
        return saying if saying.width <= room else titles.words(saying.text, room)
    return SmallPrint(saying.latex, saying.names, room, saying.size)


def _folded(node: Node, category: Category, kind: _Kind, frozen: bool) -> NodeCard:
    """A card of which only the title is seen, with its ports close together at its sides. A label that is a sign such as × is the title."""
    sign = node.label if node.label and len(node.label) <= SIGN else ""
    name = (sign, sign) if sign else (node.name, display_name(node.name))
    whole = titles.title(*name, 1e6)
    wide, least = whole.width, 32.0 if whole.size <= titles.WORD else 40.0  # a symbol is read from as far away as a word
    width = 8 * round(min(max(wide + PAD + (12 if sign else 34), 40.0 if sign else 72.0), 192.0) / 8 + 0.49)
    height = max(least, 8 * round((FOLDED_PITCH * max(len(kind.inputs), len(kind.outputs)) + 8) / 8 + 0.49))

    def spots(rows: list[tuple[str, int, bool, bool]], output: bool) -> tuple[PortSpot, ...]:
        first = height / 2 - FOLDED_PITCH * (len(rows) - 1) / 2
        x = width if output else 0.0
        return tuple(PortSpot(p, slot, output, x, first + FOLDED_PITCH * i, "", m, f) for i, (p, slot, m, f) in enumerate(rows))

    title = titles.title(*name, width - (PAD if sign else PAD + 30) - (18 if frozen else 0))
    ports = spots(list(kind.inputs), False), spots([(n, 0, False, False) for n in kind.outputs], True)
    return NodeCard(title, category, width, height, titles.NOTHING, titles.NOTHING, "folded", QRectF(), None, *ports, frozen)


def _kind(
    spec: NodeSpec, params: Mapping[str, Any], wired: tuple[tuple[str, int], ...], fan_out: bool, shapes: card_body.OfNode | None
) -> _Kind:
    """From the cache, where the settings can be compared."""
    settings: tuple[Any, ...]
    if spec.role in _SOURCES:
        settings = tuple([(name, type(value), value if isinstance(value, str) else None) for name, value in params.items()])
    else:
        settings = tuple([(name, type(value), value) for name, value in params.items()])
    key = (id(spec), settings, wired, fan_out, shapes)
    try:
        kind = _KINDS.get(key)
    except TypeError:
        return _made_kind(spec, params, wired, fan_out, shapes)
    if kind is None:
        if len(_KINDS) > 2000:
            _KINDS.clear()
        kind = _KINDS[key] = _made_kind(spec, params, wired, fan_out, shapes)
    return kind


def _made_kind(
    spec: NodeSpec, params: Mapping[str, Any], wired: tuple[tuple[str, int], ...], fan_out: bool, shapes: card_body.OfNode | None
) -> _Kind:
    settings = spec.defaults() | dict(params)
    weight = spec.parameters[0].name if spec.category == "layers" and spec.parameters else ""
    whole = "" if spec.role in (*_SOURCES, "data") else spec.formula_for(settings)
    names = {port.name: port.name for port in spec.inputs} | _written(settings)
    short = titles.short_form(whole)
    row = bool(whole) and small_print.width(short, tuple(names.items()), titles.SAYS) > _BESIDE
    latex = titles.right_side(whole) if row else "" if short == "@x" else short
    wide = small_print.width(latex, tuple(names.items()), FORMULA_SIZE if row else titles.SAYS) + _LONGER if latex else 0.0
    return _Kind(
        spec, names, tuple(_rows(spec, wired)),
        tuple(port.name for port in spec.outputs), _body(spec, settings), weight, fan_out, _labelled(spec), latex, wide, row,
        sum(ROWS_OF_MANY if port.many else 1 for port in spec.inputs),
        card_body.insides(shapes, spec.outputs[0].name, bool(weight)) if shapes is not None else card_body.NOTHING,
    )  # fmt: skip


def _sized(kind: _Kind, width: float, row: bool) -> tuple[Any, ...]:
    """Height, the value's area, the slider, and the ports' places; `row`: a formula or label stands below the title bar."""
    content, slider, area_height = _content(kind.body, bool(kind.weight))
    if kind.insides.places:
        area_height = max(area_height, kind.insides.height + SUM + 6)
        content = max(content, area_height + 8)
    rows = max(len(kind.inputs), len(kind.outputs), kind.rows)
    top = TITLE + (FORMULA_ROW if row else 0.0)
    height = max(top + content, TITLE + rows * PITCH + 16)
    if kind.labelled:
        height = max(height, top + rows * PITCH + 12)
    height = 8 * round(height / 8 + 0.49)
    outputs = list(kind.outputs)
    area = _area(width, height, slider, area_height, kind.labelled, list(kind.inputs), outputs, top)
    return (
        height, area, QRectF(PAD + 2, height - 20, width - 2 * PAD - 4, 12) if slider else None,
        _spots(list(kind.inputs), False, 0.0, height, kind.labelled, top),
        _spots([(n, 0, False, False) for n in outputs], True, width, height, kind.labelled, top),
        card_body.placed(kind.insides, area.adjusted(0, 0, 0, -SUM if kind.fan_out else 0)),
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
    dragged = spec.role == "input" or (spec.role == "parameter" and settings.get("initialisation") == "value")
    if dragged and isinstance(value, int | float):
        return "slider"
    if spec.category in ("layers", "parameters") or spec.role == "data" or isinstance(value, list):
        return "tiles"
    return "number"


def _content(body: Body, weight: bool) -> tuple[float, bool, float]:
    """Height below the title and the row, whether there is a slider, height of the value's area."""
    if body == "slider":
        return 60.0, True, 36.0
    if weight:
        return 68.0, False, 60.0
    return 52.0, False, 44.0


def _labelled(spec: NodeSpec) -> bool:
    """Whether ports carry their names: where position alone does not tell them apart."""
    telling = [p for p in spec.inputs if not p.parameter]
    return len(spec.outputs) > 1 or (len(telling) > 1 and spec.category not in ("math",))


def _width(name: float, texts: float, kind: _Kind) -> float:
    """Where tensors are written out, no wider than they and the name are: small print gives way, so that the view can be closer."""
    if kind.insides.places:
        wanted = max(name + 2 * PAD + 2, min(texts + 2 * PAD + 2, _SNUG))
        return 8 * round(max(min(wanted, 192.0), kind.insides.width + 2 * _EDGE + _names_width(kind)) / 8 + 0.49)
    wanted = max(texts + 2 * PAD + 2, 176.0 if kind.spec.rule else 160.0 if kind.weight else 128.0)  # a rule's numbers have many digits
    if len(kind.outputs) > 1 or (kind.inputs and len({row[0] for row in kind.inputs}) > 1 and kind.body == "tiles"):
        wanted = max(wanted, 144.0)
    return 8 * round(min(wanted, 192.0) / 8 + 0.49)


def _names_width(kind: _Kind) -> float:
    """Room that the names of ports take from the value."""
    if not kind.labelled:
        return 0.0
    left = max((text_width("tiny", row[0]) + 6 for row in kind.inputs), default=0.0)
    return left + (max(text_width("tiny", name) + 6 for name in kind.outputs) if len(kind.outputs) > 1 else 0.0)


def _area(
    width: float, height: float, slider: bool, tall: float, labelled: bool, inputs: list[Any], outputs: list[str], top: float
) -> QRectF:  # fmt: skip
    """The rectangle of the value: below the formula, right of the names of the inputs, left of those of the outputs."""
    left = right = PAD
    if labelled:
        left = PAD + max((text_width("tiny", row[0]) + 6 for row in inputs), default=0.0)
        right = PAD + (max(text_width("tiny", name) + 6 for name in outputs) if len(outputs) > 1 else 0.0)
    bottom = height - (22 if slider else 8)
    top = top if labelled else max(top, bottom - tall)
    return QRectF(left, top, width - left - right, bottom - top)


def _spots(
    rows: list[tuple[str, int, bool, bool]], output: bool, x: float, height: float, labelled: bool, top: float
) -> tuple[PortSpot, ...]:  # fmt: skip
    top = top if labelled else TITLE
    middle = (top + height) / 2 - (0 if labelled else 4)
    first = middle - PITCH * (len(rows) - 1) / 2
    return tuple(
        PortSpot(port, slot, output, x, first + PITCH * i, port if labelled and (not output or len(rows) > 1) else "", minor, free)
        for i, (port, slot, minor, free) in enumerate(rows)
    )


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


def sizes(graph: Graph) -> dict[str, tuple[float, float]]:
    """Every node's width and height, for the automatic layout."""
    cards = ((i, outline(graph, node, graph.inputs_of(i), card_body.UNKNOWN) or build(graph, i)) for i, node in graph.nodes.items())
    return {identity: (card.width, card.height) for identity, card in cards}
