"""Which class of an exported program contains each node's line: the model's, or one of the classes that groups become."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from graph.model.graph import Graph
from graph.model.group_view import members
from graph.model.topology import topological_order


@dataclass(frozen=True, slots=True)
class CodeLine:
    """One line of a `forward`: the node it computes, or the scope that it calls."""

    of: str | Scope
    code: str = ""
    comment: str = ""

    def written(self) -> tuple[str, str]:
        return self.of.call() if isinstance(self.of, Scope) else (self.code, self.comment)


class Scope:
    """A class: its lines, the variables that its `forward` takes (with what the caller gives for each) and those it returns."""

    def __init__(self, parent: Scope | None = None, attribute: str = "", class_name: str = "Model", title: str = "") -> None:
        self.parent, self.attribute, self.class_name, self.title = parent, attribute, class_name, title
        self.items: list[str | Scope] = []
        self.nodes: set[str] = set()
        self.constructors: list[str] = []
        self.lines: list[CodeLine] = []
        self.inputs: dict[str, str] = {}
        self.outputs: dict[str, None] = {}

    def chain(self) -> Iterator[Scope]:
        """This scope and those around it, the model last."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent

    def path(self) -> str:
        """Prefix of the name of a layer in this scope, seen from the model: `encoder.first.`."""
        return "".join(f"{scope.attribute}." for scope in reversed(list(self.chain())) if scope.parent is not None)

    def within(self) -> Iterator[Scope]:
        """The scopes inside this one, each after those inside it."""
        for item in self.items:
            if isinstance(item, Scope):
                yield from item.within()
                yield item

    def call(self) -> tuple[str, str]:
        """The line in the scope around that runs this one, and no comment."""
        return f"{', '.join(self.outputs)} = self.{self.attribute}({', '.join(self.inputs.values())})", ""


def scopes(
    graph: Graph, nodes: Sequence[str], taken: Collection[str], one_call: Callable[[Collection[str]], bool]
) -> tuple[Scope, dict[str, Scope]]:
    """The model's scope with one inside for each group, and the scope of each node; `nodes` in an order of computation.

    A group that is left and entered again on one way through the graph cannot be one call, and neither can one whose nodes `one_call`
    keeps apart: its content then stands in the scope around.
    """
    root = Scope()
    maker = _Maker(graph, nodes, taken, one_call)
    maker.arrange(root, list(nodes), [group.id for group in graph.groups.values() if group.parent is None])
    return root, maker.home


class _Maker:
    def __init__(self, graph: Graph, nodes: Sequence[str], taken: Collection[str], one_call: Callable[[Collection[str]], bool]) -> None:
        self._graph, self._one_call = graph, one_call
        known = set(nodes)
        self._following = {node: [other for other in graph.successors(node) if other in known] for node in nodes}
        self._attributes, self._classes = set(taken), {"Model", *taken}
        self.home: dict[str, Scope] = {}

    def arrange(self, scope: Scope, nodes: list[str], groups: list[str]) -> None:
        """Fill a scope with its nodes, and with a scope for each group that can be one call."""
        scope.nodes = set(nodes)
        unit = {node: node for node in nodes}
        content: dict[str, list[str]] = {}
        for group in groups:  # grows while it is walked
            inside = [node for node in members(self._graph, group) if node in scope.nodes]
            trial = unit | dict.fromkeys(inside, group)
            if inside and self._one_call(inside) and self._order(nodes, trial) is not None:
                unit, content[group] = trial, inside
            elif inside:
                groups.extend(self._graph.subgroups(group))
        place = {node: index for index, node in enumerate(nodes)}
        for item in self._order(nodes, unit) or ():
            if item in content:
                inner = self._scope(scope, item)
                scope.items.append(inner)
                self.arrange(inner, sorted(content[item], key=place.__getitem__), list(self._graph.subgroups(item)))
            else:
                scope.items.append(item)
                self.home[item] = scope

    def _order(self, nodes: list[str], unit: Mapping[str, str]) -> list[str] | None:
        """The units in an order of computation; None when there is none."""
        following: dict[str, dict[str, None]] = {unit[node]: {} for node in nodes}
        for node in nodes:
            following[unit[node]] |= {unit[other]: None for other in self._following[node] if other in unit and unit[other] != unit[node]}
        indegree = dict.fromkeys(following, 0)
        for others in following.values():
            for other in others:
                indegree[other] += 1
        order = list(topological_order(following, following, indegree))
        return order if len(order) == len(following) else None

    def _scope(self, parent: Scope, group: str) -> Scope:
        name = self._graph.groups[group].name
        words = re.findall(r"[A-Za-z0-9]+", name) or ["group"]
        attribute = _unused("_".join(words).lower(), self._attributes)
        class_name = _unused("".join(word[0].upper() + word[1:] for word in words), self._classes)
        return Scope(parent, attribute, class_name, name)


def _unused(name: str, taken: set[str]) -> str:
    """The name, with a number behind it where it is taken; taken from then on."""
    name = name if not name[0].isdigit() else f"_{name}"
    unused, count = name, 1
    while unused in taken:
        count += 1
        unused = f"{name}_{count}"
    taken.add(unused)
    return unused
