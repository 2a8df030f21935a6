"""Who talked to whom: edges added up to pairs of workloads and of namespaces, by what became of them.

Everything large stays in arrays: only the gravest pairs of workloads, and the sums by namespace, become
Python's.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flowcheck.arrays import Int64
from flowcheck.model.protocols import port_text
from flowcheck.model.verdict import Observed, Verdict

STATES = ("not_stopped", "dropped", "unknown", "stopped", "allowed", "not_applicable")
"""What became of it, the gravest first: denied and not stopped, as far as the log says; allowed and dropped
by a policy; an unknown verdict; denied and stopped; allowed; policies do not reach it."""
NODES, OUTSIDE, NOBODY = "(nodes)", "(outside)", "(not known)"
"""What ends are that are in no namespace; the names of namespaces have no brackets."""
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
    chunks = [*edges["source"].chunks, *edges["destination"].chunks]
    names = sorted(pa.chunked_array(chunks).unique().to_pylist())
    source, destination = (_codes(edges[end], names) for end in ("source", "destination"))
    state, n = _states(edges), len(names)
    amounts = [_numbers(edges[name]) for name in ("flow_count", "records", "bytes")]
    pairs = _added((source * n + destination) * len(STATES) + state, amounts)
    homes = sorted({home(name) for name in names})
    numbers = {name: number for number, name in enumerate(homes)}
    home_of = np.array([numbers[home(name)] for name in names], dtype=np.int64)
    ends, states = np.divmod(pairs.keys, len(STATES))
    between = (home_of[ends // n] * len(homes) + home_of[ends % n]) * len(STATES) + states
    found = _gravest(pairs, most)
    services = _services(edges, pairs, found)
    gravest = tuple(
        Talk(
            names[ends[one] // n],
            names[ends[one] % n],
            STATES[states[one]],
            int(pairs.sums[0][one]),
            int(pairs.sums[1][one]),
            int(pairs.sums[2][one]),
            services[one],
        )
        for one in found.tolist()
    )
    added = _added(between, [np.ones_like(between), *pairs.sums])
    return Talks(_between(added, homes), gravest, len(pairs.keys))


class _Added(NamedTuple):
    """Distinct keys (k,), what each column of their rows adds up to, each (k,), and the place of each row's
    key (n,)."""

    keys: Int64
    sums: list[Int64]
    places: Int64


def _added(keys: Int64, columns: list[Int64]) -> _Added:
    """keys, and each of columns: (n,)."""
    order = np.argsort(keys, kind="stable")
    distinct, places = np.unique(keys, return_inverse=True)
    starts = np.searchsorted(keys[order], distinct)
    return _Added(distinct, [np.add.reduceat(column[order], starts) for column in columns], places)


def _codes(column: pa.ChunkedArray, names: list[str]) -> Int64:
    """(edges,) the place of each name."""
    return _numbers(pc.index_in(column, pa.array(names)))


def _numbers(column: pa.ChunkedArray) -> Int64:
    """(edges,) of numbers or truths without nulls."""
    return np.asarray(column.to_numpy()).astype(np.int64)


def _states(edges: pa.Table) -> Int64:
    """(edges,) the place of each one's state in STATES."""
    verdicts, observed = edges["verdict"], edges["observed"]
    is_ = {one: _numbers(pc.equal(verdicts, one.value)) != 0 for one in Verdict}
    seen = {one: _numbers(pc.equal(observed, one.value)) != 0 for one in Observed}
    stopped = seen[Observed.DENIED] | seen[Observed.DROPPED]
    cases = {
        "stopped": is_[Verdict.DENY] & stopped,
        "not_stopped": is_[Verdict.DENY],
        "unknown": is_[Verdict.UNKNOWN],
        "not_applicable": is_[Verdict.NOT_APPLICABLE],
        "dropped": seen[Observed.DENIED],
    }
    places = [STATES.index(state) for state in cases]
    states: Int64 = np.select([*cases.values()], places, STATES.index("allowed"))
    return states


def _between(added: _Added, homes: list[str]) -> dict[tuple[str, str], dict[str, Sums]]:
    found: dict[tuple[str, str], dict[str, Sums]] = {}
    for key, *sums in zip(added.keys.tolist(), *(column.tolist() for column in added.sums), strict=True):
        ends, state = divmod(key, len(STATES))
        source, destination = divmod(ends, len(homes))
        found.setdefault((homes[source], homes[destination]), {})[STATES[state]] = Sums(*sums)
    return found


def _gravest(pairs: _Added, most: int) -> Int64:
    """The places of the gravest, in order: by state, then those with most connections, then by name."""
    order = np.lexsort((pairs.keys, -pairs.sums[0], pairs.keys % len(STATES)))
    return order[:most]


def _services(edges: pa.Table, pairs: _Added, found: Int64) -> dict[int, tuple[str, ...]]:
    """By the place of a pair, ports with protocols in order; of the pairs ``found`` alone."""
    rows = np.flatnonzero(np.isin(pairs.places, found))
    some = edges.select(["port", "protocol"]).take(pa.array(rows))
    ports = _numbers(pc.fill_null(some["port"].cast(pa.int32()), -1))
    words = ports * _SERVICE_PORT + _numbers(some["protocol"])
    distinct = np.unique(np.stack([pairs.places[rows], words]), axis=1)
    services: dict[int, list[str]] = {}
    for place, word in distinct.T.tolist():
        services.setdefault(place, []).append(_service(word))
    return {place: tuple(texts) for place, texts in services.items()}


def _service(word: int) -> str:
    port, protocol = divmod(word, _SERVICE_PORT)
    return port_text(None if port < 0 else port, protocol)
