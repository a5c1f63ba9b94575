"""The window: everything around the canvas, and the panels and features in it."""
