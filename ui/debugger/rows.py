"""The action table's rows of `ui.debugger`."""

from __future__ import annotations

from ui.shell.workspace.action_spec import ActionContext, ActionSpec, nodes, playable


def some_nodes(s: ActionContext) -> bool:
    return s.selected_nodes > 0


def target(s: ActionContext) -> bool:
    return s.selected_nodes == 1 and playable(s)


def trained(s: ActionContext) -> bool:
    return s.kernel and s.trained and not s.training


A = ActionSpec
_STEPS = ("step", "debug")
ROWS: tuple[ActionSpec, ...] = (
    A("debugger", "Debugger", "Run", ("Ctrl+Shift+D",), enabled=nodes, check="toggle", before=True, search=("step", "breakpoint", "phase"),
      tip="Step through forward, loss, backward, update and zeroing, and back across iterations", run="debugger.toggle"),
    A("layer_on", "Next layer", "Run", ("Ctrl+.", "Shift+PgDown"), "canvas", playable, "Play one layer", search=_STEPS,
      run="debugger.layer_on"),
    A("layer_back", "Layer back", "Run", ("Ctrl+,", "Shift+PgUp"), "canvas", playable, "Take back one layer", search=_STEPS,
      run="debugger.layer_back"),
    A("phase_on", "Next phase", "Run", ("Ctrl+PgDown",), "canvas", playable, "Play the rest of the phase", search=_STEPS,
      run="debugger.phase_on"),
    A("phase_back", "Phase back", "Run", ("Ctrl+PgUp",), "canvas", playable, "Back to where the phase began", search=_STEPS,
      run="debugger.phase_back"),
    A("iteration_back", "One training step back", "Run", ("Shift+F9",), enabled=trained,
      tip="Undo the last training step exactly: weights, optimizer, place in the data", search=_STEPS, run="debugger.iteration_back"),
    A("run_here", "Run to here", "Run", ("Ctrl+F9",), "canvas", target, "Play on to the selected node", search=_STEPS,
      run="debugger.run_here"),
    A("breakpoint", "Breakpoint", "Run", ("B",), "canvas", some_nodes, "Stop at the selected nodes, or no longer",
      run="debugger.toggle_breakpoint"),
    A("condition", "Breakpoints and conditions …", "Run", ("Shift+B",), "canvas", nodes,
      "Stop where a value, a gradient or the loss meets a condition", search=("breakpoint", "watch"), run="debugger.ask_condition"),
)  # fmt: skip
