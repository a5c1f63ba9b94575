"""All keys, to be looked up and to be changed: search, press the new ones, and see at once whose they were."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QHeaderView, QLineEdit, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from graph.text.messages import _
from graph.text.suggest import nearest, no_match
from ui.look.widgets import button, label
from ui.shell import palette
from ui.shell.actions import ACTIONS, BY_ID, MENU_TITLES, MENUS
from ui.shell.shortcuts import Keys, native, pressed, refusal
from ui.shell.workspace.action_spec import ActionSpec

ID = Qt.ItemDataRole.UserRole + 1
GESTURES = (
    (_("Add a node"), _("Double-click on empty canvas")),
    (_("Wire"), _("Drag from port to port; drag from a connected input to move its wire")),
    (_("Insert on a wire"), _("Drop a node on it; with Shift or Alt it stays beside the wire")),
    (_("Move, select"), _("Drag a node; drag over empty canvas")),
    (_("Copy"), _("Ctrl + Shift + drag a node, or Alt + drag")),
    (_("Pan"), _("Middle button, Space + drag, or two fingers")),
    (_("Zoom"), _("Wheel at the cursor, or pinch")),
    (_("Delete a wire"), _("Ctrl + Shift + click, or Alt + click")),
    (_("Cut wires"), _("Ctrl + right-drag across them")),
    (_("Go to the nearest node"), _("Arrow keys; along wires with Ctrl")),
    (_("Nudge"), _("Shift + arrow keys")),
    (_("Cancel the current action"), _("Esc")),
    (_("Larger type in a panel"), _("Ctrl + wheel over it")),
)


class KeyField(QLineEdit):
    """Takes the next key instead of its letter. `pressed_key` carries its portable text."""

    pressed_key = Signal(str)
    cancelled = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setReadOnly(True)
        self.setPlaceholderText(_("Press the new keys, or Esc"))
        self.setAccessibleName(_("New keys"))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()  # whatever it is, it is for here
            return True
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            self.keyPressEvent(event)  # Tab as well
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and not event.modifiers():
            self.cancelled.emit()
            return
        key = pressed(event.keyCombination())
        if key:
            self.pressed_key.emit(key)


class ShortcutDialog(QDialog):
    """Changes take effect at once; `changed` is called after each."""

    def __init__(self, parent: QWidget, keys: Keys, changed: Callable[[], object]) -> None:
        super().__init__(parent)
        self._keys, self._changed = keys, changed
        self._wanted = ""
        self.setWindowTitle(_("Keyboard shortcuts"))
        self.query = QLineEdit()
        self.query.setPlaceholderText(_("Search commands or keys"))
        self.query.setAccessibleName(_("Search commands or keys"))
        self.tree = QTreeWidget()
        self.tree.setFrameShape(QFrame.Shape.NoFrame)
        self.tree.setHeaderLabels([_("Command"), _("Keys")])
        self.tree.setRootIsDecorated(False)
        self.tree.setIndentation(12)
        self.tree.setAccessibleName(_("Commands and their keys"))
        self.tree.setWordWrap(True)
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)  # what the mouse does may wrap instead
        self.tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.field = KeyField()
        self.says = label("", "secondary", wrap=True)
        self.change = button(_("Change …"), tip=_("Choose other keys for this command  (Enter)"))
        self.add = button("Add …", tip=_("Add another shortcut for this command"))
        self.remove = button(_("Remove"), tip=_("Remove this command's shortcuts"))
        self.reset = button(_("Reset"), tip=_("Restore this command's default keys"))
        self.reset_all = button(_("Reset all"), "quiet", tip=_("Restore the default keys of all commands"))
        self.take = button(_("Use these keys"), "primary")
        self._adding = False
        self._arrange()
        self.query.textChanged.connect(lambda _: self.fill())
        self.tree.currentItemChanged.connect(lambda *_: self._selected())
        self.tree.itemActivated.connect(lambda *_: self.begin())
        self.change.clicked.connect(lambda: self.begin())
        self.add.clicked.connect(lambda: self.begin(adding=True))
        self.remove.clicked.connect(lambda: self._give(()))
        self.reset.clicked.connect(self._reset)
        self.reset_all.clicked.connect(self._reset_all)
        self.take.clicked.connect(self._take)
        self.field.pressed_key.connect(self._pressed)
        self.field.cancelled.connect(self._end)
        self.fill()
        self._end()
        self.query.setFocus()

    def _arrange(self) -> None:
        scale = self.fontMetrics().height() / 16
        screen = self.screen().availableSize()
        self.resize(min(round(680 * max(scale, 1)), screen.width() - 40), min(round(620 * max(scale, 1)), screen.height() - 60))
        row = QHBoxLayout()
        row.setSpacing(8)
        for widget in (self.change, self.add, self.remove, self.reset):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.reset_all)
        entry = QHBoxLayout()
        entry.setSpacing(8)
        entry.addWidget(self.field)
        entry.addWidget(self.says, 1)
        entry.addWidget(self.take)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.setSpacing(10)
        layout.addWidget(self.query)
        layout.addWidget(self.tree, 1)
        layout.addLayout(entry)
        layout.addLayout(row)

    # the list

    def fill(self) -> None:
        """List what matches, and keep the command that was selected."""
        wanted = self.query.text().casefold().strip()
        kept = self.selected
        self.tree.clear()
        self._list(wanted)
        if not self.tree.topLevelItemCount():
            near = nearest(wanted, palette.known())
            self._head(no_match(self.query.text(), near))
            if near:
                self._list(near.casefold())
        self.tree.expandAll()
        listed = [item for item in self._items() if item.data(0, ID)]
        again = [item for item in listed if kept is not None and item.data(0, ID) == kept.id]
        if listed:
            self.tree.setCurrentItem((again or listed)[0])
        self._selected()

    def _list(self, wanted: str) -> None:
        """The sections of what matches."""
        for menu in MENUS:
            specs = [s for s in ACTIONS if s.menu.split("/")[0] == menu and self._matches(s, wanted)]
            rows = [(_title(s), self._keys.native(s) or "—", s.id) for s in specs]
            self._section(MENU_TITLES[menu], rows)
        gestures = [(what, how, "") for what, how in GESTURES if wanted in f"{what} {how}".casefold()]
        self._section(_("Mouse actions and keys of the canvas"), gestures)

    def _section(self, title: str, rows: list[tuple[str, str, str]]) -> None:
        if not rows:
            return
        head = self._head(title)
        for name, keys, identity in rows:
            item = QTreeWidgetItem(head, [name, keys])
            item.setData(0, ID, identity)
            if not identity:
                item.setFlags(Qt.ItemFlag.ItemIsEnabled)
            elif not self._keys.is_default(BY_ID[identity]):
                changed = item.font(1)
                changed.setBold(True)
                item.setFont(1, changed)
                item.setToolTip(1, _("Changed from the default"))

    def _head(self, title: str) -> QTreeWidgetItem:
        head = QTreeWidgetItem(self.tree, [title])
        head.setFlags(Qt.ItemFlag.ItemIsEnabled)
        face = head.font(0)
        face.setBold(True)
        head.setFont(0, face)
        head.setFirstColumnSpanned(True)
        return head

    def _matches(self, spec: ActionSpec, wanted: str) -> bool:
        keys = self._keys.of(spec)
        return wanted in _title(spec).casefold() or any(wanted in key.casefold() or wanted in native(key).casefold() for key in keys)

    def _items(self) -> list[QTreeWidgetItem]:
        heads = [self.tree.topLevelItem(i) for i in range(self.tree.topLevelItemCount())]
        children = [head.child(i) for head in heads if head is not None for i in range(head.childCount())]
        return [child for child in children if child is not None]

    @property
    def selected(self) -> ActionSpec | None:
        item = self.tree.currentItem()
        return BY_ID.get(item.data(0, ID)) if item is not None and item.data(0, ID) else None

    def _selected(self) -> None:
        spec = self.selected
        for widget in (self.change, self.add):
            widget.setEnabled(spec is not None)
        self.remove.setEnabled(spec is not None and bool(self._keys.of(spec)))
        self.reset.setEnabled(spec is not None and not self._keys.is_default(spec))
        self._end()

    # changing

    def begin(self, adding: bool = False) -> None:
        """Wait for the new keys of the selected command."""
        spec = self.selected
        if spec is not None:
            self._adding, self._wanted = adding, ""
            self.field.clear()
            self.field.show()
            self.says.setText(_("for {spec}").format(spec=_title(spec)))
            self.field.setFocus()

    def _pressed(self, key: str) -> None:
        spec = self.selected
        if spec is None:
            return
        self.field.setText(native(key))
        refused = refusal(spec, key)
        owner = self._keys.owner(key, spec.id)
        self._wanted = "" if refused else key
        self.take.setVisible(not refused and owner is not None)
        if refused:
            self.says.setText(refused)
        elif owner is not None:
            self.says.setText(_("is used by {owner}, which would lose it").format(owner=_title(owner)))
        else:
            self._take()

    def _take(self) -> None:
        spec = self.selected
        if spec is not None and self._wanted:
            self._give((*self._keys.of(spec), self._wanted) if self._adding else (self._wanted,))

    def _give(self, keys: tuple[str, ...]) -> None:
        spec = self.selected
        if spec is not None:
            self._keys.give(spec.id, keys)
            self._done()

    def _reset(self) -> None:
        spec = self.selected
        if spec is not None:
            self._keys.reset(spec.id)
            self._done()

    def _reset_all(self) -> None:
        self._keys.reset_all()
        self._done()

    def _done(self) -> None:
        self._changed()
        self.fill()
        self.tree.setFocus()

    def _end(self) -> None:
        waiting = self.field.isVisible() and self.field.hasFocus()
        self._wanted = ""
        self.field.hide()
        self.take.hide()
        self.says.setText("")
        if waiting:
            self.tree.setFocus()


def _title(spec: ActionSpec) -> str:
    return spec.text.replace(" …", "")
