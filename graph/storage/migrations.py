"""Older file versions, step by step up to the present one.

Renamed node types, ports and settings need no step: specs carry their former names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Step = Callable[[dict[str, Any]], dict[str, Any]]

STEPS: dict[int, Step] = {}
"""`STEPS[n]` turns the content of a version n file into version n + 1. Version 1 is the first and, so far, the present one."""


def migrate(content: dict[str, Any], steps: dict[int, Step] = STEPS) -> dict[str, Any]:
    """The content as the newest version would have written it; the argument stays as it is."""
    while (version := content["version"]) in steps:
        content = steps[version](dict(content)) | {"version": version + 1}
    return content
