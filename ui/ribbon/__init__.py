"""Where playback is: the phases of a training step, the current event with its equation, and why playback or training stopped."""

from ui.shell.workspace.feature import FeatureSpec

FEATURE = FeatureSpec("ribbon", "ui.ribbon.feature:Ribbon", 9)
"""Before the debugger, which replaces what is said here by what only it knows."""
