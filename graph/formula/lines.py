"""A text of several lines as the statements of one formula: each line is a definition, and a line may go on on the next."""

from __future__ import annotations

import re

_OPENING, _CLOSING = "([{", ")]}"
_GOES_ON = re.compile(r"(\*\*|[-+−*/^·×⋅÷@=,(\[{])\s*$")
_CONTINUES = re.compile(r"^\s*(\*\*|[+*/^·×⋅÷@=,)\]}])")
_REMARK = re.compile(r"\s*(#|//).*$")


def statements(text: str) -> list[str]:
    """The statements in reading order, without blank lines, remarks behind # and the ; at a line's end.

    A line continues while a bracket is open, behind an operator, and where the next one begins with an operator other than a sign.
    """
    joined: list[str] = []
    open_brackets = 0
    for line in text.splitlines():
        part = _REMARK.sub("", line).strip()
        if not part:
            continue
        if joined and (open_brackets > 0 or _GOES_ON.search(joined[-1]) or _CONTINUES.match(part)):
            joined[-1] = f"{joined[-1]} {part}"
        else:
            joined.append(part)
        open_brackets = sum(joined[-1].count(sign) for sign in _OPENING) - sum(joined[-1].count(sign) for sign in _CLOSING)
    return [statement for line in joined if (statement := line.rstrip("; \t"))]
