"""A lower rate when the loss has stopped falling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.training.schedules.base import Schedule, lowest
from graph.model.spec import Setting
from graph.text.messages import _


class Plateau(Schedule):
    """The rate is `base` times what the memory's `scale` has become (see `engine.training.rates`)."""

    key, title, order = "plateau", _("Reduce on plateau"), 8
    doc = _("The rate falls when the validation loss has not fallen for some epochs; without a validation set, the training loss counts.")
    settings = (
        Setting("factor", "float", 0.1, 0.0, 0.999999, title=_("Factor"), symbol="γ", help=_("What the rate is multiplied by.")),
        Setting("patience", "int", 10, 0, title=_("Patience"), symbol="N", help=_("So many epochs without a lower loss change nothing.")),
        Setting(
            "threshold", "float", 1e-4, 0.0, 1.0, title=_("Threshold"), symbol="δ", logarithmic=True,
            help=_("A loss counts as lower when it is below (1 − δ) times the lowest so far."),
        ),
        lowest(),
    )
    formula = r"\eta \leftarrow \max(\gamma\,\eta,\, \eta_{\min})"
    torch_call = "ReduceLROnPlateau({0}, factor={factor!r}, patience={patience!r}, threshold={threshold!r}, min_lr={lowest!r})"
    watches = True

    @classmethod
    def rate(cls, base: float, t: int, values: Mapping[str, Any], length: int) -> float:
        return base
