"""How often ``flowcheck load`` raises an alarm, where it should and where it should not, by simulation.

python -m benchmarks.load_power            writes docs/load_power.md

Every simulated Service goes the whole way: rows are counted, expectations made, tested and judged together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from benchmarks.spreading import SCHEDULERS, SEED, World, by_chance, even_services
from flowcheck import arrays as a
from flowcheck.balance.count.tally import Tally
from flowcheck.balance.expect.kernel_tables import make_counting_tables as counting_from
from flowcheck.balance.expect.members import Catalog, EndpointIdentity, PortBackends
from flowcheck.balance.expect.shares import Member
from flowcheck.balance.tell.records import ServiceLoad
from flowcheck.balance.tell.services import assess_services
from flowcheck.judging.batch import take_rows
from flowcheck.judging.keyed import add_flows, make_book
from flowcheck.model.service import Service, ServicePort
from flowcheck.model.timeline import BEGINNING

PAGE = Path(__file__).resolve().parent.parent / "docs" / "load_power.md"
MINUTE = 60_000_000
N_CLIENTS = 600


def simulate(worlds: Iterable[World], seed: int = SEED) -> list[ServiceLoad]:
    """The records of one Service for each world, judged together, in their order."""
    chosen = np.random.default_rng(seed)
    listed = list(worlds)
    sizes = np.array([world.k for world in listed])
    first = np.concatenate([[0], np.cumsum(sizes)])
    counting = make_counting_tables(sizes, N_CLIENTS)
    table = Tally()
    for number, world in enumerate(listed):
        batch = _rows(world.draw(chosen, world.k), number, int(first[number]), int(first[-1]))
        _count(table, counting, *batch)
    found = assess_services(_catalog(counting.services, listed, first), table.entries()).services
    return sorted(found, key=lambda service: service.service)


def _count(
    table: Tally, counting: a.CountingTables, flows: a.FlowArrays, verdict: a.UInt8, named: a.Int32
) -> None:
    """Count flows of which nothing depends on the time."""
    book = make_book()
    numbers, first = add_flows(book, flows, np.zeros(0, dtype=np.int64))
    table.attribute(counting, take_rows(flows, first), verdict[first], named[first])
    table.count(flows, numbers)
    table.settle(counting, book.content())


def make_counting_tables(sizes: np.ndarray, n_clients: int) -> a.CountingTables:
    """Service s at port s, with its own endpoints; the clients come after them, and last the outside."""
    n, first = len(sizes), np.concatenate([[0], np.cumsum(sizes)])
    n_backends = int(first[-1])
    n_endpoints = n_backends + n_clients + 1
    owner = np.repeat(np.arange(n), sizes)

    def int32(values: object) -> a.Int32:
        return np.asarray(values, dtype=np.int32)

    none, no_time, nothing = int32(()), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.uint8)
    family = np.zeros(n_endpoints, dtype=np.uint8)
    slots, starts = int32(np.zeros(n)), np.full(n, BEGINNING, dtype=np.int64)
    each, serving = int32(np.arange(n + 1)), int32(np.minimum(np.arange(n_endpoints + 1), n_backends))
    table = a.ServiceTable(
        a.ServicePorts(each, slots, int32(np.arange(n)), nothing, nothing, each, starts),
        a.Doors(family, none, none, none, no_time, none, none, none, none, no_time, none, none),
        a.BackendTable(none, none, none, none, no_time, no_time, none, none, none, none, none),
        a.Listeners(serving, int32(np.zeros(n_backends)), int32(owner), int32(owner), none, none),
    )
    endpoints = np.full((n_endpoints, 8), -1, dtype=np.int32)
    endpoints[:, a.KIND] = a.KIND_POD
    endpoints[-1, a.KIND] = a.KIND_BLOCK
    return counting_from(table, endpoints)


def _rows(
    counts: np.ndarray, port: int, first: int, first_client: int
) -> tuple[a.FlowArrays, a.UInt8, a.Int32]:
    """A row for each (minute, client, endpoint) with connections; a single client is the outside, -1."""
    minute, client, endpoint = np.nonzero(counts)
    n = len(minute)
    sources = client if counts.shape[1] > 1 else np.full(n, N_CLIENTS)
    flows = make_flows(
        n,
        src=(sources + first_client).astype(np.int32),
        dst=(endpoint + first).astype(np.int32),
        port=np.full(n, port, dtype=np.int32),
        flow_count=counts[minute, client, endpoint].astype(np.int64),
        seen_at=minute.astype(np.int64) * MINUTE,
    )
    return flows, np.ones(n, dtype=np.uint8), np.full(n, -1, dtype=np.int32)


def make_flows(n_rows: int, **known: np.ndarray) -> a.FlowArrays:
    """Allowed TCP connections, one a row; ``known`` says what is otherwise."""
    ones, zeros = np.ones(n_rows, dtype=np.uint8), np.zeros(n_rows, dtype=np.int64)
    columns = {
        **dict.fromkeys(("judge", "observed", "counted", "point"), ones),
        **{"inferred": zeros.astype(np.uint8), "src_port": np.full(n_rows, -1, dtype=np.int32)},
        **dict.fromkeys(("src_key", "dst_key"), zeros.astype(np.uint64)),
        **{"flow_count": np.ones(n_rows, dtype=np.int64), "bytes_": zeros, "packets": zeros},
        "protocol": np.full(n_rows, 6, dtype=np.uint8),
    }
    return a.FlowArrays(**(columns | known))


def _catalog(services: a.ServiceTable, worlds: list[World], first: np.ndarray) -> Catalog:
    ports = []
    for number, world in enumerate(worlds):
        port = ServicePort("", 6, number % 65536, number % 65536)
        service = Service(
            "x",
            f"{number:06d}",
            cluster_ips=("10.96.0.1",),
            ports=(port,),
            session_affinity=world.affinity,
        )
        members = tuple(Member(e) for e in range(int(first[number]), int(first[number + 1])))
        ports.append(PortBackends(service, port, number, (members,)))
    facts = {e: EndpointIdentity(f"x/Pod/{e}", "10.0.0.1") for e in range(int(first[-1]))}
    return Catalog(services, tuple(ports), facts)


def false_alarms(n_services: int) -> dict[str, float]:
    """What Services without any skew are said to be, as shares of them."""
    found = simulate(even_services(n_services))
    return {
        "p below 0.05, not adjusted": _share(s.p is not None and s.p < 0.05 for s in found),
        "p below 0.05, adjusted": _share(s.significant for s in found),
        "skewed": _share(s.state == "skewed" for s in found),
        "one-sided in time": _share(s.time is not None and s.time.one_sided for s in found),
        "over-even": _share(s.over_even for s in found),
    }


def power(n_services: int, n: int, skew: float, k: int) -> tuple[float, float]:
    """Of one skewed Service in ten: the share that is told from chance, and the share called skewed."""
    worlds = [World("", by_chance(n, skew if i % 10 == 0 else 0.0), k) for i in range(n_services)]
    skewed = simulate(worlds)[::10]
    return _share(s.significant for s in skewed), _share(s.state == "skewed" for s in skewed)


def said_of(world: World, times: int) -> Counter[str]:
    """What many Services of one kind are said to be."""
    return Counter(_said(service) for service in simulate([world] * times))


def _said(service: ServiceLoad) -> str:
    words = [service.state + (f" ({service.why})" if service.why else "")]
    words += ["over-even"] if service.over_even else []
    words += ["one-sided in time"] if service.time is not None and service.time.one_sided else []
    return ", ".join(words)


def _share(truths: Iterable[bool]) -> float:
    return float(np.mean([*truths]))


HEAD = """\
# How often the load raises an alarm

Generated by `python -m benchmarks.load_power`; do not edit. Simulated Services, seed 5, thresholds as they
are by default: adjusted p below 0.05, and 5 % of the connections misplaced or a CV of 0.1.
"""


def write() -> None:
    """Run every simulation and write the page."""
    lines = [HEAD, "## Services without any skew", ""]
    lines += ["10,000 of them, judged together; 2 to 20 endpoints, 50 to 20,000 connections each.", ""]
    lines += ["| said of | share |", "|---|---:|"]
    lines += [f"| {what} | {share:.2%} |" for what, share in false_alarms(10_000).items()]
    lines += ["", "## Skewed Services", ""]
    lines += [
        "One in ten of 1,000 Services is skewed: one endpoint has so much more than an equal share.",
        "",
    ]
    lines += ["| more | connections | endpoints | told from chance | called skewed |"]
    lines += ["|---:|---:|---:|---:|---:|"]
    for k in (3, 10):
        for n in (1_000, 10_000):
            for skew in (0.1, 0.2, 0.5):
                told, called = power(1_000, n, skew, k)
                lines.append(f"| {skew:.0%} | {n:,} | {k} | {told:.0%} | {called:.0%} |")
    lines += ["", "A difference below both thresholds is told and not called skewed, as it should be.", ""]
    lines += ["## Ways to spread", "", "200 Services of each kind with three endpoints, judged together.", ""]
    lines += ["| connections | said |", "|---|---|"]
    for world in SCHEDULERS:
        said = said_of(world, 200).most_common()
        lines.append(f"| {world.name} | {'; '.join(f'{what} {n / 200:.1%}' for what, n in said)} |")
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write()
