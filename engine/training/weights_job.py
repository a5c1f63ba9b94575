"""Reading weights from a file as a job: the window asks how they fit, and lets the person decide before anything changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from engine.numerics.job import Job


@dataclass(frozen=True, slots=True)
class ReadWeights(Job):
    """How the weights in a file fit the graph. The answer is a `WeightsPlan`."""

    done_by: ClassVar[str] = "engine.training.weights_answer:read"
    path: str


@dataclass(frozen=True, slots=True)
class WeightsPlan:
    """What loading would do.

    `wrong` says why nothing can be loaded; `gaps` which names do not pair up, `fitting` how many do. `keep` is the edit that makes the
    values on the screen the document's, so that undoing `load` returns to them; None where they are the document's already.
    """

    wrong: str = ""
    gaps: str = ""
    fitting: int = 0
    step: int = 0
    keep: dict[str, Any] | None = None
    load: dict[str, Any] = field(default_factory=dict)
    attachments: Mapping[str, bytes] = field(default_factory=dict)
