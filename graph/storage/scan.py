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
_NO_COLONS = bytes(code for code in range(256) if code not in b':"')
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
        return _parsed(data, text)
    except json.JSONDecodeError as problem:
        if not text[problem.pos :].strip() or problem.msg.startswith("Unterminated string"):
            raise ScanError(_("it ends in the middle, in line {lineno}, so it is not complete").format(lineno=problem.lineno)) from None
        raise ScanError(_("line {lineno}, column {colno} is not JSON").format(lineno=problem.lineno, colno=problem.colno)) from None
    except (RecursionError, MemoryError):
        raise ScanError(_("it is nested too deeply or too large")) from None
    except ValueError as problem:
        raise ScanError(_("it holds a number with too many digits") if "digits" in str(problem) else str(problem)) from None


def _parsed(data: bytes, text: str) -> Any:
    """The value of a JSON text. Raises ValueError for what is none, and for a key that appears twice in one object.

    There is a colon between every key and its value: where the objects have as many keys as the text has colons outside of texts, no key
    was lost by appearing twice. Only another text is read with all its keys in view, which takes twice as long.
    """
    keys = 0

    def counted(row: dict[str, Any]) -> dict[str, Any]:
        nonlocal keys
        keys += len(row)
        return row

    try:
        value = json.loads(text, object_hook=counted, parse_constant=_no_constant)
    except ValueError:
        keys = -1
    if keys == _marks(data, _NO_COLONS).count(b":"):
        return value
    return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)


def _marks(data: bytes, dropped: bytes) -> bytes:
    """What stands outside of texts, without the bytes in `dropped`, which leaves quotes."""
    if b"\\" in data:
        return _STRING.sub(b"", data).translate(None, dropped)
    return _PLAIN_STRING.sub(b"", data.translate(None, dropped).replace(b'""', b""))  # without escapes a text is between two quotes


def _check_size_and_depth(data: bytes) -> None:
    if data.count(b",") > MAXIMUM_VALUES or data.count(b'"') > 4 * MAXIMUM_VALUES:
        raise ScanError(_("it holds too many values for a document"))
    if data.count(b"[") + data.count(b"{") <= MAXIMUM_DEPTH:
        return
    brackets = _marks(data, _NO_MARKS)
    if len(brackets) > 2 * MAXIMUM_VALUES:
        raise ScanError(_("it holds too many values for a document"))
    if _is_deep(brackets) and max(accumulate(map(_STEP.__getitem__, brackets)), default=0) > MAXIMUM_DEPTH:
        raise ScanError(_("its brackets are nested more than {MAXIMUM_DEPTH} deep").format(MAXIMUM_DEPTH=MAXIMUM_DEPTH))


def _is_deep(brackets: bytes) -> bool:
    """Whether something is left when the innermost pairs of brackets are taken out some times: else none are nested deep."""
    for _round in range(MAXIMUM_DEPTH // 8):  # each takes away at most two levels
        brackets = brackets.replace(b"{}", b"").replace(b"[]", b"")
    return bool(brackets)


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
