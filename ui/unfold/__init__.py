"""Looking into a layer."""

from ui.shell.workspace.feature import FeatureSpec
from ui.unfold.rows import ROWS

FEATURE = FeatureSpec("unfold", "ui.unfold.feature:Unfold", 20, ROWS)
