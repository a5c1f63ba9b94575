"""What is on its way to a kernel: the edits of a document, and how a new kernel takes up the runs of one that died."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.kernel.protocol import Adopt, Command, Load, Resume
from graph.model.edits import Edit, StateMove, moves_of

if TYPE_CHECKING:
    from engine.kernel.run_mirror import RunMirror
    from graph.storage.document import Change
    from graph.storage.saved import SavedState
    from graph.storage.saved_run import SavedRun


class OutgoingEdits:
    """The edits of a document that the kernel has not seen. `text`: it needs the whole document instead."""

    def __init__(self, text: bool = False) -> None:
        self.text = text
        self._edits: list[Edit] = []
        self._moves: list[StateMove] = []

    @property
    def waiting(self) -> bool:
        return self.text or bool(self._edits)

    @property
    def rows(self) -> tuple[dict[str, Any], ...]:
        """The edits in their JSON form."""
        return tuple(edit.to_json() for edit in self._edits)

    @property
    def moves(self) -> tuple[StateMove, ...]:
        return tuple(self._moves)

    def hear(self, change: Change) -> None:
        """The document was changed; ticks of one gesture become one edit."""
        for edit in change.edits:
            self._moves += moves_of(edit)
        if change.structure:
            self.text = True
            self._edits.clear()
        elif change.value and not self.text:
            for edit in change.edits:
                merged = self._edits[-1].absorb(edit) if self._edits else None
                if merged is None:
                    self._edits.append(edit)
                else:
                    self._edits[-1] = merged

    def clear(self) -> None:
        """All of it was sent, or another document takes its place."""
        self.text = False
        self._edits.clear()
        self._moves.clear()


def resumption(runs: RunMirror, run: int, whole: tuple[SavedRun, ...], file: SavedState | None) -> list[Command]:
    """What makes a new kernel continue at `run`: all runs, and the newest state, or that of the file."""
    commands: list[Command] = [Adopt(run, whole)] if whole else []
    if runs.state is not None:
        commands.append(Resume(run, *runs.last_known(run, runs.state)))
    elif file is not None:
        commands.append(Load(run, file))
    return commands
