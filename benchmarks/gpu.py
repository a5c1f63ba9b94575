"""Training steps on a graphics card: ours, `nn.Sequential` with `torch.optim`, and a CUDA graph of the same step captured by hand.

A short script, because a card is lent for minutes: it needs neither a window nor a network. All three sides start from the same weights,
see the same mini-batches and read them from the card's memory; they take turns in one process, and times are medians over the turns. Data
are random pictures in MNIST's format and number.
"""

from __future__ import annotations

import statistics
import struct
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.skipped import Skipped

if TYPE_CHECKING:
    import torch

    from engine.training.recording import Recorder
    from engine.training.run import Run

WANTED = 0.95
"""The hand-captured graph's time over ours."""
ALIKE = 12
"""Steps after which the sides' weights are compared."""
SAMPLES = 60_000


@dataclass(frozen=True, slots=True)
class Row:
    """One network of the table: pictures of `side` × `side`, linear layers with ReLU between them."""

    side: int
    sizes: tuple[int, ...]
    batch: int
    optimizer: str

    @property
    def name(self) -> str:
        shape = "-".join(map(str, (self.side**2, *self.sizes)))
        return f"{shape}, batch {self.batch}, {self.optimizer}"


ROWS = (
    Row(8, (64, 10), 64, "sgd"), Row(28, (512, 300, 10), 256, "sgd"), Row(28, (512, 300, 10), 256, "adam"),
    Row(28, (2048, 1024, 10), 4096, "sgd"),
)  # fmt: skip
RATES = {"sgd": 0.05, "adam": 0.001}


class Recorded:
    """What the graph captured by hand is recorded with."""

    def __init__(self) -> None:
        from engine.training.recording import CudaRecorder

        self.recorder: Recorder = CudaRecorder()

    def __call__(self, work: Callable[[], None]) -> Callable[[], None]:
        for _warm in range(3):
            self.recorder.warm(work)
        return self.recorder.record(work)


class Unrecorded:
    """In the place of a recorder: it makes steps one after another, by the same code."""

    def warm(self, work: Callable[[], None]) -> None:
        work()

    def record(self, work: Callable[[], None], generators: Sequence[torch.Generator] = ()) -> Callable[[], None]:
        return work


def run(device: str = "cuda", rows: Sequence[Row] = ROWS, samples: int = SAMPLES, turns: int = 7, steps: int = 512) -> dict[str, Any]:
    """Microseconds a step of each side and ratios, a row for each network. Raises Skipped where there is no card."""
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        built = torch.version.cuda is not None
        raise Skipped("CUDA finds no usable GPU" if built else f"PyTorch {torch.__version__} was built without CUDA")
    card = torch.cuda.get_device_name() if device == "cuda" else "none"
    with tempfile.TemporaryDirectory() as folder:
        paths = {side: pictures(Path(folder) / str(side), side, samples) for side in {row.side for row in rows}}
        table = {row.name: _measured(row, paths[row.side], device, turns, steps) for row in rows}
    return {
        "torch": torch.__version__, "card": card, "samples": samples, "turns": turns, "steps": steps, "rows": table,
        "wanted": WANTED, "met": all(row["hand_over_ours"] >= WANTED for row in table.values()),
    }  # fmt: skip


def pictures(folder: Path, side: int, samples: int) -> Path:
    """Random pictures and labels in two files of MNIST's format; the path of the pictures."""
    import numpy as np

    rng = np.random.default_rng(0)
    folder.mkdir()
    pictures, labels = folder / "train-images-idx3-ubyte", folder / "train-labels-idx1-ubyte"
    for path, array in (
        (pictures, rng.integers(0, 256, (samples, side, side), np.uint8)), (labels, rng.integers(0, 10, samples, np.uint8))
    ):  # fmt: skip
        path.write_bytes(bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes())
    return pictures


def _measured(row: Row, path: Path, device: str, turns: int, steps: int) -> dict[str, Any]:
    """One row of the table."""
    from engine.training.device import choose_device
    from engine.training.estimate import work_of

    ours = run_of(row, path, device)
    peers = {kind: Peer(ours, row, captured=kind == "hand") for kind in ("sequential", "hand")}
    apart = _apart(ours, peers)
    bits = _bits(row, path, device)
    whole = run_of(row, path, device)
    sides: Mapping[str, Callable[[int], object]] = {
        "ours": lambda count: steps_of(ours, count), "sequential": peers["sequential"].go, "hand": peers["hand"].go,
        "with_curves": lambda count: whole.train(max_steps=count),
    }  # fmt: skip
    times: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(turns + 1):
        for name, go in list(sides.items())[:: 1 if turn % 2 else -1]:
            took = _seconds(go, steps, device) / steps * 1e6
            if turn:  # the first turn warms up
                times[name].append(took)
    us = {f"{name}_us": statistics.median(values) for name, values in times.items()}
    return {
        **us, "hand_over_ours": us["hand_us"] / us["ours_us"], "sequential_over_ours": us["sequential_us"] / us["ours_us"],
        "spread": max(max(values) / min(values) for values in times.values()), "recorded": ours.steps.recorded,
        "not_recorded": ours.steps.not_recorded, "weights_apart": apart, "replay_apart": bits,
        "auto": choose_device("auto", ours.model.dtype, work_of(ours.model.graph, ours.model.inference)).note,
    }  # fmt: skip


def _seconds(go: Callable[[int], object], steps: int, device: str) -> float:
    import torch

    wait: Callable[[], object] = torch.cuda.synchronize if device == "cuda" else lambda: None
    wait()
    began = time.perf_counter()
    go(steps)
    wait()
    return time.perf_counter() - began


# Ours


def run_of(row: Row, path: Path, device: str) -> Run:
    from engine.nodes.catalog import CATALOG
    from engine.training.model import Model
    from engine.training.run import Run
    from graph.model.build import build

    nodes: dict[str, tuple[str, dict[str, Any]]] = {
        "data": ("source.data", {"dataset": "pictures", "pictures_path": str(path), "test_fraction": 0.0}), "flat": ("math.flatten", {}),
    }  # fmt: skip
    wires, last = [("data", "x", "flat", "x")], "flat"
    for i, size in enumerate(row.sizes):
        nodes[f"linear{i}"] = ("layer.linear", {"out_features": size})
        wires.append((last, "y", f"linear{i}", "x"))
        last = f"linear{i}"
        if size != row.sizes[-1]:
            nodes[f"relu{i}"] = ("activation.relu", {})
            wires.append((last, "y", f"relu{i}", "x"))
            last = f"relu{i}"
    nodes["loss"] = ("loss.cross_entropy", {})
    wires += [(last, "y", "loss", "scores"), ("data", "target", "loss", "target")]
    hyper = {"lr": RATES[row.optimizer]}
    training = {"optimizer": row.optimizer, "hyper": hyper, "batch_size": row.batch, "drop_last": True, "steps": 10**9}
    document = {
        "nodes": [{"id": n, "type": kind, "name": n, "params": params, "x": 0, "y": 0} for n, (kind, params) in nodes.items()],
        "edges": [{"id": f"e{i}", "from": [a, p], "to": [b, q, 0]} for i, (a, p, b, q) in enumerate(wires)],
        "settings": {"dtype": "float32"}, "training": training,
    }  # fmt: skip
    return Run(Model(build(document, CATALOG), device)).prepare()


def steps_of(run: Run, count: int) -> None:
    """So many steps, without curves and measurements: what the other two sides do."""
    import torch

    with torch.no_grad():
        run.steps.replay(run.state.step + count)


def _weights(run: Run) -> list[torch.Tensor]:
    return list(run.state.parameters.values())


def _bits(row: Row, path: Path, device: str) -> float:
    """The largest difference between recorded steps and the same steps made one after another; 0: the same bits."""
    recorded, plain = run_of(row, path, device), run_of(row, path, device)
    if recorded.steps.recorded:
        plain.steps.record_with(Unrecorded())
    for run in (recorded, plain):
        steps_of(run, 4 * ALIKE)
    return max(float((a - b).abs().max()) for a, b in zip(_weights(recorded), _weights(plain), strict=True))


# The others


class Peer:
    """`nn.Sequential` and `torch.optim` on the mini-batches of a run, beginning with its weights; `captured`: a step is a CUDA graph."""

    def __init__(self, run: Run, row: Row, captured: bool) -> None:
        import torch
        from torch import nn

        feeds, device = run.model.feeds, _weights(run)[0].device
        self._x, self._y = (feeds.train["data", name] for name in ("x", "target"))
        self._batches, self._size = run.steps.batches, row.batch
        sizes = (row.side**2, *row.sizes)
        layers: list[nn.Module] = [nn.Flatten()]
        for i, (into, out) in enumerate(zip(sizes, sizes[1:], strict=False)):
            layers += [nn.Linear(into, out, device=device), *([nn.ReLU()] if i < len(sizes) - 2 else [])]
        self._model, self._loss = nn.Sequential(*layers), nn.CrossEntropyLoss()
        kinds: dict[str, Any] = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}
        more = {"capturable": True} if captured and row.optimizer == "adam" else {}
        self._optimizer = kinds[row.optimizer](self._model.parameters(), lr=RATES[row.optimizer], foreach=True, **more)
        self._begin(run)
        self._rows = torch.zeros(row.batch, dtype=torch.int64, device=device)
        self._replay: Callable[[], None] | None = None
        self.made = 0
        if captured:
            self._replay = Recorded()(self._step)
            self._begin(run)

    def _begin(self, run: Run) -> None:
        """The run's weights, and an optimizer that remembers nothing, in the tensors that a recording reads."""
        import torch

        with torch.no_grad():
            for mine, theirs in zip(self._model.parameters(), _weights(run), strict=True):
                mine.copy_(theirs if mine.shape == theirs.shape else theirs.T)
            for memory in self._optimizer.state.values():
                for tensor in memory.values():
                    if isinstance(tensor, torch.Tensor):
                        tensor.zero_()

    @property
    def weights(self) -> list[torch.Tensor]:
        return [p.detach() for p in self._model.parameters()]

    def go(self, count: int) -> None:
        """So many steps, with the mini-batches of equal size that an epoch has, in the run's own order."""
        per_epoch = self._batches.rows // self._size
        order: Any = None
        for _step in range(count):
            place = self.made % per_epoch
            if order is None or not place:
                order = self._batches.order(self.made // per_epoch).to(self._rows.device)
            self._rows.copy_(order[place * self._size : (place + 1) * self._size])
            (self._replay or self._step)()
            self.made += 1

    def _step(self) -> None:
        self._optimizer.zero_grad()
        self._loss(self._model(self._x.index_select(0, self._rows)), self._y.index_select(0, self._rows)).backward()
        self._optimizer.step()


def _apart(run: Run, peers: Mapping[str, Peer]) -> float:
    """The largest difference of any weight from ours after some steps from the same beginning, of the largest weight."""
    for peer in peers.values():
        peer.go(ALIKE)
    steps_of(run, ALIKE)
    pairs = [(a, b) for peer in peers.values() for a, b in zip(peer.weights, _weights(run), strict=True)]
    return max(float((a - (b if a.shape == b.shape else b.T)).abs().max() / b.abs().max()) for a, b in pairs)
