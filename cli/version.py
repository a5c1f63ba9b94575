"""`--version`: of Gradwire, and of what it runs on."""

from __future__ import annotations

import platform
from importlib import metadata

from graph.text.messages import _

VERSION = "0.1.0"


def version_text() -> str:
    """`Gradwire 0.1.0 (Python 3.11.7, PyTorch 2.13.0, PySide6 6.11.3)`, from package metadata alone."""
    parts = [_("Python {python_version}").format(python_version=platform.python_version())]
    for title, package in (("PyTorch", "torch"), ("PySide6", "PySide6-Essentials")):
        try:
            parts.append(f"{title} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            parts.append(_("no {title}").format(title=title))
    return _("Gradwire {VERSION} ({parts})").format(VERSION=VERSION, parts=", ".join(parts))
