"""The Jacobian of any node: how each entry of its output moves with each entry of a value or a learned tensor before it."""

from ui.jacobian.rows import ROWS
from ui.shell.workspace.feature import FeatureSpec

FEATURE = FeatureSpec("jacobian", "ui.jacobian.feature:JacobianFeature", 17, ROWS)
