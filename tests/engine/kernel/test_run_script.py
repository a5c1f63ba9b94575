"""Random actions on the tree of runs: every run's curve is that of a fresh run with the same history."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.networks import tanh_net
from tests.support.run_script import Script


def play(seed: int, folder: Path, actions: int = 200) -> Script:
    script = Script(seed, tanh_net(epochs=10_000, batch_size=16, hyper={"lr": 0.1}), folder)
    try:
        for _ in range(actions):
            script.act()
        assert script.check()
    except BaseException:
        print("\n".join(script.said[-12:]))
        raise
    finally:
        script.client.shutdown()
    return script


def test_random_actions_leave_every_curve_true(tmp_path: Path) -> None:
    play(9, tmp_path, actions=40)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1, 21))
def test_two_hundred_random_actions_of_other_people(seed: int, tmp_path: Path) -> None:
    play(seed, tmp_path)
