"""`--version`: of Gradwire, and of what it runs on."""

from __future__ import annotations

import platform
from importlib import metadata

VERSION = "0.1.0"


def version_text() -> str:
    """`Gradwire 0.1.0 (Python 3.11.7, PyTorch 2.13.0, PySide6 6.11.3)`, from package metadata alone."""
    parts = [f"Python {platform.python_version()}"]
    for title, package in (("PyTorch", "torch"), ("PySide6", "PySide6-Essentials")):
        try:
            parts.append(f"{title} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            parts.append(f"no {title}")
    return f"Gradwire {VERSION} ({', '.join(parts)})"
