"""The canonical flow columns: names, accepted types, and which of them an audit needs.

Flows are checked against this before a row is read. Widths of integers are free, and so is what holds whole
numbers, since values are checked row by row; kinds are not: a port written as text is refused, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from typing import NamedTuple

import pyarrow as pa
import pyarrow.types as pt

from flowcheck.errors import FlowFormatError


def is_text(type_: pa.DataType) -> bool:
    """Text of any form Arrow has, also as a dictionary."""
    if pt.is_dictionary(type_):
        return is_text(type_.value_type)
    return bool(pt.is_string(type_) or pt.is_large_string(type_) or pt.is_string_view(type_))


def stored_type(type_: pa.DataType) -> pa.DataType:
    """The type itself, or what an extension type is made of."""
    return type_.storage_type if isinstance(type_, pa.BaseExtensionType) else type_


def _is_integer(type_: pa.DataType) -> bool:
    """Whole numbers, in whatever holds them: NaN is a missing value, a fraction rejects its row."""
    if pt.is_dictionary(type_):
        return _is_integer(type_.value_type)
    return bool(pt.is_integer(type_) or pt.is_floating(type_) or (pt.is_decimal(type_) and type_.scale == 0))


def _is_address(type_: pa.DataType) -> bool:
    return is_text(type_) or bool(pt.is_uint32(type_)) or _is_sixteen_bytes(type_)


def _is_uid(type_: pa.DataType) -> bool:
    return is_text(type_) or _is_sixteen_bytes(type_)


def _is_sixteen_bytes(type_: pa.DataType) -> bool:
    return bool(pt.is_fixed_size_binary(type_) and type_.byte_width == 16)


def _is_text_list(type_: pa.DataType) -> bool:
    lists = (pt.is_list, pt.is_large_list, pt.is_list_view, pt.is_large_list_view, pt.is_fixed_size_list)
    return any(is_list(type_) for is_list in lists) and is_text(type_.value_type)


class ColumnKind(NamedTuple):
    """What a column holds: ``accepts`` tests an Arrow type, ``wanted`` says it in words."""

    wanted: str
    accepts: Callable[[pa.DataType], bool]


COLUMN_KINDS = {
    "time": ColumnKind("timestamp", pt.is_timestamp),
    "address": ColumnKind("string, dictionary<string>, fixed_size_binary[16] or uint32", _is_address),
    "integer": ColumnKind("integer", _is_integer),
    "text": ColumnKind("string", is_text),
    "uid": ColumnKind("string, or a UUID of 16 bytes", _is_uid),
    "texts": ColumnKind("list<string>", _is_text_list),
}


class Column(NamedTuple):
    """One canonical column; ``kind`` is a key of COLUMN_KINDS."""

    name: str
    kind: str

    def takes(self, type_: pa.DataType) -> bool:
        """Whether the column may come in this type. A column without any value has none."""
        return bool(pt.is_null(type_)) or COLUMN_KINDS[self.kind].accepts(stored_type(type_))


def _columns(kind: str, names: str) -> list[Column]:
    return [Column(name, kind) for name in names.split()]


COLUMNS: dict[str, Column] = {
    column.name: column
    for column in [
        *_columns("time", "start_time end_time"),
        *_columns("address", "src_ip dst_ip"),
        *_columns("integer", "src_port dst_port protocol icmp_type icmp_code tcp_flags"),
        *_columns("integer", "initiator action egress_action ingress_action cloud_action"),
        *_columns("texts", "policy_refs"),
        *_columns("integer", "observation_point record_kind flow_count flow_count_here sampling_rate"),
        *_columns("text", "observer"),
        *_columns("integer", "bytes packets bytes_here packets_here bytes_reverse packets_reverse"),
        *_columns("text", "src_namespace src_pod"),
        *_columns("uid", "src_pod_uid"),
        *_columns("text", "src_workload dst_namespace dst_pod"),
        *_columns("uid", "dst_pod_uid"),
        *_columns("text", "dst_workload service_ip service_name"),
        *_columns("integer", "service_port"),
        *_columns("text", "nat_src_ip"),
        *_columns("text", "src_principal http_method http_path http_host tls_server_name"),
        *_columns("integer", "outer_port mesh_action"),
        *_columns("texts", "mesh_policy_refs"),
    ]
}

_SIDES = ("ip", "port", "namespace", "pod", "pod_uid", "workload")
BOTH_WAYS = (
    *((f"src_{side}", f"dst_{side}") for side in _SIDES),
    ("bytes", "bytes_reverse"),
    ("packets", "packets_reverse"),
)
"""Columns that are exchanged where a record turns out to be a reply."""
OF_ONE_END = ("src_principal", "outer_port")
"""What is told of one end alone: of a record that turns out to be a reply nothing is."""
REQUIRED = ("start_time", "dst_port", "protocol")
END_NAMES = {
    "src_ip": ("src_namespace", "src_pod", "src_workload", "src_pod_uid"),
    "dst_ip": ("dst_namespace", "dst_pod", "dst_workload", "dst_pod_uid"),
}
JUDGED = (
    *REQUIRED,
    *END_NAMES,
    *(name for names in END_NAMES.values() for name in names),
    *("src_pod_uid", "dst_pod_uid", "src_port", "tcp_flags", "initiator", "observation_point", "observer"),
    *("action", "egress_action", "ingress_action", "cloud_action", "flow_count", "flow_count_here"),
    *("bytes", "packets", "bytes_here", "packets_here", "sampling_rate"),
    *("service_ip", "service_port", "service_name"),
)
"""The columns a verdict and its edge are made from; the others are read for violating rows only."""
ICMP_NUMBER = ("icmp_type", "icmp_code")
"""Further ones, where policies tell messages apart."""
MESH_MARK = "mesh_action"
"""What a mesh itself decided: 0 where its record does not tell, null where the record is no mesh's."""
MESH_SAID = (MESH_MARK, "mesh_policy_refs")
"""Like policy_refs these are compared, and never judged by."""
MESH_ASKS = ("src_principal", "http_method", "http_path", "http_host", "tls_server_name", "outer_port")
"""Further ones, of logs of a mesh: what its policies are asked by."""
MESH_TOLD = (*MESH_ASKS, *MESH_SAID)
"""What only a mesh tells."""


def check_schema(schema: pa.Schema, where: str) -> list[str]:
    """The canonical columns a schema has, in its order.

    **Raises**: FlowFormatError naming every missing column and every column of a wrong type.
    """
    wrong = [
        f"{field.name} is {field.type}, wanted {COLUMN_KINDS[COLUMNS[field.name].kind].wanted}{_cast(field)}"
        for field in schema
        if field.name in COLUMNS and not COLUMNS[field.name].takes(field.type)
    ]
    missing = [
        f"no column {name}{_meant(name, schema.names)}" for name in REQUIRED if name not in schema.names
    ]
    missing += [
        f"no column {address} (or {names[0]} with {names[1]} or {names[2]}){_meant(address, schema.names)}"
        for address, names in END_NAMES.items()
        if address not in schema.names and not _named(schema.names, names)
    ]
    if wrong or missing:
        raise FlowFormatError(
            f"not canonical flow columns: {'; '.join([*missing, *wrong])}",
            where=where,
            hint="see 'Canonical flow columns' in the README; there are "
            + ", ".join(schema.names[:20])
            + (", ..." if len(schema.names) > 20 else ""),
        )
    return [name for name in schema.names if name in COLUMNS]


def schema_warnings(schema: pa.Schema, folders: Iterable[str] = ()) -> Iterator[str]:
    """What a reader of the results should be told of a schema that passed :func:`check_schema`, and of the
    names that stand in the path."""
    type_ = schema.field("start_time").type
    if pt.is_timestamp(type_) and type_.tz is None:
        yield "start_time has no time zone; read as UTC"
    plain = {_letters(name): name for name in COLUMNS}
    for name in dict.fromkeys([*schema.names, *folders]):
        meant = plain.get(_letters(name))
        if meant is not None and name not in COLUMNS and meant not in schema.names:
            what = "column" if name in schema.names else "the folder's key"
            yield f"{what} {name} is not read; if it is meant as {meant}, rename it"


def _cast(field: pa.Field) -> str:
    """How to mend a column that has more than one reading."""
    name, kind, type_ = field.name, COLUMNS[field.name].kind, field.type
    if kind == "time" and (pt.is_integer(type_) or pt.is_floating(type_) or pt.is_decimal(type_)):
        return (
            f" (a number does not say its unit: cast it, for seconds by to_timestamp({name}) in SQL or "
            f'pandas.to_datetime(frame.{name}, unit="s", utc=True))'
        )
    if kind == "time" and is_text(type_):
        return f" (cast it: {name}::timestamptz in SQL, pandas.to_datetime(frame.{name}, utc=True))"
    if pt.is_binary(type_) or pt.is_large_binary(type_) or pt.is_binary_view(type_):
        return " (bytes do not say what they are: write them as text)"
    if kind == "integer" and pt.is_decimal(type_):
        return f" (cast it: {name}::bigint in SQL)"
    if kind == "integer" and pt.is_fixed_size_binary(type_):
        return (
            f" (more than 64 bits: cast it, {name}::bigint in SQL, pl.col({name!r}).cast(pl.Int64) in Polars)"
        )
    return ""


def _meant(name: str, present: list[str]) -> str:
    """The column that a missing one may have been written as."""
    unread = {_letters(other): other for other in present[:1000] if other not in COLUMNS}
    near = get_close_matches(_letters(name), unread, n=1, cutoff=0.85)
    return f" ({unread[near[0]][:100]}: meant as {name}? then rename it)" if near else ""


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name[:100].casefold())


def _named(present: Iterable[str], names: tuple[str, ...]) -> bool:
    namespace, pod, workload, uid = names
    present = set(present)
    return (namespace in present and (pod in present or workload in present)) or uid in present
