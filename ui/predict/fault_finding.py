"""Planting a fault, guessing it, showing it: between the bar, the document and the canvas."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt

from engine.compile.views import ArrayView
from engine.explain.misconceptions.match import judge_fault
from engine.training.optimizers.registry import declared_or_none
from graph.model import faults
from graph.model.address import wire
from graph.model.faults import Fault
from graph.text.messages import _
from ui.look.widgets import label
from ui.predict.fault_bar import FaultBar
from ui.predict.score import Score

if TYPE_CHECKING:
    from ui.shell.workspace.workspace import Workspace

OWNER = "fault"
BADGE = _("A fault is planted")


class FaultFinding(QObject):
    """One per window. The place of a fault stays secret until it is revealed."""

    def __init__(self, workspace: Workspace, score: Score) -> None:
        super().__init__(workspace.widget)
        self.workspace, self.score = workspace, score
        self.bar = FaultBar()
        self._about: Fault | None = None
        """The fault that the last guess was judged by."""
        self.badge = label(BADGE, "strong")
        self.badge.setToolTip(_("Some numbers of this graph are wrong on purpose: Learn ▸ Find the fault"))
        workspace.pages.add_status(self.badge)
        workspace.pages.add_bar(self.bar)
        self.bar.planted.connect(self.plant)
        self.bar.guessed.connect(self.guess)
        self.bar.revealed.connect(self.reveal)
        self.bar.removed.connect(self.remove)
        self.bar.closed.connect(lambda: workspace.canvas.setFocus(Qt.FocusReason.OtherFocusReason))
        self.follow()

    @property
    def fault(self) -> Fault | None:
        graph = self.workspace.document.graph
        return faults.planted(graph) if faults.at_work(graph) else None

    def follow(self) -> None:
        """The document changed: update the badge."""
        there = self.fault is not None
        self.badge.setVisible(there)
        if there and self._about is not None and self._about != self.fault:
            self._about = None  # what was said was about another fault
            self._shown(None)
            if not self.bar.guess.isHidden():
                self.bar.ask_again()
        if not there:
            self._about = None
            self._shown(None)
            if self.bar.guess.isVisibleTo(self.bar):
                self.bar.hide()

    # planting

    def possible(self) -> list[Fault]:
        """What could be planted where, as far as there are numbers to be wrong."""
        trace, graph = self.workspace.visibility.truth, self.workspace.document.graph
        if trace is None:
            return []
        leading = {edge for edge, gradient in trace.edge_gradients.items() if isinstance(gradient, ArrayView) and edge in graph.edges}
        chosen = declared_or_none(graph.training)
        return faults.possible(graph, trace.shapes, leading, zeroed=chosen is None or not chosen.evaluates_loss)

    def plant(self, kind: str = "", selected: bool = False) -> bool:
        """Plant one of this kind (any, where empty), somewhere or at what is selected. Whether there was a place for it."""
        document, canvas = self.workspace.document, self.workspace.canvas
        if document.read_only:
            self.workspace.say(document.read_only)
            return False
        chosen = {*canvas.selected_edges(), *canvas.selected_nodes()}
        offered = [
            f for f in self.possible() if kind in ("", f.kind) and (not selected or f.place in chosen or f.kind == kind == "zero_grad")
        ]
        if not offered:
            where = _("at the selection") if selected else _("in this graph")
            self.bar.say(_("This fault cannot be planted {where}: it needs a gradient and a suitable node.").format(where=where))
            self.workspace.say(self.bar.text.text())
            return False
        kinds = list(dict.fromkeys(f.kind for f in offered))
        one = random.choice(kinds)
        document.do(faults.plant(random.choice([f for f in offered if f.kind == one])), _("Plant a fault"))
        self._shown(None)
        canvas.select(())
        self.bar.close_bar()
        self.workspace.say(_("A fault is planted. Find it with the audit, the explanations, the debugger."))
        return True

    # finding

    def guess(self, kind: str) -> bool:
        """Whether this is it, at what is selected; the bar says how near it is."""
        fault, graph = self.fault, self.workspace.document.graph
        if fault is None:
            return False
        chosen = [*self.workspace.canvas.selected_edges(), *self.workspace.canvas.selected_nodes()]
        if len(chosen) != 1 and kind != "zero_grad":
            self.bar.say(_("Select the one wire or node where the fault is."))
            return False
        place = "" if kind == "zero_grad" else chosen[0]
        judgement = judge_fault((fault.kind, fault.place), (kind, place))
        said = f"{faults.KINDS[kind]}: {self._name(place)}" if place else faults.KINDS[kind]
        self.score.add(self.workspace.files.title, "fault", said, None, "yes" if judgement.right else "no")
        self._about = fault
        if judgement.right:
            self.bar.say(f"{judgement.text} {faults.described(graph, fault)}")
            self._shown(fault, "ok")
        else:
            self.bar.say(judgement.text)
        return judgement.right

    def _name(self, place: str) -> str:
        graph = self.workspace.document.graph
        if place in graph.edges:
            return wire(place).name(graph)
        return graph.nodes[place].name if place in graph.nodes else ""

    def reveal(self) -> None:
        fault = self.fault
        if fault is None:
            return
        text = faults.described(self.workspace.document.graph, fault)
        self._shown(fault, "error")
        self.bar.show_guessing()
        self.bar.say(text)
        if fault.place:
            self.workspace.canvas.reveal(fault.place)

    def remove(self) -> None:
        document = self.workspace.document
        if self.fault is not None and not document.read_only:
            document.do(faults.remove(), _("Remove the fault"))
            self.bar.close_bar()
            self.follow()

    def _shown(self, fault: Fault | None, kind: str = "error") -> None:
        """Ring the fault's place, and name it there; none: take that away."""
        from ui.canvas.model.overlay import Tag

        overlay, graph = self.workspace.canvas.overlay, self.workspace.document.graph
        place = fault.place if fault is not None else ""
        overlay.highlight(OWNER, [place] if place in graph.nodes else [], [place] if place in graph.edges else [])
        overlay.tag(OWNER, {place: Tag(faults.KINDS[fault.kind], kind)} if fault is not None and place else {})  # type: ignore[arg-type]
