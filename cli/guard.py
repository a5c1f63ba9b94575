"""Refuse, in one readable line, what is known to crash later: wrong Python, bad PySide6 releases, no display, missing libraries."""

from __future__ import annotations

import contextlib
import os
import sys

from graph.text.listing import listed
from graph.text.messages import _

COMMANDS = ("run", "train", "sweep", "check", "render", "export", "examples", "data", "runs")
WITH_QT = ("render",)
"""Commands that paint; the others run where PySide6 is not installed."""
OLDEST_PYTHON = (3, 11)
BAD_PYSIDE = {(6, 9, 0), (6, 9, 1), (6, 9, 2), (6, 10, 0), (6, 10, 1), (6, 11, 0), (6, 11, 1)}
INSTALL = "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt && .venv/bin/python main.py"
WITHOUT_WINDOW = _("{commands} work without one: try  python main.py run --formula 'x*y + z' --set x=2 --set y=-5 --set z=3").format(
    commands=listed(COMMANDS)
)


def complaint_about_versions(python: tuple[int, ...], pyside: str | None, paints: bool = True) -> str | None:
    """Why this pair cannot run Gradwire, or None. `pyside` is the installed PySide6 version, None when it is missing.

    Only what `paints` needs it at all.
    """
    if python[:2] < OLDEST_PYTHON:
        return _("Gradwire needs Python 3.11 or newer; this is {str}.").format(str=".".join(map(str, python[:3])))
    if not paints:
        return None
    if pyside is None:
        return _("PySide6 is not installed here; {commands} work without it. Set everything up with:  {INSTALL}").format(
            commands=listed(name for name in COMMANDS if name not in WITH_QT), INSTALL=INSTALL
        )
    version = tuple(int(part) for part in pyside.split(".")[:3] if part.isdigit())
    # 6.12 on Python 3.11 drops a reference to None on every void call and aborts after a few thousand of them.
    if version in BAD_PYSIDE or (version >= (6, 12) and python[:2] < (3, 12)):
        wanted = "6.11.3" if python[:2] < (3, 12) else "6.12.0"
        return _(
            "PySide6 {installed} is known to crash on Python {major}.{minor}. "
            "Install the version that works:  {python} -m pip install PySide6-Essentials=={version}"
        ).format(installed=pyside, major=python[0], minor=python[1], python=sys.executable, version=wanted)
    return None


def complaint_about_installation(paints: bool = True) -> str | None:
    """The guard for the running interpreter, from package metadata alone: nothing is imported."""
    return complaint_about_versions(tuple(sys.version_info[:3]), installed_pyside() if paints else None, paints)


def installed_pyside() -> str | None:
    """The version of PySide6 that is installed, None where it is missing. The name of its metadata's folder says it; `importlib.metadata`,
    which takes as long to load as a third of Qt, is asked only where there is no such folder."""
    for folder in sys.path:
        with contextlib.suppress(OSError):
            for name in os.listdir(folder or "."):
                package, _dash, version = name.removesuffix(".dist-info").partition("-")
                if version and name.endswith(".dist-info") and package.lower() == "pyside6_essentials":
                    return version
    from importlib import metadata

    try:
        return metadata.version("PySide6-Essentials")
    except metadata.PackageNotFoundError:
        return None


def complaint_about_display() -> str | None:
    """Why no window can be opened here, or None. Qt itself would abort the process without a word a person can use."""
    if os.environ.get("QT_QPA_PLATFORM"):
        return None
    if sys.platform.startswith("linux"):
        if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            return _("There is no display here, so no window can open. {WITHOUT_WINDOW}").format(WITHOUT_WINDOW=WITHOUT_WINDOW)
        if not os.environ.get("WAYLAND_DISPLAY"):
            return _complaint_about_x11()
    return None


def _complaint_about_x11() -> str | None:
    import ctypes
    import importlib.util
    from pathlib import Path

    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return _("A library that Qt needs is missing (libxcb.so.1), so no window can open. {WITHOUT_WINDOW}").format(
            WITHOUT_WINDOW=WITHOUT_WINDOW
        )
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(xcb.xcb_connect(None, None))
    refused = bool(xcb.xcb_connection_has_error(connection))
    xcb.xcb_disconnect(connection)
    if refused:
        return _("The display {display} does not answer, so no window can open. {WITHOUT_WINDOW}").format(
            display=os.environ["DISPLAY"], WITHOUT_WINDOW=WITHOUT_WINDOW
        )
    spec = importlib.util.find_spec("PySide6")
    for folder in spec.submodule_search_locations or () if spec else ():
        plugin = Path(folder) / "Qt" / "plugins" / "platforms" / "libqxcb.so"
        if plugin.exists():
            try:
                ctypes.CDLL(str(plugin))
            except OSError as error:
                missing = str(error).partition(":")[0]
                return _("A library that Qt needs is missing ({missing}), so no window can open. {WITHOUT_WINDOW}").format(
                    missing=missing, WITHOUT_WINDOW=WITHOUT_WINDOW
                )
    return None
