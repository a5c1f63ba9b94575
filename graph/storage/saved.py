"""The trained values in a file: they are stored beside the document, which knows nothing of them, and are carried along unread.

Small ones are written as numbers into the JSON; others are one safetensors file in the archive, which the engine reads and writes.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graph.text.messages import _
from graph.text.quoting import one_line, quoted

MEMBER = "state.safetensors"
KEY = "state"
DTYPES = ("float64", "float32", "float16", "bfloat16", "int64", "int32", "uint8", "bool")
COUNTERS = ("step", "epoch", "position")


class SavedStateError(Exception):
    """Why the trained values in a file cannot be read; a clause without file name and full stop."""


@dataclass(frozen=True, slots=True)
class SavedState:
    """Parameters, buffers and the optimizer's memory after `step` steps, as a file holds them.

    `numbers` are tensors by name as `{"dtype", "shape", "values"}`; `packed` is a safetensors file where they are too many for that.
    `seed` is what the run's random numbers follow from; the document may name another by now.
    `token` identifies these values while the app runs: two states with one token are the same. `run` is the run whose steps led to them,
    where the file has its runs; 0: not said.
    """

    step: int
    epoch: int = 0
    position: int = 0
    optimizer: str = ""
    numbers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    packed: bytes = field(default=b"", repr=False)
    seed: int | None = None
    token: int = field(default_factory=time.time_ns, compare=False)
    run: int = field(default=0, compare=False)

    def to_text(self) -> str:
        """The file's entry, one tensor a line."""
        start = json.dumps(self._head(), ensure_ascii=False)[:-1]
        if self.packed:
            return f"{start}, {json.dumps('file')}: {json.dumps(MEMBER)}, {json.dumps('sha256')}: {json.dumps(_digest(self.packed))}}}"
        rows = ",\n ".join(f"{json.dumps(name, ensure_ascii=False)}: {json.dumps(dict(row))}" for name, row in self.numbers.items())
        return f'{start}, "tensors": {{\n {rows}\n}}}}' if rows else f'{start}, "tensors": {{}}}}'

    def to_json(self) -> dict[str, Any]:
        """The entry as an object; where the numbers are `packed`, it does not say where."""
        return self._head() | ({} if self.packed else {"tensors": {name: dict(row) for name, row in self.numbers.items()}})

    def _head(self) -> dict[str, Any]:
        head = {name: getattr(self, name) for name in COUNTERS} | {"optimizer": self.optimizer}
        return head | ({"seed": self.seed} if self.seed is not None else {})

    @classmethod
    def from_json(cls, content: Any, packed: bytes) -> SavedState:
        """The entry of a file, whose archive holds `packed`. Raises SavedStateError."""
        if not isinstance(content, dict):
            raise SavedStateError(_('"{KEY}" is not an object').format(KEY=KEY))
        counters = {name: content.get(name, 0) for name in COUNTERS} | {name: content[name] for name in ("seed", "run") if name in content}
        for name, value in counters.items():
            if type(value) is not int or not 0 <= value < 2**63:
                raise SavedStateError(_("{name} is not a whole number from 0 up").format(name=quoted(name)))
        optimizer, numbers = content.get("optimizer", ""), content.get("tensors", {})
        if not isinstance(optimizer, str) or not isinstance(numbers, dict):
            raise SavedStateError(_("it does not name its optimizer and its values"))
        if "file" in content:
            member = one_line(str(content["file"]))
            if not packed:
                raise SavedStateError(_("{MEMBER} is missing in the archive").format(MEMBER=member))
            if content.get("sha256") != _digest(packed):
                raise SavedStateError(_("{MEMBER} is damaged").format(MEMBER=member))
            return cls(**counters, optimizer=optimizer, packed=packed)
        for name, row in numbers.items():
            _check(name, row)
        return cls(**counters, optimizer=optimizer, numbers=numbers)


def steps_text(step: int) -> str:
    """`after step 1,200`: added wherever values leave the app."""
    return _("after step {step:,}").format(step=step) if step else _("before training")


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _check(name: str, row: Any) -> None:
    shape = row.get("shape") if isinstance(row, dict) else None
    values = row.get("values") if isinstance(row, dict) else None
    if not isinstance(shape, list) or not all(type(size) is int and 0 <= size < 2**31 for size in shape) or row.get("dtype") not in DTYPES:
        raise SavedStateError(_("{name} is not a tensor").format(name=quoted(name)))
    if not isinstance(values, list) or len(values) != math.prod(shape) or not all(type(value) in (int, float, bool) for value in values):
        raise SavedStateError(_("{name} does not hold {shape:,} numbers").format(name=quoted(name), shape=math.prod(shape)))
    if row["dtype"] in ("int64", "int32", "uint8") and not all(isinstance(value, int) and abs(value) < 2**63 for value in values):
        raise SavedStateError(_("{name} holds numbers that are not whole").format(name=quoted(name)))
