"""What is seen to happen while a pass is played, and while training goes slowly."""

from ui.shell.workspace.feature import FeatureSpec

FEATURE = FeatureSpec("motion", "ui.motion.feature:Motion", 12)
