"""What somebody who typed an unknown name probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(typed: str, known: Iterable[str]) -> str:
    """` Did you mean spiral?`, with the blank before it; nothing where no known name is close."""
    names = {name.casefold(): name for name in known}
    found = get_close_matches(typed.casefold(), names, n=1, cutoff=0.6)
    return f" Did you mean {names[found[0]]}?" if found else ""
