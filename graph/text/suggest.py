"""The known name that was probably meant by an unknown one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from graph.text.messages import _


def nearest(typed: str, known: Iterable[str]) -> str:
    """The known name that is most like what was typed; nothing where none is."""
    names = {name.casefold(): name for name in known}
    matches = get_close_matches(typed.casefold(), names, n=1, cutoff=0.6)
    return names[matches[0]] if matches else ""


def did_you_mean(typed: str, known: Iterable[str]) -> str:
    """` Did you mean spiral?`, with the blank before it; nothing where no known name is close."""
    near = nearest(typed, known)
    return " " + _("Did you mean {near}?").format(near=near) if near else ""
