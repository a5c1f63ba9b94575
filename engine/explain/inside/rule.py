"""A graph that was edited, as the rule of a custom optimizer; and what can be said about two rules. No torch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from engine.explain.inside import LOSS, SETTING
from engine.training.optimizers.base import OptimizerError
from engine.training.optimizers.custom import CUSTOM, custom, rule_key
from engine.training.optimizers.wired import NUMBERS_SHOWN, RuleError
from graph.model.edits import Compound, Edit, SetTraining
from graph.model.graph import Graph
from graph.model.problem import Problem
from graph.storage.files import dumps
from graph.text.messages import Message, _

KEPT = ("nodes", "edges", "groups", "frames", "notes")
"""What of a document belongs to a rule."""


def rule_of(graph: Graph, title: str, origin: str) -> dict[str, Any]:
    """The value of the training setting `rule`: this graph without the numbers of the step it shows.

    `origin` is the key of the optimizer that was edited. Whether the graph is a rule at all is what `problems_of` says.
    """
    content = json.loads(dumps(graph))
    kept = {name: content[name] for name in KEPT if content.get(name)}
    for row in kept.get("nodes", ()):
        shown = NUMBERS_SHOWN.get(row["type"], ())
        row["params"] = {name: value for name, value in row["params"].items() if name not in shown}
    return {"title": title, "from": origin, "graph": kept}


def problems_of(graph: Graph) -> tuple[Problem, ...]:
    """Why the graph is no update rule, each with the nodes it is about; empty where it is one."""
    try:
        custom(rule_of(graph, "", ""))
    except RuleError as wrong:
        return tuple(Problem("error", Message("rule-refused", "{reason}", reason=text), nodes) for text, nodes in wrong.complaints)
    except OptimizerError as wrong:
        return (Problem("error", Message("rule-refused", "{reason}", reason=str(wrong))),)
    return ()


def same_rule(one: Graph, other: Graph) -> bool:
    """Whether two graphs make the same steps under the same settings, node by node. Places and the numbers shown do not count."""
    return _computing(one) == _computing(other)


def _computing(graph: Graph) -> str:
    rule = rule_of(graph, "", "")
    for row in rule["graph"].get("nodes", ()):
        if row["type"] == SETTING:
            row["params"].pop("value", None)
    return rule_key(rule)


def settings_in(graph: Graph) -> dict[str, float]:
    """The optimizer's settings as the graph has them now, by their names in the training settings."""
    rows = [node for node in graph.nodes.values() if node.type == SETTING]
    values = {str(graph.setting(node.id, "setting") or node.name): graph.setting(node.id, "value") for node in rows}
    return {name: float(value) for name, value in values.items() if isinstance(value, int | float)}


def train_with(graph: Graph, title: str, origin: str) -> Edit:
    """The edit to a document after which it trains with this rule."""
    rule = rule_of(graph, title, origin)
    edits = SetTraining("rule", rule), SetTraining("optimizer", CUSTOM), SetTraining("hyper", settings_in(graph))
    return Compound(edits, _("Train with {title}").format(title=title))


def origin_of(rule: Mapping[str, Any]) -> str:
    """The key of the optimizer that a rule was made of."""
    return str(rule.get("from") or "")


def without_loss(graph: Graph) -> list[str]:
    """The nodes that compute the step, in order."""
    return [node for node in graph.order() if graph.nodes[node].type != LOSS]
