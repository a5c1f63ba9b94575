"""The fixture that every other test relies on: what a test leaves behind fails it, what it cleans up does not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

TESTS = """
import multiprocessing, threading, time
import pytest
import tests.conftest

tests.conftest.PATIENCE = 0.4
kept = []

def test_thread():
    kept.append(threading.Event())
    threading.Thread(target=kept[-1].wait, args=(20,), name="forgotten").start()

def test_thread_that_ends_soon():
    kept.pop().set()
    threading.Thread(target=time.sleep, args=(0.1,)).start()

def test_process():
    kept.append(multiprocessing.get_context("fork").Process(target=time.sleep, args=(20,), name="forgotten-process"))
    kept[-1].start()

def test_clean():
    kept.pop().kill()

def test_window(qapp):
    from PySide6.QtWidgets import QWidget
    kept.append(QWidget())
    kept[-1].show()

def test_timer(qapp):
    from PySide6.QtCore import QTimer
    kept.pop().close()
    kept.append(QTimer())
    kept[-1].start(1000)

def test_window_and_timer_cleaned(qtbot):
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QWidget
    kept.pop().stop()
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    QTimer(window).start(1000)
"""


def test_what_is_left_behind_fails_its_test_and_only_that(tmp_path: Path) -> None:
    (tmp_path / "test_leaks.py").write_text(TESTS, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT), "-p", "tests.conftest", "-v"]
    command += ["-p", "no:cacheprovider", "-W", "ignore", str(tmp_path / "test_leaks.py")]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, timeout=120)
    outcome = {line.split("::")[1].split()[0] for line in run.stdout.splitlines() if line.startswith("ERROR ")}
    assert outcome == {"test_thread", "test_process", "test_window", "test_timer"}, run.stdout[-3000:]
    for what in ("thread forgotten", "process forgotten-process", "window <PySide6.QtWidgets.QWidget", "timer <PySide6.QtCore.QTimer"):
        assert f"left behind: {what}" in run.stdout
