"""Answers that are looked up: to questions, to full arrays."""

from __future__ import annotations

import sys
import traceback
from typing import Any

from engine.compile.visible import Hidden
from engine.explain.answer import answer
from engine.explain.context import ExplainContext
from engine.explain.question import Question, Refusal
from graph.text.messages import _


def answered(situation: ExplainContext, question: Question, hidden: Hidden | None = None) -> Any:
    try:
        return answer(situation, question, hidden)
    except Exception as error:  # noqa: BLE001 - one question that fails must not cost the others their answers
        traceback.print_exc(file=sys.stderr)
        return Refusal(_("This could not be answered ({name}: {error}).").format(name=type(error).__name__, error=error))
