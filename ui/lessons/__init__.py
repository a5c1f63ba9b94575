"""Lessons: playing and recording them."""

from ui.lessons.rows import ROWS
from ui.shell.workspace.feature import FeatureSpec

FEATURE = FeatureSpec("lessons", "ui.lessons.feature:Lessons", 50, ROWS)
