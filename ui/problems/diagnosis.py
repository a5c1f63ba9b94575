"""What is wrong with the document now: what can be seen without computing, at once, and what the engine found, as one list."""

from __future__ import annotations

import time
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from engine.compile.views import TraceView
from graph.model.problem import GRAVITY, Problem
from graph.model.repairs import merged
from graph.model.structure import problems
from graph.storage.document import Change, Document
from ui.look.schedule import Schedule

VALUE_MS, LOOK = 150, "problems"
"""A slider's ticks are looked at when they rest; a change of structure at once."""
PATIENCE = 8
"""A look that took long makes the next one wait this many times as long, so that editing a huge graph stays fluent."""


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
        self._took = 0.0

    def set_document(self, document: Document) -> None:
        if self._document is not None:
            self._document.changed.disconnect(self._follow)
        self._document = document
        self._computed = ()
        document.changed.connect(self._follow)
        self.look()

    def look(self) -> None:
        """Look at the structure now."""
        self._work.drop(LOOK)
        if self._document is None:
            return
        began = time.perf_counter()
        self._seen = tuple(problems(self._document.graph))
        self._took = time.perf_counter() - began
        self._merge()

    def take(self, trace: TraceView) -> TraceView:
        """The trace with the whole list in place of what the engine found."""
        document = self._document
        if document is not None and (trace.structure == document.structure or not trace.structure):
            if self._work.pending(LOOK) and trace.revision == document.revision:
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
        if change.structure:
            self._work.drop(LOOK)
            if self._took > 0.01:
                self._work.after_frame(LOOK, self.look, round(1000 * PATIENCE * self._took))
            else:
                self._work.after_event(LOOK, self.look)
        elif change.value and not self._work.pending(LOOK):
            self._work.after_frame(LOOK, self.look, VALUE_MS)

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
