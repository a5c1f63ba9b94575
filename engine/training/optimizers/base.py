"""What an optimizer declares, and an optimizer at work. No torch at import.

A subclass with a `key` is the declaration: the window reads its class attributes. An instance changes one list of parameters.
The arithmetic is `torch.optim`'s, operation for operation. What is left out is the wrapper around it (hooks, parameter groups, one
tensor after another), which costs a small network more than its forward pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from engine.numerics.flat import Flat, filled_like
from engine.numerics.lazy import torch
from engine.numerics.rng import generator
from engine.training.optimizers.derived import carry_out, evaluate
from engine.training.optimizers.edge import StabilityEdge
from engine.training.optimizers.equations import GRADIENT, STEP, THETA, USED, Equation, name_of
from engine.training.optimizers.frame import Frame
from graph.model.settings import filled
from graph.model.spec import Setting, holds
from graph.text.messages import _, translated

if TYPE_CHECKING:
    from torch import Tensor

    from engine.training.optimizers.searches import Search

    Tensors = list[Tensor]
    Evaluate = Callable[[], tuple[Tensor, Sequence[Tensor]]]
    Hessian = Callable[[], Tensor]

AHEAD = "θ_tilde"
"""What the point ahead of θ is called in equations: where one of this name holds, the gradient is taken there."""
PYTORCH = "pytorch"
"""The form that fast steps make and `torch_call` writes; other forms are made by their equations."""
PURPOSE = "an optimizer's step"
"""What its random numbers are for; no node has this id."""
FAMILIES: Mapping[str, str] = {
    "gradient": _("First order"), "adaptive": _("Adaptive rates"), "sign": _("Signs and matrices"), "second": _("Second order"),
    "own": _("Your own"),
}  # fmt: skip
"""Headings of lists of optimizers, in order."""
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


@dataclass(frozen=True, slots=True)
class Given:
    """A name in the equations for what follows from the gradients of all parameters together, or is random (see `Optimizer.given`).

    `code` computes it in an exported program, of all gradients in one row, `flat`; `single`: it is one number for all.
    """

    name: str
    code: str
    single: bool = False


class Optimizer:
    """One optimizer at work on one list of parameters.

    `t` counts the steps made. `state` holds a list of tensors per remembered name, in the parameters' order, `scalars` the numbers;
    both are read and written by the parameters' names (`state_dict`, `load_state_dict`). Settings may be changed between steps.
    """

    key: ClassVar[str] = ""
    title: ClassVar[str] = ""
    short: ClassVar[str] = ""
    """Short name, where space is limited; the title where empty."""
    family: ClassVar[str] = "own"
    """Under which heading of `FAMILIES` it is offered."""
    order: ClassVar[float] = 100
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
    edges: ClassVar[tuple[StabilityEdge, ...]] = ()
    """Up to which curvature its steps are stable; of several the first whose condition holds. Empty: nothing is claimed."""
    form_defaults: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    """Defaults that differ from those of `settings` in a form (see `settings.form`). The learning rate is never among them."""
    torch_call: ClassVar[str] = ""
    """The form `pytorch` in `torch.optim`, `SGD({0}, lr={lr!r})`; empty where torch does not have it."""
    evaluates_loss: ClassVar[bool] = False
    """Whether a step computes the loss as often as it likes (`minimise`), instead of going along gradients that are given (`step`)."""
    follows_equations: ClassVar[bool] = False
    """Whether the equations say all about a step, although it evaluates the loss itself: it takes a second gradient."""
    shift: ClassVar[tuple[str, str] | None] = None
    """Names in the equations: by how much the parameters are shifted for a second gradient, and that gradient."""
    full_batch: ClassVar[bool] = False
    """Whether every step needs the whole training part."""
    needs_hessian: ClassVar[bool] = False
    """Whether a step takes all second derivatives too. Such an optimizer evaluates the loss itself, and trains small networks only."""
    gives: ClassVar[tuple[Given, ...]] = ()
    """What the method `given` computes."""
    fact_code: ClassVar[tuple[str, ...]] = ()
    """Lines that compute the `facts` of a `parameter` in an exported program."""
    random: ClassVar[bool] = False
    """Whether a step draws random numbers: the training loop says before each where they come from (`set_random`)."""
    elementwise: ClassVar[bool] = True
    """Whether every number moves by the equations alone; False where some function looks at a whole tensor (`norm`, `orthogonal`)."""
    decouples: ClassVar[bool] = False
    """Whether weight decay always shrinks the weights beside the gradient, without the setting `decoupled`."""
    undecayed: frozenset[int] = frozenset()
    """Places of the parameters without weight decay."""
    repeats: ClassVar[bool] = False
    """Whether all steps but the first make the same operations with the same numbers while settings and learning rate stay: such steps
    can be recorded on a graphics card and replayed."""
    reads_numbers: ClassVar[bool] = False
    """Whether a step on a graphics card can take from the card's memory what differs from step to step (`numbers`): such steps can be
    recorded whatever the learning rates are."""
    scheduled = False
    """Whether the learning rate may be another one at every step."""
    on_card = False
    """Whether the parameters lie on a graphics card."""
    numbers: Sequence[Any] = ()
    """Scalars on the card in the place of `step_numbers()`, for steps that are recorded; empty for all others."""
    keeps_matrix: ClassVar[bool] = False
    """Whether it remembers a number for every pair of numbers that it trains. Such an optimizer trains small networks only, too."""
    needs_residuals: ClassVar[bool] = False
    """Whether a step takes the residuals of a squared loss and their derivatives. Such an optimizer trains with squared losses only."""
    tried: tuple[Search, ...] = ()
    """What the line searches of the last step tried."""
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
            return filled(cls.settings, {**cls.form_defaults.get(str(given.get("form")), {}), **given}, translated(cls.title))
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
        frame = next((frame for frame in cls.frames if holds(frame.when, values)), None)
        decays = hyper.get("decoupled", cls.decouples) and hyper.get("weight_decay")  # beside the gradient, and so beside the frame
        return replace(frame, exact=False) if frame is not None and decays else frame

    @classmethod
    def edge(cls, hyper: Mapping[str, Any]) -> StabilityEdge | None:
        """Up to which curvature steps with these settings are stable on a quadratic; None where nothing is claimed."""
        return next((edge for edge in cls.edges if holds(edge.when, hyper)), None)

    @classmethod
    def formula(cls, given: Mapping[str, Any]) -> tuple[str, ...]:
        """The equations as LaTeX. What a setting switches off is left out: weight decay that is 0 too."""
        values = {s.name: s.default for s in cls.settings} | dict(cls.form_defaults.get(str(given.get("form")), {})) | dict(given)
        lines = []
        for equation in cls.equations:
            conditions = [c.strip() for c in equation.when.split(",")]
            asked = [c for c in conditions if c.removeprefix("not ").partition("=")[0] in values]
            if equation.shown and holds(",".join(asked), values):
                lines.append(equation.latex(cls.letters))
        return tuple(lines)

    @classmethod
    def looks_ahead(cls, hyper: Mapping[str, Any]) -> bool:
        """Whether the gradient is taken at a point ahead of θ, which an equation names `θ_tilde`."""
        return any(equation.name == AHEAD and holds(equation.when, hyper) for equation in cls.equations)

    @classmethod
    def facts(cls, parameter: Tensor) -> dict[str, float]:
        """What equations and their conditions may know of the shape of a parameter, by name."""
        return {}

    @classmethod
    def fact_names(cls) -> tuple[str, ...]:
        """The names of the facts."""
        return tuple(name for line in cls.fact_code for name in line.partition(" = ")[0].split(", "))

    @classmethod
    def given(cls, gradient: Tensor, hyper: Mapping[str, Any], rng: Any) -> dict[str, Tensor]:
        """What `gives` names, of the gradients of all parameters in one row (numbers,): in the same shape, or one number () for all.

        `rng` is the generator of the step's random numbers.
        """
        return {}

    @classmethod
    def torch_code(cls, hyper: Mapping[str, Any], parameters: str) -> str:
        """The call in `torch.optim` that makes the same optimizer; empty where there is none."""
        decays_otherwise = hyper.get("decoupled") and hyper.get("weight_decay") and "{decoupled!r}" not in cls.torch_call
        return "" if decays_otherwise or hyper.get("form", PYTORCH) != PYTORCH else cls.torch_code_beside(hyper, parameters)

    @classmethod
    def torch_code_beside(cls, hyper: Mapping[str, Any], parameters: str) -> str:
        """The call in `torch.optim` that makes an optimizer of the same name with these settings, whatever the form."""
        return cls.torch_call.format(parameters, **hyper)

    @classmethod
    def can_load(cls, memory: Mapping[str, Tensor]) -> bool:
        """Whether it can have remembered this: counts are numbers. What belongs to one parameter is not looked at: what fits is taken."""
        counts = (tensor for name, tensor in memory.items() if "." not in name)
        return all(tensor.dim() == 0 and 0 <= float(tensor) < LARGEST_COUNT for tensor in counts)

    # At work

    def __init__(self, hyper: Mapping[str, Any], parameters: Sequence[Tensor]) -> None:
        self.parameters = parameters if isinstance(parameters, Flat) else list(parameters)
        self._row = [self.parameters.row] if isinstance(self.parameters, Flat) else None
        self._row_state: dict[str, Tensors] = {}
        self.on_card = bool(self.parameters) and self.parameters[0].is_cuda
        self.t = 0
        self.shared: list[dict[str, Any]] = [{} for _parameter in self.parameters]
        """What the last step was given and knew of each parameter, by its name in the equations (see `given`, `facts`)."""
        self._random: Callable[[str], Any] | None = None
        self.state: dict[str, Tensors] = {}
        self.scalars: dict[str, Any] = {r.name: r.start for r in self.state_variables if r.scalar}
        self.set_hyper(hyper)

    def set_hyper(self, hyper: Mapping[str, Any]) -> None:
        """Take effect from the next step. Raises OptimizerError."""
        self.hyper = self.with_defaults(hyper)
        self.lr = float(self.hyper["lr"])
        self.weight_decay = float(self.hyper.get("weight_decay", 0.0))
        self.decoupled = bool(self.hyper.get("decoupled", self.decouples))
        self.derived = self.hyper.get("form", PYTORCH) != PYTORCH
        self.is_ahead = self.looks_ahead(self.hyper)
        for variable in self.state_variables:
            if not variable.scalar and variable.name not in self.state and holds(variable.when, self.hyper):
                memory = self.state[variable.name] = filled_like(self.parameters, self._first_value(variable.name))
                if isinstance(memory, Flat):
                    self._row_state[variable.name] = [memory.row]

    def set_random(self, key: Callable[[str], Any]) -> None:
        """Take the random numbers of the coming step from here: a generator for each purpose, the same again for the same step."""
        self._random = key

    def set_rate(self, rate: float) -> None:
        """Make the coming steps with this learning rate."""
        self.lr = self.hyper["lr"] = rate

    def schedule(self, scheduled: bool) -> None:
        """Say whether the learning rate may be another one at every step."""
        self.scheduled = scheduled

    def step_numbers(self) -> tuple[float, ...]:
        """What differs from step to step in the arithmetic of step `t` on a graphics card; empty where nothing does."""
        return ()

    def _first_value(self, name: str) -> float:
        start = next(r.start for r in self.state_variables if r.name == name)
        return float(self.hyper[start] if isinstance(start, str) else start)

    def step(self, gradients: Tensors) -> None:
        """One step along `gradients`, in the parameters' order. Gradients are not changed.

        This is the step that follows the equations, one tensor after another: subclasses make the same one faster.
        """
        self.t += 1
        before = dict(self.scalars)
        self.shared = self._shared(gradients)
        for i, (parameter, gradient) in enumerate(zip(self.parameters, gradients, strict=True)):
            hyper = self.hyper_of(i)
            equations = self.active(hyper, before | self.shared[i])
            known = self.symbols(hyper) | {name: float(value) for name, value in before.items()}
            values: dict[str, Any] = {**known, STEP: float(self.t), THETA: parameter, GRADIENT: gradient, USED: gradient}
            values |= {name: tensors[i] for name, tensors in self.state.items()} | self.shared[i]
            carry_out(equations, values)
            parameter.copy_(values[THETA])
            for name, tensors in self.state.items():
                tensors[i].copy_(values[name])
            self.scalars |= {name: type(old)(values[name]) for name, old in before.items()}

    def _shared(self, gradients: Tensors) -> list[dict[str, Any]]:
        """What the coming step is given and knows of each parameter beside its gradient and what is remembered."""
        shared: list[dict[str, Any]] = [dict(self.facts(parameter)) for parameter in self.parameters]
        if not self.gives:
            return shared
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
        for name, value in self.given(flat, self.hyper, self._rng(flat.device)).items():
            parts = torch.split(value, [p.numel() for p in self.parameters]) if value.dim() else (value,) * len(self.parameters)
            for own, part, parameter in zip(shared, parts, self.parameters, strict=True):
                own[name] = part.view_as(parameter) if value.dim() else part
        return shared

    def _rng(self, device: Any) -> Any:
        if not self.random:
            return None
        return generator(0, PURPOSE, self.t, device=device) if self._random is None else self._random(PURPOSE)

    def minimise(self, evaluate: Evaluate, hessian: Hessian | None = None) -> Tensor:
        """One step, for which `evaluate` computes the loss and its gradients, `hessian` the matrix of all second derivatives.

        Returns the loss before the step. A gradient is None where the step does not change the parameter (see `Several`).
        """
        loss, gradients = evaluate()
        if (point := self.ahead_point()) is not None:
            moved = [(p, tensor, p.clone()) for p, tensor, g in zip(self.parameters, point, gradients, strict=True) if g is not None]
            for parameter, tensor, _here in moved:
                parameter.copy_(tensor)
            try:
                gradients = evaluate()[1]
            finally:
                for parameter, _tensor, here in moved:
                    parameter.copy_(here)
        self.step(list(gradients))
        return loss

    def ahead_point(self) -> Tensors | None:
        """Where the gradient of the coming step is taken, in the parameters' order; None where it is taken at the parameters."""
        if not self.is_ahead:
            return None
        equation = next(e for e in self.active(self.hyper, self.scalars) if e.name == AHEAD)
        known = self.symbols(self.hyper) | {name: float(value) for name, value in self.scalars.items()} | {STEP: float(self.t + 1)}
        states = [{name: tensors[i] for name, tensors in self.state.items()} for i in range(len(self.parameters))]
        points = (evaluate(equation.tree, {**known, **state, THETA: p}) for p, state in zip(self.parameters, states, strict=True))
        return [torch.as_tensor(point) for point in points]

    def hyper_of(self, i: int) -> Mapping[str, Any]:
        """The settings for the parameter at this place."""
        return {**self.hyper, "weight_decay": 0.0} if i in self.undecayed else self.hyper

    def gradients_used(self, gradients: Tensors) -> Tensors:
        """What the last step went along when it was given `gradients`."""
        return gradients

    @property
    def added(self) -> tuple[int, int] | None:
        """How many mini-batches of the coming update are added up already, and how many it takes; None where each makes an update."""
        return None

    @property
    def settings_used(self) -> Mapping[str, Any]:
        """The settings, the learning rate among them, that the last step was made with."""
        return self.hyper

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
                start = self.t > 0 if variable.start is False else variable.start  # files from before it was written
                self.scalars[variable.name] = start if value is None else type(variable.start)(value)

    def _rows(self, gradients: Tensors) -> tuple[Tensors, Tensors, Mapping[str, Tensors]]:
        """(parameters, gradients, what is remembered) for the operations of a fast step, which look at every number alone: lists of one
        tensor each where all numbers lie in one row, and so one operation does for all parameters."""
        if self._row is None or not isinstance(gradients, Flat) or (self.undecayed and self.weight_decay):
            return self.parameters, gradients, self.state
        return self._row, [gradients.row], self._row_state

    def _decayed(self, parameters: Tensors, gradients: Tensors, kept: Any = None) -> Tensors:
        """What fast steps begin with: the gradients with the penalty's part, or the decay that is decoupled from them.

        `kept` is the share that a decoupled decay leaves, where it is a scalar on the card.
        """
        if not self.weight_decay:
            return gradients
        if self.undecayed:
            return self._partly_decayed(gradients, kept)
        if self.decoupled:
            torch._foreach_mul_(parameters, 1 - self.lr * self.weight_decay if kept is None else kept)
            return gradients
        return list(torch._foreach_add(gradients, parameters, alpha=self.weight_decay))

    def _partly_decayed(self, gradients: Tensors, kept: Any) -> Tensors:
        changed = [i for i in range(len(self.parameters)) if i not in self.undecayed]
        if self.decoupled:
            if changed:
                share = 1 - self.lr * self.weight_decay if kept is None else kept
                torch._foreach_mul_([self.parameters[i] for i in changed], share)
            return gradients
        decayed = list(gradients)
        for i in changed:
            decayed[i] = torch.add(gradients[i], self.parameters[i], alpha=self.weight_decay)
        return decayed
