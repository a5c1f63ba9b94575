"""L-BFGS, which computes the loss as often as it needs it: what it remembers, and how it backs away."""

from __future__ import annotations

import pytest
import torch

from engine.training.optimizers.lbfgs import Lbfgs


def test_another_rate_keeps_what_l_bfgs_remembers() -> None:
    theta = torch.tensor([3.0, -2.0], dtype=torch.float64)
    run = Lbfgs({"max_iter": 5}, [theta])
    run.minimise(lambda: ((theta**4).sum(), [4 * theta**3]))
    before = run.state_dict(["theta"])
    run.set_hyper({"max_iter": 5, "lr": 0.5})
    after = run.state_dict(["theta"])
    assert before.keys() == after.keys() and "lbfgs.old_dirs.0" in after


@pytest.mark.parametrize("search", ["strong_wolfe", "none"])
@pytest.mark.parametrize("rate", [1.0, 0.5, 0.1, 0.01])
@pytest.mark.parametrize("start", [5.0, 0.2])
def test_lbfgs_backs_away_from_where_the_loss_is_not_finite(search: str, rate: float, start: float) -> None:
    """w - log w has its minimum at 1 and is not a number for w < 0, where torch's own step leads."""
    w = torch.tensor(start, dtype=torch.float64)
    run = Lbfgs({"lr": rate, "line_search": search}, [w])
    away = 0
    for _ in range(60):
        run.minimise(lambda: (w - torch.log(w), [1 - 1 / w]))
        away += run.backed_away
        assert w > 0
    assert float(w) == pytest.approx(1.0, abs=1e-3)
    assert away or (start, rate) != (5.0, 1.0)


def test_lbfgs_reports_a_start_that_is_not_finite_and_stays_there() -> None:
    w = torch.tensor(-2.0, dtype=torch.float64)
    run = Lbfgs({}, [w])
    assert run.minimise(lambda: (torch.log(w), [1 / w])).isnan() and float(w) == -2.0
