"""The weights alone, by names such as `hidden.W`, for other programs and other graphs."""

from __future__ import annotations

from engine.export.registry import Format, Trained, Written
from graph.text.messages import _


def _write(source: Trained) -> Written:
    from engine.training.weights import written

    return Written(written(source.model))


FORMAT = Format(_("weights"), ".safetensors", "safetensors", _write, order=10, text=False)
