"""Answers `ArithmeticOf` with the lines that the explanation cards are made of."""

from __future__ import annotations

from engine.compile.environment import Wire
from engine.explain.arithmetic import Arithmetic, ArithmeticOf, NodeArithmetic, Product
from engine.explain.cards import Line, Section
from engine.explain.cards.backward import backward
from engine.explain.cards.forward import forward
from engine.explain.cards.local import LocalDerivative
from engine.explain.cards.scene import Scene
from engine.explain.context import ExplainContext


def arithmetic(situation: ExplainContext, question: ArithmeticOf) -> Arithmetic:
    """What these nodes compute, as far as they could be computed. Raises Unanswerable where nothing can."""
    scene = Scene(situation, "leibniz", question.sample)
    nodes = {}
    for node in question.nodes:
        local = scene.local(node) if node in situation.graph.nodes else None
        if local is not None and local.outputs and not local.operation.fed and not local.operation.alias:
            nodes[node] = _node(scene, local)
    return Arithmetic(nodes)


def _node(scene: Scene, local: LocalDerivative) -> NodeArithmetic:
    told = forward(scene, local)
    wires = {leaf.edge: _product(backward(scene, local, a)) for a, leaf in enumerate(local.operation.leaves) if isinstance(leaf, Wire)}
    return NodeArithmetic(_last(told, "formula"), _last(told, "numbers"), wires)


def _product(section: Section) -> Product:
    return Product(_last(section, "formula"), _last(section, "numbers"), section.chain)


def _last(section: Section, kind: str) -> Line | None:
    return next((line for line in reversed(section.lines) if line.kind == kind), None)
