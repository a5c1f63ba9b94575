"""One of several objectives of a document, and the setting that lists them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from graph.text.messages import _

SETTING: Final = "objectives"
TURNS: Final = "turns"
"""The setting that says whether objectives take turns (`alternating`) or are all differentiated at the same point (`together`)."""
LARGEST_TURN: Final = 1000
MOST: Final = 16
Direction = Literal["minimise", "maximise"]


@dataclass(frozen=True, slots=True)
class Goal:
    """One of several objectives: an output, and the learned parameters that its steps change.

    `parameters` are ids of nodes and groups; a group stands for all nodes inside it. `steps` is how many steps it makes at a turn, and
    `rate` its own learning rate; None: that of the training settings.
    """

    node: str
    port: str
    parameters: tuple[str, ...] = ()
    direction: Direction = "minimise"
    steps: int = 1
    rate: float | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.node, self.port

    @property
    def maximised(self) -> bool:
        return self.direction == "maximise"

    def to_json(self) -> dict[str, Any]:
        row: dict[str, Any] = {
            "node": self.node, "port": self.port, "parameters": list(self.parameters), "direction": self.direction,
        }  # fmt: skip
        if self.steps != 1:
            row["steps"] = self.steps
        if self.rate is not None:
            row["rate"] = self.rate
        return row


def written(goals: Iterable[Goal]) -> list[dict[str, Any]]:
    """What the setting holds for these objectives."""
    return [goal.to_json() for goal in goals]


def listed_goals(settings: Mapping[str, Any]) -> tuple[Goal, ...]:
    """All entries of the setting, those whose node is gone among them."""
    rows = settings.get(SETTING)
    return tuple(map(_goal, rows)) if isinstance(rows, (list, tuple)) else ()


def cycle(goals: Sequence[Goal]) -> tuple[int, ...]:
    """Whose turn it is, by number, in each step of a cycle of alternating objectives."""
    return tuple(number for number, goal in enumerate(goals) for _step in range(goal.steps))


def refused(value: Any) -> bool:
    """Whether a value cannot be the setting `objectives`."""
    if value is None:
        return False
    return not isinstance(value, (list, tuple)) or len(value) > MOST or not all(map(_readable, value))


def mark(number: int, goal: Goal) -> str:
    """How an objective is marked on the canvas: ① min, ② max."""
    return f"{circled(number)} {_('max') if goal.maximised else _('min')}"


def circled(number: int) -> str:
    """① for 1, up to ⑯ for 16."""
    return chr(0x2460 + number - 1)


def _goal(row: Mapping[str, Any]) -> Goal:
    rate = row.get("rate")
    return Goal(
        row["node"], row["port"], tuple(row.get("parameters", ())), "maximise" if row.get("direction") == "maximise" else "minimise",
        row.get("steps", 1), None if rate is None else float(rate),
    )  # fmt: skip


def _readable(row: Any) -> bool:
    if not isinstance(row, Mapping) or type(row.get("node")) is not str or type(row.get("port")) is not str:
        return False
    parameters, steps, rate = row.get("parameters", []), row.get("steps", 1), row.get("rate")
    return (
        isinstance(parameters, (list, tuple)) and all(type(name) is str for name in parameters)
        and row.get("direction", "minimise") in ("minimise", "maximise")
        and type(steps) is int and 1 <= steps <= LARGEST_TURN
        and (rate is None or (type(rate) in (int, float) and 0 < rate < float("inf")))
    )  # fmt: skip
