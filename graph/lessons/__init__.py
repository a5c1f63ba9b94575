"""Lesson files as values."""
