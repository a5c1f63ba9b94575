"""What an optimizer declares, and an optimizer at work. No torch at import.

A subclass with a `key` is the declaration: the window reads its class attributes. An instance changes one list of parameters.
The arithmetic is `torch.optim`'s, operation for operation. What is left out is the wrapper around it (hooks, parameter groups, one
tensor after another), which costs a small network more than its forward pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from engine.numerics.lazy import torch
from engine.training.optimizers.derived import evaluate
from engine.training.optimizers.equations import GRADIENT, STEP, THETA, USED, Equation, name_of
from engine.training.optimizers.frame import Frame
from graph.model.settings import filled
from graph.model.spec import Setting, holds
from graph.text.messages import translated

if TYPE_CHECKING:
    from torch import Tensor

    Tensors = list[Tensor]
    Evaluate = Callable[[], tuple[Tensor, Sequence[Tensor]]]
    Hessian = Callable[[], Tensor]

LARGEST_COUNT = 2**53
LARGEST_HESSIAN = 2000
"""Parameters of a network, counted number by number, that an optimizer with second derivatives trains."""


class OptimizerError(ValueError):
    """A hyperparameter or an optimizer that does not exist, or a value out of range."""


@dataclass(frozen=True, slots=True)
class StateVariable:
    """A tensor that is kept for each parameter, or, where it is a `scalar`, a number for all of them.

    `start` is the value it begins with, or the setting that says so. `when`: a condition on settings; it is kept from the first
    step on for which it holds.
    """

    name: str
    start: float | bool | str = 0.0
    when: str = ""
    scalar: bool = False


class Optimizer:
    """One optimizer at work on one list of parameters.

    `t` counts the steps made. `state` holds a list of tensors per remembered name, in the parameters' order, `scalars` the numbers;
    both are read and written by the parameters' names (`state_dict`, `load_state_dict`). Settings may be changed between steps.
    """

    key: ClassVar[str] = ""
    title: ClassVar[str] = ""
    short: ClassVar[str] = ""
    """Short name, where space is limited; the title where empty."""
    order: ClassVar[int] = 100
    """Its place in lists."""
    doc: ClassVar[str] = ""
    settings: ClassVar[tuple[Setting, ...]] = ()
    state_variables: ClassVar[tuple[StateVariable, ...]] = ()
    equations: ClassVar[tuple[Equation, ...]] = ()
    letters: ClassVar[Mapping[str, str]] = {}
    """LaTeX of names in the equations that their spelling does not say."""
    frames: ClassVar[tuple[Frame, ...]] = ()
    """What the step makes of what is remembered, in the terms that many optimizers share; of several the first whose condition holds.
    Empty: nothing is claimed about it."""
    torch_call: ClassVar[str] = ""
    """The same in `torch.optim`, `SGD({0}, lr={lr!r})`; empty where torch does not have it."""
    evaluates_loss: ClassVar[bool] = False
    """Whether a step computes the loss as often as it likes (`minimise`), instead of going along gradients that are given (`step`)."""
    full_batch: ClassVar[bool] = False
    """Whether every step needs the whole training part."""
    needs_hessian: ClassVar[bool] = False
    """Whether a step takes all second derivatives too. Such an optimizer evaluates the loss itself, and trains small networks only."""
    updated = True
    """Whether the last step changed the parameters by the equations; False where its gradients were only added up."""

    # The declaration

    @classmethod
    def setting(cls, name: str) -> Setting | None:
        return next((s for s in cls.settings if s.name == name), None)

    @classmethod
    def with_defaults(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        """Every hyperparameter: the given value where there is one, else the default. Raises OptimizerError."""
        try:
            return filled(cls.settings, given, translated(cls.title))
        except ValueError as wrong:
            raise OptimizerError(str(wrong)) from None

    @classmethod
    def symbols(cls, hyper: Mapping[str, Any]) -> dict[str, float]:
        """The settings that have a letter, by the name it has in the equations."""
        return {name_of(s.symbol): float(hyper[s.name]) for s in cls.settings if s.symbol}

    @classmethod
    def active(cls, hyper: Mapping[str, Any], scalars: Mapping[str, float]) -> list[Equation]:
        """The equations of one step, in order, under these settings and with these numbers remembered before it."""
        values = {**hyper, **scalars}
        return [equation for equation in cls.equations if holds(equation.when, values)]

    @classmethod
    def frame(cls, hyper: Mapping[str, Any], scalars: Mapping[str, float]) -> Frame | None:
        """The frame of a step under these settings and with these numbers remembered before it; None where none is declared."""
        values = {**hyper, **scalars}
        return next((frame for frame in cls.frames if holds(frame.when, values)), None)

    @classmethod
    def formula(cls, given: Mapping[str, Any]) -> tuple[str, ...]:
        """The equations as LaTeX. What is switched off is left out; a number such as 0 for weight decay switches nothing off here."""
        switches = {s.name: given.get(s.name, s.default) for s in cls.settings if s.kind in ("bool", "choice")}
        lines = []
        for equation in cls.equations:
            conditions = [c.strip() for c in equation.when.split(",")]
            asked = [c for c in conditions if c.removeprefix("not ").partition("=")[0] in switches]
            if equation.shown and holds(",".join(asked), switches):
                lines.append(equation.latex(cls.letters))
        return tuple(lines)

    @classmethod
    def torch_code(cls, hyper: Mapping[str, Any], parameters: str) -> str:
        """The call in `torch.optim` that makes the same optimizer; empty where there is none."""
        return cls.torch_call.format(parameters, **hyper)

    @classmethod
    def can_load(cls, memory: Mapping[str, Tensor]) -> bool:
        """Whether it can have remembered this: counts are numbers. What belongs to one parameter is not looked at: what fits is taken."""
        counts = (tensor for name, tensor in memory.items() if "." not in name)
        return all(tensor.dim() == 0 and 0 <= float(tensor) < LARGEST_COUNT for tensor in counts)

    # At work

    def __init__(self, hyper: Mapping[str, Any], parameters: Sequence[Tensor]) -> None:
        self.parameters = list(parameters)
        self.t = 0
        self.state: dict[str, Tensors] = {}
        self.scalars: dict[str, Any] = {r.name: r.start for r in self.state_variables if r.scalar}
        self.set_hyper(hyper)

    def set_hyper(self, hyper: Mapping[str, Any]) -> None:
        """Take effect from the next step. Raises OptimizerError."""
        self.hyper = self.with_defaults(hyper)
        self.lr = float(self.hyper["lr"])
        self.weight_decay = float(self.hyper.get("weight_decay", 0.0))
        for variable in self.state_variables:
            if not variable.scalar and variable.name not in self.state and holds(variable.when, self.hyper):
                self.state[variable.name] = [torch.full_like(p, self._first_value(variable.name)) for p in self.parameters]

    def set_rate(self, rate: float) -> None:
        """Make the coming steps with this learning rate."""
        self.lr = self.hyper["lr"] = rate

    def _first_value(self, name: str) -> float:
        start = next(r.start for r in self.state_variables if r.name == name)
        return float(self.hyper[start] if isinstance(start, str) else start)

    def step(self, gradients: Tensors) -> None:
        """One step along `gradients`, in the parameters' order. Gradients are not changed.

        This is the step that follows the equations, one tensor after another: subclasses make the same one faster.
        """
        self.t += 1
        equations, before = self.active(self.hyper, self.scalars), dict(self.scalars)
        known = self.symbols(self.hyper) | {name: float(value) for name, value in before.items()}
        for i, (parameter, gradient) in enumerate(zip(self.parameters, gradients, strict=True)):
            values: dict[str, Any] = {**known, STEP: float(self.t), THETA: parameter, GRADIENT: gradient, USED: gradient}
            values |= {name: tensors[i] for name, tensors in self.state.items()}
            for equation in equations:
                values[equation.name] = evaluate(equation.tree, values)
            parameter.copy_(values[THETA])
            for name, tensors in self.state.items():
                tensors[i].copy_(values[name])
            self.scalars |= {name: type(old)(values[name]) for name, old in before.items()}

    def minimise(self, evaluate: Evaluate, hessian: Hessian | None = None) -> Tensor:
        """One step, for which `evaluate` computes the loss and its gradients, `hessian` the matrix of all second derivatives.

        Returns the loss before the step.
        """
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
        tensors = {name: tensor.clone() for name, tensor in self.memory(names).items()}
        scalars = {
            name: torch.tensor(value, dtype=None if isinstance(value, bool) else torch.float64) for name, value in self.scalars.items()
        }
        return tensors | {"t": torch.tensor(self.t)} | scalars

    def load_state_dict(self, names: Sequence[str], captured: Mapping[str, Tensor]) -> None:
        """Take over what fits; what is missing or of another shape starts from nothing."""
        for key, tensors in self.state.items():
            for name, tensor in zip(names, tensors, strict=True):
                old = captured.get(f"{key}.{name}")
                if old is not None and old.shape == tensor.shape:
                    tensor.copy_(old)
                else:
                    tensor.fill_(self._first_value(key))
        self.t = int(captured["t"]) if "t" in captured else 0
        for variable in self.state_variables:
            if variable.scalar:
                value = captured.get(variable.name)
                kind = type(variable.start)
                self.scalars[variable.name] = variable.start if value is None else kind(value)

    def _decayed(self, gradients: Tensors) -> Tensors:
        return list(torch._foreach_add(gradients, self.parameters, alpha=self.weight_decay)) if self.weight_decay else gradients
