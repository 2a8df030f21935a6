"""Who talked to whom: edges added up to pairs of workloads and of namespaces, by what became of them.

Everything large stays in Arrow: only the gravest pairs of workloads, and the sums by namespace, become
Python's.
"""

from __future__ import annotations

from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from flowcheck.model.protocols import PROTOCOL_NAMES
from flowcheck.model.verdict import Observed, Verdict

STATES = ("not_stopped", "dropped", "unknown", "stopped", "allowed", "not_applicable")
"""What became of it, the gravest first: denied and not stopped, as far as the log says; allowed and dropped
by a policy; an unknown verdict; denied and stopped; allowed; policies do not reach it."""
NODES, OUTSIDE, NOBODY = "(nodes)", "(outside)", "(not known)"
"""What ends are that are in no namespace; the names of namespaces have no brackets."""
_STOPPED = (Observed.DENIED, Observed.DROPPED)
_SERVICE_PORT = 1 << 8


class Sums(NamedTuple):
    """Of one state: pairs of workloads, connections, records, bytes."""

    pairs: int
    connections: int
    records: int
    bytes: int


class Talk(NamedTuple):
    """What one workload, node or address block sent another, of one state. ``ports``: as ``443/TCP``, by
    number."""

    source: str
    destination: str
    state: str
    connections: int
    records: int
    bytes: int
    ports: tuple[str, ...]


class Talks(NamedTuple):
    """``between`` two namespaces, or what stands for them, the sums of each state; ``pairs`` are the gravest
    of ``n_pairs``, of a state the most connections."""

    between: dict[tuple[str, str], dict[str, Sums]]
    pairs: tuple[Talk, ...]
    n_pairs: int


def home(name: str) -> str:
    """The namespace of a source or destination of an edge, or what stands for it."""
    if name.startswith("Node/"):
        return NODES
    namespace, *rest = name.split("/", 2)
    if len(rest) == 2:
        return namespace
    return NOBODY if name.endswith(")") else OUTSIDE


def talks_of(edges: pa.Table, most: int) -> Talks:
    """``edges``: with the columns of edges.parquet."""
    if not edges.num_rows:
        return Talks({}, (), 0)
    by_pair = _by_pair(edges)
    names = pa.chunked_array([*by_pair["source"].chunks, *by_pair["destination"].chunks]).unique()
    homes = pa.array([home(name) for name in names.to_pylist()])
    for end in ("source", "destination"):
        by_pair = by_pair.append_column(f"{end}_home", homes.take(pc.index_in(by_pair[end], names)))
    return Talks(_between(by_pair), tuple(_gravest(by_pair, most)), by_pair.num_rows)


def _by_pair(edges: pa.Table) -> pa.Table:
    services = pc.add(
        pc.multiply(pc.fill_null(edges["port"].cast(pa.int32()), -1), _SERVICE_PORT),
        edges["protocol"].cast(pa.int32()),
    )
    table = pa.table(
        {
            **{name: edges[name] for name in ("source", "destination", "flow_count", "records", "bytes")},
            "state": _states(edges),
            "services": services,
        }
    )
    sums = [(name, "sum") for name in ("flow_count", "records", "bytes")]
    keys = ["source", "destination", "state"]
    return table.group_by(keys).aggregate([*sums, ("services", "distinct")])


def _states(edges: pa.Table) -> pa.Array:
    """(edges,) the place of each one's state in STATES."""
    verdicts, observed = (edges[name].combine_chunks() for name in ("verdict", "observed"))
    denied = pc.equal(verdicts, Verdict.DENY.value)
    stopped = pc.is_in(observed, pa.array([one.value for one in _STOPPED]))
    by_policy = pc.equal(observed, Observed.DENIED.value)
    places = {state: pa.scalar(place, pa.int8()) for place, state in enumerate(STATES)}
    return pc.case_when(
        pc.make_struct(
            pc.and_(denied, stopped),
            denied,
            pc.equal(verdicts, Verdict.UNKNOWN.value),
            pc.equal(verdicts, Verdict.NOT_APPLICABLE.value),
            by_policy,
        ),
        places["stopped"],
        places["not_stopped"],
        places["unknown"],
        places["not_applicable"],
        places["dropped"],
        places["allowed"],
    )


def _between(by_pair: pa.Table) -> dict[tuple[str, str], dict[str, Sums]]:
    sums = [(f"{name}_sum", "sum") for name in ("flow_count", "records", "bytes")]
    keys = ["source_home", "destination_home", "state"]
    table = by_pair.group_by(keys).aggregate([([], "count_all"), *sums])
    found: dict[tuple[str, str], dict[str, Sums]] = {}
    for row in table.sort_by([(key, "ascending") for key in keys]).to_pylist():
        states = found.setdefault((row["source_home"], row["destination_home"]), {})
        amounts = (row[f"{name}_sum_sum"] for name in ("flow_count", "records", "bytes"))
        states[STATES[row["state"]]] = Sums(row["count_all"], *amounts)
    return found


def _gravest(by_pair: pa.Table, most: int) -> list[Talk]:
    keys = [("state", "ascending"), ("flow_count_sum", "descending"), ("source", "ascending")]
    places = pc.select_k_unstable(by_pair, min(most, by_pair.num_rows), [*keys, ("destination", "ascending")])
    return [
        Talk(
            row["source"],
            row["destination"],
            STATES[row["state"]],
            row["flow_count_sum"],
            row["records_sum"],
            row["bytes_sum"],
            tuple(map(_service, sorted(row["services_distinct"]))),
        )
        for row in by_pair.take(places).to_pylist()
    ]


def _service(word: int) -> str:
    port, protocol = divmod(word, _SERVICE_PORT)
    name = PROTOCOL_NAMES.get(protocol, f"protocol {protocol}")
    return name if port < 0 else f"{port}/{name}"
