"""What node types refuse, in which words; and that what they accept really works sample by sample."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.preprocessing import StandardScaler

from engine.compile.shape import Shape as Sample
from engine.nodes import TYPES
from engine.nodes.base import NodeError, Settings
from engine.nodes.catalog import CATALOG
from graph.formula.to_graph import build
from tests.engine.node_cases import numbers


def settings(key: str, batched: tuple[str, ...] = (), **values: Any) -> Settings:
    return Settings(
        **{**TYPES[key].spec.defaults(), **values}, name="node", training=True, batched=frozenset(batched), dtype=torch.float64
    )  # fmt: skip


def refusal(key: str, shapes: dict[str, Any], **values: Any) -> NodeError:
    with pytest.raises(NodeError) as caught:
        TYPES[key].check(settings(key, **values), shapes)
    return caught.value


def accepts(key: str, shapes: dict[str, Any], **values: Any) -> bool:
    try:
        TYPES[key].check(settings(key, **values), shapes)
    except NodeError:
        return False
    return True


BATCH = 4


def pairs(shapes: tuple[tuple[int, ...], ...]) -> Iterator[tuple[Sample, Sample]]:
    samples = [Sample(dims, batched) for dims in shapes for batched in (False, True)]
    return itertools.product(samples, samples)


def tensor(sample: Sample, seed: int) -> torch.Tensor:
    return numbers(*((BATCH, *sample.dims) if sample.batched else sample.dims), seed=seed)


def sample_by_sample(function: Any, a: Sample, x: np.ndarray, b: Sample, y: np.ndarray) -> np.ndarray | None:
    """The oracle: numpy on one sample after another; None where numpy refuses."""
    try:
        if not (a.batched or b.batched):
            return np.asarray(function(x, y))
        return np.stack([function(x[n] if a.batched else x, y[n] if b.batched else y) for n in range(BATCH)])
    except ValueError:
        return None


@pytest.mark.parametrize("key, function", [("math.add", np.add), ("math.divide", np.divide), ("math.maximum", np.maximum)])
def test_elementwise_types_accept_exactly_what_works_sample_by_sample(key: str, function: Any) -> None:
    """Sizes equal to the batch size are among them: there a batch axis on a feature axis would go unnoticed."""
    for a, b in pairs(((), (1,), (3,), (BATCH,), (BATCH, 1), (1, BATCH), (2, 3), (BATCH, BATCH))):
        x, y = tensor(a, 0), tensor(b, 1)
        wanted = sample_by_sample(function, a, x.numpy(), b, y.numpy())
        batched = tuple(name for name, sample in (("a", a), ("b", b)) if sample.batched)
        if accepts(key, {"a": a, "b": b}):
            assert wanted is not None, (a, b)
            np.testing.assert_allclose(TYPES[key].forward(settings(key, batched), x, y).numpy(), wanted, err_msg=f"{a} {b}")
        elif wanted is not None:
            low, high = (a, b) if a.batched and len(b.dims) > len(a.dims) else (b, a)
            assert low.batched and len(high.dims) > len(low.dims), f"{a} {b}: torch would do this rightly"


def test_matrix_product_accepts_exactly_what_works_sample_by_sample() -> None:
    for a, b in pairs(((3,), (BATCH,), (2, 3), (3, 2), (3, 3), (BATCH, BATCH), (BATCH, 3), (3, BATCH), (2, 3, 3), (2, 2, 3))):
        x, y = tensor(a, 0), tensor(b, 1)
        wanted = sample_by_sample(np.matmul, a, x.numpy(), b, y.numpy())
        batched = tuple(name for name, sample in (("a", a), ("b", b)) if sample.batched)
        if accepts("math.matmul", {"a": a, "b": b}):
            assert wanted is not None, (a, b)
            np.testing.assert_allclose(TYPES["math.matmul"].forward(settings("math.matmul", batched), x, y).numpy(), wanted, rtol=1e-12)
        elif wanted is not None:
            low, high = (a, b) if len(b.dims) > len(a.dims) else (b, a)
            assert low.batched and len(high.dims) == 3, f"{a} {b}: this product exists"


def test_a_batch_of_numbers_and_a_feature_vector_are_refused_with_flatten_as_repair() -> None:
    error = refusal("math.add", {"a": Sample((), True), "b": Sample((3,))})
    assert "(N,)" in str(error) and "(3,)" in str(error) and "batch axis" in str(error)
    assert error.port == "a" and error.repairs[0][1] == "math.flatten"


def test_a_column_of_predictions_against_a_batch_of_numbers_names_both_shapes() -> None:
    error = refusal("math.subtract", {"a": Sample((1,), True), "b": Sample((), True)})
    assert "a is (N, 1)" in str(error) and "b is (N,)" in str(error)
    assert error.port == "b"


def test_a_batched_vector_against_a_matrix_offers_the_reshape_that_makes_it_fit() -> None:
    a, b = Sample((3,), True), Sample((2, 3))
    (_, (key, values)), *_ = refusal("math.multiply", {"a": a, "b": b}).repairs
    assert (key, values) == ("math.reshape", {"shape": [1, 3]})
    assert accepts("math.reshape", {"x": a}, **values) and accepts("math.multiply", {"a": Sample((1, 3), True), "b": b})


def test_sizes_that_do_not_fit_are_named() -> None:
    text = str(refusal("math.add", {"a": Sample((3,), True), "b": Sample((4,))}))
    assert "a is (N, 3)" in text and "b is (4,)" in text


def test_matrix_product_offers_to_transpose_the_factor_that_would_then_fit() -> None:
    error = refusal("math.matmul", {"a": Sample((3,), True), "b": Sample((5, 3))})
    assert error.port == "b" and error.repairs[0][1] == "math.transpose"
    assert "(3)" in str(error) and "(5)" in str(error)


def test_matrix_product_of_a_number_points_to_multiply() -> None:
    assert "Multiply" in str(refusal("math.matmul", {"a": Sample((), True), "b": Sample((5, 3))}))


@pytest.mark.parametrize("key", ["math.sum", "math.mean", "math.norm"])
def test_an_axis_that_a_sample_does_not_have_is_refused(key: str) -> None:
    error = refusal(key, {"x": Sample((3,), True)}, axes=[1])
    assert "axis 1" in str(error) and "(N, 3)" in str(error)


def test_the_same_axis_twice_is_refused() -> None:
    assert refusal("math.sum", {"x": Sample((2, 3))}, axes=[1, -1]).repairs[0][1] == {"axes": []}


@pytest.mark.parametrize(
    "shape, text",
    [([4], "do not fill"), ([-1, -1], "at most one"), ([0], "at least 1"), ([4, -1], "do not fill")],
)
def test_reshape_refuses_what_does_not_hold_the_numbers_of_a_sample(shape: list[int], text: str) -> None:
    error = refusal("math.reshape", {"x": Sample((2, 3), True)}, shape=shape)
    assert text in str(error)
    assert accepts("math.reshape", {"x": Sample((2, 3), True)}, **error.repairs[0][1])


def test_concatenate_refuses_other_sizes_beside_the_joined_axis() -> None:
    assert "axis 1" in str(refusal("math.concatenate", {"xs": (Sample((2, 3)), Sample((4, 5)))}))
    assert accepts("math.concatenate", {"xs": (Sample((2, 3)), Sample((2, 5), True))})
    assert "number of axes" in str(refusal("math.concatenate", {"xs": (Sample((3,)), Sample((2, 3)))}))


@pytest.mark.parametrize(
    "values",
    [{"start": 5}, {"start": -6}, {"length": 6}, {"start": 3, "length": 3}, {"length": 4, "step": 2}, {"length": 2, "keep_axis": False}],
)
def test_slice_refuses_entries_that_do_not_exist_and_its_repair_works(values: dict[str, Any]) -> None:
    shape = {"x": Sample((5,), True)}
    error = refusal("math.slice", shape, **values)
    assert accepts("math.slice", shape, **{**values, **error.repairs[0][1]})


def test_transpose_needs_two_axes_in_a_sample() -> None:
    assert "two axes" in str(refusal("math.transpose", {"x": Sample((3,), True)}))


def test_one_hot_names_the_class_that_is_too_large() -> None:
    with pytest.raises(NodeError, match="class index 3 is not among 0 … 2"):
        TYPES["math.one_hot"].forward(settings("math.one_hot", classes=3), torch.tensor([0, 3]))


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 1e19, -1e300])
def test_a_number_that_fits_no_index_is_named_and_never_rounded_to_another(number: float) -> None:
    with pytest.raises(NodeError, match=f"^{re.escape(format(number, '.6g'))} cannot become an index$"):
        TYPES["math.to_index"].forward(settings("math.to_index"), torch.tensor([1.0, number], dtype=torch.float64))


def test_standardize_fits_what_scikit_learn_fits() -> None:
    x = numbers(20, 3, low=-5, high=40)
    s = settings("source.standardize", ("x",))
    fitted = TYPES["source.standardize"].fit(s, x)
    y = TYPES["source.standardize"].forward(s, x, fitted["mean"], fitted["scale"])
    np.testing.assert_allclose(y.numpy(), StandardScaler().fit_transform(x.numpy()), rtol=1e-12, atol=1e-12)


def test_standardize_turns_a_constant_column_into_zeros_and_names_it() -> None:
    standardize = TYPES["source.standardize"]
    x = torch.stack([numbers(7), torch.full((7,), 0.1, dtype=torch.float64)], 1)
    s = settings("source.standardize", ("x",))
    fitted = standardize.fit(s, x)
    y = standardize.forward(s, x + 1, fitted["mean"], fitted["scale"])
    assert isinstance(y, torch.Tensor)
    assert torch.equal(y[:, 1], torch.zeros(7, dtype=torch.float64)) and y[:, 0].abs().max() > 0
    assert [str(message) for message in standardize.warnings(s, fitted)] == ["column 2 is constant in the training set and becomes 0"]


def test_standardize_all_together_uses_one_mean_and_one_scale() -> None:
    x = numbers(6, 1, 4, 4)
    s = settings("source.standardize", ("x",), statistics="all together")
    fitted = TYPES["source.standardize"].fit(s, x)
    assert fitted["mean"].item() == pytest.approx(x.numpy().mean(), abs=1e-15)
    assert fitted["scale"].item() == pytest.approx(1 / x.numpy().std(), rel=1e-12)


@pytest.mark.parametrize(
    "kind, bound", [("xavier_uniform", np.sqrt(6 / (300 + 200))), ("kaiming_uniform", np.sqrt(6 / 300)), ("uniform", 0.5)]
)
def test_uniform_initialisations_fill_their_interval(kind: str, bound: float) -> None:
    parameter = TYPES["parameter.parameter"]
    s = settings("parameter.parameter", initialisation=kind, shape=[200, 300], scale=0.5)
    w = parameter.initial(s, "value", (200, 300), torch.Generator().manual_seed(0)).numpy()
    assert abs(w).max() <= bound and abs(w).max() > 0.999 * bound
    assert w.std() == pytest.approx(bound / np.sqrt(3), rel=0.02) and abs(w.mean()) < 0.01 * bound


def test_the_same_generator_seed_draws_the_same_parameter() -> None:
    parameter, s = TYPES["parameter.parameter"], settings("parameter.parameter", initialisation="normal", shape=[5], scale=2.0)
    first, second = (parameter.initial(s, "value", (5,), torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first, second) and first.dtype == torch.float64


def test_a_ragged_parameter_value_is_refused_in_words() -> None:
    with pytest.raises(NodeError, match="different lengths"):
        TYPES["parameter.parameter"].parameter_shapes(settings("parameter.parameter", value=[[1, 2], [3]]))


def test_a_written_exponent_is_a_setting_so_that_negative_bases_have_every_gradient() -> None:
    graph = build("(x - 3)^2", CATALOG, {"x": 1.0}, {})
    power = graph.named("power")
    assert power is not None and graph.setting(power.id, "b") == 2
    assert [graph.nodes[edge.source[0]].name for edge in graph.inputs_of(power.id)] == ["subtract"]


def test_a_sum_shows_in_its_formula_that_it_runs_over_the_batch() -> None:
    spec = TYPES["math.sum"].spec
    assert "n" not in spec.formula_for({"over_batch": False}).replace(r"\sum", "").replace("@x", "")
    assert "n" in spec.formula_for({"over_batch": True}).replace(r"\sum", "")


def test_the_catalog_lists_the_categories_in_library_order_without_torch() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from engine.nodes.catalog import CATALOG; assert 'torch' not in sys.modules\n"
        "print(*[s.category for s in CATALOG.values()])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seen = list(dict.fromkeys(run.stdout.split()))
    assert seen == ["sources", "parameters", "math", "layers", "activations", "losses", "probes"][: len(seen)] or set(seen) < {
        "sources", "parameters", "math", "layers", "activations", "losses", "probes"
    }  # fmt: skip
