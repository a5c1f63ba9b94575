"""A graph that was edited, as the rule of a custom optimizer; and what can be said about two rules. No torch."""

from __future__ import annotations

import json
from typing import Any

from engine.training.optimizers.base import OptimizerError
from engine.training.optimizers.custom import CUSTOM, rule_key
from engine.training.optimizers.registry import declared
from engine.training.optimizers.wired import NEXT, NUMBERS_SHOWN, SETTING, STATE, RuleError, has_own_name
from graph.formula.latex import display_name
from graph.model.edits import Compound, Edit, SetTraining
from graph.model.graph import Graph
from graph.model.problem import Problem
from graph.storage.files import dumps
from graph.text.messages import Message, _

KEPT = ("nodes", "edges", "groups", "frames", "notes")
"""What of a document belongs to a rule."""
PARTS = 3
"""More changes than this are not told one by one in a title."""


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


def problems_of(graph: Graph, origin: str = "") -> tuple[Problem, ...]:
    """Why the graph is no update rule, each with the nodes it is about; empty where it is one. `origin`: see `rule_of`."""
    try:
        declared({"optimizer": CUSTOM, "rule": rule_of(graph, "", origin)})
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


def title_of(graph: Graph, base: Graph, title: str) -> str:
    """What the rule of an edited graph is called: by what it has no more, and what it has beside, of the optimizer of that `title`."""
    before, after = _computed(base), _computed(graph)
    lost = [name for name in before if name not in after and has_own_name(base, before[name])]
    new = [graph.nodes[node] for name, node in after.items() if name not in before]
    texts: list[str] = []
    if {"m_hat", "r_hat"} <= {*lost}:
        texts.append(_("without bias correction"))
        lost = [name for name in lost if name not in ("m_hat", "r_hat")]
    texts += [_("without {name}").format(name=display_name(name)) for name in lost]
    kinds = dict.fromkeys(graph.spec(node).title.lower() for node in new if graph.spec(node).role == "op" and node.type != NEXT)
    states = [_("the state {name}").format(name=display_name(node.name)) for node in new if node.type == STATE]
    texts += [_("with {what}").format(what=what) for what in (*states, *kinds)]
    if not texts or len(texts) > PARTS:
        return _("{optimizer}, rewired").format(optimizer=title)
    return f"{title} {' '.join(texts)}"


def _computed(graph: Graph) -> dict[str, str]:
    """The nodes on which the step depends, ids by name."""
    waiting = [node.id for node in graph.nodes.values() if node.type == NEXT]
    found: set[str] = set()
    while waiting:
        node = waiting.pop()
        if node not in found and not graph.nodes[node].bypassed:
            found.add(node)
        waiting += [other for other in graph.predecessors(node) if other not in found]
    return {graph.nodes[node].name: node for node in graph.nodes if node in found}
