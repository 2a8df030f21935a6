"""Tables against one another: rules against the edges they decided, endpoints against their Services."""

from __future__ import annotations

from collections.abc import Iterable

from flowcheck.runners.verifying.differences import Differences
from flowcheck.runners.verifying.tables.said import Decided, Edges, Hits, Load, Services
from flowcheck.runners.verifying.tables.sums import DEFAULT_DENY

HITS, LOAD = "policy_hits.parquet", "load.parquet"
_BY = f"{DEFAULT_DENY} by "


def check_hits(hits: Hits, edges: Edges, differences: Differences) -> None:
    """Of each rule and default deny, as many records and connections as the edges that it decided have. A
    rule of a mesh that only passes on has no row of its own."""
    found = _by_name(hits.decided)
    expected = _by_name(one for each in edges.decided for one in _each_of(each))
    for direction, name in sorted({*found, *expected}):
        if direction == "mesh" and (direction, name) not in found:
            continue
        own, of_edges = found.get((direction, name), (0, 0)), expected.get((direction, name), (0, 0))
        for field, place in (("records", 0), ("flow_count", 1)):
            what = f"{field} of {name}, {direction} (edges.parquet added up)"
            differences.expect(HITS, what, of_edges[place], own[place])


def check_load(services: Services, load: Load, differences: Differences) -> None:
    """The connections and bytes of a service port are those of its endpoints, and the connections of none."""
    expected = {one.port: (one.connections - one.unlocated, one.bytes) for one in services.ports}
    found = {one.port: (one.connections, one.bytes) for one in load.ports}
    for port in sorted({*expected, *found}):
        own, of_services = found.get(port, (0, 0)), expected.get(port, (0, 0))
        for field, place in (("connections", 0), ("bytes", 1)):
            what = f"{field} of {port}, added up (services.parquet)"
            differences.expect(LOAD, what, of_services[place], own[place])


def _each_of(decided: Decided) -> Iterable[Decided]:
    """What several policies deny by default counts for each of them."""
    if not decided.name.startswith(_BY):
        return [decided]
    names = decided.name.removeprefix(_BY).split(", ")
    return [Decided(decided.direction, _BY + name, decided.records, decided.flows) for name in names]


def _by_name(decided: Iterable[Decided]) -> dict[tuple[str, str], tuple[int, int]]:
    sums: dict[tuple[str, str], tuple[int, int]] = {}
    for one in decided:
        records, flows = sums.get((one.direction, one.name), (0, 0))
        sums[one.direction, one.name] = (records + one.records, flows + one.flows)
    return sums
