"""How many there are of something, as texts say it."""

from __future__ import annotations


def counted(count: int, noun: str) -> str:
    """`1 step`, `1,200 steps`; for nouns that take an s."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
