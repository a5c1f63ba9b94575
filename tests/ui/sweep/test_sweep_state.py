"""Between which settings the results of a sweep are compared."""

from __future__ import annotations

from engine.sweep.plan import RATE, Axis, SweepPlan, Swept
from tests.support.networks import tanh_net
from ui.sweep.state import SweepState


def test_of_pairs_the_first_number_is_compared_and_the_others_follow_from_it() -> None:
    state, momentum = SweepState(None), Swept("momentum")
    state.graph = tanh_net(optimizer="momentum")
    first, second = Axis(RATE, (0.1, 0.2)), Axis(momentum, (0.5, 0.9))
    state.plan = SweepPlan((first, second), paired=True)
    assert state.across == [RATE]
    state.plan = SweepPlan((first, second))
    assert state.across == [RATE, momentum]
    state.plan = SweepPlan((Axis(RATE, (0.1, 0.1)), second), paired=True)
    assert state.across == [RATE, momentum]
