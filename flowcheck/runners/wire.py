"""How messages travel: msgpack records, each after its length in four bytes."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from flowcheck.runners.messages import Answer, Order

HEAD = 4
"""Bytes of a message's length."""
MAX_MESSAGE = 64 << 20

_orders = msgspec.msgpack.Decoder(Order)
_answers = msgspec.msgpack.Decoder(Answer)


def send(stream: BinaryIO, message: Answer) -> None:
    stream.write(packed(message))
    stream.flush()


def receive_order(stream: BinaryIO) -> Order | None:
    """The next order, or None when the parent has gone."""
    body = _receive(stream)
    return None if body is None else _orders.decode(body)


class Inbox:
    """Puts answers together from the bytes that came so far: a worker may stop in the middle of one."""

    def __init__(self) -> None:
        self._held = bytearray()

    def take(self, more: bytes) -> Iterator[Answer]:
        """The answers that are whole now. **Raises**: ValueError for what is none."""
        self._held += more
        while len(self._held) >= HEAD:
            (length,) = struct.unpack_from("<I", self._held)
            if length > MAX_MESSAGE:
                raise ValueError("a message without an end")
            if len(self._held) < HEAD + length:
                return
            body = bytes(self._held[HEAD : HEAD + length])
            del self._held[: HEAD + length]
            try:
                yield _answers.decode(body)
            except msgspec.MsgspecError as error:
                raise ValueError("no message") from error


def packed(message: Order | Answer) -> bytes:
    body = msgspec.msgpack.encode(message)
    return struct.pack("<I", len(body)) + body


def _receive(stream: BinaryIO) -> bytes | None:
    head = _read(stream, HEAD)
    if head is None:
        return None
    (length,) = struct.unpack("<I", head)
    return _read(stream, length) if length <= MAX_MESSAGE else None


def _read(stream: BinaryIO, n_bytes: int) -> bytes | None:
    """Exactly so many bytes of a stream that may be unbuffered, or None where it ends before."""
    body = bytearray()
    while len(body) < n_bytes:
        more = stream.read(n_bytes - len(body))
        if not more:
            return None
        body += more
    return bytes(body)
