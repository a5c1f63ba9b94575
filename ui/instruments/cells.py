"""What one cell of the layers' table says and shows: pure questions to the history, without a widget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from engine.compile.activity import SHOWN, Activity
from engine.learned.instruments import Histogram, LayerState, Observed
from graph.text.messages import _
from ui.canvas.model import activity_mark
from ui.instruments.heat import Floats, Rows, chosen, column, rows_for
from ui.look.numbers import count, number

Kind = Literal["weights", "activations", "gradients"]
KINDS: tuple[Kind, ...] = ("weights", "activations", "gradients")
HEADS: dict[str, str] = {"weights": _("weights"), "activations": _("activations"), "gradients": _("gradients"), "norm": "‖∇‖",
                         "ratio": _("update")}  # fmt: skip
USUAL = 1e-3
"""An update of about this share of the weights is usual."""


def histogram_of(layer: LayerState, kind: Kind) -> Histogram | None:
    return {"weights": layer.weights, "activations": layer.activations, "gradients": layer.gradients}[kind]


class Picture:
    """The histograms of one layer and kind over the steps: (height, width) shares. Columns are kept as long as the scale stays."""

    def __init__(self) -> None:
        self._columns: dict[int, tuple[Histogram, Floats]] = {}
        self._key: tuple[Rows, int] | None = None
        self.rows: Rows | None = None

    def shares(self, observed: Sequence[Observed], index: int, kind: Kind, width: int, height: int) -> Floats | None:
        """None where nothing was counted."""
        found = [(o.step, h) for o in observed for h in (histogram_of(o.layers[index], kind),) if h is not None]
        if not found:
            return None
        self.rows = rows_for([h for _step, h in found])
        if (self.rows, height) != self._key:
            self._columns, self._key = {}, (self.rows, height)
        which = chosen([step for step, _ in found], width)
        places, back = np.unique(which, return_inverse=True)
        fresh: dict[int, tuple[Histogram, Floats]] = {}
        for place in places.tolist():
            h = found[place][1]
            known = self._columns.get(id(h))
            fresh[id(h)] = known if known is not None and known[0] is h else (h, column(h, self.rows, height))
        self._columns = fresh
        return np.stack([fresh[id(found[place][1])][1] for place in places.tolist()], axis=1)[:, back.reshape(-1)]


def badge(found: Activity | None) -> str:
    """`dead 25%`, from the share on from which a node is marked on the canvas."""
    return activity_mark.said(found) if found is not None and found.share >= SHOWN else ""


def said(name: str, layer: LayerState, kind: str) -> str:
    """A cell in a sentence or two."""
    if kind == "norm":
        if layer.gradient_norm is None:
            return _("{name} has no weights that training changes.").format(name=name)
        text = _("{name}: the gradient of its weights has the Euclidean norm {size}.")
        return text.format(name=name, size=number(layer.gradient_norm, 5))
    if kind == "ratio":
        if layer.ratio is None:
            return _("{name}: there is no ratio of update to weights.").format(name=name)
        text = _("{name}: the step changes its weights by {ratio} of their norm; about {usual} is usual.")
        return text.format(name=name, ratio=number(layer.ratio, 3), usual=number(USUAL))
    histogram = histogram_of(layer, kind)  # type: ignore[arg-type]
    what = HEADS[kind]
    if kind == "gradients":
        what = _("gradients of its weights") if layer.gradient_of == "weights" else _("gradients of its output")
    if histogram is None:
        return _("{name}: no {what}.").format(name=name, what=what)
    text = _("{name}, {what}: {count} numbers from {low} to {high}, root mean square {rms}.").format(
        name=name, what=what, count=count(int(histogram.counts.sum())), low=number(histogram.low), high=number(histogram.high),
        rms=number(histogram.rms),
    )  # fmt: skip
    if histogram.lost:
        text += " " + _("{count} more are not finite.").format(count=count(histogram.lost))
    return text
