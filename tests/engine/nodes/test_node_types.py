"""Every node type, on every rank and dtype its ports declare: values, shapes, rules against autograd, gradcheck, texts.

The cases live in `tests/engine/node_cases/`, a module for each family; its docstring says how to write one. A test checks all
cases of a type.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import torch

from engine.nodes import TYPES
from engine.nodes.base import NodeType
from graph.model.settings import complaint
from tests.engine.node_cases import Case, all_cases, families, numbers
from tests.support.cases import cases_by
from tests.support.node_call import FED, Call, flat

CASES = all_cases()


def type_of(case: Case) -> str:
    return case.type


each_case = cases_by(type_of, CASES)
each_type = pytest.mark.parametrize("key", TYPES)

RANKS_LEFT_OUT: dict[tuple[str, str], str] = {
    ("layer.batch_norm1d", "x"): "a single sample has no batch to compare with",
    ("layer.batch_norm2d", "x"): "a single sample has no batch to compare with",
    ("layer.running_average", "x"): "one value for all samples",
    ("penalty.l1", "parameters"): "a parameter is never a batch",
    ("penalty.l2", "parameters"): "a parameter is never a batch",
}
"""(type key, port name) → why not every rank of that port has a batched and an unbatched case."""


def left_out(case: Case, test: str) -> str:
    """Why a test has nothing to do on this case; empty when it has."""
    node_type = TYPES[case.type]
    if not Call(case).differentiable:
        return "nothing differentiable"
    if test == "rules" and not node_type.gradients:
        return "no rules: autograd serves"
    return case.kink if test == "gradcheck" else ""


@cases_by(type_of, [case for case in CASES if not left_out(case, "rules")])
def test_rules_equal_autograd(case: Case) -> None:
    call = Call(case)
    leaves = call.leaves()
    result = call.result(leaves)
    y = result.outputs[0]
    g = numbers(*y.shape, seed=3)
    expected = torch.autograd.grad(y, flat(leaves), g, allow_unused=True)
    arguments = [v for v in call.arguments.values()]
    kept = call.result()
    with torch.no_grad():
        gradients = {n: call.type.gradients[n](call.s, g, kept.outputs[0], kept.kept, *arguments) for n in leaves}
    for name, rule, auto, leaf in zip(names_of(leaves), flat(gradients), expected, flat(leaves), strict=True):
        rule = rule.sum_to_size(leaf.shape)
        auto = torch.zeros_like(leaf) if auto is None else auto
        scale = float(auto.nan_to_num(0, 0, 0).abs().max()) if auto.numel() else 0.0
        assert torch.equal(torch.isfinite(rule), torch.isfinite(auto)), name
        torch.testing.assert_close(
            rule, auto, rtol=1e-10, atol=1e-10 * scale + 1e-300, equal_nan=True, msg=lambda text, n=name: f"{n}: {text}"
        )


def names_of(values: dict[str, Any]) -> list[str]:
    return [name for name, v in values.items() for _ in (v if isinstance(v, tuple) else (v,))]


@cases_by(type_of, [case for case in CASES if not left_out(case, "gradcheck")])
def test_gradients_equal_finite_differences(case: Case) -> None:
    call = Call(case)
    leaves = call.leaves()

    def forward(*tensors: torch.Tensor) -> torch.Tensor:
        rest = iter(tensors)
        replaced = {n: tuple(next(rest) for _ in v) if isinstance(v, tuple) else next(rest) for n, v in leaves.items()}
        return call.result(replaced).outputs[0]

    assert torch.autograd.gradcheck(forward, tuple(flat(leaves)), eps=1e-6, atol=1e-6, rtol=1e-5)


@each_case
def test_meta_shapes_are_the_real_shapes(case: Case) -> None:
    call = Call(case)
    real, meta = call.result(), call.result(meta=True)
    assert [t.shape for t in meta.outputs] == [t.shape for t in real.outputs]
    assert [t.dtype for t in meta.outputs] == [t.dtype for t in real.outputs]
    assert all(t.device.type == "meta" for t in meta.outputs)


@cases_by(type_of, [case for case in CASES if case.expected is not None])
def test_values_are_those_of_the_oracle(case: Case) -> None:
    y = call_output(case)
    np.testing.assert_allclose(y.numpy(), np.asarray(case.expected), rtol=1e-12, atol=1e-14)
    assert y.shape == np.asarray(case.expected).shape


def call_output(case: Case) -> torch.Tensor:
    return Call(case).result().outputs[0].detach()


@each_case
def test_forward_changes_none_of_its_arguments(case: Case) -> None:
    call = Call(case)
    before = [t.clone() for t in flat({n: v for n, v in call.arguments.items() if v is not None})]
    call.result()
    for old, new in zip(before, flat({n: v for n, v in call.arguments.items() if v is not None}), strict=True):
        assert torch.equal(old, new)


def works_sample_by_sample(case: Case) -> bool:
    node_type = TYPES[case.type]
    return bool(case.batched) and not (case.mixes_batch or node_type.loss or node_type.random or node_type.probe)


@cases_by(type_of, [case for case in CASES if works_sample_by_sample(case)])
def test_a_batch_gives_every_sample_what_it_gets_alone(case: Case) -> None:
    """The drawn parameters do not depend on the batch, so both calls share them."""
    call = Call(case)
    together = call.result().outputs[0]
    for n in range(together.shape[0]):
        inputs = {name: sample(call.arguments[name], n, call) for name in call.case.batched}
        alone = Call(
            Case(
                case.type,
                tuple({**call.arguments, **inputs}[p.name] for p in call.type.spec.inputs if not p.parameter),
                case.settings,
                training=case.training,
            )
        )
        alone.arguments = {**call.arguments, **inputs}
        torch.testing.assert_close(alone.result().outputs[0], together[n], rtol=1e-12, atol=1e-13)


def sample(value: Any, n: int, call: Call) -> Any:
    """Sample n of a batched argument; in a tuple, those of the highest rank are the batched ones."""
    if isinstance(value, tuple):
        rank = max(t.dim() for t in value)
        return tuple(t[n] if t.dim() == rank else t for t in value)
    return value[n]


@each_type
def test_every_type_has_a_case_for_every_rank_it_declares(key: str) -> None:
    node_type = TYPES[key]
    mine = [case for case in CASES if case.type == key]
    assert mine, f"{key} has no case in tests/engine/node_cases/"
    for port in [p for p in node_type.spec.inputs if not p.parameter]:
        if (key, port.name) in RANKS_LEFT_OUT:
            continue
        lowest, highest = port.rank
        wanted = {(rank, batch) for rank in range(lowest, min(3, 3 if highest is None else highest) + 1) for batch in (False, True)}
        assert wanted <= {seen for case in mine for seen in ranks_and_batch(case, port.name)}, f"{key}.{port.name}"
        if port.dtype == "any":
            assert {t.is_floating_point() for case in mine for t in port_tensors(case, port.name)} == {True, False}


def port_tensors(case: Case, port: str) -> list[torch.Tensor]:
    value = Call(case).arguments[port]
    return [] if value is None else list(value) if isinstance(value, tuple) else [value]


def ranks_and_batch(case: Case, port: str) -> set[tuple[int, bool]]:
    tensors, batch = port_tensors(case, port), port in case.batched
    highest = max((t.dim() for t in tensors), default=0)
    return {(t.dim() - int(batch and t.dim() == highest), batch) for t in tensors}


@each_type
def test_every_type_explains_itself(key: str) -> None:
    node_type = TYPES[key]
    spec = node_type.spec
    assert len(spec.doc) > 30 and spec.doc[0].isupper() and spec.doc.rstrip().endswith(".")
    assert spec.title and spec.formula and spec.default_name.isidentifier()
    assert node_type.code or spec.role == "data", "the export needs a constructor (or none) and an expression"
    for text in every_text(node_type):
        assert text.count("{") == text.count("}") and "@" in text
        assert set(re.findall(r"@([A-Za-z_]\w*)", text)) <= names_known_to(node_type), text
    if spec.differentiable and spec.role not in FED:
        differentiable = {p.name for p in spec.inputs if p.dtype != "index" and not p.parameter} | {p.name for p in spec.parameters}
        assert {n for n in differentiable if spec.local_derivatives.get(n)} == differentiable
    assert all(s.help or s.label for s in spec.settings)
    assert all(complaint(s, s.default) is None for s in spec.settings)


def every_text(node_type: NodeType) -> set[str]:
    """Formula and derivatives under the default settings and with each setting that a part depends on at each of its values."""
    spec = node_type.spec
    choices: list[Any] = [{}] + [{setting: value} for setting, texts in spec.formula_parts.values() for value in texts]
    return {text for values in choices for text in (spec.formula_for(values), *spec.local_derivatives_for(values).values())}


def names_known_to(node_type: NodeType) -> set[str]:
    spec = node_type.spec
    everything: tuple[Any, ...] = (*spec.inputs, *spec.outputs, *spec.settings, *spec.parameters, *node_type.buffers)
    return {item.name for item in everything}


@each_type
def test_rules_cover_all_that_is_differentiable_or_nothing(key: str) -> None:
    spec, rules = TYPES[key].spec, TYPES[key].gradients
    ports = {p.name for p in spec.inputs if not p.parameter and p.dtype != "index"}
    parameters = {p.name for p in spec.parameters}
    assert set(rules) <= ports | parameters
    if rules:
        required = {p.name for p in spec.inputs if not p.parameter and p.dtype == "float"} | parameters
        assert required <= set(rules)


@pytest.mark.parametrize("family", families(), ids=lambda module: module.__name__.rpartition(".")[2])
def test_exactly_so_many_cases_are_left_out(family: Any) -> None:
    gradients = {test: sum(bool(left_out(case, test)) for case in family.CASES) for test in ("rules", "gradcheck")}
    assert gradients == family.SKIPPED


def test_every_key_and_default_name_is_unique() -> None:
    assert len({t.spec.default_name for t in TYPES.values() if t.spec.category == "math"}) == len(
        [t for t in TYPES.values() if t.spec.category == "math"]
    )
    assert all(key == node_type.spec.key and re.fullmatch(r"[a-z]+\.[a-z0-9_]+", key) for key, node_type in TYPES.items())
