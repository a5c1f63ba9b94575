"""Presenting: full screen, pen, spotlight."""

from ui.presenter.rows import ROWS
from ui.shell.workspace.feature import FeatureSpec

FEATURE = FeatureSpec("presenter", "ui.presenter.feature:Presenter", 60, ROWS)
