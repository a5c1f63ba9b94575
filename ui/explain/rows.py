"""The action table's rows of `ui.explain`."""

from __future__ import annotations

from ui.action_spec import ActionSpec, has

A = ActionSpec
explainable = has("explainable")
ROWS: tuple[ActionSpec, ...] = (
    A("why", "Why this number?", "Learn", ("W",), "canvas", explainable, "The formula, the numbers in it, and where each comes from",
      before=True, search=("explain", "card", "chain rule"), run="explain.why"),
)  # fmt: skip
