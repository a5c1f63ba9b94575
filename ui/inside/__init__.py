"""The inside of an optimizer: the update of any parameter as a wired graph, which follows the run and can be rewired."""

from ui.inside.rows import ROWS
from ui.shell.workspace.feature import FeatureSpec

FEATURE = FeatureSpec("inside", "ui.inside.feature:InsideFeature", 55, ROWS)
