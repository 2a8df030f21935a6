"""Which rows are judged as one: what else may decide is told apart, in whichever batch it is met."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa

from flowcheck.balance.expect.plan import named_ports, plan_counting
from flowcheck.compile import compile_program
from flowcheck.judging.batch import make_resolver, read_flows
from flowcheck.judging.keyed import KeyedFlows
from flowcheck.judging.moments import find_moments
from flowcheck.model.cluster import Cluster
from flowcheck.model.timeline import BEGINNING, END
from tests.builders import (
    between,
    make_cluster,
    make_node,
    make_pod,
    make_service,
    make_service_ports,
)
from tests.runners.worlds import NOON, US

VIP, BACKEND, CLIENT = "10.96.0.1", "10.0.0.1", "10.0.0.9"
GONE = NOON + 60_000_000


def cluster(end: int = END) -> Cluster:
    web = between(make_pod("web", BACKEND, labels="app=web", ports="http=8080"), BEGINNING, end)
    ports = make_service_ports("http=80:8080@30080")
    service = replace(make_service("web", VIP, ports=ports, selector={"app": "web"}), type="NodePort")
    return make_cluster(make_node("n1", "10.9.0.1"), web, make_pod("client", CLIENT), service)


def rows(dst: str, *named: str | None, at: int = NOON) -> pa.RecordBatch:
    n = len(named)
    return pa.RecordBatch.from_pydict(
        {
            "start_time": pa.array([at] * n, US),
            "src_ip": pa.array([CLIENT] * n),
            "dst_ip": pa.array([dst] * n),
            "dst_port": pa.array([8080] * n, pa.uint16()),
            "protocol": pa.array([6] * n, pa.uint8()),
            "service_name": pa.array(named, pa.string()),
        }
    )


def numbers(known: Cluster, *batches: pa.RecordBatch) -> list[list[int]]:
    program = compile_program(known)
    _, plan = plan_counting(program, known)
    tables = program.tables
    keyed = KeyedFlows(program, find_moments(tables.services, tables.endpoints, plan.counting))
    found, first = [], 0
    for batch in batches:
        read = read_flows(program, make_resolver(program), batch)
        named = named_ports(plan, batch, read.flows.protocol)
        found.append(keyed.add(read, named, first)[0].tolist())
        first += batch.num_rows
    return found


def test_rows_that_are_alike_have_one_number() -> None:
    assert numbers(cluster(), rows(BACKEND, None, None), rows(BACKEND, None)) == [[0, 0], [0]]


def test_a_row_that_names_a_service_is_told_from_one_of_an_earlier_batch_that_names_none() -> None:
    (none,), (named, _) = numbers(cluster(), rows(BACKEND, None), rows(BACKEND, "x/web", None))
    assert none != named
    assert numbers(cluster(), rows(BACKEND, "x/web"), rows(BACKEND, None)) == [[0], [1]]


def test_batches_are_told_apart_by_time_where_something_changes_between_them_or_in_them() -> None:
    before, after = rows(BACKEND, None), rows(BACKEND, None, at=GONE)
    assert numbers(cluster(GONE), before, before, after, before, after) == [[0], [0], [1], [0], [1]]
    assert numbers(cluster(), before, after) == [[0], [0]]
    (both,) = numbers(cluster(GONE), pa.concat_batches([before, after]))
    assert both == [0, 1]


def test_every_change_of_a_service_and_its_backends_is_a_moment_of_it() -> None:
    known = cluster(GONE)
    program = compile_program(known)
    tables = program.tables
    moments = find_moments(tables.services, tables.endpoints)
    backends, starts = tables.services.backends, tables.services.ports.segment_start
    changes = {*backends.start.tolist(), *backends.end.tolist(), *starts.tolist()} - {BEGINNING, END}
    assert changes
    (vip,) = np.flatnonzero([name.endswith("Service/web") for name in program.endpoint_names])
    which = moments.of[vip]
    told = moments.start[moments.first[which] : moments.first[which + 1]].tolist()
    assert told == [BEGINNING, *sorted(changes)]
    assert (moments.of[[name == "" for name in program.endpoint_names]] == -1).all()


def test_a_cluster_that_never_changes_has_no_moments() -> None:
    tables = compile_program(cluster()).tables
    assert (find_moments(tables.services, tables.endpoints).of == -1).all()
