"""Brackets that grow only around something tall: each pair that grows costs the typesetter of the window dearly."""

from __future__ import annotations

import re

_BRACKET = re.compile(r"\\(left|right)\s*(\\[{}|]|.)")
_TALL = (r"\frac", r"\sqrt", r"\left")


def plain_brackets(latex: str) -> str:
    """The formula with `\\left(` … `\\right)` as `(` … `)` around what is a line high. Pairs are those of balanced LaTeX."""
    opened: list[tuple[int, str]] = []  # where the text inside a pair begins in `done`, and its opening bracket
    done, at = "", 0
    for match in _BRACKET.finditer(latex):
        done += latex[at : match.start()]
        at = match.end()
        if match[1] == "left":
            opened.append((len(done), match[2]))
        elif opened:
            start, bracket = opened.pop()
            inside = done[start:]
            grows = any(mark in inside for mark in _TALL)
            done = done[:start] + (rf"\left{bracket}{inside}\right{match[2]}" if grows else f"{bracket}{inside}{match[2]}")
    return done + latex[at:]
