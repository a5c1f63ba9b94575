"""The inside of an optimizer: its update rule as a graph of elementary nodes, with the numbers of a step. No torch here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from engine.explain.question import Question


@dataclass(frozen=True, slots=True)
class InsideOf(Question):
    """The coming step of one number, one tensor, or everything that is trained, as a graph.

    `node` and `name` say which learned tensor, a node alone its first one; without them all tensors together are one vector. `entry` is
    the index of one number, or the nearest one inside; None: the whole tensor.
    `optimizer`: the key of another optimizer than the one that trains; its first step is shown.
    """

    answered_by: ClassVar[str] = "engine.explain.inside.answer:inside"
    node: str = ""
    name: str = ""
    entry: tuple[int, ...] | None = None
    optimizer: str = ""


@dataclass(frozen=True, slots=True)
class Inside:
    """`text` is the graph as a document. `values` are its numbers as (node, setting, value), all that another step changes.

    `node`, `name` and `entry` say what is updated, `label` names it, `shape` is the shape of the whole tensor. `choices` are all tensors
    that the step changes: node, name, label, shape. `iteration` is the step that the update starts from, `t` counts the optimizer's
    steps from 1, `note` says what there is to say about the step.
    """

    key: str
    title: str
    text: str
    values: tuple[tuple[str, str, Any], ...]
    node: str
    name: str
    entry: tuple[int, ...] | None
    label: str
    shape: tuple[int, ...]
    choices: tuple[tuple[str, str, str, tuple[int, ...]], ...]
    iteration: int
    t: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class CodeOf(Question):
    """The rule that a graph computes as a file for PyTorch. `text` is the graph as a document, `origin` the optimizer it was made of.

    The answer is the file's text.
    """

    answered_by: ClassVar[str] = "engine.kernel.rule_code:code"
    text: str = ""
    title: str = ""
    origin: str = ""
