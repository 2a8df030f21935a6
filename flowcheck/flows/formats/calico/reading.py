"""Flow logs of Calico, in whichever spelling and layout -> batches of rows."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from flowcheck.flows.formats.calico.flows import row_of
from flowcheck.flows.formats.calico.pieces import pieces
from flowcheck.flows.formats.calico.records import Flow, flow_of
from flowcheck.flows.formats.calico.sides import Sides
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.form import Asked
from flowcheck.flows.logs.rows import Row, batch_of
from flowcheck.flows.logs.text.source import Source


def read(source: Source, asked: Asked, account: Account) -> Iterator[pa.RecordBatch]:
    sides = Sides()
    for found in pieces(source):
        rows: list[Row] = []
        for position, text in found:
            account.read()
            flow = flow_of(text)
            if flow is None:
                account.reject("bad_record", position)
            elif not _is_one(flow):
                account.leave_out("no_flow")
            else:
                try:
                    rows.append(row_of(position, flow, sides))
                except (ValueError, OverflowError):
                    account.reject("bad_record", position)
        if rows:
            yield batch_of(rows, account)


def _is_one(flow: Flow) -> bool:
    """Whether an object is a flow: DNS, audit and layer 7 logs stand in the same archives."""
    return flow.reporter is not None or flow.action is not None or flow.start_time is not None
