"""How the cost of editing, undo, save, load and layout grows from 100 to 10,000 nodes. One JSON object.

The quickest of some rounds is taken: what other programs do to the machine only adds.
"""

from __future__ import annotations

import gc
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.canvas import fitted
from benchmarks.canvas_graph import layered  # noqa: E402
from benchmarks.canvas_size import graph_of
from engine.nodes.catalog import CATALOG
from graph.grouping.layout import layout
from graph.model.edits import Move, SetParam
from graph.model.graph import Graph
from graph.storage.document import Document
from graph.storage.files import load, save

SIZES = (100, 300, 1_000, 3_000, 10_000)
ROUNDS = 3
Work = Callable[[Document, Path], object]


def _edit(document: Document, folder: Path) -> None:
    """A value for every source, and a new place for every node."""
    graph = document.graph
    for node in list(graph.nodes.values()):
        if not graph.inputs_of(node.id):
            document.do(SetParam(node.id, "value", 0.5), "Value")
    for node in list(graph.nodes.values()):
        document.do(Move(((node.id, node.x + 8.0, node.y),)), "Move")


def _undo(document: Document, folder: Path) -> None:
    while document.history.can_undo:
        document.undo()


WORK: dict[str, Work] = {
    "edit": _edit,
    "undo": _undo,
    "save": lambda document, folder: save(document.graph, folder / "graph.gradwire"),
    "load": lambda document, folder: load(folder / "graph.gradwire", CATALOG),
    "layout": lambda document, folder: layout(document.graph),
}


def main() -> dict[str, Any]:
    costs: dict[str, dict[int, float]] = {name: {} for name in WORK}
    graphs: dict[int, Graph] = {size: graph_of(layered(size)) for size in SIZES}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(ROUNDS):
            for size, graph in graphs.items():
                document = Document(graph.copy())
                for name, work in WORK.items():
                    gc.collect()
                    began = time.perf_counter()
                    work(document, Path(folder))
                    took = time.perf_counter() - began
                    costs[name][size] = min(took, costs[name].get(size, took))
    return {
        name: {"exponent": fitted(found), "us_per_node": {str(n): 1e6 * cost / n for n, cost in found.items()}}
        for name, found in costs.items()
    }


if __name__ == "__main__":
    print(json.dumps(main()))
    sys.exit(0)
