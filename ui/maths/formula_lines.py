"""Where a formula in LaTeX may be broken, so that it is read at its size in a narrow panel instead of being shrunk to fit."""

from __future__ import annotations

import re
from collections.abc import Callable

_QUAD = re.compile(r"\\q?quad\b\s*")
_RELATION = re.compile(r"(?:=|\\leftarrow\b|\\approx\b|\\le\b|\\ge\b|<|>)(?=\s)")
_BINARY = re.compile(r"[-+](?=\s)|\\cdot\b|\\odot\b|\\;\\mathrm\{(?:if|else)\}")
_SIGNS: tuple[tuple[re.Pattern[str], bool], ...] = ((_QUAD, False), (_RELATION, False), (_BINARY, False), (_BINARY, True))
"""What a line may begin with, the best break first, and whether it may lie within brackets."""

SHORT = 0.3
"""The share of a line that the left side of an equation must fill to stand on a line of its own."""


def broken(latex: str, limit: float, width: Callable[[str], float], level: int = 0) -> list[str]:
    """The formula on as many lines as the limit asks for; a piece that cannot be broken may still be wider."""
    if width(latex) <= limit or level >= len(_SIGNS):
        return [latex]
    parts = _parts(latex, *_SIGNS[level])
    if _SIGNS[level][0] is _RELATION and len(parts) > 1 and width(parts[0]) < SHORT * limit:
        parts[:2] = [parts[0] + parts[1]]  # a single letter would be lonely on its line
    if len(parts) == 1:
        return broken(latex, limit, width, level + 1)
    lines: list[str] = []
    held = parts[0]
    for part in parts[1:]:
        if held.strip() and width(held + part) > limit:
            lines += broken(held.strip(), limit, width, level + 1)
            held = _QUAD.sub("", part, count=1) if _QUAD.match(part) else part  # a new line is room enough
        else:
            held += part
    return lines + broken(held.strip(), limit, width, level + 1)


def _parts(latex: str, signs: re.Pattern[str], within: bool) -> list[str]:
    """Pieces of which each but the first begins with one of the signs; never inside braces, nor at the very beginning."""
    cuts, braces, brackets = [0], 0, 0
    at = 0
    while at < len(latex):
        match = signs.match(latex, at) if braces == 0 and (within or brackets == 0) else None
        if match and latex[:at].strip():
            cuts.append(at)
            at = match.end()
            continue
        if latex[at] == "\\" and at + 1 < len(latex):
            at += 2 if not latex[at + 1].isalpha() else len(re.match(r"\\[A-Za-z]+", latex[at:]).group())  # type: ignore[union-attr]
            continue
        braces += {"{": 1, "}": -1}.get(latex[at], 0)
        brackets += {"(": 1, "[": 1, ")": -1, "]": -1}.get(latex[at], 0) if braces == 0 else 0
        at += 1
    return [latex[a:b] for a, b in zip(cuts, [*cuts[1:], len(latex)], strict=True)]
