"""What the window holds of `ui.inside`: opening the inside of an optimizer and leaving it. What shows it loads when it is first used."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from engine.explain.inside import Inside, InsideOf
from engine.explain.question import Refusal
from graph.text.messages import _
from ui.shell.workspace.feature import Feature
from ui.shell.workspace.services import INSIDE, RACES

if TYPE_CHECKING:
    from graph.storage.document import Document
    from ui.engine_link.messages import Progress
    from ui.inside.session import InsideSession
    from ui.look.theme import Theme
    from ui.shell.workspace.workspace import Workspace

MODE = "inside"
"""Who imposes the mode of the window meanwhile."""


class InsideFeature(Feature):
    """The update of a parameter as a graph, in place of the user's own, whose run goes on in the engine."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        workspace.services.offer(INSIDE, self)
        self.session: InsideSession | None = None
        """What is shown; None while the window shows another document."""
        self._kept: InsideSession | None = None
        """One whose rule the user has rewired and does not train with: it is shown again when the inside is opened."""
        self._opening = False

    def install(self) -> None:
        if self.workspace.kernel is not None:
            self.workspace.kernel.waiting_progressed.connect(self._progressed)

    # what others ask

    @property
    def active(self) -> bool:
        return self.session is not None

    @property
    def training(self) -> bool:
        return self.session is not None and self.session.training

    def facts(self) -> Iterable[str]:
        return self.session.facts() if self.session is not None else ()

    def why_not_train(self) -> str:
        return self.session.why_not_train() if self.session is not None else ""

    def may_close(self) -> bool:
        """Whether a rule that is not used may be let go of; a document that takes the window's place ends it."""
        session = self.session if self.session is not None and self.session.unsaved else self._kept
        if session is None:
            return True
        text = _("Your training does not use {title}. The rule is lost if you go on; Train with it keeps it in your graph.")
        if not self.workspace.dialogs.sure(_("Discard your own rule?"), text.format(title=session.rule_title), _("Discard it")):
            return False
        session.drop()
        self._kept = None
        return True

    # opening

    def open_selected(self) -> None:
        """The first number of the selected parameter, or of the first one that is trained."""
        node = self._chosen()
        if node is not None:
            self.open(node, "", ())

    def open_all(self) -> None:
        self.open("", "", None)

    def open(self, node: str, name: str, entry: tuple[int, ...] | None) -> None:
        """Show the update of one number of a tensor, of the whole tensor, or of everything that is trained."""
        workspace, question = self.workspace, InsideOf(node, name, entry)
        if self.session is not None:
            self.session.turn_to(question)
        elif workspace.kernel is None:
            workspace.say(_("The engine is not running."))
        elif workspace.visibility.hides_numbers:
            workspace.say(_("A question hides numbers of this graph. Answer it first: the inside of the optimizer shows them."))
        elif (races := workspace.services.find(RACES)) is None or races.may_close():
            document = workspace.document
            workspace.kernel.ask(question, lambda answer: self._answered(document, question, answer))

    def _chosen(self) -> str | None:
        """The selected node that learns, else the first one in the graph that is not frozen."""
        graph, chosen = self.workspace.document.graph, self.workspace.canvas.selected_nodes()
        learning = [n for n in graph.order() if graph.spec(n).parameters or graph.spec(n).role == "parameter"]
        found = [n for n in chosen if n in learning] or [n for n in learning if not graph.settings_of(n).get("frozen", False)] or learning
        return found[0] if found else None

    def _answered(self, document: Document, question: InsideOf, answer: Inside | Refusal) -> None:
        """There is something to show, unless the window shows another document by now."""
        if self.session is not None or self.workspace.document is not document:
            return
        if isinstance(answer, Refusal):
            self.workspace.say(answer.text)
            return
        self._show(document, question, answer)

    def _show(self, document: Document, question: InsideOf, answer: Inside) -> None:
        from ui.inside.session import InsideSession

        kept, self._kept = self._kept, None
        if kept is not None and kept.own is document and kept.guest.key == answer.key:
            session = kept
        else:
            session = InsideSession(self.workspace, document, answer)
        self.session = session
        self._opening = True
        try:
            self.workspace.files.lend_beside(session.guest.document)
        finally:
            self._opening = False
        self.workspace.modes.enter(MODE, "teach")
        session.begin(question, answer)
        self.workspace.refresh_actions()

    # what the rows do

    def leave(self) -> None:
        """The user's own graph is shown again; a rule that was rewired is kept for the next time."""
        session = self.session
        if session is None:
            return
        self.workspace.files.give_back()
        if session.unsaved:
            self._kept = session
            self.workspace.say(
                _("{title} is kept: open the inside of the optimizer again to go on with it.").format(title=session.rule_title)
            )

    def escaped(self) -> bool:
        """Esc leaves, once nothing else is in the way."""
        if self.session is None:
            return False
        self.leave()
        return True

    def step(self) -> None:
        if self.session is not None:
            self.session.step()

    def back(self) -> None:
        if self.session is not None:
            self.session.back()

    def train(self) -> None:
        if self.session is not None:
            self.session.train()

    def toggle_entry(self) -> None:
        if self.session is not None:
            self.session.toggle_entry()

    def train_with(self) -> None:
        if self.session is not None:
            self.session.train_with()

    def race(self) -> None:
        if self.session is not None:
            self.session.race()

    def export(self) -> None:
        if self.session is not None:
            self.session.export()

    def discard(self) -> None:
        if self.session is not None:
            self.session.discard()

    # hooks of the window

    def set_document(self, document: Document) -> None:
        session = self.session
        if session is not None and document is not session.guest.document and not self._opening:
            self.session = None
            session.end()
            self.workspace.modes.leave(MODE)

    def document_changed(self) -> None:
        if self.session is not None:
            self.session.edited_now()

    def problems_changed(self) -> None:
        if self.session is not None:
            self.session.refresh()

    def set_theme(self, theme: Theme) -> None:
        if self.session is not None:
            self.session.set_theme(theme)

    def end(self) -> None:
        if self.session is not None:
            self.session.end()
            self.session = None

    def _progressed(self, progress: Progress) -> None:
        if self.session is not None:
            self.session.progressed(progress)
