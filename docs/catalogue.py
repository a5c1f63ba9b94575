"""Collects every text a person can read into a template for translators: python docs/catalogue.py > gradwire.pot

A translation is made with the tools of GNU gettext (`msginit`, `msgfmt`) or Babel. It lies at
`resources/locale/<language>/LC_MESSAGES/gradwire.mo`, or in a folder of your own that `GRADWIRE_CATALOGUES` names.

Texts in the code stand in `_("…")`, `ngettext` and `Message`; what node types,
optimizers and settings declare is taken from their declarations.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages import Catalog
from babel.messages.pofile import write_po

ROOT = Path(__file__).resolve().parents[1]
FLOORS = ("graph", "engine", "ui", "cli")

Found = tuple[str | tuple[str, str], str, int]
"""A text, or its singular and plural; the file, and the line."""


def in_code() -> Iterator[Found]:
    for floor in FLOORS:
        for path in sorted((ROOT / floor).rglob("*.py")):
            where = path.relative_to(ROOT).as_posix()
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    texts = [part.value for part in node.args if isinstance(part, ast.Constant) and isinstance(part.value, str)]
                    if node.func.id == "_" and texts:
                        yield texts[0], where, node.lineno
                    elif node.func.id == "ngettext" and len(texts) > 1:
                        yield (texts[0], texts[1]), where, node.lineno
                    elif node.func.id == "Message" and texts:
                        yield texts[-1], where, node.lineno


def declared() -> Iterator[Found]:
    """What is translated when it is shown: see `graph.text.messages.translated`."""
    from engine.nodes import TYPES
    from engine.training.optimizers.registry import OPTIMIZERS
    from engine.training.schedules.registry import SCHEDULES

    for node_type in TYPES.values():
        where = (ROOT / node_type.__class__.__module__.replace(".", "/")).relative_to(ROOT).as_posix() + ".py"
        texts = [node_type.title, (node_type.__class__.__doc__ or "").strip(), *node_type.search]
        for described in (node_type.inputs, node_type.outputs, node_type.parameters, node_type.buffers):
            texts += [item.doc for item in described]
        for setting in node_type.spec.settings:
            texts += [setting.label, setting.help, *(choice.replace("_", " ") for choice in setting.choices)]
        yield from ((text, where, 1) for text in texts if text)
    for optimizer in OPTIMIZERS.values():
        for setting in optimizer.settings:
            yield from ((text, "engine/training/optimizers", 1) for text in (setting.title or setting.label, setting.help) if text)
        yield from ((text, "engine/training/optimizers", 1) for text in (optimizer.title, optimizer.doc) if text)
    for schedule in SCHEDULES.values():
        texts = [text for setting in schedule.settings for text in (setting.title or setting.label, setting.help, *setting.choices)]
        yield from ((text, "engine/training/schedules", 1) for text in (schedule.title, schedule.doc, *texts) if text)


def collected() -> Catalog:
    catalog = Catalog(project="Gradwire", charset="utf-8")
    for text, path, line in (*in_code(), *declared()):
        catalog.add(text, locations=[(path, line)])
    return catalog


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    write_po(sys.stdout.buffer, collected())
