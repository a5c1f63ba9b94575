"""How messages go over the pipe between window and kernel, whatever they say.

A message that would not fit a pipe's buffer travels through shared memory, so that neither side ever blocks on the other while sending.
"""

from __future__ import annotations

import pickle
import struct
from multiprocessing.connection import Connection
from typing import Any

from engine.kernel.pipe_room import LEAST, room


def segment_name(pid: int, number: int) -> str:
    """Name of the shared memory that message `number` of process `pid` may use; short enough for macOS (31 characters)."""
    return f"gw-{pid}-{number}"


def encode(message: object) -> list[bytes | memoryview]:
    """The message as parts to be laid end to end; arrays stay where they are (pickle protocol 5), each on a multiple of 16 bytes."""
    buffers: list[pickle.PickleBuffer] = []
    payload = pickle.dumps(message, protocol=5, buffer_callback=buffers.append)
    raws = [buffer.raw() for buffer in buffers]
    header = struct.pack(f"<QQ{len(raws)}Q", len(raws), len(payload), *(len(raw) for raw in raws))
    parts: list[bytes | memoryview] = [header, payload, bytes(-(len(header) + len(payload)) % 16)]
    for raw in raws:
        parts += [raw, bytes(-len(raw) % 16)]
    return parts


def decode(data: bytes | bytearray | memoryview) -> Any:
    """The message that `encode` took apart. Its arrays are views into `data`."""
    view = memoryview(data)
    count, length = struct.unpack_from("<QQ", view)
    sizes = struct.unpack_from(f"<{count}Q", view, 16)
    at = 16 + 8 * count
    payload = view[at : at + length]
    at += length
    at += -at % 16
    raws = []
    for size in sizes:
        raws.append(view[at : at + size])
        at += size + -size % 16
    return pickle.loads(payload, buffers=raws)


def send(connection: Connection, message: object, name: str) -> None:
    """Send through the pipe, or, where that has no room for so long a message, through a new shared memory segment called `name` that the
    receiver removes: a segment takes several times as long, and wakes a process that watches over it, on both sides."""
    parts = encode(message)
    total = sum(len(part) for part in parts)
    if total < LEAST or total < room(connection):
        connection.send_bytes(b"".join([b"I", *parts]))
        return
    from multiprocessing.shared_memory import SharedMemory

    segment = SharedMemory(name, create=True, size=total)
    at, target = 0, segment.buf
    assert target is not None
    for part in parts:
        target[at : at + len(part)] = part
        at += len(part)
    segment.close()
    connection.send_bytes(b"S" + struct.pack("<Q", total) + name.encode())


def receive(connection: Connection) -> Any:
    """The next message; waits for it. Raises EOFError or OSError when the other side is gone."""
    data = connection.recv_bytes()
    if data[:1] == b"I":
        # One byte of mark would leave every array unaligned: copy the rest once.
        return decode(data[1:])
    from multiprocessing.shared_memory import SharedMemory

    (total,) = struct.unpack_from("<Q", data, 1)
    segment = SharedMemory(data[9:].decode())
    try:
        copy = bytes((segment.buf or memoryview(b""))[:total])
    finally:
        segment.close()
        segment.unlink()
    return decode(copy)


def discard(name: str) -> None:
    """Remove the segment that a dead process may have left."""
    from multiprocessing.shared_memory import SharedMemory

    try:
        segment = SharedMemory(name)
    except (FileNotFoundError, ValueError):
        return
    segment.close()
    segment.unlink()
