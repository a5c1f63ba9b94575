"""The objective and its derivatives as formulas, typeset; LaTeX to the clipboard. For graphs with tensors it says why not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.explain.question import Question
from engine.explain.symbolic import Derivative, Expression, Formulas, Symbolic
from graph.model.address import Address
from graph.text.messages import _
from ui.explain.links import follow, point_at
from ui.explain.tool import Tool
from ui.look.numbers import exact, number
from ui.look.widgets import button, clear, label, line, scrolled
from ui.maths.formula import FormulaView

if TYPE_CHECKING:
    from ui.shell.workspace.workspace import Workspace


class FormulaRow(QWidget):
    """One formula with its number at the present values, and a button that copies it."""

    def __init__(self, left: str, formula: Expression, role: str, tool: SymbolicTool, address: Address | None = None) -> None:
        super().__init__()
        self.latex = f"{left} = {formula.latex}"
        self._tool, self._address = tool, address
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 2, 0, 2)
        row.setSpacing(12)
        self.view = FormulaView(19.0)
        self.view.set_formula(self.latex, tool.theme.text, tool.theme.scale)
        row.addWidget(self.view, 1)
        self.number = label("", role)
        row.addWidget(self.number)
        if address is not None:
            go = button(_("Go there"), "quiet", tip=_("Show it on the canvas"))
            go.clicked.connect(lambda: follow(tool.workspace, address))
            row.addWidget(go)
        copy = button(_("Copy LaTeX"), "quiet", tip=_("Copy this formula to the clipboard as LaTeX"))
        copy.clicked.connect(self.copy)
        row.addWidget(copy)

    def show_number(self, value: float | None) -> None:
        self.number.setText("" if value is None else number(value))
        self.number.setToolTip("" if value is None else exact(value))

    def copy(self) -> None:
        QGuiApplication.clipboard().setText(self.latex)
        self._tool.workspace.say(_("The formula is on the clipboard as LaTeX."))

    def enterEvent(self, event: Any) -> None:
        point_at(self._tool.workspace, self._address)

    def leaveEvent(self, event: Any) -> None:
        point_at(self._tool.workspace, None)


class SymbolicTool(Tool):
    """Asks once a structure; with new numbers again, because the numbers beside the formulas are those of the canvas."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self.formulas: Formulas | None = None
        self.rows: list[FormulaRow] = []
        self._simplify = True
        self.title = label("", "strong")
        self.remark = label("", "small", wrap=True)
        self.simplified = button(_("Simplified"), "quiet", tip=_("Let SymPy look for a shorter form"))
        self.simplified.setCheckable(True)
        self.simplified.setChecked(True)
        self.copy_all = button(_("Copy all"), "quiet", tip=_("Copy all formulas as LaTeX, one per line"))
        holder = QWidget()
        self._list = QVBoxLayout(holder)
        self._list.setContentsMargins(0, 0, 0, 0)
        self._list.setSpacing(2)
        head = QHBoxLayout()
        head.addWidget(self.title)
        head.addStretch(1)
        head.addWidget(self.simplified)
        head.addWidget(self.copy_all)
        down = QVBoxLayout(self.body)
        down.setContentsMargins(0, 0, 0, 0)
        down.setSpacing(4)
        down.addLayout(head)
        down.addWidget(scrolled(holder), 1)
        down.addWidget(self.remark)
        self.simplified.toggled.connect(self._choose)
        self.copy_all.clicked.connect(self.copy)

    def refresh(self) -> None:
        why = self.why_not()
        if why:
            return self.say(why)
        if self.formulas is None:
            self.say(_("Writing the formulas …"))
        self.ask(Symbolic(simplify=self._simplify))

    def _choose(self, on: bool) -> None:
        self._simplify = on
        self.refresh()

    def answered(self, question: Question, answer: Any) -> None:
        if not isinstance(answer, Formulas):
            return
        same = self.formulas is not None and _texts(self.formulas) == _texts(answer) and bool(self.rows)
        self.formulas = answer
        self.show_body()
        if same:
            self._show_numbers(answer)
        else:
            self._fill(answer)

    def refused(self, question: Question, text: str) -> None:
        self.formulas = None
        self.say(text)

    def _fill(self, formulas: Formulas) -> None:
        clear(self._list)
        self.title.setText(_("{name} and its derivatives").format(name=formulas.name))
        self.remark.setText(formulas.note)
        self.remark.setVisible(bool(formulas.note))
        self.rows = [FormulaRow(formulas.left, formulas.f, "value-number", self)]
        for _node, _port, symbol, formula in formulas.definitions:
            self.rows.append(FormulaRow(symbol, formula, "value-number", self))
        for derivative in formulas.derivatives:
            self.rows.append(FormulaRow(derivative.left, derivative.formula, "gradient-number", self, derivative.place))
        for number_, row in enumerate(self.rows):
            if number_:
                self._list.addWidget(line())
            self._list.addWidget(row)
        self._list.addStretch(1)
        self._show_numbers(formulas)

    def _show_numbers(self, formulas: Formulas) -> None:
        values = [formulas.value, *(None for _ in formulas.definitions), *(_shown(derivative) for derivative in formulas.derivatives)]
        for row, value in zip(self.rows, values, strict=True):
            row.show_number(value)

    def copy(self) -> None:
        """All formulas to the clipboard."""
        if self.rows:
            QGuiApplication.clipboard().setText(" \\\\\n".join(row.latex for row in self.rows))
            self.workspace.say(_("The formulas are on the clipboard as LaTeX."))

    def drop(self) -> None:
        self.formulas, self.rows = None, []
        clear(self._list)

    def dress(self) -> None:
        if self.formulas is not None:
            self._fill(self.formulas)

    def forget(self) -> None:
        super().forget()
        self.drop()


def _shown(derivative: Derivative) -> float | None:
    """The number from reverse mode, as on the canvas; the formula's where there is none."""
    return derivative.gradient if derivative.gradient is not None else derivative.value


def _texts(formulas: Formulas) -> tuple[object, ...]:
    equations = (formulas.f.latex, *(d[3].latex for d in formulas.definitions), *((d.left, d.formula.latex) for d in formulas.derivatives))
    return (formulas.left, formulas.note, equations)
