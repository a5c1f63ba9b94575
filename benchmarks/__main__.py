"""`python -m benchmarks NAME [--json]`: what is timed, with the peers it is timed against."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from typing import Any

from benchmarks.skipped import CODE, Skipped

NAMES = {
    "startup": "a fresh process until the window is painted, shows values and can train",
    "live": "dragging a slider, and training with the window open",
    "watching": "a training run with the canvas moving at 60 Hz: frames and the trainer's share",
    "regions": "what pictures of the learned function and of all responses cost a training run",
    "canvas": "frames, files, undo and memory of graphs of 1,000 and 10,000 nodes",
    "huge": "a document of 100,000 nodes in the window: opening, frames, every edit of one node, the engine's numbers, beside ten nodes",
    "legibility": "labels on wires, cards and each other, the smallest text, the canvas's share: every example and lesson at three sizes",
    "saddle": "no timing: where methods end on (1 - w2*w1)^2, and how many of 100 seeds escape from its saddle point with noise",
    "tables": "loading a table of a million rows and 20 columns, against pandas",
    "landscape": "51 × 51 values of the objective over a plane as one batched job, against a loop over single evaluations",
    "gauge": "a training run with the stability gauge open and closed",
    "sweep": "64 copies of a small network trained as one batch against one after another",
    "curvature": "the Hessian of 22 numbers, one product with it, and Lanczos' method, against torch.func",
    "conditioning": "iterations against the condition number, with fitted exponents: κ for gradient descent, √κ with momentum",
    "surface": "a surface of 51 × 51 points painted: at rest, while it is turned, while only its point moves",
    "gpu": "training steps on a graphics card against torch.nn and a CUDA graph captured by hand; skipped, with exit code 77, without one",
    "parallel": "training steps of two processes that divide every mini-batch against one, with one thread each",
    "training": "training speed against torch.nn and torch.optim",
}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", choices=NAMES, help="; ".join(f"{name}: {text}" for name, text in NAMES.items()))
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    options = parser.parse_args(arguments)
    try:
        module = importlib.import_module(f"benchmarks.{options.name}")
        result: dict[str, Any] = module.run()
    except Skipped as reason:
        print(json.dumps({"skipped": str(reason)}) if options.json else f"skipped: {reason}")
        return CODE
    if options.json:
        print(json.dumps(result))
    elif hasattr(module, "table"):
        print(module.table(result))
    else:
        _print(result)
    return 0


def _print(result: dict[str, Any], indent: str = "") -> None:
    for name, value in result.items():
        if isinstance(value, dict):
            print(f"{indent}{name}")
            _print(value, indent + "  ")
        else:
            print(f"{indent}{name:32s} {value:.4g}" if isinstance(value, float) else f"{indent}{name:32s} {value}")


if __name__ == "__main__":  # the kernel process imports this module again
    sys.exit(main())
