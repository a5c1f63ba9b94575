"""The rows of the action table about the curves."""

from __future__ import annotations

from graph.text.messages import _
from ui.shell.workspace.action_spec import ActionSpec, has, learns

MENU = "Run/Curves"
WORDS = ("loss", "accuracy", "plot", "chart")
_drawn = has("curves")


def _smoothing(steps: int, text: str) -> ActionSpec:
    return ActionSpec(
        f"curves_mean_{steps}", text, MENU, check="curve_smoothing", before=not steps, search=(*WORDS, "smooth", "average"),
        tip=_("Draw the mean of the last steps over the loss of each step") if steps else _("Draw the loss of each step alone"),
        run=f"curves.mean_{steps}",
    )  # fmt: skip


ROWS = (
    ActionSpec("show_gauge", _("Step size and curvature"), "Learn/Analyse", ("Shift+F3",), enabled=learns,
               search=("sharpness", "stability", "lambda max", "learning rate", "descent lemma", "edge of stability"),
               tip=_("Measure the largest curvature λmax while training, and mark the stable learning rates 1/λmax and 2/λmax"),
               run="curves.show_gauge"),
    ActionSpec("curves_read", _("Read a step"), MENU, ("Ctrl+Shift+U",), enabled=_drawn, search=(*WORDS, "cursor", "zoom"), before=True,
               tip=_("Move the focus to the loss: arrow keys read the steps, + and − zoom, 0 shows all"), run="curves.focus"),
    ActionSpec("go_to_step", _("Go to a step"), MENU, ("Ctrl+F7",), enabled=has("curves"), search=("timeline", "slider", "rewind"),
               tip=_("Move the focus to the slider of steps: arrow keys show the steps before and after"), run="curves.focus_timeline"),
    ActionSpec("curves_all", _("Show all steps"), MENU, ("Ctrl+Shift+A",), enabled=has("curves zoomed"), search=(*WORDS, "zoom"),
               tip=_("Show all steps again; the mouse wheel or a drag over the plot shows fewer"), run="curves.show_all"),
    ActionSpec("curves_log", _("Logarithmic loss axis"), MENU, ("Ctrl+Shift+Y",), check="toggle", search=(*WORDS, "log scale"),
               tip=_("Show the loss on a logarithmic scale"), run="curves.toggle_log"),
    ActionSpec("curves_others", _("Curves of other runs"), MENU, enabled=has("curves beside"), check="toggle", search=(*WORDS, "reset"),
               tip=_("Show the curves of other runs behind the current ones"), run="curves.toggle_others"),
    _smoothing(0, _("Not smoothed")),
    _smoothing(10, _("Mean of 10 steps")),
    _smoothing(100, _("Mean of 100 steps")),
    _smoothing(1000, _("Mean of 1,000 steps")),
    ActionSpec("curves_copy", _("Copy the numbers"), MENU, ("Ctrl+Shift+X",), enabled=_drawn, before=True,
               search=(*WORDS, "clipboard", "csv"),
               tip=_("Copy the numbers of the steps that are shown as CSV, with all digits"), run="curves.copy"),
    ActionSpec("curves_picture", _("Copy the picture"), MENU, enabled=_drawn, search=(*WORDS, "clipboard"),
               tip=_("Copy the plots as a picture"), run="curves.copy_picture"),
    ActionSpec("curves_csv", _("Save as CSV …"), MENU, enabled=_drawn, search=(*WORDS, "export", "spreadsheet"), asks=True,
               tip=_("Save the numbers of the steps that are shown, with all digits"), run="curves.save_csv"),
    ActionSpec("curves_svg", _("Save as SVG …"), MENU, enabled=_drawn, search=(*WORDS, "export", "picture"), asks=True,
               tip=_("Save the plots as a vector picture"), run="curves.save_svg"),
    ActionSpec("curves_png", _("Save as PNG …"), MENU, enabled=_drawn, search=(*WORDS, "export", "picture"), asks=True,
               tip=_("Save the plots as a picture in pixels"), run="curves.save_png"),
)  # fmt: skip
