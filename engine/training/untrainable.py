"""Which graphs an optimizer cannot train, because it needs more of them than they have or than there is room for."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from engine.compile.program import Program
from engine.training.compiled import RunError
from engine.training.joint import JointProgram
from engine.training.optimizers.base import LARGEST_HESSIAN, Optimizer
from engine.training.residuals import NotSquares, squares
from graph.model.graph import Graph
from graph.model.problem import Problem
from graph.text.messages import Message


def refuse_untrainable(optimizer: type[Optimizer], program: Program, parameters: Sequence[Tensor], graph: Graph) -> None:
    """Raises RunError where this optimizer cannot train these parameters of a program, with the reason."""
    if optimizer.needs_residuals:
        _refuse_other_losses(optimizer, program, graph)
    _refuse_many(optimizer, sum(tensor.numel() for tensor in parameters))
    if optimizer.evaluates_loss and isinstance(program, JointProgram):
        refused = Message(
            "several-objectives-refused",
            "{optimizer} evaluates the loss along its way, so it cannot train several objectives: choose an optimizer that only uses "
            "gradients.",
            optimizer=optimizer.title,
        )  # fmt: skip
        raise RunError([Problem("error", refused)])


def _refuse_many(optimizer: type[Optimizer], count: int) -> None:
    """Second derivatives, or a number for every pair of weights, are refused from a number of weights on."""
    if count <= LARGEST_HESSIAN:
        return
    numbers = {"optimizer": optimizer.title, "most": LARGEST_HESSIAN, "count": count}
    if optimizer.needs_hessian:
        too_many = Message(
            "hessian-too-large",
            "{optimizer} computes all second derivatives: it can train at most {most:,} numbers, but this graph has {count:,}.",
            **numbers,
        )
        raise RunError([Problem("error", too_many)])
    if optimizer.keeps_matrix:
        too_many = Message(
            "matrix-too-large",
            "{optimizer} keeps a number for every pair of weights: it can train at most {most:,} numbers, but this graph has "
            "{count:,}. L-BFGS does the same with little memory.",
            **numbers,
        )
        raise RunError([Problem("error", too_many)])


def _refuse_other_losses(optimizer: type[Optimizer], program: Program, graph: Graph) -> None:
    try:
        squares(program)
    except NotSquares as found:
        other = Message(
            "not-a-sum-of-squares",
            "{optimizer} needs a loss that is a sum of squares: a squared error, or squares added up. Choose BFGS or Newton for any "
            "other loss.",
            optimizer=optimizer.title,
        )  # fmt: skip
        raise RunError([Problem("error", other, (found.node,), about=graph.nodes[found.node].name)]) from None
