"""Lists of words inside a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from graph.text.messages import _


def alternatives(words: Sequence[str]) -> str:
    """`PNG, SVG or PDF`."""
    *first, last = words
    return _("{words} or {last}").format(words=", ".join(first), last=last) if first else last


def listed(words: Iterable[str]) -> str:
    """`x, y and z`."""
    *first, last = words
    return _("{words} and {last}").format(words=", ".join(first), last=last) if first else last
