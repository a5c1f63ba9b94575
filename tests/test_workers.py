"""The processes that all other tests run in: every test runs once and is reported, whatever becomes of its process."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]

FILES = {
    "test_a": """
import os, pytest

def test_passes(tmp_path): (tmp_path / "x").write_text("x")
def test_fails():
    print("said before")
    assert os.getpid() == -1
def test_skipped(): pytest.skip("no reason")
@pytest.mark.xfail(strict=True)
def test_expected(): assert 0
def test_dies(): os._exit(3)
def test_after_it(): pass
""",
    "test_b": """
import os, signal, pytest

@pytest.fixture(scope="session")
def shared():
    yield os.getpid()
    print("the shared one is gone")
    raise RuntimeError("at the end")

def test_shared(shared): assert shared == os.getpid()
def test_ends_the_process(): os.kill(os.getpid(), signal.SIGKILL)
""",
    "test_c": """
import os, pytest, warnings
from test_b import shared

@pytest.fixture
def broken():
    yield
    raise RuntimeError("while it is taken down")
def test_teardown(broken): pass
@pytest.fixture
def unmade(): raise RuntimeError("while it is made")
def test_setup(unmade): pass
def test_warns(): warnings.warn("careful")
def test_last(shared): pass
""",
}


ENDLESS = """
import os, pathlib, time
def test_endless():
    pathlib.Path(f"{os.getpid()}.pid").touch()
    time.sleep(600)
"""


def started(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "pytest", "-c", "/dev/null", "--rootdir", str(folder), "-p", "no:xdist", "-p", "no:pytest-qt"]
    command += ["-p", "no:cacheprovider", "-p", "tests.support.workers", "-v", "-rA", *arguments, str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def outcome(folder: Path, *arguments: str) -> str:
    for name, text in FILES.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return started(folder, *arguments).communicate(timeout=120)[0]


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_every_test_runs_once_and_is_reported_even_if_processes_die(tmp_path: Path) -> None:
    said = outcome(tmp_path, "-n", "2")

    for told in (
        "PASSED test_a.py::test_passes", "FAILED test_a.py::test_fails - assert", "SKIPPED [1] test_a.py", "XFAIL test_a.py::test_expected",
        "FAILED test_a.py::test_dies - the process of this test died: 3", "PASSED test_a.py::test_after_it", "said before",
        "PASSED test_b.py::test_shared", "FAILED test_b.py::test_ends_the_process - the process of this test died: -9",
        "PASSED test_c.py::test_teardown", "ERROR test_c.py::test_teardown - RuntimeError: while it is taken down",
        "ERROR test_c.py::test_setup - RuntimeError: while it is made", "PASSED test_c.py::test_warns", "UserWarning: careful",
        "PASSED test_c.py::test_last", "ERROR test_c.py::test_last - RuntimeError: at the end", "the shared one is gone",
    ):  # fmt: skip
        assert told in said, f"{told} is not in\n{said}"
    assert "3 failed, 6 passed, 1 skipped, 1 xfailed, 1 warning, 3 errors" in said


def test_the_first_failure_ends_all_processes_where_it_is_asked_to(tmp_path: Path) -> None:
    (tmp_path / "test_endless.py").write_text("import time\ndef test_endless(): time.sleep(600)\n", encoding="utf-8")

    said = outcome(tmp_path, "-n", "2", "-x", "--deselect", "test_b.py", "--deselect", "test_c.py")

    assert "1 failed, 1 passed" in said and "stopping after 1 failures" in said


def test_all_processes_end_when_the_first_one_is_killed(tmp_path: Path) -> None:
    for name in ("test_one", "test_other"):
        (tmp_path / f"{name}.py").write_text(ENDLESS, encoding="utf-8")
    run = started(tmp_path, "-n", "2")
    try:
        wait_until(lambda: any(tmp_path.glob("*.pid")))
    finally:
        run.kill()
    assert run.communicate(timeout=60)[0]  # the end of what all of them write to


def test_a_process_that_cannot_begin_is_not_forked_again_and_again(tmp_path: Path) -> None:
    assert "ended before its first test" in outcome(tmp_path, "-n", "2", "-p", "no:capture")
