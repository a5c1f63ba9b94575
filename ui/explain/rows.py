"""The action table's rows of `ui.explain`."""

from __future__ import annotations

from graph.text.messages import _
from ui.shell.workspace.action_spec import ActionSpec, has

A = ActionSpec
explainable = has("explainable")
auditable = has("auditable")
ROWS: tuple[ActionSpec, ...] = (
    A("why", _("Why this number?"), "Learn", ("W",), "canvas", explainable,
      _("Show the formula, the numbers in it, and where each comes from"),
      before=True, search=("explain", "card", _("chain rule")), run="explain.why", context=100),
    A("audit", _("Audit the gradients"), "Learn", ("A",), "canvas", auditable, _("Compare numerical and analytical gradients on "
                                                                                 "every wire"),
      search=("check", _("finite differences"), "numerical"), run="explain.toggle_audit"),
    A("show_paths", _("Paths to the objective"), "Learn/Analyse", enabled=explainable, before=True,
      tip=_("Show all paths from the selected value and their sum"), search=("ledger", _("sum over paths")), run="explain.show_paths"),
    A("show_picture", _("Slice with tangent and parabola"), "Learn/Analyse", enabled=explainable,
      tip=_("Plot the objective against the selected number"), search=("picture", _("Taylor"), "secant"), run="explain.show_picture"),
    A("show_symbolic", _("Formula and derivatives"), "Learn/Analyse", enabled=explainable,
      tip=_("Show the objective and its derivatives as formulas"),
      search=("symbolic", "SymPy", "LaTeX"), run="explain.show_symbolic"),
    A("exact", _("Exact fractions"), "Learn/Analyse", ("Shift+E",), "canvas", explainable,
      _("Write the numbers of + − × ÷ and whole powers as fractions, as in a calculation by hand"),
      check="toggle", search=("fraction", "rational", _("rounding error")), run="explain.toggle_exact"),
    A("show_exact", _("Fractions and rounding errors"), "Learn/Analyse", enabled=explainable,
      tip=_("List every number as a fraction, beside the computed number and its rounding error"),
      search=("exact", "fraction", "float"), run="explain.show_exact"),
    A("show_modes", _("Forward mode"), "Learn/Analyse", enabled=explainable,
      tip=_("Show tangents from any seed and adjoints of any target"),
      search=("tangent", _("dual numbers"), "seed"), run="explain.show_modes"),
    A("show_cost", _("Why reverse mode"), "Learn/Analyse", enabled=explainable,
      tip=_("Compare naive differentiation with backpropagation, counted and timed"),
      search=("complexity", "sweep", "cost"), run="explain.show_cost"),
)  # fmt: skip
