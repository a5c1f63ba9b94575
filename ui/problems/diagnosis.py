"""What is wrong with the document now: what can be seen without computing, at once, and what the engine found, as one list."""

from __future__ import annotations

import time
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from engine.compile.views import TraceView
from graph.model.problem import GRAVITY, Problem
from graph.model.repairs import merged
from graph.model.structure import Look, look, problems
from graph.storage.document import Change, Document
from ui.look.schedule import Schedule

VALUE_MS, LOOK = 150, "problems"
"""A slider's ticks are looked at when they rest; a change of structure at once."""
SLICE_MS, PORTION = 4.0, 64
"""A look that takes longer goes on after the next frame, so that editing a huge graph stays fluent."""
LARGE = 400
"""Nodes up to which everything is looked at at once."""


class Diagnosis(QObject):
    """`problems` is the list, errors first; `changed` says that it is another one."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None, work: Schedule | None = None) -> None:
        super().__init__(parent)
        self._work = work or Schedule(self)
        self.problems: tuple[Problem, ...] = ()
        self._document: Document | None = None
        self._seen: tuple[Problem, ...] = ()
        self._computed: tuple[Problem, ...] = ()
        """What only the engine says, about the structure it was said of."""
        self._portions: Look | None = None
        """A look that is under way, of a document that has not changed since it began."""

    def set_document(self, document: Document) -> None:
        if self._document is not None:
            self._document.changed.disconnect(self._follow)
        self._document = document
        self._computed, self._portions = (), None
        document.changed.connect(self._follow)
        if len(document.graph.nodes) > LARGE:
            self._seen = ()
            self._merge()
        self._begin()

    def look(self) -> None:
        """Look at the structure now, all of it."""
        self._work.drop(LOOK)
        if self._document is not None:
            self._portions = None
            self._seen = tuple(problems(self._document.graph))
            self._merge()

    def _begin(self) -> None:
        """Look at the structure: at once where that is quick, else a little after every frame."""
        self._portions = None
        if self._document is not None and len(self._document.graph.nodes) > LARGE:
            self._portions = look(self._document.graph)
            self._work.after_frame(LOOK, self._go_on)
        else:
            self.look()

    def _go_on(self) -> None:
        portions, end = self._portions, time.perf_counter() + SLICE_MS / 1000
        while portions is not None:
            try:
                for _ in range(PORTION):
                    next(portions)
            except StopIteration as done:
                self._portions, self._seen = None, tuple(done.value)
                self._merge()
                return
            if time.perf_counter() > end:
                self._work.after_frame(LOOK, self._go_on)
                return

    def take(self, trace: TraceView) -> TraceView:
        """The trace with the whole list in place of what the engine found."""
        document = self._document
        if document is not None and (trace.structure == document.structure or not trace.structure):
            if self._work.pending(LOOK) and trace.revision == document.revision and len(document.graph.nodes) <= LARGE:
                self.look()
            said = {problem.identity for problem in self._seen}
            known = {problem.identity: problem for problem in self._seen}
            alone = tuple(p for p in trace.problems if p.identity not in said or len(p.repairs) > len(known[p.identity].repairs))
            if alone != self._computed:
                self._computed = alone
                self._merge()
        return self.complete(trace)

    def complete(self, trace: TraceView) -> TraceView:
        return trace if trace.problems == self.problems else replace(trace, problems=self.problems)

    def _follow(self, change: Change) -> None:
        if not change.structure and not change.value:
            return  # a look that is under way goes on: places and names are not what it looks at
        begun, self._portions = self._portions is not None, None
        if change.structure:
            self._work.drop(LOOK)
            self._work.after_event(LOOK, self._begin)
        elif begun or not self._work.pending(LOOK):
            self._work.after_frame(LOOK, self._begin, VALUE_MS)

    def _merge(self) -> None:
        """Drop the engine's problems of nodes that are gone."""
        assert self._document is not None
        nodes, edges = self._document.graph.nodes, self._document.graph.edges
        still = [p for p in self._computed if all(n in nodes for n in p.nodes) and all(e in edges for e in p.edges)]
        problems = merged(list(self._seen), still)
        ordered = tuple(sorted(problems, key=lambda problem: GRAVITY[problem.severity]))
        if ordered != self.problems:
            self.problems = ordered
            self.changed.emit()
