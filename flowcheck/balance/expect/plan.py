"""What an audit needs to count connections: who is where, for the parent, and numbers for its workers."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from flowcheck import arrays as a
from flowcheck.arrays import CountingTables, Int32, UInt8
from flowcheck.balance.expect.kernel_tables import counting_tables
from flowcheck.balance.expect.members import Catalog, read_catalog
from flowcheck.balance.expect.routing import read_routing
from flowcheck.compile import Program
from flowcheck.flows.names import distinct_rows
from flowcheck.model.cluster import Cluster
from flowcheck.model.service import Service

SERVICE_COLUMNS = ("service_name", "service_ip", "service_port")
NONE, SEVERAL = -1, -2
ANY_PORT = -1


class CountingPlan(NamedTuple):
    """What a worker counts by. ``named`` maps what a record may call a service port (the Service's
    ``namespace/name`` or one of its addresses, protocol slot, port or ANY_PORT) to its number, or SEVERAL."""

    counting: CountingTables
    named: Mapping[tuple[str, int, int], int]

    def key(self) -> Hashable:
        """What tells it from another plan for the same program."""
        counting = self.counting
        columns = (counting.same, counting.start, counting.end, counting.by_origin, counting.location)
        return (*sorted(self.named.items()), *(column.tobytes() for column in columns))


def plan_counting(program: Program, cluster: Cluster) -> tuple[Catalog, CountingPlan]:
    """For a program as compiled, with all that workers are not sent."""
    catalog = read_catalog(
        cluster,
        program.tables.services,
        program.service_ports,
        _Locator(program).locate,
        names=program.endpoint_names,
        nodes=program.nodes,
    )
    catalog = replace(catalog, routing=read_routing(cluster, program.by_pod))
    return catalog, CountingPlan(counting_tables(catalog, program.tables.endpoints), _named(catalog))


class _Locator:
    """Finds the endpoint of a backend: by its address at the time, else by its pod's or workload's name.

    One by one, so out of lists: what is taken out of an array costs five times as much.
    """

    def __init__(self, program: Program) -> None:
        self._located, self._by_pod, self._by_workload = program.located, program.by_pod, program.by_workload
        timed = program.tables.timed
        self._kinds, self._timed = (program.tables.endpoints[:, c].tolist() for c in (a.KIND, a.NUMBER))
        self._first, self._start, self._endpoint = (
            c.tolist() for c in (timed.first, timed.start, timed.endpoint)
        )

    def locate(self, namespace: str, pod: str, address: str, at: int) -> int:
        endpoint = self._owner(self._located.get(address, -1), at)
        if endpoint < 0 or self._kinds[endpoint] in (a.KIND_AMBIGUOUS, a.KIND_UNRESOLVED, a.KIND_SERVICE):
            key = (namespace, pod)
            meaning = self._by_pod.get(key) or self._by_workload.get(key)
            ends = meaning.ends[bisect_right(meaning.starts, at) - 1] if meaning else ()
            return ends[0] if ends else endpoint
        return endpoint

    def _owner(self, endpoint: int, at: int) -> int:
        """Who it is at an instant, where that depends on it."""
        if endpoint < 0 or self._kinds[endpoint] != a.KIND_TIMED:
            return endpoint
        timed = self._timed[endpoint]
        first, last = self._first[timed], self._first[timed + 1]
        owner: int = self._endpoint[bisect_right(self._start, at, first, last) - 1]
        return owner


def _named(catalog: Catalog) -> dict[tuple[str, int, int], int]:
    found: dict[tuple[str, int, int], int] = {}
    for number, backends in enumerate(catalog.ports):
        slot = int(a.PROTOCOL_SLOT[backends.port.protocol])
        counted = catalog.counts_as(number)
        for word in _words(backends.service):
            for port in (backends.port.port, ANY_PORT):
                known = found.setdefault((word, slot, port), counted)
                if known != counted:
                    found[word, slot, port] = SEVERAL
    return found


def _words(service: Service) -> Iterator[str]:
    yield f"{service.namespace}/{service.name}"
    yield from service.cluster_ips
    yield from service.external_ips


def named_ports(plan: CountingPlan, batch: pa.RecordBatch, protocol: UInt8) -> Int32:
    """(flows,) int32: the service port that each record says was dialled, -1 where it does not."""
    found = np.full(batch.num_rows, NONE, dtype=np.int32)
    if set(batch.schema.names).isdisjoint(SERVICE_COLUMNS[:2]):
        return found
    columns = [_column(batch, name) for name in SERVICE_COLUMNS]
    if all(column.null_count == len(column) for column in columns[:2]):
        return found
    slots = a.PROTOCOL_SLOT[protocol]
    first, which = distinct_rows([*columns, pa.array(slots)])
    numbers = np.full(len(first), NONE, dtype=np.int32)
    for place, row in enumerate(first.tolist()):
        name, address, port = (column[row].as_py() for column in columns)
        key = (name or address or "", int(slots[row]), ANY_PORT if port is None else port)
        numbers[place] = max(plan.named.get(key, NONE), NONE)
    named: Int32 = numbers[which]
    return named


def _column(batch: pa.RecordBatch, name: str) -> pa.Array:
    if name not in batch.schema.names:
        return pa.nulls(batch.num_rows, pa.string())
    return batch.column(name)
