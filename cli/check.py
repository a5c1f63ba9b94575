"""`check`: structure, shapes, and numerical against analytical gradient on every wire."""

from __future__ import annotations

import argparse

from cli.common import load_graph, print_json


def command(options: argparse.Namespace) -> int:
    from engine.check import check

    report = check(load_graph(options))
    if options.json:
        print_json(report.to_json())
    else:
        print("\n".join(report.lines))
    return 0 if report.ok else 1
