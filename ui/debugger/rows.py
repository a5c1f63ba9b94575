"""The action table's rows of `ui.debugger`."""

from __future__ import annotations

from graph.text.messages import _
from ui.shell.workspace.action_spec import ActionContext, ActionSpec, has, nodes, playable


def some_nodes(s: ActionContext) -> bool:
    return s.selected_nodes > 0


def target(s: ActionContext) -> bool:
    return s.selected_nodes == 1 and playable(s)


def trained(s: ActionContext) -> bool:
    return s.kernel and s.trained and not s.training


A = ActionSpec
_STEPS = ("step", "debug")
ROWS: tuple[ActionSpec, ...] = (
    A("debugger", _("Debugger"), "Run", ("Ctrl+Shift+D",), enabled=nodes, check="toggle", before=True,
      search=("step", "breakpoint", "phase"),
      tip=_("Step through forward, loss, backward, update and zeroing, and back across iterations"), run="debugger.toggle"),
    A("line_search", _("What the line search tried"), "Learn/Analyse", enabled=has("line search"),
      search=("trial points", "step length", "Armijo", "Wolfe", "backtracking", "Newton", "BFGS"),
      tip=_("The loss along the direction of the coming step, with the points that the line search tries on it"),
      run="debugger.show_search"),
    A("layer_on", _("Next layer"), "Run/Steps", ("Ctrl+.", "Shift+PgDown"), "canvas", playable, _("Play one layer"), search=_STEPS,
      run="debugger.layer_on"),
    A("layer_back", _("Layer back"), "Run/Steps", ("Ctrl+,", "Shift+PgUp"), "canvas", playable, _("Step back one layer"), search=_STEPS,
      run="debugger.layer_back"),
    A("phase_on", _("Next phase"), "Run/Steps", ("Ctrl+PgDown",), "canvas", playable, _("Play the rest of the phase"), search=_STEPS,
      run="debugger.phase_on"),
    A("phase_back", _("Phase back"), "Run/Steps", ("Ctrl+PgUp",), "canvas", playable, _("Go back to the start of the phase"), search=_STEPS,
      run="debugger.phase_back"),
    A("iteration_back", _("One training step back"), "Run/Steps", ("Shift+F9",), enabled=trained,
      tip=_("Undo the last training step exactly: weights, optimizer state, position "
            "in the data"), search=_STEPS, run="debugger.iteration_back"),
    A("run_here", _("Run to here"), "Run/Steps", ("Ctrl+F9",), "canvas", target, _("Play on to the selected node"), search=_STEPS,
      run="debugger.run_here"),
    A("breakpoint", _("Breakpoint"), "Run/Breakpoints", ("B",), "canvas", some_nodes, _("Set or remove a breakpoint at the selected nodes"),
      run="debugger.toggle_breakpoint"),
    A("condition", _("Breakpoints and conditions …"), "Run/Breakpoints", ("Shift+B",), "canvas", nodes,
      _("Stop where a value, a gradient or the loss meets a condition"), search=("breakpoint", "watch"), run="debugger.ask_condition"),
)  # fmt: skip
