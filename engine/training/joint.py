"""The programs of several objectives, as one program to a training run: whose turn a step is, and all gradients of that step."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from engine.compile.environment import Key
from engine.compile.program import NodeFailure, Program, ProgramError, Random, compile
from engine.compile.shapes import Inference
from engine.training.workers.shard import chosen_of
from graph.model.goal import Goal, cycle
from graph.model.problem import Problem
from graph.model.several_objectives import goals_of, moved, together
from graph.text.messages import Message

if TYPE_CHECKING:
    from graph.model.graph import Graph

Step = Callable[..., tuple[Tensor, list[Any], list[Tensor]]]
Beside = list[tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class Member:
    """One objective: its program, and where that program's feeds, parameters and buffers are among those of all.

    `places` are the numbers of the objectives whose values its step gives after its own.
    """

    goal: Goal
    program: Program
    feeds: tuple[int, ...]
    parameters: tuple[int, ...]
    buffers: tuple[int, ...]
    places: tuple[int, ...]


class JointProgram(Program):
    """Several objectives that take turns, or are all differentiated at the same point.

    The gradients of a step are those of the first objective's parameters, then of the second's, and so on; those of an objective whose turn
    it is not are None, as `grad` is in PyTorch. The value of a step is the first objective's. Whose turn it is follows from the step
    (`RandomKey.step`) alone.
    """

    def __init__(self, graph: Graph, programs: Sequence[Program], goals: Sequence[Goal], at_once: bool) -> None:
        first = programs[0]
        self.plan, self.method, self.objective, self.objective_note = first.plan, first.method, first.objective, ""
        self.problems, self.names, self.watched = first.problems, first.names, False
        self.outputs = list(first.outputs)
        self.feeds, self.parameter_keys, self.buffer_keys = (
            list(dict.fromkeys(key for program in programs for key in getattr(program, name)))
            for name in ("feeds", "parameter_keys", "buffer_keys")
        )
        keys = [goal.key for goal in goals]
        self.members = tuple(
            Member(
                goal, program,
                tuple(self.feeds.index(key) for key in program.feeds),
                tuple(self.parameter_keys.index(key) for key in program.parameter_keys),
                tuple(self.buffer_keys.index(key) for key in program.buffer_keys),
                tuple(_places(keys, number, program)),
            )
            for number, (goal, program) in enumerate(zip(goals, programs, strict=True))
        )  # fmt: skip
        self.trainable_keys = [key for program in programs for key in program.trainable_keys]
        self.trainable = [self.parameter_keys.index(key) for key in self.trainable_keys]
        self.at_once = at_once
        self.cycle = cycle(goals)
        self._graph = graph

    @property
    def size(self) -> int:
        return sum(member.program.size for member in self.members)

    @property
    def keyed(self) -> bool:
        return True

    def turn(self, step: int) -> int | None:
        """The number of the objective whose turn a step is; None where a step is all of them."""
        return None if self.at_once else self.cycle[step % len(self.cycle)]

    def spans(self) -> Iterator[tuple[Member, slice]]:
        """Every objective with the places of its gradients."""
        start = 0
        for member in self.members:
            end = start + len(member.program.trainable)
            yield member, slice(start, end)
            start = end

    def training_step(self, beside: Beside, stepper: Callable[[Program], Step] | None = None) -> Step:
        """The step of a run. A step whose objectives are not all finite has the first that is not as its value."""
        steps = [member.program.training_step([], stepper) for member in self.members]
        spans = [span for _member, span in self.spans()]
        count, members = len(self.trainable), self.members

        def step(feeds: Sequence[Tensor], parameters: Sequence[Tensor], buffers: Sequence[Tensor], key: Any) -> Any:
            turn = self.turn(key.step)
            chosen = range(len(members)) if turn is None else (turn,)
            gradients: list[Any] = [None] * count
            new = list(buffers)
            values: dict[int, Tensor] = {}
            taken: set[int] = set()
            for number in chosen:
                member = members[number]
                result = steps[number](
                    chosen_of(feeds, member.feeds), [parameters[i] for i in member.parameters], [buffers[i] for i in member.buffers], key
                )
                gradients[spans[number]] = result[1]
                values |= zip(member.places, (result[0], *(result[3] if len(result) > 3 else ())), strict=True)
                for place, buffer in zip(member.buffers, result[2], strict=True):
                    if place not in taken and buffer is not buffers[place]:
                        new[place] = buffer
                        taken.add(place)
            numbers = [values[number].item() for number in range(len(members))]
            beside.append(tuple(numbers[1:]))
            broken = next((number for number, value in enumerate(numbers) if not math.isfinite(value)), 0)
            return values[broken].detach().reshape(()), gradients, new

        return step

    def stepper(self) -> Step:
        return self.training_step([])

    def unwatched_stepper(self) -> Step:
        return self.stepper()

    def step(self, feeds: Sequence[Tensor], parameters: Sequence[Tensor], buffers: Sequence[Tensor], random: Random) -> Any:
        try:
            with torch.no_grad():
                return self.stepper()(feeds, parameters, buffers, random)
        except (RuntimeError, ValueError, IndexError, TypeError) as error:
            raise self.failure(error) from error

    def update(self, graph: Graph, inference: Inference) -> bool:
        """Returns False if the change requires recompilation."""
        updated = all(member.program.update(graph, inference) for member in self.members)
        self.names = {node: n.name for node, n in graph.nodes.items()}
        return updated

    def failure(self, error: BaseException) -> NodeFailure:
        failures = [member.program.failure(error) for member in self.members]
        return next((failure for failure in failures if failure.node is not None), failures[0])


def _places(keys: Sequence[Key], number: int, program: Program) -> Iterator[int]:
    """The numbers of the objectives whose values a program's step gives, its own first; several can share an output."""
    yield number
    yield from (place for place in range(len(keys)) if place != number)


def joint_program(graph: Graph, inference: Inference) -> JointProgram | None:
    """The programs of a document's several objectives; None where it has one. Raises ProgramError."""
    goals = goals_of(graph)
    if not goals:
        return None
    for goal in goals:  # each alone first: what is wrong with it has words of its own
        compile(graph, inference, training=True, objective=goal.key, moves=moved(graph, goal))
    programs = [
        compile(
            graph, inference, training=True, objective=goal.key, moves=moved(graph, goal),
            also=[other.key for other in goals if other is not goal],
        )
        for goal in goals
    ]  # fmt: skip
    idle = [_moves_nothing(graph, number, goal) for number, (goal, p) in enumerate(zip(goals, programs, strict=True), 1) if not p.trainable]
    if idle:
        raise ProgramError(idle)
    return JointProgram(graph, programs, goals, together(graph))


def _moves_nothing(graph: Graph, number: int, goal: Goal) -> Problem:
    nothing = Message(
        "objective-trains-nothing",
        "Objective {number} ({name}) depends on none of the parameters that it moves, so its steps change nothing.",
        number=number, name=graph.nodes[goal.node].name,
    )  # fmt: skip
    return Problem("error", nothing, (goal.node,))
