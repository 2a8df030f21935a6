"""The table -> rows, from a file that anybody may have written: bounded, each column of its type.

Arrow's reader is native code, so what the footer claims is held against the file before a page is decoded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from flowcheck.errors import Problem
from flowcheck.history.inventory.columns import NEVER_FROM, NEVER_TO, SCHEMA, TIME
from flowcheck.history.inventory.rows import PHASES, RUNNING, Row, RowPort
from flowcheck.manifests.files.paths import Input
from flowcheck.manifests.journal import Journal
from flowcheck.model.instants import LAST, SECOND
from flowcheck.model.places import SourceLocation
from flowcheck.model.timeline import BEGINNING, END, Lifetime

MAGIC = b"PAR1"
MAX_FOOTER = 16 << 20
FREE_ROWS, MAX_ROWS_PER_BYTE = 1_000_000, 10


def read_rows(item: Input, journal: Journal) -> list[Row]:
    """The versions in a table; rows that differ in nothing but their address are one.

    What is wrong is refused in the journal, with the number of its row (the first is 1).
    """
    try:
        table = _read_table(item)
    except (pa.ArrowException, OSError, UnicodeError, MemoryError, KeyError, ValueError) as error:
        message = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        hint = "docs/inventory.md has the columns and their types"
        journal.refuse(
            [Problem(f"is no inventory: {message}", item.name, hint)], source=SourceLocation(item.name)
        )
        return []
    found: dict[tuple[Any, ...], Row] = {}
    for place, record in enumerate(table.to_pylist(), start=1):
        source = SourceLocation(item.name, place)
        try:
            row = _row(record, source)
        except ValueError as error:
            journal.refuse_part(source, f"the row {error}")
            continue
        key = (*(_key(value) for name, value in record.items() if name != "ip"),)
        before = found.get(key)
        found[key] = row if before is None else replace(before, ips=before.ips + row.ips)
    return list(found.values())


def _read_table(item: Input) -> pa.Table:
    """The columns that are known, each of its own type.

    Raises: ValueError with what is wrong, and what Arrow raises.
    """
    size = len(item.data)
    footer = int.from_bytes(item.data[-8:-4], "little")
    if size < 12 or item.data[-4:] != MAGIC or footer > min(MAX_FOOTER, size - 12):
        raise ValueError("it was cut short")
    file = pq.ParquetFile(
        pa.BufferReader(item.data),
        page_checksum_verification=True,
        thrift_string_size_limit=MAX_FOOTER,
        arrow_extensions_enabled=False,
    )
    if not 0 <= file.metadata.num_rows <= FREE_ROWS + MAX_ROWS_PER_BYTE * size:
        raise ValueError(f"{file.metadata.num_rows} rows in {size} bytes")
    names = file.schema_arrow.names
    if len(set(names)) != len(names):
        raise ValueError("two columns have the same name")
    for name in ("kind", "name"):
        if name not in names:
            raise ValueError(f"it has no column {name}")
    table = file.read(columns=[name for name in names if name in SCHEMA.names], use_threads=False)
    table.validate(full=True)
    if len({*table["cluster"].to_pylist()} if "cluster" in names else ()) > 1:
        raise ValueError("it is of several clusters, whose addresses may be the same")
    return pa.table({name: _typed(name, table[name]) for name in table.column_names})


def _typed(name: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column of its type in SCHEMA; times as microseconds, whatever their unit was."""
    wanted, given = SCHEMA.field(name).type, column.type
    if pa.types.is_dictionary(given):
        given = given.value_type
    if pa.types.is_null(given):
        return column
    if wanted == TIME:
        if not pa.types.is_timestamp(given):
            raise ValueError(f"column {name} is of type {given}, not timestamp")
        return column.cast(pa.timestamp("us", tz=given.tz), safe=False).cast(pa.int64())
    same = given.id == wanted.id or (pa.types.is_large_string(given) and pa.types.is_string(wanted))
    if not same:
        raise ValueError(f"column {name} is of type {given}, not {wanted}")
    try:
        return column.cast(wanted)
    except pa.ArrowException:
        raise ValueError(f"column {name} is of type {given}, not {wanted}") from None


def _key(value: Any) -> Any:
    return repr(value) if isinstance(value, list) else value


def _row(record: Mapping[str, Any], place: SourceLocation) -> Row:
    """One row of the table. Raises ValueError with what is wrong."""
    for name in ("kind", "name"):
        if not record[name]:
            raise ValueError(f"has no {name}")
    phase = record.get("phase") or RUNNING
    given = {
        name: record[name]
        for name in (
            "kind",
            "namespace",
            "name",
            "uid",
            "node_name",
            "host_ip",
            "owner_kind",
            "owner_name",
            "document",
        )
        if record.get(name)
    }
    return Row(
        **given,
        ips=(record["ip"],) if record.get("ip") else (),
        lifetime=_lifetime(record),
        labels=_labels(record.get("labels") or ()),
        namespace_labels=_labels(record["namespace_labels"])
        if record.get("namespace_labels") is not None
        else None,
        host_network=bool(record.get("host_network")),
        phase=phase if phase in PHASES else RUNNING,
        ready=record.get("ready") is not False,
        ports=tuple(_port(port) for port in record.get("named_ports") or ()),
        source=record.get("source"),
        place=place,
        secondary_ips=tuple(filter(None, record.get("secondary_ips") or ())),
        links=tuple(filter(None, record.get("owner_links") or ())),
        account=record.get("service_account") or "",
        mesh=dict(record.get("mesh") or ()),
    )


def _lifetime(record: Mapping[str, Any]) -> Lifetime:
    """valid_from to valid_to; where a table does not say what is sure, all of it is."""
    times = []
    for name, open_end, other in (
        ("valid_from", BEGINNING, ""),
        ("valid_to", END, ""),
        ("sure_from", BEGINNING, "valid_from"),
        ("sure_to", END, "valid_to"),
    ):
        time = record[name] if name in record else record.get(other)
        if time is not None and not 0 <= time <= LAST + SECOND:
            raise ValueError(f"has a {name} outside the years 1970 to 9999")
        if name == "sure_from" and time is not None and time >= NEVER_FROM:
            time = END
        if name == "sure_to" and time == NEVER_TO:
            time = BEGINNING
        times.append(open_end if time is None else time)
    start, end, sure_start, sure_end = times
    if start >= end:
        raise ValueError("has a valid_to that is not after its valid_from")
    return Lifetime(start, end, max(start, sure_start), min(end, sure_end))


def _labels(pairs: Iterable[tuple[str, str | None]]) -> dict[str, str]:
    labels: dict[str, str] = {}
    for key, value in pairs:
        if key in labels or value is None:
            raise ValueError(f"has the label {key[:63]!r} twice or without a value")
        labels[key] = value
    return labels


def _port(port: Mapping[str, Any] | None) -> RowPort:
    if port is None or port["port"] is None:
        raise ValueError("has a port without a number")
    at_host = (port.get("host_port") or 0, port.get("host_ip") or "")
    container = port.get("container") or ""
    return RowPort(port["name"] or "", port["protocol"] or "TCP", port["port"], *at_host, container)
