"""What the network sees in the sample on the canvas: filters and activations of its first layer, and the gradient by the picture."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.explain.question import Question, Refusal
from engine.learned.pictures import FirstLayer, InputGradient, LayerPictures, PictureGradient, strongest
from graph.text.messages import _
from ui.look.afar import enlarge
from ui.look.numbers import number
from ui.look.theme import LIGHT, Theme
from ui.look.widgets import label
from ui.maths.heat import bytes_image, signed_image
from ui.maths.picture_grid import Caption, PictureGrid, scrolling
from ui.readouts.pictures import filter_image, heat_over
from ui.shell.workspace.workspace import Workspace

REST = 150
"""Least milliseconds between two questions at rest; each one needs a pass."""


class SeenView(QWidget):
    """Base of both: asks one question about the sample on the canvas, again for every new pass while it is seen."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._theme = LIGHT
        self.answer: Any = None
        self.said = label("", "strong", wrap=True)
        self.grid = PictureGrid(self.name())
        self._row = QHBoxLayout()
        self._row.setSpacing(16)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.said)
        layout.addLayout(self._row, 1)
        self._row.addWidget(scrolling(self.grid), 1)

    def name(self) -> str:
        raise NotImplementedError

    def question(self, sample: int) -> Question:
        raise NotImplementedError

    def follow(self) -> None:
        """Ask again where it is seen: the pass or the sample on the canvas may be another."""
        if not self.isVisible():
            return
        if not self._workspace.playhead.at_rest:  # its numbers come one after the other, and these would be ahead of them
            self._workspace.work.forget(self._arrived)
            self.answer = Refusal(_("Playback shows the pass step by step. What the network sees is shown when it has ended."))
            self._draw()
        else:
            choice = self._workspace.canvas.model.samples.choice
            self._workspace.work.ask(self.question(choice if isinstance(choice, int) else 0), self._arrived, REST)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._draw()

    def forget(self) -> None:
        """Another document."""
        self._workspace.work.forget(self._arrived)
        self.answer = None
        self._draw()

    def _arrived(self, _question: Question, answer: Any) -> None:
        self.answer = answer
        self._draw()

    def _draw(self) -> None:
        enlarge(self.said, self._theme)
        captions: list[tuple[Caption, QImage]] = []
        if isinstance(self.answer, Refusal):
            self.said.setText(self.answer.text)
        elif self.answer is not None:
            captions = self.pictures(self.answer)
        images = [picture for _caption, picture in captions]
        self.grid.show_pictures([text for text, _picture in captions], lambda index: images[index], self._theme)

    def pictures(self, answer: Any) -> list[tuple[Caption, QImage]]:
        """The pictures with their captions, and `said` for the line above them."""
        raise NotImplementedError


class FirstLayerView(SeenView):
    """Filters of the first layer, each beside what it makes of the sample."""

    def name(self) -> str:
        return _("Filters and activations")

    def question(self, sample: int) -> Question:
        return LayerPictures(sample)

    def pictures(self, answer: FirstLayer) -> list[tuple[Caption, QImage]]:
        theme = self._theme
        largest, most = (_largest(array) for array in (answer.filters, answer.maps))
        self.said.setText(
            _("Weights of {layer} (purple −{largest} … green {largest}), and {after} for the sample shown (up to ±{most})").format(
                layer=answer.layer, largest=number(largest), after=answer.after, most=number(most)
            )
        )
        shown = [(Caption((_("sample"),), _("The sample shown on the canvas")), bytes_image(answer.picture))]
        for place, weights in enumerate(answer.filters):
            title = f"{answer.layer} {place + 1}"
            shown.append((Caption((title,), _("Weights of {unit}").format(unit=title)), filter_image(weights, largest, theme)))
            values = answer.maps[place] if len(answer.maps) == len(answer.filters) else np.zeros((1, 1))
            one = values.ndim == 0
            said = _("{node} of unit {place} for this sample").format(node=answer.after, place=place + 1)
            title = f"{answer.after} {place + 1}"
            lines = (title, number(float(values))) if one else (title,)
            plane = values.reshape(1, 1) if one else values
            shown.append((Caption(lines, said), signed_image(plane, most, theme)))
        return shown


class InputGradientView(SeenView):
    """The picture, the gradient on it, and the gradient alone."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self.grid.largest = 320

    def name(self) -> str:
        return _("Gradient by the input")

    def question(self, sample: int) -> Question:
        return PictureGradient(sample)

    def pictures(self, answer: InputGradient) -> list[tuple[Caption, QImage]]:
        values = strongest(answer.gradient)
        largest = _largest(values)
        self.said.setText(
            _("∂ {objective} / ∂ pixel, up to ±{largest}. Green: a larger pixel value raises {objective}. Purple: it lowers it.").format(
                objective=answer.objective, largest=number(largest)
            )
        )
        over = heat_over(values, largest, self._theme, answer.picture)
        alone = signed_image(values, largest, self._theme)
        texts, shown = (_("sample"), _("gradient on it"), _("gradient")), (bytes_image(answer.picture), over, alone)
        return [(Caption((text,), text), picture) for text, picture in zip(texts, shown, strict=True)]


def _largest(array: np.ndarray) -> float:
    finite = np.abs(array[np.isfinite(array)])
    return float(finite.max()) if finite.size else 0.0
