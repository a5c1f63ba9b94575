"""A question the window puts to the engine. No torch here: both processes import this."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Refusal:
    """Instead of an answer: why there is none, in words for the user."""

    text: str


class Question:
    """Base of all questions: frozen dataclasses of plain, hashable fields.

    `answered_by` is `module:function`; the function takes an `ExplainContext` and the question and returns the answer, a picklable
    object without torch in it, or raises `Unanswerable`. It must not change the model, and it should take less than about
    0.2 s, because training and live values wait for it: longer work is asked for in parts.
    """

    answered_by: ClassVar[str] = ""
    judges: ClassVar[bool] = False
    """Whether the answer is what predictions are judged by: such an answer is never shown, and holds the hidden numbers."""
    in_motion: ClassVar[bool] = False
    """Whether the answer is for playback, which shows its numbers one after the other: those that it has not come to are not covered."""


class Unanswerable(Exception):
    """There is no answer; the text says why."""
