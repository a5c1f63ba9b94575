"""Every optimizer there is, found by looking through this package."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from typing import Any

from engine.training import optimizers
from engine.training.optimizers.base import FAMILIES, Optimizer, OptimizerError
from engine.training.optimizers.custom import CUSTOM, custom
from graph.model.edits import Compound, Edit, SetTraining
from graph.text.messages import _, translated
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


def declared(training: Mapping[str, Any]) -> type[Optimizer]:
    """The optimizer that training settings name; the custom one is built from their `rule`. Equal rules give the same class.

    Raises OptimizerError.
    """
    key = str(training.get("optimizer", "sgd"))
    if key != CUSTOM:
        return optimizer(key)
    rule = training.get("rule") or {}
    return custom(rule, OPTIMIZERS.get(str(rule.get("from")), Optimizer))


def declared_or_none(training: Mapping[str, Any]) -> type[Optimizer] | None:
    """The optimizer that training settings name; None where there is no such optimizer, or its rule cannot be used."""
    try:
        return declared(training)
    except OptimizerError:
        return None


def offered(training: Mapping[str, Any]) -> dict[str, type[Optimizer]]:
    """The optimizers to choose from by key: all there are, and the custom one where these settings hold a rule that can be used."""
    own = declared_or_none({**training, "optimizer": CUSTOM}) if training.get("rule") else None
    return OPTIMIZERS if own is None else {**OPTIMIZERS, CUSTOM: own}


def listed(training: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """What a list offers under these settings: short titles by key, family by family, and the heading of each."""
    known = offered(training)
    families = list(FAMILIES)
    ordered = sorted(known, key=lambda key: families.index(known[key].family))
    titles = {key: translated(known[key].short or known[key].title) for key in ordered}
    return titles, {key: FAMILIES[known[key].family] for key in ordered}


def rate_in(spec: type[Optimizer], hyper: Mapping[str, Any]) -> float | None:
    """The learning rate that settings say or that is the optimizer's own; None where it has none, or where it is no number."""
    setting = spec.setting("lr")
    value = hyper.get("lr", setting.default) if setting is not None else None
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def choice(training: Mapping[str, Any], key: str, own: Mapping[str, Any]) -> Edit:
    """The edit of a document with these training settings that chooses another optimizer: with its `own` settings and the present rate."""
    rate = rate_in(declared_or_none(training) or OPTIMIZERS["sgd"], training.get("hyper") or {})
    hyper = with_rate_kept(offered(training)[key], own, rate)
    return Compound((SetTraining("optimizer", key), SetTraining("hyper", hyper)))


def with_rate_kept(spec: type[Optimizer], own: Mapping[str, Any], rate: float | None) -> dict[str, Any]:
    """The settings with which another optimizer is chosen: its `own`, but with the rate that was set before."""
    return dict(own) if rate is None or spec.setting("lr") is None else {**own, "lr": rate}
