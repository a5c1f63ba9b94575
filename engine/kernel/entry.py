"""Where the child process begins. Nothing else is imported to name it, so that it can be started before anything else is loaded."""

from __future__ import annotations

from multiprocessing.connection import Connection


def main(connection: Connection, bench: str) -> None:
    """Serve the window at the other end of `connection`; `bench` is `module:callable` and makes what does the work."""
    from engine.kernel.server import serve

    serve(connection, bench)
