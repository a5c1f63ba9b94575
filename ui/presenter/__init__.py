"""Presenter mode: full screen, pen, spotlight, clicker."""
