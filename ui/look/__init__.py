"""Themes, type and the smallest widgets. Imports nothing else of the window."""
