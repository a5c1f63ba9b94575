"""Parameter, for every initialisation."""

from __future__ import annotations

from engine.nodes.initialise import KINDS
from tests.engine.node_cases import Case, numbers

CASES = [
    *(
        Case(
            "parameter.parameter",
            settings={"value": value.tolist()},
            parameters={"value": value},
            expected=value.numpy(),
            label=f"rank{value.dim()}",
        )
        for value in (numbers(), numbers(3), numbers(2, 3), numbers(2, 1, 3))
    ),
    *(Case("parameter.parameter", settings={"initialisation": kind, "shape": [2, 3]}, label=kind) for kind in (*KINDS, "layer")),
]
SKIPPED = {"rules": 0, "gradcheck": 0}
