"""A file's bytes as lines of text: its size, its encoding, and where the table begins."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.data.errors import DataError, DataNote, Unreadable
from engine.data.how_read import AUTO, ENCODINGS, SEPARATORS
from engine.data.table_reading import Finding
from engine.numerics.job import JobReport, Steps
from graph.storage.paths import open_regular, reason
from graph.text.messages import _, ngettext
from graph.text.quoting import one_line, quoted_path

MAX_BYTES = 256 * 2**20
MAX_LINES = 4_000_000
PIECE = 4 * 2**20
"""What is read between two points where reading can be left: some milliseconds' work."""
BOMS = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
COMMENTS = ("#", "%", "//")
"""Signs of comment lines above a table."""
SAMPLED = 200
"""Lines from which the layout is recognised."""


@dataclass(slots=True)
class Lines:
    """The lines of a file without their ends, and what was found out about them. `first` is where the table begins."""

    path: str
    lines: Sequence[str]
    encoding: str = "utf-8"
    first: int = 0
    separator: str = ""
    """The separator that a line `sep=;` names."""
    comment: str = ""
    """The last comment line above the table, without its sign."""
    sign: str = ""
    """The sign of comment lines."""
    notes: list[DataNote] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def reading_bytes(path: str) -> Steps:
    """The bytes of a file; one that is not text, or too large, is refused before it is read. Raises DataError."""
    try:
        with open_regular(path) as file:
            raw = bytearray(file.read(2**16))
            if b"\0" in raw and not _is_utf_16(raw):
                raise DataError(_("{path}: is not a text file; save the table as CSV in UTF-8").format(path=quoted_path(path)))
            size = os.fstat(file.fileno()).st_size
            while len(raw) <= MAX_BYTES and (piece := file.read(PIECE)):
                raw += piece
                text = _("{done:,} of {total:,} MB read").format(done=len(raw) >> 20, total=max(size >> 20, 1))
                yield JobReport(min(len(raw), size), size, text)
    except OSError as error:
        raise Unreadable(_("{path}: cannot be read: {error}").format(path=quoted_path(path), error=reason(error))) from None
    if len(raw) > MAX_BYTES:
        raise DataError(
            _("{path}: is larger than {megabytes} MB, the limit for a table; keep fewer rows").format(
                path=quoted_path(path), megabytes=MAX_BYTES >> 20
            )
        )
    if raw.count(b"\n") + raw.count(b"\r") > MAX_LINES:
        raise too_many_lines(quoted_path(path))
    return raw


def too_many_lines(path: str) -> DataError:
    return DataError(
        _("{path}: has more than {MAX_LINES:,} lines, the limit for a table; keep fewer rows").format(path=path, MAX_LINES=MAX_LINES)
    )


def lines_of(path: str, raw: bytes | bytearray, encoding: str, skip: int, comment: str) -> Lines:
    """The lines of a file that was read; `encoding`, `skip` and `comment` as the settings have them. Raises DataError."""
    text, known, finding = _decoded(path, raw, encoding)
    lines = split_lines(text)
    found = Lines(path, lines, known)
    if known == "cp1252" and encoding == AUTO:
        found.notes.append(DataNote(_("the file is not UTF-8; its letters were read as Windows-1252 (ANSI)")))
    found.findings.append(finding)
    preamble(found, skip, comment)
    return found


def split_lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _is_utf_16(raw: bytes | bytearray) -> bool:
    """Whether every other byte of the beginning is zero, as in UTF-16 text of Latin letters, or a mark says so."""
    if bytes(raw[:2]) in BOMS:
        return True
    sample = raw[:1000]
    return len(raw) % 2 == 0 and len(sample) > 3 and any(sample[1::2]) != any(sample[::2])


def _decoded(path: str, raw: bytes | bytearray, chosen: str) -> tuple[str, str, Finding]:
    """The text, its encoding and why it is that one."""
    named = next((name for mark, name in BOMS.items() if raw.startswith(mark)), "")
    if chosen != AUTO:
        evidence, name = _("The encoding was chosen: {encoding}.").format(encoding=chosen), chosen
    elif named:
        evidence, name = _("A mark at the beginning of the file says that it is {encoding}.").format(encoding=named.upper()), named
    elif _is_utf_16(raw) and b"\0" in raw[:1000]:
        evidence, name = _("Every other byte is zero, so the file is UTF-16."), "utf-16"
    else:
        name, evidence = "utf-8", _("All bytes are valid UTF-8.")
    codec = ENCODINGS[name]
    if name == "utf-16" and not named:
        codec = "utf-16-le" if len(raw) > 1 and raw[1] == 0 else "utf-16-be"
    try:
        text = raw.decode(codec)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        if chosen != AUTO or name != "utf-8":
            raise DataError(
                _("{path}: line {line} is not {encoding} text; choose another encoding").format(path=path, line=line, encoding=name.upper())
            ) from None
        byte = f"0x{raw[error.start]:02X}"
        try:
            text, name = raw.decode("cp1252"), "cp1252"
        except UnicodeDecodeError:
            raise DataError(_("{path}: is neither UTF-8 nor Windows-1252 text; save it as CSV in UTF-8").format(path=path)) from None
        evidence = _("Byte {byte} in line {line} is not valid UTF-8, so the file was read as Windows-1252 (cp1252).")
        evidence = evidence.format(byte=byte, line=line)
    if "\0" in text:
        raise DataError(_("{path}: is not a text file; save the table as CSV in UTF-8").format(path=path))
    return text, name, Finding("encoding", name, evidence, chosen != AUTO, name == "cp1252" and chosen == AUTO)


def preamble(found: Lines, skip: int, comment: str) -> None:
    """Find where the table begins: after the lines to skip, a line `sep=;`, comment lines and blank lines."""
    lines, at = found.lines, min(skip, len(found.lines))
    if skip:
        text = ngettext("The first line is skipped, as chosen.", "The first {n:,} lines are skipped, as chosen.", skip).format(n=skip)
        found.findings.append(Finding("skip_rows", skip, text, True))
    if at < len(lines) and (match := re.fullmatch(r'"?sep=(.)"?', lines[at].strip(" "), re.IGNORECASE)):
        found.separator, at = match[1], at + 1
        sign = "tab" if match[1] == "\t" else match[1]
        found.notes.append(DataNote(_("line {line} names the separator: {separator}").format(line=at, separator=sign)))
    found.sign = _comment_sign(lines, at, comment)
    last = next((place for place in range(len(lines) - 1, -1, -1) if lines[place]), -1)
    skipped = 0
    while at < len(lines) and ((found.sign and lines[at].startswith(found.sign)) or (not lines[at].strip() and at <= last)):
        if found.sign and lines[at].startswith(found.sign):
            found.comment, skipped = lines[at].removeprefix(found.sign).lstrip(f"{found.sign} "), skipped + 1
        at += 1
    if skipped:
        text = ngettext("{n:,} comment line at the top skipped", "{n:,} comment lines at the top skipped", skipped).format(n=skipped)
        found.notes.append(DataNote(text))
        evidence = _("Lines at the top begin with {sign}, such as {line}").format(sign=found.sign, line=one_line(lines[at - 1], 60))
        found.findings.append(Finding("comment", found.sign, f"{evidence}.", comment != AUTO))
    found.first = at


def _comment_sign(lines: Sequence[str], at: int, chosen: str) -> str:
    """The sign of comment lines. A first line with % or // is a comment only where the table below it has another number of cells."""
    if chosen != AUTO:
        return chosen
    first = next((line for line in lines[at : at + SAMPLED] if line.strip()), "")
    sign = next((sign for sign in COMMENTS if first.startswith(sign)), "#")
    if sign == "#":
        return sign
    below = next((line for line in lines[at : at + SAMPLED] if line.strip() and not line.startswith(sign)), "")
    cut = [{other: line.count(other) for other in SEPARATORS.values()} for line in (first, below)]
    return sign if cut[0] != cut[1] else "#"
