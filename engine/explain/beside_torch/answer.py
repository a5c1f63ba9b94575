"""An optimizer and torch's own, side by side along the same gradients."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from engine.compile.views import Stamp
from engine.explain.beside_torch import BesideTorch, CompareWithTorch
from engine.explain.context import ExplainContext
from engine.explain.question import Unanswerable
from engine.explain.update.answer import run_beside
from engine.nodes.base import NodeError
from engine.numerics.job import JobReport, Steps
from engine.numerics.threads import threads
from engine.training.compiled import RunError
from engine.training.joint import JointProgram
from engine.training.model import Model
from engine.training.optimizers.base import Optimizer
from engine.training.several import Several
from engine.training.step_conditions import StepConditions
from engine.training.steps import Steps as TrainingSteps
from engine.training.wrapped import Wrapped
from graph.model.goal import Goal
from graph.text.messages import _, translated


class Beside(Wrapped):
    """An optimizer on float64 copies whose steps torch's own makes too; the live parameters follow the first.

    `largest` is the largest difference of the two after any step.
    """

    def __init__(self, inner: Optimizer, live: list[Tensor]) -> None:
        super().__init__(inner)
        self.live, self.largest = live, 0.0
        self.theirs = [p.clone().requires_grad_() for p in inner.parameters]
        self.reference = torch_optimizer(inner, self.theirs)

    def step(self, gradients: list[Tensor]) -> None:
        given = [gradient.double() for gradient in gradients]
        for parameter, gradient in zip(self.theirs, given, strict=True):
            parameter.grad = gradient.clone()
        self.inner.step(given)
        default = torch.get_default_dtype()
        torch.set_default_dtype(torch.float64)  # NAdam keeps its product of momenta in the default one
        try:
            self.reference.step()
        finally:
            torch.set_default_dtype(default)
        for mine, theirs in zip(self.inner.parameters, self.theirs, strict=True):
            apart = float((mine - theirs).abs().max()) if mine.numel() else 0.0
            self.largest = apart if math.isnan(apart) or apart > self.largest else self.largest
        torch._foreach_copy_(self.live, self.inner.parameters)

    def ahead_point(self) -> list[Tensor] | None:
        point = self.inner.ahead_point()
        return None if point is None else [p.to(live) for p, live in zip(point, self.live, strict=True)]


def torch_optimizer(optimizer: Optimizer, parameters: list[Tensor]) -> torch.optim.Optimizer:
    """The optimizer of torch with the settings of this one, in groups where some parameters have no weight decay."""
    call = optimizer.torch_code_beside(optimizer.hyper, "parameters")
    groups = [{"params": [p]} | ({"weight_decay": 0.0} if i in optimizer.undecayed else {}) for i, p in enumerate(parameters)]
    made: torch.optim.Optimizer = eval(f"torch.optim.{call}", {"torch": torch, "parameters": groups})  # declared in our own files
    return made


def compare(context: ExplainContext, job: CompareWithTorch) -> Steps:
    """The job. Raises Unanswerable."""
    try:
        run = context.run or run_beside(context.model)
        conditions, state = run.conditions(), run.capture()
    except RunError as error:
        raise Unanswerable(str(error)) from error
    spec = conditions.optimizer
    name = spec.torch_code_beside(conditions.hyper, "").partition("(")[0] if spec.torch_call else ""
    stamp = Stamp(job.structure, job.revision, job.run, state.step)
    if not name or spec.evaluates_loss:
        text = _("{optimizer} evaluates the loss where it likes: there are no gradients that both could follow.") if name else ""
        return _nothing(BesideTorch(stamp, translated(spec.title), name, why=text.format(optimizer=translated(spec.title))))
    model = Model(run.model.compiled)
    model.seed = conditions.seed
    model.restore(state)
    return _compared(model, conditions, BesideTorch(stamp, translated(spec.title), name), job.steps)


def _nothing(answer: BesideTorch) -> Steps:
    yield JobReport(0, 1)
    return answer


def _compared(model: Model, conditions: StepConditions, answer: BesideTorch, count: int) -> Steps:
    program, made = conditions.program, 0
    with threads(conditions.threads):
        parameters = model.parameters(program)
        live = [parameters[i] for i in program.trainable]
        beside = _beside(conditions, live)
        moving = _several(program, conditions, beside) if isinstance(program, JointProgram) else beside[0]
        steps = TrainingSteps(model)
        steps.bind(program, moving, conditions)
        steps.watched = None
        steps.batches = conditions.batches()
    steps.rates = None
    while made < count:
        with torch.no_grad(), threads(conditions.threads):
            steps.take_place()
            following = steps.next_feeds(steps.batches.lay_out(model.state.epoch), 1)
            try:
                failed = steps.make(following, model.state.step)
            except (RuntimeError, ValueError, IndexError, TypeError, NodeError) as error:
                raise Unanswerable(_("A step cannot be computed; the Problems panel says why.")) from error
            if failed:
                break
            steps.count(model.state.step + 1)
        made += 1
        yield JobReport(made, count)
    if not made:
        return BesideTorch(answer.stamp, answer.title, answer.name, why=_("The loss is not a finite number."))
    apart = [each.largest for each in beside]
    return BesideTorch(answer.stamp, answer.title, answer.name, math.nan if any(map(math.isnan, apart)) else max(apart), made)


def _beside(conditions: StepConditions, live: list[Tensor]) -> list[Beside]:
    """The optimizer on copies of the live parameters; of several objectives, one for each."""
    program, hyper = conditions.program, conditions.hyper
    spans: list[tuple[Goal | None, slice]] = [(None, slice(0, len(live)))]
    if isinstance(program, JointProgram):
        spans = [(member.goal, span) for member, span in program.spans()]
    beside = []
    for goal, span in spans:
        own = hyper if goal is None or goal.rate is None else {**hyper, "lr": goal.rate}
        inner = conditions.optimizer(own, [p.clone().double() for p in live[span]])
        inner.undecayed = frozenset(i - span.start for i in conditions.undecayed)
        beside.append(Beside(inner, live[span]))
    return beside


def _several(program: JointProgram, conditions: StepConditions, beside: list[Beside]) -> Several:
    return Several(beside, [member.goal for member in program.members], conditions.hyper, float(conditions.hyper["lr"]))
