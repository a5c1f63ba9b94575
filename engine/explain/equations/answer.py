"""Answers `EquationsOf` with the formulas that the explanation cards show."""

from __future__ import annotations

from engine.compile.environment import Own, Wire
from engine.explain.cards import Line, Section, Tex
from engine.explain.cards.backward import backward
from engine.explain.cards.fan_out import section as fan_out
from engine.explain.cards.forward import forward
from engine.explain.cards.local import LocalDerivative
from engine.explain.cards.scene import EQUALS, Scene, equation
from engine.explain.context import ExplainContext
from engine.explain.equations import Equations, EquationsOf, NodeEquations


def equations(situation: ExplainContext, question: EquationsOf) -> Equations:
    """What these nodes compute, as far as they could be computed. Raises Unanswerable where nothing can."""
    scene = Scene(situation, question.notation)
    nodes = {}
    for node in question.nodes:
        local = scene.local(node) if node in situation.graph.nodes else None
        if local is not None and local.outputs and not local.operation.alias:
            fed = local.operation.fed
            nodes[node] = NodeEquations(None if fed else _last(forward(scene, local)), tuple(_backward(scene, local)))
    return Equations(nodes)


def _backward(scene: Scene, local: LocalDerivative) -> list[Line]:
    lines = [line for key in local.operation.outputs if (line := _arriving(scene, key)) is not None]
    for a, leaf in enumerate(local.operation.leaves):
        if isinstance(leaf, (Wire, Own)) and (line := _last(backward(scene, local, a))) is not None:
            lines.append(line)
    return lines


def _arriving(scene: Scene, key: tuple[str, str]) -> Line | None:
    """The node's own gradient, where it is not simply what one wire brings."""
    if (total := fan_out(scene, key)) is not None:
        return _last(total)
    return equation("formula", scene.gradient_tex(key), EQUALS, Tex("1")) if scene.trace.objective == key else None


def _last(section: Section) -> Line | None:
    return next((line for line in reversed(section.lines) if line.kind == "formula"), None)
