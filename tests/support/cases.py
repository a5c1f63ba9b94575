"""Thousands of small cases in few tests: a test takes longer to begin and to end than such a case takes to check."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable
from typing import TypeVar

import pytest

Case = TypeVar("Case")


def cases_by(kind: Callable[[Case], str], cases: Iterable[Case]) -> Callable[[Callable[[Case], None]], Callable[[str], None]]:
    """A decorator: what checks one case becomes a test for every kind, which checks each case of that kind and tells all that fail."""
    groups: dict[str, list[Case]] = {}
    for case in cases:
        groups.setdefault(kind(case), []).append(case)
    assert groups, "no cases"

    def decorate(check: Callable[[Case], None]) -> Callable[[str], None]:
        @pytest.mark.parametrize("cases_of", groups)
        def test(cases_of: str) -> None:
            check_all(check, groups[cases_of])

        test.__name__, test.__doc__ = check.__name__, check.__doc__
        return test

    return decorate


def check_all(check: Callable[[Case], None], cases: Iterable[Case]) -> None:
    """Check every case, also after one has failed; fail with the names and tracebacks of those that did."""
    faults = []
    for case in cases:
        try:
            check(case)
        except (Exception, pytest.fail.Exception):
            faults.append(f"{case}\n{traceback.format_exc()}")
    if faults:
        pytest.fail(f"{len(faults)} failed:\n\n" + "\n".join(faults), pytrace=False)
