"""The playhead walks the events of a trace, and a number shows exactly when its pulse has arrived."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.compile.views import PassEvent
from ui.shell.workspace import playback
from ui.shell.workspace.playback import Playhead

# f = x·y + z: three sources, two operations, then the same graph walked in reverse.
EVENTS = (
    PassEvent("forward", "x", ()),
    PassEvent("forward", "y", ()),
    PassEvent("forward", "z", ()),
    PassEvent("forward", "multiply", ("x-multiply", "y-multiply")),
    PassEvent("forward", "add", ("multiply-add", "z-add")),
    PassEvent("backward", "add", ("multiply-add", "z-add")),
    PassEvent("backward", "multiply", ("x-multiply", "y-multiply")),
    PassEvent("backward", "z", ()),
    PassEvent("backward", "y", ()),
    PassEvent("backward", "x", ()),
)


@pytest.fixture
def playhead(qapp: object) -> Iterator[Playhead]:
    playhead = Playhead()
    playhead.set_events(EVENTS)
    yield playhead
    playhead.reset()


def test_at_rest_every_number_is_shown(playhead: Playhead, monkeypatch: pytest.MonkeyPatch) -> None:
    looked, arrivals = list[int](), playback._arrivals
    monkeypatch.setattr(playback, "_arrivals", lambda events, turn: looked.append(len(events)) or arrivals(events, turn))
    assert playhead.at_rest
    assert playhead.arrived_values("z-add") and playhead.arrived_gradients("z-add")
    assert playhead.node_has_value("x") and playhead.node_has_gradient("x")
    assert playhead.active_edges == () and playhead.active_node is None
    assert not looked, "the events of a pass that nobody plays are not looked through"

    playhead.seek(1)
    assert not playhead.arrived_values("z-add") and not playhead.node_has_gradient("x")
    playhead.set_events(EVENTS[:3])
    playhead.seek(1)
    assert playhead.arrived_values("z-add"), "of another pass, in which nothing goes along this wire"
    assert looked == [len(EVENTS), 3]


def test_playing_forward_starts_with_nothing_and_ends_with_all_values_and_no_gradient(playhead: Playhead) -> None:
    playhead.play_forward()
    assert not playhead.node_has_value("x") and not playhead.arrived_values("x-multiply")

    playhead.advance(60_000)

    assert playhead.event_index == 5 and playhead.playing == ""
    assert playhead.arrived_values("multiply-add") and playhead.node_has_value("add")
    assert not playhead.arrived_gradients("multiply-add")


def test_a_value_shows_when_its_pulse_has_arrived_and_not_before(playhead: Playhead) -> None:
    playhead.seek(3)
    playhead.step()
    playhead.advance(playhead.event_ms(EVENTS[3]) * 0.5)
    assert playhead.progress == pytest.approx(0.5)
    assert playhead.active_edges == ("x-multiply", "y-multiply")
    assert not playhead.arrived_values("x-multiply")

    playhead.advance(playhead.event_ms(EVENTS[3]))

    assert playhead.arrived_values("x-multiply") and not playhead.arrived_values("z-add")
    assert playhead.event_index == 4 and playhead.playing == ""


def test_playing_backward_shows_all_values_and_ends_at_rest(playhead: Playhead) -> None:
    playhead.play_backward()
    assert playhead.arrived_values("multiply-add") and not playhead.arrived_gradients("multiply-add")
    assert playhead.phase == "backward" and playhead.active_node == "add"

    playhead.advance(60_000)

    assert playhead.at_rest and playhead.arrived_gradients("x-multiply")


def test_a_nodes_gradient_is_complete_when_its_own_backward_event_begins(playhead: Playhead) -> None:
    playhead.seek(6)
    assert not playhead.node_has_gradient("multiply")

    playhead.step()

    assert playhead.node_has_gradient("multiply") and not playhead.node_has_gradient("x")


def test_stepping_back_from_rest_takes_back_the_last_event(playhead: Playhead) -> None:
    playhead.step_back()
    playhead.step_back()

    assert playhead.event_index == 8 and not playhead.at_rest
    assert playhead.node_has_gradient("z") and not playhead.node_has_gradient("x")


def test_a_step_during_a_step_finishes_it_at_once(playhead: Playhead) -> None:
    playhead.seek(3)
    playhead.step()
    playhead.advance(10)

    playhead.step()

    assert playhead.event_index == 4 and playhead.playing == ""


def test_in_the_middle_of_an_event_pause_holds_it_and_esc_takes_it_back(playhead: Playhead) -> None:
    playhead.seek(3)
    playhead.step()
    playhead.advance(playhead.event_ms(EVENTS[3]) * 0.5)
    playhead.pause()
    assert (playhead.event_index, playhead.share, playhead.moving) == (3, 0.5, True)

    assert playhead.cancel()

    assert (playhead.event_index, playhead.share, playhead.moving, playhead.at_rest) == (3, 0.0, False, False)
    assert not playhead.cancel()


def test_stepping_back_in_the_middle_takes_back_the_event_under_way_alone(playhead: Playhead) -> None:
    playhead.seek(3)
    playhead.step()
    playhead.advance(playhead.event_ms(EVENTS[3]) * 0.5)

    playhead.step_back()

    assert (playhead.event_index, playhead.share, playhead.playing) == (3, 0.0, "")


def test_pressing_forward_again_pauses_and_pressing_it_once_more_goes_on(playhead: Playhead) -> None:
    playhead.play_forward()
    playhead.advance(500)
    at, progress = playhead.event_index, playhead.progress

    playhead.play_forward()
    playhead.advance(5_000)
    assert (playhead.event_index, playhead.progress) == (at, progress)

    playhead.play_forward()
    assert (playhead.event_index, playhead.progress) == (at, progress) and playhead.playing == "forward"
    playhead.pause()


def test_new_numbers_keep_the_position_and_a_new_graph_returns_to_rest(playhead: Playhead) -> None:
    playhead.seek(4)

    playhead.set_events(tuple(EVENTS))
    assert playhead.event_index == 4 and not playhead.at_rest

    playhead.set_events(EVENTS[:4])
    assert playhead.at_rest


def test_the_speed_divides_the_time_of_an_event(playhead: Playhead) -> None:
    slow = playhead.event_ms(EVENTS[3])
    playhead.set_speed(2.0)

    assert playhead.event_ms(EVENTS[3]) == pytest.approx(slow / 2)


def test_with_reduced_motion_nothing_travels_but_the_numbers_still_arrive_in_order(playhead: Playhead) -> None:
    playhead.reduced_motion = True
    playhead.seek(3)
    playhead.step()
    playhead.advance(100)
    assert playhead.progress == 0.0 and not playhead.arrived_values("x-multiply")

    playhead.advance(playhead.event_ms(EVENTS[3]))

    assert playhead.arrived_values("x-multiply")


def test_the_backward_pass_takes_twice_as_long_and_the_speed_governs_both(playhead: Playhead) -> None:
    forward, backward = playhead.event_ms(EVENTS[3]), playhead.event_ms(EVENTS[5])
    assert backward == pytest.approx(2 * forward)

    playhead.set_speed(0.5)

    assert (playhead.event_ms(EVENTS[3]), playhead.event_ms(EVENTS[5])) == pytest.approx((2 * forward, 2 * backward))


def test_a_sum_of_contributions_takes_as_long_as_an_operation(playhead: Playhead) -> None:
    at_once = playhead.event_ms(EVENTS[9])
    playhead.sums = frozenset({"x"})

    assert playhead.event_ms(EVENTS[9]) == pytest.approx(playhead.event_ms(EVENTS[6])) and at_once < playhead.event_ms(EVENTS[9])

    playhead.seek(9)
    playhead.step()
    assert not playhead.node_has_gradient("x")
    playhead.advance(playhead.event_ms(EVENTS[9]))
    assert playhead.node_has_gradient("x")


def test_no_timer_runs_while_nothing_plays(playhead: Playhead) -> None:
    assert not playhead._timer.isActive()
    playhead.play_forward()
    assert playhead._timer.isActive()
    playhead.advance(60_000)
    assert not playhead._timer.isActive()


def test_an_empty_trace_can_be_played_without_effect(qapp: object) -> None:
    playhead = Playhead()
    for press in (playhead.play_forward, playhead.play_backward, playhead.step, playhead.step_back):
        press()

    assert playhead.at_rest and playhead.event_index == 0
