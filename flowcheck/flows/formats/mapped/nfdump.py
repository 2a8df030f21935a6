"""nfdump: NetFlow and IPFIX that its collector stored, written as csv, csv-fast, json or ndjson.

A record is the packets of one direction over some time. There is no verdict: a reset that answers a SYN is
the other end's refusal. The default csv since 1.7.5 has no TCP flags, so that it may stay unknown who opened
a connection. Dates are of the time zone of the machine that wrote them, which they do not say: it is asked
for. ``Summary`` ends the records. With ICMP the destination port is ``type.code``. Text (-o line, long,
extended) is made for people: numbers are rounded (1.2 M), and it is refused.

Source: src/output of phaag/nfdump 1.7.7. In its ndjson the bytes were the packets for some releases: as no
packet has one byte, bytes that are the same number are taken as not recorded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flowcheck.errors import FlowFormatError
from flowcheck.flows.formats.mapped.columns.cells import as_text
from flowcheck.flows.formats.mapped.columns.table import Table
from flowcheck.flows.formats.mapped.forms.blocks import Block
from flowcheck.flows.formats.mapped.forms.delimited import Layout, read_delimited
from flowcheck.flows.formats.mapped.forms.opened import form_of, read_any
from flowcheck.flows.formats.mapped.heads import names_of
from flowcheck.flows.formats.mapped.oneway import of_one_way
from flowcheck.flows.formats.mapped.reading import Beside, read_blocks
from flowcheck.flows.formats.mapped.shipped import shipped
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.form import Asked, Format
from flowcheck.flows.logs.text.head import Head
from flowcheck.flows.logs.text.source import Source

_TEXT = b"Date first seen"
_LETTER = re.compile(rb"^[A-Za-z]", re.MULTILINE)
"""How a heading begins, and what ends records; no record does."""
_PORTS = ("dp", "dstPort")


def recognise(head: Head) -> str:
    if head.data.startswith(_TEXT) and b"Duration" in head.data[:200]:
        return "it begins with Date first seen"
    for names in names_of(head):
        if {"ts", "sa", "da", "pr"} <= names or {"firstSeen", "srcAddr", "dstAddr"} <= names:
            return "its first line names columns of nfdump"
        if {"first", "in_packets", "proto"} <= names:
            return "its records have first and in_packets"
    return ""


def read(source: Source, asked: Asked, account: Account) -> Iterator[pa.RecordBatch]:
    """**Raises**: FlowFormatError for text made for people, and where no time zone is said."""
    mapping, head = shipped("nfdump"), source.head()
    if head.lstrip().startswith(_TEXT):
        raise FlowFormatError(
            "is nfdump's output for people, whose numbers are rounded",
            where=source.path,
            hint="write it with nfdump -o csv, or -o csv-fast, which needs no time zone",
        )
    if form_of(head) == "csv":
        sections = _Sections()
        layout = Layout(b",", sections.heading, sections.all_records, quoted=False)
        blocks = read_delimited(source, layout, mapping.sources, account)
    else:
        blocks = read_any(source, mapping, asked, account)
    yield from read_blocks(source, blocks, mapping, asked, account, Beside(_split_ports, _adjust))


class _Sections:
    """Which lines are records: those after a heading, wherever one stands, up to ``Summary``."""

    def __init__(self) -> None:
        self._ended = False

    def heading(self, line: bytes) -> Sequence[str] | None:
        if line[:1].isalpha():
            if b"srcAddr" in line or b",sa," in line:
                self._ended = False
                return [name.strip() for name in line.decode(errors="replace").split(",")]
            if line.startswith(b"Summary"):
                self._ended = True
        return () if self._ended else None

    def all_records(self, text: bytes) -> bool:
        return not self._ended and _LETTER.search(text) is None


def _split_ports(block: Block) -> Block:
    """``8.0`` is no port: type and code of ICMP."""
    for name in _PORTS:
        if name in block.columns:
            texts = as_text(block.columns[name])
            pairs = pc.match_substring(texts, ".")
            none = pa.scalar(None, pa.string())
            parts = {name: pc.if_else(pairs, none, texts), "icmp": pc.if_else(pairs, texts, none)}
            return Block(block.positions, block.columns | parts)
    return block


def _adjust(table: Table) -> None:
    protocol, port = table.numbers("protocol"), table.numbers("dst_port")
    types, codes = table.numbers("icmp_type"), table.numbers("icmp_code")
    packed = np.isin(protocol, (1, 58)) & (types < 0) & (port >= 0)  # both in a port, as NetFlow has them
    for name, numbers, half in (("icmp_type", types, port >> 8), ("icmp_code", codes, port & 0xFF)):
        numbers = np.where(packed, half, numbers)
        table.put(name, np.maximum(numbers, 0), numbers < 0)
    for name, beside in (("bytes", "packets"), ("bytes_reverse", "packets_reverse")):
        count = table.numbers(name)
        table.put(name, np.maximum(count, 0), (count < 0) | ((count == table.numbers(beside)) & (count > 0)))
    of_one_way(table)


FORMAT = Format(
    "nfdump",
    "nfdump",
    recognise,
    read,
    silent=(
        "what any policy decided",
        "the time zone of its dates: it is asked for",
        "who opened a connection, where it has no TCP flags (csv since 1.7.5)",
        "whether flows were sampled, and how",
    ),
)
