"""A question the window puts to the engine, and how it finds who answers it. No torch here: both processes import this."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from engine.explain.context import Situation


@dataclass(frozen=True, slots=True)
class Refusal:
    """Instead of an answer: why there is none, in words for the person who asked."""

    text: str


class Question:
    """Base of all questions: frozen dataclasses of plain, hashable fields.

    `answered_by` is `module:function`; the function takes a `Situation` and the question and returns the answer, a picklable
    object without torch in it, or raises `Unanswerable`. It must not change the session, and it should take less than about
    0.2 s, because training and live values wait for it: longer work is asked for in parts.
    """

    answered_by: ClassVar[str] = ""


class Unanswerable(Exception):
    """There is no answer; the text says why."""


def answer(situation: Situation, question: Question) -> Any:
    """The answer, or a `Refusal`."""
    module, _, name = question.answered_by.partition(":")
    function: Callable[[Situation, Question], Any] = getattr(importlib.import_module(module), name)
    try:
        return function(situation, question)
    except Unanswerable as refused:
        return Refusal(str(refused))
