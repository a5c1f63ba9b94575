"""A lower rate when the loss has stopped falling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.training.schedules.base import Schedule, lowest
from graph.model.spec import Setting


class Plateau(Schedule):
    """The rate is `base` times what the memory's `scale` has become (see `engine.training.rates`)."""

    key, title, order = "plateau", "Reduce on plateau", 8
    doc = "The rate falls when the validation loss has not fallen for some epochs; without a validation set, the training loss counts."
    settings = (
        Setting("factor", "float", 0.1, 0.0, 0.999999, title="Factor", symbol="γ", help="What the rate is multiplied by."),
        Setting("patience", "int", 10, 0, title="Patience", symbol="N", help="So many epochs without a lower loss change nothing."),
        Setting(
            "threshold", "float", 1e-4, 0.0, 1.0, title="Threshold", symbol="δ", logarithmic=True,
            help="A loss counts as lower when it is below (1 − δ) times the lowest so far.",
        ),
        lowest(),
    )
    formula = r"\eta \leftarrow \max(\gamma\,\eta,\, \eta_{\min})"
    torch_call = "ReduceLROnPlateau({0}, factor={factor!r}, patience={patience!r}, threshold={threshold!r}, min_lr={lowest!r})"
    watches = True

    @classmethod
    def rate(cls, base: float, t: int, values: Mapping[str, Any], length: int) -> float:
        return base
