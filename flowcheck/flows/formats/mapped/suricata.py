"""Suricata's EVE log: events of type ``flow``; alerts, HTTP and all others are left out.

A record is a connection, both its ways, seen at a tap, written when it ended. Its source is the client, that
is who sent the first packet that Suricata saw; with TCP only a SYN from it proves that. ``flow.action`` and
drops are Suricata's own, as an intrusion prevention system: no decision of a CNI.

Source: src/output-json-flow.c of OISF/suricata 8.0.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from flowcheck.flows.formats.mapped.columns.table import Table
from flowcheck.flows.formats.mapped.forms.opened import read_any
from flowcheck.flows.formats.mapped.heads import names_of
from flowcheck.flows.formats.mapped.pings import icmp_ends
from flowcheck.flows.formats.mapped.reading import Beside, read_blocks
from flowcheck.flows.formats.mapped.shipped import shipped
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.form import Asked, Format
from flowcheck.flows.logs.text.head import Head
from flowcheck.flows.logs.text.source import Source
from flowcheck.flows.logs.values.tcp import SYN, TCP


def recognise(head: Head) -> str:
    if any({"event_type", "flow_id", "src_ip"} <= names for names in names_of(head)):
        return "its records have event_type and flow_id"
    return ""


def read(source: Source, asked: Asked, account: Account) -> Iterator[pa.RecordBatch]:
    mapping = shipped("suricata")
    blocks = read_any(source, mapping, asked, account)
    yield from read_blocks(source, blocks, mapping, asked, account, Beside(after=_adjust))


def _adjust(table: Table) -> None:
    protocol, flags = table.numbers("protocol"), table.numbers("tcp_flags", 0)
    proven = (protocol != TCP) | (flags & SYN != 0)
    table.put("initiator", np.where(proven, 1, 0))
    icmp = np.isin(protocol, (1, 58))
    bare = icmp | (~np.isin(protocol, (6, 17, 132)) & (table.numbers("dst_port") <= 0))
    for name in ("src_port", "dst_port"):
        numbers = table.numbers(name)
        table.put(name, np.where(bare, 0, numbers), bare | (numbers < 0))
    types, codes = table.numbers("icmp_type"), table.numbers("icmp_code")
    if icmp.any():
        icmp_ends(table, np.where(icmp, types, -1), np.where(icmp, codes, -1), code_is_answer=False)


FORMAT = Format(
    "suricata",
    "Suricata EVE",
    recognise,
    read,
    silent=(
        "what a CNI's policy decided: drops are the sensor's own",
        "pods, and Services before translation: it sees what passes its tap",
        "who opened a connection whose beginning it did not see",
    ),
)
