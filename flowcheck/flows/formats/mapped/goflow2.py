"""GoFlow2: NetFlow, IPFIX and sFlow of routers and hosts, as the JSON that its collector writes.

A record of sFlow is one packet of many, of NetFlow and IPFIX the packets of one direction over some time,
often of one in many too. Bytes and packets are as recorded, the rate beside them; a rate of 0 says nothing.
There is no verdict. Some releases got NetFlow's times wrong by days: a start that lies far from when the
record was received is implausible.

Source: pb/flow.proto of netsampler/goflow2 2.2.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flowcheck.flows.formats.mapped.columns.cells import as_text
from flowcheck.flows.formats.mapped.columns.table import Table
from flowcheck.flows.formats.mapped.forms.opened import read_any
from flowcheck.flows.formats.mapped.heads import names_of
from flowcheck.flows.formats.mapped.oneway import of_one_way
from flowcheck.flows.formats.mapped.reading import Beside, read_blocks
from flowcheck.flows.formats.mapped.rules.mapping import KINDS, Mapping
from flowcheck.flows.formats.mapped.shipped import shipped
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.form import Asked, Format
from flowcheck.flows.logs.text.head import Head
from flowcheck.flows.logs.text.source import Source


def recognise(head: Head) -> str:
    if any({"time_received_ns", "src_addr", "dst_addr"} <= names for names in names_of(head)):
        return "its records have time_received_ns and src_addr"
    return ""


def read(source: Source, asked: Asked, account: Account) -> Iterator[pa.RecordBatch]:
    mapping = shipped("goflow2")
    wanted = Mapping(mapping.rules, (("type", (None,)),))
    blocks = read_any(source, wanted, asked, account)
    yield from read_blocks(source, blocks, mapping, asked, account, Beside(after=_adjust))


def _adjust(table: Table) -> None:
    of_one_way(table)
    kind = as_text(table.block.column("type"))
    sampled = pc.starts_with(kind, "SFLOW").fill_null(False).to_numpy(zero_copy_only=False)
    table.put("record_kind", np.where(sampled, KINDS["event"], KINDS["window"]))


FORMAT = Format(
    "goflow2",
    "GoFlow2",
    recognise,
    read,
    silent=(
        "what any policy decided",
        "what was not sampled: that nothing is seen proves nothing",
        "how many connections sampled packets are of",
    ),
)
