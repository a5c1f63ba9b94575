"""The user's own document waits while the window is lent to a document that needs no saving, such as a lesson's.

Nothing the user had is lost meanwhile: graph and undo history stay in the document itself, trained values beside it or, where the
document stays in the engine, there; and the recovery journal keeps it until it is closed in order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ui.shell.dialogs import Asking

if TYPE_CHECKING:
    from graph.storage.document import Document
    from graph.storage.saved import SavedState


@dataclass(frozen=True, slots=True)
class Waiting:
    """The user's document with what of the window belongs to it."""

    document: Document
    example: str
    view: tuple[float, float, float]
    fitted: bool
    inside: str | None
    selection: frozenset[str]


class Lending:
    """Whose document the window shows. `show` puts a document into the window, and the name of the example it is."""

    def __init__(self, window: Asking, show: Callable[[Document, str], None]) -> None:
        self._window, self._show = window, show
        self._waiting: Waiting | None = None
        self._beside: Waiting | None = None
        """A document that stays in the engine, the user's own or a lesson's: it can still be edited, trained and saved."""

    @property
    def lent(self) -> bool:
        """Whether the document in the window is a guest, while the user's own waits."""
        return self._waiting is not None or self._beside is not None

    @property
    def borrowed(self) -> bool:
        """Whether the user's document waits outside the engine, so that nothing in the window is to be saved."""
        return self._waiting is not None

    @property
    def own(self) -> Document | None:
        """The document that stays in the engine behind a guest: what is saved, and named by the window's title."""
        return self._beside.document if self._beside is not None else None

    @property
    def example(self) -> str:
        """The name of the example that this document is; empty for none."""
        return self._beside.example if self._beside is not None else ""

    def lend(self, guest: Document, example: str, values: Callable[[], tuple[bool, SavedState | None]]) -> bool:
        """Show a guest; another guest takes its place. `values` gives the trained values of the user's document, and whether to go on.

        Whether the guest is shown.
        """
        if self._beside is not None:
            self.give_back()
        if self._waiting is None:
            waiting = self._set_aside(example, values)
            if waiting is None:
                return False
            self._waiting = waiting
        self._show(guest, "")
        return True

    def lend_beside(self, guest: Document, example: str) -> None:
        """Show a guest while the document that is shown now stays in the engine, where it can still be trained."""
        if self._beside is None:
            self._window.canvas.cancel_gesture()
            self._beside = self._seen(example)
            if self._window.kernel is not None:
                self._window.kernel.keep()
        self._show(guest, "")

    def give_back(self) -> None:
        """Show the document that waits behind the guest as it was; nothing happens where none waits."""
        waiting = self._beside or self._waiting
        if self._beside is not None:
            self._beside = None
        else:
            self._waiting = None
        if waiting is None:
            return
        self._show(waiting.document, waiting.example)
        canvas = self._window.canvas
        canvas.navigation.show(waiting.inside)
        if not waiting.fitted:
            canvas.restore_view(waiting.view)
        canvas.select(waiting.selection)

    def _set_aside(self, example: str, values: Callable[[], tuple[bool, SavedState | None]]) -> Waiting | None:
        window, document = self._window, self._window.document
        window.canvas.cancel_gesture()
        kernel = window.kernel
        if kernel is not None and (document.trained or document.state is not None or kernel.training):
            if kernel.training:
                kernel.pause()
            go_on, state = values()
            if not go_on:
                return None
            document.state = state
            document.runs = kernel.saved_runs()
            document.set_trained(state.token if state is not None else 0)
        return self._seen(example)

    def _seen(self, example: str) -> Waiting:
        canvas = self._window.canvas
        view, inside = canvas.view_state(), canvas.navigation.inside
        return Waiting(self._window.document, example, view, canvas.fitted, inside, canvas.selection)
