"""The action table's rows of `ui.explain`."""

from __future__ import annotations

from ui.shell.workspace.action_spec import ActionSpec, has

A = ActionSpec
explainable = has("explainable")
auditable = has("auditable")
ROWS: tuple[ActionSpec, ...] = (
    A("why", "Why this number?", "Learn", ("W",), "canvas", explainable, "The formula, the numbers in it, and where each comes from",
      before=True, search=("explain", "card", "chain rule"), run="explain.why", context=100),
    A("audit", "Audit the gradients", "Learn", ("A",), "canvas", auditable, "Numerical against analytical gradient on every wire",
      search=("check", "finite differences", "numerical"), run="explain.toggle_audit"),
    A("show_paths", "Paths to the objective", "Learn", enabled=explainable, tip="All paths from the selected value, and their sum",
      search=("ledger", "sum over paths"), run="explain.show_paths"),
    A("show_picture", "Slice with tangent and parabola", "Learn", enabled=explainable,
      tip="The objective along the selected number", search=("picture", "Taylor", "secant"), run="explain.show_picture"),
    A("show_symbolic", "Formula and derivatives", "Learn", enabled=explainable, tip="The objective and its derivatives as formulas",
      search=("symbolic", "SymPy", "LaTeX"), run="explain.show_symbolic"),
    A("show_modes", "Forward mode", "Learn", enabled=explainable, tip="Tangents from any seed, and adjoints of any target",
      search=("tangent", "dual numbers", "seed"), run="explain.show_modes"),
    A("show_cost", "Why reverse mode", "Learn", enabled=explainable, tip="Naive differentiation against backpropagation, counted and timed",
      search=("complexity", "sweep", "cost"), run="explain.show_cost"),
)  # fmt: skip
