"""What is on its way to a kernel: the edits of a document, and how a new kernel takes up the runs of one that died."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from engine.kernel.protocol import Adopt, Command, Load, Progress, Resume
from graph.model.edits import Edit, StateMove, moves_of
from graph.storage.files import dumps

if TYPE_CHECKING:
    from engine.kernel.run_mirror import RunMirror
    from graph.storage.document import Change, Document


MOST = 2000
"""Edits from which on the whole document is less than what became of it."""


class OutgoingEdits:
    """The edits of a document that the kernel has not seen. `text`: it needs the whole document instead.

    Edits of values are sent as they are made; those of labels and places wait for the next change of structure, which comes as edits too:
    the text of a huge document takes a second to write, and many to read. `written` is that text, where it was written before.
    """

    def __init__(self, text: bool = False, written: str = "") -> None:
        self.text = text
        self._written = written
        self._edits: list[tuple[Edit, bool]] = []
        """With each, whether it changes what is computed."""
        self._moves: list[StateMove] = []
        self._structural = False
        self._left_out = False
        """Whether there were too many labels and places to wait: the next change of structure is sent as the whole document."""
        self._base = -1
        """The structure of the document that the kernel has."""

    @property
    def waiting(self) -> bool:
        """Whether there is something that changes what is computed."""
        return self.text or any(computed for _, computed in self._edits)

    def hear(self, change: Change) -> None:
        """The document was changed; ticks of one gesture become one edit."""
        for edit in change.edits:
            self._moves += moves_of(edit)
        self._written = ""
        computed = change.structure or change.value
        if len(self._edits) + len(change.edits) > MOST:
            self._left_out, self._edits = True, [pair for pair in self._edits if pair[1]]
        many = computed and len(self._edits) + len(change.edits) > MOST
        self.text |= many or (change.structure and (self._left_out or not change.edits))
        self._structural |= change.structure
        for edit in change.edits if not self.text and (computed or not self._left_out) else ():
            last, counts = self._edits[-1] if self._edits else (None, False)
            merged = last.absorb(edit) if last is not None and counts == computed else None
            if merged is None:
                self._edits.append((edit, computed))
            else:
                self._edits[-1] = merged, computed

    def taken(self, document: Document, attachments: Callable[[Document], dict[str, bytes]]) -> dict[str, Any]:
        """What a request says of the document; from now on the kernel has it."""
        whole = self.text or self._structural
        rows = () if self.text else tuple(edit.to_json() for edit, computed in self._edits if whole or computed)
        said = {
            "text": (self._written or dumps(document.graph)) if self.text else None, "edits": rows, "base": self._base,
            "moves": tuple(self._moves), "attachments": attachments(document) if whole else {}, "folder": document.folder,
        }  # fmt: skip
        later, left_out = ([], False) if whole else ([pair for pair in self._edits if not pair[1]], self._left_out)
        self.clear()
        self._edits, self._left_out, self._base = later, left_out, document.structure
        return said

    def clear(self) -> None:
        """Another kernel, or another document, takes its place."""
        self.text = self._structural = self._left_out = False
        self._written = ""
        self._edits = []
        self._moves.clear()


def resumption(runs: RunMirror, run: int, progress: Progress, document: Document) -> tuple[int, list[Command]]:
    """What makes a new kernel continue: the id of its present run, and commands with all runs and the newest state, or that of the file.

    `run` and `progress` are those of the kernel that died.
    """
    run, whole = progress.run or run, runs.whole(run, progress, document)
    runs.handed_over(whole)
    commands: list[Command] = [Adopt(run, whole)] if whole else []
    if runs.state is not None:
        commands.append(Resume(run, *runs.last_known(run, runs.state)))
    elif document.state is not None:
        commands.append(Load(run, document.state))
    return run, commands
