"""Where playback is and why it stopped, on a workspace without a window. Numbers are those of x·y + z by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import QRectF, Qt
from pytestqt.qtbot import QtBot

from engine.compile.views import TraceView
from engine.explain.cards import Line, Tex
from engine.explain.equations import Equations, EquationsOf, NodeEquations
from engine.nodes.catalog import CATALOG
from engine.training.optimizers.registry import OPTIMIZERS
from graph.formula.to_graph import build
from graph.model.edits import SetTraining
from graph.storage.document import Document
from tests.support.fake_workspace import FakeWorkspace
from tests.support.window_support import hand_trace, names, scalar
from ui.engine_link.messages import Progress
from ui.ribbon.feature import Ribbon, update_lines
from ui.ribbon.headline import spoken
from ui.shell.workspace.services import NARRATION, STEPPING
from ui.shell.workspace.timeline import Phase


class Steps:
    """Stands for the debugger: goes to the start of a phase."""

    def __init__(self, workspace: FakeWorkspace) -> None:
        self.workspace, self.went = workspace, list[Phase]()
        self.ribbon: Ribbon | None = None

    def to_phase(self, phase: Phase) -> None:
        assert self.ribbon is not None
        self.went.append(phase)
        self.workspace.playhead.seek(self.ribbon.timeline.now.begins(phase))

    def show_update(self, step: int, node: str, name: str, entry: tuple[int, ...]) -> None:
        raise AssertionError("no card here")


class Desk:
    """A workspace in mode Teach with the ribbon on it."""

    def __init__(self, workspace: FakeWorkspace) -> None:
        self.workspace, self.playhead = workspace, workspace.playhead
        self.steps = Steps(workspace)
        workspace.services.offer(STEPPING, self.steps)
        workspace.modes.choose("teach")
        self.ribbon = self.steps.ribbon = Ribbon(workspace)
        self.ribbon.install()
        self.chevrons, self.headline = self.ribbon.widgets
        self.chevrons.setParent(workspace.widget)
        self.ids = names(workspace.document)
        self.show(hand_trace(workspace.document))

    def show(self, trace: TraceView) -> None:
        self.workspace.visibility.set_truth(trace)
        self.playhead.set_trace(trace)
        self.ribbon.set_trace(trace, False)

    def play(self, way: str) -> None:
        self.playhead.play_forward() if way == "forward" else self.playhead.play_backward()
        self.playhead.advance(100_000)

    @property
    def title(self) -> str:
        position = self.headline.said.position
        return f"{position.title} {self.headline.said.name}".strip() if position is not None else ""

    @property
    def reason(self) -> str:
        return self.headline.said.reason


@pytest.fixture
def desk(make_workspace: Callable[..., FakeWorkspace]) -> Desk:
    return Desk(make_workspace(Document(build("x*y + z", CATALOG, {"x": 2.0, "y": -5.0, "z": 3.0}))))


def test_every_event_has_its_number_its_node_and_its_lit_phase(desk: Desk) -> None:
    assert desk.title == "" and desk.chevrons.lit is None and not desk.headline.isVisibleTo(desk.workspace.canvas)
    seen = []
    for position in range(desk.playhead.length):
        desk.playhead.seek(position + 1)
        seen.append((desk.chevrons.lit, desk.title))
    order = [desk.workspace.document.graph.nodes[event.node].name for event in desk.playhead.events]
    assert seen == [
        *(("forward", f"Forward {i + 1} of 4 {order[i]}") for i in range(4)), ("loss", "Loss 1 of 1 add"),
        *(("backward", f"Backward {i + 1} of 5 {order[5 + i]}") for i in range(5)),
    ]  # fmt: skip
    desk.playhead.set_tail(True)
    desk.playhead.seek(11)
    assert (desk.chevrons.lit, desk.title) == ("update", "Update")
    desk.playhead.reset()
    assert desk.title == "" and desk.chevrons.lit is None


def test_a_chevron_goes_to_the_start_of_its_phase_by_mouse_and_keys(desk: Desk, qtbot: QtBot) -> None:
    for phase, at, title in (("backward", 5, "Backward 0 of 5"), ("loss", 4, "Loss 0 of 1"), ("forward", 0, "Forward 0 of 4")):
        qtbot.mouseClick(desk.chevrons.phases[phase], Qt.MouseButton.LeftButton)  # type: ignore[index]
        assert (desk.playhead.event_index, desk.chevrons.lit, desk.title) == (at, phase, title)
    qtbot.keyClick(desk.chevrons.phases["backward"], Qt.Key.Key_Space)
    assert desk.steps.went == ["backward", "loss", "forward", "backward"]
    desk.playhead.step()
    assert desk.title == "Backward 1 of 5 add"
    assert desk.chevrons.phases["backward"].accessibleDescription() == "current phase"


def test_the_passes_say_why_they_stop_until_the_next_move(desk: Desk) -> None:
    desk.play("forward")
    assert desk.reason == "The objective is reached: add = −7. The backward pass starts here."
    desk.playhead.step()
    assert desk.reason == ""
    desk.playhead.advance(40)
    desk.playhead.pause()
    assert desk.reason == "Paused."
    desk.play("backward")
    assert desk.reason == "The backward pass is finished: every gradient is computed." and desk.title == ""
    desk.playhead.seek(3)
    assert desk.reason == ""


def test_a_hidden_objective_is_reached_without_its_number(desk: Desk) -> None:
    desk.workspace.visibility.hide("question", [desk.ids["add"]])
    desk.play("forward")
    assert desk.reason == "The objective add is reached. The backward pass starts here."


def test_without_an_objective_the_reason_is_said_and_backward_is_refused(desk: Desk) -> None:
    trace = hand_trace(desk.workspace.document)
    note = "choose which value is differentiated"
    desk.show(replace(trace, objective=None, objective_note=note, events=trace.events[:5]))
    desk.play("forward")
    assert desk.reason == f"No gradient: {note}."
    backward = desk.chevrons.phases["backward"]
    assert not backward.isEnabled() and note in backward.toolTip()


def test_playback_stops_where_nan_begins_and_not_at_every_node_after_it(desk: Desk) -> None:
    trace, ids = hand_trace(desk.workspace.document), desk.ids
    nan = replace(scalar(math.nan), finite=False)
    sentence = "NaN begins in multiply."
    desk.show(replace(trace, values={**trace.values, (ids["multiply"], "y"): nan, (ids["add"], "y"): nan}, first_bad=ids["multiply"],
                      nonfinite=sentence))  # fmt: skip
    desk.play("forward")
    stopped = desk.playhead.event_index
    assert desk.playhead.events[stopped - 1].node == ids["multiply"] and desk.reason == f"Stopped: {sentence}"
    desk.play("forward")
    assert desk.playhead.event_index == 5

    desk.workspace.visibility.hide("question", [ids["z"]])
    desk.playhead.seek(0)
    desk.play("forward")
    assert desk.playhead.event_index == 5 and "NaN" not in desk.reason.replace("add = NaN", "")
    desk.workspace.visibility.clear()

    wire = next(edge.id for edge in desk.workspace.document.graph.outputs_of(ids["x"]))
    desk.show(replace(trace, edge_gradients={**trace.edge_gradients, wire: replace(scalar(math.inf), finite=False)}))
    desk.play("backward")
    assert desk.reason == "Stopped: the gradient becomes NaN or infinite in multiply."


def test_training_says_why_it_ended(desk: Desk) -> None:
    narration = desk.workspace.services.get(NARRATION)
    desk.ribbon.set_progress(Progress("training", step=3))
    desk.ribbon.set_progress(Progress("finished", step=1200))
    assert desk.reason == "Training finished after 1,200 steps."
    desk.ribbon.set_progress(Progress("training", step=1201))
    assert desk.reason == ""
    desk.ribbon.set_progress(Progress("paused", step=1300, message="Stopped early: the test loss has not improved."))
    assert desk.reason == "Stopped early: the test loss has not improved."
    narration.stopped("Stopped at the breakpoint of x.")
    assert desk.reason == "Stopped at the breakpoint of x."
    desk.playhead.seek(2)
    assert desk.reason == ""

    desk.ribbon.set_progress(Progress("training", step=1301))
    desk.ribbon.set_progress(Progress("paused", step=1301))
    assert desk.reason == "Training paused at step 1,301."
    desk.ribbon.set_progress(Progress("idle", step=0))
    assert desk.reason == ""


def test_the_line_covers_no_card_and_is_only_there_in_its_modes(desk: Desk, qtbot: QtBot) -> None:
    canvas = desk.workspace.canvas
    canvas.resize(900, 300)
    canvas.fit_all()
    desk.playhead.seek(3)
    line = QRectF(desk.headline.geometry())
    assert desk.headline.isVisibleTo(canvas) and line.height() > 20
    for node in desk.workspace.document.graph.nodes:
        assert not canvas.camera.rect_to_view(canvas.scene.rect(node)).intersects(line)
    canvas.viewport.cover("lesson", QRectF(0, 0, 300, 300))
    assert desk.headline.geometry().left() >= 300
    canvas.viewport.cover("lesson", None)
    desk.workspace.modes.choose("build")
    assert not desk.headline.isVisibleTo(canvas) and desk.chevrons.isHidden()
    assert "ribbon" not in canvas.viewport.covers


def test_the_update_is_written_as_the_optimizer_makes_it(desk: Desk) -> None:
    document = desk.workspace.document
    desk.playhead.set_tail(True)
    desk.playhead.seek(11)
    assert [spoken(said) for said in desk.headline.said.lines] == ["𝜃←𝜃 − 𝜂\u2009𝑔"]
    desk.playhead.seek(12)
    assert desk.title == "Zero" and [spoken(said) for said in desk.headline.said.lines] == ["∇ ←0"]
    for key, spec in OPTIMIZERS.items():
        document.do(SetTraining("optimizer", key))
        assert update_lines(document) or spec.evaluates_loss


def test_an_event_has_its_equation_in_the_colours_of_its_parts(desk: Desk) -> None:
    chain = Line("formula", (Tex(r"\frac{\partial f}{\partial x}", role="gradient"), Tex("="), Tex(r"\bar{q}", role="gradient"),
                             Tex(r"\cdot"), Tex("y", role="value")))  # fmt: skip
    formula = Line("formula", (Tex("q", role="value"), Tex(r"= x \cdot y")))
    node = desk.ids["multiply"]
    desk.playhead.seek(3)
    desk.ribbon._lines(desk.ribbon.position)
    desk.ribbon._take(EquationsOf((node,)), Equations({node: NodeEquations(formula, (chain,))}))
    at = {event.phase: i + 1 for i, event in enumerate(desk.playhead.events) if event.node == node}
    desk.playhead.seek(at["forward"])
    assert desk.headline.said.lines == (formula,)
    desk.playhead.seek(at["backward"])
    assert desk.headline.said.lines == (chain,)
    assert spoken(chain).startswith("∂𝑓/∂𝑥 =") and desk.headline.accessibleName().startswith("Backward 3 of 5 · multiply. ∂𝑓/∂𝑥 =")
    picture = desk.headline.grab().toImage()
    colours = {picture.pixelColor(x, y).name().upper() for x in range(picture.width()) for y in range(0, picture.height(), 2)}
    theme = desk.workspace.theme
    assert {theme.backward, theme.forward} <= colours
