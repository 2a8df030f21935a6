"""Zeek's conn.log: TSV with ``#fields``, JSON, or Parquet made of them.

A record is a connection, both its ways, seen at a tap; the originator is who opened it, as far as Zeek saw
the beginning: where it came later it guessed, and says so by the history. There is no verdict: a refused or
an unanswered connection is one that was tried. ICMP has its types where ports would be, in this way: the
first "port" is the message's type, the second that of the answer where messages come in pairs, else the code.

Source: scripts/base/protocols/conn/main.zeek and src/packet_analysis/protocol/icmp/ICMP.cc of zeek/zeek 8.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flowcheck.flows.formats.mapped.columns.cells import as_text
from flowcheck.flows.formats.mapped.columns.table import Table
from flowcheck.flows.formats.mapped.forms.delimited import Layout, read_delimited
from flowcheck.flows.formats.mapped.forms.opened import read_any
from flowcheck.flows.formats.mapped.heads import names_of
from flowcheck.flows.formats.mapped.pings import icmp_ends
from flowcheck.flows.formats.mapped.reading import Beside, read_blocks
from flowcheck.flows.formats.mapped.rules.mapping import Mapping
from flowcheck.flows.formats.mapped.shipped import shipped
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.form import Asked, Format
from flowcheck.flows.logs.text.head import Head
from flowcheck.flows.logs.text.source import Source

_MORE = ("proto", "conn_state", "history")
_MARK = "#separator"
_PATH = re.compile("#path[^a-z]conn")
_SEPARATED = re.compile(rb"^#separator \\x([0-7][0-9a-fA-F])", re.MULTILINE)
"""What stands between values is written as its number."""


def recognise(head: Head) -> str:
    lines = head.lines
    if lines and lines[0].startswith(_MARK):
        return "it has #fields of a conn.log" if any(_PATH.fullmatch(line) for line in lines) else ""
    for names in names_of(head):
        if {"uid", "proto", "conn_state"} <= names and any(name.endswith("orig_h") for name in names):
            return "its records have uid, conn_state and orig_h"
    return ""


def read(source: Source, asked: Asked, account: Account) -> Iterator[pa.RecordBatch]:
    mapping = shipped("zeek")
    wanted = Mapping(mapping.rules, (*mapping.where, *((name, (None,)) for name in _MORE)))
    if source.head().removeprefix(b"\xef\xbb\xbf").startswith(b"#"):
        separator = _separator(source.head())
        layout = Layout(separator, partial(_heading, separator), _all_records, quoted=False)
        blocks = read_delimited(source, layout, wanted.sources, account)
    else:
        blocks = read_any(source, wanted, asked, account)
    yield from read_blocks(source, blocks, mapping, asked, account, Beside(after=_adjust))


def _separator(head: bytes) -> bytes:
    found = _SEPARATED.search(head)
    return bytes.fromhex(found[1].decode()) if found else b"\t"


def _heading(separator: bytes, line: bytes) -> Sequence[str] | None:
    if not line.startswith(b"#"):
        return None
    mark, *names = line.decode(errors="replace").split(separator.decode(errors="replace"))
    return names if mark == "#fields" else ()


def _all_records(text: bytes) -> bool:
    return not text.startswith(b"#") and b"\n#" not in text


def _adjust(table: Table) -> None:
    _protocols(table)
    protocol = table.numbers("protocol")
    icmp = np.isin(protocol, (1, 58))
    types, second = table.numbers("src_port"), table.numbers("dst_port")
    table.put("initiator", _initiators(table, protocol))
    bare = icmp | (~np.isin(protocol, (6, 17)) & (second <= 0))
    for name in ("src_port", "dst_port"):
        numbers = table.numbers(name)
        table.put(name, np.where(bare, 0, numbers), bare | (numbers < 0))
    if icmp.any():
        icmp_ends(table, np.where(icmp, types, -1), np.where(icmp, second, -1), code_is_answer=True)


def _protocols(table: Table) -> None:
    """``icmp`` is both ICMP and ICMPv6: the address tells."""
    v6 = pc.match_substring(table.column("src_ip"), ":").fill_null(False).to_numpy(zero_copy_only=False)
    protocol = table.numbers("protocol")
    table.put("protocol", np.where((protocol == 1) & v6, 58, protocol), protocol < 0)


def _initiators(table: Table, protocol: np.ndarray) -> np.ndarray:
    """1, or 0 where Zeek did not see the beginning: a history that begins with the responder's answer taken
    for the originator's, or was turned round (^), and TCP of which it saw the middle only."""
    history = as_text(table.block.column("history"))
    doubtful = pc.match_substring_regex(history, r"^H|\^").fill_null(False)
    state = as_text(table.block.column("conn_state"))
    middle = pc.equal(state, "OTH").fill_null(False).to_numpy(zero_copy_only=False) & ~np.isin(
        protocol, (1, 17, 58)
    )
    return np.where(doubtful.to_numpy(zero_copy_only=False) | middle, 0, 1)


FORMAT = Format(
    "zeek",
    "Zeek conn.log",
    recognise,
    read,
    silent=(
        "what any policy decided: a connection that was refused or not answered is one that was tried",
        "pods, and Services before translation: it sees what passes its tap",
        "who opened a connection of which it saw only the middle",
    ),
)
