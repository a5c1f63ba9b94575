"""What each action of a lesson does in a window. An action that has to wait for something says so; none blocks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graph.lessons.lesson_graph import resolve, resolve_node
from graph.text.messages import ngettext

if TYPE_CHECKING:
    from ui.engine_link.link import Kernel
    from ui.shell.workspace.workspace import Workspace

Args = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Waiting:
    """`over` is called with whether to go on; `leave` is called instead if the step is left first; `text` names the reason."""

    over: Callable[[], bool]
    text: str = ""
    leave: Callable[[], None] | None = None


def begin_afresh(workspace: Workspace) -> Waiting | None:
    """A step begins with the values of the document, and does not run before its numbers are there."""
    kernel = workspace.kernel
    if kernel is None:
        return None
    if not (kernel.training or kernel.progress.step):
        return Waiting(lambda: fresh(workspace), "")
    seen = workspace.visibility.truth
    kernel.reset()
    return Waiting(lambda: kernel.progress.step == 0 and workspace.visibility.truth is not seen and fresh(workspace), "")


def fresh(workspace: Workspace) -> bool:
    """Whether the numbers on the canvas are those of the document."""
    return workspace.trace is not None and not workspace.stale


def _play(workspace: Workspace, args: Args) -> Waiting | None:
    playhead = workspace.playhead

    def start() -> bool:
        return fresh(workspace) and bool(playhead.events)

    play = playhead.play_forward if args["phase"] == "forward" else playhead.play_backward
    return _then(start, play, lambda: not playhead.playing)


def _to(workspace: Workspace, args: Args) -> Waiting | None:
    """The playhead, just after the event that brings this node's or wire's number."""

    def seek() -> None:
        graph, phase = workspace.document.graph, args["phase"]
        events = workspace.playhead.events
        if "node" in args:
            wanted = resolve_node(graph, args["node"])
            places = [i for i, event in enumerate(events) if event.phase == phase and event.node == wanted]
        else:
            wanted = resolve(graph, args["wire"]).id
            places = [i for i, event in enumerate(events) if event.phase == phase and wanted in event.edges]
        if places:
            workspace.playhead.seek(places[-1] + 1)

    return _then(lambda: fresh(workspace), seek)


class _Training:
    """Train this many steps from the current state; leaving the lesson step pauses training."""

    def __init__(self, kernel: Kernel, steps: int) -> None:
        self._kernel, self._steps, self._target, self._told = kernel, steps, 0, -1

    def start(self) -> None:
        self._target, self._told = self._kernel.progress.step + self._steps, 0
        self._kernel.progressed.connect(self._heard)
        self._kernel.start(self._steps)

    def _heard(self, progress: object) -> None:
        self._told += 1

    def over(self) -> bool:
        """The kernel answers a start once before it trains; one that does not train answers again and again alike."""
        now = self._kernel.progress
        ended = self._told > 0 and now.phase != "training"
        ended = ended and (now.step >= self._target or now.phase in ("finished", "failed") or self._told > 2)
        if ended:
            self._kernel.progressed.disconnect(self._heard)
        return ended

    def leave(self) -> None:
        if self._told >= 0:
            self._kernel.progressed.disconnect(self._heard)
            self._kernel.pause()


def _train(workspace: Workspace, args: Args) -> Waiting | None:
    if workspace.kernel is None:
        return None
    steps = args["steps"]
    training = _Training(workspace.kernel, steps)

    def start() -> None:
        workspace.playhead.reset()
        training.start()

    return _then(
        lambda: fresh(workspace),
        start,
        training.over,
        ngettext("Training {steps:,} step …", "Training {steps:,} steps …", steps).format(steps=steps),
        training.leave,
    )


def _then(
    ready: Callable[[], bool], act: Callable[[], None], over: Callable[[], bool] = lambda: True, text: str = "",
    leave: Callable[[], None] | None = None,
) -> Waiting:  # fmt: skip
    """Wait until ready, act once, and wait until it is over."""
    done = ended = False

    def step() -> bool:
        nonlocal done, ended
        if not done:
            if not ready():
                return False
            done = True
            act()
        ended = ended or over()
        return ended

    return Waiting(step, text, leave)


def _reset(workspace: Workspace, args: Args) -> Waiting | None:
    return begin_afresh(workspace)


def _show_all(workspace: Workspace, args: Args) -> Waiting | None:
    workspace.playhead.reset()
    return None


def _select(workspace: Workspace, args: Args) -> Waiting | None:
    workspace.canvas.select([resolve(workspace.document.graph, name).id for name in args["items"]])
    return None


def _sample(workspace: Workspace, args: Args) -> Waiting | None:
    """Which sample of the batch the canvas shows; lessons count from one."""
    show, samples = args["show"], workspace.canvas.model.samples
    samples.choose(show - 1 if isinstance(show, int) else None if show == "all" else show)
    return None


def _figure(workspace: Workspace, args: Args) -> Waiting | None:
    """The figure is part of the step's text, and asks for itself whenever there are numbers."""
    return None


def _panel(workspace: Workspace, args: Args) -> Waiting | None:
    """A panel by its key, which is what its title begins with; one that does not exist is left out."""
    key = (args["name"].lower().split() or [""])[0]
    if workspace.pages.knows(key):
        workspace.pages.show(key)
    return None


def _action(workspace: Workspace, args: Args) -> Waiting | None:
    action = workspace.actions_by_id.get(args["id"])

    def run() -> None:
        workspace.refresh_actions()
        if action is not None and action.isEnabled():
            action.trigger()

    return _then(lambda: workspace.kernel is None or fresh(workspace), run)


def _tool(name: str) -> Callable[[Workspace, Args], Waiting | None]:
    """Explanations are asked of the tools that give them, once there are numbers to explain."""

    def doing(workspace: Workspace, args: Args) -> Waiting | None:
        def run() -> None:
            from ui.lessons import tools

            tools.show(workspace, name, args)

        return _then(lambda: workspace.kernel is None or fresh(workspace), run)

    return doing


DOING: Mapping[str, Callable[[Workspace, Args], Waiting | None]] = {
    "play": _play,
    "to": _to,
    "show_all": _show_all,
    "train": _train,
    "reset": _reset,
    "select": _select,
    "panel": _panel,
    "sample": _sample,
    "figure": _figure,
    "action": _action,
    **{name: _tool(name) for name in ("explain", "audit", "paths", "picture", "forward_mode", "sweep", "symbolic")},
}
