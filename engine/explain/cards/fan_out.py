"""Where several wires leave one output: each wire's own contribution to the gradient, and their sum written out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from engine.compile.environment import Key
from engine.compile.views import Absent, Reason
from engine.explain.cards import Line, Number, Piece, Section, Tex
from engine.explain.cards.formula import shortened
from engine.explain.cards.scene import EQUALS, Index, Scene, equation, words
from engine.explain.question import Unanswerable
from engine.explain.symbols import entry_text
from graph.model.address import Address
from graph.model.elements import Edge
from graph.text.messages import _

PLUS = Tex("+")


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one wire gives to the sum: the chosen entry of its gradient, or why there is none."""

    consumer: str
    number: Number | None
    absent: Reason | None = None


@dataclass(frozen=True, slots=True)
class FanOut:
    """The wires out of one output. `lines` write their sum out, with names and with numbers; `number` is the producer's own gradient.

    Where the output is the objective itself, the seed 1 is one more summand: `seeded`.
    """

    name: str
    contributions: tuple[Contribution, ...]
    number: Number | None
    lines: tuple[Line, ...]
    seeded: bool = False


def summed(scene: Scene, key: Key) -> FanOut:
    """The fan-out of one output. Absent contributions are named, and are no part of the sum."""
    graph, trace = scene.graph, scene.trace
    value = trace.values.get(key)
    if value is None:
        raise Unanswerable(_("{name} could not be computed").format(name=graph.nodes[key[0]].name))
    batched = scene.batched(key)
    sample = scene.sample(value.shape[0]) if batched else None
    entry = scene.entry(tuple(value.shape[batched:]))
    index: Index = (sample, *entry) if sample is not None else entry
    edges = [edge for edge in graph.outputs_of(key[0]) if edge.source == key]
    contributions = tuple(_contribution(scene, edge, index) for edge in edges)
    total = trace.gradients.get(key)
    place = scene.gradient_place(key)
    seeded = trace.objective == key and isinstance(total, Tensor)
    there = total if isinstance(total, Tensor) else None
    number = None if there is None else scene.number(there, index, "gradient", place)
    lines = () if number is None else tuple(_lines(scene, key, edges, contributions, number, entry, seeded, value.numel() == 1))
    return FanOut(scene.symbols.name(key), contributions, number, lines, seeded)


def _contribution(scene: Scene, edge: Edge, index: Index) -> Contribution:
    edge_gradient = scene.trace.edge_gradients.get(edge.id)
    consumer = scene.graph.nodes[edge.target[0]].name
    if not isinstance(edge_gradient, Tensor):
        return Contribution(consumer, None, edge_gradient.reason if isinstance(edge_gradient, Absent) else "not computed")
    return Contribution(consumer, scene.number(edge_gradient, index, "gradient", Address("edge", edge.id, gradient=True)))


def _lines(
    scene: Scene, key: Key, edges: Sequence[Edge], parts: Sequence[Contribution], total: Number, entry: Index, seeded: bool, single: bool
) -> list[Line]:
    below = () if single else entry
    left = scene.gradient_tex(key, below)
    names: list[Piece] = [Tex("1")] if seeded else []
    numbers: list[Piece] = [Number(1.0, "gradient")] if seeded else []
    present = [(edge, c.number) for edge, c in zip(edges, parts, strict=True) if c.number is not None]
    for term in shortened([(i,) for i in range(len(present))]):
        names += [PLUS] if names else []
        numbers += [PLUS] if numbers else []
        if term is None:
            names.append(Tex(r"\cdots"))
            numbers.append(Tex(r"\cdots"))
            continue
        edge, number = present[term[0]]
        symbol = scene.symbols.along(edge, entry_text(below))
        names.append(Tex(symbol, role="gradient", place=Address("edge", edge.id, gradient=True)))
        numbers.append(Number(number.value, "gradient", number.place, bracket=len(numbers) > 0))
    lines = [equation("formula", left, EQUALS, *names)] if len(names) > 1 else []
    lines.append(equation("result", left, EQUALS, *numbers, *((EQUALS, total) if len(numbers) > 1 else ())))
    missing = [c.consumer for c in parts if c.number is None]
    if missing:
        lines.append(words(_("No gradient comes from {missing}.").format(missing=", ".join(missing))))
    return lines


def section(scene: Scene, key: Key) -> Section | None:
    """The same as part of a card, where several wires bring a gradient."""
    if key not in scene.trace.values:
        return None
    total = summed(scene, key)
    arriving = sum(c.number is not None for c in total.contributions)
    if total.number is None or arriving + total.seeded < 2:
        return None
    note = _("{arriving} wires bring gradients back to {name}; these parts are added.").format(arriving=arriving, name=total.name)
    if total.seeded:
        note = _("{name} is the objective, and other nodes use it too.").format(name=total.name)
    return Section("fan_out", "Fan-out", (words(note), *total.lines), Address("output", *key))
