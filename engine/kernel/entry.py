"""Where the child process begins. Nothing else is imported to name it, so that it can be started before anything else is loaded."""

from __future__ import annotations

from multiprocessing.connection import Connection


def main(connection: Connection, worker: str) -> None:
    """Serve the window at the other end of `connection`; `worker` is `module:callable` and makes what does the work."""
    from engine.data.loading import VERSIONS
    from engine.kernel.server import serve

    VERSIONS.on = True
    serve(connection, worker)
