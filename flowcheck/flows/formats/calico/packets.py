"""What Calico's Log rules leave in kernel logs, and what its denials do where Felix is told to log them.

A line is one packet, written by the node that met the rule: mostly the first of a connection, for policies
are not asked again. A Log rule (``calico-packet``) decides nothing, and what its policy decides next is not
said. ``calico-drop`` is a denial (DropActionOverride); ``LOGandDROP`` or ``LOGandACCEPT`` after it, where
Felix is told to add that, says whether it was carried out. Lines are those of syslog with RFC 3339
times, of ``journalctl -o short-iso`` or of its JSON; the older times of syslog have no year and cannot be
used. A prefix of one's own (logPrefix) is not recognised.

Source: tigera/docs, Use log rules to test network policy, iptables logs; felix/rules/policy.go of
projectcalico/calico @87c15906; net/netfilter/nf_log_syslog.c of Linux; systemd.journal-fields(7).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import msgspec
import pyarrow as pa

from flowcheck.errors import FlowFormatError
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.counting.connections import Connections
from flowcheck.flows.logs.form import Asked
from flowcheck.flows.logs.rows import Row, batch_of
from flowcheck.flows.logs.text.decoding import decoded
from flowcheck.flows.logs.text.head import Head
from flowcheck.flows.logs.text.source import Source
from flowcheck.flows.logs.text.wrapped import Unwrapper
from flowcheck.flows.logs.values.tcp import FLAGS

_LOGGED = re.compile(r"\b(calico-(?:packet|drop))( [^=]*)?: (IN=\S* OUT=\S* [^\[]*)")
_BEFORE = re.compile(r"(?:<[0-9]+>(?:1 )?)?([0-9]{4}-[0-9]{2}-[0-9]{2}T\S+) (\S+) ")
_YEARLESS = re.compile(r"(?:<[0-9]+>)?[A-Z][a-z]{2} [ 0-9][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2} ")
PROTOCOLS = {
    "ICMP": 1,
    "TCP": 6,
    "UDP": 17,
    "ESP": 50,
    "AH": 51,
    "ICMPv6": 58,
    "SCTP": 132,
    "UDPLITE": 136,
}
_FLAGS = ("FIN", "SYN", "RST", "PSH", "ACK", "URG")
WORKLOADS = "cali"
"""How the interfaces of pods begin, where nothing else is configured."""
ASKS = {1: (8, 13, 15, 17), 58: (128, 135)}
"""Types of ICMP that begin something."""
EVENT = 1


class _Entry(
    msgspec.Struct, rename={"message": "MESSAGE", "time": "__REALTIME_TIMESTAMP", "host": "_HOSTNAME"}
):
    """A line of the journal: microseconds, as a text."""

    message: str
    time: str
    host: str | None = None


class _Line(NamedTuple):
    time: int | str | None
    host: str | None
    text: str


_entry = msgspec.json.Decoder(_Entry)


def recognise(head: Head) -> str:
    if any(_LOGGED.search(line) for line in head.lines):
        return "its lines are packets that the kernel logged for calico-packet or calico-drop"
    return ""


def read(source: Source, asked: Asked, account: Account) -> Iterator[pa.RecordBatch]:
    """Raises: FlowFormatError where times have no year."""
    unwrapper, connections = Unwrapper(), Connections()
    for lines in source.lines():
        rows = []
        for number, text in unwrapper.unwrap(lines):
            account.read()
            line = _line(text)
            found = _LOGGED.search(line.text)
            if found is None:
                account.leave_out("no_flow")
                continue
            if line.time is None and _YEARLESS.match(line.text):
                raise FlowFormatError(
                    "its times have no year",
                    where=source.path,
                    hint="write the log with times in RFC 3339: journalctl -o short-iso-precise",
                )
            try:
                row = _row(number, line, found[3])
            except (ValueError, KeyError):
                account.reject("bad_record", number)
                continue
            _judge(row, found[1], found[2] or "", account)
            rows.append(row)
        connections.settle(rows)
        if rows:
            yield batch_of(rows, account)
    for _ in range(unwrapper.rest()):
        account.read()
        account.leave_out("cut_off")


def _line(text: bytes) -> _Line:
    entry = decoded(_entry, text) if text.startswith(b"{") else None
    if entry is not None:
        time = int(entry.time) if entry.time.isdecimal() else None
        return _Line(time, entry.host, entry.message)
    line = text.decode(errors="replace")
    before = _BEFORE.match(line)
    return _Line(before[1], before[2], line) if before else _Line(None, None, line)


def _row(number: int, line: _Line, text: str) -> Row:
    """``text``: from IN= on. Raises: ValueError, KeyError for a number that is none, or missing."""
    words = text.split()
    fields = dict(word.split("=", 1) for word in reversed(words) if "=" in word)  # the first of each counts
    name = fields.get("PROTO", "")
    row = Row(
        record=number,
        start_time=line.time,
        src_ip=fields.get("SRC"),
        dst_ip=fields.get("DST"),
        protocol=PROTOCOLS[name] if name in PROTOCOLS else int(name),
        record_kind=EVENT,
        observer=line.host,
        observation_point=_seen_from(fields["IN"], fields["OUT"]),
    )
    if "DPT" in fields:
        row.src_port, row.dst_port = int(fields["SPT"]), int(fields["DPT"])
    if "TYPE" in fields:
        row.icmp_type, row.icmp_code = int(fields["TYPE"]), int(fields.get("CODE", 0))
    if row.protocol == 6:
        row.tcp_flags = sum(FLAGS[word] for word in words if word in _FLAGS)
    else:
        row.initiator = 1 if row.icmp_type is None or row.icmp_type in ASKS.get(row.protocol or 0, ()) else 0
    return row


def _seen_from(into: str, out: str) -> int:
    """1 source, 2 destination, 4 both, by whose interface is a pod's; 0 where none is."""
    here, there = into.startswith(WORKLOADS), out.startswith(WORKLOADS)
    return 4 if here and there else 1 if here else 2 if there else 0


def _judge(row: Row, prefix: str, said: str, account: Account) -> None:
    if prefix == "calico-packet":
        row.action = 0
        account.warn("a packet that a Log rule met may have been denied after that: no line says so")
    elif "ACCEPT" in said:
        row.action = 3
    else:
        row.action = 2
        if "DROP" not in said:
            account.warn(
                "calico-drop is read as denied; with DropActionOverride LogAndAccept it went through"
            )
