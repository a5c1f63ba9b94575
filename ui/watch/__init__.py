"""Watched numbers."""
