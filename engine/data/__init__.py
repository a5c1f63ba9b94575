"""Data sets. `engine.data.specs` says which there are; `describe` and `load` say what they look like and give their numbers.

The latter two live in `engine.data.loading` and are found at the first use: the window reads the specs and needs no numpy for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.data.errors import DataError as DataError
    from engine.data.errors import DataNote as DataNote
    from engine.data.loading import DataSet as DataSet
    from engine.data.loading import Description as Description
    from engine.data.loading import describe as describe
    from engine.data.loading import load as load
    from engine.data.loading import load_together as load_together

__all__ = ["DataError", "DataSet", "Description", "DataNote", "describe", "load", "load_together"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(name)
    from engine.data import loading

    value = globals()[name] = getattr(loading, name)
    return value
