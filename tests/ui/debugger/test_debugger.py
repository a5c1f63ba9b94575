"""The debugger by hand: keys, buttons and sliders move through a training step, and what is not yet computed is empty everywhere."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from engine.compile.views import Absent, ArrayView, PassEvent
from engine.explain.update import ParameterUpdate, UpdateTable
from engine.nodes.catalog import CATALOG
from graph.formula.to_graph import build
from graph.grouping.groups import group
from graph.model.edits import SetParam
from graph.model.graph import Graph
from graph.storage.document import Document
from tests.support.networks import network, product, tanh_net
from tests.support.window_support import hand_trace, matrix, names, scalar
from ui.debugger.breakpoints import Breakpoints
from ui.debugger.update_view import UpdateView
from ui.look.theme import THEMES
from ui.ribbon.chevrons import Chevrons
from ui.shell.window import Window
from ui.shell.workspace.timeline import Timeline, layers

NONE, CTRL, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def whole(window: Window, qtbot: QtBot) -> Window:
    """x·y + z in the debugger, as if its pass were that of a training step."""
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.keyClick(window, Qt.Key.Key_D, CTRL | SHIFT)
    window.showing.show_trace(replace(hand_trace(window.document), iteration=0))
    window.canvas.setFocus()
    return window


def numbers(window: Window) -> tuple[set[str], set[str]]:
    """The names of the nodes whose value, and whose gradient, the canvas shows now; the inspector's trace has to agree."""
    graph, content = window.document.graph, window.canvas.content
    values = {node.name for node in graph.nodes.values() if content.node_value(node.id, "y") is not None}
    gradients = {node.name for node in graph.nodes.values() if isinstance(content.node_gradient(node.id, "y"), ArrayView)}
    seen = window.panel("inspector")._trace
    assert seen is not None
    assert {graph.nodes[node].name for node, _ in seen.values} == values
    shown = {graph.nodes[node].name for (node, _), entry in seen.gradients.items() if not isinstance(entry, Absent)}
    assert shown == gradients
    return values, gradients


def wires(window: Window) -> int:
    """How many wires carry a gradient now."""
    content = window.canvas.content
    return sum(isinstance(content.wire_gradient(edge), ArrayView) for edge in window.document.graph.edges.values())


def settle(window: Window) -> None:
    window.playhead.advance(10_000)


def chevrons_of(window: Window) -> Chevrons:
    """The ribbon in the bar at the top."""
    chevrons = window.topbar.findChild(Chevrons)
    assert chevrons is not None
    return chevrons


SOURCES = {"x", "y", "z"}
ALL = {"x", "y", "z", "multiply", "add"}


def test_a_whole_step_by_the_clicker_key_shows_each_number_when_it_is_made(whole: Window, qtbot: QtBot) -> None:
    graph = whole.document.graph
    seen = []
    for _ in range(12):
        qtbot.keyClick(whole.canvas, Qt.Key.Key_PageDown)
        settle(whole)
        seen.append((whole.debugger.control.timeline.phase(whole.playhead.event_index), *numbers(whole), wires(whole)))

    order = [graph.nodes[event.node].name for event in whole.playhead.events[:5]]
    for i, (_, values, gradients, _) in enumerate(seen[:5]):
        assert values == SOURCES | set(order[: i + 1]) and gradients == set()
    assert [phase for phase, *_ in seen] == ["forward"] * 4 + ["loss"] + ["backward"] * 5 + ["update", "zero"]
    back = [graph.nodes[event.node].name for event in whole.playhead.events[5:]]
    for i, (_, values, gradients, _) in enumerate(seen[5:10]):
        assert values == ALL and gradients == set(back[: i + 1])
    assert seen[10][1:] == (ALL, ALL, 4)  # updated, and the gradients are still there
    assert seen[11][1:] == (ALL, set(), 0)  # set to zero: forgotten, not shown as 0


def test_stepping_back_takes_the_same_numbers_away_again(whole: Window, qtbot: QtBot) -> None:
    there = []
    for _ in range(12):
        there.append((whole.playhead.event_index if not whole.playhead.at_rest else 0, *numbers(whole)))
        qtbot.keyClick(whole.canvas, Qt.Key.Key_Period)
        settle(whole)
    for position, values, gradients in reversed(there[1:]):
        qtbot.keyClick(whole.canvas, Qt.Key.Key_Comma)
        assert (whole.playhead.event_index, *numbers(whole)) == (position, values, gradients)
    qtbot.keyClick(whole.canvas, Qt.Key.Key_Comma)
    assert numbers(whole) == (SOURCES, set())


def test_the_phases_are_lit_in_turn_and_can_be_clicked(whole: Window, qtbot: QtBot) -> None:
    bar = whole.debugger.control.bar
    assert bar is not None
    chevrons = chevrons_of(whole)
    for phase, shown in (("forward", (SOURCES, set())), ("loss", (SOURCES | {"multiply"}, set())), ("backward", (ALL, set())),
                         ("update", (ALL, ALL)), ("zero", (ALL, set()))):  # fmt: skip
        qtbot.mouseClick(chevrons.phases[phase], LEFT)  # type: ignore[index]
        assert numbers(whole) == shown
        assert chevrons.lit == phase
    for phase in ("backward", "loss", "forward"):
        for _ in range(2 if phase == "backward" else 1):
            qtbot.mouseClick(bar.pairs["phase"].back, LEFT)
        assert chevrons.lit == phase


@pytest.mark.parametrize("way", ["button", "node", "clicker", "layer", "phase", "back"])
def test_zero_shows_the_same_by_every_way_the_moment_it_is_lit(whole: Window, qtbot: QtBot, way: str) -> None:
    """No key lights Zero while gradients are still shown."""
    bar, chevrons, end = whole.debugger.control.bar, chevrons_of(whole), whole.playhead.length
    assert bar is not None
    if way == "button":
        qtbot.mouseClick(chevrons.phases["zero"], LEFT)
    elif way == "back":
        whole.debugger.control._arrive(end)  # over the border from the iteration behind
    else:
        qtbot.mouseClick(chevrons.phases["update"], LEFT)
        keys = {"node": (Qt.Key.Key_Period, NONE), "clicker": (Qt.Key.Key_PageDown, NONE),
                "layer": (Qt.Key.Key_PageDown, SHIFT), "phase": (Qt.Key.Key_PageDown, CTRL)}  # fmt: skip
        qtbot.keyClick(whole.canvas, *keys[way])

    assert chevrons.lit == "zero"
    assert bar.place.full == "gradients set to zero" and not whole.playhead.under_way
    assert numbers(whole) == (ALL, set()) and wires(whole) == 0


def test_a_condition_that_is_met_while_stepping_says_which_where_and_by_what(whole: Window, qtbot: QtBot) -> None:
    """x·y is −10 in the pass of step 0; by node, by phase and by playing."""
    ids = names(whole.document)
    whole.debugger.control.breakpoints.add("value < -9", ids["multiply"])
    said = "Stopped at step 0: value < -9 at multiply; it is -10."
    for way in ("node", "phase", "play"):
        whole.playhead.seek(0)
        whole.say("")
        if way == "node":
            for _ in ("x", "y", "multiply"):  # one more would be the next action, which clears what was said
                qtbot.keyClick(whole.canvas, Qt.Key.Key_PageDown)
                settle(whole)
        elif way == "phase":
            qtbot.keyClick(whole.canvas, Qt.Key.Key_PageDown, CTRL)
        else:
            whole.playhead.play_forward()
            settle(whole)
        assert whole.status.message.full == said, way

    whole.visibility.hide("lesson", values=[ids["multiply"]])
    whole.playhead.seek(0)
    qtbot.keyClick(whole.canvas, Qt.Key.Key_PageDown, CTRL)
    assert whole.status.message.full == "Stopped at step 0: value < -9 at multiply."


def test_opening_the_debugger_says_that_the_loss_is_of_other_samples(window: Window, qtbot: QtBot) -> None:
    window.debugger.toggle()
    trace = hand_trace(window.document)
    assert trace.objective is not None
    other = {**trace.values, trace.objective: scalar(-8.0)}
    window.showing.show_trace(replace(trace, values=other, iteration=0, mode="training", batch="iteration 1: mini-batch 1 of 5"))
    assert window.status.message.full == "Loss −8 (before: −7), now for the samples of the next training step."
    window.debugger.toggle()
    window.showing.show_trace(trace)
    assert window.status.message.full == "Loss −7 (before: −8), now for the chosen samples again."


def test_a_condition_on_an_entry_that_is_not_there_is_refused(window: Window, qtbot: QtBot) -> None:
    window.canvas.select([names(window.document)["multiply"]])
    window.debugger.control.show_page(ask=True)
    page = window.debugger.control.page
    assert page is not None
    qtbot.keyClicks(page.points.entry, "value[0, 1] > 3")
    qtbot.keyClick(page.points.entry, Qt.Key.Key_Return)
    assert page.points.complaint.text() == "multiply is one number: it has no entries." and not window.debugger.control.breakpoints.all

    shape = replace(hand_trace(window.document), values={(names(window.document)["multiply"], "y"): matrix([[1.0, 2.0], [3.0, 4.0]])})
    window.showing.show_trace(shape)
    for index, fits in (("[2, 0]", False), ("[1]", False), ("[1, 1]", True)):
        page.points.entry.setText(f"value{index} > 3")
        qtbot.keyClick(page.points.entry, Qt.Key.Key_Return)
        assert bool(window.debugger.control.breakpoints.all) is fits, index


def test_the_buttons_and_keys_of_a_layer_go_from_one_layer_to_the_next(whole: Window, qtbot: QtBot) -> None:
    bar = whole.debugger.control.bar
    assert bar is not None
    places = []
    for _ in range(4):
        qtbot.mouseClick(bar.pairs["layer"].on, LEFT)
        places.append(whole.playhead.event_index)
    qtbot.keyClick(whole.canvas, Qt.Key.Key_Comma, CTRL)
    places.append(whole.playhead.event_index)
    qtbot.keyClick(whole.canvas, Qt.Key.Key_Period, CTRL)
    places.append(whole.playhead.event_index)
    # x and y; multiply, and z beside it; add; then the gradients of add and z
    assert places == [2, 4, 5, 7, 5, 7]


def test_the_active_node_its_inputs_and_its_wires_are_lit(whole: Window, qtbot: QtBot) -> None:
    graph, ids = whole.document.graph, names(whole.document)
    whole.canvas.select([ids["multiply"]])
    whole.debugger.control.run_here()

    nodes, edges = whole.canvas.overlay.highlighted("debugger")

    assert not nodes and whole.playhead.active_node == ids["multiply"]  # one ring: the playhead's own
    assert edges == {edge.id for edge in graph.inputs_of(ids["multiply"])}
    whole.debugger.control.to_phase("zero")
    assert whole.canvas.overlay.highlighted("debugger") == (frozenset(), frozenset())


def test_scrubbing_goes_to_the_place_under_the_hand(whole: Window, qtbot: QtBot) -> None:
    bar = whole.debugger.control.bar
    assert bar is not None
    bar.events.setValue(7)
    assert whole.playhead.event_index == 7 and numbers(whole)[1] == {"add", "z"}
    bar.events.setValue(2)
    assert numbers(whole) == (SOURCES, set())
    assert bar.place.full == "value of y"
    bar.events.setValue(12)
    assert bar.place.full == "gradients set to zero"


def test_run_to_here_goes_on_to_the_value_and_then_to_the_gradient(whole: Window, qtbot: QtBot) -> None:
    ids = names(whole.document)
    whole.canvas.select([ids["multiply"]])
    qtbot.keyClick(whole.canvas, Qt.Key.Key_F9, CTRL)
    assert (whole.playhead.event_index, whole.playhead.phase) == (3, "forward")
    bar = whole.debugger.control.bar
    assert bar is not None
    qtbot.mouseClick(bar.here, LEFT)
    assert (whole.playhead.event_index, whole.playhead.phase) == (8, "backward")


def test_a_breakpoint_is_set_by_its_key_drawn_and_stops_playback_and_steps(whole: Window, qtbot: QtBot) -> None:
    ids = names(whole.document)
    whole.canvas.select([ids["multiply"]])
    qtbot.keyClick(whole.canvas, Qt.Key.Key_B)
    assert whole.canvas.overlay.marks("debugger") == {ids["multiply"]: "breakpoint"}

    qtbot.mouseClick(whole.controls.transport.forward, LEFT)
    whole.playhead.advance(60_000)
    assert whole.playhead.event_index == 3 and whole.playhead.playing == ""
    assert "multiply" in whole.status.message.full
    qtbot.mouseClick(whole.controls.transport.forward, LEFT)
    whole.playhead.advance(60_000)
    assert whole.playhead.event_index == 5
    whole.debugger.control.step("phase", 1)
    assert whole.playhead.event_index == 8

    qtbot.keyClick(whole.canvas, Qt.Key.Key_B)
    assert whole.canvas.overlay.marks("debugger") == {}
    whole.playhead.seek(5)
    whole.debugger.control.step("phase", 1)
    assert whole.playhead.event_index == 10


def test_a_typed_condition_stops_only_where_it_is_met(whole: Window, qtbot: QtBot) -> None:
    ids = names(whole.document)
    whole.canvas.select([ids["multiply"]])
    qtbot.keyClick(whole.canvas, Qt.Key.Key_B, SHIFT)
    page = whole.debugger.control.page
    assert page is not None and whole.panels.is_shown("debugger")
    assert "multiply" in page.points.entry.placeholderText()
    qtbot.keyClicks(page.points.entry, "value > 3")  # it is −10
    qtbot.keyClick(page.points.entry, Qt.Key.Key_Return)
    whole.playhead.play_forward()
    whole.playhead.advance(60_000)
    assert whole.playhead.event_index == 5

    qtbot.keyClicks(page.points.entry, "|value| > 3")
    qtbot.keyClick(page.points.entry, Qt.Key.Key_Return)
    assert whole.canvas.overlay.marks("debugger") == {ids["multiply"]: "condition"}
    whole.playhead.play_forward()
    whole.playhead.advance(60_000)
    assert whole.playhead.event_index == 3 and "|value| > 3" in whole.status.message.full


def test_what_is_no_condition_is_refused_beside_the_field(whole: Window, qtbot: QtBot) -> None:
    whole.debugger.control.show_page(ask=True)
    page = whole.debugger.control.page
    assert page is not None
    whole.canvas.select([])
    for text, part in (("weight > 2", "cannot be watched"), ("value >", "cannot be read as a condition"), ("value > 2", "Select the node")):
        page.points.entry.setText(text)
        qtbot.keyClick(page.points.entry, Qt.Key.Key_Return)
        assert part in page.points.complaint.text() and page.points.entry.text() == text
    assert whole.debugger.control.breakpoints.all == []


def test_closing_the_debugger_shows_every_number_again_and_takes_its_lights_away(whole: Window, qtbot: QtBot) -> None:
    bar = whole.debugger.control.bar
    assert bar is not None
    whole.debugger.control.to_phase("zero")
    qtbot.mouseClick(bar.close_button, LEFT)

    assert whole.playhead.at_rest and numbers(whole) == (ALL, ALL)
    assert not bar.isVisible() and not whole.actions_by_id["debugger"].isChecked()
    assert whole.canvas.overlay.tags("debugger") == {}


def test_without_training_the_phases_end_with_the_gradients(window: Window, qtbot: QtBot) -> None:
    qtbot.keyClick(window, Qt.Key.Key_D, CTRL | SHIFT)
    bar = window.debugger.control.bar
    assert bar is not None and bar.isVisible()
    phases = chevrons_of(window).phases
    assert [phases[p].isEnabled() for p in ("forward", "backward", "update", "zero")] == [True, True, False, False]
    for _ in range(3):
        qtbot.mouseClick(bar.pairs["phase"].on, LEFT)
    assert numbers(window) == (ALL, ALL)
    assert not bar.pairs["iteration"].on.isEnabled() and bar.iteration.full


def test_the_transports_buttons_work_as_without_the_debugger(window: Window, qtbot: QtBot) -> None:
    transport = window.controls.transport
    qtbot.mouseClick(transport.back, LEFT)
    assert window.playhead.event_index == 9
    window.debugger.toggle()
    qtbot.mouseClick(transport.back, LEFT)
    assert window.playhead.event_index == 8
    qtbot.mouseClick(transport.step, LEFT)
    settle(window)
    assert window.playhead.event_index == 9
    window.debugger.toggle()


def test_undo_edits_and_another_document_in_the_middle_of_a_step_leave_a_sound_window(whole: Window, qtbot: QtBot) -> None:
    ids = names(whole.document)
    control = whole.debugger.control
    whole.canvas.select([ids["multiply"]])
    control.toggle_breakpoint()
    for phase in ("forward", "backward", "update", "zero"):
        control.to_phase(phase)
        whole.document.do(SetParam(ids["x"], "value", 4.0))
        whole.showing.show_trace(replace(hand_trace(whole.document), iteration=0))
        whole.document.undo()
        qtbot.keyClick(whole.canvas, Qt.Key.Key_Escape)
        qtbot.wait(5)
    whole.canvas.select([ids["multiply"]])
    qtbot.keyClick(whole.canvas, Qt.Key.Key_Delete)
    qtbot.wait(5)
    assert whole.canvas.overlay.marks("debugger") == {}
    whole.document.undo()
    qtbot.wait(5)
    assert whole.canvas.overlay.marks("debugger") == {ids["multiply"]: "breakpoint"}
    control.to_phase("update")

    whole.set_document(Document(build("sin(x)", CATALOG, {"x": 1.0})))

    assert control.breakpoints.all == [] and whole.canvas.overlay.marks("debugger") == {}
    for unit in ("layer", "phase", "iteration"):
        for way in (1, -1):
            control.step(unit, way)


def test_themes_and_type_sizes_change_while_the_strip_is_open(whole: Window) -> None:
    whole.debugger.control.show_page()
    for theme in ("dark", "projector", "light"):
        whole.set_theme(THEMES[theme])
        for phase in ("loss", "update", "zero"):
            whole.debugger.control.to_phase(phase)
            assert not whole.grab().isNull()


# The timeline


def events_of(graph: Graph) -> tuple[PassEvent, ...]:
    """Forward in order of computation, and the same walked in reverse."""
    forward = [PassEvent("forward", node, tuple(edge.id for edge in graph.inputs_of(node))) for node in graph.order()]
    return (*forward, *(PassEvent("backward", event.node, event.edges) for event in reversed(forward)))


def test_layers_are_counted_in_nodes_with_weights_or_in_nodes_where_there_are_none() -> None:
    assert layers(tanh_net()) == {"data": 0, "hidden": 1, "tanh": 1, "out": 2, "loss": 2}
    assert layers(product()) == {"x": 0, "y": 0, "z": 0, "d": 1, "f": 2}


def test_a_group_is_one_layer() -> None:
    document = Document(product())
    edit, _ = group(document.graph, ["d", "f"])
    document.do(edit)

    assert layers(document.graph) == {"x": 0, "y": 0, "z": 0, "d": 2, "f": 2}


def test_the_loss_phase_begins_with_the_loss_and_holds_what_follows_it() -> None:
    graph = tanh_net()
    timeline = Timeline(graph, events_of(graph), "loss", whole=True)
    assert timeline.ends == {"forward": 4, "loss": 5, "backward": 10, "update": 11, "zero": 12}

    nodes: dict[str, Any] = {
        "x": ("source.input", {}), "p": ("parameter.parameter", {}), "d": ("math.multiply", {}), "f": ("math.square", {}),
    }  # fmt: skip
    formula = network(nodes, "x -> d.a; p -> d.b; d -> f.x")
    assert Timeline(formula, events_of(formula), "f", whole=False).ends == {"forward": 3, "loss": 4, "backward": 8}


def test_every_step_ends_and_back_is_the_inverse_of_on_from_a_border() -> None:
    for seed in range(40):
        draw = random.Random(seed)
        graph = draw.choice([tanh_net, product])()
        timeline = Timeline(graph, events_of(graph), graph.order()[-1], whole=draw.random() < 0.5)
        for unit in ("layer", "phase"):
            at, borders = 0, [0]
            while (following := timeline.step(at, 1, unit)) != at:
                assert following > at
                at = following
                borders.append(at)
            assert at == timeline.length
            while (before := timeline.step(at, -1, unit)) != at:
                assert before == borders[borders.index(at) - 1]
                at = before
            assert at == 0
            inside = draw.randrange(timeline.length + 1)
            assert timeline.step(inside, -1, unit) == max((b for b in borders if b < inside), default=0)


def test_a_graph_without_an_objective_has_one_phase() -> None:
    graph = product()
    forward = events_of(graph)[:5]
    timeline = Timeline(graph, forward, None, whole=False)
    assert {phase: end for phase, end in timeline.ends.items()} == {"forward": 5, "loss": 5, "backward": 5}
    assert timeline.phase(3) == "forward" and timeline.step(0, 1, "phase") == 5


# Breakpoints


def test_conditions_of_values_are_met_forward_and_those_of_gradients_backward() -> None:
    document = Document(build("x*y + z", CATALOG, {"x": 2.0, "y": -5.0, "z": 3.0}))
    trace, ids = hand_trace(document), names(document)
    for text, value, gradient in (("value < -3", True, False), ("value > -3", False, False), ("gradient = 1", False, True),
                                  ("|gradient| < 0.5", False, False), ("is NaN", False, False)):  # fmt: skip
        points = Breakpoints()
        points.add(text, ids["multiply"])
        assert (points.hit(PassEvent("forward", ids["multiply"], ()), trace) is not None) == value, text
        assert (points.hit(PassEvent("backward", ids["multiply"], ()), trace) is not None) == gradient, text
        assert points.hit(PassEvent("forward", ids["add"], ()), trace) is None
        points.set_on(0, False)
        assert points.hit(PassEvent("forward", ids["multiply"], ()), trace) is None and points.conditions == ()


def test_a_value_that_is_no_number_is_found_where_it_is_made() -> None:
    document = Document(build("x*y + z", CATALOG, {"x": 2.0, "y": -5.0, "z": 3.0}))
    trace, ids = hand_trace(document), names(document)
    broken = replace(scalar(math.nan), finite=False)
    trace = replace(trace, values=dict(trace.values) | {(ids["multiply"], "y"): broken})
    points = Breakpoints()
    points.add("is NaN", ids["multiply"])
    assert points.hit(PassEvent("forward", ids["multiply"], ()), trace) is not None


def test_a_condition_on_the_loss_is_met_where_the_loss_is_computed() -> None:
    document = Document(build("x*y + z", CATALOG, {"x": 2.0, "y": -5.0, "z": 3.0}))
    trace, ids = hand_trace(document), names(document)
    points = Breakpoints()
    points.add("loss < 0")
    assert points.hit(PassEvent("forward", ids["add"], ()), trace) is not None
    assert points.hit(PassEvent("backward", ids["add"], ()), trace) is None


def test_a_double_click_cannot_be_lost(make_window: Callable[..., Window], qtbot: QtBot) -> None:
    """Stepping faster than the animation runs finishes an event at once and goes on."""
    document = Document(build("x*y + z", CATALOG, {"x": 2.0, "y": -5.0, "z": 3.0}))
    window = make_window(document)
    window.showing.show_trace(replace(hand_trace(document), iteration=0))
    window.debugger.toggle()
    window.showing.show_trace(replace(hand_trace(document), iteration=0))
    for _ in range(10):
        window.playhead.step()
        window.playhead.advance(1)
        window.playhead.step()
    assert window.playhead.event_index == 10
    window.playhead.step()
    assert window.playhead.event_index == 11 and not window.playhead.playing
    qtbot.mouseClick(window.canvas, LEFT, NONE, QPoint(3, 3))


def test_names_of_parameters_are_whole_and_every_number_of_a_tensor_can_be_chosen(qtbot: QtBot) -> None:
    """The page is about 700 px wide in a window of 1280 × 720."""
    old = matrix([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    labels = ("hidden.W", "second_hidden.W", "output.b")
    rows = [ParameterUpdate(f"n{i}", "W", label, old, old, old, old, (), (), (0, 0), (0.6243, -0.0002245, -0.1, 0.6244), ())
            for i, label in enumerate(labels)]  # fmt: skip
    view, wanted = UpdateView(), list[tuple[int, ...]]()
    qtbot.addWidget(view)
    view.set_theme(THEMES["light"])
    view.resize(500, 160)
    view.show()
    view.show_update(UpdateTable("sgd", "SGD", (), (), 0, 1, 1.0, tuple(rows)))
    qtbot.wait(20)
    for at, name in enumerate(labels):
        item = view.table.item(at, 0)
        assert item is not None and view.table.visualItemRect(item).width() >= view.table.fontMetrics().horizontalAdvance(name) + 6, name
        assert name in item.toolTip()

    view.entry_wanted.connect(lambda node, name, entry: wanted.append(entry))
    for text in ("[1, 2]", "0 1", "[2, 0]", "[1]", "x"):
        view.entry.setText(text)
        qtbot.keyClick(view.entry, Qt.Key.Key_Return)
        assert bool(view.entry.property("complaint")) == (text in ("[2, 0]", "[1]", "x")), text
    assert wanted == [(1, 2), (0, 1)] and "2 × 3" in view.entry.toolTip()
