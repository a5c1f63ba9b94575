"""Finds who answers a question, and takes the hidden numbers out of the answer."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.explain.covering import covered
from engine.explain.question import Question, Refusal, Unanswerable

if TYPE_CHECKING:
    from engine.compile.visible import Hidden
    from engine.explain.context import ExplainContext


def answer(situation: ExplainContext, question: Question, hidden: Hidden | None = None) -> Any:
    """The answer, or a `Refusal`, without the numbers that are hidden."""
    module, _, name = question.answered_by.partition(":")
    function: Callable[[ExplainContext, Question], Any] = getattr(importlib.import_module(module), name)
    try:
        reply = function(situation, question)
        if not hidden or question.judges:
            return reply
        if question.in_motion:
            hidden = replace(hidden, ahead=frozenset())
        return covered(reply, situation, hidden)
    except Unanswerable as refused:
        return Refusal(str(refused))
