"""Loss and accuracy over one whole part of the data, on request. No torch here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from engine.data.parts import Part
from engine.numerics.job import Job


@dataclass(frozen=True, slots=True)
class MeasurePart(Job):
    """Measures one part with the numbers at the start of the job. The answer is `PartMeasures`."""

    done_by: ClassVar[str] = "engine.learned.measuring:measure"
    about_document: ClassVar[bool] = False
    of_numbers: ClassVar[bool] = True
    part: Part


@dataclass(frozen=True, slots=True)
class PartMeasures:
    """`metrics` has `loss` (without penalties), and `accuracy` where it applies, after so many steps."""

    part: Part
    samples: int
    step: int
    metrics: Mapping[str, float]
