"""Values that are not there and tensors that do not fit: said at their node, and everything else is computed."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.compile import shapes
from engine.kernel.server import _one_line
from engine.nodes.catalog import CATALOG
from engine.numerics.memory import is_lack_of_memory
from engine.training.model import Model
from graph.storage.files import load, loads

CASES = Path(__file__).parents[2] / "data" / "cases" / "graphs"


def beside(text: str) -> Model:
    """The case, with y = square(x) at x = 3 beside it."""
    more = '{"id": "x", "type": "source.input", "name": "x", "params": {"value": 3.0}}, {"id": "y", "type": "math.square", "name": "y"},'
    text = text.replace('"nodes":[', f'"nodes":[{more}').replace('"edges":[', '"edges":[{"id":"xy","from":["x","y"],"to":["y","x",0]},')
    return Model(loads(text, CATALOG))


@pytest.mark.parametrize("name", ["input", "constant", "param", "table"])
def test_a_reference_to_missing_numbers_is_a_problem_at_its_node(name: str) -> None:
    path = CASES / f"{name}-tensor-ref.gradwire"
    (problem,) = (p for p in Model(load(path, CATALOG)).problems if p.severity == "error")
    assert problem.nodes == ("a",) and problem.text.startswith("a: the numbers of ") and "are missing in the file" in problem.text

    trace = beside(path.read_text()).trace()
    assert trace.values["y", "y"].item() == 9.0


def test_a_parameter_larger_than_memory_is_refused_in_words_and_the_rest_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "memory", lambda: 16 * 10**9)
    session = beside((CASES / "huge-param.gradwire").read_text())
    (problem,) = (p for p in session.problems if p.severity == "error")
    assert problem.text == ("a: value would have (2147483647,) numbers, which take 52 GB of memory with their gradients; "
                            "this computer has 16 GB. Make it smaller")  # fmt: skip
    assert session.trace().values["y", "y"].item() == 9.0


def test_many_large_parameters_count_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "memory", lambda: 10**6)
    rows = ",".join(f'{{"id":"p{n}","type":"parameter.parameter","name":"p{n}","params":{{"initialisation":"normal","shape":[12000]}}}}'
                    for n in range(3))  # fmt: skip
    session = Model(loads(f'{{"format":"gradwire","version":1,"nodes":[{rows}],"edges":[]}}', CATALOG))
    assert [p.nodes for p in session.problems if p.severity == "error"] == [("p2",)]


def test_a_lack_of_memory_is_told_in_our_words() -> None:
    """What torch says where the rule above did not see it coming."""
    with pytest.raises(RuntimeError) as raised:
        torch.empty(2**58)
    assert is_lack_of_memory(raised.value) and is_lack_of_memory(MemoryError()) and not is_lack_of_memory(RuntimeError("shape"))
    assert not is_lack_of_memory(RuntimeError("CUDA error: an illegal memory access was encountered"))
    assert _one_line(raised.value) == "this graph needs more memory than there is"
