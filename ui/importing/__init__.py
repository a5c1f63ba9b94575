"""Tables become Data nodes: the import dialog."""

from ui.importing.rows import ROWS
from ui.shell.workspace.feature import FeatureSpec

FEATURE = FeatureSpec("importing", "ui.importing.feature:Importing", 15, ROWS)
