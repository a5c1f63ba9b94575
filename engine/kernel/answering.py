"""Answers that are looked up: to questions, to full arrays, to the newest measurements."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
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


def measured(points: Sequence[Any]) -> dict[str, float | None]:
    """The newest measurement among the curve's points, under the names of the metrics."""
    for point in reversed(points):
        if metrics := point.measured:
            return dict(metrics)
    return {}
