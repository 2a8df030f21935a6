"""The canonical flow columns: names, accepted types, and which of them an audit needs.

Flows are checked against this before a row is read. Widths of numbers are free, since values are
checked row by row; kinds are not: a port written as text is refused, never guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import pyarrow as pa
import pyarrow.types as pt

from flowcheck.errors import FlowFormatError


def is_text(type_: pa.DataType) -> bool:
    """Text of any form Arrow has, also as a dictionary."""
    if pt.is_dictionary(type_):
        return is_text(type_.value_type)
    return bool(pt.is_string(type_) or pt.is_large_string(type_) or pt.is_string_view(type_))


def _is_address(type_: pa.DataType) -> bool:
    if pt.is_fixed_size_binary(type_):
        return bool(type_.byte_width == 16)
    return is_text(type_) or bool(pt.is_uint32(type_))


def is_number(type_: pa.DataType) -> bool:
    """A type that can hold integers: many libraries make them doubles or decimals."""
    whole = pt.is_decimal(type_) and type_.scale == 0
    return bool(pt.is_integer(type_) or pt.is_floating(type_) or whole)


def _is_text_list(type_: pa.DataType) -> bool:
    return bool(pt.is_list(type_) or pt.is_large_list(type_)) and is_text(type_.value_type)


class Column(NamedTuple):
    """One canonical column: ``accepts`` tests an Arrow type, ``wanted`` says it in words."""

    name: str
    wanted: str
    accepts: Callable[[pa.DataType], bool]


def _columns(names: str, wanted: str, accepts: Callable[[pa.DataType], bool]) -> list[Column]:
    return [Column(name, wanted, accepts) for name in names.split()]


COLUMNS: dict[str, Column] = {
    column.name: column
    for column in [
        *_columns("start_time end_time", "timestamp", pt.is_timestamp),
        *_columns(
            "src_ip dst_ip", "string, dictionary<string>, fixed_size_binary[16] or uint32", _is_address
        ),
        *_columns("src_port dst_port protocol icmp_type icmp_code tcp_flags", "integer", is_number),
        *_columns("initiator action egress_action ingress_action cloud_action", "integer", is_number),
        *_columns("policy_refs", "list<string>", _is_text_list),
        *_columns("observation_point record_kind flow_count sampling_rate", "integer", is_number),
        *_columns("observer", "string", is_text),
        *_columns("bytes packets bytes_reverse packets_reverse", "integer", is_number),
        *_columns("src_namespace src_pod src_pod_uid src_workload", "string", is_text),
        *_columns("dst_namespace dst_pod dst_pod_uid dst_workload", "string", is_text),
        *_columns("service_ip service_name", "string", is_text),
        *_columns("service_port", "integer", is_number),
    ]
}

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
    *("action", "egress_action", "ingress_action", "flow_count", "bytes", "packets", "sampling_rate"),
    *("service_ip", "service_port", "service_name"),
)
"""The columns a verdict and its edge are made from; the others are read for violating rows only."""


def check_schema(schema: pa.Schema, where: str) -> list[str]:
    """The canonical columns a schema has, in its order.

    **Raises**: FlowFormatError naming every missing column and every column of a wrong type.
    """
    wrong = [
        f"{field.name} is {field.type}, wanted {COLUMNS[field.name].wanted}"
        for field in schema
        if field.name in COLUMNS and not (pt.is_null(field.type) or COLUMNS[field.name].accepts(field.type))
    ]
    missing = [name for name in REQUIRED if name not in schema.names]
    missing += [
        f"{address} (or {names[0]} with {names[1]} or {names[2]})"
        for address, names in END_NAMES.items()
        if address not in schema.names and not _named(schema.names, names)
    ]
    if wrong or missing:
        problems = [*(f"no column {name}" for name in missing), *wrong]
        raise FlowFormatError(
            f"not canonical flow columns: {'; '.join(problems)}",
            where=where,
            hint="see 'Canonical flow columns' in the README; there are "
            + ", ".join(schema.names[:20])
            + (", ..." if len(schema.names) > 20 else ""),
        )
    return [name for name in schema.names if name in COLUMNS]


def schema_warnings(schema: pa.Schema) -> Iterator[str]:
    """What a reader of the results should be told of a schema that passed :func:`check_schema`."""
    type_ = schema.field("start_time").type
    if pt.is_timestamp(type_) and type_.tz is None:
        yield "start_time has no time zone; read as UTC"
    plain = {name.replace("_", ""): name for name in COLUMNS}
    for name in schema.names:
        meant = plain.get(name[:100].replace("_", "").replace("-", "").casefold())
        if meant is not None and name not in COLUMNS and meant not in schema.names:
            yield f"column {name} is not read; if it is meant as {meant}, rename it"


def _named(present: Iterable[str], names: tuple[str, ...]) -> bool:
    namespace, pod, workload, uid = names
    present = set(present)
    return (namespace in present and (pod in present or workload in present)) or uid in present
