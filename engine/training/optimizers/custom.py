"""A custom optimizer: a rule that a person wired, kept as a value in the training settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.training.optimizers.base import Optimizer, OptimizerError
from graph.text.messages import _

CUSTOM = "custom"
"""The key of the optimizer whose rule the training settings hold."""


def custom(rule: Mapping[str, Any] | None) -> type[Optimizer]:
    """The optimizer of a rule. Raises OptimizerError, which names the node that is wrong."""
    raise OptimizerError(_("the custom optimizer has no update rule: open the inside of an optimizer and edit it"))
