"""Records of NetObserv -> batches, and what becomes of those that are no row."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import pyarrow as pa

from flowcheck.flows.formats.netobserv.conversations import Conversations
from flowcheck.flows.formats.netobserv.files import records_of
from flowcheck.flows.formats.netobserv.records import Flow
from flowcheck.flows.formats.netobserv.rows import row_of
from flowcheck.flows.formats.netobserv.translations import Translations
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.counting.connections import Connections
from flowcheck.flows.logs.counting.tellers import Tellers
from flowcheck.flows.logs.form import Asked
from flowcheck.flows.logs.rows import ROWS_AT_ONCE, Row, batch_of
from flowcheck.flows.logs.text.source import Source

IP = frozenset({0x0800, 0x86DD})
ARP = 0x0806
"""Ethertypes. Source: IANA, IEEE 802 Numbers."""


def read(source: Source, asked: Asked, account: Account) -> Iterator[pa.RecordBatch]:
    """The rows of a log, some thousand records at a time, in whatever order they stand."""
    connections, tellers, translations = Connections(), Tellers(), Translations()
    conversations = Conversations()
    records, sampled = records_of(source, account), False
    while some := list(islice(records, ROWS_AT_ONCE)):
        rows = []
        for position, flow in some:
            account.read()
            row = _row(position, flow, account)
            if row is not None and flow is not None:
                conversations.tell(row, flow)
                rows.append(row)
                sampled = sampled or row.sampling_rate is not None
        ordered = sorted(rows, key=_begins)
        translations.tell(ordered)
        connections.settle(ordered)
        tellers.settle(ordered)
        if rows:
            yield batch_of(rows, account)
    if not sampled:
        account.warn(
            "no record says how packets were sampled: the agent takes one of 50 unless told otherwise"
        )


def _row(position: int, flow: Flow | None, account: Account) -> Row | None:
    """None for what was merged, left out or rejected."""
    if flow is None:
        account.reject("bad_record", position)
    elif flow.Duplicate:
        account.merge()
    elif flow.Etype and flow.Etype not in IP:
        account.leave_out("arp" if flow.Etype == ARP else "not_ip")
    elif flow.SrcAddr is None and flow.DstAddr is None and flow.Proto is None:
        account.leave_out("no_flow")
    else:
        row = row_of(position, flow)
        if not (flow.TimeFlowStartMs or flow.TimeFlowStart) and row.start_time is not None:
            account.warn("records without a start have the time at which they were received")
        return row
    return None


def _begins(row: Row) -> int:
    return row.start_time if isinstance(row.start_time, int) else 0
