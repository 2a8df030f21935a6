"""Akvorado: NetFlow, IPFIX and sFlow of routers, as rows of its ClickHouse table ``flows``.

A record is the packets of one direction over some time, or of one packet in many; bytes and packets are as
recorded, the rate beside them. The only time is when it was received, to the second: a flow began somewhat
earlier. There is no verdict. Consolidated tables (flows_1m0s and so on) have neither addresses nor ports.

Source: common/schema/definition.go of akvorado/akvorado 2.0.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from flowcheck.errors import FlowFormatError
from flowcheck.flows.formats.mapped.columns.cells import as_text
from flowcheck.flows.formats.mapped.forms.blocks import Block
from flowcheck.flows.formats.mapped.forms.opened import read_any
from flowcheck.flows.formats.mapped.heads import names_of
from flowcheck.flows.formats.mapped.oneway import of_one_way
from flowcheck.flows.formats.mapped.reading import Beside, read_blocks
from flowcheck.flows.formats.mapped.rules.mapping import Mapping
from flowcheck.flows.formats.mapped.shipped import shipped
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.form import Asked, Format
from flowcheck.flows.logs.text.head import Head, head_of
from flowcheck.flows.logs.text.source import Source

_ICMP = ("Type", "Code")
_MARKS = {"ExporterAddress", "ExporterName", "SrcNetName", "InIfName", "InIfBoundary"}
_OTHERS = {"TimeFlowStart", "TimeFlowStartMs", "BiFlowDirection", "SrcPod"}
"""Of NetObserv's rows, which have some of the same."""


def recognise(head: Head) -> str:
    for names in names_of(head):
        is_other = names & _OTHERS or any("K8S" in name for name in names)
        if "TimeReceived" in names and names & _MARKS and not is_other:
            return "its rows have TimeReceived and columns of an exporter"
    return ""


def read(source: Source, asked: Asked, account: Account) -> Iterator[pa.RecordBatch]:
    """**Raises**: FlowFormatError for a consolidated table."""
    mapping = shipped("akvorado")
    found = list(names_of(head_of(source)))
    if found and not any("SrcAddr" in names for names in found):
        raise FlowFormatError(
            "is a consolidated table of Akvorado, which has no addresses",
            where=source.path,
            hint="export the table flows",
        )
    apart = tuple((f"ICMPv{version}{what}", (None,)) for version in (4, 6) for what in _ICMP)
    blocks = read_any(source, Mapping(mapping.rules, apart), asked, account)
    yield from read_blocks(source, blocks, mapping, asked, account, Beside(_chosen, of_one_way))


def _chosen(block: Block) -> Block:
    """ClickHouse has 0 where there is nothing: types and codes are of the protocol's own columns."""
    v6 = pc.equal(as_text(block.column("Proto")), "58")
    columns = {
        f"ICMP{what}": pc.if_else(
            v6,
            as_text(block.column(f"ICMPv6{what}")),
            as_text(block.column(f"ICMPv4{what}")),
        )
        for what in _ICMP
    }
    return Block(block.positions, block.columns | columns)


FORMAT = Format(
    "akvorado",
    "Akvorado",
    recognise,
    read,
    silent=(
        "what any policy decided",
        "what was not sampled: that nothing is seen proves nothing",
        "when a flow began: there is only when it was received",
    ),
)
