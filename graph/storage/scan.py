"""JSON from a stranger: bounded in size, depth and count before it is parsed, so that a hostile file costs neither time nor memory."""

from __future__ import annotations

import json
import re
from itertools import accumulate
from typing import Any

from graph.text.messages import _
from graph.text.quoting import quoted

MAXIMUM_BYTES = 64 * 2**20
MAXIMUM_DEPTH = 64
MAXIMUM_VALUES = 3_000_000

_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_PLAIN_STRING = re.compile(rb'"[^"]*"')
_NO_MARKS = bytes(code for code in range(256) if code not in b'[]{}"')
_NO_BRACKETS = bytes(code for code in range(256) if code not in b"[]{}")
_STEP = [0] * 256
for _code in b"[{":
    _STEP[_code] = 1
for _code in b"]}":
    _STEP[_code] = -1


class ScanError(Exception):
    """Why these bytes are not acceptable JSON; a clause without file name and full stop."""


class NotADocument(ScanError):
    """These bytes do not begin like a document at all."""


def parse(data: bytes, own: bool = False) -> Any:
    """The JSON value in `data`, with duplicate keys, NaN and infinities refused. Raises ScanError.

    `own` says that this program wrote the text itself just now: then it may be of any size.
    """
    if not data.strip(b" \t\r\n\x00"):
        raise ScanError(_("the file is empty"))
    if len(data) > MAXIMUM_BYTES and not own:
        _check_size_and_depth(data[: 2**16])
        raise ScanError(_("it is larger than {megabytes} MB, the limit for a document").format(megabytes=MAXIMUM_BYTES >> 20))
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        raise ScanError(_("line {line} holds a byte that is not UTF-8 text").format(line=line)) from None
    if not text.lstrip().startswith("{"):
        raise NotADocument(_("this is not a Gradwire document: it does not begin with {brace}").format(brace="{"))
    if not own:
        _check_size_and_depth(data)
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except json.JSONDecodeError as problem:
        if not text[problem.pos :].strip() or problem.msg.startswith("Unterminated string"):
            raise ScanError(_("it ends in the middle, in line {lineno}, so it is not complete").format(lineno=problem.lineno)) from None
        raise ScanError(_("line {lineno}, column {colno} is not JSON").format(lineno=problem.lineno, colno=problem.colno)) from None
    except (RecursionError, MemoryError):
        raise ScanError(_("it is nested too deeply or too large")) from None
    except ValueError as problem:
        raise ScanError(_("it holds a number with too many digits") if "digits" in str(problem) else str(problem)) from None


def _check_size_and_depth(data: bytes) -> None:
    if data.count(b",") > MAXIMUM_VALUES or data.count(b'"') > 4 * MAXIMUM_VALUES:
        raise ScanError(_("it holds too many values for a document"))
    if data.count(b"[") + data.count(b"{") <= MAXIMUM_DEPTH:
        return
    if b"\\" in data:
        brackets = _STRING.sub(b"", data).translate(None, _NO_BRACKETS)
    else:  # without escapes a string is what stands between two quotes, whatever else has been left out
        brackets = _PLAIN_STRING.sub(b"", data.translate(None, _NO_MARKS).replace(b'""', b""))
    if len(brackets) > 2 * MAXIMUM_VALUES:
        raise ScanError(_("it holds too many values for a document"))
    if max(accumulate(map(_STEP.__getitem__, brackets)), default=0) > MAXIMUM_DEPTH:
        raise ScanError(_("its brackets are nested more than {MAXIMUM_DEPTH} deep").format(MAXIMUM_DEPTH=MAXIMUM_DEPTH))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        owner = row.get("id")
        where = _(" in {owner}").format(owner=quoted(owner)) if isinstance(owner, str) else ""
        raise ValueError(_("the key {twice} appears twice in one object{where}").format(twice=quoted(twice), where=where))
    return row


def _no_constant(name: str) -> Any:
    raise ValueError(_("it holds {name}, which is not a number in JSON").format(name=name))
