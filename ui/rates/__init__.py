"""How fast the run converges: measured gaps with the bounds of the lectures over them."""

from graph.text.messages import _
from ui.rates.rows import ROWS
from ui.shell.workspace.feature import FeatureSpec
from ui.shell.workspace.panel import PanelSpec

PANELS = (PanelSpec("rates", _("Rates"), "bottom", "ui.rates.page:RatesPage", 56, made="when asked for"),)
FEATURE = FeatureSpec("rates", "ui.rates.feature:RatesFeature", 18, ROWS)
