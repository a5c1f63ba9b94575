"""Every optimizer there is, found by looking through this package."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

from engine.training import optimizers
from engine.training.optimizers.base import Optimizer, OptimizerError
from graph.text.messages import _
from graph.text.quoting import named


def _declared() -> Iterator[type[Optimizer]]:
    for file in pkgutil.iter_modules(optimizers.__path__):
        module = importlib.import_module(f"{optimizers.__name__}.{file.name}") if file.name != "registry" else None
        for value in vars(module).values() if module is not None else ():
            declares = isinstance(value, type) and issubclass(value, Optimizer) and value.__module__ == f"{optimizers.__name__}.{file.name}"
            if declares and value.__dict__.get("key"):
                yield value


OPTIMIZERS: dict[str, type[Optimizer]] = {rule.key: rule for rule in sorted(_declared(), key=lambda rule: (rule.order, rule.key))}
"""By key, in the order of lists."""


def optimizer(key: str) -> type[Optimizer]:
    """The optimizer of that key. Raises OptimizerError."""
    if key not in OPTIMIZERS:
        raise OptimizerError(_("there is no optimizer called {key}; there are {known}").format(key=named(key), known=", ".join(OPTIMIZERS)))
    return OPTIMIZERS[key]
