"""The rows of the action table about sweeps."""

from __future__ import annotations

from graph.text.messages import _
from ui.shell.workspace.action_spec import ActionContext, ActionSpec, has, own_nodes

MENU = "Run/Sweep"
WORDS = ("grid", "search", "hyperparameters", "learning rates", "seeds", "sensitivity", "compare", "tuning")
_some = has("sweep")


def _usable(s: ActionContext) -> bool:
    return "sweep chosen" in s.facts and not s.read_only


def _keepable(s: ActionContext) -> bool:
    return "sweep" in s.facts and not s.read_only


RACE = ("race", "compare optimizers", "fair comparison", "benchmark", "competition", "versus", "schedules", "learning rates", "seeds")

ROWS = (
    ActionSpec("race", _("Race …"), MENU, ("Ctrl+Shift+F8",), enabled=own_nodes, before=True, check="toggle", search=RACE,
               tip=_("Train several optimizers, rates or schedules from the same start on the same mini-batches"), run="sweep.toggle_race"),
    ActionSpec("sweep", _("Sweep settings"), MENU, ("Ctrl+Shift+V",), enabled=own_nodes, search=WORDS,
               tip=_("Train with many learning rates, widths, seeds or optimizers, and compare the results"), run="sweep.show"),
    ActionSpec("sweep_start", _("Start the sweep"), MENU, enabled=has("sweep ready"), search=WORDS,
               tip=_("Train every combination of the chosen values"), run="sweep.start"),
    ActionSpec("sweep_stop", _("Cancel the sweep"), MENU, enabled=has("sweep running"), search=(*WORDS, "stop"),
               tip=_("Stop; the runs that have ended are kept"), run="sweep.cancel"),
    ActionSpec("sweep_use", _("Use these settings"), MENU, enabled=_usable, before=True, search=WORDS,
               tip=_("Give the document the settings of the selected run (undo reverts it)"), run="sweep.use"),
    ActionSpec("sweep_keep", _("Keep this run"), MENU, enabled=_usable, search=(*WORDS, "runs", "tree"),
               tip=_("Train the selected run once more, alone, as a run of the document"), run="sweep.keep"),
    ActionSpec("sweep_keep_each", _("Keep the best of each"), MENU, enabled=_keepable, search=(*WORDS, *RACE, "runs", "tree"),
               tip=_("Train the best run of each competitor once more, alone, as runs of the document"), run="sweep.keep_each"),
    ActionSpec("sweep_copy", _("Copy the table"), MENU, enabled=_some, before=True, search=(*WORDS, "clipboard", "csv"),
               tip=_("Copy a row for each run as CSV, with all digits"), run="sweep.copy"),
    ActionSpec("sweep_picture", _("Copy the chart"), MENU, enabled=_some, search=(*WORDS, "clipboard"),
               tip=_("Copy the chart as a picture"), run="sweep.copy_picture"),
    ActionSpec("sweep_csv", _("Save the table as CSV …"), MENU, enabled=_some, search=(*WORDS, "export", "spreadsheet"), asks=True,
               tip=_("Save a row for each run, with all digits"), run="sweep.save_csv"),
    ActionSpec("sweep_curves", _("Save the curves as CSV …"), MENU, enabled=_some, search=(*WORDS, "export", "spreadsheet"), asks=True,
               tip=_("Save the points of every curve, with all digits"), run="sweep.save_curves"),
    ActionSpec("sweep_svg", _("Save the chart as SVG …"), MENU, enabled=_some, search=(*WORDS, "export", "picture"), asks=True,
               tip=_("Save the chart as a vector picture"), run="sweep.save_svg"),
    ActionSpec("sweep_png", _("Save the chart as PNG …"), MENU, enabled=_some, search=(*WORDS, "export", "picture"), asks=True,
               tip=_("Save the chart as a picture in pixels"), run="sweep.save_png"),
)  # fmt: skip
