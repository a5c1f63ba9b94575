"""The graph as readable PyTorch."""

from __future__ import annotations

from engine.export.registry import Format, Trained, Written
from graph.text.messages import _


def _write(source: Trained) -> Written:
    from engine.export.export import export

    return Written(export(source.model, source.title).encode("utf-8", "backslashreplace"))


FORMAT = Format(_("PyTorch code"), ".py", "Python", _write, order=0)
