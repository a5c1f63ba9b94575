"""Which node types a few typed letters mean: exact before prefix before word before substring, then recent use."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from graph.model.graph import Graph
from graph.model.spec import NodeSpec, Port
from graph.text.suggest import words_of

_WORDS = re.compile(r"[\s\-_/()]+")


@dataclass(frozen=True, slots=True)
class Need:
    """What a new node must offer: an input for a wire that leaves an output, or an output for one that ends at an input."""

    direction: Literal["input", "output"]
    dtype: str = "float"


@dataclass(frozen=True, slots=True)
class Hit:
    """A node type that was found; `port` is the one a dragged wire would join (empty without a wire)."""

    spec: NodeSpec
    rank: int
    port: str = ""


def rank(query: str, names: Sequence[str]) -> int | None:
    """0 exact, 1 prefix, 2 start of a word, 3 substring; None without any. The best over all names."""
    wanted = query.casefold().strip()
    if not wanted:
        return 3
    best: int | None = None
    for name in names:
        text = name.casefold()
        if text == wanted:
            return 0
        if text.startswith(wanted):
            score = 1
        elif any(word.startswith(wanted) for word in _WORDS.split(text)):
            score = 2
        elif len(wanted) > 1 and wanted in text:
            score = 3
        else:
            continue
        best = score if best is None else min(best, score)
    return best


def joins(output: str, target: str) -> bool:
    """Whether a wire may run between ports of these dtypes."""
    return "any" in (output, target) or output == target


def fitting_ports(spec: NodeSpec, need: Need) -> tuple[Port, ...]:
    """The ports of a type that a dragged wire may join."""
    if need.direction == "input":
        return tuple(p for p in spec.inputs if not p.parameter and joins(need.dtype, p.dtype))
    return tuple(p for p in spec.outputs if joins(p.dtype, need.dtype))


def offered(graph: Graph) -> list[NodeSpec]:
    """The node types to choose from: those of an update rule only where the graph is one."""
    rule = graph.has(lambda spec: spec.rule)
    return [spec for spec in graph.catalog.values() if rule or not spec.rule]


def search(specs: Iterable[NodeSpec], query: str, recent: Sequence[str] = (), need: Need | None = None) -> list[Hit]:
    """The hits in order; with `need`, one for every port that fits."""
    used = {key: place for place, key in enumerate(recent)}
    hits: list[tuple[tuple[int, int, int], Hit]] = []
    for place, spec in enumerate(specs):
        score = rank(query, (spec.title, *spec.search))
        if score is None:
            continue
        # A title that matches as well as another type's alias is what was meant.
        alias = 0 if rank(query, (spec.title,)) == score else 1
        order = (2 * score + alias, used.get(spec.key, len(used)), place)
        ports: tuple[str, ...] = tuple(p.name for p in fitting_ports(spec, need)) if need else ("",)
        hits += [(order, Hit(spec, score, port)) for port in ports]
    hits.sort(key=lambda pair: pair[0])
    return [hit for _, hit in hits]


def words(specs: Iterable[NodeSpec]) -> list[str]:
    """Every word that a search knows, titles first: what a mistyped one is compared with."""
    listed = list(specs)
    return words_of([*(spec.title for spec in listed), *(word for spec in listed for word in spec.search)])


def signature(spec: NodeSpec) -> str:
    """`x, W → y`: the ports in one line."""
    inputs = ", ".join(p.name + ("…" if p.many else "") for p in spec.inputs if not p.parameter)
    outputs = ", ".join(p.name for p in spec.outputs)
    return f"{inputs} → {outputs}" if inputs else f"→ {outputs}" if outputs else inputs
