"""A log in any of the forms that a mapping reads -> blocks: Parquet, JSON, CSV or TSV, told by how it
begins."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pyarrow as pa

from flowcheck.errors import FlowFormatError, Problem
from flowcheck.flows.formats.mapped.forms.blocks import Block
from flowcheck.flows.formats.mapped.forms.delimited import Layout, names_in, read_delimited
from flowcheck.flows.formats.mapped.forms.objects import read_objects
from flowcheck.flows.formats.mapped.forms.tables import columns_of, read_table
from flowcheck.flows.formats.mapped.rules.mapping import Mapping
from flowcheck.flows.logs.account import Account
from flowcheck.flows.logs.form import Asked
from flowcheck.flows.logs.text.source import PARQUET, Source

_SHOWN = 30


def read_any(
    source: Source, mapping: Mapping, asked: Asked, account: Account, *, strict: bool = False
) -> Iterator[Block]:
    """``strict``: a source of a rule that the log's columns do not have, nor its path, is an error.

    **Raises**: FlowFormatError.
    """
    keys = {name: value for name, value in source.keys if name in mapping.sources and value is not None}
    blocks = _stored(source, mapping, asked, account, strict=strict, told=tuple(keys))
    if not keys:
        return blocks
    return (_with_keys(block, keys) for block in blocks)


def _with_keys(block: Block, keys: dict[str, bytes]) -> Block:
    """What the path tells, the same in every row, of columns that the file does not have."""
    n = len(block.positions)
    told = {
        name: pa.array([value] * n, pa.binary()) for name, value in keys.items() if name not in block.columns
    }
    return Block(block.positions, block.columns | told)


def _stored(
    source: Source, mapping: Mapping, asked: Asked, account: Account, *, strict: bool, told: tuple[str, ...]
) -> Iterator[Block]:
    form = mapping.form or form_of(source.head())
    wanted = mapping.sources
    if form == "parquet":
        if strict:
            check_sources(mapping, [*columns_of(source), *told], source.path)
        return read_table(source, wanted, account)
    if form == "json":
        return read_objects(source, wanted, account)
    layout = _layout(source.head(), mapping, asked)
    if strict:
        check_sources(mapping, [*layout.names, *told], source.path)
    return read_delimited(source, layout, wanted, account)


def form_of(head: bytes) -> str:
    """``parquet``, ``json`` or ``csv``."""
    if head.startswith(PARQUET):
        return "parquet"
    line = head.removeprefix(b"\xef\xbb\xbf").lstrip().split(b"\n", 1)[0].rstrip()
    return "json" if line.startswith((b"{", b"[")) or line.endswith(b"}") else "csv"


def _layout(head: bytes, mapping: Mapping, asked: Asked) -> Layout:
    line = head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n").split(b"\n", 1)[0].rstrip(b"\r")
    separator = mapping.separator.encode() or _separator(line, mapping.form)
    if len(separator) != 1:
        raise FlowFormatError(
            f"mapping: separator {mapping.separator[:20]!r} is not one character",
            hint="write one, such as ';'",
        )
    names = asked.fields or names_in(line, separator)
    first = names[0].encode() if names else b""

    def all_records(text: bytes) -> bool:
        return not text.startswith(first) and b"\n" + first not in text

    return Layout(separator, _heading(names, separator), all_records, names)


def _separator(line: bytes, form: str) -> bytes:
    """The one that stands most often in the first line."""
    if form:
        return b"\t" if form == "tsv" else b","
    return max((b"\t", b",", b";", b"|"), key=line.count)


def _heading(names: Sequence[str], separator: bytes) -> Callable[[bytes], Sequence[str] | None]:
    """A line of the names themselves is no record, wherever it stands: files may have been joined."""
    first = names[0].encode() if names else b""

    def heading(line: bytes) -> Sequence[str] | None:
        if not line.lstrip(b'"').startswith(first):
            return None
        return names if names_in(line, separator) == tuple(names) else None

    return heading


def check_sources(mapping: Mapping, names: Sequence[str], where: str) -> None:
    """**Raises**: FlowFormatError with every rule of which no source is among the columns."""
    have = {*names, *(name.split(".")[0] for name in names)}

    def is_there(source: str) -> bool:
        return source in have or source.split(".")[0] in have

    problems = [
        Problem(
            f"{rule.column}: the log has no column {' nor '.join(repr(s)[:80] for s in rule.sources)}",
            f"mapping, line {rule.line}",
            "name one that it has, or write optional: true",
        )
        for rule in mapping.rules
        if rule.sources and not rule.optional and not any(map(is_there, rule.sources))
    ]
    problems += [
        Problem(
            f"where: the log has no column {name!r}"[:120], "mapping", "name one that it has, or add null"
        )
        for name, words in mapping.where
        if None not in words and not is_there(name)
    ]
    if problems:
        shown = ", ".join(repr(name)[1:-1][:60] for name in names[:_SHOWN])
        more = ", ..." if len(names) > _SHOWN else ""
        raise FlowFormatError(
            "the mapping is not for this log", where=where, hint=f"it has {shown}{more}", problems=problems
        )
