"""Lines of ztunnel -> their fields: JSON, or text with tabs or blanks between, values quoted or bare."""

from __future__ import annotations

import re

import msgspec

from flowcheck.flows.logs.text.decoding import decoded

COMPLETE, OPENED = "connection complete", "connection opened"
_FIELD = re.compile(r'([a-z_]+(?:\.[a-z_]+)?)=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))')
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T\S+")
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(ns|us|\u00b5s|ms|s|m)?")
_IN_MICROSECONDS = {"ns": 0.001, "us": 1, "\u00b5s": 1, "ms": 1e3, "s": 1e6, "m": 6e7}


class Access(msgspec.Struct, gc=False):
    """One end of a connection's log; what is not there is None. Texts, also of numbers."""

    time: str | None = None
    message: str | None = None
    direction: str | None = None
    src_addr: str | None = msgspec.field(default=None, name="src.addr")
    src_workload: str | None = msgspec.field(default=None, name="src.workload")
    src_namespace: str | None = msgspec.field(default=None, name="src.namespace")
    src_identity: str | None = msgspec.field(default=None, name="src.identity")
    dst_addr: str | None = msgspec.field(default=None, name="dst.addr")
    dst_hbone_addr: str | None = msgspec.field(default=None, name="dst.hbone_addr")
    dst_service: str | None = msgspec.field(default=None, name="dst.service")
    dst_workload: str | None = msgspec.field(default=None, name="dst.workload")
    dst_namespace: str | None = msgspec.field(default=None, name="dst.namespace")
    bytes_sent: int | None = None
    bytes_recv: int | None = None
    duration: str | int | float | None = None
    error: str | None = None


_decoder = msgspec.json.Decoder(Access, strict=False)


def access_of(line: bytes) -> Access | None:
    """None for what is broken; its message is empty for a line that tells of no connection."""
    if line.startswith(b'{"'):
        return decoded(_decoder, line)
    text = line.decode(errors="replace")
    message = next((message for message in (COMPLETE, OPENED) if message in text), "")
    if not message or "access" not in text.partition(message)[0]:
        return Access()
    head, _, tail = text.partition(message)
    found = {key: quoted or bare for key, quoted, bare in _FIELD.findall(tail)}
    time = _TIME.match(head)
    try:
        return msgspec.convert(
            {"time": time.group() if time else None, **found, "message": message}, Access, strict=False
        )
    except msgspec.ValidationError:
        return None


def microseconds(duration: str | float | None) -> int | None:
    """``12ms`` -> 12000; a bare number is of milliseconds."""
    found = _DURATION.fullmatch(str(duration).strip()) if duration is not None else None
    return round(float(found[1][:18]) * _IN_MICROSECONDS[found[2] or "ms"]) if found else None
