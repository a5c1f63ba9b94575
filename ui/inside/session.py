"""The inside of an optimizer while it is shown: what is asked of the user's run, what the line above the canvas says, what is done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from engine.explain.inside import Inside, InsideOf
from engine.explain.inside.rule import rule_of, settings_in, train_with
from engine.explain.question import Refusal
from engine.training.optimizers.custom import CUSTOM
from engine.training.optimizers.registry import choice, declared, listed
from graph.model.edits import Edit, SetTraining
from graph.model.graph import GraphError
from graph.text.messages import _, translated
from ui.canvas.model.overlay import Tag
from ui.inside.bar import Choice, InsideBar, Shown
from ui.inside.guest import InsideGuest, Standing
from ui.inside.laying import laid_out
from ui.inside.transition import Transition
from ui.inside.words import changes, own_title, said
from ui.shell.workspace.services import RACES

if TYPE_CHECKING:
    from graph.storage.document import Document
    from ui.engine_link.messages import Progress, WaitingDocument
    from ui.look.theme import Theme
    from ui.shell.workspace.workspace import Workspace

OWNER = "inside"
"""Its name on the canvas's overlay."""
ARRANGE = "arrange the inside"


class InsideSession(QObject):
    """One inside of `own`, the user's document. It is alive while it is shown, and after that as long as its rule is kept."""

    def __init__(self, workspace: Workspace, own: Document, inside: Inside) -> None:
        super().__init__(workspace.widget)
        self.workspace, self.own = workspace, own
        self.guest = InsideGuest(inside, workspace.document.graph.catalog)
        self.question = InsideOf()
        self.refusal = ""
        """Why the newest step cannot be shown."""
        self._switching = ""
        """The optimizer that was asked for and is not there yet."""
        self._switched: list[str] = []
        """The names of the changes of optimizer that were made here, in the history of the user's document."""
        self._in_document = -1
        """The revision of the graph whose rule the document holds, although it does not train with it."""
        self._news = ""
        self._transition = Transition(workspace.canvas, workspace.work)
        self.bar = InsideBar()
        self.bar.set_theme(workspace.theme)
        self._connect()

    def _connect(self) -> None:
        bar = self.bar
        bar.parameter_chosen.connect(self._choose_parameter)
        bar.entry_chosen.connect(lambda entry: self.turn_to(replace(self.question, entry=entry)))
        bar.optimizer_chosen.connect(self.choose_optimizer)
        for signal, action in (
            (bar.step_clicked, "train_step"), (bar.back_clicked, "inside_back"), (bar.train_clicked, "train"),
            (bar.leave_clicked, "inside_leave"), (bar.train_with_clicked, "inside_train_with"), (bar.race_clicked, "inside_race"),
            (bar.export_clicked, "inside_export"), (bar.discard_clicked, "inside_discard"),
        ):  # fmt: skip
            signal.connect(self.workspace.actions_by_id[action].trigger)

    # life

    def begin(self, question: InsideOf, answer: Inside) -> None:
        """The window shows the graph: follow the run from now on."""
        self.workspace.pages.add_bar(self.bar)
        self.bar.show()
        self._take_question(replace(question, node=answer.node, name=answer.name, entry=answer.entry))
        self.guest.follow(answer)
        self._arrange()
        self.workspace.work.after_event(ARRANGE, self._arrange)  # once the canvas has its size below the line
        self.refresh()

    def _arrange(self) -> None:
        """Lay the rule out for this canvas, unless the user has wired it."""
        if self.workspace.document is self.guest.document and self.guest.key != CUSTOM and not self.edited:
            canvas = self.workspace.canvas
            self.guest.place(laid_out(canvas.scene, canvas.viewport.size()))
            canvas.fit_all()

    def end(self) -> None:
        """Another document is shown; what this one was stays, should it be shown again."""
        if self._waiting is not None:
            self._waiting.watch(None)
        self._transition.stop()
        self.workspace.work.drop(ARRANGE)
        self.workspace.canvas.overlay.tag(OWNER, {})
        self.bar.hide()

    def drop(self) -> None:
        """Its rule is given up."""
        if self.edited:
            self.guest.discard()

    @property
    def _waiting(self) -> WaitingDocument | None:
        """The user's document in the engine."""
        kernel = self.workspace.kernel
        waiting = kernel.waiting if kernel is not None else None
        return waiting if waiting is not None and waiting.document is self.own else None

    # what others ask

    @property
    def standing(self) -> Standing:
        return self.guest.standing

    @property
    def edited(self) -> bool:
        """Whether there is a rule, or a setting, that the user's training does not use."""
        return self.standing.edited

    @property
    def unsaved(self) -> bool:
        """Whether something would be lost if the graph went: a rule, or a setting, that the document does not hold."""
        return self.edited and self._in_document != self.guest.document.revision

    @property
    def rule_title(self) -> str:
        """What the rule is called as it is wired now."""
        return own_title(self.guest)

    @property
    def training(self) -> bool:
        return self._waiting is not None and self._waiting.training

    @property
    def _can_go_back(self) -> bool:
        return self._waiting is not None and self._waiting.can_go_back

    def facts(self) -> Iterable[str]:
        inside = self.guest.inside
        facts = (
            ("inside", True), ("inside of many", bool(inside.node and inside.shape)),
            ("inside back", self._can_go_back and not self.training), ("own rule", self.edited and not self.standing.problems),
        )  # fmt: skip
        return [fact for fact, holds in facts if holds]

    def why_not_train(self) -> str:
        return "" if self._waiting is not None else _("The engine is not running.")

    # the run

    def step(self) -> None:
        """Make one training step of the user's graph; the numbers here follow."""
        if self._waiting is not None:
            self._waiting.step_once()

    def back(self) -> None:
        if self._waiting is not None:
            self._waiting.back()

    def train(self) -> None:
        """Train the user's graph, at the pace that the speed says, or pause."""
        kernel, waiting = self.workspace.kernel, self._waiting
        if kernel is None or waiting is None:
            return
        if waiting.training:
            waiting.pause()
        else:
            waiting.start(kernel.pace)
        self.workspace.refresh_actions()

    def progressed(self, progress: Progress) -> None:
        """The user's run went on."""
        waiting = self._waiting
        if waiting is None:
            return
        self.own.set_trained(progress.trained)
        self.own.set_runs(waiting.records.values())
        if progress.message and progress.phase != "training":
            self.workspace.say(progress.message)
        self.workspace.files.refresh_title()
        self.refresh()

    def _told(self, answer: Inside | Refusal) -> None:
        """The numbers of the step that is coming now."""
        if isinstance(answer, Refusal):
            self.refusal = answer.text
        elif answer.key == self.guest.key:
            self.refusal = ""
            self.guest.follow(answer)
        elif not self._switching:  # the optimizer was changed elsewhere, such as by undo in the user's document
            self._switch(answer)
        self.refresh()

    # what is shown

    def turn_to(self, question: InsideOf) -> None:
        """Show the update of another number, or of another tensor."""
        if self._waiting is not None:
            self._waiting.ask(question, lambda answer: self._turned(question, answer))

    def _turned(self, question: InsideOf, answer: Inside | Refusal) -> None:
        if isinstance(answer, Refusal):
            self.workspace.say(answer.text)
            self.bar.shown = None
            return self.refresh()
        self._take_question(replace(question, node=answer.node, name=answer.name, entry=answer.entry, optimizer=""))
        self._told(answer)

    def _take_question(self, question: InsideOf) -> None:
        self.question = question
        if self._waiting is not None:
            self._waiting.watch(question, self._told)

    def _choose_parameter(self, node: str, name: str) -> None:
        """Another tensor: one number of it where one was shown; all parameters together have none."""
        entry = None if not node or (self.question.node and self.question.entry is None) else self.question.entry or ()
        self.turn_to(InsideOf(node, name, entry))

    def toggle_entry(self) -> None:
        """One number of the tensor, or all of it."""
        self.turn_to(replace(self.question, entry=() if self.question.entry is None else None))

    def refresh(self) -> None:
        """Say what is shown now."""
        inside, standing, own = self.guest.inside, self.standing, self.own.graph.training
        title = self.rule_title if standing.own else self.guest.title_of(standing.key)
        self.bar.show_state(Shown(
            _("Inside of {title}").format(title=title), inside.node, inside.name, inside.shape, inside.entry, inside.iteration,
            tuple(Choice(*choice) for choice in inside.choices), listed(own)[0],
            self.guest.key, self.training, self._can_go_back, self.refusal and self.why_not_train(),
        ))  # fmt: skip
        problem = bool(standing.problems)
        text = said(self.guest, standing, self.refusal, self._news)
        self.bar.show_words(text, standing.edited, problem)
        tags = {node: Tag(problem.text, "error") for problem in standing.problems for node in problem.nodes[:1]}
        overlay = self.workspace.canvas.overlay
        if overlay.tags(OWNER) != tags:
            overlay.tag(OWNER, tags)

    def edited_now(self) -> None:
        """The graph was edited, or an edit was undone: it may be another optimizer's rule again."""
        self.guest.edited()
        key = self.standing.key
        if key and key != self.guest.key and not self._switching:
            self._return_to(key)
        self.refresh()

    def set_theme(self, theme: Theme) -> None:
        self.bar.set_theme(theme)

    # another optimizer

    def choose_optimizer(self, key: str) -> None:
        """Train with another optimizer, and show what becomes of the rule. Nothing happens where its rule cannot be shown."""
        if key == self.guest.key or self._waiting is None:
            return
        self._switching = key
        question = replace(self.question, optimizer=key)
        self._waiting.ask(question, self._chosen)

    def _chosen(self, answer: Inside | Refusal) -> None:
        key, self._switching = self._switching, ""
        if isinstance(answer, Refusal):
            self.workspace.say(answer.text)
            self.bar.shown = None
            return self.refresh()
        if self._set_optimizer(key, answer.title):
            self._switch(answer)

    def _set_optimizer(self, key: str, title: str) -> bool:
        """One undoable change of the training settings; the learning rate stays what it was. Whether it was made."""
        return self._do(choice(self.own.graph.training, key, {}), _("Train with {title}").format(title=title))

    def _do(self, edit: Edit, text: str) -> bool:
        """An edit of the user's document."""
        try:
            self.own.do(edit, text)
        except GraphError as refused:
            self.workspace.say(str(refused))
            return False
        self.own.seal()
        self._switched.append(text)
        self.workspace.files.refresh_title()
        return True

    def _return_to(self, key: str) -> None:
        """Undo or redo has brought back another optimizer's rule: the training settings follow."""
        history = self.own.history
        if self._switched and history.undo_text == self._switched[-1]:
            self.own.undo()
            self._switched.pop()
        if str(self.own.graph.training.get("optimizer")) != key:
            self._set_optimizer(key, self.guest.title_of(key))
        if self._waiting is not None:
            self._waiting.ask(self.question, lambda answer: self._returned(key, answer))

    def _returned(self, key: str, answer: Inside | Refusal) -> None:
        if isinstance(answer, Inside) and answer.key == key:
            self.guest.adopt(answer)
        self._told(answer)

    def _switch(self, answer: Inside) -> None:
        """Show the rule of the optimizer that trains now; what goes, stays and comes is seen."""
        title, before = translated(self.guest.title), self.guest.document.graph.copy()
        self._transition.begin(self.workspace.playhead.reduced_motion, self.workspace.theme)
        switched = self.guest.switch(answer)
        self._arrange()
        self._transition.show(switched)
        same = _("Your graph trains with {after} instead of {before} now, with the same η; Ctrl+Z takes it back. {changes}")
        other = _("Your graph trains with {after} instead of {before} now; Ctrl+Z takes it back. {changes}")
        text = same if declared(self.own.graph.training).setting("lr") is not None else other
        self._news = text.format(
            after=translated(answer.title), before=title, changes=changes(switched, before, self.guest.document.graph)
        ).strip()
        self.refresh()

    # the user's own rule

    def train_with(self) -> None:
        """The user's graph trains with the rule as it is wired now: one change of its training settings."""
        title = self.rule_title
        if not self.standing.edited or self.standing.problems:
            return
        if self.standing.own:
            edit = train_with(self.guest.document.graph, title, self._origin)
        else:  # the same rule, with other settings
            hyper = dict(self.own.graph.training.get("hyper") or {}) | dict(self.standing.changed)
            edit = SetTraining("hyper", hyper)
        if self._do(edit, _("Train with {title}").format(title=title)) and self._waiting is not None:
            self._switching = "own"
            self._waiting.ask(self.question, lambda answer: self._adopted(title, answer))

    def _adopted(self, title: str, answer: Inside | Refusal) -> None:
        self._switching = ""
        if isinstance(answer, Inside):
            self.guest.adopt(answer)
            self._news = _("Your graph trains with {title} from the next step on.").format(title=title)
        self._told(answer)

    def race(self) -> None:
        """Both rules from the same start, on the page of races. The rule is kept in the document, where its training can use it."""
        races, title, origin = self.workspace.services.find(RACES), self.rule_title, self._origin
        if races is None or self.standing.problems:
            return
        rate = settings_in(self.guest.document.graph).get("lr")
        if self._do(SetTraining("rule", rule_of(self.guest.document.graph, title, origin)), _("Keep the rule {title}").format(title=title)):
            self._in_document = self.guest.document.revision
            self.workspace.actions_by_id["inside_leave"].trigger()
            races.race_between({origin: rate, CUSTOM: rate})

    @property
    def _origin(self) -> str:
        """The optimizer that the rule was made of."""
        return self.guest.key if self.guest.key != CUSTOM else str((self.own.graph.training.get("rule") or {}).get("from") or "sgd")

    def export(self) -> None:
        """Write the rule as a class for PyTorch."""
        from ui.inside.export import export_rule

        if self._waiting is not None:
            export_rule(self.workspace, self.guest, self.rule_title, self._waiting.ask)

    def discard(self) -> None:
        self.guest.discard()
        self._news = _("The rule is as your training uses it. Ctrl+Z brings your changes back.")
        self.refresh()
