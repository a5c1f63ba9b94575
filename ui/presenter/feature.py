"""What the window holds of `ui.presenter`. Loads its widgets when they are first used."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QMouseEvent
from PySide6.QtWidgets import QApplication

from graph.storage.document import Document
from graph.text.messages import _
from ui.look.theme import Theme
from ui.presenter.rows import OPTIONS
from ui.shell.workspace.feature import Feature
from ui.shell.workspace.services import DRAWINGS, LESSONS

if TYPE_CHECKING:
    from ui.presenter.pen import Pen, Tool
    from ui.presenter.spotlight import Spotlight
    from ui.presenter.strip import BlackScreen, Strip
    from ui.shell.workspace.workspace import Workspace

LOCKED = _("The graph is locked while presenting. The Lock button opens it.")
EDGE = 96
"""So near to the lower edge the pointer brings the strip while presenting."""
STRIP_MS, HINT_MS, REST = 2500, 4000, "strip rests"
DEFAULTS = {"present_hide": True, "present_lock": True, "present_sliders": True}
CLICKED = _("While presenting, Shift+F5 does not reset: presentation remotes send it to start a show")
_BLACK = (Qt.Key.Key_B, Qt.Key.Key_Period)


class Presenter(Feature):
    """Presenter mode: full screen, pen, spotlight, clicker."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        workspace.services.offer(DRAWINGS, self)
        self.presenting = False
        self.locked = False
        self.hint_text = ""
        self.black_screen: BlackScreen | None = None
        self._tools: tuple[Pen, Spotlight, Strip] | None = None
        self._was = Qt.WindowState.WindowNoState
        self._pressed: QPointF | None = None
        self._watching = False

    def install(self) -> None:
        for name in OPTIONS:
            self.workspace.actions_by_id[name].setChecked(self.option(name))

    def option(self, name: str) -> bool:
        return self.workspace.settings.flag(name, DEFAULTS[name])

    # tools, made when they are first wanted

    def _made(self) -> tuple[Pen, Spotlight, Strip]:
        if self._tools is None:
            from ui.presenter.pen import Pen
            from ui.presenter.spotlight import Spotlight
            from ui.presenter.strip import Strip
            from ui.presenter.strokes import StrokePages

            canvas = self.workspace.canvas
            pen, strip = Pen(canvas, StrokePages(self._page)), Strip(canvas)
            strip.clicked.connect(self._strip_clicked)
            strip.ink_chosen.connect(self._take_ink)
            strip.set_theme(self.workspace.theme)
            pen.changed.connect(self._follow)
            self._tools = pen, Spotlight(canvas), strip
        return self._tools

    @property
    def pen(self) -> Pen:
        return self._made()[0]

    @property
    def light(self) -> Spotlight:
        return self._made()[1]

    @property
    def strip(self) -> Strip:
        return self._made()[2]

    def _page(self) -> tuple[int | None, str | None]:
        """What is drawn belongs to a step of a lesson and to a level of groups."""
        lessons = self.workspace.services.find(LESSONS)
        return (lessons.step if lessons is not None else None, self.workspace.canvas.navigation.inside)

    # presenting

    def toggle(self) -> None:
        if self.presenting:
            self.leave()
        else:
            self.enter()

    def enter(self) -> None:
        """Fill the screen; hide and lock what was chosen."""
        workspace = self.workspace
        if self.presenting:
            return
        workspace.canvas.cancel_gesture()
        self._made()
        self.presenting = True
        self._was = workspace.widget.windowState()
        workspace.pages.show_focus(False)
        self._hide(self.option("present_hide"))
        self._set_lock(self.option("present_lock"))
        workspace.canvas.message.connect(self._hint)
        workspace.widget.setWindowState(self._was | Qt.WindowState.WindowFullScreen)
        workspace.canvas.setFocus(Qt.FocusReason.OtherFocusReason)
        self._follow()
        self._show_strip()

    def leave(self) -> None:
        """Everything as it was before; what was drawn ends with the presentation, and undo brings it back."""
        workspace = self.workspace
        if not self.presenting:
            return
        self.presenting = False
        workspace.canvas.message.disconnect(self._hint)
        self._end_black()
        self.take("")
        self._wipe()
        self.light.show(False)
        self._set_lock(False)
        self._hide(False)
        workspace.pages.show_focus(True)
        workspace.widget.setWindowState(self._was)
        workspace.canvas.setFocus(Qt.FocusReason.OtherFocusReason)
        self._follow()

    def _hide(self, hide: bool) -> None:
        workspace = self.workspace
        if hide:
            workspace.modes.enter("presenter", "teach")
        else:
            workspace.modes.leave("presenter")
        workspace.pages.show_bars(not hide)

    def _set_lock(self, locked: bool) -> None:
        self.locked = locked
        self.workspace.document.lock(LOCKED if locked else "", locked and self.option("present_sliders"))
        self._follow()

    def toggle_hide(self) -> None:
        wanted = self._flip("present_hide")
        if self.presenting:
            self._hide(False)
            self._hide(wanted)

    def toggle_lock(self) -> None:
        wanted = self._flip("present_lock")
        if self.presenting:
            self._set_lock(wanted)

    def toggle_sliders(self) -> None:
        self._flip("present_sliders")
        if self.presenting:
            self._set_lock(self.locked)

    def _flip(self, name: str) -> bool:
        wanted = not self.option(name)
        self.workspace.settings.set(name, wanted)
        self.workspace.actions_by_id[name].setChecked(wanted)
        return wanted

    # pen, light, dark

    def take(self, tool: Tool) -> None:
        """Choose a tool and show the strip."""
        put_down = bool(self.pen.tool) and not tool
        self.pen.take(tool)
        if put_down and not self.presenting and self.pen.board.strokes:
            key = self.workspace.actions_by_id["pen_clear"].shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            said = _("Your drawing stays until you erase it: Learn > While presenting > Erase all drawings  ({key})")
            self.workspace.say(said.format(key=key))
        self.light.come_first()
        self._follow()

    def toggle_pen(self) -> None:
        self.take("" if self.pen.tool == "pen" else "pen")

    def toggle_eraser(self) -> None:
        self.take("" if self.pen.tool == "eraser" else "eraser")

    def undo_stroke(self) -> None:
        self.pen.travel()

    def clear(self) -> None:
        self.pen.board.clear()
        self.pen.told()

    def forget_drawings(self) -> None:
        """The pages that were drawn on are gone: all are blank."""
        if self._tools is not None:
            self.pen.board.forget()
            self.pen.told()

    def _wipe(self) -> None:
        """The presentation is over: what was drawn is gone, and can be brought back."""
        if self.pen.board.wipe():
            key = self.workspace.actions_by_id["pen_undo"].shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            said = _("Your drawings ended with the presentation. Undo the last stroke ({key}) brings them back.")
            self.workspace.say(said.format(key=key))
        self.pen.told()

    def toggle_spotlight(self) -> None:
        self.light.show(not self.light.on)
        self._follow()

    def black(self) -> None:
        """Nothing to be seen, until any key."""
        from ui.presenter.strip import BlackScreen

        if not self.presenting:
            return
        if self.black_screen is not None:
            return self._end_black()
        self.black_screen = BlackScreen(self.workspace.widget)
        self.black_screen.ended.connect(self._end_black)
        self.black_screen.start()

    def _end_black(self) -> None:
        screen, self.black_screen = self.black_screen, None
        if screen is not None:
            self.workspace.widget.removeEventFilter(screen)
            screen.hide()
            screen.deleteLater()
            self.workspace.canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def _take_ink(self, ink: str) -> None:
        self.pen.ink = ink
        self.take("pen")

    def _strip_clicked(self, name: str) -> None:
        acts = {
            "pen": self.toggle_pen, "eraser": self.toggle_eraser, "undo": self.undo_stroke, "clear": self.clear,
            "spotlight": self.toggle_spotlight, "black": self.black, "lock": lambda: self._set_lock(not self.locked), "leave": self.leave,
        }  # fmt: skip
        acts[name]()

    # what follows

    def _follow(self) -> None:
        """Marks in menus and strip, and whether the strip is there."""
        if self._tools is None:
            return
        pen, light, strip = self._tools
        actions = self.workspace.actions_by_id
        marks = {"present": self.presenting, "pen": pen.tool == "pen", "eraser": pen.tool == "eraser", "spotlight": light.on}
        for name, on in marks.items():
            actions[name].setChecked(on)
        strip.show_state(pen.tool, pen.ink, light.on, self.locked, self.presenting, bool(pen.board.strokes), pen.board.can_undo)
        self._watch(self.presenting or bool(pen.tool) or light.on)
        if pen.tool:
            self._show_strip()
        elif not self.presenting:
            self.workspace.work.drop(REST)
            strip.say("")
            strip.hide()
        self.workspace.refresh_actions()

    def _watch(self, watch: bool) -> None:
        if watch == self._watching:
            return
        self._watching = watch
        if watch:
            self.workspace.canvas.installEventFilter(self)
        else:
            self.workspace.canvas.removeEventFilter(self)

    def _show_strip(self) -> None:
        strip = self.strip
        if not strip.isVisible():
            strip.show()
            strip.raise_()
            strip.place()
        if self.presenting and not self.pen.tool:
            work = self.workspace.work
            work.after_frame(REST, self._rest, max(STRIP_MS, work.left(REST)))
        elif not self.hint_text:
            self.workspace.work.drop(REST)

    def _hint(self, text: str) -> None:
        """What would be said in the status line, where there is none to be seen."""
        self.hint_text = text
        self.strip.say(text)
        self._show_strip()
        self.workspace.work.after_frame(REST, self._rest, HINT_MS)

    def _rest(self) -> None:
        """The strip and its hint have been there for long enough."""
        self.hint_text = ""
        self.strip.say("")
        if not self.pen.tool and not self.strip.underMouse():
            self.strip.hide()

    def facts(self) -> Iterable[str]:
        if self.presenting:
            yield "presenting"
        if self._tools is not None:
            if self.pen.board.strokes:
                yield "strokes"
            if self.pen.board.can_undo:
                yield "strokes to undo"

    def set_document(self, document: Document) -> None:
        self.forget_drawings()
        if self.presenting:
            self._set_lock(self.locked)

    def set_theme(self, theme: Theme) -> None:
        if self._tools is not None:
            self.strip.set_theme(theme)

    def end(self) -> None:
        self.leave()
        self.workspace.work.drop(REST)
        if self._tools is not None:
            self.take("")
            self.light.show(False)
            self.workspace.work.drop(REST)

    # the canvas, while there is something to do

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if isinstance(event, QKeyEvent) and kind in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress):
            return self._key(event)
        if isinstance(event, QMouseEvent):
            self._pointer(event)
        elif kind == QEvent.Type.Resize and self.strip.isVisible():
            self.strip.place()
        return False

    def _key(self, event: QKeyEvent) -> bool:
        """Esc ends one thing after the other; B and the full stop are black, as clickers send them."""
        canvas, pressed = self.workspace.canvas, event.type() == QEvent.Type.KeyPress
        if canvas.gesture is not None:
            return False
        if event.key() == Qt.Key.Key_Escape:
            if pressed:
                self.escape()
        elif self.presenting and event.key() in _BLACK and not event.modifiers().value:
            if pressed:
                self.black()
        elif self.presenting and event.key() == Qt.Key.Key_F5 and event.modifiers() == Qt.KeyboardModifier.ShiftModifier:
            if pressed:
                self._hint(CLICKED)
        else:
            if pressed and self.locked and self.workspace.key_known(event):
                self._hint(LOCKED)
            return False
        event.accept()
        return True

    def escape(self) -> None:
        """Put the tool down, else end the spotlight, else close a card, else end presenting."""
        if self.pen.drop():
            return
        if self.pen.tool:
            self.take("")
        elif self.light.on:
            self.toggle_spotlight()
        elif not self.workspace.pages.close_sheet():
            self.leave()

    def _pointer(self, event: QMouseEvent) -> None:
        canvas = self.workspace.canvas
        if event.type() == QEvent.Type.MouseButtonPress:
            self._pressed = event.position()
        if event.type() != QEvent.Type.MouseMove:
            return
        if self.presenting and event.position().y() > canvas.height() - EDGE:
            self._show_strip()
        held = event.buttons() & Qt.MouseButton.LeftButton and self._pressed is not None and not self.pen.tool
        if held and self.locked and canvas.gesture is not None and self._pressed is not None:
            from ui.canvas.input.gestures import MoveItems

            far = (event.position() - self._pressed).manhattanLength() >= QApplication.startDragDistance()
            if far and isinstance(canvas.gesture, MoveItems):
                self._pressed = None
                self._hint(LOCKED)
