"""Every schedule there is, found by looking through this package."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

from engine.training import schedules
from engine.training.schedules.base import Schedule, ScheduleError
from graph.text.messages import _
from graph.text.quoting import named
from graph.text.suggest import did_you_mean


def _declared() -> Iterator[type[Schedule]]:
    for file in pkgutil.iter_modules(schedules.__path__):
        if file.name == "registry":
            continue
        for value in vars(importlib.import_module(f"{schedules.__name__}.{file.name}")).values():
            own = isinstance(value, type) and issubclass(value, Schedule) and value.__module__ == f"{schedules.__name__}.{file.name}"
            if own and value.key:
                yield value


SCHEDULES: dict[str, type[Schedule]] = {rule.key: rule for rule in sorted(_declared(), key=lambda rule: (rule.order, rule.key))}
"""By key, in the order of lists."""


def schedule(key: str) -> type[Schedule]:
    """The schedule of that key. Raises ScheduleError."""
    if key not in SCHEDULES:
        text = _("there is no schedule called {key}.{suggestion} Choose from {known}")
        raise ScheduleError(text.format(key=named(key), suggestion=did_you_mean(key, SCHEDULES), known=", ".join(SCHEDULES)))
    return SCHEDULES[key]
