"""Lines of connection tracking -> rows: the opener, the backend, and what was dialled."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pyarrow as pa

from flowcheck.flows.formats.conntrack.entries import Entry, entry_of
from flowcheck.flows.formats.conntrack.known import Known
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.form import Asked
from flowcheck.flows.logs.rows import Row, batch_of
from flowcheck.flows.logs.text.head import Head
from flowcheck.flows.logs.text.source import Source
from flowcheck.flows.logs.text.wrapped import Unwrapper
from flowcheck.flows.logs.values.local_times import LocalTimes

CONNECTION, STATE = 3, 4
_PRINTED_START = "%a %b %d %H:%M:%S %Y"
"""As ctime of C prints it."""


def recognise(head: Head) -> str:
    found = next((entry for line in head.lines[:20] if (entry := entry_of(line)) is not None), None)
    return "its lines have both tuples of a connection" if found is not None else ""


def read(source: Source, asked: Asked, account: Account) -> Iterator[pa.RecordBatch]:
    """The rows of a log, a block of lines at a time.

    **Raises**: FlowFormatError for local times of a zone that nobody told.
    """
    unwrapper, known = Unwrapper(), Known()
    times = LocalTimes(asked.time_zone, source.path, "say --time-zone: that of the node")
    for lines in source.lines():
        rows = []
        for number, text in unwrapper.unwrap(lines):
            account.read()
            line = text.decode("utf-8", "replace")
            entry = entry_of(line)
            if entry is not None:
                row = _row(number, entry)
                row.start_time = _start(entry, times)
                known.tell(row, entry)
                rows.append(row)
                _warn(row, account)
            elif "src=" in line:
                account.reject("bad_record", number)
            else:
                account.leave_out("no_entry")
        if rows:
            yield batch_of(rows, account)
    for _ in range(unwrapper.rest()):
        account.read()
        account.leave_out("cut_off")


def _warn(row: Row, account: Account) -> None:
    if row.start_time is None:
        account.warn(
            "entries without a start cannot be used: set net.netfilter.nf_conntrack_timestamp to 1, and dump "
            "with -o ktimestamp"
        )


def _row(number: int, entry: Entry) -> Row:
    there, back = entry.there, entry.back
    row = Row(
        record=number,
        src_ip=there.get("src"),
        dst_ip=back.get("src"),
        src_port=_number(there.get("sport")),
        dst_port=_number(back.get("sport")),
        protocol=entry.protocol,
        icmp_type=_number(there.get("type")),
        icmp_code=_number(there.get("code")),
        initiator=1,
        record_kind=STATE if entry.event in ("NEW", "UPDATE") else CONNECTION,
        packets=_number(there.get("packets")),
        bytes=_number(there.get("bytes")),
        packets_reverse=_number(back.get("packets")),
        bytes_reverse=_number(back.get("bytes")),
    )
    dialled = (there.get("dst"), _number(there.get("dport")))
    if dialled != (row.dst_ip, row.dst_port):
        row.service_ip, row.service_port = dialled
    if back.get("dst") != row.src_ip:
        row.nat_src_ip = back.get("dst")
    return row


def _number(text: str | None) -> int | None:
    """-1, which no column takes, for what is none."""
    if text is None:
        return None
    return int(text) if text.isdecimal() and len(text) <= 20 else -1


def _start(entry: Entry, times: LocalTimes) -> int | None:
    """Microseconds: when it began, or of an event that does not say, when that was."""
    if entry.at:
        seconds, _, part = entry.at.partition(".")
        lasted = entry.lasted or 0
        return (int(seconds) - lasted) * 1_000_000 + int(part.ljust(6, "0")[:6])
    if not entry.start:
        return None
    local = _local(entry.start)
    return None if local is None else times.microseconds(local)


def _local(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text[:1].isdigit() else datetime.strptime(text, _PRINTED_START)
    except ValueError:
        return None
