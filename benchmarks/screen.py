"""The screen that windows are measured on: left to itself, Qt's offscreen platform has one of 800 × 800, and cuts windows to it."""

from __future__ import annotations

import json
import os
from pathlib import Path

WIDE, HIGH = 1920, 1080


def begin(home: str) -> None:
    """Settings of their own under `home`, and a screen as large as the window, unless another platform was chosen. Before the first
    window, and inherited by child processes."""
    os.environ["GRADWIRE_SETTINGS"] = f"{home}/gradwire.ini"
    if os.environ.get("QT_QPA_PLATFORM", "offscreen") == "offscreen":
        screen = {"name": "screen", "x": 0, "y": 0, "width": WIDE, "height": HIGH, "logicalDpi": 96, "logicalBaseDpi": 96, "dpr": 1}
        place = Path(home) / "screen.json"
        place.write_text(json.dumps({"synchronousWindowSystemEvents": False, "windowFrameMargins": False, "screens": [screen]}))
        os.environ["QT_QPA_PLATFORM"] = f"offscreen:configfile={place}"
