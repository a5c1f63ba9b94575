"""The rows of the action table about runs."""

from __future__ import annotations

from graph.text.messages import _
from ui.shell.workspace.action_spec import ActionContext, ActionSpec, has

MENU = "Run/Runs"
WORDS = ("runs", "branch", "history", "time machine")


def _may_edit(s: ActionContext) -> bool:
    """Whether a run is chosen, and what the document says about it may be changed."""
    return "run chosen" in s.facts and not s.read_only


def _may_delete(s: ActionContext) -> bool:
    return _may_edit(s) and "run elsewhere" in s.facts


def _may_train(s: ActionContext) -> bool:
    return _may_edit(s) and s.kernel


_chosen, _any = has("run chosen"), has("runs")
ROWS = (
    ActionSpec("runs", _("Choose a run"), MENU, ("Ctrl+F6",), search=WORDS, before=True,
               tip=_("Move the focus to the list of runs: Enter goes to a run's newest step, Space shows its curve"), run="runs.focus"),
    ActionSpec("run_show", _("Go to this run"), MENU, enabled=_chosen, search=(*WORDS, "go to", "newest step"),
               tip=_("Show the newest step of the chosen run; the document's settings stay"), run="runs.show_run"),
    ActionSpec("run_restore", _("Restore this run"), MENU, enabled=_may_edit, search=(*WORDS, "settings", "back"),
               tip=_("Set the training settings and the graph of the chosen run, and go to its newest step; undo brings yours back"),
               run="runs.restore"),
    ActionSpec("run_continue", _("Continue this run"), MENU, enabled=_may_train, search=(*WORDS, "resume", "train"),
               tip=_("Restore the chosen run and train on from its newest step"), run="runs.go_on"),
    ActionSpec("run_branch", _("Branch with changes …"), MENU, ("Ctrl+F3",), enabled=_may_edit,
               search=(*WORDS, "duplicate", "fork", "what if", "optimizer", "rate"),
               tip=_("Go to a step of the chosen run with another optimizer, rate, batch size or order of samples"),
               run="runs.branch", asks=True),
    ActionSpec("run_plot", _("Show in the plot"), MENU, enabled=_may_edit, before=True, search=(*WORDS, "curve", "compare"),
               tip=_("Draw the curve of the chosen runs in a colour of their own beside the current one, or no longer"),
               run="runs.toggle_shown"),
    ActionSpec("run_pin", _("Pin this run"), MENU, enabled=_may_edit, search=(*WORDS, "keep", "star"),
               tip=_("Keep the chosen run at the top of the list and in the plot, or no longer"), run="runs.toggle_pinned"),
    ActionSpec("run_rename", _("Rename this run"), MENU, enabled=_may_edit, search=(*WORDS, "name"),
               tip=_("Give the chosen run a name; an empty one brings the default name back  (F2 in the list)"), run="runs.rename"),
    ActionSpec("run_note", _("Write a note about this run"), MENU, enabled=_may_edit, search=(*WORDS, "comment"),
               tip=_("Move the focus to the note about the chosen run"), run="runs.write_note"),
    ActionSpec("run_delete", _("Delete this run"), MENU, enabled=_may_delete, search=(*WORDS, "remove"),
               tip=_("Delete the chosen runs, other than the current one; undo brings them back  (Delete in the list)"),
               run="runs.delete"),
    ActionSpec("runs_csv", _("Save the history as CSV …"), MENU, enabled=_any, before=True, search=(*WORDS, "export", "table"), asks=True,
               tip=_("Save a row for each run: settings, final and best metrics, with all digits"), run="runs.save_csv"),
    ActionSpec("runs_json", _("Save the history as JSON …"), MENU, enabled=_any, search=(*WORDS, "export"), asks=True,
               tip=_("Save all that is known of the runs, with their curves"), run="runs.save_json"),
    ActionSpec("runs_markdown", _("Save the history as a report …"), MENU, enabled=_any, search=(*WORDS, "export", "markdown"), asks=True,
               tip=_("Save a readable Markdown report of the runs"), run="runs.save_markdown"),
)  # fmt: skip
