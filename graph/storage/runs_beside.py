"""The runs of a document in a file beside it: `digits.runs` lies beside `digits.gradwire` and is found there again.

The document remembers the file's name and a digest. Under the document's present name the file is looked for first, then under the one that
was remembered, so that both may be renamed together or the document alone. Where it is missing, the document opens without its runs and
remembers them still; where it was saved at another time, its runs are shown and it is said. Runs never depend on anything but themselves.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from graph.storage.archive import ArchiveError, unzip_members
from graph.storage.paths import open_regular, reason
from graph.storage.run_files import INDEX, RunsEntry, entry_of, runs_in
from graph.storage.run_json import SavedRunError
from graph.storage.saved_run import SavedRun
from graph.storage.writing import FileIdentity, identity_of
from graph.text.messages import _
from graph.text.quoting import quoted_name

ENDING = ".runs"


@dataclass(frozen=True, slots=True)
class RunsBeside:
    """What a file beside a document has. `missing` is what the document says about runs that are not there; `note` a sentence about it."""

    runs: tuple[SavedRun, ...] = ()
    note: str = ""
    missing: RunsEntry | None = None
    identity: FileIdentity | None = None


def place_beside(document: Path | str) -> Path:
    """Where the runs of a document are kept that are not in its own file."""
    return Path(document).with_suffix(ENDING)


def read_beside(document: Path | str, entry: RunsEntry) -> RunsBeside:
    """The runs that a document says are beside it."""
    name = quoted_name(document)
    places = dict.fromkeys((place_beside(document), Path(document).with_name(entry.file)))
    place = next((place for place in places if os.path.lexists(place)), None)
    if place is None:
        text = _("{file}: its runs are in {runs}, which is not beside it, so the document is open without them.")
        return RunsBeside((), text.format(file=name, runs=quoted_name(entry.file)), entry)
    try:
        with open_regular(place) as file:
            identity = identity_of(file)
            members = unzip_members(file, identity.size, INDEX)
        runs, wrong = runs_in(members)
    except (OSError, ArchiveError, SavedRunError) as problem:
        said = reason(problem) if isinstance(problem, OSError) else str(problem)
        text = _("{file}: its runs in {runs} cannot be read ({problem}), so the document is open without them.")
        return RunsBeside((), text.format(file=name, runs=quoted_name(place), problem=said))
    note = ""
    if wrong:
        note = _("{file}: not all of its runs in {runs} can be read ({problem}).").format(file=name, runs=quoted_name(place), problem=wrong)
    elif entry_of(members, entry.file) != entry:
        note = _("{file}: {runs} was saved at another time than the document; its runs may be older or newer.").format(
            file=name, runs=quoted_name(place)
        )
    return RunsBeside(runs, note, None, identity if place == place_beside(document) else None)


def identity_beside(document: Path | str) -> FileIdentity | None:
    """What the file beside a document is now; None where there is none."""
    try:
        with open_regular(place_beside(document)) as file:
            return identity_of(file)
    except OSError:
        return None
