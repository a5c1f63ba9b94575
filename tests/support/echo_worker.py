"""A worker without torch, for tests of the process and the protocol: it answers with what it was told."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from engine.compile.spot import Spot
from engine.compile.views import ArrayView, PassEvent, TraceView
from engine.compile.visible import Hidden
from engine.explain.question import Question
from engine.kernel.protocol import Command, Pause, Phase, Progress, Reset, Resume, Start, StepOnce, TrainedEdit
from engine.nodes.catalog import CATALOG
from engine.training.curve import Point
from graph.model.address import Address
from graph.model.edits import edit_from_json
from graph.storage.files import dumps, loads
from graph.storage.saved import SavedState
from graph.storage.saved_run import SavedRun


def view(value: float) -> ArrayView:
    return ArrayView((), "float64", np.array(value))


class Hang(StepOnce):
    """A step that takes for ever."""


class EchoWorker:
    """Every Input's `value` is its trace; training counts steps. A node named `die` kills the process, `raise` raises."""

    def __init__(self) -> None:
        self.training = False
        self.step = 0
        self.run = self.spare = 0
        self._values: dict[str, float] = {}
        self._points: list[Point] = []
        self._events: tuple[PassEvent, ...] = ()
        self._pieces = 2

    def open(self, text: str, fresh: int | None, moves: Sequence[Any], attachments: Mapping[str, bytes], folder: str = "") -> None:
        if fresh is not None:
            self.training, self.step, self.run = False, 0, fresh
            self._points.clear()
        self._graph = loads(text, CATALOG, own=True)
        self._take(json.loads(text)["nodes"])

    def restructure(self, edits: Sequence[dict[str, Any]], moves: Sequence[Any], attachments: Mapping[str, bytes], folder: str) -> None:
        for edit in edits:
            edit_from_json(edit).apply(self._graph)
        self._take(json.loads(dumps(self._graph))["nodes"])

    def _take(self, nodes: Sequence[dict[str, Any]]) -> None:
        self._values = {n["id"]: n.get("params", {}).get("value", 0.0) for n in nodes}
        self._events = tuple(PassEvent("forward", n["id"], ()) for n in nodes)
        names = {n["name"] for n in nodes}
        if "die" in names:
            os.kill(os.getpid(), 9)
        if "raise" in names:
            raise ValueError("nothing can be done with this")

    def look_at(self, spot: Spot | None, goal: int | None) -> bool:
        return False

    def edit(self, edits: Sequence[dict[str, Any]]) -> None:
        for edit in edits:
            if edit["node"] not in self._values:
                raise KeyError(edit["node"])
            edit_from_json(edit).apply(self._graph)
            self._values[edit["node"]] = edit["value"]

    def command(self, command: Command) -> bool:
        match command:
            case Hang():
                while True:
                    time.sleep(0.01)
            case Start():
                self.training = True
            case Pause():
                self.training = False
            case StepOnce():
                self.step += 1
            case Reset(successor=successor):
                self.training, self.step, self.run = False, 0, successor
                self._points.clear()
            case Resume(state=state):
                self.step = state.step
        return True

    def runs(self) -> tuple[SavedRun, ...]:
        return ()

    def fail(self, text: str) -> None:
        self.training = False

    @property
    def wait(self) -> float:
        return 0.0

    def run_slice(self, seconds: float, go_on: Callable[[], bool] | None = None) -> None:
        time.sleep(seconds)
        self.step += 1
        self._points.append(Point(self.step, loss=1 / self.step))

    def trace(self) -> TraceView:
        mode: Literal["training", "paused"] = "training" if self.training else "paused"
        values = {(k, "y"): view(v) for k, v in self._values.items()}
        return TraceView(values=values, events=self._events, mode=mode, step=self.step)

    def progress(self, points_known: Mapping[int, int]) -> Progress:
        known = points_known.get(self.run, 0)
        phase: Phase = "training" if self.training else "paused" if self.step else "idle"
        return Progress(phase, self.run, self.step, points=tuple(self._points[known:]), first_point=known)

    def state(self) -> SavedState:
        return SavedState(self.step)

    def is_own(self) -> bool:
        return True

    def curve(self) -> None:
        return None

    def kept(self) -> TrainedEdit:
        return TrainedEdit({"edit": "SetParam", "node": "n1", "name": "value", "value": self._values["n1"] + 1}, {"tensors/a": b"abc"})

    def array(self, address: Address) -> np.ndarray | None:
        return np.arange(1_000_000, dtype=float).reshape(1000, 1000) if not address.gradient else None

    def answers(self, questions: Sequence[Question], hidden: Hidden) -> dict[Question, Any]:
        return {question: repr(question) for question in questions}

    def context(self) -> EchoWorker:
        return self

    def covered(self, answer: Any, hidden: Hidden) -> Any:
        return answer

    def warm(self) -> bool:
        self._pieces -= 1
        return self._pieces <= 0
