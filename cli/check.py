"""`check`: structure, shapes, and numerical against analytical gradient on every wire."""

from __future__ import annotations

import argparse

from cli.common import load_graph, objective_hint, print_json
from cli.errors import CommandError
from cli.trained import open_model, state_entry, state_of
from graph.text.messages import _

ERRORS = ("error: ", "failed: ")


def command(options: argparse.Namespace) -> int:
    from engine.check.check import check

    graph = load_graph(options)
    report = check(graph, open_model(graph, options).state if state_of(options) is not None else None)
    wrong = [line for line in report.lines if line.startswith(ERRORS)]
    if options.json:
        print_json(report.to_json() | state_entry(options))
    else:
        for line in report.lines:
            if line not in wrong:
                print(line)
    if report.ok:
        return 0
    more = _(" (and {count} more)").format(count=len(wrong) - 1) if len(wrong) > 1 else ""
    first = wrong[0].removeprefix(ERRORS[0]) if wrong else _("the gradients could not be checked")
    raise CommandError(f"{first}{more}{objective_hint(graph)}", 1)
