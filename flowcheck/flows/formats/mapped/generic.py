"""Any Parquet, CSV, TSV or JSON lines, by a mapping that a person wrote.

A record is whatever the mapping says: an event, the packets of a window, a whole connection. What the log
calls its columns, in which unit its times are, what its words mean: all of it stands in the mapping, nothing
is guessed. Its text is described in :mod:`flowcheck.flows.formats.mapped.rules.written`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa

from flowcheck.flows.formats.mapped.forms.blocks import Block
from flowcheck.flows.formats.mapped.forms.opened import read_any
from flowcheck.flows.formats.mapped.reading import read_blocks
from flowcheck.flows.formats.mapped.rules.written import mapping_of
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.form import Asked, Format
from flowcheck.flows.logs.text.head import Head
from flowcheck.flows.logs.text.source import Source


def recognise(head: Head) -> str:
    """Never: only a person can say that a log is read by a mapping."""
    return ""


def read(source: Source, asked: Asked, account: Account) -> Iterator[pa.RecordBatch]:
    """**Raises**: FlowFormatError for a mapping that cannot be used, or is not for this log."""
    mapping = mapping_of(asked.mapping)
    blocks = read_any(source, mapping, asked, account, strict=True)
    found: set[str] = set()
    yield from read_blocks(source, _noting(blocks, found), mapping, asked, account)
    for rule in mapping.rules:
        if rule.sources and not rule.optional and found.isdisjoint(rule.sources) and account.records:
            names = " nor ".join(repr(name)[:80] for name in rule.sources)
            account.warn(f"no record has {names}, which the mapping names for {rule.column}")


def _noting(blocks: Iterable[Block], found: set[str]) -> Iterator[Block]:
    """The blocks; the names of their columns go into ``found``."""
    for block in blocks:
        found.update(block.columns)
        yield block


FORMAT = Format(
    "mapped",
    "a log with a mapping",
    recognise,
    read,
    silent=("whatever the mapping has no rule for",),
    needs_mapping=True,
    tells_mesh=True,
)
