"""Every text the user reads, in their language: `_("…")`, `ngettext` for counted things.

The English text is the key of the catalogue (gettext's convention); placeholders are named and filled in afterwards,
`_("{name} has no input").format(name=…)`, so that a translator may reorder them. Formulas and what the user typed are never translated.
The language is the environment's (`LANGUAGE`, `LC_ALL`, `LC_MESSAGES`, `LANG`) and is chosen once, at import.

`LANGUAGE=en_XA` is a pseudo-locale for tests: every text is in ⟦brackets⟧ and 40 % longer, so that a text which bypasses the
catalogue, and a place too narrow for a longer language, can be seen.
"""

from __future__ import annotations

import gettext as _gettext
import os
from pathlib import Path

DOMAIN = "gradwire"
CATALOGUES = Path(os.environ.get("GRADWIRE_CATALOGUES") or Path(__file__).resolve().parents[2] / "resources" / "locale")
"""Where `de/LC_MESSAGES/gradwire.mo` and its kind lie; a translator can point to a folder of their own."""
PSEUDO = "en_XA"
LONGER = 0.4
"""How much longer the pseudo-locale makes a text."""


class PseudoTranslations(_gettext.NullTranslations):
    """Puts every text into ⟦brackets⟧ and pads it; placeholders and line breaks stay."""

    def gettext(self, message: str) -> str:
        return _bracketed(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return _bracketed(msgid1 if n == 1 else msgid2)

    def pgettext(self, context: str, message: str) -> str:
        return _bracketed(message)


def _bracketed(text: str) -> str:
    if not text.strip():
        return text
    return f"⟦{text}{'·' * max(1, round(LONGER * len(text)) - 2)}⟧"


def _translations() -> _gettext.NullTranslations:
    if os.environ.get("LANGUAGE", "").split(":")[0] == PSEUDO:
        return PseudoTranslations()
    return _gettext.translation(DOMAIN, CATALOGUES, fallback=True)


_CHOSEN = _translations()
_ = _CHOSEN.gettext
ngettext = _CHOSEN.ngettext
pgettext = _CHOSEN.pgettext


def translated(text: str) -> str:
    """A text that is declared as data (the title of a node type, the help of a setting), in the reader's language.

    `docs/catalogue.py` collects these texts from the declarations.
    """
    return _CHOSEN.gettext(text) if text else text


class Message:
    """One thing the app says: `code` is its identity, which tests and other code may compare; the text is only for reading.

    `text` is English and the key of the catalogue; `values` fill its named places. `str()` gives it in the reader's language.
    """

    __slots__ = ("code", "text", "values")

    def __init__(self, code: str, text: str, /, **values: object) -> None:
        self.code, self.text, self.values = code, text, values

    def __str__(self) -> str:
        return _(self.text).format(**self.values)

    def __repr__(self) -> str:
        return f"Message({self.code!r}, {str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and (self.code, self.values) == (other.code, other.values)

    def __hash__(self) -> int:
        return hash(self.code)
