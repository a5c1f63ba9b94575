"""The measured data sets that ship inside scikit-learn. Imported when one is loaded: scikit-learn takes a second to start."""

from __future__ import annotations

import numpy as np


def measured(key: str) -> tuple[np.ndarray, np.ndarray]:
    """Features and target (class number, or the real value) of one set, in its published order."""
    from sklearn import datasets

    loaders = {
        "digits": datasets.load_digits, "iris": datasets.load_iris, "wine": datasets.load_wine,
        "breast_cancer": datasets.load_breast_cancer, "diabetes": datasets.load_diabetes,
    }  # fmt: skip
    x, y = loaders[key](return_X_y=True)
    return np.asarray(x, dtype=np.float64), np.asarray(y)
