"""Which device runs a graph, and why; how many threads. `auto` measures: see `engine.training.estimate`."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from engine.training.estimate import Speeds, Work, speeds
from graph.model.training_settings import BY_NAME
from graph.text.messages import _
from graph.text.quoting import named

if TYPE_CHECKING:
    from engine.compile.shapes import Inference
    from graph.model.graph import Graph

DEVICES = BY_NAME["device"].choices

LITTLE = 100e-6
"""Seconds of a step on the CPU below which no card is asked: to begin with one costs seconds, and it has little to win."""
FASTER = 0.7
"""`auto` takes a card where a step lasts at most so much of its time on the CPU."""

CONVOLUTION_WORK = 50_000_000
"""Multiplications in one step from which a second thread pays."""


@dataclass(frozen=True, slots=True)
class DeviceChoice:
    """`device` is torch's name of it; `note` says why it is not what was asked for, or why `auto` chose it. Empty: nothing to say.

    `fell_back`: the device that was asked for cannot be used here.
    """

    device: str
    note: str = ""
    fell_back: bool = False


def choose_device(
    wanted: str, dtype: torch.dtype, work: Work, threads: int = 1, measured: Callable[[str, torch.dtype, int], Speeds] = speeds
) -> DeviceChoice:
    """`wanted` is one of DEVICES, or what a file says instead; `work` is what a training step does, `measured` how fast a device is."""
    if wanted not in DEVICES:
        unknown = _("there is no device called {name}, only {known}; running on the CPU")
        return DeviceChoice("cpu", unknown.format(name=named(wanted), known=", ".join(DEVICES)), fell_back=True)
    if wanted == "auto":
        return _automatic(dtype, work, lambda device: measured(device, dtype, threads).seconds(work))
    if wanted == "cpu":
        return DeviceChoice("cpu")
    if reason := _missing(wanted, dtype):
        return DeviceChoice("cpu", _("{reason}; running on the CPU").format(reason=reason), fell_back=True)
    return DeviceChoice(wanted)


def _automatic(dtype: torch.dtype, work: Work, seconds: Callable[[str], float]) -> DeviceChoice:
    """The device on which a step of this graph is faster, by what was measured on this computer."""
    passed_over = ""
    for device, title in (("cuda", _("the GPU (CUDA)")), ("mps", _("the GPU (MPS)"))):
        if reason := _missing(device, dtype):
            if device == "mps" and _mps():
                passed_over = reason
            continue
        here = seconds("cpu")
        known = {"title": title, "device": device, "here": round(here * 1e6)}
        if here < LITTLE:
            text = _("auto: CPU, because a step takes about {here:,} µs, too little for {title} to be faster; choose {device} to use it")
            return DeviceChoice("cpu", text.format(**known))
        there = seconds(device)
        known["there"] = round(there * 1e6)
        if there > FASTER * here:
            text = _("auto: CPU, because a step takes about {here:,} µs, and {there:,} µs on {title}; choose {device} to use it")
            return DeviceChoice("cpu", text.format(**known))
        return DeviceChoice(device, _("auto: {title}, because a step takes about {there:,} µs, and {here:,} µs on the CPU").format(**known))
    return DeviceChoice("cpu", _("auto: CPU; {reason}").format(reason=passed_over) if passed_over else "")


def _missing(device: str, dtype: torch.dtype) -> str:
    if device == "cuda":
        if torch.cuda.is_available():
            return ""
        built = torch.version.cuda is not None
        return _("CUDA finds no usable GPU") if built else _("this PyTorch was built without CUDA")
    if not _mps():
        return _("MPS needs a Mac with an Apple GPU and a PyTorch built for it")
    return _("MPS needs float32, and this document is float64") if dtype == torch.float64 else ""


def _mps() -> bool:
    return bool(torch.backends.mps.is_available())


def threads_for(graph: Graph, inference: Inference) -> int:
    """How many threads make this graph fast: from the graph alone, so that results do not depend on the machine's mood.

    Two where convolutions have enough to do in one step, else one: splitting small products costs more than it saves, and
    threads that wait for each other suffer most when other programs run.
    """
    rows = graph.training.get("batch_size") or 32
    work = 0
    for (node, name), shape in inference.parameters.items():
        if name == "W" and len(shape) == 4 and (node, "y") in inference.outputs:
            _, *positions = inference.outputs[node, "y"].dims
            work += math.prod(shape) * math.prod(positions) * rows
    return 2 if work > CONVOLUTION_WORK else 1
