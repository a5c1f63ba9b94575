"""What every unit of a network answers on the plane of the learned function: a small map for each, at its own card."""

from ui.responses.rows import ROWS
from ui.shell.workspace.feature import FeatureSpec

FEATURE = FeatureSpec("responses", "ui.responses.feature:ResponsesFeature", 14, ROWS)
