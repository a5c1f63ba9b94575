"""The action table's rows of `ui.explain`."""

from __future__ import annotations

from graph.text.messages import _
from ui.shell.workspace.action_spec import ActionSpec, has

A = ActionSpec
explainable = has("explainable")
auditable = has("auditable")
ROWS: tuple[ActionSpec, ...] = (
    A("why", _("Why this number?"), "Learn", ("W",), "canvas", explainable,
      _("The formula, the numbers in it, and where each comes from"),
      before=True, search=("explain", "card", _("chain rule")), run="explain.why", context=100),
    A("audit", _("Audit the gradients"), "Learn", ("A",), "canvas", auditable, _("Numerical against analytical gradient on every wire"),
      search=("check", _("finite differences"), "numerical"), run="explain.toggle_audit"),
    A("show_paths", _("Paths to the objective"), "Learn", enabled=explainable, tip=_("All paths from the selected value, and their sum"),
      search=("ledger", _("sum over paths")), run="explain.show_paths"),
    A("show_picture", _("Slice with tangent and parabola"), "Learn", enabled=explainable,
      tip=_("The objective along the selected number"), search=("picture", _("Taylor"), "secant"), run="explain.show_picture"),
    A("show_symbolic", _("Formula and derivatives"), "Learn", enabled=explainable,
      tip=_("The objective and its derivatives as formulas"),
      search=("symbolic", "SymPy", "LaTeX"), run="explain.show_symbolic"),
    A("show_modes", _("Forward mode"), "Learn", enabled=explainable, tip=_("Tangents from any seed, and adjoints of any target"),
      search=("tangent", _("dual numbers"), "seed"), run="explain.show_modes"),
    A("show_cost", _("Why reverse mode"), "Learn", enabled=explainable,
      tip=_("Naive differentiation against backpropagation, counted and timed"),
      search=("complexity", "sweep", "cost"), run="explain.show_cost"),
)  # fmt: skip
