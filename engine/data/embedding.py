"""Putting the files of a Data node into the document, as a job. No numpy here: both processes import this."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from engine.numerics.job import Job


@dataclass(frozen=True, slots=True)
class EmbedFiles(Job):
    """Reads the files that a Data node names and keeps them where embedded files lie; a folder is packed into a zip archive.

    `paths` are settings with the paths as they were typed, relative ones beginning at `folder`. The answer is a dict of settings with
    their new paths. With `measure` nothing is kept, and the answer is the number of bytes that would be.
    """

    done_by: ClassVar[str] = "engine.data.embed:embed_files"
    about_document: ClassVar[bool] = False
    paths: tuple[tuple[str, str], ...]
    folder: str
    measure: bool = False
