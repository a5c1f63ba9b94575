"""Where the regions of a grid of classes meet: lines between its points, placed by how clearly each point belongs to its class."""

from __future__ import annotations

import numpy as np

_EDGES = ((0, 1), (1, 2), (2, 3), (3, 0))
"""The sides of a cell between its corners, which are counted around it."""


def boundary(classes: np.ndarray, lead: np.ndarray | None, across: np.ndarray, up: np.ndarray) -> np.ndarray:
    """(M, 4) lines (x, y, x, y). `classes` is (second axis, first axis); `across` and `up` are the coordinates of its columns and rows.

    `lead` says by how much the score of a point's class is above the next one: between two points of different classes the boundary is
    where both leads, drawn as straight lines, are 0. Without it the boundary is half-way.
    """
    rows, columns = np.nonzero(_mixed(classes))
    if not len(rows):
        return np.zeros((0, 4))
    corners = [(rows, columns), (rows, columns + 1), (rows + 1, columns + 1), (rows + 1, columns)]
    of = np.stack([classes[at] for at in corners], axis=1)
    led = np.stack([lead[at] for at in corners], axis=1) if lead is not None else np.ones(of.shape)
    places = np.stack([np.stack([across[column], up[row]], axis=1) for row, column in corners], axis=1)
    crossed, at = np.zeros((len(of), 4), dtype=bool), np.zeros((len(of), 4, 2))
    for side, (first, second) in enumerate(_EDGES):
        crossed[:, side] = of[:, first] != of[:, second]
        share = _share(led[:, first], led[:, second])[:, None]
        at[:, side] = places[:, first] * (1 - share) + places[:, second] * share
    return np.concatenate([_through(crossed, at), _to_the_middle(crossed, at)])


def _mixed(classes: np.ndarray) -> np.ndarray:
    """The cells whose corners are not all of one class."""
    first = classes[:-1, :-1]
    mixed: np.ndarray = (first != classes[1:, :-1]) | (first != classes[:-1, 1:]) | (first != classes[1:, 1:])
    return mixed


def _share(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """How far from the first point to the second the boundary is."""
    whole = first + second
    known = np.isfinite(whole) & (whole > 0)
    share: np.ndarray = np.clip(np.where(known, first / np.where(known, whole, 1.0), 0.5), 0.0, 1.0)
    return share


def _through(crossed: np.ndarray, at: np.ndarray) -> np.ndarray:
    """The line of each cell with two crossed sides."""
    two = crossed.sum(axis=1) == 2
    sides = np.argsort(~crossed[two], axis=1, kind="stable")[:, :2]
    ends: np.ndarray = np.take_along_axis(at[two], sides[:, :, None], axis=1)
    return ends.reshape(-1, 4)


def _to_the_middle(crossed: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Where three or four sides are crossed, several regions meet: a line from each side to the middle of these places."""
    more = crossed.sum(axis=1) > 2
    own, places = crossed[more], at[more]
    middle = (places * own[:, :, None]).sum(axis=1) / np.maximum(own.sum(axis=1), 1)[:, None]
    cells, sides = np.nonzero(own)
    return np.concatenate([places[cells, sides], middle[cells]], axis=1)
