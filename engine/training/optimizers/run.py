"""The optimizers' steps, in place on lists of tensors.

The arithmetic is `torch.optim`'s, operation for operation, and is tested against it. What is left out is the wrapper around it
(hooks, parameter groups, one tensor after another), which costs a small network more than its forward pass.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor

from engine.training.optimizers.specs import OptimizerSpec, optimizer

HALVINGS = 60
"""How often L-BFGS halves a step that leads to where the loss is not finite."""

Tensors = list[Tensor]
Evaluate = Callable[[], tuple[Tensor, Sequence[Tensor]]]


class Stepper:
    """One optimizer at work on one list of parameters.

    `t` counts the steps made. `state` holds a list of tensors per remembered name, in the parameters' order; it can be captured
    and restored by the parameters' names. `hyper` may be changed between steps.
    """

    remembers: ClassVar[tuple[str, ...]] = ()
    evaluates_loss: ClassVar[bool] = False
    """Whether a step computes the loss as often as it likes (`minimise`), instead of going along gradients that are given (`step`)."""

    def __init__(self, spec: OptimizerSpec, hyper: Mapping[str, Any], parameters: Sequence[Tensor]) -> None:
        self.spec = spec
        self.parameters = list(parameters)
        self.t = 0
        self.state: dict[str, Tensors] = {name: [torch.zeros_like(p) for p in parameters] for name in self.remembers}
        self.set_hyper(hyper)

    def set_hyper(self, hyper: Mapping[str, Any]) -> None:
        """Take effect from the next step. Raises OptimizerError."""
        self.hyper = self.spec.hyper(hyper)
        self.lr = float(self.hyper["lr"])
        self.weight_decay = float(self.hyper.get("weight_decay", 0.0))

    def step(self, gradients: Tensors) -> None:
        """One step along `gradients`, in the parameters' order. Gradients are not changed."""
        raise NotImplementedError

    def minimise(self, evaluate: Evaluate) -> Tensor:
        """One step, for which `evaluate` computes the loss and its gradients. Returns the loss before the step."""
        loss, gradients = evaluate()
        self.step(list(gradients))
        return loss

    def gradients_used(self, gradients: Tensors) -> Tensors:
        """What the last step went along when it was given `gradients`."""
        return gradients

    def step_note(self, before: Mapping[str, Tensor], after: Mapping[str, Tensor]) -> str:
        """What there is to say about the last step, in words; `before` and `after` are what was remembered around it."""
        return ""

    def memory(self, names: Sequence[str]) -> dict[str, Tensor]:
        """The tensors that are remembered, themselves: `m.<parameter name>`."""
        return {f"{key}.{name}": t for key, tensors in self.state.items() for name, t in zip(names, tensors, strict=True)}

    def state_dict(self, names: Sequence[str]) -> dict[str, Tensor]:
        """Copies of all that is remembered, as `m.<parameter name>`, and scalars."""
        found = {f"{key}.{name}": t.clone() for key, tensors in self.state.items() for name, t in zip(names, tensors, strict=True)}
        return found | {"t": torch.tensor(self.t)}

    def load_state_dict(self, names: Sequence[str], captured: Mapping[str, Tensor]) -> None:
        """Take over what fits; what is missing or of another shape starts from nothing."""
        for key, tensors in self.state.items():
            for name, tensor in zip(names, tensors, strict=True):
                old = captured.get(f"{key}.{name}")
                if old is not None and old.shape == tensor.shape:
                    tensor.copy_(old)
                else:
                    self._forget(key, tensor)
        self.t = int(captured["t"]) if "t" in captured else 0

    def _forget(self, key: str, tensor: Tensor) -> None:
        tensor.zero_()

    def _decayed(self, gradients: Tensors) -> Tensors:
        return list(torch._foreach_add(gradients, self.parameters, alpha=self.weight_decay)) if self.weight_decay else gradients


class Sgd(Stepper):
    def step(self, gradients: Tensors) -> None:
        self.t += 1
        torch._foreach_add_(self.parameters, self._decayed(gradients), alpha=-self.lr)


class Momentum(Stepper):
    """PyTorch's rule in every corner: without momentum nothing is remembered and dampening has no effect; memory begins with m = g."""

    remembers = ("m",)
    nesterov: ClassVar[bool] = False
    _begun = False
    """Whether `m` holds anything yet."""

    def set_hyper(self, hyper: Mapping[str, Any]) -> None:
        super().set_hyper(hyper)
        self.momentum = float(self.hyper["momentum"])
        self.dampening = float(self.hyper.get("dampening", 0.0))

    def step(self, gradients: Tensors) -> None:
        self.t += 1
        move = g = self._decayed(gradients)
        if self.momentum:
            m = self.state["m"]
            torch._foreach_mul_(m, self.momentum)
            torch._foreach_add_(m, g, alpha=1.0 - self.dampening if self._begun else 1.0)
            self._begun = True
            move = list(torch._foreach_add(g, m, alpha=self.momentum)) if self.nesterov else m
        torch._foreach_add_(self.parameters, move, alpha=-self.lr)

    def state_dict(self, names: Sequence[str]) -> dict[str, Tensor]:
        return super().state_dict(names) | {"begun": torch.tensor(self._begun)}

    def load_state_dict(self, names: Sequence[str], captured: Mapping[str, Tensor]) -> None:
        super().load_state_dict(names, captured)
        self._begun = bool(captured["begun"]) if "begun" in captured else self.t > 0


class Nesterov(Momentum):
    nesterov = True


class AdaGrad(Stepper):
    remembers = ("r",)

    def __init__(self, spec: OptimizerSpec, hyper: Mapping[str, Any], parameters: Sequence[Tensor]) -> None:
        super().__init__(spec, hyper, parameters)
        for tensor in self.state["r"]:
            self._forget("r", tensor)

    def _forget(self, key: str, tensor: Tensor) -> None:
        tensor.fill_(float(self.hyper["initial_accumulator_value"]))

    def step(self, gradients: Tensors) -> None:
        self.t += 1
        g, r = self._decayed(gradients), self.state["r"]
        torch._foreach_addcmul_(r, g, g, 1.0)
        divisor = torch._foreach_sqrt(r)
        torch._foreach_add_(divisor, self.hyper["eps"])
        torch._foreach_addcdiv_(self.parameters, g, divisor, -self.lr / (1 + (self.t - 1) * self.hyper["lr_decay"]))


class RmsProp(Stepper):
    remembers = ("r", "m", "a")

    def step(self, gradients: Tensors) -> None:
        self.t += 1
        hyper, g = self.hyper, self._decayed(gradients)
        r, m, a = self.state["r"], self.state["m"], self.state["a"]
        torch._foreach_mul_(r, hyper["alpha"])
        torch._foreach_addcmul_(r, g, g, 1 - hyper["alpha"])
        if hyper["centered"]:
            torch._foreach_lerp_(a, g, 1 - hyper["alpha"])
            divisor = torch._foreach_sqrt(torch._foreach_addcmul(r, a, a, -1.0))
        else:
            divisor = torch._foreach_sqrt(r)
        torch._foreach_add_(divisor, hyper["eps"])
        if hyper["momentum"]:
            torch._foreach_mul_(m, hyper["momentum"])
            torch._foreach_addcdiv_(m, g, divisor, 1.0)
            torch._foreach_add_(self.parameters, m, alpha=-self.lr)
        else:
            torch._foreach_addcdiv_(self.parameters, g, divisor, -self.lr)


class Adadelta(Stepper):
    remembers = ("r", "s")

    def step(self, gradients: Tensors) -> None:
        self.t += 1
        rho, eps = self.hyper["rho"], self.hyper["eps"]
        g, r, s = self._decayed(gradients), self.state["r"], self.state["s"]
        torch._foreach_mul_(r, rho)
        torch._foreach_addcmul_(r, g, g, 1 - rho)
        divisor = torch._foreach_sqrt(torch._foreach_add(r, eps))
        d = torch._foreach_sqrt(torch._foreach_add(s, eps))
        torch._foreach_div_(d, divisor)
        torch._foreach_mul_(d, g)
        torch._foreach_mul_(s, rho)
        torch._foreach_addcmul_(s, d, d, 1 - rho)
        torch._foreach_add_(self.parameters, d, alpha=-self.lr)


class Adam(Stepper):
    remembers = ("m", "r", "largest")
    decoupled: ClassVar[bool] = False

    def __init__(self, spec: OptimizerSpec, hyper: Mapping[str, Any], parameters: Sequence[Tensor]) -> None:
        super().__init__(spec, hyper, parameters)
        if not self.hyper["amsgrad"]:
            del self.state["largest"]

    def set_hyper(self, hyper: Mapping[str, Any]) -> None:
        super().set_hyper(hyper)
        self.beta1, self.beta2, self.eps = (float(self.hyper[name]) for name in ("beta1", "beta2", "eps"))
        self.amsgrad = bool(self.hyper["amsgrad"])
        if self.amsgrad and "largest" not in self.state:
            self.state["largest"] = [torch.zeros_like(p) for p in self.parameters]

    def step(self, gradients: Tensors) -> None:
        self.t += 1
        if self.decoupled:
            g = gradients
            if self.weight_decay:
                torch._foreach_mul_(self.parameters, 1 - self.lr * self.weight_decay)
        else:
            g = self._decayed(gradients)
        m, r = self.state["m"], self.state["r"]
        torch._foreach_lerp_(m, g, 1 - self.beta1)
        torch._foreach_mul_(r, self.beta2)
        torch._foreach_addcmul_(r, g, g, 1 - self.beta2)
        if self.amsgrad:
            torch._foreach_maximum_(self.state["largest"], r)
            r = self.state["largest"]
        divisor = torch._foreach_sqrt(r)
        torch._foreach_div_(divisor, math.sqrt(1 - self.beta2**self.t))
        torch._foreach_add_(divisor, self.eps)
        torch._foreach_addcdiv_(self.parameters, m, divisor, -self.lr / (1 - self.beta1**self.t))


class AdamW(Adam):
    decoupled = True


class NAdam(Stepper):
    remembers = ("m", "r")

    def __init__(self, spec: OptimizerSpec, hyper: Mapping[str, Any], parameters: Sequence[Tensor]) -> None:
        super().__init__(spec, hyper, parameters)
        self.product = 1.0

    def _mu(self, t: int) -> float:
        return float(self.hyper["beta1"] * (1 - 0.5 * 0.96 ** (t * self.hyper["momentum_decay"])))

    def step(self, gradients: Tensors) -> None:
        self.t += 1
        g, m, r, beta2 = self._decayed(gradients), self.state["m"], self.state["r"], self.hyper["beta2"]
        mu, following = self._mu(self.t), self._mu(self.t + 1)
        self.product *= mu
        torch._foreach_lerp_(m, g, 1 - self.hyper["beta1"])
        torch._foreach_mul_(r, beta2)
        torch._foreach_addcmul_(r, g, g, 1 - beta2)
        divisor = torch._foreach_sqrt(torch._foreach_div(r, 1 - beta2**self.t))
        torch._foreach_add_(divisor, self.hyper["eps"])
        torch._foreach_addcdiv_(self.parameters, g, divisor, -self.lr * (1 - mu) / (1 - self.product))
        torch._foreach_addcdiv_(self.parameters, m, divisor, -self.lr * following / (1 - self.product * following))

    def state_dict(self, names: Sequence[str]) -> dict[str, Tensor]:
        return super().state_dict(names) | {"product": torch.tensor(self.product, dtype=torch.float64)}

    def load_state_dict(self, names: Sequence[str], captured: Mapping[str, Tensor]) -> None:
        super().load_state_dict(names, captured)
        self.product = float(captured["product"]) if "product" in captured else 1.0


class _NotFinite(Exception):
    """A trial point where the loss or a gradient is infinite or not a number."""


class Lbfgs(Stepper):
    """`torch.optim.LBFGS` itself; it asks for the loss and gradients as often as it needs them.

    It backs away from a trial point that is not finite, where torch's own would go on with NaN: to a line search such a point is
    infinitely high; without one, the step is made again at half the rate. `backed_away` counts these points in the step made last.
    """

    evaluates_loss = True
    backed_away = 0
    _SCALARS = ("func_evals", "n_iter")
    _LISTS = ("old_dirs", "old_stps", "ro")

    def set_hyper(self, hyper: Mapping[str, Any]) -> None:
        super().set_hyper(hyper)
        old = getattr(self, "inner", None)
        search = self.hyper["line_search"]
        self.inner = torch.optim.LBFGS(
            self.parameters, lr=self.lr, max_iter=self.hyper["max_iter"], history_size=self.hyper["history_size"],
            tolerance_grad=self.hyper["tolerance_grad"], tolerance_change=self.hyper["tolerance_change"],
            line_search_fn=None if search == "none" else search,
        )  # fmt: skip
        if old is not None and old.param_groups[0]["history_size"] == self.hyper["history_size"]:
            self.inner.state.update(old.state)

    def minimise(self, evaluate: Evaluate) -> Tensor:
        """One step: up to `max_iter` iterations. Returns the loss before it."""
        self.t += 1
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
            for _ in range(HALVINGS):
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
        found, state = evaluate(), self.inner.state[self.parameters[0]]
        for _ in range(HALVINGS):
            if _finite(found) or state.get("d") is None:
                break
            self.backed_away += 1
            half = float(state["t"]) / 2
            moves = torch.split(state["d"] * -half, [p.numel() for p in self.parameters])
            for parameter, move in zip(self.parameters, moves, strict=True):
                parameter.add_(move.view_as(parameter))
            state["t"] = half
            found = evaluate()
        return found

    def step(self, gradients: Tensors) -> None:
        raise TypeError("L-BFGS evaluates the objective itself; call minimise")

    def step_note(self, before: Mapping[str, Tensor], after: Mapping[str, Tensor]) -> str:
        tried, begun = after.get("lbfgs.func_evals"), before.get("lbfgs.func_evals")
        count = int(tried) - int(begun or 0) if tried is not None else 0
        text = f"One step of L-BFGS makes several of its iterations; d is all of them together. It evaluated the loss {count} times."
        if self.backed_away:
            text += f" It backed away from {self.backed_away} points where the loss is not finite."
        return text

    def memory(self, names: Sequence[str]) -> dict[str, Tensor]:
        held = self.inner.state[self.parameters[0]]
        found = {f"lbfgs.{key}": held[key] for key in ("d", "prev_flat_grad") if isinstance(held.get(key), Tensor)}
        return found | {f"lbfgs.old_dirs.{i}": t for i, t in enumerate(held.get("old_dirs") or ())}

    def state_dict(self, names: Sequence[str]) -> dict[str, Tensor]:
        found: dict[str, Tensor] = {"t": torch.tensor(self.t)}
        for key, value in self.inner.state[self.parameters[0]].items():
            if key in self._LISTS:
                found |= {f"lbfgs.{key}.{i}": torch.as_tensor(item).clone() for i, item in enumerate(value or ())}
            elif key != "al" and value is not None:  # `al` is scratch space: written before it is read
                found[f"lbfgs.{key}"] = value.clone() if isinstance(value, Tensor) else torch.tensor(value, dtype=torch.float64)
        return found

    def load_state_dict(self, names: Sequence[str], captured: Mapping[str, Tensor]) -> None:
        self.t = int(captured["t"]) if "t" in captured else 0
        state = self.inner.state[self.parameters[0]]
        state.clear()
        size = sum(p.numel() for p in self.parameters)
        before = captured.get("lbfgs.prev_flat_grad")
        if before is None or before.numel() != size:
            return
        for key in ("d", "prev_flat_grad", "t", "H_diag", "prev_loss", *self._SCALARS):
            value = captured[f"lbfgs.{key}"]
            state[key] = int(value) if key in self._SCALARS else float(value) if key == "prev_loss" else value.clone()
        for key in self._LISTS:
            count = sum(1 for name in captured if name.startswith(f"lbfgs.{key}."))
            state[key] = [captured[f"lbfgs.{key}.{i}"].clone() for i in range(count)]


def _finite(found: tuple[Tensor, Sequence[Tensor]]) -> bool:
    loss, gradients = found
    return all(bool(torch.isfinite(tensor).all()) for tensor in (loss, *gradients))


_STEPPERS: dict[str, type[Stepper]] = {
    "sgd": Sgd, "momentum": Momentum, "nesterov": Nesterov, "adagrad": AdaGrad, "rmsprop": RmsProp, "adadelta": Adadelta,
    "adam": Adam, "adamw": AdamW, "nadam": NAdam, "lbfgs": Lbfgs,
}  # fmt: skip


def stepper(key: str, hyper: Mapping[str, Any], parameters: Sequence[Tensor]) -> Stepper:
    """The optimizer `key` at work on `parameters`, which it changes in place. Raises OptimizerError."""
    return _STEPPERS[key](optimizer(key), hyper, parameters)
