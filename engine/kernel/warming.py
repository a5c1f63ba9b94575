"""What the kernel loads while it is idle, so that the first press of a button need not wait."""

from __future__ import annotations

import threading

import torch

from engine.nodes.catalog import CATALOG
from engine.training.model import Model


def warm_optimizer() -> None:
    """Two steps of a small network: the kernels of training are loaded and the first press of Train does not wait."""
    from engine.training.run import Run
    from graph.formula.to_graph import build

    graph = build("mean((w*x - 1)^2)", CATALOG, {"x": 1.0}, {"w": 0.5})
    trainer = Run(Model(graph))
    trainer.train(max_steps=2)
    trainer.metrics()


def warm_meta() -> None:
    """Load, beside everything else, what the first operation on the meta device needs: a second of imports that only large graphs use."""

    def load() -> None:
        empty = torch.empty(2, 3, device="meta", dtype=torch.float64)
        torch.nn.functional.linear(empty * empty, empty)

    # not a daemon: in a process that ends in order, one that is still importing meets a Python that is gone, and aborts it
    threading.Thread(target=load, name="meta-imports").start()
