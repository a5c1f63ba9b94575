"""`torchrun … main.py train`: one log and one file of two workers, the run of one process, and a clean end where a worker is killed."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cli.commands import run_command
from engine.nodes.catalog import CATALOG
from graph.storage.files import load, read, save
from tests.support.networks import tanh_net
from tests.support.training_workers import free_port

ROOT = Path(__file__).parents[2]
PATIENCE = 120


def _losses(log: Path) -> list[float]:
    with log.open(newline="") as stream:
        return [float(row["loss"]) for row in csv.DictReader(stream)]


def _torchrun(*arguments: str, cwd: Path) -> subprocess.Popen[str]:
    """Two workers, at a free port."""
    start = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port", str(free_port()), "--"]
    environment = {name: value for name, value in os.environ.items() if name not in ("RANK", "WORLD_SIZE", "LOCAL_RANK")}
    return subprocess.Popen(
        [*start, str(ROOT / "main.py"), *arguments], cwd=cwd, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def _worker(agent: int, rank: int) -> int:
    """The process id of a worker that torchrun started."""
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(status.read_text().rpartition(")")[2].split()[1]) != agent:
                continue
            if f"RANK={rank}".encode() in (status.parent / "environ").read_bytes().split(b"\0"):
                return int(status.parent.name)
        except OSError:
            continue
    raise AssertionError(f"torchrun has no worker of rank {rank}")


@pytest.mark.skipif(sys.platform != "linux", reason="finds the workers in /proc")
def test_a_killed_worker_ends_the_run_of_two_with_one_line_and_a_file_that_goes_on(tmp_path: Path) -> None:
    """Its losses are those of one process up to there, and with --resume one process makes the rest."""
    save(tanh_net(epochs=100_000), tmp_path / "net.gradwire")
    log, out = tmp_path / "log.csv", tmp_path / "out.gradwire"
    agent = _torchrun("train", "net.gradwire", "--out", out.name, "--log", log.name, cwd=tmp_path)
    try:
        limit = time.monotonic() + PATIENCE
        while not (log.exists() and log.stat().st_size > 500):
            assert time.monotonic() < limit and agent.poll() is None
            time.sleep(0.05)
        os.kill(_worker(agent.pid, 1), signal.SIGKILL)
        printed, said = agent.communicate(timeout=PATIENCE)
    finally:
        agent.kill()
    ours = [line for line in said.splitlines() if line.startswith("main.py:")]
    state = read(out, CATALOG).state
    assert agent.returncode != 0 and printed == "" and state is not None
    assert ours == [
        f"main.py: the worker of rank 1 ended; stopped after step {state.step:,} and saved; continue with:  "
        f"torchrun --nproc-per-node 2 main.py train {out.name} --resume"
    ]
    losses = _losses(log)
    assert len(losses) == state.step > 5

    steps = str(state.step + 5)
    whole, rest = tmp_path / "whole.csv", tmp_path / "rest.csv"
    assert run_command(["train", str(tmp_path / "net.gradwire"), "--steps", steps, "--log", str(whole)]) == 0
    assert run_command(["train", str(out), "--resume", "--steps", steps, "--log", str(rest)]) == 0
    np.testing.assert_allclose(losses, _losses(whole)[: state.step], rtol=1e-10)
    np.testing.assert_allclose(_losses(rest), _losses(whole)[state.step :], rtol=1e-10)
    assert load(out, CATALOG).nodes.keys() == tanh_net().nodes.keys()


def test_half_of_what_torchrun_says_is_refused_and_other_commands_are_not_divided(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert run_command(["train", "digits-mlp"]) == 2
    assert capsys.readouterr().err.startswith("main.py: WORLD_SIZE is set, but RANK is not: start workers with  torchrun")
    for name in ("RANK", "LOCAL_RANK"):
        monkeypatch.setenv(name, "0")
    monkeypatch.setenv("MASTER_ADDR", "localhost")
    monkeypatch.setenv("MASTER_PORT", "1")
    assert run_command(["sweep", "xor", "--set", "lr=0.1,0.2"]) == 2
    assert capsys.readouterr().err == (
        "main.py: torchrun starts 2 workers, but only train divides its work among them: start sweep without torchrun\n"
    )


@pytest.mark.parametrize("call", ["train xor --epochs many", "train no-such-file", "run xor"])
def test_a_silent_worker_leaves_the_first_time_to_say_what_is_wrong(
    call: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """torchrun ends all workers as soon as one fails; where that is the silent one first, nothing would be said."""
    waits: list[float] = []
    monkeypatch.setattr("cli.workers.time.sleep", waits.append)
    monkeypatch.setattr("cli.workers.signal.signal", lambda number, handler: None)
    monkeypatch.setattr("cli.train.Crew", _Alone)
    for rank in ("0", "1"):
        for name, value in {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": "2", "MASTER_ADDR": "localhost", "MASTER_PORT": "1"}.items():
            monkeypatch.setenv(name, value)
        with monkeypatch.context() as streams:
            streams.setattr("sys.stdout", sys.stdout)
            streams.setattr("sys.stderr", sys.stderr)
            assert run_command(call.split()) == 2
            if rank == "1":
                sys.stdout.close()
                sys.stderr.close()
        assert waits == [] if rank == "0" else len(waits) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


class _Alone:
    """The meeting place of workers, without the others."""

    def __init__(self, place: object) -> None:
        pass

    def prepared(self, prepare: Callable[[], object], same: object) -> object:
        return prepare()
