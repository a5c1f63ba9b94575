"""The training page and its curves."""
