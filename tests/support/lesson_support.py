"""A lesson at one of its steps, computed by the engine: what stands on the canvas there, and what its texts say."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.compile.views import Absent
from engine.nodes.catalog import CATALOG
from engine.training.model import Model
from engine.training.run import Run
from graph.lessons.lesson import ENDING, Lesson, LessonQuestion, LessonStep, load
from graph.lessons.lesson_graph import graph_at, resolve
from graph.lessons.own_graph import graph_of
from graph.model.graph import Graph

RESOURCES = Path(__file__).resolve().parents[2] / "resources"
FOLDER, EXAMPLES = RESOURCES / "lessons", RESOURCES / "examples"
NAMES = sorted(path.name.removesuffix(ENDING) for path in FOLDER.glob(f"*{ENDING}"))


def open_lesson(name: str) -> tuple[Lesson, Graph]:
    path = FOLDER / f"{name}{ENDING}"
    lesson = load(path)
    return lesson, graph_of(lesson, path, EXAMPLES, CATALOG)


def step_of(lesson: Lesson, title: str) -> int:
    """The index of the step with this title."""
    return [step.title for step in lesson.steps].index(title)


class Played:
    """What the canvas shows at one step of a lesson, after its training where it trains."""

    def __init__(self, name: str, step: int | str) -> None:
        self.lesson, graph = open_lesson(name)
        number = step if isinstance(step, int) else step_of(self.lesson, step)
        self.step = self.lesson.steps[number]
        self.session = Model(graph_at(graph, self.lesson, number))
        self.graph = self.session.graph
        for action in self.step.run:
            if action.do == "train":
                Run(self.session).train(max_steps=action.args["steps"])
        self.trace = self.session.trace()

    def tensor(self, of: str, quantity: str = "value") -> torch.Tensor:
        """The number of a node, wire or parameter, by the name lessons give it."""
        item, trace = resolve(self.graph, of), self.trace
        if quantity == "value":
            key = self.graph.edges[item.id].source if item.kind == "edge" else item.key
            tensor: Any = (trace.parameters if item.kind == "parameter" else trace.values)[key]
        elif item.kind == "edge":
            tensor = trace.edge_gradients[item.id]
        else:
            tensor = (trace.parameter_gradients if item.kind == "parameter" else trace.gradients)[item.key]
        assert not isinstance(tensor, Absent), f"{of} has no {quantity}: {tensor.reason}"
        return tensor

    def value(self, of: str) -> Any:
        """A float, or an array."""
        return _plain(self.tensor(of))

    def gradient(self, of: str) -> Any:
        """A float, or an array."""
        return _plain(self.tensor(of, "gradient"))

    def answer(self, question: LessonQuestion) -> float:
        """The number on the canvas that a question asks for."""
        tensor = self.tensor(question.of, question.quantity)
        return float(tensor[question.index] if question.index else tensor)

    def question(self, number: int) -> LessonQuestion:
        return self.step.ask[number]


@functools.cache
def played(name: str, step: int) -> Played:
    """The same, made once: for tests that look and change nothing."""
    return Played(name, step)


def _plain(tensor: torch.Tensor) -> float | np.ndarray:
    return tensor.numpy() if tensor.ndim else float(tensor)


def asked(name: str) -> list[float]:
    """The right answers of all questions for a number, in order."""
    lesson, _ = open_lesson(name)
    return [q.expected for step in lesson.steps for q in step.ask if q.kind in ("predict", "number") and q.expected is not None]


def close(numbers: Iterable[Any]) -> Any:
    """Equal to the digits that a lesson gives: four, as on the canvas."""
    plain = [number.item() if isinstance(number, torch.Tensor) else float(number) for number in numbers]
    return pytest.approx(plain, rel=1e-4, abs=1e-9)


def texts_of(step: LessonStep) -> str:
    """Everything a step says, in one text."""
    said = [step.title, step.text, step.notes]
    for question in step.ask:
        said += [question.text, question.answer, question.hint]
        said += [part for option in question.options for part in (option.text, option.feedback)]
    return "\n".join(said)


def says(name: str, *figures: str) -> bool:
    """Whether the lesson mentions every one of these figures, written as it writes them."""
    lesson, _ = open_lesson(name)
    whole = "\n".join(texts_of(step) for step in lesson.steps)
    missing = [figure for figure in figures if figure not in whole]
    assert not missing, f"{name} does not mention {missing}"
    return True
