"""A question the window puts to the engine, and how it finds who answers it. No torch here: both processes import this."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from engine.compile.visible import Hidden
    from engine.explain.context import Situation


@dataclass(frozen=True, slots=True)
class Refusal:
    """Instead of an answer: why there is none, in words for the person who asked."""

    text: str


class Question:
    """Base of all questions: frozen dataclasses of plain, hashable fields.

    `answered_by` is `module:function`; the function takes a `Situation` and the question and returns the answer, a picklable
    object without torch in it, or raises `Unanswerable`. It must not change the model, and it should take less than about
    0.2 s, because training and live values wait for it: longer work is asked for in parts.
    """

    answered_by: ClassVar[str] = ""
    judges: ClassVar[bool] = False
    """Whether the answer is what predictions are judged by: such an answer is shown to nobody and holds the hidden numbers."""


class Unanswerable(Exception):
    """There is no answer; the text says why."""


def answer(situation: Situation, question: Question, hidden: Hidden | None = None) -> Any:
    """The answer, or a `Refusal`, without the numbers that are hidden."""
    module, _, name = question.answered_by.partition(":")
    function: Callable[[Situation, Question], Any] = getattr(importlib.import_module(module), name)
    try:
        found = function(situation, question)
        if not hidden or question.judges:
            return found
        from engine.explain.covering import covered

        return covered(found, situation, hidden)
    except Unanswerable as refused:
        return Refusal(str(refused))
