"""`train`: the trainer's loop with a progress bar."""

from __future__ import annotations

import argparse
from pathlib import Path

from cli.common import CommandError, load_graph, print_json


def command(options: argparse.Namespace) -> int:
    from engine.session import Session, SessionError
    from engine.trainer import Trainer

    graph = load_graph(options)
    _apply(graph, options)
    try:
        session = Session(graph, device=graph.training.get("device", "auto"))
        trainer = Trainer(session)
    except SessionError as error:
        raise CommandError(str(error), 1) from None
    stopped = _run(trainer, quiet=options.json)
    result = trainer.result()
    if options.log:
        _write_log(Path(options.log), trainer)
    if options.out:
        _save(session, trainer, Path(options.out))
    if options.json:
        print_json(result)
    else:
        _print_summary(result)
    if stopped:
        raise CommandError(stopped, 1)
    return 0
