"""Linear, Embedding, the recurrent step and dropout."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special
import torch

from tests.engine.node_cases import SAMPLE_SHAPES, Case, indices, numbers

W, B = numbers(5, 3, seed=1), numbers(5, seed=2)
TABLE = numbers(6, 2, seed=3)
RW, RU, RB = numbers(4, 3, seed=4), numbers(4, 4, seed=5), numbers(4, seed=6)


def recurrent(name: str, function: Callable[[np.ndarray], np.ndarray], bias: bool = True) -> list[Case]:
    cases = []
    settings = {"hidden": 4, "activation": name, "bias": bias}
    parameters = {"W": RW, "U": RU, **({"b": RB} if bias else {})}
    for batch_x, batch_h in (((), ()), ((7,), (7,)), ((7,), ()), ((), (7,)), ((7,), None), ((), None)):
        x, h = numbers(*batch_x, 3), None if batch_h is None else numbers(*batch_h, 4, seed=9)
        total = x.numpy() @ RW.numpy().T + (0 if h is None else h.numpy() @ RU.numpy().T) + (RB.numpy() if bias else 0)
        batched = (*(["x"] if batch_x else []), *(["h"] if batch_h else []))
        mixed = batch_x != batch_h and batch_h is not None  # one for all: what the sample-by-sample test cannot tell apart
        more: dict[str, Any] = {"parameters": parameters, "expected": function(total), "mixes_batch": mixed}
        cases.append(Case("layer.recurrent", (x, h), settings, batched, label=name, **more))
    return cases


CASES = [
    *(
        Case("layer.linear", (x,), {"out_features": 5}, batched, parameters={"W": W, "b": B}, expected=x.numpy() @ W.numpy().T + B.numpy())
        for x, batched in ((numbers(3), ()), (numbers(4, 3), ("x",)), (numbers(2, 3), ()), (numbers(4, 2, 3), ("x",)))
    ),
    Case("layer.linear", (numbers(4, 3),), {"out_features": 5, "bias": False}, ("x",), parameters={"W": W},
         expected=numbers(4, 3).numpy() @ W.numpy().T, label="without bias"),
    *(
        Case("layer.embedding", (x,), {"count": 6, "dimension": 2}, batched, parameters={"W": TABLE}, expected=TABLE.numpy()[x.numpy()])
        for shape in SAMPLE_SHAPES
        for x, batched in ((indices(*shape, classes=6), ()), (indices(4, *shape, classes=6), ("x",)))
    ),
    *recurrent("tanh", np.tanh),
    *recurrent("relu", lambda z: np.maximum(z, 0)),
    *recurrent("sigmoid", scipy.special.expit),
    *recurrent("identity", lambda z: z, bias=False),
    *(Case("layer.dropout", (x,), {"p": 0.4}, batched, label="training")
      for shape in SAMPLE_SHAPES for x, batched in ((numbers(*shape), ()), (numbers(4, *shape), ("x",)))),
    Case("layer.dropout", (numbers(4, 3),), {"p": 0.4}, ("x",), training=False, expected=numbers(4, 3).numpy(), label="evaluation"),
    Case("layer.dropout", (numbers(4, 3),), {"p": 0.0}, ("x",), expected=numbers(4, 3).numpy(), label="p=0"),
    Case("layer.dropout", (numbers(4, 3),), {"p": 1.0}, ("x",), expected=torch.zeros(4, 3).numpy(), label="p=1"),
]  # fmt: skip
SKIPPED = {"rules": 0, "gradcheck": 0}
