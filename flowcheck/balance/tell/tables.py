"""The load as tables: services.parquet, one row per service port, and load.parquet, one per endpoint of it.

Columns are the fields of the records of the same names, in their order; what is nested stands in a table of
its own or as its totals. Rows of load.parquet name their service port by its first five columns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa

from flowcheck.balance.tell.records import ServiceLoad

_TEXT, _COUNT, _REAL, _FLAG = pa.string(), pa.uint64(), pa.float64(), pa.bool_()
_KEY = [
    ("namespace", _TEXT),
    ("service", _TEXT),
    ("port_name", _TEXT),
    ("port", pa.uint16()),
    ("protocol", _TEXT),
]
_OWN = [
    *_KEY,
    ("type", _TEXT),
    ("state", _TEXT),
    ("why", _TEXT),
    *((name, _FLAG) for name in ("significant", "over_even", "tolerated", "estimated")),
    *((name, _COUNT) for name in ("connections", "tested", "untested", "unexpected", "unlocated")),
    *((name, _COUNT) for name in ("ambiguous", "other_port", "bytes", "packets")),
    ("expected_endpoints", pa.uint32()),
    ("snapshots", pa.uint32()),
    *((name, _REAL) for name in ("peak_to_average", "cv", "jain", "effective_endpoints")),
    *((name, _REAL) for name in ("gini", "entropy", "misplaced")),
    ("method", _TEXT),
    ("statistic", _REAL),
    ("freedom", _COUNT),
    *((name, _REAL) for name in ("p", "p_adjusted", "dispersion")),
]
_DERIVED: list[tuple[str, pa.DataType, Callable[[ServiceLoad], Any]]] = [
    ("one_sided", _FLAG, lambda s: s.time.one_sided if s.time else None),
    ("time_statistic", _REAL, lambda s: s.time.statistic if s.time else None),
    ("time_freedom", _COUNT, lambda s: s.time.freedom if s.time else None),
    ("time_p_adjusted", _REAL, lambda s: s.time.p_adjusted if s.time else None),
    ("longest_run", _COUNT, lambda s: s.time.longest_run if s.time else None),
    ("bucket_seconds", _COUNT, lambda s: s.time.bucket_seconds if s.time else None),
    *((name, _COUNT, lambda s, n=name: getattr(s.places, n)) for name in ("same_node", "same_zone")),
    *((name, _COUNT, lambda s, n=name: getattr(s.places, n)) for name in ("other_zone", "other_node")),
    ("place_unknown", _COUNT, lambda s: s.places.unknown),
    ("expected_same_zone", _REAL, lambda s: s.places.expected_same_zone),
    ("clients", _COUNT, lambda s: s.clients.distinct),
    ("clients_exact", _FLAG, lambda s: s.clients.exact),
    ("connections_follow_clients", _FLAG, lambda s: s.clients.follow),
    ("design_effect", _REAL, lambda s: s.clients.design_effect),
    ("stray", _COUNT, lambda s: s.clients.stray),
]
_ENDPOINT = [
    *((name, _TEXT) for name in ("endpoint", "address", "workload", "generation", "node", "zone")),
    ("endpoint_state", _TEXT),
    *((name, _COUNT) for name in ("connections", "bytes", "packets")),
    *((name, _REAL) for name in ("share", "expected", "ratio", "low", "high")),
    ("ambiguous", _COUNT),
    ("estimated", _COUNT),
]
_FIELDS = {"endpoint_state": "state"}
"""Columns of endpoints that are not called as the field of the record is."""
SERVICES_SCHEMA = pa.schema([*_OWN, *((name, type_) for name, type_, _ in _DERIVED)])
LOAD_SCHEMA = pa.schema([*_KEY, *_ENDPOINT])


def services_table(services: Sequence[ServiceLoad]) -> pa.Table:
    """The table of services.parquet."""
    own = [[getattr(service, name) for service in services] for name, _ in _OWN]
    derived = [[value(service) for service in services] for _, _, value in _DERIVED]
    return _table([*own, *derived], SERVICES_SCHEMA)


def load_table(services: Sequence[ServiceLoad]) -> pa.Table:
    """The table of load.parquet."""
    keys = [[getattr(service, name) for service in services for _ in service.endpoints] for name, _ in _KEY]
    endpoints = [endpoint for service in services for endpoint in service.endpoints]
    own = [[getattr(endpoint, _FIELDS.get(name, name)) for endpoint in endpoints] for name, _ in _ENDPOINT]
    return _table([*keys, *own], LOAD_SCHEMA)


def _table(columns: Sequence[Sequence[Any]], schema: pa.Schema) -> pa.Table:
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)
