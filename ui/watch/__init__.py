"""Probes: numbers of wires over training."""

from graph.text.messages import _
from ui.shell.workspace.action_spec import ActionSpec, wires
from ui.shell.workspace.panel import PanelSpec

ROWS = (
    ActionSpec("probe_value", _("Probe value"), "Run/Probes", ("F8",), enabled=wires, run="probes.pin_value", context=370,
               tip=_("Track the selected wire's value during training")),
    ActionSpec("probe_gradient", _("Probe gradient"), "Run/Probes", ("Shift+F8",), enabled=wires, run="probes.pin_gradient", context=380,
               tip=_("Track the selected wire's gradient during training")),
)  # fmt: skip
PANELS = (PanelSpec("probes", _("Probes"), "bottom", "ui.watch.probes_page:ProbesPage", 45, rows=ROWS),)
