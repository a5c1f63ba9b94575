"""L-BFGS: torch's own, which backs away from where the loss is not finite, or our own with a line search that can be looked into."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.numerics.lazy import torch
from engine.training.optimizers.base import LARGEST_COUNT, Optimizer
from engine.training.optimizers.equations import Equation
from engine.training.optimizers.searching import RULES, constants
from engine.training.optimizers.settings import learning_rate
from engine.training.optimizers.two_loop import TwoLoop
from graph.model.spec import Setting
from graph.text.messages import _, ngettext

if TYPE_CHECKING:
    from torch import Tensor

    from engine.training.optimizers.base import Evaluate, Hessian, Tensors

HALVINGS = 60
"""How often L-BFGS halves a step that leads to where the loss is not finite."""
PREFIX = "lbfgs."
SEARCHES = {"none": "PyTorch: none", "strong_wolfe": "PyTorch: Wolfe", **RULES}
OF_TORCH = "line_search=none|strong_wolfe"


class _NotFinite(Exception):
    """A trial point where the loss or a gradient is infinite or not a number."""


class Lbfgs(Optimizer):
    """`torch.optim.LBFGS` itself, or with a search of `RULES` our own (`TwoLoop`); the choice of the line search says which.

    It backs away from a trial point that is not finite, where torch's own would go on with NaN: to a line search such a point is
    infinitely high; without one, the step is made again at half the rate. `backed_away` counts these points in the step made last.
    """

    key, title, order = "lbfgs", "L-BFGS", 23
    family = "second"
    doc = (
        "Newton-like steps from the last changes of θ and g (Liu and Nocedal 1989); it keeps 2mn numbers for m pairs and n weights. "
        "With a PyTorch line search, torch.optim.LBFGS itself runs, several iterations a step; with the others our own, one iteration "
        "a step. Always uses the whole training set."
    )
    settings = (
        learning_rate(1.0),
        Setting("line_search", "choice", "strong_wolfe", choices=tuple(SEARCHES), choice_titles=tuple(SEARCHES.values()),
                help="With PyTorch: torch.optim.LBFGS itself, several iterations a step. The others: one iteration a step."),
        Setting("max_iter", "int", 20, 1, 1000, title="Iterations per step", when=OF_TORCH,
                help="How often at most one training step chooses a direction and moves along it."),
        Setting("history_size", "int", 10, 1, 100, title="Pairs remembered",
                help="How many changes of θ and of the gradient the direction is computed from."),
        Setting("tolerance_grad", "float", 1e-7, 0.0, 1.0, title="Stop at |g| below", logarithmic=True, when=OF_TORCH,
                help="A step ends early when every number of the gradient is at most this large."),
        Setting("tolerance_change", "float", 1e-9, 0.0, 1.0, title="Stop at changes below", logarithmic=True, when=OF_TORCH,
                help="A step ends early when the weights or the loss change by no more than this."),
        *constants(0.9),
    )
    equations = (
        Equation("s = θ_next - θ_k"),
        Equation("y = g_next - g_k"),
        Equation("d = -H*g", remark=_("H from the last s and y")),
        Equation("θ = θ + η*d"),
    )
    letters = {"s": "s_k", "y": "y_k", "θ_next": r"\theta_{k+1}", "g_next": "g_{k+1}", "H": "H_k"}
    torch_call = (
        "LBFGS({0}, lr={lr!r}, max_iter={max_iter!r}, history_size={history_size!r}, tolerance_grad={tolerance_grad!r}, "
        "tolerance_change={tolerance_change!r}, line_search_fn={line_search!r})"
    )
    evaluates_loss = full_batch = True
    backed_away = 0
    own: TwoLoop | None = None
    _SCALARS = ("func_evals", "n_iter")
    _LISTS = ("old_dirs", "old_stps", "ro")

    @classmethod
    def torch_code(cls, hyper: Mapping[str, Any], parameters: str) -> str:
        return "" if hyper["line_search"] in RULES else super().torch_code({**hyper, "line_search": _line_search(hyper)}, parameters)

    @classmethod
    def can_load(cls, memory: Mapping[str, Tensor]) -> bool:
        """Nothing that the next iteration needs is missing."""
        held = {name.removeprefix(PREFIX): tensor for name, tensor in memory.items() if name.startswith(PREFIX)}
        if not super().can_load(memory) or "prev_flat_grad" not in held:  # before its first move there is nothing
            return super().can_load(memory)
        flat = held["prev_flat_grad"].shape
        shapes = {"d": flat, "prev_flat_grad": flat} | dict.fromkeys(("t", "H_diag", "prev_loss", *cls._SCALARS), torch.Size())
        for i in range(sum(name.startswith("old_dirs.") for name in held)):
            shapes |= {f"old_dirs.{i}": flat, f"old_stps.{i}": flat, f"ro.{i}": torch.Size()}
        fits = {name: tensor.shape for name, tensor in held.items()} == shapes
        return fits and all(0 <= float(held[name]) < LARGEST_COUNT for name in cls._SCALARS)

    def set_hyper(self, hyper: Mapping[str, Any]) -> None:
        super().set_hyper(hyper)
        if self.hyper["line_search"] in RULES:
            self.own = TwoLoop(self.hyper, self.parameters) if self.own is None else self.own
            self.own.set_hyper(self.hyper)
            return
        old, self.own = getattr(self, "inner", None), None
        self.inner = torch.optim.LBFGS(
            self.parameters, lr=self.lr, max_iter=self.hyper["max_iter"], history_size=self.hyper["history_size"],
            tolerance_grad=self.hyper["tolerance_grad"], tolerance_change=self.hyper["tolerance_change"],
            line_search_fn=_line_search(self.hyper),
        )  # fmt: skip
        if old is not None and old.param_groups[0]["history_size"] == self.hyper["history_size"]:
            self.inner.state.update(old.state)

    def set_rate(self, rate: float) -> None:
        super().set_rate(rate)
        if self.own is not None:
            return self.own.set_rate(rate)
        self.inner.param_groups[0]["lr"] = rate

    def minimise(self, evaluate: Evaluate, hessian: Hessian | None = None) -> Tensor:
        """One step: up to `max_iter` iterations. Returns the loss before it."""
        self.t += 1
        if self.own is not None:
            loss = self.own.minimise(evaluate)
            self.tried = self.own.tried
            self.backed_away = sum(search.backed_away for search in self.tried)
            return loss
        self.backed_away = 0
        begun = self._start(evaluate)
        if not _finite(begun):
            return begun[0]
        searches, known = self.hyper["line_search"] != "none", [begun]

        def closure() -> Tensor:
            loss, gradients = known.pop() if known else evaluate()
            if not _finite((loss, gradients)):
                self.backed_away += 1
                if not searches:
                    raise _NotFinite
                loss, gradients = torch.full_like(loss, math.inf), [torch.full_like(g, math.nan) for g in gradients]
            for parameter, gradient in zip(self.parameters, gradients, strict=True):
                parameter.grad = gradient.contiguous()
            return loss

        if searches:
            return self._inner_step(closure)
        names, before = [str(i) for i in range(len(self.parameters))], [p.clone() for p in self.parameters]
        memory, group = self.state_dict(names), self.inner.param_groups[0]
        try:
            for _trial in range(HALVINGS):
                try:
                    return self._inner_step(closure)
                except _NotFinite:
                    for parameter, value in zip(self.parameters, before, strict=True):
                        parameter.copy_(value)
                    self.load_state_dict(names, memory)
                    group["lr"] /= 2
                    known.append(begun)
        finally:
            group["lr"] = self.lr
        return begun[0]

    def _inner_step(self, closure: Callable[[], Tensor]) -> Tensor:
        loss: Tensor = self.inner.step(closure)  # type: ignore[no-untyped-call]
        return loss

    def _start(self, evaluate: Evaluate) -> tuple[Tensor, Sequence[Tensor]]:
        """Loss and gradients where this step begins. If the last iteration overshot, its step is halved until the loss is finite."""
        evaluated, state = evaluate(), self.inner.state[self.parameters[0]]
        for _trial in range(HALVINGS):
            if _finite(evaluated) or state.get("d") is None:
                break
            self.backed_away += 1
            half = float(state["t"]) / 2
            moves = torch.split(state["d"] * -half, [p.numel() for p in self.parameters])
            for parameter, move in zip(self.parameters, moves, strict=True):
                parameter.add_(move.view_as(parameter))
            state["t"] = half
            evaluated = evaluate()
        return evaluated

    def step(self, gradients: Tensors) -> None:
        raise TypeError("L-BFGS evaluates the objective itself; call minimise")

    def step_note(self, before: Mapping[str, Tensor], after: Mapping[str, Tensor]) -> str:
        if self.own is not None:
            return f"{_('This is one iteration of our own L-BFGS.')} {self.own.step_note(before, after)}"
        tried, begun = after.get(f"{PREFIX}func_evals"), before.get(f"{PREFIX}func_evals")
        count = int(tried) - int(begun or 0) if tried is not None else 0
        notes = [_("One step of torch.optim.LBFGS runs several iterations; d is their sum.")]
        notes.append(ngettext("It evaluated the loss once.", "It evaluated the loss {count} times.", count).format(count=count))
        if away := self.backed_away:
            notes.append(ngettext(
                "It backed away from one point where the loss is not finite.",
                "It backed away from {count} points where the loss is not finite.", away,
            ).format(count=away))  # fmt: skip
        return " ".join(notes)

    def memory(self, names: Sequence[str]) -> dict[str, Tensor]:
        if self.own is not None:
            return self.own.memory(names)
        held = self.inner.state[self.parameters[0]]
        tensors = {f"{PREFIX}{key}": held[key] for key in ("d", "prev_flat_grad") if isinstance(held.get(key), torch.Tensor)}
        return tensors | {f"{PREFIX}old_dirs.{i}": t for i, t in enumerate(held.get("old_dirs") or ())}

    def state_dict(self, names: Sequence[str]) -> dict[str, Tensor]:
        if self.own is not None:
            return self.own.state_dict(names) | {"t": torch.tensor(self.t)}
        tensors: dict[str, Tensor] = {"t": torch.tensor(self.t)}
        for key, value in self.inner.state[self.parameters[0]].items():
            if key in self._LISTS:
                tensors |= {f"{PREFIX}{key}.{i}": torch.as_tensor(item).clone() for i, item in enumerate(value or ())}
            elif key != "al" and value is not None:  # `al` is scratch space: written before it is read
                tensors[f"{PREFIX}{key}"] = value.clone() if isinstance(value, torch.Tensor) else torch.tensor(value, dtype=torch.float64)
        return tensors

    def load_state_dict(self, names: Sequence[str], captured: Mapping[str, Tensor]) -> None:
        self.t = int(captured["t"]) if "t" in captured else 0
        if self.own is not None:
            return self.own.load_state_dict(names, captured)
        state = self.inner.state[self.parameters[0]]
        state.clear()
        size = sum(p.numel() for p in self.parameters)
        before = captured.get(f"{PREFIX}prev_flat_grad")
        if before is None or before.numel() != size:
            return
        for key in ("d", "prev_flat_grad", "t", "H_diag", "prev_loss", *self._SCALARS):
            value = captured[f"{PREFIX}{key}"]
            state[key] = int(value) if key in self._SCALARS else float(value) if key == "prev_loss" else value.clone()
        for key in self._LISTS:
            count = sum(1 for name in captured if name.startswith(f"{PREFIX}{key}."))
            state[key] = [captured[f"{PREFIX}{key}.{i}"].clone() for i in range(count)]


def _line_search(hyper: Mapping[str, Any]) -> str | None:
    """torch's word for it."""
    return None if hyper["line_search"] == "none" else str(hyper["line_search"])


def _finite(evaluated: tuple[Tensor, Sequence[Tensor]]) -> bool:
    loss, gradients = evaluated
    return all(bool(torch.isfinite(tensor).all()) for tensor in (loss, *gradients))
