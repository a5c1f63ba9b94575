"""What tests of the whole app share."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.nodes.catalog import CATALOG
from tests.support.window_fixtures import make_window, session
from ui.engine_link.link import Kernel
from ui.shell.files import example_document
from ui.shell.window import Window

__all__ = ["make_window", "session", "window"]


@pytest.fixture
def window(make_window: Callable[..., Window]) -> Window:
    """The first example with a real engine, and its numbers."""
    return make_window(example_document("xy-plus-z", CATALOG), example="xy-plus-z", kernel=Kernel(), unsaved="discard")
