"""Writing a program as a job: the window asks for it, the kernel writes it from the numbers on the screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from engine.numerics.job import Job


@dataclass(frozen=True, slots=True)
class WriteProgram(Job):
    """Writes the graph in the format with this ending. The answer is a `WrittenProgram`.

    It is written in one go from the graph and its values as they are then, so later edits and training do not touch it.
    """

    done_by: ClassVar[str] = "engine.export.answer:write_program"
    about_document: ClassVar[bool] = False
    ending: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class WrittenProgram:
    """A file's content, what there is to say about it, and the training step of the values in it."""

    data: bytes
    remark: str
    step: int
