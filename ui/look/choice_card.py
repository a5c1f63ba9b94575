"""A card to be chosen from a gallery, by click or by key, and the search among such cards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame

from graph.text.suggest import nearest, words_of


class ChoiceCard(QFrame):
    """`chosen` carries the card's value; `spoken` is its name for screen readers. A search finds it by the words of `texts`."""

    chosen = Signal(object)

    def __init__(self, what: object, spoken: str, title: str, texts: Iterable[str]) -> None:
        super().__init__()
        self._what, self.title = what, title
        self._texts = " ".join((title, *texts)).casefold()
        self.setObjectName("card")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(spoken)

    def has(self, typed: str) -> bool:
        """Whether every word that is typed is in its texts."""
        return all(word in self._texts for word in typed.casefold().split())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.chosen.emit(self._what)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit(self._what)
        else:
            super().keyPressEvent(event)


Card = TypeVar("Card", bound=ChoiceCard)


def found(cards: Sequence[Card], typed: str) -> tuple[list[Card], bool]:
    """The cards that have all words that are typed; where none has, those that were probably meant, and False."""
    exact = [card for card in cards if card.has(typed)]
    near = nearest(typed, words_of(card.title for card in cards)) if not exact else ""
    return ([card for card in cards if card.has(near)] if near else exact), bool(exact)
