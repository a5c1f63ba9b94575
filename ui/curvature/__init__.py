"""The curvature of the objective: its Hessian with names, eigenvalues and eigenvectors, and Newton's step."""

from ui.curvature.rows import ROWS
from ui.shell.workspace.feature import FeatureSpec

FEATURE = FeatureSpec("curvature", "ui.curvature.feature:CurvatureFeature", 17, ROWS)
