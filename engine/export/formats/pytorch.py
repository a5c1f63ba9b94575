"""The graph as readable PyTorch."""

from __future__ import annotations

from engine.export.registry import Format, Trained, Written


def _write(source: Trained) -> Written:
    from engine.export.export import export

    return Written(export(source.model, source.title).encode("utf-8", "backslashreplace"))


FORMAT = Format("PyTorch code", ".py", "Python", _write, order=0)
