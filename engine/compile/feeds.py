"""The numbers that enter a program: the values of Inputs and Constants, and the rows of the data sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from engine.compile.environment import Key
from engine.data import DataError, DataSet, load_together
from engine.data.loading import version
from engine.data.parts import PARTS, Part, held_out
from engine.data.together import disagreements, leader
from graph.model.problem import Problem
from graph.text.messages import Message

if TYPE_CHECKING:
    from engine.compile.shapes import Inference
    from graph.model.graph import Graph

DEMONSTRATION = 8
"""Samples that are shown when the document chooses none."""


@dataclass(slots=True)
class Feeds:
    """`fixed` are the same for every sample; `train`, `validation` and `test` hold the data sets' outputs, one sample per row.

    `rows` counts the samples of each part, 0 without data. All data sets in one graph march together, row by row.
    """

    fixed: dict[Key, Tensor] = field(default_factory=dict)
    train: dict[Key, Tensor] = field(default_factory=dict)
    validation: dict[Key, Tensor] = field(default_factory=dict)
    test: dict[Key, Tensor] = field(default_factory=dict)
    rows: dict[Part, int] = field(default_factory=lambda: dict.fromkeys(PARTS, 0))
    problems: list[Problem] = field(default_factory=list)
    loaded: dict[str, DataSet] = field(default_factory=dict)
    """The data sets that the tensors were made of, by node: what was read then, whatever has become of their files since."""

    versions: dict[str, Any] = field(default_factory=dict)
    """What identifies the numbers of each data set, by node."""

    def outdated(self, graph: Graph) -> bool:
        """Whether the data sets would be others if they were loaded now: their files have changed and were read again."""
        return any(version(graph.settings_of(node), graph.folder) != known for node, known in self.versions.items())

    @property
    def held_out(self) -> Part | None:
        """The part that judges a run while it trains; None where nothing is held out."""
        return held_out(self.rows)

    @property
    def errors(self) -> list[Problem]:
        """What keeps the graph from being trained."""
        return [problem for problem in self.problems if problem.severity == "error"]

    def same(self, other: Feeds) -> bool:
        """Whether a program is fed the same numbers by both: the same data, and equal values of Inputs and Constants."""
        if self is other:
            return True
        for mine, theirs in ((self.part(part), other.part(part)) for part in PARTS):
            if mine.keys() != theirs.keys() or any(mine[key] is not theirs[key] for key in mine):
                return False
        values, others = self.fixed, other.fixed
        return values.keys() == others.keys() and all(v is others[k] or torch.equal(v, others[k]) for k, v in values.items())

    def part(self, part: Part) -> dict[Key, Tensor]:
        """The outputs of the data sets for one part."""
        return {"train": self.train, "validation": self.validation, "test": self.test}[part]

    def whole(self, keys: Sequence[Key], part: Part) -> list[Tensor]:
        """What the sources `keys` give for all samples of one part."""
        data = self.part(part)
        return [data[key] if key in data else self.fixed[key] for key in keys]

    def chosen(self, keys: Sequence[Key], rows: Tensor, part: Part = "train") -> list[Tensor]:
        """What they give for these rows of a part."""
        data = self.part(part)
        return [data[key].index_select(0, rows) if key in data else self.fixed[key] for key in keys]


def moved(keys: Sequence[Key], tensors: Sequence[Tensor], free: Sequence[tuple[str, int, float]]) -> list[Tensor]:
    """What sources give, (N, *dims) each, with free columns of the flattened features of Data nodes at other values: copies of these."""
    result = list(tensors)
    for at, (node, port) in enumerate(keys):
        own = [(column, value) for name, column, value in free if (name, "x") == (node, port)]
        if own:
            rows = result[at].clone().reshape(len(result[at]), -1)
            for column, value in own:
                if column < rows.shape[1]:
                    rows[:, column] = value
            result[at] = rows.reshape(result[at].shape)
    return result


def load_data(graph: Graph, inference: Inference, device: str, feeds: Feeds) -> None:
    """Fill in the parts of every Data node that could be inferred. All of them go row by row."""
    feeds.train, feeds.validation, feeds.test = {}, {}, {}
    feeds.rows = dict.fromkeys(PARTS, 0)
    feeds.loaded = {}
    nodes = [n for n in graph.nodes if (n, "x") in inference.outputs and _role(inference, graph, n) == "data"]
    loaded = dict(zip(nodes, load_together([graph.settings_of(node) for node in nodes], graph.folder), strict=True))
    feeds.problems = disagreements(graph, loaded)
    feeds.versions = {node: version(graph.settings_of(node), graph.folder) for node in nodes}
    first = loaded.get(leader(graph, loaded) or "")
    for node, data in loaded.items():
        if isinstance(data, DataError):
            feeds.problems.append(
                Problem("error", Message("data-not-read", "{reason}", reason=str(data)), (node,), about=graph.nodes[node].name)
            )
            continue
        if not isinstance(first, DataError) and first is not None and data.total != first.total:
            continue
        feeds.rows = data.description.part_rows
        feeds.loaded[node] = data
        whole = data.description.target_dtype == "index"
        for part in PARTS:
            samples, tensors = data.part(part), feeds.part(part)
            tensors[node, "x"] = torch.as_tensor(samples.of(slice(None)), dtype=inference.dtype, device=device)
            tensors[node, "target"] = torch.tensor(samples.y, dtype=torch.int64 if whole else inference.dtype, device=device)


def _role(inference: Inference, graph: Graph, node: str) -> str:
    return str(inference.types[graph.nodes[node].type].role)


def load_fixed(graph: Graph, inference: Inference, device: str, feeds: Feeds) -> None:
    """Fill in the values of all Inputs and Constants."""
    feeds.fixed = {}
    for node in graph.nodes:
        if (node, "y") in inference.outputs and _role(inference, graph, node) in ("input", "constant"):
            set_fixed(graph, inference, device, feeds, node)


def set_fixed(graph: Graph, inference: Inference, device: str, feeds: Feeds, node: str) -> None:
    feeds.fixed[node, "y"] = torch.tensor(graph.setting(node, "value"), dtype=inference.dtype, device=device)


def demonstration(wanted: Any, rows: int) -> list[int]:
    """Which rows of the training part are shown: those the document chose, as far as they exist, else the first eight."""
    chosen = [int(i) for i in wanted if isinstance(i, int) and 0 <= i < rows] if isinstance(wanted, (list, tuple)) else []
    return chosen or list(range(min(DEMONSTRATION, rows)))
