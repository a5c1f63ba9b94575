"""An experiment of a lesson: a graph trained in several variants, each with several seeds. No torch here.

The variants are what the user could do alone: change a setting, train, read both errors, change the seed, train again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from engine.numerics.job import Job
from graph.model.address import Address
from graph.model.edits import Edit


@dataclass(frozen=True, slots=True)
class Variant:
    """The document after `edits`. It stands at the tick `at`, on the line `name` where there are several."""

    at: str
    name: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Experiment(Job):
    """Trains every variant with the seeds 0 … `seeds` − 1, as long as the document says. The answer is a `Figure`.

    A seed draws the initial values and the mini-batches, and those samples that are drawn at all. `show` are keys of
    `engine.learned.experimenting.MEASURES` (each a line of medians, and a band from the smallest to the largest), or `curve` (the
    prediction over the only feature, first seed) or `weights` (the way of two weights of the linear node `place`, first seed).
    """

    done_by: ClassVar[str] = "engine.learned.experimenting:experiment"
    about_document: ClassVar[bool] = False
    place: Address
    variants: tuple[Variant, ...]
    show: tuple[str, ...]
    seeds: int
    across: str = ""
