"""An update rule that was wired, as a file for PyTorch: the class of the optimizer, and a line that says how to use it."""

from __future__ import annotations

from engine.explain.context import ExplainContext
from engine.explain.inside import CodeOf
from engine.explain.inside.rule import rule_of, settings_in
from engine.explain.question import Unanswerable
from engine.export.optimizer_class import optimizer_call, optimizer_class
from engine.training.optimizers.base import OptimizerError
from engine.training.optimizers.custom import CUSTOM
from engine.training.optimizers.registry import declared
from graph.storage.files import loads


def code(situation: ExplainContext, question: CodeOf) -> str:
    """The file's text. Raises Unanswerable where the graph is no rule."""
    graph = loads(question.text, situation.graph.catalog)
    try:
        spec = declared({"optimizer": CUSTOM, "rule": rule_of(graph, question.title, question.origin)})
        hyper = spec.with_defaults(settings_in(graph))
    except OptimizerError as wrong:
        raise Unanswerable(str(wrong)) from wrong
    use = optimizer_call(spec, hyper, "model.parameters()")
    return "\n".join([
        f'"""{_in_a_docstring(question.title)}: an optimizer for PyTorch.', "", f"    optimizer = {use}", '"""', "", "import torch", "", "",
        *optimizer_class(spec, hyper),
    ])  # fmt: skip


def _in_a_docstring(title: str) -> str:
    """A title in one line, without what would end the docstring or mean something else in it."""
    return " ".join(title.replace("\\", "/").replace('"', "'").split())
