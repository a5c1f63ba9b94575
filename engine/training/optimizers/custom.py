"""A custom optimizer: an update rule that a person wired, kept as a value in the training settings.

A rule is `{"title": …, "from": the optimizer it was made of, "graph": its nodes and wires}`. Its equations are read off the graph
(`wired.py`), so that everything that follows from equations is there for it too: the step, the formulas, the worked numbers, the class
in exported code.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from engine.nodes.catalog import CATALOG
from engine.training.optimizers.base import Optimizer, OptimizerError
from engine.training.optimizers.wired import NUMBERS_SHOWN, read_rule
from graph.model.build import BuildError, build
from graph.model.graph import Graph
from graph.model.spec import Catalog
from graph.text.messages import _

CUSTOM = "custom"
"""The key of the optimizer whose rule the training settings hold."""
CLASS = "CustomOptimizer"
"""The name of its class in exported code."""
_classes: dict[str, type[Optimizer]] = {}
"""The optimizers made so far, by what decides their steps. Runs compare optimizers by their class, so each is kept."""
_last: tuple[Mapping[str, Any], type[Optimizer], type[Optimizer]] | None = None
"""The rule that was asked about last, itself, with its answer: the window asks about the document's again and again."""


class CustomOptimizer(Optimizer):
    """The base of all optimizers that people wired. It has no fast step: it follows its equations."""

    rule: ClassVar[Mapping[str, Any]] = {}
    """What the training settings hold."""
    state_nodes: ClassVar[Mapping[str, str]] = {}
    """What the equations call each state, by the node that holds it."""


def custom(rule: Mapping[str, Any], origin: type[Optimizer] = Optimizer) -> type[Optimizer]:
    """The optimizer of a rule; equal rules give the same class. Raises OptimizerError, which names the node that is wrong.

    `origin` is the optimizer that it was made of: the rule is given what that one is given.
    """
    global _last
    if _last is not None and _last[0] is rule and _last[1] is origin:
        return _last[2]
    key = f"{origin.key} {rule_key(rule)}"
    known = _classes.get(key)
    if known is None:
        known = _classes[key] = _declare(rule, origin)
    _last = rule, origin, known
    return known


def rule_key(rule: Mapping[str, Any]) -> str:
    """What of a rule decides its steps and its name: two rules that differ only in places and in the numbers shown have equal keys.

    Raises OptimizerError where there is no graph.
    """
    content = rule.get("graph")
    if not isinstance(content, Mapping):
        raise OptimizerError(_("the custom optimizer has no update rule: open the inside of an optimizer and edit it"))
    rows, wires = _rows(content, "nodes"), _rows(content, "edges")
    nodes = [[row.get("id"), row.get("type"), row.get("name"), _lasting(row), bool(row.get("bypassed"))] for row in rows]
    edges = [[row.get("from"), row.get("to")] for row in wires]
    return json.dumps([rule.get("title"), nodes, edges], sort_keys=True)


def _rows(content: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """The entries of a list in a file, which can hold anything."""
    held = content.get(name)
    return [row for row in held if isinstance(row, Mapping)] if isinstance(held, list | tuple) else []


def rule_graph(spec: type[Optimizer], catalog: Catalog) -> Graph | None:
    """The graph that a custom optimizer was wired as; None for all others."""
    return _graph(spec.rule, catalog) if issubclass(spec, CustomOptimizer) else None


def _lasting(row: Mapping[str, Any]) -> dict[str, Any]:
    """A node's settings without the numbers of the step that was shown."""
    params, shown = row.get("params"), NUMBERS_SHOWN.get(str(row.get("type")), ())
    return {name: value for name, value in params.items() if name not in shown} if isinstance(params, Mapping) else {}


def _graph(rule: Mapping[str, Any], catalog: Catalog) -> Graph:
    try:
        return build(dict(rule["graph"]), catalog)
    except BuildError as problem:
        raise OptimizerError(_("the update rule cannot be read: {problem}").format(problem=problem)) from None


def _declare(rule: Mapping[str, Any], origin: type[Optimizer]) -> type[Optimizer]:
    known = {given.name: given.single for given in origin.gives} | {name: True for name in origin.fact_names()}
    wired = read_rule(_graph(rule, CATALOG), known)
    title = str(rule.get("title") or _("Custom"))
    content = {
        "key": CUSTOM, "title": title, "doc": _("An update rule that you wired."), "rule": rule, "settings": wired.settings,
        "state_variables": wired.states, "equations": wired.equations, "letters": wired.letters, "elementwise": wired.elementwise,
        "state_nodes": wired.state_nodes,
        "__module__": __name__,
    }  # fmt: skip
    if wired.given:
        content |= {"gives": origin.gives, "random": origin.random, "fact_code": origin.fact_code}
        content |= {name: classmethod(getattr(origin, name).__func__) for name in ("given", "facts")}
    return type(CLASS, (CustomOptimizer,), content)
