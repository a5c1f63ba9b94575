"""Exact mode: the canvas writes fractions in the place of numbers, as a calculation by hand gives them."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from engine.explain.exact import Exact, ExactNumbers
from engine.explain.question import Question, Refusal
from graph.model.address import Address
from graph.text.messages import _
from ui.look.numerals import MINUS

if TYPE_CHECKING:
    from ui.shell.workspace.workspace import Workspace

REST_MS = 100
LONGEST = 13
"""Characters of a fraction that is written on the canvas; longer ones are in the list of fractions only."""


class ExactMode(QObject):
    """On or off. While it is on, every new trace at rest is computed once more in fractions; those of older numbers go at once."""

    changed = Signal()

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace.widget)
        self._workspace = workspace
        self.on = False
        workspace.visibility.hid.connect(lambda more: self.follow())

    def turn(self, on: bool) -> None:
        if on == self.on:
            return
        self.on = on
        if on:
            self._workspace.say(_("Exact mode: numbers of + − × ÷ and whole powers are written as fractions."))
            self.follow()
        else:
            self._workspace.work.forget(self._came)
            self._workspace.canvas.model.show_fractions({})
        self._workspace.actions_by_id["exact"].setChecked(on)
        self.changed.emit()

    def follow(self) -> None:
        """Ask for the fractions of the numbers on the canvas. There are none while a network trains."""
        workspace = self._workspace
        if not self.on or workspace.trace is None or workspace.stale or workspace.kernel is None or workspace.kernel.training:
            return
        workspace.work.ask(ExactNumbers(), self._came, REST_MS)

    def _came(self, question: Question, answer: Any) -> None:
        if not self.on:
            return
        if isinstance(answer, Refusal):
            self._workspace.canvas.model.show_fractions({})
            self._workspace.say(answer.text)
        elif isinstance(answer, Exact):
            self._workspace.canvas.model.show_fractions(on_canvas(answer))


def on_canvas(exact: Exact) -> Mapping[Address, str]:
    """What the canvas writes: single numbers whose fraction is short."""
    texts = {address: written(t.fractions[0]) for address, t in exact.tensors.items() if t.hidden is None and len(t.fractions) == 1}
    return {address: text for address, text in texts.items() if len(text) <= LONGEST}


def written(fraction: Fraction) -> str:
    """`−7/3`, or `−7` for a whole number."""
    return str(fraction).replace("-", MINUS)
