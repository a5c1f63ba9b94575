"""Which numbers there are now, and whether an answer is still about them: every panel asks here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from engine.compile.views import Stamp
from graph.text.messages import _
from ui.look.numbers import count

if TYPE_CHECKING:
    from graph.storage.document import Document
    from ui.engine_link.link import Kernel


class Numbers(Protocol):
    """What of a workspace decides which numbers there are."""

    @property
    def document(self) -> Document: ...

    @property
    def kernel(self) -> Kernel | None: ...


def present(numbers: Numbers) -> Stamp:
    """The numbers there are now, as far as the window knows: of this state of the document, this run, this step."""
    document, kernel = numbers.document, numbers.kernel
    progress = kernel.progress if kernel is not None else None
    return Stamp(document.structure, document.revision, progress.run if progress else 0, progress.step if progress else 0)


def outdated(numbers: Numbers, stamp: Stamp) -> bool:
    """Whether an answer is about other numbers than the present ones.

    While something trains, an answer about an earlier step of the same training is not: it is as new as it can be, and says its step.
    """
    now, kernel = present(numbers), numbers.kernel
    if kernel is None:
        return (stamp.structure, stamp.revision) != (now.structure, now.revision)
    if kernel.training:
        return (stamp.structure, stamp.revision, stamp.run) != (now.structure, now.revision, now.run)
    return stamp != now


def standing(numbers: Numbers, stamp: Stamp, rows: int = 0, more: Sequence[str] = ()) -> str:
    """The line under an answer: of which step it is, `more`, over how many training samples, and whether the network has changed since."""
    parts = [_("step {step}").format(step=count(stamp.step)), *more]
    if rows:
        parts.append(_("over all {count} training samples").format(count=count(rows)))
    if outdated(numbers, stamp):
        parts.append(_("the network has changed since"))
    return " · ".join(parts)
