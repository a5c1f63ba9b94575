"""Probes: the value as it is, and accuracies counted by hand."""

from __future__ import annotations

import torch

from tests.engine.node_cases import SAMPLE_SHAPES, Case, indices, numbers


def table(*rows: object) -> torch.Tensor:
    return torch.tensor(rows, dtype=torch.float64)


BATCH = ("prediction", "target")
SCORES = table((0.1, 0.7, 0.2), (2, 1, 0), (-3, -2, -1), (1, 5, 4))  # largest: 1, 0, 2, 1
MARGINS = table(0.4, -1.2, 3.0, 0.2)

CASES = [
    *(
        Case("probe.value", (x,), batched=batched, expected=x.numpy())
        for shape in SAMPLE_SHAPES
        for x, batched in ((numbers(*shape), ()), (numbers(4, *shape), ("x",)), (indices(*shape, classes=3), ()))
    ),
    Case("probe.accuracy", (SCORES, torch.tensor([1, 0, 1, 1])), batched=BATCH, expected=0.75, label="index"),
    Case("probe.accuracy", (SCORES, table((0, 1, 0), (0, 1, 0), (0, 0, 1), (0, 0, 1))), batched=BATCH, expected=0.5, label="one-hot"),
    Case("probe.accuracy", (SCORES[0], torch.tensor(1)), expected=1.0, label="index"),
    Case("probe.accuracy", (SCORES[0], table(1, 0, 0)), expected=0.0, label="one-hot"),
    Case("probe.accuracy", (MARGINS.unsqueeze(1), table(1, -1, -1, 1).unsqueeze(1)), batched=BATCH, expected=0.75, label="±1"),
    Case("probe.accuracy", (MARGINS, table(1, 0, 1, 1)), batched=BATCH, expected=1.0, label="0/1"),
    Case("probe.accuracy", (MARGINS.unsqueeze(1), table(0, 1, 1, 1)), batched=BATCH, expected=0.5, label="column and row"),
    Case("probe.accuracy", (MARGINS, table(1, 0, 1, 1)), {"decision": "above ½"}, BATCH, expected=0.5, label="probabilities"),
    Case("probe.accuracy", (MARGINS[0], table(-1)[0]), expected=0.0, label="±1"),
    Case("probe.accuracy", (SCORES, (SCORES > 1).double()), {"decision": "above ½"}, BATCH, expected=9 / 12, label="many labels"),
]
SKIPPED = {"rules": 22, "gradcheck": 22}
