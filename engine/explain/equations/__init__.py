"""The equations of a pass, node by node: what each event computes, in symbols. Question and answer; no torch here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from engine.explain.cards import Line, Notation
from engine.explain.question import Question


@dataclass(frozen=True, slots=True)
class EquationsOf(Question):
    """The equations of these nodes in both passes, with gradients written in `notation`. No number of a trace is in them."""

    answered_by: ClassVar[str] = "engine.explain.equations.answer:equations"
    in_motion: ClassVar[bool] = True
    nodes: tuple[str, ...] = ()
    notation: Notation = "leibniz"


@dataclass(frozen=True, slots=True)
class NodeEquations:
    """`forward` is the node's formula; `backward` how its own gradient comes about, where that is a sum or the objective's 1, and then
    the gradient that it passes on to each input and learned tensor."""

    forward: Line | None = None
    backward: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Equations:
    """By node id, those that could be computed."""

    nodes: Mapping[str, NodeEquations]
