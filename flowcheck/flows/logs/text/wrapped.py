"""What carried a record took it in: container runtimes, log shippers and loggers put words around a line.

Unwrapped are: the lines of a container runtime (``TIME stdout F text``; P is a part of a line), the JSON of
Docker and Fluent Bit (``{"log": "text"}``) and of other shippers and loggers (``message`` and ``msg``, where
what they hold is JSON), a logger's ``msg="text"``, and whatever stands before the first ``{`` of a line, such
as the time and host that syslog writes.

Source: https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from flowcheck.flows.logs.text.decoding import decoded
from flowcheck.flows.logs.text.source import Lines

_RUNTIME = re.compile(rb"[0-9]{4}-\S+ (stdout|stderr) ([FP])[^ ]* ")
_LOGGED = re.compile(rb'\bmsg="((?:[^"\\]|\\.)*)"')
_CARRIERS = frozenset(
    {b'log"', b"date", b"time", b"@tim", b"stre", b"mess", b"leve", b'msg"', b"kube", b"host"}
)
"""How the first key of a JSON object may begin that carries a record."""
_DEEPEST = 4
"""Wrappings in one another."""


class _Shipped(msgspec.Struct):
    log: str | None = None
    message: str | None = None
    msg: str | None = None

    def text(self) -> str:
        """What it carries; empty where that is nothing, or a message of its own."""
        carried = self.log or self.message or self.msg or ""
        return carried.rstrip("\n") if self.log or carried.startswith("{") else ""


_shipped = msgspec.json.Decoder(_Shipped)
_text = msgspec.json.Decoder(str)


class Unwrapper:
    """Use for the lines of one log, in their order."""

    def __init__(self) -> None:
        self._parts: dict[bytes, bytes] = {}

    def unwrap(self, lines: Lines) -> Iterator[tuple[int, bytes]]:
        """(number of the line, what was wrapped in it), blank lines and parts of lines left out; a record of
        several parts has the number of the last."""
        for number, line in enumerate(lines.texts, lines.first):
            found = self._open(line) if line[:1] != b"{" or line[2:6] in _CARRIERS else line
            if found:
                yield number, found

    def rest(self) -> int:
        """How many lines were begun and never ended."""
        return len(self._parts)

    def _open(self, line: bytes) -> bytes:
        for _ in range(_DEEPEST):
            if (found := _RUNTIME.match(line)) is not None:
                stream, part = found[1], line[found.end() :]
                if found[2] == b"P":
                    self._parts[stream] = self._parts.get(stream, b"") + part
                    return b""
                line = self._parts.pop(stream, b"") + part
            elif line[:1] == b"{":
                shipped = decoded(_shipped, line) if line[2:6] in _CARRIERS else None
                if shipped is None or not (carried := shipped.text()):
                    return line
                line = carried.encode()
            elif (found := _LOGGED.search(line)) is not None:
                text = decoded(_text, b'"' + found[1] + b'"')
                if text is None:
                    return line
                line = text.encode()
            else:
                break
        line = line.strip()
        begin = line.find(b"{")
        return line[begin:] if begin > 0 and line.endswith(b"}") else line
