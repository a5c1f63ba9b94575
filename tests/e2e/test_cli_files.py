"""Where the command line reads and writes: paths as they are pasted, and nothing that is not a file."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.nodes.catalog import CATALOG
from graph.storage.files import load
from main import main

ROOT = Path(__file__).resolve().parents[2]
TRAIN = ["train", "--formula", "(w-3)^2", "--param", "w=0", "--steps", "5"]
WRITERS = {
    "out": [*TRAIN, "--out"], "log": [*TRAIN, "--log"], "export": ["export", "xy-plus-z", "-o"], "render": ["render", "xy-plus-z", "-o"],
}  # fmt: skip
NOBODY = 65534
Command = Callable[..., tuple[int, str, str]]

pytestmark = [pytest.mark.skipif(os.name != "posix", reason="pipes, devices and limits are POSIX"), pytest.mark.usefixtures("qapp")]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    def call(*arguments: str) -> tuple[int, str, str]:
        code = main(list(arguments))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.mark.parametrize("writer", WRITERS)
def test_no_writer_replaces_a_pipe_or_a_device(command: Command, tmp_path: Path, writer: str) -> None:
    pipe, device = tmp_path / "pipe.png", tmp_path / "null.png"
    os.mkfifo(pipe)
    device.symlink_to("/dev/null")
    for path, kind in ((pipe, "a pipe"), (device, "a device"), (Path("/dev/full"), "a device"), (tmp_path, "a folder")):
        code, out, err = command(*WRITERS[writer], str(path))
        assert (code, out) == (2, "") and err.startswith("main.py: cannot write ") and f"{path.name}: this is {kind}" in err
    assert pipe.is_fifo() and device.is_symlink()
    code, _, err = command(*WRITERS[writer], str(tmp_path / "none" / "x.png"))
    assert code == 2 and "there is no folder" in err


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("typed", ['"{}"', "file://{}"])
def test_output_goes_to_a_path_that_was_pasted(command: Command, tmp_path: Path, writer: str, typed: str) -> None:
    path = tmp_path / ("a b.png" if writer == "render" else "a b.out")
    code, _, err = command(*WRITERS[writer], typed.format(str(path).replace(" ", "%20") if "file" in typed else path))
    assert (code, err) == (0, "") and path.stat().st_size > 10


def test_a_file_is_opened_by_a_path_that_was_pasted(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "my graph.gradwire"
    shutil.copy(ROOT / "resources" / "examples" / "xy-plus-z.gradwire", path)
    for typed in (f'"{path}"', f"'{path}'", path.as_uri()):
        assert command("run", typed)[0] == 0


def test_a_disk_that_fills_up_costs_the_log_and_not_the_training(command: Command, tmp_path: Path) -> None:
    """A real limit on the size of files; 400 rows of the log pass it, the trained graph with its run does not."""
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_240, usual[1]))
    try:
        code, out, err = command(*TRAIN[:-1], "400", "--log", str(tmp_path / "l.csv"), "--out", str(tmp_path / "o.gradwire"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert code == 1 and "400 steps" in out
    (line,) = err.strip().splitlines()
    assert line.startswith("main.py: the log is not complete: cannot write ") and "too large for this disk" in line
    assert load(tmp_path / "o.gradwire", CATALOG).nodes and (tmp_path / "l.csv").stat().st_size == 10_240


def test_standard_output_on_a_full_disk_is_one_line() -> None:
    """In a process of its own, which has to be silent at its very end too, where Python writes out what is left."""
    with open("/dev/full", "w") as full:
        call = [sys.executable, "main.py", "run", "xy-plus-z"]
        done = subprocess.run(call, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, timeout=120, check=False)
    assert done.returncode == 1 and done.stderr == "main.py: the result could not be written: the disk is full\n"


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="needs to give up rights")
def test_training_saves_into_a_writable_file_of_a_read_only_folder(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf, home = Path(tempfile.mkdtemp(dir="/tmp")), Path(tempfile.mkdtemp(dir="/tmp"))
    try:
        path = shelf / "doc.gradwire"
        shutil.copy(ROOT / "resources" / "examples" / "xy-plus-z.gradwire", path)
        path.chmod(0o666)
        shelf.chmod(0o555)
        home.chmod(0o777)
        monkeypatch.setenv("XDG_DATA_HOME", str(home))
        assert command(*TRAIN, "--out", str(home / "first.gradwire"))[0] == 0  # what it imports may be readable for root alone
        os.seteuid(NOBODY)
        try:
            with pytest.raises(PermissionError):
                (shelf / "other").touch()
            code, _, err = command(*TRAIN, "--out", str(path))
        finally:
            os.seteuid(0)
        assert (code, err) == (0, "")
        assert {node.name for node in load(path, CATALOG).nodes.values()} >= {"w"}
    finally:
        shelf.chmod(0o755)
        shutil.rmtree(shelf)
        shutil.rmtree(home)


def test_a_seed_may_be_as_large_as_a_document_says_it(command: Command, tmp_path: Path) -> None:
    for seed in (2**53 + 1, 2**59 + 1, 2**63 - 1):
        code, _, err = command(*TRAIN, "--seed", str(seed), "--out", str(tmp_path / "s.gradwire"))
        assert (code, err) == (0, "") and load(tmp_path / "s.gradwire", CATALOG).training["seed"] == seed
    code, _, err = command(*TRAIN, "--seed", str(2**63))
    assert code == 2 and "outside 0 to 2^63" in err and "whole number" not in err
