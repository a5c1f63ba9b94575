"""`examples`: the built-in graphs with a line about each."""

from __future__ import annotations

import argparse
from typing import Any

from cli.common import EXAMPLES, print_json
from engine.catalog import CATALOG
from graph.files import load


def listing() -> list[dict[str, Any]]:
    """Name, title, description, number of nodes and whether it learns, in the gallery's order."""
    found = []
    for path in EXAMPLES.glob("*.gradwire"):
        graph = load(path, CATALOG)
        settings = graph.settings
        learns = any(graph.spec(n).role == "parameter" or graph.spec(n).parameters for n in graph.nodes.values())
        found.append((settings.get("order", 99), path.stem, {
            "name": path.stem, "title": settings.get("title", path.stem), "description": settings.get("description", ""),
            "nodes": len(graph.nodes), "learns": learns,
        }))  # fmt: skip
    return [entry for _, _, entry in sorted(found, key=lambda item: item[:2])]


def command(options: argparse.Namespace) -> int:
    entries = listing()
    if options.json:
        print_json({"examples": entries})
        return 0
    width = max((len(e["name"]) for e in entries), default=0)
    for entry in entries:
        print(f"{entry['name']:<{width}}  {entry['description'] or entry['title']}")
    return 0
