"""Instruments of training: the step that the run makes next, as a whole and layer by layer."""

from graph.text.messages import _
from ui.shell.workspace.action_spec import ActionSpec, nodes
from ui.shell.workspace.panel import PanelSpec

WORDS = ("histogram", "norm", "update", "ratio", "dead", "saturated", "alpha", "noise", "cockpit")
ROWS = (
    ActionSpec("instruments", _("Instruments of training"), "Run/Curves", ("Ctrl+Shift+I",), enabled=nodes, before=True, search=WORDS,
               tip=_("Show where each step lands, how noisy the gradient is, and histograms of every layer"), run="instruments.begin"),
)  # fmt: skip
PANELS = (
    PanelSpec("instruments", _("Instruments"), "bottom", "ui.instruments.panel:InstrumentsPage", 43, made="when seen", rows=ROWS),
)
