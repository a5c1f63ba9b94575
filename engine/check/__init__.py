"""Derivatives checked against numerical ones."""
