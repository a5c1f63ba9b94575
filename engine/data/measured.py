"""The measured data sets that ship inside scikit-learn, read from its files: importing scikit-learn itself takes seconds."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np

_FILES = {"digits": ("digits.csv.gz", 0), "iris": ("iris.csv", 1), "wine": ("wine_data.csv", 1), "breast_cancer": ("breast_cancer.csv", 1)}
"""File and number of header lines; the last column is the class."""


def measured(key: str) -> tuple[np.ndarray, np.ndarray]:
    """Features and target (class number, or the real value) of one set, in its published order."""
    spec = importlib.util.find_spec("sklearn")
    name, header = _FILES.get(key, ("", 0))
    if name and spec is not None and spec.origin is not None:
        file = Path(spec.origin).parent / "datasets" / "data" / name
        if file.is_file():
            table = np.loadtxt(file, delimiter=",", skiprows=header)
            return np.ascontiguousarray(table[:, :-1]), table[:, -1]
    return _loaded(key)


def _loaded(key: str) -> tuple[np.ndarray, np.ndarray]:
    """By scikit-learn's own functions: for the set it rescales while loading, and should its files move."""
    from sklearn import datasets

    loaders = {
        "digits": datasets.load_digits, "iris": datasets.load_iris, "wine": datasets.load_wine,
        "breast_cancer": datasets.load_breast_cancer, "diabetes": datasets.load_diabetes,
    }  # fmt: skip
    x, y = loaders[key](return_X_y=True)
    return np.asarray(x, dtype=np.float64), np.asarray(y)
