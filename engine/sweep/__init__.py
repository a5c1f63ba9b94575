"""Sweeps: the same document trained many times, each time with other settings. What a sweep is and what it found are plain values."""
