"""The start-up guard: what is known to crash is refused in one readable line, what works is let through."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.guard import complaint_about_installation, complaint_about_versions

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("version", ["6.9.0", "6.9.1", "6.9.2", "6.10.0", "6.10.1", "6.11.0", "6.11.1"])
@pytest.mark.parametrize("python", [(3, 11, 7), (3, 12, 1), (3, 13, 0)])
def test_bad_pyside_releases_are_refused_with_the_command_that_mends_it(python: tuple[int, ...], version: str) -> None:
    text = complaint_about_versions(python, version)
    assert text and version in text and "pip install PySide6-Essentials==" in text and "\n" not in text


def test_pyside_6_12_is_refused_on_python_3_11_only() -> None:
    assert complaint_about_versions((3, 11, 9), "6.12.0")
    assert complaint_about_versions((3, 12, 0), "6.12.0") is None
    assert complaint_about_versions((3, 13, 0), "6.12.0") is None


def test_the_pinned_release_is_accepted() -> None:
    assert complaint_about_versions((3, 11, 7), "6.11.3") is None
    assert complaint_about_installation() is None


def test_old_python_and_missing_pyside_say_what_to_do() -> None:
    assert "3.11" in (complaint_about_versions((3, 10, 4), "6.8.0") or "")
    assert "requirements.txt" in (complaint_about_versions((3, 11, 0), None) or "")


def test_without_a_display_one_line_names_the_commands_that_work() -> None:
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    done = subprocess.run([sys.executable, "main.py"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
    assert "display" in done.stderr and "run, train, sweep, check, render, export" in done.stderr


def test_a_display_that_does_not_answer_is_told_in_one_line() -> None:
    environment = {k: v for k, v in os.environ.items() if k not in ("WAYLAND_DISPLAY", "QT_QPA_PLATFORM")} | {"DISPLAY": ":987"}
    done = subprocess.run([sys.executable, "main.py"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1


def test_main_imports_only_the_standard_library() -> None:
    ours = ("torch", "PySide6", "numpy", "engine", "ui", "graph", "cli")
    code = f"import sys; import main; print([m for m in {ours!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]"
