"""The size of the gradients: on the wires, and by layer."""

from ui.gradients.rows import ROWS
from ui.shell.workspace.feature import FeatureSpec

FEATURE = FeatureSpec("gradients", "ui.gradients.feature:Gradients", 14, ROWS)
