"""Buffers computed once from the training part, such as the mean and scale of Standardize."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from engine.compile.environment import Key, Wire, settings_of
from engine.compile.feeds import Feeds
from engine.compile.program import RandomKey, compile
from engine.training.state import State, state_key
from graph.model.problem import Problem

if TYPE_CHECKING:
    from engine.compile.shapes import Inference
    from engine.nodes.base import Settings
    from graph.model.graph import Graph


class FittedBuffers:
    """The nodes of one graph that have fitted buffers, in the order of computation, so that one may feed the next."""

    def __init__(self, graph: Graph, inference: Inference) -> None:
        self._graph, self._inference = graph, inference
        self.nodes = [n for n in inference.order if n in inference.wirings and self._names(n)]
        self.buffers: set[Key] = {(node, name) for node in self.nodes for name in self._names(node)}
        self.sources = inference.ancestors(self.nodes)
        """Nodes whose values the fitted buffers depend on."""

    def _names(self, node: str) -> list[str]:
        return [b.name for b in self._inference.types[self._graph.nodes[node].type].buffers if b.fitted]

    def fit(self, node: str, feeds: Feeds, state: State) -> dict[Key, Tensor]:
        """The fitted buffers of one node; nothing where its data are missing. Raises NodeFailure."""
        graph, inference = self._graph, self._inference
        sources = [leaf.source for leaf in inference.wirings[node].leaves() if isinstance(leaf, Wire)]
        program = compile(graph, inference, training=False, wanted="all", outputs=sources)
        if any(key not in feeds.train and key not in feeds.fixed for key in program.feeds):
            return {}
        parameters = [state.parameters[state_key(key)] for key in program.parameter_keys]
        buffers = [state.buffers[state_key(key)] for key in program.buffer_keys]
        inputs = program.evaluate(feeds.whole(program.feeds, "train"), parameters, buffers, RandomKey())
        fitted = inference.types[graph.nodes[node].type].fit(self._settings(node), *inputs)
        return {(node, name): value for name, value in fitted.items()}

    def warnings(self, node: str, state: State) -> list[Problem]:
        """A message to the user about the fitted buffers of a node."""
        node_type = self._inference.types[self._graph.nodes[node].type]
        fitted = {b.name: state.buffers[state_key((node, b.name))] for b in node_type.buffers}
        name = self._graph.nodes[node].name
        return [Problem("warning", message, (node,), about=name) for message in node_type.warnings(self._settings(node), fitted)]

    def _settings(self, node: str) -> Settings:
        inference = self._inference
        batched = inference.batched.get(node, frozenset())
        return settings_of(self._graph, node, training=False, batched=batched, dtype=inference.dtype)
