"""An audit that takes every path through the kernels: Services, both families, changes over time, load."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

import flowcheck
from flowcheck.balance.expect.plan import plan_counting
from flowcheck.compile import compile_program
from flowcheck.flows.files.inputs import list_inputs
from flowcheck.flows.formats.parquet import FlowFile
from flowcheck.model.cluster import Cluster
from flowcheck.model.timeline import BEGINNING, END
from flowcheck.runners.messages import Judge, Setup
from flowcheck.runners.program.given import give
from flowcheck.runners.tasks.task import TaskRunner
from tests.builders import (
    allow,
    between,
    block,
    deny,
    in_namespace,
    make_admin,
    make_cluster,
    make_node,
    make_pod,
    make_policy,
    make_ports,
    make_service,
    make_service_ports,
    make_slice,
    passing,
)
from tests.runners.worlds import NOON, US, write

N = 2000
LATER = NOON + N // 2 * 1_000_000
CLIENT, STRANGER, NODE, PASSED_ON = "10.0.0.9", "203.0.113.9", "10.9.0.1", "10.0.0.5"
VIP, VIP6, EVEN, SHARED = "10.96.0.1", "fd96::1", "10.96.0.2", "10.96.0.3"
BACKENDS, BACKENDS6 = ["10.0.0.1", "10.0.0.2", "10.0.0.3"], ["fd00::1", "fd00::2"]


def cluster() -> Cluster:
    web = [
        make_pod(f"web-{n}", *addresses, labels="app=web", ports="http=8080", node="n1")
        for n, addresses in enumerate(zip(BACKENDS, [*BACKENDS6, "fd00::3"], strict=True))
    ]
    ports = make_service_ports("http=80:8080@30080")
    one, other = (
        make_service(name, SHARED, ports=make_service_ports(f"{port}:8080"), selector={"app": "web"})
        for name, port in (("one", 81), ("other", 82))
    )
    door = make_pod("door", "10.0.0.4", node="n1")
    door = replace(door, ports=tuple(replace(port, host_port=8443) for port in make_ports("door=8443")))
    pods = [*web, door, make_pod("client", CLIENT, "fd00::9", labels="app=client", node="n1")]
    pods += (
        between(make_pod(name, PASSED_ON, labels=f"app={name}"), *times)
        for name, times in (("web", (BEGINNING, LATER)), ("client", (LATER, END)))
    )
    to_web = make_policy(
        "web",
        subject="app=web",
        ingress=[allow(in_namespace(pods="app=client"), "8080"), allow(block("fd00::/64"))],
    )
    return make_cluster(
        make_node("n1", NODE),
        make_node("n2", "10.9.0.2"),
        *pods,
        replace(make_service("web", VIP, VIP6, ports=ports, selector={"app": "web"}), type="NodePort"),
        make_service("even", EVEN, ports=make_service_ports("http=80:9090")),
        make_slice("even", *BACKENDS, ports="http=9090"),
        one,
        other,
        between(to_web, end=LATER),
        between(replace(to_web, name="web-later"), LATER),
        make_policy("out", subject="app=client", egress=[allow(None, "80 8080 53/UDP")]),
        make_admin(ingress=[passing(in_namespace(pods="app=client")), deny(block("203.0.113.0/24"))]),
    )


def table(addresses: str) -> pa.Table:
    chosen = np.random.default_rng(1)
    to = [VIP, EVEN, SHARED, NODE, PASSED_ON, "10.0.0.4", *BACKENDS, *BACKENDS]
    to += [VIP6, *BACKENDS6] if addresses == "text" else []
    dst = chosen.choice(to, N)
    plain = np.where(chosen.random(N) < 0.8, CLIENT, chosen.choice([STRANGER, NODE, PASSED_ON], N))
    src = np.where([":" in address for address in dst], "fd00::9", plain)

    def column(texts: np.ndarray) -> pa.Array:
        if addresses == "text":
            return pa.array(texts.tolist())
        numbers = [int.from_bytes(bytes(map(int, text.split("."))), "big") for text in texts]
        return pa.array(numbers, pa.uint32())

    return pa.table(
        {
            "start_time": pa.array(NOON + np.arange(N) * 1_000_000, US),
            "src_ip": column(src),
            "dst_ip": column(dst),
            "src_port": pa.array(chosen.integers(1024, 60_999, N)),
            "dst_port": pa.array(chosen.choice([80, 81, 8080, 9090, 8443, 30080, 22], N)),
            "protocol": pa.array(chosen.choice([6, 6, 6, 17, 1], N), pa.uint8()),
            "action": pa.array(chosen.choice([0, 1, 2], N), pa.int8()),
            "tcp_flags": pa.array(chosen.choice([2, 18, 16], N)),
            "bytes": pa.array(np.arange(N)),
            "service_name": pa.array([None, "x/web"] * (N // 2)),
            **(
                {"initiator": pa.array(chosen.choice([0, 1, 2], N), pa.int8())} if addresses == "text" else {}
            ),
        }
    )


def audit_everything(folder: Path) -> None:
    """A whole audit, and in this process what its workers do."""
    known = cluster()
    files = [
        write(folder / f"{kind}.parquet", table(kind), compression=codec, use_dictionary=["src_ip", "dst_ip"])
        for kind, codec in (("text", "snappy"), ("numbers", "none"))
    ]
    result = flowcheck.audit(files, known, jobs=1)
    assert result.summary.complete
    assert result.summary.load is not None
    program = compile_program(known)
    given = give(program, plan_counting(program, known)[1])
    runner = TaskRunner(given, Setup(False, str(folder), None, None, (), False))
    for number, one in enumerate(list_inputs(files)):
        with FlowFile(one.path, one.identity) as file:
            file.account()
            order = Judge(number, 0, one.path.encode(), one.name, one.identity, (), 0, N)
            runner.run(order, file, lambda _rows: None)
