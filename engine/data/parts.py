"""The parts of the data: what trains, what judges while training goes on, and what is read at the end. No numpy, no torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from graph.text.messages import _

Part = Literal["train", "validation", "test"]
PARTS: tuple[Part, ...] = ("train", "validation", "test")


def held_out(rows: Mapping[Part, int]) -> Part | None:
    """The part that judges a run while it trains, from the number of samples in each part; None where nothing is held out.

    Where there is a validation part, the test part is read only on request.
    """
    return "validation" if rows["validation"] else "test" if rows["test"] else None


def part_name(part: Part) -> str:
    """`validation set`."""
    return {"train": _("training set"), "validation": _("validation set"), "test": _("test set")}[part]


def part_word(part: Part) -> str:
    """`validation`, as in "validation loss"."""
    return {"train": _("training"), "validation": _("validation"), "test": _("test")}[part]
