"""Answers `CardOf`: puts the sections of a node's, a wire's or a parameter's card together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from torch import Tensor

from engine.compile.environment import FED_ROLES, Key, Own, Wire, frozen
from engine.compile.views import Absent, Reason
from engine.explain import symbols
from engine.explain.cards import Array, Card, CardOf, Number, Section, Tex
from engine.explain.cards.backward import backward
from engine.explain.cards.fan_out import section as fan_out_section
from engine.explain.cards.forward import forward, problem_section
from engine.explain.cards.layers import collapse
from engine.explain.cards.local import LocalDerivative
from engine.explain.cards.scene import EQUALS, Scene, equation, words
from engine.explain.cards.state import source, state
from engine.explain.cards.worked import Worked
from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.explain.update.last import last_change
from graph.model.address import Address
from graph.text.messages import _


def card(situation: ExplainContext, question: CardOf) -> Card:
    """The card that was asked for. Raises Unanswerable where there is nothing of that id."""
    address = question.address
    if not address.exists(situation.graph):
        raise Unanswerable(_("this wire is no longer in the graph") if address.kind == "edge" else _("this node is no longer in the graph"))
    scene = Scene(situation, question.notation, question.sample, question.entry)
    if address.kind == "edge":
        return _edge(scene, question)
    return _parameter(scene, question) if address.kind == "parameter" else _node(scene, question)


# Nodes


def _node(scene: Scene, question: CardOf) -> Card:
    node = scene.graph.nodes[question.address.id]
    spec = scene.graph.spec(node)
    local = scene.local(node.id)
    if local is None or not local.outputs:
        empty = Card(question.address, node.name, spec.title, question.notation, (problem_section(scene, node.id),))
        return replace(empty, absent="not computed")
    port = question.address.port if spec.output(question.address.port) is not None else spec.outputs[0].name
    key = (node.id, port)
    gradient, absent = _gradient(scene, scene.trace.gradients.get(key), key)
    sections = [*_own(scene, local), *_absent(scene, scene.trace.gradients.get(key), scene.value_place(key)), *_objective(scene, key)]
    sections += [section for own in _learned(local) if (section := last_change(scene, own)) is not None]
    sections += _arriving(scene, key, local)
    if not local.operation.fed and not local.operation.alias:
        sections += [backward(scene, local, a) for a in range(len(local.operation.leaves))]
        sections += [section for section in (collapse(Worked(scene, local)),) if section is not None]
    tensor = scene.trace.values[key]
    value = scene.quantity(tensor, scene.symbols.value(key), "value", scene.value_place(key))
    node_card = Card(scene.value_place(key), node.name, spec.title, question.notation, tuple(sections), value, gradient, absent)
    return _with_choice(scene, node_card, key, local)


def _learned(local: LocalDerivative) -> list[Key]:
    """What a Parameter node learns: its value is that tensor."""
    return [leaf.key for leaf in local.operation.leaves if isinstance(leaf, Own)] if local.operation.alias else []


def _arriving(scene: Scene, key: Key, local: LocalDerivative) -> list[Section]:
    """Where its gradient is from: the sum over its wires, or the one there is. A source's card has the whole story of that wire."""
    several = fan_out_section(scene, key)
    if several is not None:
        return [several]
    edges = [e for e in scene.graph.outputs_of(key[0]) if e.source == key and isinstance(scene.trace.edge_gradients.get(e.id), Tensor)]
    gradient = scene.trace.gradients.get(key)
    if len(edges) != 1 or not isinstance(gradient, Tensor):
        return []
    consumer = scene.local(edges[0].target[0])
    a = _leaf(consumer, edges[0].id)
    if consumer is not None and a is not None and (local.operation.fed or local.operation.alias):
        told = backward(scene, consumer, a)
        which = (
            _(", sample {sample}").format(sample=told.chain.sample + 1) if told.chain is not None and told.chain.sample is not None else ""
        )
        return [
            replace(told, title=_("Its gradient, from {name}{which}").format(name=scene.graph.nodes[edges[0].target[0]].name, which=which))
        ]
    place = Address("edge", edges[0].id, gradient=True)
    arrived = scene.quantity(gradient, scene.symbols.gradient(key), "gradient", place)
    note = words(_("It arrives along one wire, from {name}.").format(name=scene.graph.nodes[edges[0].target[0]].name))
    return [Section("fan_out", _("Its gradient"), (note, equation("result", scene.gradient_tex(key), EQUALS, arrived)), place)]


def _own(scene: Scene, local: LocalDerivative) -> list[Section]:
    """How its value came about, and what it keeps."""
    if local.operation.type.role in FED_ROLES or local.operation.alias:
        return [source(scene, local)]
    kept = state(scene, local)
    return [forward(scene, local), *([kept] if kept is not None else [])]


def _gradient(scene: Scene, gradient: Any, key: Key) -> tuple[Number | Array | None, Reason | None]:
    if isinstance(gradient, Tensor):
        return scene.quantity(gradient, scene.symbols.gradient(key), "gradient", scene.gradient_place(key)), None
    return None, gradient.reason if isinstance(gradient, Absent) else "not computed"


def _absent(scene: Scene, gradient: Any, place: Address) -> list[Section]:
    return [] if isinstance(gradient, Tensor) else [scene.absent(gradient, place)]


def _objective(scene: Scene, key: Key) -> list[Section]:
    if scene.trace.objective != key or not isinstance(scene.trace.gradients.get(key), Tensor):
        return []
    top = scene.symbols.top
    seed = Number(1.0, "gradient", scene.gradient_place(key))
    symbol = rf"\bar{{{top}}}" if scene.symbols.notation == "bar" else rf"\frac{{\partial {top}}}{{\partial {top}}}"
    lines = (
        words(_("This is the objective, the number that is differentiated. The backward pass starts here with the gradient 1.")),
        equation("result", Tex(symbol, role="gradient", place=scene.gradient_place(key)), EQUALS, seed),
    )
    return [Section("objective", _("The objective"), lines, scene.value_place(key))]


def _with_choice(scene: Scene, whole_card: Card, key: Key, local: LocalDerivative) -> Card:
    samples = local.samples
    shape = tuple(scene.trace.values[key].shape[scene.batched(key) :])
    return replace(whole_card, samples=samples, sample=scene.sample(samples), entry=scene.entry(shape), shape=shape)


# Wires


def _edge(scene: Scene, question: CardOf) -> Card:
    edge = scene.graph.edges[question.address.id]
    key = edge.source
    producer, consumer = scene.graph.nodes[key[0]], scene.graph.nodes[edge.target[0]]
    title = f"{scene.symbols.name(key)} → {'.'.join(filter(None, symbols.wire_end(scene.graph, edge)))}"
    edge_gradient = scene.trace.edge_gradients.get(edge.id)
    place = Address("edge", edge.id, gradient=True)
    local, target = scene.local(key[0]), scene.local(edge.target[0])
    if local is None:
        empty = Card(question.address, title, _("Wire"), question.notation, (problem_section(scene, key[0]),))
        return replace(empty, absent="not computed")
    value = scene.quantity(scene.trace.values[key], scene.symbols.value(key), "value", scene.value_place(key))
    carried = words(
        _("It carries the value of {producer} to {consumer}, and a gradient back.").format(producer=producer.name, consumer=consumer.name)
    )
    left = Tex(scene.symbols.value(key), role="value", place=scene.value_place(key))
    sections = [Section("wire", _("What it carries"), (carried, equation("result", left, EQUALS, value)), scene.value_place(key))]
    a = _leaf(target, edge.id)
    if a is not None and target is not None:
        sections.append(backward(scene, target, a))
        sections += [part for part in (collapse(Worked(scene, target)),) if part is not None and part.place == Address("edge", edge.id)]
    if not isinstance(edge_gradient, Tensor) and not any(section.topic == "absent" for section in sections):
        sections.append(scene.absent(edge_gradient, place.value))
    sections += [section for section in (fan_out_section(scene, key),) if section is not None]
    gradient = scene.quantity(edge_gradient, scene.symbols.along(edge), "gradient", place) if isinstance(edge_gradient, Tensor) else None
    absent: Reason | None = None if gradient is not None else edge_gradient.reason if isinstance(edge_gradient, Absent) else "not computed"
    edge_card = Card(question.address, title, _("Wire"), question.notation, tuple(sections), value, gradient, absent)
    return _with_choice(scene, edge_card, key, target if target is not None else local)


def _leaf(local: LocalDerivative | None, edge: str) -> int | None:
    leaves = local.operation.leaves if local is not None else ()
    return next((a for a, leaf in enumerate(leaves) if isinstance(leaf, Wire) and leaf.edge == edge), None)


# Learned tensors


def _parameter(scene: Scene, question: CardOf) -> Card:
    key = question.address.key
    node = scene.graph.nodes[question.address.id]
    tensor = scene.trace.parameters.get(key)
    if tensor is None:
        raise Unanswerable(_("{name} has no learned {parameter} of its own").format(name=node.name, parameter=key[1]))
    title = node.name if scene.graph.spec(node).role == "parameter" else question.address.name(scene.graph)
    place = question.address
    symbol = scene.symbols.learned(key)
    value = scene.quantity(tensor, symbol, "value", place)
    arrived = scene.trace.parameter_gradients.get(key)
    shape = " × ".join(map(str, tensor.shape)) or _("a single number")
    fate = (
        _("It is frozen: the optimizer does not change it.") if frozen(scene.graph, node.id) else _("Training changes it by its gradient.")
    )
    about = words(_("A learned tensor of {name}: {shape}. {fate}").format(name=node.name, shape=shape, fate=fate))
    sections = [Section("parameter", _("Value"), (about, equation("result", Tex(symbol, role="value", place=place), EQUALS, value)), place)]
    users = _users(scene, key)
    home = scene.local(node.id)
    if home is not None and home.operation.alias:  # its number leaves by wires: what they bring back is the story
        sections += _arriving(scene, home.operation.outputs[0], home)
    sections += [section for section in (last_change(scene, key),) if section is not None]
    sections += [backward(scene, local, a) for local, a in users]
    gradient = None
    if isinstance(arrived, Tensor):
        gradient = scene.quantity(arrived, scene.symbols.of_learned(key), "gradient", place.derivative)
        sections += _shared(scene, key, users, gradient)
    elif not any(section.topic == "absent" for section in sections):
        sections.append(scene.absent(arrived, place))
    absent: Reason | None = None if gradient is not None else arrived.reason if isinstance(arrived, Absent) else "not computed"
    result = Card(place, title, _("Parameter"), question.notation, tuple(sections), value, gradient, absent)
    samples = home.samples if home is not None else 0
    return replace(result, samples=samples, sample=scene.sample(samples), entry=scene.entry(tuple(tensor.shape)), shape=tuple(tensor.shape))


def _users(scene: Scene, key: Key) -> list[tuple[LocalDerivative, int]]:
    """The nodes that use a learned tensor, and as which of their leaves."""
    locals_ = [local for local in map(scene.local, scene.operations) if local is not None]
    return [(o, a) for o in locals_ for a, leaf in enumerate(o.operation.leaves) if isinstance(leaf, Own) and leaf.key == key]


def _shared(scene: Scene, key: Key, users: list[tuple[LocalDerivative, int]], gradient: Number | Array) -> list[Section]:
    if len(users) < 2:
        return []
    left = Tex(scene.symbols.of_learned(key), role="gradient", place=Address("parameter", *key, gradient=True))
    note = words(_("{users} nodes use it: their contributions are added.").format(users=len(users)))
    return [Section("fan_out", _("Total"), (note, equation("result", left, EQUALS, gradient)), Address("parameter", *key))]
