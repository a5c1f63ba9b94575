"""What the instruments say of a step, against torch and NumPy by hand: autograd on a copy of the network, one sample at a time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.learned.instruments import BINS, Observe, Observed
from engine.learned.instruments.histograms import histogram
from engine.learned.instruments.history import History
from engine.learned.instruments.observing import observe
from engine.learned.instruments.parabola import fitted
from engine.numerics.job import finished
from engine.training.model import Model
from engine.training.run import Run
from graph.model.graph import Graph
from tests.support.networks import network, product, tanh_net

LAYERS = ("hidden", "tanh", "out", "loss")


def observed(run: Run, layers: tuple[str, ...] = LAYERS) -> Observed:
    answer = finished(observe(ExplainContext(run.model, run), Observe(layers, 3, 4)))
    assert isinstance(answer, Observed)
    return answer


def trained(graph: Graph, steps: int) -> Run:
    run = Run(Model(graph)).prepare()
    run.train(max_steps=steps)
    return run


class ByHand:
    """The same network in torch, with the mini-batch of the coming step."""

    def __init__(self, run: Run) -> None:
        self.net = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 2)).double()
        self.load(run)
        rows = run.coming_rows()
        self.x, self.y = run.model.feeds.train["data", "x"][rows], run.model.feeds.train["data", "target"][rows]

    def load(self, run: Run) -> None:
        state = run.model.state.parameters
        names = {"0.weight": "hidden.W", "0.bias": "hidden.b", "2.weight": "out.W", "2.bias": "out.b"}
        self.net.load_state_dict({name: state[mine] for name, mine in names.items()})

    def weights(self) -> torch.Tensor:
        return torch.cat([p.detach().reshape(-1) for p in self.net.parameters()])

    def each(self) -> tuple[np.ndarray, np.ndarray]:
        """(N,) losses and (N, P) gradients."""
        losses, gradients = [], []
        for x, y in zip(self.x, self.y, strict=True):
            loss = nn.functional.cross_entropy(self.net(x[None]), y[None])
            gradients.append(torch.cat([g.reshape(-1) for g in torch.autograd.grad(loss, list(self.net.parameters()))]).numpy())
            losses.append(loss.item())
        return np.array(losses), np.array(gradients)


def alpha_of_cockpit(t: float, fs: list[float], dfs: list[float], fs_var: list[float], dfs_var: list[float]) -> float:
    """Transcribed from cockpit/quantities/alpha.py: `_fit_quadratic` and `_get_alpha`."""
    phi = np.array([[1, 0, 0], [1, t, t**2], [0, 1, 0], [0, 1, 2 * t]]).T
    precision = np.linalg.inv(np.diag(fs_var + dfs_var))
    mu = np.linalg.inv(phi @ precision @ phi.T) @ phi @ precision @ (fs + dfs)
    return -1.0 if mu[2] < 0 else float(2 * t / (-mu[1] / mu[2]) - 1)


@pytest.mark.parametrize("training", [{}, {"optimizer": "momentum", "hyper": {"lr": 0.3}}, {"optimizer": "adam", "hyper": {"lr": 0.05}}])
def test_alpha_signal_to_noise_and_norm_test_are_those_of_the_samples_own_gradients(training: dict) -> None:  # type: ignore[type-arg]
    run = trained(tanh_net(**training), 7)
    now, hand = observed(run), ByHand(run)
    losses, gradients = hand.each()
    start, count = hand.weights(), len(losses)
    run.train(max_steps=1)
    hand.load(run)
    way = (hand.weights() - start).numpy()
    after, gradients_after = hand.each()
    length = float(np.linalg.norm(way))
    slopes, slopes_after = gradients @ way / length, gradients_after @ way / length

    assert now.parabola is not None and now.noise is not None and now.step == 7 and (now.structure, now.revision) == (3, 4)
    np.testing.assert_allclose(now.parabola.losses, [losses.mean(), after.mean()], rtol=1e-10)
    np.testing.assert_allclose(now.parabola.slopes, np.array([slopes.mean(), slopes_after.mean()]) * length, rtol=1e-9)
    expected = alpha_of_cockpit(length, [losses.mean(), after.mean()], [slopes.mean(), slopes_after.mean()],
                                [losses.var(ddof=1), after.var(ddof=1)], [slopes.var(ddof=1), slopes_after.var(ddof=1)])  # fmt: skip
    assert now.parabola.alpha == pytest.approx(expected, rel=1e-8)
    mean, variance = gradients.mean(0), gradients.var(0)
    assert (now.noise.samples, now.noise.batch) == (count, count)
    assert now.noise.gsnr == pytest.approx((mean**2 / (variance + 1e-5)).mean(), rel=1e-10)
    assert now.noise.variance == pytest.approx(variance.mean(), rel=1e-10)
    assert now.noise.error == pytest.approx(np.sqrt(gradients.var(0, ddof=1).sum() / count) / np.linalg.norm(mean), rel=1e-10)


def test_layers_are_counted_by_numpy_and_measured_by_torch() -> None:
    run = trained(tanh_net(), 5)
    now, hand = observed(run), ByHand(run)
    loss = nn.functional.cross_entropy(hand.net(hand.x), hand.y)
    gradients = torch.autograd.grad(loss, list(hand.net.parameters()))
    hidden, tanh, out, end = now.layers
    old = torch.cat([run.model.state.parameters[name].reshape(-1) for name in ("hidden.W", "hidden.b")])
    gradient = torch.cat([g.reshape(-1) for g in gradients[:2]])
    assert hidden.weights is not None and hidden.gradients is not None and hidden.activations is not None
    for counted, values in ((hidden.weights, old), (hidden.gradients, gradient), (hidden.activations, hand.net[0](hand.x))):
        counts, edges = np.histogram(values.detach().numpy(), BINS)
        assert np.array_equal(counted.counts, counts) and (counted.low, counted.high) == pytest.approx((edges[0], edges[-1]), rel=1e-12)
        assert counted.rms == pytest.approx(values.detach().square().mean().sqrt().item(), rel=1e-12)
    assert hidden.gradient_norm == pytest.approx(gradient.norm().item(), rel=1e-10)
    run.train(max_steps=1)
    new = torch.cat([run.model.state.parameters[name].reshape(-1) for name in ("hidden.W", "hidden.b")])
    hand.load(run)
    assert hidden.ratio is not None and hidden.ratio == pytest.approx(0.5 * gradient.norm().item() / (new + 0.5 * gradient).norm().item())
    values = torch.tanh(torch.nn.functional.linear(hand.x, *(old[:8].reshape(4, 2), old[8:]))).numpy()
    assert tanh.activity is not None and tanh.activity.count == (1 - values**2 < 0.02).sum() and tanh.activity.of == values.size
    assert tanh.weights is None and tanh.ratio is None and tanh.gradient_of == "output" and tanh.gradients is not None
    assert out.ratio is not None and end.activations is not None and end.activations.counts.sum() == 1


def test_where_torch_cannot_vectorize_the_program_samples_are_differentiated_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    run = trained(tanh_net(), 7)
    together = observed(run).noise
    monkeypatch.setattr("engine.learned.instruments.per_sample.NUMBERS", 50)  # a few samples at a time
    pieces = observed(run).noise

    def refused(*_arguments: object) -> None:
        raise RuntimeError("no batching rule")

    monkeypatch.setattr(torch.func, "vmap", refused)
    alone = observed(run).noise
    assert together is not None and pieces is not None and alone is not None and together.gsnr > 0
    for noise in (pieces, alone):
        assert (noise.gsnr, noise.error) == pytest.approx((together.gsnr, together.error), rel=1e-12)


def test_observing_changes_nothing_and_training_goes_on_bit_for_bit() -> None:
    """Also in the middle of an observation, whose numbers stay those of its start."""
    alone, run = trained(tanh_net(optimizer="adam", hyper={"lr": 0.05}), 9), trained(tanh_net(optimizer="adam", hyper={"lr": 0.05}), 9)
    at_once = observed(run)
    steps = observe(ExplainContext(run.model, run), Observe(LAYERS))
    answer = None
    while answer is None:
        try:
            next(steps)
            run.train(max_steps=1)
            alone.train(max_steps=1)
        except StopIteration as end:
            answer = end.value
    assert run.model.state.step > 10 and answer.parabola == at_once.parabola and answer.noise == at_once.noise
    for name, tensor in alone.model.state.parameters.items():
        assert torch.equal(tensor, run.model.state.parameters[name])


def test_a_step_along_a_parabola_knows_where_it_ended() -> None:
    """f = (w − 3)²: the learning rate 0.5 goes to the minimum, 0.25 half the way, 1 as far on the other side."""
    for rate, alpha in ((0.5, 0.0), (0.25, -0.5), (1.0, 1.0)):
        nodes = {"w": ("parameter.parameter", {"value": 5.0}), "three": ("source.constant", {"value": 3.0}), "d": ("math.subtract", {}),
                 "f": ("math.square", {})}  # fmt: skip
        graph = network(nodes, "w -> d.a; three -> d.b; d -> f.x", optimizer="sgd", hyper={"lr": rate}, steps=100)
        now = observed(Run(Model(graph)).prepare(), ("w",))
        assert now.parabola is not None and now.parabola.alpha == pytest.approx(alpha, abs=1e-12)
        assert now.noise is None and "two samples" in now.no_noise
        assert now.layers[0].gradient_norm == pytest.approx(4.0) and now.layers[0].ratio == pytest.approx(rate * 4 / 5)


def test_the_fit_copes_with_no_step_no_minimum_and_no_numbers() -> None:
    assert fitted(0.0, (1.0, 1.0), (0.0, 0.0), None).alpha is None
    assert fitted(1.0, (1.0, 0.0), (-0.5, -1.5), None).alpha == -1.0
    assert fitted(1.0, (1.0, float("nan")), (-1.0, -1.0), None).alpha is None
    tiny = fitted(1e-9, (1.0, 1.0 - 5e-10), (-1.0, 0.0), ((0.0, 0.0), (0.0, 0.0)))
    assert tiny.alpha == pytest.approx(0.0, abs=1e-3)


def test_where_samples_are_mixed_the_reason_is_given_and_the_rest_is_there() -> None:
    nodes = {
        "data": ("source.data", {"dataset": "moons", "samples": 60}), "hidden": ("layer.linear", {"out_features": 4}),
        "norm": ("layer.batch_norm1d", {}), "relu": ("activation.relu", {}), "out": ("layer.linear", {"out_features": 2}),
        "loss": ("loss.cross_entropy", {}),
    }  # fmt: skip
    wires = "data.x -> hidden.x; hidden -> norm.x; norm -> relu.x; relu -> out.x; out -> loss.scores; data.target -> loss.target"
    run = trained(network(nodes, wires, optimizer="sgd", hyper={"lr": 0.1}, epochs=5, batch_size=16), 3)
    now = observed(run, ("hidden", "norm", "relu"))
    assert now.noise is None and "mixes" in now.no_noise and now.parabola is not None and now.parabola.alpha is not None
    assert all(layer.activations is not None for layer in now.layers)


def test_a_large_batch_is_sampled_and_says_so() -> None:
    nodes = {
        "data": ("source.data", {"dataset": "moons", "samples": 800}), "out": ("layer.linear", {"out_features": 2}),
        "loss": ("loss.cross_entropy", {}),
    }  # fmt: skip
    wires = "data.x -> out.x; out -> loss.scores; data.target -> loss.target"
    now = observed(trained(network(nodes, wires, optimizer="sgd", hyper={"lr": 0.1}, epochs=9, batch_size=None), 3), ("out",))
    assert now.noise is not None and now.noise.samples == 256 and now.noise.batch > 500


def test_the_first_step_is_observed_before_anything_is_trained_and_a_graph_without_weights_says_so() -> None:
    model = Model(tanh_net(optimizer="adam", hyper={"lr": 0.05}))
    before = finished(observe(ExplainContext(model), Observe(LAYERS)))
    assert before.step == 0 and before.parabola == observed(Run(Model(tanh_net(optimizer="adam", hyper={"lr": 0.05}))).prepare()).parabola
    with pytest.raises(Unanswerable, match="nothing to train"):
        observe(ExplainContext(Model(product())), Observe())


@pytest.mark.parametrize("values", [[1.0, float("nan"), float("inf"), 2.0], [0.0], [1.7e308, -1.7e308], [1.0, 1.0 + 2.3e-16], [5e-324]])
def test_a_histogram_counts_every_finite_number_and_says_how_many_are_none(values: list[float]) -> None:
    counted = histogram(np.array(values))
    assert counted is not None and counted.counts.sum() == np.isfinite(values).sum() and counted.lost == (~np.isfinite(values)).sum()
    assert histogram(np.array([float("nan")])) is None


def test_a_history_stays_within_its_budget_and_keeps_the_whole_run_and_the_newest() -> None:
    run = trained(tanh_net(), 1)
    first = observed(run)
    history = History(budget=100_000)
    for step in range(1000):
        history.add(replace(first, step=step))
        assert history.bytes <= 100_000 and history.all[-1].step == step
    steps = [o.step for o in history.kept]
    assert steps == list(range(0, 1000, history.stride)) and len(steps) > 5
    history.add(replace(first, step=200))  # the run went back
    assert history.all[-1].step == 200 and max(o.step for o in history.kept) <= 200
    history.add(replace(first, run=5, step=7))
    assert [o.step for o in history.all] == [7] and history.stride == 1
