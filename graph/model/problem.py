"""A problem with a graph, as the user sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from graph.text.messages import Message, _

Severity = Literal["error", "warning", "note"]
SEVERITIES: dict[Severity, str] = {"error": _("error"), "warning": _("warning"), "note": _("note")}
GRAVITY: dict[str, int] = {"error": 0, "warning": 1, "note": 2}
"""The gravest first. An error keeps something from being computed, a warning is probably a mistake, a note is worth knowing."""


@dataclass(frozen=True, slots=True)
class Repair:
    """One click that fixes a problem: `edits` are edits in their JSON form (see `graph.model.edits`)."""

    title: str
    edits: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """`message` says what is wrong, and names nodes and ports as the canvas does; the text begins with the name `about`, if there is one.

    `nodes` and `edges` hold ids, the first node is where the badge goes; `port` is the input or output concerned.
    """

    severity: Severity
    message: Message
    nodes: tuple[str, ...] = ()
    edges: tuple[str, ...] = ()
    port: str = ""
    repairs: tuple[Repair, ...] = ()
    about: str = ""

    @property
    def code(self) -> str:
        return self.message.code

    @property
    def text(self) -> str:
        """In the reader's language."""
        return _("{name}: {problem}").format(name=self.about, problem=self.message) if self.about else str(self.message)

    @property
    def identity(self) -> tuple[str, tuple[str, ...], str, str]:
        """Equal for the same problem found twice: what is wrong, where it is wrong, and with which values."""
        return self.code, self.nodes[:1], self.port, repr(self.message.values)
