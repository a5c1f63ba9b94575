"""Values of so many numbers that a document's text would become too large to be read: they are beside it in the archive.

In memory a value is always a number or nested lists; only a file writes `{"tensor": "sha256:…"}` instead. The bytes are a safetensors
file with one tensor, as the engine writes them too.
"""

from __future__ import annotations

import hashlib
import json
import math
import struct
import sys
from array import array
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from graph.model.elements import Node
from graph.model.graph import Graph
from graph.model.settings import dims, flat
from graph.storage.scan import MAXIMUM_BYTES, MAXIMUM_VALUES

INLINE = 1000
"""Values of at most so many numbers stay in the text."""
MAXIMUM_NUMBERS = 32 * 2**20
"""Numbers of all such values in one file."""
_CODES = {"F64": ("d", 8), "F32": ("f", 4)}


def is_too_large(text: str) -> bool:
    """Whether a document's text would be refused when it is read."""
    return len(text) > MAXIMUM_BYTES // 4 and len(text.encode("utf-8", "replace")) > MAXIMUM_BYTES or text.count(",") > MAXIMUM_VALUES


def without_large_values(graph: Graph) -> tuple[Graph, dict[str, bytes]]:
    """The graph with references in place of its large values, and what they refer to."""
    lean, members = graph.copy(), dict[str, bytes]()
    for node in graph.nodes.values():
        params = dict(node.params)
        for name in _tensor_settings(graph, node):
            shape = dims(params[name]) if isinstance(params[name], list | tuple) else None
            if shape is not None and math.prod(shape) > INLINE:
                data = _packed(params[name], shape)
                digest = hashlib.sha256(data).hexdigest()
                members[_member(digest)] = data
                params[name] = {"tensor": f"sha256:{digest}"}
        if params != node.params:
            lean._replace_node(replace(node, params=params))
    return lean, members


def with_large_values(graph: Graph, attachments: Mapping[str, bytes]) -> set[str]:
    """Put the values into the nodes again. Returns the attachments that held them; a reference without its numbers stays one."""
    used: set[str] = set()
    room = MAXIMUM_NUMBERS
    for node in [node for node in graph.nodes.values() if node.params]:
        params = dict(node.params)
        for name in _tensor_settings(graph, node):
            if isinstance(params[name], dict):
                member = _member(str(params[name].get("tensor", "")).removeprefix("sha256:"))
                numbers = _unpacked(attachments.get(member, b""), room)
                if numbers is not None:
                    params[name] = numbers
                    used.add(member)
                    room -= len(attachments[member]) // 8
        if params != node.params:
            graph._replace_node(replace(node, params=params))
    return used


def _tensor_settings(graph: Graph, node: Node) -> list[str]:
    spec = graph.catalog.find(node.type)
    return [s.name for s in spec.settings if s.kind == "tensor" and s.name in node.params] if spec is not None else []


def _member(digest: str) -> str:
    return f"tensors/{digest}.safetensors"


def _packed(value: Any, shape: tuple[int, ...]) -> bytes:
    numbers = array("d", flat(value))
    if sys.byteorder == "big":
        numbers.byteswap()
    head = json.dumps({"value": {"dtype": "F64", "shape": list(shape), "data_offsets": [0, 8 * len(numbers)]}}).encode()
    head += b" " * (-len(head) % 8)
    return struct.pack("<Q", len(head)) + head + numbers.tobytes()


def _unpacked(data: bytes, room: int) -> Any:
    """Nested lists from a safetensors file with one tensor called `value`; None where it is anything else or too large."""
    try:
        (length,) = struct.unpack_from("<Q", data)
        if length > 2**16:
            return None
        entry = json.loads(data[8 : 8 + length])["value"]
        code, size = _CODES[entry["dtype"]]
        shape, body = [int(n) for n in entry["shape"]], data[8 + length :]
        if min(shape, default=1) < 1 or len(shape) > 8 or math.prod(shape) > room or len(body) != size * math.prod(shape):
            return None
        numbers = array(code, body)
    except (struct.error, KeyError, TypeError, ValueError, RecursionError):
        return None
    if sys.byteorder == "big":
        numbers.byteswap()
    rows: list[Any] = numbers.tolist()
    if not all(map(math.isfinite, rows)):
        return None
    for width in reversed(shape[1:]):
        rows = [rows[at : at + width] for at in range(0, len(rows), width)]
    return rows if shape else rows[0]
