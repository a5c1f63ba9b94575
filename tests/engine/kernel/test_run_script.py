"""Random actions on the tree of runs: every run's curve is that of a fresh run with the same history."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from graph.model.edits import SetTraining
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


def test_typed_weights_outlive_a_kernel_that_ends_while_nothing_can_be_trained(tmp_path: Path) -> None:
    """Levenberg–Marquardt refuses the cross-entropy, so that the new kernel makes no run before another optimizer is chosen."""
    script = Script(1, tanh_net(epochs=10_000, batch_size=16, hyper={"lr": 0.1}), tmp_path)

    def act(deed: Callable[[], object]) -> None:
        script.said.append("")
        deed()
        script._rest()

    for deed in (
        script.one_step, script.one_step, lambda: script._do(SetTraining("optimizer", "lm")), script.edit_weight, script.kill,
        lambda: script._do(SetTraining("optimizer", "adam")), script.one_step,
    ):  # fmt: skip
        act(deed)
    assert script.check() > 3
    script.client.shutdown()


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1, 21))
def test_two_hundred_random_actions_of_other_people(seed: int, tmp_path: Path) -> None:
    play(seed, tmp_path)
