"""How a text is laid out as a table: what separates its cells, where the table begins, and whether its first line names the columns."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence

from engine.data.cells import NumberFormat, is_missing, mostly_numbers
from engine.data.errors import DataError, DataNote
from engine.data.how_read import AUTO, SEPARATORS
from engine.data.table_reading import Finding
from engine.data.text_file import SAMPLED, Lines
from graph.text.messages import _, ngettext
from graph.text.quoting import named, one_line

PREFERRED = ("\t", ";", "|", ",")
"""Separators in order of preference: a comma also occurs inside numbers."""
MAX_COLUMNS = 10_000
MAX_TITLES = 20
"""At most so many lines above a table can be titles."""
NAMED = 5
"""Up to this many renamed columns are listed one by one."""
SIGN_NAMES = {",": _("comma"), ";": _("semicolon"), "\t": _("tab"), "|": _("vertical bar"), ":": _("colon"), " ": _("blank")}


def find_separator(found: Lines, chosen: str) -> str:
    """The sign between the cells, with a finding; may move the beginning of the table below lines of title."""
    word = {sign: name for name, sign in SEPARATORS.items()}
    if chosen != AUTO:
        sign = SEPARATORS[chosen]
        found.findings.append(Finding("separator", chosen, _("The separator was chosen: {sign}.").format(sign=SIGN_NAMES[sign]), True))
        return sign
    if found.separator:
        evidence = _("Line {line} names the separator: {sign}.").format(
            line=found.first, sign=SIGN_NAMES.get(found.separator, found.separator)
        )
        found.findings.append(Finding("separator", word.get(found.separator, found.separator), evidence))
        return found.separator
    sample = _whole([line for line in found.lines[found.first : found.first + SAMPLED] if line.strip()])
    sign, evidence = _consistent(sample)
    if not sign and (titled := _below_titles(found)):
        sign, evidence = titled
    doubtful = False
    if not sign:
        sign, evidence, doubtful = _most_frequent(sample)
    found.findings.append(Finding("separator", word[sign], evidence, doubtful=doubtful))
    return sign


def _whole(lines: Sequence[str]) -> list[str]:
    """The lines, those joined that are one row because a quoted cell goes over several."""
    whole: list[str] = []
    open_quote = False
    for line in lines:
        if open_quote:
            whole[-1] += "\n" + line
        else:
            whole.append(line)
        open_quote ^= line.count('"') % 2 == 1
    return list(lines) if open_quote else whole


def count(line: str, sign: str) -> int:
    """How often a sign occurs outside quotation marks."""
    return re.sub(r'"[^"]*"', "", line).count(sign)


def _consistent(sample: Sequence[str]) -> tuple[str, str]:
    """The sign that cuts every line into the same number of cells, and the sentence that says so; empty where none does."""
    for sign in PREFERRED:
        counts = {count(line, sign) for line in sample}
        if len(counts) == 1 and counts != {0}:
            number = counts.pop()
            text = ngettext(
                "Every line has {n:,} {sign} outside quotation marks.",
                "Every line has {n:,} times the {sign} outside quotation marks.",
                number,
            )
            return sign, text.format(n=number, sign=SIGN_NAMES[sign])
    return "", ""


def _below_titles(found: Lines) -> tuple[str, str] | None:
    """A table below a few lines of title, which have at most half as many cells; the beginning of the table moves there."""
    places = [at for at in range(found.first, min(len(found.lines), found.first + SAMPLED)) if found.lines[at].strip()]
    for sign in PREFERRED:
        counts = [count(found.lines[at], sign) for at in places]
        for start in range(1, min(MAX_TITLES, len(counts) - 1)):
            if len(set(counts[start:])) == 1 and counts[start] and max(counts[:start]) < (counts[start] + 1) // 2:
                above, found.first = places[start] - found.first, places[start]
                text = ngettext("{n:,} line above the table skipped: it has fewer cells than the lines below it",
                                "{n:,} lines above the table skipped: they have fewer cells than the lines below them", above)  # fmt: skip
                found.notes.append(DataNote(text.format(n=above), warning=True))
                evidence = _("From line {line} on, every line has {n:,} times the {sign}.").format(
                    line=found.first + 1, n=counts[start], sign=SIGN_NAMES[sign]
                )
                return sign, evidence
    return None


def _most_frequent(sample: Sequence[str]) -> tuple[str, str, bool]:
    """The sign of a table of one column, of blanks, or of lines of different lengths; whether that is doubtful."""
    first = sample[0] if sample else ""
    best = max(reversed(PREFERRED), key=lambda sign: count(first, sign))
    if not count(first, best):
        if _parted_by_blanks(sample):
            return " ", _("Blanks cut every line into {n:,} cells, and no other sign does.").format(n=len(by_blanks(first))), False
        return ",", _("No line has a separator, so the table has one column."), False
    text = _("The {sign} is the most frequent separator in the first line; the lines have different numbers of it.")
    return best, text.format(sign=SIGN_NAMES[best]), True


def _parted_by_blanks(sample: Sequence[str]) -> bool:
    parts = [by_blanks(line) for line in sample]
    if not parts or len(parts[0]) < 2 or len({len(row) for row in parts}) != 1:
        return False
    return any(mostly_numbers(column[1:] or column) for column in zip(*parts, strict=True))


def by_blanks(line: str) -> list[str]:
    """The cells of a line; of one with too many columns, only so many that it is seen to have too many."""
    return line.split(None, MAX_COLUMNS)


def split(line: str, separator: str) -> list[str]:
    """The cells of one line."""
    if separator == " ":
        return by_blanks(line)
    return [cell.strip() for cell in next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])]


def find_header(rows: Sequence[Sequence[str]], chosen: str, notes: list[DataNote], line: int = 1) -> tuple[bool, Finding]:
    """Whether the first row names the columns. A text above numbers is a name; a number above numbers is a sample."""
    if chosen != AUTO:
        text = _("Line {line} names the columns, as chosen.") if chosen == "names" else _("Line {line} is the first sample, as chosen.")
        return chosen == "names", Finding("header", chosen, text.format(line=line), True)
    first, body = rows[0], rows[1:]
    numbers = NumberFormat()
    number_above = [c for c in range(len(first)) if numbers.may_be(first[c])]
    if not number_above:
        return True, Finding("header", "names", _("Line {line} holds no number, so it names the columns.").format(line=line))
    if not body:
        headed = len(number_above) < len(first) and len(first) > 1
        return headed, Finding("header", "names" if headed else "data", _("There is only one line."), doubtful=True)
    sample = body[:SAMPLED]
    numeric = [c for c in range(len(first)) if mostly_numbers([row[c] for row in sample])]
    words = [c for c in numeric if first[c] and not numbers.may_be(first[c]) and not is_missing(first[c])]
    if words:
        text = _("Line {line} has {word} above numbers, so it names the columns.").format(line=line, word=named(first[words[0]], 40))
        return True, Finding("header", "names", text)
    above = [c for c in number_above if c in numeric]
    if not above:
        text = _("Line {line} has no number above numbers, so it names the columns.").format(line=line)
        return True, Finding("header", "names", text)
    cell = first[above[0]]
    if counts_up([first[c] for c in above]):
        return _counting(first, above, notes, line)
    text = _("line {line} holds numbers above numbers ({cell}), so it was read as the first sample and the columns are numbered")
    notes.append(DataNote(text.format(line=line, cell=cell), ((_("Line 1 names the columns"), {"header": "names"}),)))
    evidence = _("Line {line} has the number {cell} above numbers, so it is the first sample.").format(line=line, cell=cell)
    return False, Finding("header", "data", evidence, doubtful=True)


def _counting(first: Sequence[str], above: Sequence[int], notes: list[DataNote], line: int) -> tuple[bool, Finding]:
    """A first line whose numbers count up by one: years and numbers from 0 are taken for names, others for a sample; both are doubtful."""
    cells = ", ".join(one_line(cell, 20) for cell in first[:6]) + (" …" if len(first) > 6 else "")
    numbers = [int(first[c]) for c in above]
    text = _("line {line} could name the columns or be the first sample: {cells}").format(line=line, cells=cells)
    if numbers[0] == 0 or (numbers[0] >= 1000 and numbers[-1] < 3000):
        what = _("years") if numbers[0] else _("numbers from 0")
        note = _("{text}. Its numbers are {what} that count up by one, so it was read as names").format(text=text, what=what)
        notes.append(DataNote(note, ((_("Line 1 is the first sample"), {"header": "data"}),), warning=True))
        evidence = _("Line {line} has {what} that count up by one, so it names the columns.").format(line=line, what=what)
        return True, Finding("header", "names", evidence, doubtful=True)
    note = _("{text}. It holds numbers above numbers, so it was read as the first sample").format(text=text)
    notes.append(DataNote(note, ((_("Line 1 names the columns"), {"header": "names"}),), warning=True))
    evidence = _("Line {line} has the number {cell} above numbers, so it is the first sample.").format(line=line, cell=first[above[0]])
    return False, Finding("header", "data", evidence, doubtful=True)


def counts_up(above: Sequence[str]) -> bool:
    """Whether the numbers of line 1 count up by one, as years do and the names of columns that never had any."""
    if len(above) < 2 or not all(re.fullmatch(r"\d{1,4}", cell) for cell in above):
        return False
    values = [int(cell) for cell in above]
    return all(b - a == 1 for a, b in zip(values, values[1:], strict=False))


def column_names(given: Sequence[str], notes: list[DataNote]) -> list[str]:
    """A name for every column: by its place where line 1 gives none, made unique where it gives one twice."""
    names: dict[str, None] = {}
    written, used, renamed = set(given), Counter[str](), list[tuple[str, str]]()
    for place, name in enumerate(given, 1):
        wanted = unique = name or _("column {place}").format(place=place)
        while unique in names or (unique != wanted and unique in written):
            used[wanted] += 1
            unique = f"{wanted}_{used[wanted] + 1}"
        if unique != wanted:
            renamed.append((wanted, unique))
        names[unique] = None
    for wanted, unique in renamed[:NAMED]:
        text = _("line 1 names two columns {wanted}; the second is called {found} here")
        notes.append(DataNote(text.format(wanted=named(wanted, 40), found=named(unique, 40))))
    if len(renamed) > NAMED:
        notes.append(DataNote(_("{count:,} more columns were renamed because line 1 names them twice").format(count=len(renamed) - NAMED)))
    return list(names)


def too_many_columns(path: str, columns: int) -> DataError:
    return DataError(
        _("{path}: has {columns:,} columns; at most {most:,} can be read").format(path=path, columns=columns, most=MAX_COLUMNS)
    )
