"""What is computed without any complaint and is still not what was meant: shapes fit, and the meaning does not.

Each rule yields problems that say what is wrong, why, and how one click fixes it. None of them stops the graph from running.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from engine.meaning.data_rules import DATA_RULES
from engine.meaning.layer_rules import LAYER_RULES
from engine.meaning.loss_rules import LOSS_RULES
from engine.meaning.network import Network
from graph.model.problem import Problem

if TYPE_CHECKING:
    from engine.compile.feeds import Feeds
    from engine.compile.shapes import Inference
    from graph.model.graph import Graph

RULES: tuple[Callable[[Network], Iterator[Problem]], ...] = (*LOSS_RULES, *LAYER_RULES, *DATA_RULES)


def meanings(graph: Graph, inference: Inference, feeds: Feeds, batch_size: int | None) -> list[Problem]:
    """All that is probably not meant. `batch_size` is None where every step takes the whole training part."""
    network = Network(graph, inference, feeds, batch_size)
    by_nodes: dict[tuple[str, ...], Problem] = {}
    for rule in RULES:
        for problem in rule(network):
            # One mistake, one problem: what an earlier rule reported for the same nodes is not reported again in other words.
            by_nodes.setdefault(problem.nodes, problem)
    return list(by_nodes.values())
