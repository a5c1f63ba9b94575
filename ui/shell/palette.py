"""The command palette: every action by a few letters of its name, ranked as nodes are in their search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from graph.model.search import rank
from graph.text.messages import _
from graph.text.suggest import words_of
from ui.shell.actions import ACTIONS, menu_path
from ui.shell.search_box import SearchBox, SearchRow
from ui.shell.workspace.workspace import Workspace

if TYPE_CHECKING:
    from ui.shell.shortcuts import Keys


class Searchable(Workspace, Protocol):
    """A workspace with a search box, and the keys of its actions."""

    @property
    def search_box(self) -> SearchBox: ...

    @property
    def keys(self) -> Keys: ...


def ask(window: Searchable) -> None:
    """Open the palette in the upper middle of the window."""
    window.search_box.ask(None, _("What do you want to do?"), lambda text: rows(window, text), known)


def known() -> list[str]:
    """The words that a search for commands knows."""
    return words_of([*(spec.text.replace(" …", "") for spec in ACTIONS), *(word for spec in ACTIONS for word in spec.search)])


def rows(window: Searchable, text: str) -> Sequence[SearchRow]:
    """What matches, what can be used now first; among equals what was used lately, then the table's order."""
    lately = {name: place for place, name in enumerate(window.settings.recent_commands)}
    ranked: list[tuple[tuple[int, int, int, int], SearchRow]] = []
    for place, spec in enumerate(ACTIONS):
        action = window.actions_by_id[spec.id]
        title = spec.text.replace(" …", "")
        menu = " › ".join(menu_path(spec))
        names = (title, action.text(), f"{menu} {title}", spec.tip, *spec.search)
        scores = [rank(text, names[:2]), rank(text, names)]
        if spec.id == "commands" or scores[1] is None:
            continue
        score = scores[0] if scores[0] is not None else 4 + scores[1]  # what it is called comes before what is said about it
        keys = window.keys.native(spec)
        shown = f"✓ {title}" if action.isCheckable() and action.isChecked() else title
        row = SearchRow(lambda name=spec.id: run(window, name), shown, f"{menu}    {keys}" if keys else menu, enabled=action.isEnabled())
        ranked.append(((not row.enabled, score, lately.get(spec.id, len(lately)), place), row))
    return [row for _, row in sorted(ranked, key=lambda pair: pair[0])]


def run(window: Searchable, identity: str) -> None:
    """Trigger an action and remember it as the last one used."""
    window.settings.used_command(identity)
    window.actions_by_id[identity].trigger()
