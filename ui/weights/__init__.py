"""What the optimizer holds, on the weights: velocity, accumulated squares, effective rates."""

from ui.shell.workspace.feature import FeatureSpec
from ui.weights.rows import ROWS

FEATURE = FeatureSpec("weights", "ui.weights.feature:WeightsFeature", 15, ROWS)
