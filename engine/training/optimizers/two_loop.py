"""The two loops of L-BFGS: −H·g from the last pairs s, y, without the matrix H."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from engine.numerics.lazy import torch
from engine.training.optimizers.bfgs import CURVED, SKIPPED
from engine.training.optimizers.searches import Line, Search
from engine.training.optimizers.searching import Objective, Searching, search_settings
from graph.model.spec import Setting

if TYPE_CHECKING:
    from torch import Tensor

PAIR = "lbfgs.{letter}.{i}"


class TwoLoop(Searching):
    """One iteration a step (Nocedal and Wright 2006, algorithms 7.4 and 7.5). `pairs` are the last s = θ⁺ − θ and y = g⁺ − g."""

    title = "L-BFGS"
    settings = (Setting("history_size", "int", 10, 1, 100), *search_settings("wolfe", 0.9))

    def __init__(self, hyper: Mapping[str, object], parameters: Sequence[Tensor]) -> None:
        self.pairs: list[tuple[Tensor, Tensor]] = []
        super().__init__(hyper, parameters)

    def direction(self, objective: Objective, gradient: Tensor) -> Tensor:
        row, back = -gradient, []
        for s, y in reversed(self.pairs):
            share = float(torch.dot(s, row)) / float(torch.dot(y, s))
            back.append(share)
            row = row - share * y
        if self.pairs:
            s, y = self.pairs[-1]
            row = row * (float(torch.dot(y, s)) / float(torch.dot(y, y)))
        for (s, y), share in zip(self.pairs, reversed(back), strict=True):
            row = row + (share - float(torch.dot(y, row)) / float(torch.dot(y, s))) * s
        return row

    def first_trial(self, line: Line) -> float:
        return self.lr if self.pairs else self.short_trial(line)

    def learn(self, step: Tensor, change: Tensor, gradient: Tensor, search: Search) -> None:
        if not float(torch.dot(step, change)) > CURVED * float(step.norm()) * float(change.norm()):
            self.notes.append(SKIPPED)
            return
        self.pairs = [*self.pairs, (step, change)][-int(self.hyper["history_size"]) :]

    def restart(self) -> None:
        self.pairs = []

    def memory(self, names: Sequence[str]) -> dict[str, Tensor]:
        tensors = ((letter, i, row) for i, pair in enumerate(self.pairs) for letter, row in zip("sy", pair, strict=True))
        return {PAIR.format(letter=letter, i=i): row for letter, i, row in tensors}

    def load_state_dict(self, names: Sequence[str], captured: Mapping[str, Tensor]) -> None:
        super().load_state_dict(names, captured)
        self.pairs = []
        while all(PAIR.format(letter=letter, i=len(self.pairs)) in captured for letter in "sy"):
            s, y = (captured[PAIR.format(letter=letter, i=len(self.pairs))].clone() for letter in "sy")
            if s.shape != (self.size,) or y.shape != s.shape:
                self.pairs = []
                return
            self.pairs.append((s, y))
