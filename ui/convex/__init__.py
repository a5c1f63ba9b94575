"""Convex problems: whether the objective is one and why, its exact minimum beside the iterate, and its Lipschitz constants."""

from ui.convex.rows import ROWS
from ui.shell.workspace.feature import FeatureSpec

FEATURE = FeatureSpec("convex", "ui.convex.feature:ConvexFeature", 18, ROWS)
