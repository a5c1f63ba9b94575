"""Answers `FanOutOf`: the contributions along the wires out of one output, and their sum written out."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from engine.environment import Key
from engine.explain.cards import Line, Number, Piece, Place, Section, Tex
from engine.explain.cards_formula import shortened
from engine.explain.cards_scene import EQUALS, Index, Scene, equation, words
from engine.explain.cards_symbols import entry_text
from engine.explain.fan_out import Contribution, FanOut, FanOutOf
from engine.explain.question import Unanswerable
from engine.explain.situation import Situation
from engine.views import Absent
from graph.model import Edge

PLUS = Tex("+")


def fan_out(situation: Situation, question: FanOutOf) -> FanOut:
    """Each wire's own contribution and their sum. Raises Unanswerable where there is no such output."""
    graph = situation.graph
    if question.node not in graph.nodes:
        raise Unanswerable("this node is no longer in the graph")
    ports = [port.name for port in graph.spec(question.node).outputs]
    if not ports or (question.port and question.port not in ports):
        raise Unanswerable(f"{graph.nodes[question.node].name} has no output {question.port}".rstrip())
    scene = Scene(situation, question.notation, question.sample, question.entry)
    return summed(scene, (question.node, question.port or ports[0]))


def summed(scene: Scene, key: Key) -> FanOut:
    """The fan-out of one output. Absent contributions are named, and are no part of the sum."""
    graph, trace = scene.graph, scene.trace
    value = trace.values.get(key)
    if value is None:
        raise Unanswerable(f"{graph.nodes[key[0]].name} could not be computed")
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
    return FanOut(
        key[0], key[1], scene.symbols.name(key), contributions,
        None if there is None else scene.quantity(there, scene.symbols.gradient(key), "gradient", place), number,
        None if there is not None else total.reason if isinstance(total, Absent) else "not computed", lines, seeded,
        value.shape[0] if batched else 0, sample, entry,
    )  # fmt: skip


def _contribution(scene: Scene, edge: Edge, index: Index) -> Contribution:
    found = scene.trace.edge_gradients.get(edge.id)
    consumer = scene.graph.nodes[edge.target[0]]
    place = Place("edge", edge.id, "", True)
    if not isinstance(found, Tensor):
        reason = found.reason if isinstance(found, Absent) else "not computed"
        return Contribution(edge.id, consumer.id, consumer.name, edge.target[1], None, None, reason)
    gradient = scene.quantity(found, scene.symbols.along(edge), "gradient", place)
    return Contribution(edge.id, consumer.id, consumer.name, edge.target[1], gradient, scene.number(found, index, "gradient", place))


def _lines(
    scene: Scene, key: Key, edges: Sequence[Edge], found: Sequence[Contribution], total: Number, entry: Index, seeded: bool, single: bool
) -> list[Line]:
    below = () if single else entry
    left = scene.gradient_tex(key, below)
    names: list[Piece] = [Tex("1")] if seeded else []
    numbers: list[Piece] = [Number(1.0, "gradient")] if seeded else []
    present = [(edge, c.number) for edge, c in zip(edges, found, strict=True) if c.number is not None]
    for term in shortened([(i,) for i in range(len(present))]):
        names += [PLUS] if names else []
        numbers += [PLUS] if numbers else []
        if term is None:
            names.append(Tex(r"\cdots"))
            numbers.append(Tex(r"\cdots"))
            continue
        edge, number = present[term[0]]
        symbol = scene.symbols.along(edge, entry_text(below))
        names.append(Tex(symbol, role="gradient", place=Place("edge", edge.id, "", True)))
        numbers.append(Number(number.value, "gradient", number.place, bracket=len(numbers) > 0))
    lines = [equation("formula", left, EQUALS, *names)] if len(names) > 1 else []
    lines.append(equation("result", left, EQUALS, *numbers, *((EQUALS, total) if len(numbers) > 1 else ())))
    missing = [c.consumer_name for c in found if c.number is None]
    if missing:
        lines.append(words(f"No gradient comes from {', '.join(missing)}."))
    return lines


def section(scene: Scene, key: Key) -> Section | None:
    """The same as part of a card, where several wires bring a gradient."""
    if key not in scene.trace.values:
        return None
    found = summed(scene, key)
    arriving = sum(c.number is not None for c in found.contributions)
    if found.number is None or arriving + found.seeded < 2:
        return None
    note = f"{arriving} wires bring a gradient back to {found.name}, each a part of its own, and they add up."
    if found.seeded:
        note = f"{found.name} is the objective, and is used further on besides."
    return Section("fan_out", "Fan-out", (words(note), *found.lines), Place("node", *key))
