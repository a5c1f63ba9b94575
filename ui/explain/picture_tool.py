"""Local pictures: the objective along one number, tangent and parabola there, and the secant that turns into the tangent."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QSlider, QVBoxLayout, QWidget

from engine.explain.question import Question
from engine.explain.slices import Secant, SecantLine, SliceCurve, SliceOf
from graph.model.address import Address
from graph.model.covered import Covered
from graph.text.messages import _
from ui.explain.tool import Tool, chosen_place
from ui.look.numbers import exact, number
from ui.look.style import px
from ui.look.typing import scroll_past
from ui.look.widgets import ElidedLabel, FlowLayout, button, label
from ui.maths.draggable import DraggablePoints
from ui.maths.plots import dot, dress, legend, new_plot, pen
from ui.maths.sheet import Sheet, SheetLine
from ui.maths.typesetting import Expr, Fraction, Text, bracketed, name_expr, operator, read, relation, row
from ui.shell.workspace.typed_number import behind, rounded

if TYPE_CHECKING:
    from ui.shell.workspace.workspace import Workspace

INVITATION = _("Select a node or wire to plot the objective against its value.")
LARGEST, SMALLEST, TICKS = 0.0, -8.0, 96
"""Powers of ten the slider runs through, as shares of the picture's half width, and its steps."""
WIDER = 2.0
BESIDE = 290
"""The width of the numbers beside the plot for type at 100 %: the plot has the rest."""


class PictureTool(Tool):
    """The slice at the left, what is drawn in it and with which numbers at the right."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self.local: SliceCurve | None = None
        self.secant: SecantLine | None = None
        self._plot: Any = None
        self._place: Address | None = None
        self._zoom = 0
        self._natural = 1.0
        """Half the width of the picture that the engine chose by itself."""
        self._held: tuple[float, float] | None = None
        """The range of the plot while its point is dragged: the curve stays where it is under the mouse."""
        self._exact: float | None = None
        """The ε that `begin` asked for, until another is chosen."""
        self.title = ElidedLabel("", "strong")
        self.numbers = Sheet()
        self.key = label("", "small", wrap=True)
        self.key.setTextFormat(Qt.TextFormat.RichText)
        self.tangent, self.parabola, self.chord = (QCheckBox(text) for text in (_("Tangent"), _("Parabola"), _("Secant")))
        self.epsilon = QSlider(Qt.Orientation.Horizontal)
        scroll_past(self.epsilon)
        self.epsilon_text = label("", "small")
        self._build()

    def _build(self) -> None:
        self._holder = QWidget()
        self._place_for_plot = QVBoxLayout(self._holder)
        self._place_for_plot.setContentsMargins(0, 0, 0, 0)
        left, right, ticks, zoom, step = QVBoxLayout(), QVBoxLayout(), FlowLayout(10), QHBoxLayout(), QHBoxLayout()
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        for text, way, tip in (("−", 1, _("Show a wider range")), ("+", -1, _("Show a narrower range"))):
            turn = button(text, "quiet", tip=tip)
            turn.setAccessibleName(tip)
            turn.clicked.connect(lambda _=False, way=way: self._zoom_by(way))
            zoom.addWidget(turn)
        head.addLayout(zoom)
        left.addLayout(head)
        left.addWidget(self._holder, 1)
        left.addWidget(self.key)
        left.setSpacing(2)
        for box, on in ((self.tangent, True), (self.parabola, True), (self.chord, False)):
            box.setChecked(on)
            box.toggled.connect(lambda _: self._choose())
            ticks.addWidget(box)
        self.epsilon.setRange(0, TICKS)
        self.epsilon.setAccessibleName(_("Step of the secant"))
        self.epsilon.setToolTip(_("Distance to the secant's second point; at the right end the secant is the tangent"))
        self.epsilon.valueChanged.connect(self._slid)
        step.addWidget(label("ε", "strong"))
        step.addWidget(self.epsilon, 1)
        step.addWidget(self.epsilon_text)
        right.addLayout(ticks)
        right.addLayout(step)
        right.addWidget(self.numbers)
        right.addStretch(1)
        row_ = QHBoxLayout(self.body)
        row_.setContentsMargins(0, 0, 0, 0)
        row_.setSpacing(24)
        self._beside = QWidget()
        self._beside.setLayout(right)
        right.setContentsMargins(0, 0, 0, 0)
        row_.addLayout(left, 1)
        row_.addWidget(self._beside)

    # what is asked

    def refresh(self) -> None:
        why = self.why_not()
        if why:
            return self.say(why)
        workspace, canvas = self.workspace, self.workspace.canvas
        graph = workspace.document.graph
        nodes = canvas.selected_nodes()
        place = chosen_place(graph, nodes, canvas.selected_edges(), self.meaning.parameter_of(nodes))
        if place is None:
            self._place, self.local, self.secant = None, None, None
            return self.say(INVITATION)
        place = place.at(self.meaning.entry_of(place))
        if place != self._place:
            self._place, self._zoom, self.secant = place, 0, None
        self._ask()

    def begin(self, epsilon: float | None = None) -> None:
        """Show the selection's slice with the secant of this step (none: without a secant)."""
        self._exact = epsilon
        self.chord.setChecked(epsilon is not None)
        self.refresh()

    def _ask(self) -> None:
        place, local = self._place, self.local
        if place is None:
            return
        if self._held is not None:
            return self.ask(SliceOf(place, *self._held), 0)
        low = high = None
        if self._zoom and local is not None and local.place == place:
            half = self._natural * WIDER**self._zoom
            low, high = local.at - half, local.at + half
        self.ask(SliceOf(place, low, high))

    def _zoom_by(self, way: int) -> None:
        self._zoom = min(12, max(-24, self._zoom + way))
        self._ask()

    def answered(self, question: Question, answer: Any) -> None:
        if isinstance(answer, SliceCurve) and isinstance(question, SliceOf):
            self.local = answer
            if question.low is None and answer.x:
                self._natural = max(answer.at - answer.x[0], answer.x[-1] - answer.at)
            self.show_body()
            self._epsilon_moved()
            self._draw_soon()
        elif isinstance(answer, SecantLine):
            self.secant = answer
            self._draw_soon()

    # dragging

    def _points(self) -> dict[str, tuple[float, float]]:
        """What can be dragged: the point of tangency where its number is typed, and the secant's other point."""
        local, line = self.local, self.secant
        points: dict[str, tuple[float, float]] = {}
        if local is None or isinstance(local.at, Covered) or isinstance(local.value, Covered):
            return points
        graph, takes = self.workspace.document.graph, self.workspace.document.takes_numbers
        if takes and behind(graph, local.place) is not None and math.isfinite(local.value):
            points["point"] = (local.at, local.value)
        if self.chord.isChecked() and line is not None and line.place == local.place and not isinstance(line.other, Covered):
            points["epsilon"] = (line.at + line.epsilon, line.other)
        return points

    def _take_hold(self, name: str) -> None:
        local = self.local
        if name == "point" and local is not None:
            self._held = local.ends
            self.workspace.canvas.model.live.held = True
            self.workspace.document.begin(_("Set {name}").format(name=local.place.name(self.workspace.document.graph)))

    def _drag(self, name: str, x: float) -> None:
        """The number follows the mouse, and everything that depends on it in the same frame."""
        local, workspace = self.local, self.workspace
        if local is None:
            return
        left, right = self._held or local.ends
        x = rounded(min(max(x, left), right), right - left)
        if name == "epsilon":
            if x != local.at:
                self._exact = x - local.at
                half = max(abs(local.x[-1] - local.at), 1e-300) if local.x else 1.0
                power = math.log10(max(abs(self._exact) / (0.8 * half), 1e-300))
                self.epsilon.blockSignals(True)  # it shows the size; which ε exactly is what was dragged
                self.epsilon.setValue(round(TICKS * (power - LARGEST) / (SMALLEST - LARGEST)))
                self.epsilon.blockSignals(False)
                self._epsilon_moved()
            return
        typed = behind(workspace.document.graph, local.place)
        if typed is not None and x != typed.of(workspace.document.graph):
            workspace.document.do(typed.set_to(x, workspace.document.graph), merge=("plot", typed))
            workspace.canvas.value_dragged.emit()

    def _let_go(self, name: str, counts: bool) -> None:
        if name != "point":
            return
        self._held = None
        self.workspace.canvas.model.live.held = False
        if counts:
            self.workspace.document.commit()
        else:
            self.workspace.document.rollback()
            self.workspace.canvas.value_dragged.emit()
        self.refresh()

    # the secant

    @property
    def step(self) -> float:
        """ε: a share of the picture's half width, smaller towards the right; or exactly what was asked for."""
        if self._exact is not None:
            return self._exact
        local = self.local
        half = (local.x[-1] - local.at) if local is not None and local.x else 1.0
        power = LARGEST + (SMALLEST - LARGEST) * self.epsilon.value() / TICKS
        return float(0.8 * abs(half or 1.0) * 10.0**power)

    def _slid(self) -> None:
        self._exact = None
        self._epsilon_moved()

    def _epsilon_moved(self) -> None:
        self.epsilon_text.setText(number(self.step, 2))
        if not self.chord.isChecked() and self.epsilon.hasFocus():
            self.chord.setChecked(True)
        if self.chord.isChecked() and self._place is not None and self.isVisible():
            self.workspace.work.ask(Secant(self._place, self.step), self._secant_came, 0)

    def _secant_came(self, question: Question, answer: Any) -> None:
        self._came(question, answer)

    def _choose(self) -> None:
        if self.chord.isChecked():
            self._epsilon_moved()
        self._draw()

    # drawing

    def _draw_soon(self) -> None:
        """While a slider is dragged on the canvas, between two of its frames: a plot takes as long as one. The first is not put off."""
        if self._plot is None:
            self._draw()
        else:
            self.workspace.work.after_frame("slice", self._draw)

    def _draw(self) -> None:
        local, theme = self.local, self.theme
        if local is None or not self.showing:
            return
        if self._plot is None:
            self._plot = new_plot(_("The objective as a function of one number"))
            self._place_for_plot.addWidget(self._plot)
            self.points = DraggablePoints(self._plot, self._points)
            self.points.began.connect(self._take_hold)
            self.points.moved.connect(self._drag)
            self.points.ended.connect(self._let_go)
        plot = self._plot
        plot.clear()
        graph = self.workspace.document.graph
        dress(plot, theme, bottom=local.place.name(graph))
        self.title.set_full(_("{objective} along {graph}").format(objective=local.objective, graph=local.place.name(graph)))
        points = [(x, f) for x, f in zip(local.x, local.f, strict=True) if math.isfinite(f)]
        if points:
            plot.plot([x for x, _ in points], [f for _, f in points], pen=pen(theme.forward, 2.2, theme))
            self._frame(plot, [f for _, f in points])
        self._draw_models(plot, local)
        dot(plot, local.at, local.value, theme.forward, theme, 13 if "point" in self._points() else 9)
        self._explain(local)

    def _frame(self, plot: Any, heights: list[float]) -> None:
        """The slice fills the picture; lines that leave it do not shrink it."""
        local = self.local
        assert local is not None
        low, high = min(heights), max(heights)
        room = 0.12 * (high - low) or max(abs(high), 1.0) * 0.2
        plot.setXRange(local.x[0], local.x[-1], padding=0.0)
        plot.setYRange(low - room, high + room, padding=0.0)

    def _draw_models(self, plot: Any, local: SliceCurve) -> None:
        theme, ends, drawn = self.theme, local.ends, local.drawn()
        entries = [("━", theme.forward, local.objective)]
        if self.parabola.isChecked() and drawn.parabola:
            plot.plot(list(local.x), list(drawn.parabola), pen=pen(theme.swatch["layers"], 1.6, theme, dashed=True))
            entries.append(("┅", theme.swatch["layers"], _("parabola")))
            if drawn.newton is not None and ends[0] <= drawn.newton[0] <= ends[1]:
                dot(plot, *drawn.newton, theme.swatch["layers"], theme, 7)
        if self.tangent.isChecked() and drawn.tangent is not None:
            plot.plot(list(ends), list(drawn.tangent), pen=pen(theme.backward, 1.8, theme))
            entries.append(("━", theme.backward, _("tangent")))
        if self.chord.isChecked() and self.secant is not None and self.secant.place == local.place and math.isfinite(self.secant.secant):
            self._draw_secant(plot, self.secant, ends)
            entries.append(("┅", theme.swatch["math"], "secant"))
        self.key.setText(legend(*entries))

    def _draw_secant(self, plot: Any, line: SecantLine, ends: tuple[float, float]) -> None:
        hue = self.theme.swatch["math"]
        plot.plot(list(ends), [line.value + line.secant * (x - line.at) for x in ends], pen=pen(hue, 1.6, self.theme, dashed=True))
        dot(plot, line.at + line.epsilon, line.other, hue, self.theme, 11)

    def _explain(self, local: SliceCurve) -> None:
        """The numbers of what is drawn."""
        theme = self.theme
        slope = Text(number(local.slope), "backward", "", exact(local.slope))
        lines = [SheetLine(row(_derivative(local, ""), relation(), slope), size=16.0)]
        if local.curvature is not None:
            bent = Text(number(local.curvature), None, "", exact(local.curvature))
            lines.append(SheetLine(row(_derivative(local, "²"), relation(), bent), size=16.0))
            if local.newton is not None and not isinstance(local.newton, Covered):
                said = _("Newton step: {newton_is} of the parabola at {newton}").format(
                    newton_is=local.newton_is, newton=number(local.newton)
                )
                lines.append(SheetLine(None, said, 13.0, 0.0, "secondary"))
        line = self.secant
        if self.chord.isChecked() and line is not None and line.place == local.place:
            chord = Text(number(line.secant), None, "", exact(line.secant))
            lines.append(SheetLine(row(_quotient(local), relation(), chord), size=16.0))
            if not isinstance(line.error, Covered):
                lines.append(SheetLine(None, _("secant − tangent: {error}").format(error=number(line.error, 2)), 13.0, 0.0, "secondary"))
        if local.note:
            lines.append(SheetLine(None, local.note, 13.0, 0.0, "secondary"))
        self.numbers.show_lines(lines, [], theme)

    def drop(self) -> None:
        self.local, self.secant = None, None
        self.numbers.show_lines([], [], self.theme)

    def dress(self) -> None:
        self._beside.setFixedWidth(px(self.theme, BESIDE))
        for box in (self.tangent, self.parabola, self.chord):
            box.setStyleSheet("")
        self._draw()

    def forget(self) -> None:
        super().forget()
        self.workspace.work.forget(self._secant_came)
        self.local, self.secant, self._place, self._zoom, self._exact = None, None, None, 0, None


def _moved(local: SliceCurve) -> Expr:
    """The variable of a derivative, in brackets where it is one of several wires: `x`, `(x → d)`."""
    return bracketed(read(local.symbol)) if r"\to " in local.symbol else read(local.symbol)


def _derivative(local: SliceCurve, power: str) -> Expr:
    return Fraction(row(Text(f"∂{power}"), name_expr(local.objective)), row(Text("∂"), _moved(local), Text(power)))


def _quotient(local: SliceCurve) -> Expr:
    name, x = name_expr(local.objective), _moved(local)
    above = row(name, Text("("), x, operator("+"), Text("𝜀)"), operator("−"), name, bracketed(read(local.symbol)))
    return Fraction(above, Text("𝜀"))
