"""What a benchmark says where the computer has not what it measures."""

from __future__ import annotations

CODE = 77
"""The exit code of a benchmark that was skipped, as test programs use it."""


class Skipped(Exception):
    """Nothing was measured; the text says why."""
