"""What the window remembers between starts: geometry, panels, theme, recent files. One INI file, never the user's graphs."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QSettings, QStandardPaths

RECENT = 10


class UserSettings:
    """`path` is the INI file; without it, the usual place of this system (or `$GRADWIRE_SETTINGS`)."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or default_path()
        self._settings = QSettings(str(self.path), QSettings.Format.IniFormat)

    def text(self, key: str, default: str = "") -> str:
        value = self._settings.value(key, default)
        return value if isinstance(value, str) else default

    def flag(self, key: str, default: bool = False) -> bool:
        return str(self._settings.value(key, default)).lower() in ("true", "1")

    def real(self, key: str, default: float) -> float:
        try:
            value = float(str(self._settings.value(key, default)))
        except ValueError:
            return default
        return value if math.isfinite(value) else default

    def blob(self, key: str) -> QByteArray | None:
        value = self._settings.value(key)
        return value if isinstance(value, QByteArray) and not value.isEmpty() else None

    def set(self, key: str, value: Any) -> None:
        self._settings.setValue(key, value)

    @property
    def recent(self) -> list[Path]:
        """Files opened or saved lately, newest first. Not whether they are there: asking a share that is offline takes a minute."""
        return [Path(text) for text in self._texts("recent") if text][:RECENT]

    def remember(self, path: Path) -> None:
        """Put a file at the top of the recent ones; it is also the one to come back to."""
        full = str(path.resolve())
        self.set("recent", [full, *(str(p) for p in self.recent if str(p) != full)][:RECENT])
        self.set("last", full)
        self.set("folder", str(path.absolute().parent))

    def forget(self, path: Path) -> None:
        """Take a file out of the recent ones."""
        self.set("recent", [str(p) for p in self.recent if p != path])

    @property
    def folder(self) -> str:
        """The folder used last, else the user's documents, where there is such a folder; else the home folder."""
        documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        return self.text("folder") or (documents if os.path.isdir(documents) else os.path.expanduser("~"))

    def used(self, key: str) -> None:
        """A node type was placed: it comes earlier among equal hits of a search."""
        self.set("recent_types", [key, *(k for k in self.recent_types if k != key)][:20])

    def used_command(self, identity: str) -> None:
        """A command was taken from the palette: it comes earlier among equals."""
        self.set("recent_commands", [identity, *(name for name in self.recent_commands if name != identity)][:20])

    @property
    def recent_commands(self) -> list[str]:
        return self._texts("recent_commands")

    @property
    def recent_types(self) -> list[str]:
        return self._texts("recent_types")

    def _texts(self, key: str) -> list[str]:
        """A list of texts; an INI file gives one of length one back as a text."""
        value = self._settings.value(key, [])
        return [value] if isinstance(value, str) else [str(v) for v in value] if isinstance(value, (list, tuple)) else []

    @property
    def recovery_folder(self) -> Path:
        """Where journals for crash recovery are kept: beside settings that were put somewhere, else with the system's data of ours."""
        if self.path != default_path() or os.environ.get("GRADWIRE_SETTINGS"):
            return self.path.parent / "recovery"
        folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericDataLocation)
        return Path(folder) / "gradwire" / "recovery"

    def sync(self) -> None:
        self._settings.sync()


def default_path() -> Path:
    given = os.environ.get("GRADWIRE_SETTINGS")
    if given:
        return Path(given)
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericConfigLocation)
    return Path(folder) / "gradwire" / "gradwire.ini"
