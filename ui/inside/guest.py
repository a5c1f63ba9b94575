"""The graph of an optimizer's step as a document: its numbers follow the run, its edits are the user's. No widgets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.explain.inside import Inside
from engine.explain.inside.difference import Difference
from engine.explain.inside.difference import difference as rules_compared
from engine.explain.inside.rule import problems_of, same_rule, settings_in
from engine.training.optimizers.wired import SETTING
from graph.model.difference import difference
from graph.model.edits import Compound, Edit, SetParam
from graph.model.graph import Graph
from graph.model.problem import Problem
from graph.model.spec import Catalog
from graph.storage.document import Document
from graph.storage.files import loads
from graph.text.messages import _


@dataclass(frozen=True, slots=True)
class Standing:
    """What the graph is now: the rule of the optimizer `key`, or, without one, the user's own; `problems` say why it is no rule.

    `changed` are settings by name that have other values here than in training.
    """

    key: str = ""
    problems: tuple[Problem, ...] = ()
    changed: Mapping[str, float] = field(default_factory=dict)

    @property
    def own(self) -> bool:
        """Whether the rule is none that was shown as it is."""
        return not self.key

    @property
    def edited(self) -> bool:
        """Whether anything would be lost if the graph went."""
        return self.own or bool(self.changed)


class InsideGuest:
    """`inside` is the newest answer of the engine; `key` the optimizer that trains, with its `title`."""

    def __init__(self, inside: Inside, catalog: Catalog) -> None:
        self.inside = inside
        self._catalog = catalog
        graph = loads(inside.text, catalog)
        self.document = Document(graph)
        self.document.adopts_training = True  # it follows the run: that is nothing to save
        self._bases: dict[str, Graph] = {inside.key: graph.copy()}
        self._titles = {inside.key: inside.title}
        self._told = _by_place(inside)
        self._known: tuple[int, Standing] | None = None
        self._nodes = frozenset(graph.nodes)

    @property
    def key(self) -> str:
        return self.inside.key

    @property
    def title(self) -> str:
        """What the optimizer that trains is called."""
        return self.inside.title

    @property
    def standing(self) -> Standing:
        """What the graph is now."""
        revision = self.document.revision
        if self._known is None or self._known[0] != revision:
            self._known = revision, self._look()
        return self._known[1]

    def _look(self) -> Standing:
        graph = self.document.graph
        problems = problems_of(graph)
        if problems:
            return Standing("", problems)
        found = [key for key, base in self._bases.items() if same_rule(graph, base)]
        key = self.key if self.key in found else found[0] if found else ""
        told = settings_in(self._bases[self.key])
        now = settings_in(graph)
        changed = {name: value for name, value in now.items() if name in told and value != told[name]} if key in ("", self.key) else {}
        return Standing(key, (), changed)

    def place(self, edits: tuple[Edit, ...]) -> None:
        """Lay out the rule that was just shown, for the canvas as it is: nobody's edit."""
        if edits:
            self.document.follow(Compound(edits))
            self._bases[self.key] = self.document.graph.copy()

    # numbers

    def follow(self, inside: Inside) -> None:
        """Show the numbers of another step, or of another parameter. Settings that the user has set stay as they are."""
        graph, told = self.document.graph, _by_place(inside)
        edits: list[Edit] = []
        for (node, name), value in told.items():
            known = graph.nodes.get(node)
            if known is None or graph.spec(known).setting(name) is None:
                continue
            now = graph.setting(node, name)
            touched = known.type == SETTING and now != self._told.get((node, name), now)
            if not touched and now != value:
                edits.append(SetParam(node, name, value))
        if inside.key == self.key:
            _set(self._bases[self.key], told)
        self.inside, self._told, self._known = inside, told, None
        if edits:
            self.document.follow(Compound(tuple(edits)))

    def edited(self) -> None:
        """The graph was edited: a given that is there again, after an undo, gets the numbers of the present step."""
        nodes = frozenset(self.document.graph.nodes)
        back, self._nodes = nodes - self._nodes, nodes
        if any(node in back for node, _name in self._told):
            self.follow(self.inside)

    # rules

    def switch(self, inside: Inside) -> Difference:
        """Show the rule of another optimizer by one edit, which undo takes back. Which nodes stay, vanish and appear."""
        graph, new = self.document.graph, loads(inside.text, self._catalog)
        switched = rules_compared(graph, new)
        self._bases[inside.key], self._titles[inside.key] = new.copy(), inside.title
        self.inside, self._told, self._known = inside, _by_place(inside), None
        text = _("Optimizer: {title}").format(title=inside.title)
        self.document.do(difference(graph, new, text), text)
        self.document.seal()
        self._nodes = frozenset(new.nodes)
        return switched

    def adopt(self, inside: Inside) -> None:
        """The rule as it is wired now is what trains from now on."""
        self._bases[inside.key], self._titles[inside.key] = self.document.graph.copy(), inside.title
        self.inside, self._told, self._known = inside, _by_place(inside), None

    def discard(self) -> None:
        """Wire the rule again as training uses it, by one edit."""
        base = self._bases[self.key].copy()
        _set(base, self._told)
        text = _("Discard the changes of the rule")
        self.document.do(difference(self.document.graph, base, text), text)
        self.document.seal()

    def title_of(self, key: str) -> str:
        """What an optimizer that was shown is called."""
        return self._titles.get(key, key)

    def base(self) -> Graph:
        """The rule that trains, as a graph."""
        return self._bases[self.key]


def _by_place(inside: Inside) -> dict[tuple[str, str], Any]:
    return {(node, name): value for node, name, value in inside.values}


def _set(graph: Graph, values: Mapping[tuple[str, str], Any]) -> None:
    """Put these numbers into a graph that no document holds."""
    for (node, name), value in values.items():
        known = graph.nodes.get(node)
        if known is not None and graph.spec(known).setting(name) is not None:
            SetParam(node, name, value).apply(graph)
