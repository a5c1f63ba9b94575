"""A process that edits at random and flushes now and then, until somebody kills it.

`python -m tests.graph.editing_session FILE FOLDER SEED`. After each flush it writes how many steps are safe on the disk.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from graph.model.graph import GraphError
from graph.storage.document import Document
from graph.storage.journal import Journal
from tests.support.catalog import CATALOG
from tests.support.random_edits import try_edit


def steps(document: Document, seed: int) -> Iterator[None]:
    """Edits, undos, redos and gestures without end, the same for a seed; yields after each."""
    draw = random.Random(seed)
    while True:
        choice = draw.random()
        if choice < 0.1:
            document.undo()
        elif choice < 0.15:
            document.redo()
        elif edit := try_edit(document.graph, draw):
            with suppress(GraphError):
                if choice < 0.3:
                    with document.gesture("Gesture"):
                        document.do(edit)
                else:
                    document.do(edit, merge="drag" if choice < 0.5 else None)
        yield


def main(file: str, folder: str, seed: int) -> None:
    document = Document.load(file, CATALOG)
    journal = Journal(document, Path(folder), long=20_000)
    when = random.Random(seed + 1)
    for done, _ in enumerate(steps(document, seed), 1):
        if when.random() < 0.05:
            journal.flush()
            os.write(1, b"%d\n" % done)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
