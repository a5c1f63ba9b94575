"""What tests of the interface share."""

from __future__ import annotations

from tests.support.window_fixtures import lesson, make_window, make_workspace, played, session, window

__all__ = ["lesson", "make_window", "make_workspace", "played", "session", "window"]
