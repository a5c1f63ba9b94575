"""The landscape: the objective over a plane of its numbers, with the path of the run, refreshed while something trains."""

from ui.landscape.rows import ROWS
from ui.shell.workspace.feature import FeatureSpec

FEATURE = FeatureSpec("landscape", "ui.landscape.feature:LandscapeFeature", 16, ROWS)
