"""The optimizers of several objectives, as one: each makes its own step, with its own memory, on the parameters that it moves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from engine.training.optimizers.base import Optimizer
from graph.model.goal import Goal
from graph.text.messages import _


class Several(Optimizer):
    """One optimizer for each objective. `step` takes the gradients of all, one objective's after the other's; None: it is not its turn.

    A maximised objective is ascended: its optimizer is given −g. An objective's own rate is the base of its schedule.
    What a second objective remembers of a parameter that an earlier one moves too is named `m.<parameter>@2`; its counts are `t@2`.
    """

    def __init__(self, inners: Sequence[Optimizer], goals: Sequence[Goal], hyper: Mapping[str, Any], rate: float) -> None:
        """`hyper` are the settings of the run, `rate` is its present learning rate."""
        self.inners, self.goals, self.base = list(inners), list(goals), float(hyper["lr"])
        self.parameters = [p for inner in inners for p in inner.parameters]
        self.hyper = {**inners[0].hyper, "lr": rate}
        self._newest = inners[0]
        ends = [sum(len(inner.parameters) for inner in inners[: n + 1]) for n in range(len(inners))]
        self._spans = [slice(end - len(inner.parameters), end) for end, inner in zip(ends, inners, strict=True)]

    @property
    def undecayed(self) -> frozenset[int]:  # type: ignore[override]
        pairs = zip(self.inners, self._spans, strict=True)
        return frozenset(span.start + i for inner, span in pairs for i in inner.undecayed)

    def inner_of(self, places: Sequence[int]) -> tuple[Optimizer, int] | None:
        """The optimizer that moves the parameters at all these places, and the place of its first one; None where there are several."""
        for inner, span in zip(self.inners, self._spans, strict=True):
            if all(span.start <= place < span.stop for place in places):
                return inner, span.start
        return None

    @property
    def t(self) -> int:  # type: ignore[override]
        return self._newest.t

    @property
    def updated(self) -> bool:  # type: ignore[override]
        return self._newest.updated

    def set_hyper(self, hyper: Mapping[str, Any]) -> None:
        self.base, self.hyper = float(hyper["lr"]), dict(hyper)
        for inner, goal in zip(self.inners, self.goals, strict=True):
            inner.set_hyper(hyper if goal.rate is None else {**hyper, "lr": goal.rate})

    def set_rate(self, rate: float) -> None:
        self.hyper["lr"] = rate
        for inner, goal in zip(self.inners, self.goals, strict=True):
            inner.set_rate(own_rate(goal, rate, self.base))

    def schedule(self, scheduled: bool) -> None:
        for inner in self.inners:
            inner.schedule(scheduled)

    @property
    def random(self) -> bool:  # type: ignore[override]
        return any(inner.random for inner in self.inners)

    def set_random(self, key: Callable[[str], Any]) -> None:
        for inner in self.inners:
            inner.set_random(key)

    @property
    def shared(self) -> list[dict[str, Any]]:  # type: ignore[override]
        return [own for inner in self.inners for own in inner.shared]

    def step(self, gradients: list[Any]) -> None:
        for inner, goal, span in zip(self.inners, self.goals, self._spans, strict=True):
            own = gradients[span]
            if own[0] is None:
                continue
            inner.step(list(torch._foreach_neg(own)) if goal.maximised else own)
            self._newest = inner

    @property
    def is_ahead(self) -> bool:  # type: ignore[override]
        return any(inner.is_ahead for inner in self.inners)

    def ahead_point(self) -> list[Tensor] | None:
        if not self.is_ahead:
            return None
        return [tensor for inner in self.inners for tensor in inner.ahead_point() or inner.parameters]

    def gradients_used(self, gradients: list[Any]) -> list[Any]:
        used: list[Any] = []
        for inner, goal, span in zip(self.inners, self.goals, self._spans, strict=True):
            own = gradients[span]
            if own[0] is None:
                used += own
            elif goal.maximised:
                used += inner.gradients_used(list(torch._foreach_neg(own)))
            else:
                used += inner.gradients_used(own)
        return used

    def added_of(self, turn: int | None) -> tuple[int, int] | None:
        """`added` of the objective whose turn it is."""
        return self.inners[turn or 0].added

    @property
    def settings_used(self) -> Mapping[str, Any]:
        return self._newest.settings_used

    def step_note(self, before: Mapping[str, Tensor], after: Mapping[str, Tensor]) -> str:
        goal = self.goals[self.inners.index(self._newest)]
        own = _("This objective is maximised: g is the gradient with the opposite sign.") if goal.maximised else ""
        return f"{own} {self._newest.step_note(before, after)}".strip()

    def memory(self, names: Sequence[str]) -> dict[str, Tensor]:
        return self._gathered([inner.memory(own) for inner, own in zip(self.inners, self._named(names), strict=True)])

    def state_dict(self, names: Sequence[str]) -> dict[str, Tensor]:
        return self._gathered([inner.state_dict(own) for inner, own in zip(self.inners, self._named(names), strict=True)])

    def load_state_dict(self, names: Sequence[str], captured: Mapping[str, Tensor]) -> None:
        for number, (inner, own) in enumerate(zip(self.inners, self._named(names), strict=True), 1):
            ending = f"@{number}"
            counts = {name.removesuffix(ending): t for name, t in captured.items() if "." not in name and name.endswith(ending)}
            if number == 1:
                counts = {name: t for name, t in captured.items() if "." not in name and "@" not in name}
            inner.load_state_dict(own, {name: t for name, t in captured.items() if "." in name} | counts)

    def _named(self, names: Sequence[str]) -> list[list[str]]:
        """The names of each objective's parameters: another name for one that an earlier objective moves too."""
        seen: set[str] = set()
        named = []
        for number, span in enumerate(self._spans, 1):
            own = [f"{name}@{number}" if name in seen else name for name in names[span]]
            seen |= set(names[span])
            named.append(own)
        return named

    @staticmethod
    def _gathered(parts: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
        return {
            name if number == 1 or "." in name else f"{name}@{number}": tensor
            for number, part in enumerate(parts, 1)
            for name, tensor in part.items()
        }


def own_rate(goal: Goal, rate: float, base: float) -> float:
    """An objective's learning rate where the run's is `rate` and begins with `base`."""
    return rate if goal.rate is None else goal.rate if rate == base else goal.rate * (rate / base)
