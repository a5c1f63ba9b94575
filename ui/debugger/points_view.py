"""The list of breakpoints, with their conditions to be typed over, and a line for new ones."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QCheckBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from engine.explain.condition import EXAMPLES, Condition, ConditionError, read
from graph.text.messages import _
from graph.text.quoting import one_line
from ui.debugger.breakpoints import Breakpoint, Breakpoints
from ui.look.widgets import ElidedLabel, button, clear, label, scrolled, set_property


class PointsView(QWidget):
    """Edits `Breakpoints`; `name_of` gives a node's name, None where it is gone, `target` the node a new condition is about, and
    `find` the node of a name. `refuse` says why a condition can never be met."""

    def __init__(
        self, points: Breakpoints, name_of: Callable[[str], str | None], target: Callable[[], str],
        find: Callable[[str], str | None] = lambda name: None, refuse: Callable[[Condition], str] = lambda condition: "",
    ) -> None:  # fmt: skip
        super().__init__()
        self._points, self._name_of, self._target, self._find, self._refuse = points, name_of, target, find, refuse
        self.entry = QLineEdit()
        self.entry.setAccessibleName(_("New breakpoint's condition"))
        self.entry.setToolTip(_("For example {EXAMPLES}").format(EXAMPLES=EXAMPLES))
        self.complaint = label("", "complaint", wrap=True)
        self.complaint.hide()
        self._rows = QVBoxLayout()
        self._rows.setSpacing(2)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._rows)
        column.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 4)
        layout.setSpacing(4)
        layout.addWidget(label(_("Breakpoints"), "section"))
        layout.addWidget(self.entry)
        layout.addWidget(self.complaint)
        layout.addWidget(scrolled(inner), 1)
        self._shown: object = None
        self.entry.returnPressed.connect(self._add)
        self.entry.textEdited.connect(lambda _: self._complain("", self.entry))
        points.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Bring rows and the hint of the empty line up to date."""
        target = self._name_of(self._target()) if self._target() else None
        self.entry.setPlaceholderText(_("value > 3 at {target}").format(target=target) if target else _("loss < 0.1"))
        shown = [(point, self._name_of(point.node)) for point in self._points.all]
        if shown == self._shown:
            return
        self._shown = shown
        held = self._held()
        clear(self._rows)
        for index, (point, name) in enumerate(shown):
            self._rows.addWidget(self._row(index, point, name))
        if not shown:
            self._rows.addWidget(
                label(_("No breakpoints. Press B to set one at the selected node, or type a condition above."), "small", wrap=True)
            )
        if held is not None:
            self._hold(*held)

    def _held(self) -> tuple[int, int] | None:
        """The row that has the focus, and which of its parts."""
        focus = QApplication.focusWidget()
        for at, parts in enumerate(self._parts()):
            if focus in parts:
                return at, parts.index(focus)
        return None

    def _hold(self, at: int, part: int) -> None:
        """Return the focus to the row that is now at this place, or else to the line for new ones."""
        rows = self._parts() if self._points.all else []
        wanted = rows[min(at, len(rows) - 1)][part] if rows else self.entry
        if (row := wanted.parentWidget()) is not None:
            row.show()  # only what is seen can have the focus, and layouts show what is new later
        wanted.setFocus(Qt.FocusReason.OtherFocusReason)

    def _parts(self) -> list[list[QWidget]]:
        rows = [item.widget() for i in range(self._rows.count()) if (item := self._rows.itemAt(i)) is not None]
        return [row.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly) for row in rows if row is not None]

    def _row(self, index: int, point: Breakpoint, name: str | None) -> QWidget:
        widget, row = QWidget(), QHBoxLayout()
        column = QVBoxLayout(widget)  # the name has a line of its own: beside its condition both would be cut
        column.setContentsMargins(0, 0, 0, 4)
        column.setSpacing(2)
        column.addLayout(row)
        row.setSpacing(6)
        where = name or (_("the run") if not point.node else _("a node that is gone"))
        box = QCheckBox(where)
        box.setChecked(point.on)
        box.setToolTip(_("Turn the breakpoint at {where} on or off").format(where=where))
        box.setAccessibleName(where)
        box.toggled.connect(lambda on, index=index: self._points.set_on(index, on))
        box.setText(box.fontMetrics().elidedText(where, Qt.TextElideMode.ElideMiddle, self.width() - 70 if self.width() > 120 else 120))
        row.addWidget(box, 1)
        if point.condition is None:
            column.addWidget(ElidedLabel(point.text, "small"))
        else:
            field = QLineEdit(point.text)
            field.setAccessibleName(_("Condition at {where}").format(where=where))
            field.editingFinished.connect(lambda index=index, field=field: self._change(index, field))
            column.addWidget(field)
        gone = button("✕", "quiet", tip=_("Remove this breakpoint"))
        gone.setAccessibleName(_("Remove the breakpoint at {where}").format(where=where))
        gone.clicked.connect(lambda _=False, index=index: self._points.remove(index))
        row.addWidget(gone, 0, Qt.AlignmentFlag.AlignRight)
        return widget

    def _add(self) -> None:
        """`value > 3` is about the selected node, `value > 3 at h` about h, whatever is selected."""
        text, _at, name = self.entry.text().rpartition(" at ") if " at " in self.entry.text() else (self.entry.text(), "", "")
        try:
            target = self._find(name.strip()) if name.strip() else self._target()
            if target is None:
                raise ConditionError(_("There is no node called “{name}”.").format(name=one_line(name)))
            self._check(text, target)
            self._points.add(text, target)
        except ConditionError as refused:
            self._complain(str(refused), self.entry)
        else:
            self.entry.clear()
            self._complain("", self.entry)

    def _check(self, text: str, node: str) -> None:
        """Raises ConditionError if the text is no condition, or a condition that can never be met."""
        if wrong := self._refuse(read(text, node)):
            raise ConditionError(wrong)

    def _change(self, index: int, field: QLineEdit) -> None:
        if index >= len(self._points.all) or field.text() == self._points.all[index].text:
            return
        try:
            self._check(field.text(), self._points.all[index].node)
            self._points.replace(index, field.text())
        except ConditionError as refused:
            self._complain(str(refused), field)
        else:
            self._complain("", field)

    def _complain(self, text: str, field: QLineEdit) -> None:
        set_property(field, "complaint", bool(text))
        self.complaint.setText(text)
        self.complaint.setVisible(bool(text))
