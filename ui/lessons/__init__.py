"""Lessons: playing, recording, speaker notes."""
