"""Activations, against scipy and numpy."""

from __future__ import annotations

import numpy as np
import scipy.special
import scipy.stats

from tests.engine.node_cases import Case, numbers, unary


def gelu_tanh(x: np.ndarray) -> np.ndarray:
    """Hendrycks & Gimpel 2016, equation after (2)."""
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


CASES = [
    *unary("activation.identity", lambda x: x),
    *unary("activation.relu", lambda x: np.maximum(x, 0)),
    Case("activation.relu", (numbers(3) * 0,), expected=np.zeros(3), kink="the corner at 0"),
    *unary("activation.leaky_relu", lambda x: np.where(x > 0, x, 0.01 * x)),
    *unary("activation.leaky_relu", lambda x: np.where(x > 0, x, 0.3 * x), shapes=((3,),), settings={"slope": 0.3}, label="0.3"),
    *unary("activation.elu", lambda x: np.where(x > 0, x, np.expm1(x))),
    *unary("activation.elu", lambda x: np.where(x > 0, x, 0.4 * np.expm1(x)), shapes=((3,),), settings={"alpha": 0.4}, label="alpha"),
    *unary("activation.gelu", lambda x: x * scipy.stats.norm.cdf(x)),
    *unary("activation.gelu", gelu_tanh, shapes=((2, 3),), settings={"approximate": "tanh"}, label="tanh"),
    *unary("activation.silu", lambda x: x * scipy.special.expit(x)),
    *unary("activation.softplus", lambda x: np.logaddexp(x, 0)),
    *unary("activation.softplus", lambda x: np.logaddexp(3 * x, 0) / 3, low=-30, high=30, shapes=((3,),),
           settings={"beta": 3.0}, label="far"),
    *unary("activation.tanh", np.tanh),
    *unary("activation.sigmoid", scipy.special.expit),
    *unary("activation.softmax", lambda x: scipy.special.softmax(x, axis=-1), shapes=((3,), (2, 3), (2, 1, 3))),
    *unary("activation.softmax", lambda x: scipy.special.softmax(x, axis=-3), shapes=((2, 1, 3),), settings={"axis": 0}, label="axis0"),
    *unary("activation.log_softmax", lambda x: scipy.special.log_softmax(x, axis=-1), shapes=((3,), (2, 3), (2, 1, 3))),
    *unary("activation.log_softmax", lambda x: scipy.special.log_softmax(x, axis=-2), shapes=((2, 3),),
           settings={"axis": -2}, label="axis-2"),
    *unary("activation.log_softmax", lambda x: scipy.special.log_softmax(x, axis=-1), low=-800, high=800, shapes=((3,),), label="far",
           kink="e^y underflows: no finite difference sees it"),
]  # fmt: skip
SKIPPED = {"rules": 0, "gradcheck": 3}
