"""How a schedule is written in one line: `cosine`, `step:30:0.1`, `warmup:100+one_cycle:rising=0.2`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.training.schedules.base import ScheduleError
from engine.training.schedules.registry import schedule
from graph.formula.numbers import read_number
from graph.model.settings import complaint
from graph.model.spec import Setting
from graph.text.messages import _
from graph.text.quoting import quoted

WARMUP = "warmup"
ALIASES = {"onecycle": "one_cycle", "1cycle": "one_cycle", "1/t": "inverse_time", "sqrt": "inverse_sqrt", "exp": "exponential"}


def read_schedule(text: str) -> dict[str, Any]:
    """The training settings that a spelling stands for. Raises ScheduleError."""
    warmup, kind, hyper, said = 0, "constant", {}, set[str]()
    for part in filter(None, (part.strip() for part in text.split("+"))):
        name, *numbers = (word.strip() for word in part.split(":"))
        name = name.lower().replace("-", "_")
        what = WARMUP if name == WARMUP else "schedule"
        if what in said:
            raise ScheduleError(_("{text} holds two of a kind: write one warm-up and one schedule").format(text=quoted(text)))
        said.add(what)
        if name == WARMUP:
            warmup = _whole(numbers[0] if len(numbers) == 1 else "", part)
            continue
        kind = ALIASES.get(name, name)
        hyper = _values(kind, numbers, part)
    return {"lr_schedule": kind, "lr_schedule_hyper": hyper, "warmup": warmup}


def spelled(training: Mapping[str, Any]) -> str:
    """The spelling of a document's schedule, as `read_schedule` reads it; empty for a constant rate."""
    kind, hyper = str(training.get("lr_schedule") or "constant"), training.get("lr_schedule_hyper") or {}
    words = [kind, *(f"{name}={value}".replace("e+", "e") for name, value in hyper.items() if value is not None)]
    parts = [f"{WARMUP}:{training['warmup']}"] if training.get("warmup") else []
    parts += [":".join(words)] if kind != "constant" else []
    return "+".join(parts)


def _values(kind: str, words: list[str], part: str) -> dict[str, Any]:
    """Settings by name (`factor=0.5`) or in their order; `steps` or `epochs` says what t counts."""
    spec = schedule(kind)
    waiting = [setting for setting in spec.settings if setting.name != "unit"]
    values: dict[str, Any] = {}
    for word in words:
        name, equals, value = (half.strip() for half in word.partition("="))
        counted = spec.setting("unit")
        if counted is not None and word in counted.choices:
            values["unit"] = word
            continue
        setting = spec.setting(name) if equals else next((s for s in waiting if s.name not in values), None)
        if setting is None:
            known = ", ".join(s.name for s in spec.settings) or _("none")
            text = _("{part} is no schedule: {name} has the settings {known}")
            raise ScheduleError(text.format(part=quoted(part), name=kind, known=known))
        values[setting.name] = _read(setting, value if equals else word)
    return values


def _read(setting: Setting, text: str) -> Any:
    if setting.kind == "choice":
        value: Any = text
    else:
        reading = read_number(text, whole=setting.kind == "int")
        if reading.value is None:
            raise ScheduleError(f"{setting.name}: {reading.refusal}")
        value = int(reading.value) if setting.kind == "int" else float(reading.value)
    if wrong := complaint(setting, value):
        raise ScheduleError(wrong)
    return value


def _whole(text: str, part: str) -> int:
    reading = read_number(text, whole=True)
    if reading.value is None or reading.value < 1:
        raise ScheduleError(_("{part} is no warm-up: write warmup:N, with the number of steps").format(part=quoted(part)))
    return int(reading.value)


