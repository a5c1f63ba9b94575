"""`examples`: the built-in graphs and lessons with a line about each."""

from __future__ import annotations

import argparse
from typing import Any

from cli.built_in import EXAMPLES, LESSONS
from cli.common import print_json
from engine.nodes.catalog import CATALOG
from graph.lessons.lesson import shelf
from graph.storage.files import load
from graph.text.messages import _


def listing() -> list[dict[str, Any]]:
    """Name, title, description, number of nodes and whether it learns, in the gallery's order."""
    entries = []
    for path in EXAMPLES.glob("*.gradwire"):
        graph = load(path, CATALOG)
        settings = graph.settings
        learns = any(graph.spec(n).role == "parameter" or graph.spec(n).parameters for n in graph.nodes.values())
        entries.append((settings.get("order", 99), path.stem, {
            "name": path.stem, "title": settings.get("title", path.stem), "description": settings.get("description", ""),
            "nodes": len(graph.nodes), "learns": learns,
        }))  # fmt: skip
    return [entry for _, _, entry in sorted(entries, key=lambda item: item[:2])]


def lessons() -> list[dict[str, Any]]:
    """Name, title, summary, graph and number of steps and questions, in the order of the course."""
    return [
        {
            "name": path.stem, "title": lesson.title, "summary": lesson.summary, "graph": lesson.graph, "steps": len(lesson.steps),
            "questions": sum(len(step.ask) for step in lesson.steps),
        }
        for path, lesson in shelf(LESSONS)
    ]  # fmt: skip


def command(options: argparse.Namespace) -> int:
    entries, lectures = listing(), lessons()
    if options.json:
        print_json({"examples": entries, "lessons": lectures})
        return 0
    width = max((len(e["name"]) for e in (*entries, *lectures)), default=0)
    for entry in entries:
        print(f"{entry['name']:<{width}}  {entry['description'] or entry['title']}")
    if lectures:
        print(_("\nLessons, in the window under Learn:\n"))
    for lesson in lectures:
        print(f"{lesson['name']:<{width}}  {lesson['title']}")
    return 0
